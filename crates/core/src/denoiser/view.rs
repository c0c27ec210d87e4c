//! Stage 8: what a frame did, for displays.

use crate::level::average;
use crate::stft::Transform;

use super::frames::Frames;
use super::hum::HumStage;
use super::masks::Masks;
use super::noise::NoiseStage;
use super::{FrameView, Tap};

/// Keeps ratios of silence at 1; a power far below anything audible.
const TINY: f32 = 1e-20;

/// Means of the channels.
pub(super) struct View {
    transform: Transform,
    power: Vec<f32>,
    /// The same of the bins that hum can be in, without it.
    cleaned: Vec<f32>,
    noise: Vec<f32>,
    gain: Vec<f32>,
    /// Power of one channel.
    scratch: Vec<f32>,
}

impl View {
    pub(super) fn new(transform: &Transform, n_hum_bins: usize) -> Self {
        let zeros = || vec![0.0; transform.geometry().n_bins()];
        Self {
            power: zeros(),
            cleaned: vec![0.0; n_hum_bins],
            noise: zeros(),
            gain: zeros(),
            scratch: zeros(),
            transform: transform.clone(),
        }
    }

    /// Keeps the power of the frame that is due while it still has its hum.
    pub(super) fn note_power(&mut self, frames: &Frames) {
        self.transform.mean_power(frames.due(), &mut self.scratch, &mut self.power);
    }

    pub(super) fn show(
        &mut self,
        number: u32,
        (frames, hum, noise, masks): (&Frames, &[HumStage], &NoiseStage, &Masks),
        tap: &mut impl Tap,
    ) {
        let n_hum_bins = self.cleaned.len();
        let low_bins = frames.due().map(|spectrum| &spectrum[..n_hum_bins]);
        self.transform.mean_power(low_bins, &mut self.scratch, &mut self.cleaned);
        let references = noise.channels().iter().map(|noise| &*noise.level.reference);
        average(references, &mut self.noise);
        masks.mean_gain(&mut self.gain);
        let powers = self.cleaned.iter().zip(&self.power);
        for (gain, (cleaned, power)) in self.gain.iter_mut().zip(powers) {
            *gain *= ((cleaned + TINY) / (power + TINY)).min(1.0).sqrt();
        }
        tap.frame(&FrameView {
            bin_hz: self.transform.geometry().bin_hz() as f32,
            source: noise.source(),
            power: &self.power,
            noise: &self.noise,
            threshold: masks.threshold(),
            gain: &self.gain,
            number,
            hum: hum.iter().find_map(HumStage::followed),
        });
    }
}
