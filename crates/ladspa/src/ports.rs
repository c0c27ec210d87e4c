//! The ports: controls first, then audio, the delay last.

use core::ffi::{CStr, c_int};

use crate::abi::{
    AUDIO, BOUNDED, CONTROL, DEFAULT_1, DEFAULT_HIGH, DEFAULT_MIDDLE, INPUT, INTEGER, OUTPUT,
    PortRangeHint,
};

/// Places of the controls.
pub(crate) const REDUCTION: usize = 0;
pub(crate) const SENSITIVITY: usize = 1;
pub(crate) const ENGINE: usize = 2;
pub(crate) const MODE: usize = 3;
/// Controls in front of the audio ports.
pub(crate) const N_CONTROLS: usize = 4;

/// One of them.
#[derive(Clone, Copy)]
pub(crate) struct Port {
    pub(crate) name: &'static CStr,
    pub(crate) kind: c_int,
    pub(crate) hint: PortRangeHint,
}

const fn control(name: &'static CStr, hint: c_int, lower: f32, upper: f32) -> Port {
    Port { name, kind: INPUT | CONTROL, hint: PortRangeHint { hint: BOUNDED | hint, lower, upper } }
}

const fn plain(name: &'static CStr, kind: c_int) -> Port {
    Port { name, kind, hint: PortRangeHint { hint: 0, lower: 0.0, upper: 0.0 } }
}

const CONTROLS: [Port; N_CONTROLS] = [
    // The default is the middle.
    control(c"Reduction (dB)", DEFAULT_MIDDLE, -80.0, 0.0),
    control(c"Sensitivity", DEFAULT_MIDDLE, -3.0, 6.0),
    control(c"Engine (0 Gate, 1 Classic, 2 Neural, 3 Hybrid)", INTEGER | DEFAULT_HIGH, 0.0, 3.0),
    control(
        c"Latency (0 Live 20 ms, 1 Standard 40 ms, 2 Studio 80 ms)",
        INTEGER | DEFAULT_1,
        0.0,
        2.0,
    ),
];

// Hosts know a port of this name: it tells how late the output is, in samples.
const LATENCY: Port = plain(c"latency", OUTPUT | CONTROL);

const fn ports<const N: usize>(audio: &[Port]) -> [Port; N] {
    let mut ports = [LATENCY; N];
    let mut idx = 0;
    while idx + 1 < N {
        ports[idx] = if idx < N_CONTROLS { CONTROLS[idx] } else { audio[idx - N_CONTROLS] };
        idx += 1;
    }
    ports
}

pub(crate) const MONO: [Port; N_CONTROLS + 3] =
    ports(&[plain(c"Input", INPUT | AUDIO), plain(c"Output", OUTPUT | AUDIO)]);

pub(crate) const STEREO: [Port; N_CONTROLS + 5] = ports(&[
    plain(c"Input left", INPUT | AUDIO),
    plain(c"Input right", INPUT | AUDIO),
    plain(c"Output left", OUTPUT | AUDIO),
    plain(c"Output right", OUTPUT | AUDIO),
]);
