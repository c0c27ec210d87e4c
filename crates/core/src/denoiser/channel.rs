//! What a stream holds per channel.

use realfft::num_complex::Complex32;

use super::noise::NoiseLevel;
use crate::geometry::LatencyMode;
use crate::stft::{Stft, Transform};
use crate::tracker::MinimumTracker;

/// Everything of one channel.
pub(super) struct Channel {
    pub(super) stft: Stft,
    /// Input samples since the last frame.
    pub(super) hop_in: Vec<f32>,
    /// Output samples of the last frame.
    pub(super) hop_out: Vec<f32>,
    /// Spectra of the last `look-ahead + 1` frames, as a ring.
    pub(super) spectra: Vec<Vec<Complex32>>,
    /// Power per 25 Hz of the newest frame.
    pub(super) power: Vec<f32>,
    /// The input, waiting to be as late as the output; a ring of `latency` samples.
    pub(super) dry: Vec<f32>,
    pub(super) noise: NoiseLevel,
    /// Running minimum of the power, in the place of a captured profile; per 25 Hz.
    pub(super) mean_power: Vec<f32>,
    pub(super) tracker: MinimumTracker,
}

impl Channel {
    pub(super) fn new(transform: &Transform, mode: LatencyMode, latency: usize) -> Self {
        let n_bins = transform.geometry().n_bins();
        let hop_len = transform.geometry().hop_len;
        Self {
            stft: Stft::new(transform.clone()),
            hop_in: vec![0.0; hop_len],
            hop_out: vec![0.0; hop_len],
            spectra: vec![transform.make_spectrum(); mode.look_ahead_frames() + 1],
            power: vec![0.0; n_bins],
            dry: vec![0.0; latency],
            noise: NoiseLevel::new(n_bins),
            mean_power: vec![0.0; n_bins],
            tracker: MinimumTracker::new(n_bins),
        }
    }

    pub(super) fn reset(&mut self) {
        self.stft.reset();
        self.hop_in.fill(0.0);
        self.hop_out.fill(0.0);
        for spectrum in &mut self.spectra {
            spectrum.fill(Complex32::ZERO);
        }
        self.power.fill(0.0);
        self.dry.fill(0.0);
        self.tracker.reset();
    }
}
