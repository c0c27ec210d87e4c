//! What happens to every engine's mask on its way to gains: a triangle over time (Studio), attack and
//! release, amount and reduction.
//!
//! A mask is 1 where a bin is kept and 0 where it is noise.

use crate::geometry::{Geometry, LatencyMode};
use crate::level::db_to_gain;
use crate::ring::Ring;
use crate::settings::{Engine, Settings};

/// Gain that amount and the deepest one make of a mask.
fn allowed_gain(mask: f32, amount: f32, deepest: f32) -> f32 {
    (1.0 - amount * (1.0 - mask)).max(deepest)
}

/// Gain of what is nothing but noise.
pub(crate) fn deepest_gain(settings: &Settings) -> f32 {
    allowed_gain(0.0, settings.amount, db_to_gain(settings.reduction_db))
}

/// The stages after the engine, of one lane (one channel, or all of them when linked).
pub(crate) struct MaskStages {
    hop_ms: f32,
    look_ahead_frames: usize,
    /// Masks of the last `2 × look-ahead + 1` frames.
    masks: Ring<f32>,
    /// Mask after attack and release.
    followed: Vec<f32>,
}

impl MaskStages {
    pub(crate) fn new(geometry: &Geometry, mode: LatencyMode) -> Self {
        let n_bins = geometry.n_bins();
        let look_ahead_frames = mode.look_ahead_frames();
        Self {
            hop_ms: (geometry.hop_s() * 1000.0) as f32,
            look_ahead_frames,
            masks: Ring::new(2 * look_ahead_frames + 1, vec![0.0; n_bins]),
            followed: vec![0.0; n_bins],
        }
    }

    pub(crate) fn reset(&mut self) {
        self.masks.fill(0.0);
        self.followed.fill(0.0);
    }

    /// Goes on from where another one is.
    pub(crate) fn continue_from(&mut self, other: &Self) {
        self.masks.continue_from(&other.masks);
        self.followed.copy_from_slice(&other.followed);
    }

    /// Makes room for the mask of a new frame, to be written whole.
    pub(crate) fn next_mask(&mut self) -> &mut [f32] {
        self.masks.advance()
    }

    /// Writes the gains of the frame `look_ahead_frames` before the newest.
    pub(crate) fn finish(&mut self, settings: &Settings, gain: &mut [f32]) {
        self.smooth_over_time(settings.time_smoothing_ms, gain);
        self.follow(settings, gain);
        let deepest = db_to_gain(settings.reduction_db);
        for gain in gain {
            *gain = allowed_gain(*gain, settings.amount, deepest);
        }
    }

    /// Triangle over the frames on both sides of the one that is due.
    fn smooth_over_time(&self, time_smoothing_ms: f32, out: &mut [f32]) {
        let due = self.look_ahead_frames;
        // The thousandth keeps '40 ms' at four frames where rounding would make it 3.9999.
        let n_frames = (time_smoothing_ms / self.hop_ms + 1e-3) as usize;
        let half_width = n_frames.min(due);
        let total = ((half_width + 1) * (half_width + 1)) as f32;
        out.copy_from_slice(self.masks.ago(due));
        scale(out, (half_width + 1) as f32 / total);
        for distance in 1..=half_width {
            let weight = (half_width + 1 - distance) as f32 / total;
            let before = self.masks.ago(due + distance);
            let after = self.masks.ago(due - distance);
            for (out, (before, after)) in out.iter_mut().zip(before.iter().zip(after)) {
                *out += weight * (before + after);
            }
        }
    }

    /// Lets bins open with the attack and close with the release time.
    fn follow(&mut self, settings: &Settings, mask: &mut [f32]) {
        let keep = |ms: f32| if ms > 0.0 { (-self.hop_ms / ms).exp() } else { 0.0 };
        let attack = keep(settings.attack_ms);
        let release = keep(self.release_ms(settings));
        if attack == 0.0 && release == 0.0 {
            self.followed.copy_from_slice(mask);
            return;
        }
        for (followed, mask) in self.followed.iter_mut().zip(mask) {
            let keep = if *mask > *followed { attack } else { release };
            *followed = *mask + (*followed - *mask) * keep;
            *mask = *followed;
        }
    }

    /// Without look-ahead the classic mask has only the past to be smooth over: its time smoothing
    /// then closes bins slowly instead.
    fn release_ms(&self, settings: &Settings) -> f32 {
        match settings.engine {
            Engine::Classic if self.look_ahead_frames == 0 => {
                settings.release_ms.max(settings.time_smoothing_ms)
            }
            Engine::Classic | Engine::Gate | Engine::Neural | Engine::Hybrid => settings.release_ms,
        }
    }
}

fn scale(values: &mut [f32], factor: f32) {
    for value in values {
        *value *= factor;
    }
}
