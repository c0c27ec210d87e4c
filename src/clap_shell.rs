//! The CLAP entry: a thin layer between the host and the framework's CLAP wrapper.
//!
//! It passes everything through except:
//! - **state**: ours ([`crate::state`]), refused as a whole when damaged;
//! - **latency**: known before the host asks, constant while active, announced during activation
//!   and only if it changed, so a host restarts exactly once per change;
//! - **dirty**: the host is told when a capture has changed what would be saved;
//! - **tail**: the host may put the plugin to sleep once the tail has passed;
//! - **presets**: listed for hosts' browsers ([`discovery`]), loaded from there, and what a host
//!   saves as a preset is one ([`presets`]);
//! - **windows**: offered only to hosts that have the other half of that extension; what a hand on
//!   the corner wants is asked of the host on its main thread ([`grip`]);
//! - **missing ports**: a host that offers fewer inputs than declared gets silence on the others.

mod discovery;
mod grip;
mod presets;
mod stream;

use std::cell::Cell;
use std::ffi::{CStr, c_char, c_void};
use std::ptr;
use std::sync::Arc;

use clap_sys::audio_buffer::clap_audio_buffer;
use clap_sys::entry::clap_plugin_entry;
use clap_sys::ext::gui::{CLAP_EXT_GUI, clap_host_gui};
use clap_sys::ext::latency::{CLAP_EXT_LATENCY, clap_host_latency, clap_plugin_latency};
use clap_sys::ext::params::{CLAP_EXT_PARAMS, CLAP_PARAM_RESCAN_VALUES, clap_host_params};
use clap_sys::ext::preset_load::{
    CLAP_EXT_PRESET_LOAD, CLAP_EXT_PRESET_LOAD_COMPAT, clap_host_preset_load,
};
use clap_sys::ext::state::{CLAP_EXT_STATE, clap_host_state, clap_plugin_state};
use clap_sys::ext::state_context::CLAP_EXT_STATE_CONTEXT;
use clap_sys::factory::plugin_factory::{CLAP_PLUGIN_FACTORY_ID, clap_plugin_factory};
use clap_sys::factory::preset_discovery::{
    CLAP_PRESET_DISCOVERY_FACTORY_ID, CLAP_PRESET_DISCOVERY_FACTORY_ID_COMPAT,
};
use clap_sys::host::clap_host;
use clap_sys::plugin::{clap_plugin, clap_plugin_descriptor};
use clap_sys::process::{
    CLAP_PROCESS_CONTINUE, CLAP_PROCESS_TAIL, clap_process, clap_process_status,
};
use clap_sys::stream::{clap_istream, clap_ostream};
use clap_sys::version::CLAP_VERSION;
use nice_plug::wrapper::clap::{PluginDescriptor, Wrapper};
use quell_formats::state::{StateError, encode};

use crate::clap_shell::stream::{read_all, write_all};
use crate::shared::{Shared, take_last_built};
use crate::{Quell, state};

/// Where hosts begin.
#[unsafe(no_mangle)]
#[used]
#[allow(non_upper_case_globals)]
pub static clap_entry: clap_plugin_entry = clap_plugin_entry {
    clap_version: CLAP_VERSION,
    init: Some(init),
    deinit: Some(deinit),
    get_factory: Some(get_factory),
};

unsafe extern "C" fn init(_path: *const c_char) -> bool {
    nice_plug::wrapper::setup_logger::<Quell>();
    true
}

unsafe extern "C" fn deinit() {}

unsafe extern "C" fn get_factory(id: *const c_char) -> *const c_void {
    static FACTORY: clap_plugin_factory = clap_plugin_factory {
        get_plugin_count: Some(get_plugin_count),
        get_plugin_descriptor: Some(get_plugin_descriptor),
        create_plugin: Some(create_plugin),
    };
    // SAFETY: CLAP hands over null-terminated ids.
    let is = |expected| unsafe { is_id(id, expected) };
    if is(CLAP_PLUGIN_FACTORY_ID) {
        ptr::from_ref(&FACTORY).cast()
    } else if is(CLAP_PRESET_DISCOVERY_FACTORY_ID) || is(CLAP_PRESET_DISCOVERY_FACTORY_ID_COMPAT) {
        ptr::from_ref(&discovery::FACTORY).cast()
    } else {
        ptr::null()
    }
}

fn descriptor() -> &'static PluginDescriptor {
    static DESCRIPTOR: std::sync::OnceLock<PluginDescriptor> = std::sync::OnceLock::new();
    DESCRIPTOR.get_or_init(PluginDescriptor::for_plugin::<Quell>)
}

unsafe extern "C" fn get_plugin_count(_: *const clap_plugin_factory) -> u32 {
    1
}

unsafe extern "C" fn get_plugin_descriptor(
    _: *const clap_plugin_factory,
    index: u32,
) -> *const clap_plugin_descriptor {
    if index == 0 { descriptor().clap_plugin_descriptor() } else { ptr::null() }
}

unsafe extern "C" fn create_plugin(
    _: *const clap_plugin_factory,
    host: *const clap_host,
    id: *const c_char,
) -> *const clap_plugin {
    // SAFETY: CLAP hands over null-terminated ids.
    if host.is_null() || !unsafe { is_id(id, descriptor().clap_id()) } {
        return ptr::null();
    }
    // The wrapper's pointer is an `Arc` that its own `destroy` takes back.
    // SAFETY: the host lives longer than its plugins.
    let wrapper = Arc::into_raw(unsafe { Wrapper::<Quell>::new(host) });
    // SAFETY: just made, so it is valid.
    let inner: *const clap_plugin = unsafe { (*wrapper).clap_plugin.as_ptr() };
    let Some(shared) = take_last_built() else { return ptr::null() };
    // SAFETY: as above.
    let data = unsafe { (*inner).plugin_data };
    let shell = Box::new(Shell {
        plugin: shell_vtable(data),
        inner,
        host,
        host_ext: Cell::new(HostExtensions::default()),
        announced_latency: Cell::new(0),
        shared,
    });
    // SAFETY: the box stays where it is until `destroy`.
    unsafe { &raw const (*Box::into_raw(shell)).plugin }
}

/// The host's extensions that the shell calls; null where the host has none.
#[derive(Clone, Copy)]
struct HostExtensions {
    latency: *const clap_host_latency,
    params: *const clap_host_params,
    state: *const clap_host_state,
    preset_load: *const clap_host_preset_load,
    /// The framework takes it for granted that a host which opens windows has this one.
    gui: *const clap_host_gui,
}

impl Default for HostExtensions {
    fn default() -> Self {
        Self {
            latency: ptr::null(),
            params: ptr::null(),
            state: ptr::null(),
            preset_load: ptr::null(),
            gui: ptr::null(),
        }
    }
}

/// What a host holds as a plugin. `plugin` comes first, so a pointer to it is one to the shell; it
/// carries the framework's `plugin_data`, so the framework's extensions take it as their own.
#[repr(C)]
struct Shell {
    plugin: clap_plugin,
    inner: *const clap_plugin,
    host: *const clap_host,
    host_ext: Cell<HostExtensions>,
    /// Latency the host was told of last.
    announced_latency: Cell<u32>,
    shared: Shared,
}

fn shell_vtable(plugin_data: *mut c_void) -> clap_plugin {
    clap_plugin {
        desc: descriptor().clap_plugin_descriptor(),
        plugin_data,
        init: Some(plugin_init),
        destroy: Some(plugin_destroy),
        activate: Some(plugin_activate),
        deactivate: Some(plugin_deactivate),
        start_processing: Some(plugin_start_processing),
        stop_processing: Some(plugin_stop_processing),
        reset: Some(plugin_reset),
        process: Some(plugin_process),
        get_extension: Some(plugin_get_extension),
        on_main_thread: Some(plugin_on_main_thread),
    }
}

/// # Safety
/// `plugin` must be a pointer that [`create_plugin`] returned and `destroy` has not seen.
unsafe fn shell<'a>(plugin: *const clap_plugin) -> &'a Shell {
    // SAFETY: such a pointer is the address of the first field of a `Shell`.
    unsafe { &*plugin.cast::<Shell>() }
}

/// Calls a function of the framework's plugin; every one of them is set.
macro_rules! inner {
    ($shell:expr, $function:ident $(, $arg:expr)*) => {
        match (*$shell.inner).$function {
            Some(function) => function($shell.inner $(, $arg)*),
            None => Default::default(),
        }
    };
}

unsafe extern "C" fn plugin_init(plugin: *const clap_plugin) -> bool {
    // SAFETY: the host passes back the pointer it got; so in every function of this table.
    let shell = unsafe { shell(plugin) };
    // SAFETY: hosts may be asked for extensions from `init` on.
    unsafe {
        let either = |first: &CStr, second: &CStr| {
            let found: *const clap_host_preset_load = host_extension(shell.host, first);
            if found.is_null() { host_extension(shell.host, second) } else { found }
        };
        shell.host_ext.set(HostExtensions {
            latency: host_extension(shell.host, CLAP_EXT_LATENCY),
            params: host_extension(shell.host, CLAP_EXT_PARAMS),
            state: host_extension(shell.host, CLAP_EXT_STATE),
            preset_load: either(CLAP_EXT_PRESET_LOAD, CLAP_EXT_PRESET_LOAD_COMPAT),
            gui: host_extension(shell.host, CLAP_EXT_GUI),
        });
        grip::offer(shell);
        inner!(shell, init)
    }
}

unsafe extern "C" fn plugin_destroy(plugin: *const clap_plugin) {
    // SAFETY: the host will not use the pointer again, so the box of `create_plugin` is ours.
    unsafe {
        let shell = Box::from_raw(plugin.cast_mut().cast::<Shell>());
        shell.shared.grip.withdraw();
        inner!(shell, destroy);
    }
}

unsafe extern "C" fn plugin_activate(
    plugin: *const clap_plugin,
    sample_rate_hz: f64,
    min_frames: u32,
    max_frames: u32,
) -> bool {
    // SAFETY: as in `plugin_init`.
    let shell = unsafe { shell(plugin) };
    // SAFETY: as above.
    let is_active: bool =
        unsafe { inner!(shell, activate, sample_rate_hz, min_frames, max_frames) };
    let latency = shell.shared.link.latency_samples();
    if is_active && shell.announced_latency.replace(latency) != latency {
        // CLAP lets the latency change here and nowhere else.
        // SAFETY: the extension's table lives as long as the host.
        let latency_ext = unsafe { shell.host_ext.get().latency.as_ref() };
        if let Some(changed) = latency_ext.and_then(|ext| ext.changed) {
            // SAFETY: we are on the main thread, being activated.
            unsafe { changed(shell.host) };
        }
    }
    is_active
}

unsafe extern "C" fn plugin_deactivate(plugin: *const clap_plugin) {
    // SAFETY: as in `plugin_init`.
    unsafe {
        let shell = shell(plugin);
        inner!(shell, deactivate);
    }
}

unsafe extern "C" fn plugin_start_processing(plugin: *const clap_plugin) -> bool {
    // The framework asks for the thread's id in `process`; the first time costs memory.
    let _ = std::thread::current().id();
    // SAFETY: as in `plugin_init`.
    unsafe {
        let shell = shell(plugin);
        inner!(shell, start_processing)
    }
}

unsafe extern "C" fn plugin_stop_processing(plugin: *const clap_plugin) {
    // SAFETY: as in `plugin_init`.
    unsafe {
        let shell = shell(plugin);
        inner!(shell, stop_processing);
    }
}

unsafe extern "C" fn plugin_reset(plugin: *const clap_plugin) {
    // SAFETY: as in `plugin_init`.
    unsafe {
        let shell = shell(plugin);
        inner!(shell, reset);
    }
}

unsafe extern "C" fn plugin_process(
    plugin: *const clap_plugin,
    process: *const clap_process,
) -> clap_process_status {
    // SAFETY: as in `plugin_init`.
    let shell = unsafe { shell(plugin) };
    // SAFETY: the host passes a valid block.
    let status = unsafe { process_with_all_ports(shell, process) };
    if shell.shared.link.is_dirty() {
        // SAFETY: the host is valid, and this function of it may be called from any thread.
        unsafe {
            if let Some(request_callback) = (*shell.host).request_callback {
                request_callback(shell.host);
            }
        }
    }
    // The framework only knows 'continue'; our tail is exact.
    if status == CLAP_PROCESS_CONTINUE { CLAP_PROCESS_TAIL } else { status }
}

/// The framework reads as many inputs as are declared, so none may be missing.
unsafe fn process_with_all_ports(
    shell: &Shell,
    process: *const clap_process,
) -> clap_process_status {
    const N_INPUTS: usize = 2;
    // SAFETY: the caller passes a valid block; the copy lives until the call has returned.
    unsafe {
        let n_given = (*process).audio_inputs_count as usize;
        if (*process).audio_inputs.is_null() || n_given >= N_INPUTS {
            return inner!(shell, process, process);
        }
        let mut inputs: [clap_audio_buffer; N_INPUTS] = std::mem::zeroed();
        for (idx, input) in inputs.iter_mut().enumerate().take(n_given) {
            *input = *(*process).audio_inputs.add(idx);
        }
        let mut complete = *process;
        complete.audio_inputs = inputs.as_ptr();
        complete.audio_inputs_count = N_INPUTS as u32;
        inner!(shell, process, &raw const complete)
    }
}

unsafe extern "C" fn plugin_get_extension(
    plugin: *const clap_plugin,
    id: *const c_char,
) -> *const c_void {
    static STATE: clap_plugin_state =
        clap_plugin_state { save: Some(state_save), load: Some(state_load) };
    static LATENCY: clap_plugin_latency = clap_plugin_latency { get: Some(latency_get) };
    // SAFETY: as in `plugin_init`; ids are null-terminated.
    unsafe {
        if is_id(id, CLAP_EXT_STATE) {
            ptr::from_ref(&STATE).cast()
        } else if is_id(id, CLAP_EXT_LATENCY) {
            ptr::from_ref(&LATENCY).cast()
        } else if is_id(id, CLAP_EXT_STATE_CONTEXT) {
            ptr::from_ref(&presets::STATE_CONTEXT).cast()
        } else if is_id(id, CLAP_EXT_PRESET_LOAD) || is_id(id, CLAP_EXT_PRESET_LOAD_COMPAT) {
            ptr::from_ref(&presets::PRESET_LOAD).cast()
        } else if is_id(id, CLAP_EXT_GUI) && shell(plugin).host_ext.get().gui.is_null() {
            ptr::null()
        } else {
            let shell = shell(plugin);
            match (*shell.inner).get_extension {
                Some(get_extension) => get_extension(shell.inner, id),
                None => ptr::null(),
            }
        }
    }
}

unsafe extern "C" fn plugin_on_main_thread(plugin: *const clap_plugin) {
    // SAFETY: as in `plugin_init`.
    unsafe {
        let shell = shell(plugin);
        inner!(shell, on_main_thread);
        grip::follow(shell);
        if shell.shared.link.take_source_change() {
            rescan_values(shell);
        }
        if !shell.shared.link.take_dirty() {
            return;
        }
        if let Some(mark_dirty) = shell.host_ext.get().state.as_ref().and_then(|ext| ext.mark_dirty)
        {
            mark_dirty(shell.host);
        }
    }
}

unsafe extern "C" fn latency_get(plugin: *const clap_plugin) -> u32 {
    // SAFETY: as in `plugin_init`.
    unsafe { shell(plugin) }.shared.link.latency_samples()
}

unsafe extern "C" fn state_save(plugin: *const clap_plugin, stream: *const clap_ostream) -> bool {
    // SAFETY: as in `plugin_init`.
    let shared = &unsafe { shell(plugin) }.shared;
    let bytes = encode(&state::of(shared));
    // SAFETY: the host's stream is valid during the call.
    unsafe { write_all(stream, &bytes) }
}

unsafe extern "C" fn state_load(plugin: *const clap_plugin, stream: *const clap_istream) -> bool {
    // SAFETY: as in `plugin_init`.
    unsafe { load_with(shell(plugin), stream, state::load) }
}

/// Hands what the stream carries to `load`; what cannot be read leaves everything as it is.
///
/// # Safety
/// `stream` must be valid; on the main thread only.
unsafe fn load_with(
    shell: &Shell,
    stream: *const clap_istream,
    load: impl FnOnce(&[u8], &Shared) -> Result<(), StateError>,
) -> bool {
    // SAFETY: the caller's promise.
    let Some(bytes) = (unsafe { read_all(stream) }) else { return false };
    if let Err(error) = load(&bytes, &shell.shared) {
        nice_plug::prelude::nice_warn!("{error}; the running state was kept");
        return false;
    }
    // SAFETY: the caller's promise.
    unsafe { rescan_values(shell) };
    true
}

/// Has the host read all values again.
///
/// # Safety
/// On the main thread only, where the host takes such news.
unsafe fn rescan_values(shell: &Shell) {
    // SAFETY: the extension's table lives as long as the host.
    unsafe {
        if let Some(rescan) = shell.host_ext.get().params.as_ref().and_then(|ext| ext.rescan) {
            rescan(shell.host, CLAP_PARAM_RESCAN_VALUES);
        }
    }
}

/// # Safety
/// `id` must be null or null-terminated.
unsafe fn is_id(id: *const c_char, expected: &CStr) -> bool {
    // SAFETY: the caller's promise.
    !id.is_null() && unsafe { CStr::from_ptr(id) } == expected
}

/// # Safety
/// `host` must be valid, and `T` the table that belongs to `id`.
unsafe fn host_extension<T>(host: *const clap_host, id: &CStr) -> *const T {
    // SAFETY: the caller's promise.
    match unsafe { (*host).get_extension } {
        // SAFETY: as above.
        Some(get_extension) => unsafe { get_extension(host, id.as_ptr()) }.cast(),
        None => ptr::null(),
    }
}
