//! What a stream holds per channel.

use std::sync::Arc;

use realfft::num_complex::Complex32;

use super::hum::HumStage;
use super::noise::NoiseLevel;
use crate::config;
use crate::follower::NoiseFollower;
use crate::geometry::LatencyMode;
use crate::hum::Response;
use crate::level::db_to_power;
use crate::ring::Ring;
use crate::stft::{Stft, Transform};

/// Everything of one channel.
pub(super) struct Channel {
    pub(super) stft: Stft,
    /// Input samples since the last frame.
    pub(super) hop_in: Vec<f32>,
    /// Output samples of the last frame.
    pub(super) hop_out: Vec<f32>,
    /// Spectra of the last `look-ahead + 1` frames: the oldest is the one that is due.
    pub(super) spectra: Ring<Complex32>,
    /// Their hum.
    pub(super) hum: HumStage,
    /// Power per 25 Hz of the newest frame; without its hum once that is known.
    pub(super) power: Vec<f32>,
    /// The input, waiting to be as late as the output; a ring of `latency` samples.
    pub(super) dry: Vec<f32>,
    pub(super) noise: NoiseLevel,
    /// The noise in the place of a captured profile.
    pub(super) follower: NoiseFollower,
}

impl Channel {
    pub(super) fn new(
        transform: &Transform,
        hum_response: &Arc<Response>,
        mode: LatencyMode,
        latency: usize,
    ) -> Self {
        let n_bins = transform.geometry().n_bins();
        let hop_len = transform.geometry().hop_len;
        let hop_s = hop_len as f64 / transform.geometry().sample_rate_hz;
        let hum = HumStage::new(transform, hum_response, mode);
        Self {
            stft: Stft::new(transform.clone()),
            hop_in: vec![0.0; hop_len],
            hop_out: vec![0.0; hop_len],
            spectra: Ring::new(mode.look_ahead_frames() + 1, transform.make_spectrum()),
            power: vec![0.0; n_bins],
            dry: vec![0.0; latency],
            noise: NoiseLevel::new(n_bins, hum.n_bins()),
            follower: NoiseFollower::new(n_bins, hop_s),
            hum,
        }
    }

    pub(super) fn reset(&mut self) {
        self.stft.reset();
        self.hop_in.fill(0.0);
        self.hop_out.fill(0.0);
        self.spectra.fill(Complex32::ZERO);
        self.power.fill(0.0);
        self.dry.fill(0.0);
        self.follower.reset();
        self.hum.reset();
    }

    /// Follows the noise of the newest frame.
    pub(super) fn follow_noise(&mut self) {
        let energy: f32 = self.hop_in.iter().map(|sample| sample * sample).sum();
        let is_silent = energy < db_to_power(config::SILENCE_DBFS) * self.hop_in.len() as f32;
        self.follower.follow(&self.power, is_silent);
    }
}
