//! What a stream holds per channel.

use std::sync::Arc;

use realfft::num_complex::Complex32;

use super::noise::NoiseLevel;
use crate::config;
use crate::follower::{MinimumTracker, NoiseFollower};
use crate::geometry::LatencyMode;
use crate::hum::{HumCanceller, Response};
use crate::level::db_to_power;
use crate::stft::{Stft, Transform};

/// Everything of one channel.
pub(super) struct Channel {
    pub(super) stft: Stft,
    /// Input samples since the last frame.
    pub(super) hop_in: Vec<f32>,
    /// Output samples of the last frame.
    pub(super) hop_out: Vec<f32>,
    /// Spectra of the last `look-ahead + 1` frames, as a ring.
    pub(super) spectra: Vec<Vec<Complex32>>,
    /// The part of them that is mains hum: their first bins, in the same ring.
    pub(super) hum: Vec<Vec<Complex32>>,
    /// Power per 25 Hz of the newest frame; without its hum once that is known.
    pub(super) power: Vec<f32>,
    /// The input, waiting to be as late as the output; a ring of `latency` samples.
    pub(super) dry: Vec<f32>,
    pub(super) noise: NoiseLevel,
    /// The noise in the place of a captured profile.
    pub(super) follower: NoiseFollower,
    canceller: HumCanceller,
    /// Hum was followed in the last frame.
    has_hum: bool,
    /// Power of the hum per 25 Hz in its bins, smoothed.
    pub(super) hum_power: Vec<f32>,
    /// What the noise in its bins falls to without it, per 25 Hz: hum is never pure.
    pub(super) rest_power: Vec<f32>,
    rest_tracker: MinimumTracker,
    /// Low bins without their hum.
    cleaned: Vec<Complex32>,
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
        let canceller = HumCanceller::new(transform, hum_response);
        let n_hum_bins = canceller.n_bins();
        Self {
            stft: Stft::new(transform.clone()),
            hop_in: vec![0.0; hop_len],
            hop_out: vec![0.0; hop_len],
            spectra: vec![transform.make_spectrum(); mode.look_ahead_frames() + 1],
            hum: vec![vec![Complex32::ZERO; n_hum_bins]; mode.look_ahead_frames() + 1],
            power: vec![0.0; n_bins],
            dry: vec![0.0; latency],
            noise: NoiseLevel::new(n_bins, n_hum_bins),
            follower: NoiseFollower::new(n_bins, hop_s),
            canceller,
            has_hum: false,
            hum_power: vec![0.0; n_hum_bins],
            rest_power: vec![0.0; n_hum_bins],
            rest_tracker: MinimumTracker::new(n_hum_bins),
            cleaned: vec![Complex32::ZERO; n_hum_bins],
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
        self.follower.reset();
        self.canceller.reset();
        self.forget_hum_power();
        self.hum.iter_mut().for_each(|hum| hum.fill(Complex32::ZERO));
    }

    /// Follows the noise of the newest frame.
    pub(super) fn follow_noise(&mut self) {
        let energy: f32 = self.hop_in.iter().map(|sample| sample * sample).sum();
        let is_silent = energy < db_to_power(config::SILENCE_DBFS) * self.hop_in.len() as f32;
        self.follower.follow(&self.power, is_silent);
    }

    /// Finds the hum of the newest frame and takes it out of the power that the engines see.
    pub(super) fn find_hum(&mut self, newest: usize, transform: &Transform) {
        let (spectrum, hum) = (&self.spectra[newest], &mut self.hum[newest]);
        let is_followed = self.canceller.track(spectrum, hum);
        if !is_followed {
            if self.has_hum {
                self.forget_hum_power();
            }
            return;
        }
        self.has_hum = true;
        transform.power(hum, &mut self.power[..hum.len()]);
        for (smoothed, power) in self.hum_power.iter_mut().zip(&self.power) {
            *smoothed += (power - *smoothed) * config::HUM_POWER_RATE;
        }
        for (cleaned, (bin, hum)) in self.cleaned.iter_mut().zip(spectrum.iter().zip(&*hum)) {
            *cleaned = bin - hum;
        }
        let power = &mut self.power[..self.cleaned.len()];
        transform.power(&self.cleaned, power);
        self.rest_tracker.track(power, &mut self.rest_power);
    }

    /// Leaves the hum of the newest frame alone; the search starts anew when it is wanted again.
    pub(super) fn keep_hum(&mut self, newest: usize, was_removed: bool) {
        self.hum[newest].fill(Complex32::ZERO);
        if was_removed {
            self.canceller.reset();
            self.forget_hum_power();
        }
    }

    fn forget_hum_power(&mut self) {
        self.has_hum = false;
        self.hum_power.fill(0.0);
        self.rest_tracker.reset();
    }

    /// Subtracts a share of its hum from a frame, once and for all.
    pub(super) fn subtract_hum(&mut self, frame: usize, share: f32) {
        for (bin, hum) in self.spectra[frame].iter_mut().zip(&self.hum[frame]) {
            *bin -= hum * share;
        }
    }
}
