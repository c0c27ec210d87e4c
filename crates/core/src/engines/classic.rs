//! The classic mask: one comparison per bin, a knee around it, a triangle over frequency.

use super::{Build, Frame, Maker};
use crate::geometry::BuildError;
use crate::smoothing::half_width_bins;

pub(super) struct ClassicMask {
    /// The mask with zeros on both sides.
    padded: Vec<f32>,
}

impl Maker for ClassicMask {
    fn new(build: &Build) -> Result<Self, BuildError> {
        Ok(Self { padded: vec![0.0; 3 * build.geometry.n_bins()] })
    }

    fn run(&mut self, frame: &Frame, mask: &mut [f32]) {
        compare(&frame.heard.snr, &frame.heard.threshold, frame.settings.knee_db, mask);
        let half_width = half_width_bins(frame.settings.freq_smoothing_hz, frame.bin_hz);
        self.smooth(mask, half_width);
    }

    /// It remembers nothing.
    fn restart(&mut self) {}

    fn continue_from(&mut self, _: &Self) {}
}

impl ClassicMask {
    /// Convolves with a triangle. Nothing lies beyond the first and the last bin, so the mask fades
    /// towards both ends; that is part of the algorithm and what keeps it equal to noisereduce.
    /// (noisereduce lets even what a partial reduction should leave fade there; this does not, so
    /// that no reduction means no change.)
    fn smooth(&mut self, mask: &mut [f32], half_width: usize) {
        let n_bins = mask.len();
        let half_width = half_width.min(n_bins - 1);
        let padded = &mut self.padded[..n_bins + 2 * half_width];
        padded.fill(0.0);
        padded[half_width..half_width + n_bins].copy_from_slice(mask);
        mask.fill(0.0);
        let total = ((half_width + 1) * (half_width + 1)) as f32;
        for tap in 0..=2 * half_width {
            let weight = (half_width + 1 - tap.abs_diff(half_width)) as f32 / total;
            for (out, value) in mask.iter_mut().zip(&padded[tap..]) {
                *out += weight * value;
            }
        }
    }
}

/// 1 where a bin is signal, 0 where it is noise, and a smooth step of `knee_db` between them.
fn compare(snr: &[f32], threshold: &[f32], knee_db: f32, mask: &mut [f32]) {
    let bins = snr.iter().zip(threshold);
    if knee_db <= 0.0 {
        for (mask, (snr, threshold)) in mask.iter_mut().zip(bins) {
            *mask = if snr > threshold { 1.0 } else { 0.0 };
        }
        return;
    }
    let per_db = 1.0 / knee_db;
    for (mask, (snr, threshold)) in mask.iter_mut().zip(bins) {
        let above_db = 10.0 * (snr / threshold).max(1e-30).log10();
        let x = (above_db * per_db + 0.5).clamp(0.0, 1.0);
        *mask = x * x * (3.0 - 2.0 * x);
    }
}
