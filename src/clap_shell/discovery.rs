//! The presets for the browsers of hosts: those that come with Quell, which lie in the plugin, and
//! the user's own, which are files.

use std::ffi::{CStr, CString, c_char, c_void};
use std::path::Path;
use std::ptr;
use std::sync::LazyLock;

use clap_sys::factory::preset_discovery::*;
use clap_sys::universal_plugin_id::clap_universal_plugin_id;
use clap_sys::version::CLAP_VERSION;
use nice_plug::plugin::Plugin;
use quell_formats::presets::FACTORY as PRESETS;

use super::{descriptor, is_id, presets};
use crate::Quell;
use crate::editor::places;

const PROVIDER_ID: &CStr = c"audio.quell.presets";

static VENDOR: LazyLock<CString> = LazyLock::new(|| text(Quell::VENDOR));

static DESCRIPTOR: LazyLock<clap_preset_discovery_provider_descriptor> =
    LazyLock::new(|| clap_preset_discovery_provider_descriptor {
        clap_version: CLAP_VERSION,
        id: PROVIDER_ID.as_ptr(),
        name: c"Quell's presets".as_ptr(),
        vendor: VENDOR.as_ptr(),
    });

/// What a host asks for presets.
pub(super) static FACTORY: clap_preset_discovery_factory = clap_preset_discovery_factory {
    count: Some(count),
    get_descriptor: Some(get_descriptor),
    create: Some(create),
};

/// A text for C; ours hold no zero.
pub(super) fn text(text: &str) -> CString {
    CString::new(text).unwrap_or_default()
}

unsafe extern "C" fn count(_: *const clap_preset_discovery_factory) -> u32 {
    1
}

unsafe extern "C" fn get_descriptor(
    _: *const clap_preset_discovery_factory,
    index: u32,
) -> *const clap_preset_discovery_provider_descriptor {
    if index == 0 { &raw const *DESCRIPTOR } else { ptr::null() }
}

unsafe extern "C" fn create(
    _: *const clap_preset_discovery_factory,
    indexer: *const clap_preset_discovery_indexer,
    id: *const c_char,
) -> *const clap_preset_discovery_provider {
    // SAFETY: CLAP hands over null-terminated ids.
    if indexer.is_null() || !unsafe { is_id(id, PROVIDER_ID) } {
        return ptr::null();
    }
    Box::into_raw(Box::new(clap_preset_discovery_provider {
        desc: &raw const *DESCRIPTOR,
        provider_data: indexer.cast_mut().cast(),
        init: Some(init),
        destroy: Some(destroy),
        get_metadata: Some(get_metadata),
        get_extension: Some(get_extension),
    }))
}

unsafe extern "C" fn destroy(provider: *const clap_preset_discovery_provider) {
    // SAFETY: the host will not use the pointer again, so the box of `create` is ours.
    drop(unsafe { Box::from_raw(provider.cast_mut()) });
}

unsafe extern "C" fn get_extension(
    _: *const clap_preset_discovery_provider,
    _: *const c_char,
) -> *const c_void {
    ptr::null()
}

/// Says where presets lie.
unsafe extern "C" fn init(provider: *const clap_preset_discovery_provider) -> bool {
    let in_plugin = clap_preset_discovery_location {
        flags: CLAP_PRESET_DISCOVERY_IS_FACTORY_CONTENT,
        name: c"Quell".as_ptr(),
        kind: CLAP_PRESET_DISCOVERY_LOCATION_PLUGIN,
        location: ptr::null(),
    };
    // SAFETY: the indexer of `create` lives longer than the provider.
    let indexer = unsafe { &*(*provider).provider_data.cast::<clap_preset_discovery_indexer>() };
    let Some(declare_location) = indexer.declare_location else { return false };
    // SAFETY: all that is declared lives until the calls return; so below.
    if !unsafe { declare_location(indexer, &raw const in_plugin) } {
        return false;
    }
    // Who never saved a preset has no folder.
    let Some(folder) = places::presets().filter(|folder| folder.is_dir()) else { return true };
    let Some(declare_filetype) = indexer.declare_filetype else { return true };
    let file = clap_preset_discovery_filetype {
        name: c"Quell preset".as_ptr(),
        description: c"Settings of Quell, as its window saves them".as_ptr(),
        file_extension: c"json".as_ptr(),
    };
    let folder = text(&folder.to_string_lossy());
    let own = clap_preset_discovery_location {
        flags: CLAP_PRESET_DISCOVERY_IS_USER_CONTENT,
        name: c"Quell, your own".as_ptr(),
        kind: CLAP_PRESET_DISCOVERY_LOCATION_FILE,
        location: folder.as_ptr(),
    };
    // SAFETY: as above.
    unsafe {
        declare_filetype(indexer, &raw const file) && declare_location(indexer, &raw const own)
    }
}

/// Lists the presets of a place; all of the plugin's, or the one of a file.
unsafe extern "C" fn get_metadata(
    _: *const clap_preset_discovery_provider,
    kind: clap_preset_discovery_location_kind,
    location: *const c_char,
    receiver: *const clap_preset_discovery_metadata_receiver,
) -> bool {
    if receiver.is_null() {
        return false;
    }
    if kind == CLAP_PRESET_DISCOVERY_LOCATION_PLUGIN {
        return PRESETS.iter().all(|preset| {
            // SAFETY: the host passes a valid receiver; so below.
            unsafe { describe(receiver, preset.name, Some(&preset.id()), Some(preset.purpose)) }
        });
    }
    // SAFETY: the host passes null or a null-terminated path.
    let found = unsafe { presets::path_of(location) }
        .and_then(|path| presets::read(Path::new(path)).map(|_| path));
    match found {
        Ok(path) => {
            let name = Path::new(path).file_stem().unwrap_or_default().to_string_lossy();
            // SAFETY: as above.
            unsafe { describe(receiver, &name, None, None) }
        }
        Err(error) => {
            let error = text(&error);
            // SAFETY: as above.
            unsafe { (*receiver).on_error }
                .into_iter()
                // SAFETY: as above; the text lives until the call returns.
                .for_each(|on_error| unsafe { on_error(receiver, 0, error.as_ptr()) });
            false
        }
    }
}

/// Tells the host of one preset; false where it wants no more.
///
/// # Safety
/// `receiver` must be valid.
unsafe fn describe(
    receiver: *const clap_preset_discovery_metadata_receiver,
    name: &str,
    key: Option<&str>,
    purpose: Option<&str>,
) -> bool {
    let plugin =
        clap_universal_plugin_id { abi: c"clap".as_ptr(), id: descriptor().clap_id().as_ptr() };
    let (name, key, purpose) = (text(name), key.map(text), purpose.map(text));
    // SAFETY: the caller's promise; every text lives until the call that hands it over returns.
    unsafe {
        let Some(begin_preset) = (*receiver).begin_preset else { return false };
        let key = key.as_ref().map_or(ptr::null(), |key| key.as_ptr());
        if !begin_preset(receiver, name.as_ptr(), key) {
            return false;
        }
        if let Some(add_plugin_id) = (*receiver).add_plugin_id {
            add_plugin_id(receiver, &raw const plugin);
        }
        let Some(purpose) = purpose else { return true };
        if let Some(add_creator) = (*receiver).add_creator {
            add_creator(receiver, VENDOR.as_ptr());
        }
        if let Some(set_description) = (*receiver).set_description {
            set_description(receiver, purpose.as_ptr());
        }
    }
    true
}
