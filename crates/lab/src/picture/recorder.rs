//! What the engine did, kept for a picture.

use quell_core::{FrameView, Tap};

/// What the engine did, frame by frame.
pub struct Frames {
    /// Distance of two bins, Hz.
    pub bin_hz: f64,
    /// Bins in a frame.
    pub n_bins: usize,
    /// Gain, `[frame][bin]`.
    pub gain: Vec<f32>,
    /// Threshold, power per 25 Hz, `[bin]`.
    pub threshold: Vec<f32>,
}

/// Keeps what the engine did in every frame.
#[derive(Default)]
pub struct Recorder {
    bin_hz: f64,
    n_bins: usize,
    gain: Vec<f32>,
    /// Threshold in the newest frame, power per 25 Hz.
    threshold: Vec<f32>,
}

impl Tap for Recorder {
    fn frame(&mut self, view: &FrameView) {
        self.bin_hz = f64::from(view.bin_hz);
        self.n_bins = view.power.len();
        self.gain.extend_from_slice(view.gain);
        self.threshold.clear();
        let bins = view.noise.iter().zip(view.threshold);
        self.threshold.extend(bins.map(|(noise, threshold)| noise * threshold));
    }
}

impl Recorder {
    /// The first `look_ahead` frames are from before the sound.
    pub fn finish(mut self, look_ahead: usize) -> Frames {
        let n_before = (look_ahead * self.n_bins).min(self.gain.len());
        self.gain.drain(..n_before);
        Frames {
            bin_hz: self.bin_hz,
            n_bins: self.n_bins,
            gain: self.gain,
            threshold: self.threshold,
        }
    }
}
