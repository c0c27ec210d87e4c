//! Stage 4, of one channel: tells mains hum from the rest of a frame, and takes it out once the
//! frame is due.

use std::sync::Arc;

use realfft::num_complex::Complex32;

use crate::config;
use crate::follower::MinimumTracker;
use crate::geometry::LatencyMode;
use crate::hum::{Hum, HumCanceller, Response};
use crate::ring::Ring;
use crate::stft::Transform;

/// The hum of one channel.
pub(super) struct HumStage {
    canceller: HumCanceller,
    /// What of the frames on their way is hum: their first bins.
    spectra: Ring<Complex32>,
    /// Hum was searched in the last frame.
    is_on: bool,
    /// Hum was followed in the last frame.
    has_hum: bool,
    /// Power of the hum per 25 Hz, smoothed.
    power: Vec<f32>,
    /// What the noise in its bins falls to without it, per 25 Hz: hum is never pure.
    rest_power: Vec<f32>,
    rest_tracker: MinimumTracker,
    /// The newest frame's low bins without their hum.
    cleaned: Vec<Complex32>,
}

impl HumStage {
    pub(super) fn new(transform: &Transform, response: &Arc<Response>, mode: LatencyMode) -> Self {
        let canceller = HumCanceller::new(transform, response);
        let n_bins = canceller.n_bins();
        Self {
            canceller,
            spectra: Ring::new(mode.look_ahead_frames() + 1, vec![Complex32::ZERO; n_bins]),
            is_on: false,
            has_hum: false,
            power: vec![0.0; n_bins],
            rest_power: vec![0.0; n_bins],
            rest_tracker: MinimumTracker::new(n_bins),
            cleaned: vec![Complex32::ZERO; n_bins],
        }
    }

    pub(super) fn reset(&mut self) {
        self.spectra.fill(Complex32::ZERO);
        self.is_on = false;
        self.start_anew();
    }

    /// Bins from 0 Hz that hum can be in.
    pub(super) fn n_bins(&self) -> usize {
        self.power.len()
    }

    /// Power of the hum per 25 Hz, and what the noise in its bins falls to without it; zero, and
    /// from before, while none is followed.
    pub(super) fn powers(&self) -> (&[f32], &[f32]) {
        (&self.power, &self.rest_power)
    }

    /// What is taken away now.
    pub(super) fn followed(&self) -> Option<Hum> {
        self.canceller.followed().filter(|_| self.has_hum)
    }

    /// Finds the hum of the newest frame, if that is wanted, and takes it out of the power that the
    /// engines see.
    pub(super) fn find(
        &mut self,
        spectrum: &[Complex32],
        is_wanted: bool,
        transform: &Transform,
        power: &mut [f32],
    ) {
        let hum = self.spectra.advance();
        let was_on = core::mem::replace(&mut self.is_on, is_wanted);
        if !is_wanted {
            hum.fill(Complex32::ZERO);
            if was_on {
                self.start_anew();
            }
        } else if self.canceller.track(spectrum, hum) {
            self.has_hum = true;
            self.part(spectrum, transform, power);
        } else if self.has_hum {
            self.forget_powers();
        }
    }

    /// Keeps the powers of the hum and of the rest of the newest frame.
    fn part(&mut self, spectrum: &[Complex32], transform: &Transform, power: &mut [f32]) {
        let hum = self.spectra.ago(0);
        let power = &mut power[..hum.len()];
        transform.power(hum, power);
        for (smoothed, power) in self.power.iter_mut().zip(&*power) {
            *smoothed += (power - *smoothed) * config::HUM_POWER_RATE;
        }
        for (cleaned, (bin, hum)) in self.cleaned.iter_mut().zip(spectrum.iter().zip(hum)) {
            *cleaned = bin - hum;
        }
        transform.power(&self.cleaned, power);
        self.rest_tracker.track(power, &mut self.rest_power);
    }

    /// Subtracts a share of its hum from the frame that is due, once and for all.
    pub(super) fn subtract(&self, due: &mut [Complex32], share: f32) {
        for (bin, hum) in due.iter_mut().zip(self.spectra.oldest()) {
            *bin -= hum * share;
        }
    }

    fn start_anew(&mut self) {
        self.canceller.reset();
        self.forget_powers();
    }

    fn forget_powers(&mut self) {
        self.has_hum = false;
        self.power.fill(0.0);
        self.rest_tracker.reset();
    }
}
