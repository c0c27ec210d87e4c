//! The mask of Quell's own gate: a Wiener filter that knows where sound is.
//!
//! The a priori SNR is estimated decision-directed (Ephraim and Malah, 1984): a weighted mean of
//! what the last frame turned out to hold and what this frame seems to hold. A long memory keeps
//! noise from twinkling, a short one keeps onsets; so the memory is long only where the
//! neighbourhood of a bin looks like noise. There, too, the gain is averaged over the
//! neighbourhood, which leaves nothing of single bins that noise happens to open.

use super::{Build, Frame, Maker};
use crate::config;
use crate::geometry::BuildError;
use crate::smoothing::{BoxAverage, half_width_bins};

pub(super) struct SoftMask {
    average: BoxAverage,
    /// Power of the sound over the noise in the last frame, as far as it was let through.
    heard: Vec<f32>,
    /// How much the neighbourhood of a bin looks like sound, 0 to 1.
    presence: Vec<f32>,
    neighbourhood: Vec<f32>,
    /// How surely there is sound in the frame, 0 to 1; fades behind it.
    sound: f32,
}

impl Maker for SoftMask {
    fn new(build: &Build) -> Result<Self, BuildError> {
        let n_bins = build.geometry.n_bins();
        Ok(Self {
            average: BoxAverage::new(n_bins),
            heard: vec![0.0; n_bins],
            presence: vec![0.0; n_bins],
            neighbourhood: vec![0.0; n_bins],
            sound: 0.0,
        })
    }

    fn run(&mut self, frame: &Frame, mask: &mut [f32]) {
        let (settings, snr) = (frame.settings, &frame.heard.snr);
        let radius = half_width_bins(settings.freq_smoothing_hz, frame.bin_hz);
        self.find_presence(snr, radius);
        self.filter(snr, settings.transient_protection, mask);
        self.calm(settings.artifact_control, radius, mask);
        self.find_sound();
    }

    fn restart(&mut self) {
        self.heard.fill(0.0);
        self.sound = 0.0;
    }

    fn continue_from(&mut self, other: &Self) {
        self.heard.copy_from_slice(&other.heard);
        self.sound = other.sound;
    }
}

impl SoftMask {
    /// Presence is a smooth step of the mean SNR of the neighbourhood.
    fn find_presence(&mut self, snr: &[f32], radius: usize) {
        // One loud bin must not hide from the sums how quiet its neighbours are.
        for (limited, snr) in self.presence.iter_mut().zip(snr) {
            *limited = snr.min(config::PRESENCE_SNR_LIMIT);
        }
        self.average.smooth(&self.presence, radius, &mut self.neighbourhood);
        let per_middle = 1.0 / config::PRESENCE_MIDDLE_SNR;
        for (presence, snr) in self.presence.iter_mut().zip(&self.neighbourhood) {
            let relative = snr.max(0.0) * per_middle;
            let cubed = relative * relative * relative;
            let sixth = cubed * cubed;
            *presence = sixth / (1.0 + sixth);
        }
    }

    /// Wiener gain from the decision-directed a priori SNR.
    fn filter(&mut self, snr: &[f32], transient_protection: f32, mask: &mut [f32]) {
        let long = config::MEMORY_IN_NOISE;
        let shorter_by = transient_protection * (long - config::MEMORY_IN_SOUND);
        let bins = snr.iter().zip(&self.presence).zip(&mut self.heard);
        for (mask, ((&snr, presence), heard)) in mask.iter_mut().zip(bins) {
            let memory = long - shorter_by * presence;
            let seen = (snr - 1.0).max(0.0);
            let a_priori =
                (*heard * memory + seen * (1.0 - memory)).max(config::LEAST_A_PRIORI_SNR);
            let gain = a_priori / (1.0 + a_priori);
            *heard = gain * gain * snr;
            *mask = gain;
        }
    }

    /// Where only noise is, gives every bin the mean gain of its neighbourhood.
    fn calm(&mut self, artifact_control: f32, radius: usize, mask: &mut [f32]) {
        self.average.smooth(mask, radius, &mut self.neighbourhood);
        let wide = self.presence.iter().zip(&self.neighbourhood);
        for (mask, (presence, wide)) in mask.iter_mut().zip(wide) {
            *mask += artifact_control * (1.0 - presence) * (wide - *mask);
        }
    }

    /// Follows how surely there is sound.
    fn find_sound(&mut self) {
        let presence = largest(&self.presence);
        let surely = ((presence - 0.5) * 2.0).max(0.0);
        self.sound = surely.max(self.sound * config::BED_FADE);
    }

    /// How surely there is sound, or was a moment ago, 0 to 1.
    pub(super) fn sound(&self) -> f32 {
        self.sound
    }
}

/// The largest value, or 0; eight at a time, so that no comparison waits for the last.
fn largest(values: &[f32]) -> f32 {
    let (blocks, rest) = values.as_chunks::<8>();
    let mut largest = [0.0_f32; 8];
    for block in blocks {
        for (largest, value) in largest.iter_mut().zip(block) {
            *largest = largest.max(*value);
        }
    }
    largest.into_iter().chain(rest.iter().copied()).fold(0.0, f32::max)
}
