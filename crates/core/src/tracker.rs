//! Noise level without a capture: the running minimum of the smoothed power of every bin.
//!
//! Speech and music leave every bin now and then; what remains in it then is noise. The minimum of
//! a smoothed periodogram over a second and a half lies below the mean of the noise by a known
//! factor (Martin, 2001), which is put back.

use crate::config;

/// Running minimum of one channel.
pub(crate) struct MinimumTracker {
    /// Smoothed power per bin.
    smoothed: Vec<f32>,
    /// Minimum within each finished stretch, `[stretch][bin]`, as a ring.
    stretches: Vec<Vec<f32>>,
    /// Minimum within the stretch under way.
    current: Vec<f32>,
    /// Minimum over all finished stretches.
    finished: Vec<f32>,
    stretch_idx: usize,
    frame_in_stretch: usize,
    is_first: bool,
}

impl MinimumTracker {
    pub(crate) fn new(n_bins: usize) -> Self {
        let mut tracker = Self {
            smoothed: vec![0.0; n_bins],
            stretches: vec![vec![0.0; n_bins]; config::TRACKER_STRETCHES],
            current: vec![0.0; n_bins],
            finished: vec![0.0; n_bins],
            stretch_idx: 0,
            frame_in_stretch: 0,
            is_first: true,
        };
        tracker.reset();
        tracker
    }

    /// Forgets all frames.
    pub(crate) fn reset(&mut self) {
        self.smoothed.fill(0.0);
        for stretch in &mut self.stretches {
            stretch.fill(f32::MAX);
        }
        self.current.fill(f32::MAX);
        self.finished.fill(f32::MAX);
        self.stretch_idx = 0;
        self.frame_in_stretch = 0;
        self.is_first = true;
    }

    /// Takes in the power per 25 Hz of a frame and writes the mean power of the noise.
    pub(crate) fn track(&mut self, power: &[f32], noise_power: &mut [f32]) {
        self.smooth(power);
        let minima = self.current.iter_mut().zip(&self.finished).zip(&self.smoothed);
        for (((current, finished), smoothed), out) in minima.zip(noise_power) {
            *current = current.min(*smoothed);
            *out = current.min(*finished) * config::TRACKER_BIAS;
        }
        self.frame_in_stretch += 1;
        if self.frame_in_stretch == config::TRACKER_STRETCH_FRAMES {
            self.finish_stretch();
        }
    }

    fn smooth(&mut self, power: &[f32]) {
        let keep = if self.is_first { 0.0 } else { config::TRACKER_SMOOTHING };
        self.is_first = false;
        for (smoothed, power) in self.smoothed.iter_mut().zip(power) {
            *smoothed = *smoothed * keep + *power * (1.0 - keep);
        }
    }

    fn finish_stretch(&mut self) {
        self.stretches[self.stretch_idx].copy_from_slice(&self.current);
        self.stretch_idx = (self.stretch_idx + 1) % self.stretches.len();
        self.frame_in_stretch = 0;
        self.current.copy_from_slice(&self.smoothed);
        self.finished.fill(f32::MAX);
        for stretch in &self.stretches {
            for (finished, minimum) in self.finished.iter_mut().zip(stretch) {
                *finished = finished.min(*minimum);
            }
        }
    }
}
