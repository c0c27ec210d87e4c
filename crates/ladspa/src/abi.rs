//! The types of LADSPA 1.1, as C lays them out.

use core::ffi::{c_char, c_int, c_ulong, c_void};

/// An instance, to the host.
pub type Handle = *mut c_void;

/// The plugin can be run where deadlines are hard.
pub const HARD_RT_CAPABLE: c_int = 0x4;

/// What a port is: a sum of these.
pub const INPUT: c_int = 0x1;
/// See [`INPUT`].
pub const OUTPUT: c_int = 0x2;
/// See [`INPUT`].
pub const CONTROL: c_int = 0x4;
/// See [`INPUT`].
pub const AUDIO: c_int = 0x8;

/// What is known of a port's values: a sum of these.
pub const BOUNDED: c_int = 0x1 | 0x2;
/// See [`BOUNDED`].
pub const INTEGER: c_int = 0x20;
/// The default lies in the middle between the bounds.
pub const DEFAULT_MIDDLE: c_int = 0xc0;
/// Three quarters of the way up.
pub const DEFAULT_HIGH: c_int = 0x100;
/// It is 1.
pub const DEFAULT_1: c_int = 0x240;
/// It is 100.
pub const DEFAULT_100: c_int = 0x280;

/// Bounds and default of a port.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct PortRangeHint {
    /// What is known.
    pub hint: c_int,
    /// Least value.
    pub lower: f32,
    /// Greatest value.
    pub upper: f32,
}

/// A plugin, to the host.
#[repr(C)]
#[allow(missing_docs, reason = "the names are those of the standard")]
pub struct Descriptor {
    pub unique_id: c_ulong,
    pub label: *const c_char,
    pub properties: c_int,
    pub name: *const c_char,
    pub maker: *const c_char,
    pub copyright: *const c_char,
    pub port_count: c_ulong,
    pub port_descriptors: *const c_int,
    pub port_names: *const *const c_char,
    pub port_range_hints: *const PortRangeHint,
    pub implementation_data: *mut c_void,
    pub instantiate: Option<unsafe extern "C" fn(*const Self, c_ulong) -> Handle>,
    pub connect_port: Option<unsafe extern "C" fn(Handle, c_ulong, *mut f32)>,
    pub activate: Option<unsafe extern "C" fn(Handle)>,
    pub run: Option<unsafe extern "C" fn(Handle, c_ulong)>,
    pub run_adding: Option<unsafe extern "C" fn(Handle, c_ulong)>,
    pub set_run_adding_gain: Option<unsafe extern "C" fn(Handle, f32)>,
    pub deactivate: Option<unsafe extern "C" fn(Handle)>,
    pub cleanup: Option<unsafe extern "C" fn(Handle)>,
}
