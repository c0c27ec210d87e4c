//! The classic mask: one comparison per bin, a knee around it, a triangle over frequency.

use super::GateFrame;
use crate::settings::Settings;
use crate::smoothing::half_width_bins;

pub(crate) struct ClassicMask {
    /// The mask with zeros on both sides.
    padded: Vec<f32>,
}

impl ClassicMask {
    pub(crate) fn new(n_bins: usize) -> Self {
        Self { padded: vec![0.0; 3 * n_bins] }
    }

    pub(crate) fn estimate(
        &mut self,
        frame: &GateFrame,
        settings: &Settings,
        bin_hz: f32,
        mask: &mut [f32],
    ) {
        compare(frame, settings.knee_db, mask);
        let half_width = half_width_bins(settings.freq_smoothing_hz, bin_hz);
        self.smooth(mask, half_width);
    }

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
fn compare(frame: &GateFrame, knee_db: f32, mask: &mut [f32]) {
    let bins = frame.snr.iter().zip(frame.threshold);
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
