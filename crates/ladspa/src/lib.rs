//! Quell as a LADSPA plugin, mono and stereo: what PipeWire's filter chains, EasyEffects and
//! `ffmpeg -af ladspa=…` load. It follows the noise by itself, as LADSPA has no place for a print.

pub mod abi;
mod instance;
mod ports;

use core::ffi::{c_ulong, c_void};
use std::sync::OnceLock;

use abi::{Descriptor, HARD_RT_CAPABLE, Handle, PortRangeHint};
use instance::Instance;
use ports::{MONO, STEREO};

/// Number that tells plugins apart, below 2²⁴ as LADSPA wants it; the channels are added to it.
const UNIQUE_ID: c_ulong = 0x51_55_4c;

/// What a host finds in the library.
struct Plugin {
    descriptor: Descriptor,
}

// SAFETY: the descriptor points to data that never changes and never goes away.
unsafe impl Sync for Plugin {}
// SAFETY: as above.
unsafe impl Send for Plugin {}

/// The plugins of the library, by index; null beyond the last.
#[unsafe(no_mangle)]
pub extern "C" fn ladspa_descriptor(index: c_ulong) -> *const Descriptor {
    static PLUGINS: OnceLock<[Plugin; 2]> = OnceLock::new();
    let plugins = PLUGINS.get_or_init(|| [plugin::<1>(), plugin::<2>()]);
    let found = usize::try_from(index).ok().and_then(|index| plugins.get(index));
    found.map_or(core::ptr::null(), |plugin| &raw const plugin.descriptor)
}

fn plugin<const N_CHANNELS: usize>() -> Plugin {
    let (label, name, ports) = match N_CHANNELS {
        1 => (c"quell_mono", c"Quell noise reduction (mono)", &MONO[..]),
        _ => (c"quell_stereo", c"Quell noise reduction (stereo)", &STEREO[..]),
    };
    // They live as long as the library.
    let kinds: &[_] = ports.iter().map(|port| port.kind).collect::<Vec<_>>().leak();
    let names: &[_] = ports.iter().map(|port| port.name.as_ptr()).collect::<Vec<_>>().leak();
    let hints: &[PortRangeHint] = ports.iter().map(|port| port.hint).collect::<Vec<_>>().leak();
    let descriptor = Descriptor {
        unique_id: UNIQUE_ID + N_CHANNELS as c_ulong,
        label: label.as_ptr(),
        properties: HARD_RT_CAPABLE,
        name: name.as_ptr(),
        maker: c"The Quell authors".as_ptr(),
        copyright: c"MIT OR Apache-2.0".as_ptr(),
        port_count: ports.len() as c_ulong,
        port_descriptors: kinds.as_ptr(),
        port_names: names.as_ptr(),
        port_range_hints: hints.as_ptr(),
        implementation_data: core::ptr::null_mut::<c_void>(),
        instantiate: Some(instantiate::<N_CHANNELS>),
        connect_port: Some(connect_port::<N_CHANNELS>),
        activate: Some(activate::<N_CHANNELS>),
        run: Some(run::<N_CHANNELS>),
        run_adding: None,
        set_run_adding_gain: None,
        deactivate: None,
        cleanup: Some(cleanup::<N_CHANNELS>),
    };
    Plugin { descriptor }
}

/// A new instance; null where there is no engine for the rate.
unsafe extern "C" fn instantiate<const N: usize>(_: *const Descriptor, rate_hz: c_ulong) -> Handle {
    let instance = Instance::<N>::new(rate_hz as f64);
    instance.map_or(core::ptr::null_mut(), |instance| Box::into_raw(Box::new(instance)).cast())
}

unsafe extern "C" fn connect_port<const N: usize>(handle: Handle, port: c_ulong, data: *mut f32) {
    // SAFETY: hosts pass what `instantiate` of this plugin gave them, from one thread at a time.
    let instance = unsafe { &mut *handle.cast::<Instance<N>>() };
    instance.connect(port as usize, data);
}

unsafe extern "C" fn activate<const N: usize>(handle: Handle) {
    // SAFETY: as in `connect_port`.
    let instance = unsafe { &mut *handle.cast::<Instance<N>>() };
    instance.reset();
}

unsafe extern "C" fn run<const N: usize>(handle: Handle, n_samples: c_ulong) {
    // SAFETY: as in `connect_port`.
    let instance = unsafe { &mut *handle.cast::<Instance<N>>() };
    // SAFETY: hosts connect every port before they run, audio ports to so many samples.
    unsafe { instance.run(n_samples as usize) };
}

unsafe extern "C" fn cleanup<const N: usize>(handle: Handle) {
    // SAFETY: it came out of a box in `instantiate`, and hosts do not use it any more.
    drop(unsafe { Box::from_raw(handle.cast::<Instance<N>>()) });
}
