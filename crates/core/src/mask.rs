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
    /// Least gain of each of those frames.
    beds: Ring<f32>,
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
            beds: Ring::new(2 * look_ahead_frames + 1, vec![0.0]),
            followed: vec![0.0; n_bins],
        }
    }

    pub(crate) fn reset(&mut self) {
        self.masks.fill(0.0);
        self.beds.fill(0.0);
        self.followed.fill(0.0);
    }

    /// Goes on from where another one is.
    pub(crate) fn continue_from(&mut self, other: &Self) {
        self.masks.continue_from(&other.masks);
        self.beds.continue_from(&other.beds);
        self.followed.copy_from_slice(&other.followed);
    }

    /// Makes room for the mask of a new frame, to be written whole. No gain of that frame will be
    /// less than its bed.
    pub(crate) fn next_mask(&mut self, bed: f32) -> &mut [f32] {
        self.beds.advance().fill(bed);
        self.masks.advance()
    }

    /// Writes the gains of the frame `look_ahead_frames` before the newest.
    pub(crate) fn finish(&mut self, settings: &Settings, gain: &mut [f32]) {
        self.smooth_over_time(settings.time_smoothing_ms, gain);
        self.follow(settings, gain);
        let bed = self.beds.ago(self.look_ahead_frames).first().copied().unwrap_or(0.0);
        let deepest = db_to_gain(settings.reduction_db).max(bed);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    /// Gains of masks that come and go, in a mode, with beds or without.
    fn gains(settings: &Settings, mode: LatencyMode, has_beds: bool) -> Vec<f32> {
        let geometry = Geometry::for_rate(48_000.0).unwrap();
        let mut stages = MaskStages::new(&geometry, mode);
        let mut random = fastrand::Rng::with_seed(0x93);
        let mut all = Vec::new();
        let mut gain = vec![0.0; geometry.n_bins()];
        for frame in 0..60 {
            let bed = config::BED_GAIN * f32::from(u8::from(frame % 20 < 8));
            let mask = stages.next_mask(if has_beds { bed } else { 0.0 });
            mask.fill_with(|| random.f32().powi(6));
            stages.finish(settings, &mut gain);
            all.extend_from_slice(&gain);
        }
        all
    }

    /// Until there was a bed, the gates' default was -24 dB: what was saved then sounds as it did.
    #[test]
    fn a_bed_is_nothing_to_reductions_above_it_and_holds_deeper_ones() {
        for mode in LatencyMode::ALL {
            let old = Settings {
                engine: Engine::Gate,
                reduction_db: -24.0,
                amount: 0.75,
                release_ms: 80.0,
                time_smoothing_ms: 40.0,
                ..Settings::default()
            };
            for settings in [old, Settings { amount: 1.0, ..old }] {
                assert!(gains(&settings, mode, true) == gains(&settings, mode, false), "{mode:?}");
            }
            let deep = Settings { reduction_db: -60.0, amount: 1.0, release_ms: 0.0, ..old };
            let least = |has_beds| gains(&deep, mode, has_beds).into_iter().fold(1.0, f32::min);
            assert!(least(false) < 0.01 && least(true) < 0.01, "{mode:?}: between sounds");
            let held = gains(&deep, mode, true);
            let n = held.iter().filter(|gain| **gain == config::BED_GAIN).count();
            assert!(n > 1_000, "{mode:?}: beside them, {n}");
        }
    }
}
