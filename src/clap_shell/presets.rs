//! What a host loads and saves as a preset.

use std::ffi::{CStr, c_char};
use std::path::Path;

use clap_sys::ext::preset_load::clap_plugin_preset_load;
use clap_sys::ext::state_context::{
    CLAP_STATE_CONTEXT_FOR_PRESET, clap_plugin_state_context, clap_plugin_state_context_type,
};
use clap_sys::factory::preset_discovery::{
    CLAP_PRESET_DISCOVERY_LOCATION_PLUGIN, clap_preset_discovery_location_kind,
};
use clap_sys::plugin::clap_plugin;
use clap_sys::stream::{clap_istream, clap_ostream};
use quell_formats::presets::Preset;
use quell_formats::state::{State, decode, encode_preset};

use super::discovery::text;
use super::{load_with, rescan_values, shell, state_load, state_save, write_all};
use crate::editor::places;
use crate::state;

pub(super) static PRESET_LOAD: clap_plugin_preset_load =
    clap_plugin_preset_load { from_location: Some(from_location) };

/// Projects and copies are whole states; presets leave print and session alone.
pub(super) static STATE_CONTEXT: clap_plugin_state_context =
    clap_plugin_state_context { save: Some(save), load: Some(load) };

unsafe extern "C" fn save(
    plugin: *const clap_plugin,
    stream: *const clap_ostream,
    context: clap_plugin_state_context_type,
) -> bool {
    // SAFETY: the host passes back the plugin it got, and a valid stream; so in every function.
    unsafe {
        if context != CLAP_STATE_CONTEXT_FOR_PRESET {
            return state_save(plugin, stream);
        }
        write_all(stream, &encode_preset(&state::of(&shell(plugin).shared)))
    }
}

unsafe extern "C" fn load(
    plugin: *const clap_plugin,
    stream: *const clap_istream,
    context: clap_plugin_state_context_type,
) -> bool {
    // SAFETY: as in `save`; hosts load on the main thread.
    unsafe {
        if context != CLAP_STATE_CONTEXT_FOR_PRESET {
            return state_load(plugin, stream);
        }
        load_with(shell(plugin), stream, state::load_preset)
    }
}

unsafe extern "C" fn from_location(
    plugin: *const clap_plugin,
    kind: clap_preset_discovery_location_kind,
    location: *const c_char,
    key: *const c_char,
) -> bool {
    // SAFETY: as in `save`.
    let shell = unsafe { shell(plugin) };
    // SAFETY: the host passes null or null-terminated texts.
    let found = unsafe { preset_at(kind, location, key) };
    let host_ext = shell.host_ext.get();
    // SAFETY: the extension's table lives as long as the host.
    let host_ext = unsafe { host_ext.preset_load.as_ref() };
    match found {
        Ok(preset) => {
            state::apply_preset(preset, &shell.shared);
            // SAFETY: hosts load on the main thread, which is where they take the news.
            unsafe {
                rescan_values(shell);
                if let Some(loaded) = host_ext.and_then(|ext| ext.loaded) {
                    loaded(shell.host, kind, location, key);
                }
            }
            true
        }
        Err(error) => {
            let message = text(&error);
            if let Some(on_error) = host_ext.and_then(|ext| ext.on_error) {
                // SAFETY: as above; the message lives until the call returns.
                unsafe { on_error(shell.host, kind, location, key, 0, message.as_ptr()) };
            }
            false
        }
    }
}

/// The preset that a host names as [`super::discovery`] told it.
///
/// # Safety
/// Both texts must be null or null-terminated.
unsafe fn preset_at(
    kind: clap_preset_discovery_location_kind,
    location: *const c_char,
    key: *const c_char,
) -> Result<State, String> {
    // SAFETY: the caller's promise.
    unsafe {
        if kind != CLAP_PRESET_DISCOVERY_LOCATION_PLUGIN {
            return read(Path::new(path_of(location)?));
        }
        let key = utf8(key).ok_or("the host names no preset")?;
        let preset = Preset::named(key).ok_or_else(|| format!("there is no preset '{key}'"))?;
        decode(preset.text.as_bytes()).map_err(|error| format!("preset '{key}': {error}"))
    }
}

/// A path as hosts write it.
///
/// # Safety
/// `location` must be null or null-terminated.
pub(super) unsafe fn path_of<'a>(location: *const c_char) -> Result<&'a str, String> {
    // SAFETY: the caller's promise.
    unsafe { utf8(location) }.ok_or_else(|| "the host names no file".to_owned())
}

/// # Safety
/// `text` must be null or null-terminated.
unsafe fn utf8<'a>(text: *const c_char) -> Option<&'a str> {
    // SAFETY: the caller's promise.
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) })?.to_str().ok()
}

/// The preset in a file.
pub(super) fn read(path: &Path) -> Result<State, String> {
    decode(&places::read(path)?)
        .map_err(|error| format!("'{}' is no preset: {error}", path.display()))
}
