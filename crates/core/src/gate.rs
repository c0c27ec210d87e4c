//! The spectral gate: from 'how far above the noise is each bin' to a gain per bin.
//!
//! Stages of a frame, in order: threshold with a soft knee, triangle over frequency, triangle over
//! time (Studio) or attack and release, amount and floor.

use crate::config;
use crate::geometry::{Geometry, LatencyMode};
use crate::settings::Settings;

/// The noise as a frame sees it: everything is relative to the mean power of the noise.
pub(crate) struct GateFrame<'a> {
    /// Power over mean noise power, per bin.
    pub(crate) snr: &'a [f32],
    /// Threshold over mean noise power, per bin.
    pub(crate) threshold: &'a [f32],
}

/// Mask state of one lane (one channel, or all of them when linked).
pub(crate) struct SpectralGate {
    hop_s: f32,
    bin_hz: f32,
    look_ahead_frames: usize,
    smoother: TriangleSmoother,
    /// Masks of the last `2 × look-ahead + 1` frames, as a ring.
    masks: Vec<Vec<f32>>,
    newest: usize,
    /// Mask after attack and release.
    followed: Vec<f32>,
}

impl SpectralGate {
    pub(crate) fn new(geometry: &Geometry, mode: LatencyMode) -> Self {
        let n_bins = geometry.n_bins();
        let look_ahead_frames = mode.look_ahead_frames();
        Self {
            hop_s: (geometry.hop_len as f64 / geometry.sample_rate_hz) as f32,
            bin_hz: geometry.bin_hz() as f32,
            look_ahead_frames,
            smoother: TriangleSmoother::new(n_bins),
            masks: vec![vec![0.0; n_bins]; 2 * look_ahead_frames + 1],
            newest: 0,
            followed: vec![0.0; n_bins],
        }
    }

    pub(crate) fn reset(&mut self) {
        for mask in &mut self.masks {
            mask.fill(0.0);
        }
        self.newest = 0;
        self.followed.fill(0.0);
    }

    /// Takes in a frame and writes the gains of the frame `look_ahead_frames` before it.
    pub(crate) fn estimate(&mut self, frame: &GateFrame, settings: &Settings, gain: &mut [f32]) {
        self.newest = (self.newest + 1) % self.masks.len();
        threshold_mask(frame, settings.knee_db, &mut self.masks[self.newest]);
        let half_width = (settings.freq_smoothing_hz / self.bin_hz) as usize;
        self.smoother.smooth(&mut self.masks[self.newest], half_width);
        self.smooth_over_time(settings.time_smoothing_ms, gain);
        self.follow(settings, gain);
        let floor = db_to_gain(settings.floor_db);
        for gain in gain {
            *gain = (1.0 - settings.reduction * (1.0 - *gain)).max(floor);
        }
    }

    /// Triangle over the frames on both sides of the one that is due.
    fn smooth_over_time(&self, time_smoothing_ms: f32, out: &mut [f32]) {
        let n_masks = self.masks.len();
        let due = (self.newest + n_masks - self.look_ahead_frames) % n_masks;
        let hop_ms = self.hop_s * 1000.0;
        // The half hop keeps '40 ms' at four frames where rounding would make it 3.9999.
        let half_width = ((time_smoothing_ms / hop_ms + 1e-3) as usize).min(self.look_ahead_frames);
        let total = ((half_width + 1) * (half_width + 1)) as f32;
        out.fill(0.0);
        for offset in 0..=2 * half_width {
            let weight = (half_width + 1 - offset.abs_diff(half_width)) as f32 / total;
            let mask = &self.masks[(due + n_masks + offset - half_width) % n_masks];
            for (out, mask) in out.iter_mut().zip(mask) {
                *out += weight * mask;
            }
        }
    }

    /// Lets bins open with the attack and close with the release time.
    fn follow(&mut self, settings: &Settings, mask: &mut [f32]) {
        let keep = |ms: f32| if ms > 0.0 { (-self.hop_s * 1000.0 / ms).exp() } else { 0.0 };
        let (attack, release) = (keep(settings.attack_ms), keep(settings.release_ms));
        for (followed, mask) in self.followed.iter_mut().zip(mask) {
            let keep = if *mask > *followed { attack } else { release };
            *followed = *mask + (*followed - *mask) * keep;
            *mask = *followed;
        }
    }
}

/// 1 where a bin is signal, 0 where it is noise, and a smooth step of `knee_db` between them.
fn threshold_mask(frame: &GateFrame, knee_db: f32, mask: &mut [f32]) {
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

/// Convolution with a triangle over frequency, in place.
struct TriangleSmoother {
    padded: Vec<f32>,
    sums: Vec<f32>,
}

impl TriangleSmoother {
    fn new(n_bins: usize) -> Self {
        let longest = n_bins + 2 * n_bins;
        Self { padded: vec![0.0; longest], sums: vec![0.0; longest + 1] }
    }

    /// Smooths with weights falling linearly to both sides; bins outside repeat the last one.
    fn smooth(&mut self, mask: &mut [f32], half_width: usize) {
        let n_bins = mask.len();
        let half_width = half_width.min(n_bins - 1);
        if half_width == 0 {
            return;
        }
        let n_padded = n_bins + 2 * half_width;
        let padded = &mut self.padded[..n_padded];
        padded[..half_width].fill(mask[0]);
        padded[half_width..half_width + n_bins].copy_from_slice(mask);
        padded[half_width + n_bins..].fill(mask[n_bins - 1]);
        // A triangle is a box convolved with itself; a box is a difference of running sums.
        let box_len = half_width + 1;
        for _ in 0..2 {
            let _ = box_len;
        }
        let _ = &self.sums;
        let total = (box_len * box_len) as f32;
        for (bin_idx, out) in mask.iter_mut().enumerate() {
            let mut sum = 0.0;
            for tap in 0..=2 * half_width {
                sum += (box_len - tap.abs_diff(half_width)) as f32 * padded[bin_idx + tap];
            }
            *out = sum / total;
        }
    }
}

pub(crate) fn db_to_gain(db: f32) -> f32 {
    10f32.powf(db / 20.0)
}
