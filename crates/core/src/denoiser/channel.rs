//! What a stream holds per channel and per mask.

use realfft::num_complex::Complex32;

use super::noise::NoiseLevel;
use crate::gate::SpectralGate;
use crate::geometry::{Geometry, LatencyMode};
use crate::level::average;
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

/// One mask: that of a channel, or of all of them when they are linked.
pub(super) struct Lane {
    pub(super) gate: SpectralGate,
    pub(super) snr: Vec<f32>,
    pub(super) threshold: Vec<f32>,
    pub(super) gain: Vec<f32>,
}

impl Lane {
    pub(super) fn new(geometry: &Geometry, mode: LatencyMode) -> Self {
        let zeros = || vec![0.0; geometry.n_bins()];
        Self {
            gate: SpectralGate::new(geometry, mode),
            snr: zeros(),
            threshold: zeros(),
            gain: zeros(),
        }
    }

    /// Power over noise and threshold over noise, mean of the channels.
    pub(super) fn measure(&mut self, channels: &[Channel]) {
        let share = 1.0 / channels.len() as f32;
        self.snr.fill(0.0);
        for channel in channels {
            let bins = channel.power.iter().zip(&channel.noise.per_reference);
            for (snr, (power, per_mean)) in self.snr.iter_mut().zip(bins) {
                *snr += power * per_mean * share;
            }
        }
        average(channels.iter().map(|c| &*c.noise.threshold), &mut self.threshold);
    }
}
