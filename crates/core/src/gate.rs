//! The spectral gate: from 'how far above the noise is each bin' to a gain per bin.
//!
//! Stages of a frame, in order: the engine's mask ([`classic`] or [`soft`]), a triangle over time
//! (Studio) or attack and release, amount and floor.

mod classic;
mod smoothing;
mod soft;

use crate::config;
use crate::geometry::{Geometry, LatencyMode};
use crate::level::db_to_gain;
use crate::settings::{Engine, Settings};

/// A frame relative to the noise.
pub(crate) struct GateFrame<'a> {
    /// Power over the reference level of the noise, per bin.
    pub(crate) snr: &'a [f32],
    /// Threshold over the reference level of the noise, per bin.
    pub(crate) threshold: &'a [f32],
}

/// Mask state of one lane (one channel, or all of them when linked).
///
/// A mask is 1 where a bin is kept and 0 where it is noise.
pub(crate) struct SpectralGate {
    hop_ms: f32,
    bin_hz: f32,
    look_ahead_frames: usize,
    engine: Engine,
    classic: classic::ClassicMask,
    soft: soft::SoftMask,
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
            hop_ms: (geometry.hop_len as f64 / geometry.sample_rate_hz * 1000.0) as f32,
            bin_hz: geometry.bin_hz() as f32,
            look_ahead_frames,
            engine: Engine::default(),
            classic: classic::ClassicMask::new(n_bins),
            soft: soft::SoftMask::new(n_bins),
            masks: vec![vec![0.0; n_bins]; 2 * look_ahead_frames + 1],
            newest: 0,
            followed: vec![0.0; n_bins],
        }
    }

    pub(crate) fn reset(&mut self) {
        self.soft.reset();
        for mask in &mut self.masks {
            mask.fill(0.0);
        }
        self.newest = 0;
        self.followed.fill(0.0);
    }

    /// Takes in a frame and writes the gains of the frame `look_ahead_frames` before it.
    pub(crate) fn estimate(&mut self, frame: &GateFrame, settings: &Settings, gain: &mut [f32]) {
        self.switch_to(settings.engine);
        self.newest = (self.newest + 1) % self.masks.len();
        let mask = &mut self.masks[self.newest];
        match settings.engine {
            Engine::Gate => self.soft.estimate(frame, settings, self.bin_hz, mask),
            Engine::Classic => self.classic.estimate(frame, settings, self.bin_hz, mask),
        }
        self.smooth_over_time(settings.time_smoothing_ms, gain);
        self.follow(settings, gain);
        let floor = db_to_gain(settings.floor_db);
        for gain in gain {
            *gain = (1.0 - settings.reduction * (1.0 - *gain)).max(floor);
        }
    }

    /// An engine that was idle must not start from what it heard long ago.
    fn switch_to(&mut self, engine: Engine) {
        if engine != self.engine {
            self.engine = engine;
            self.soft.reset();
        }
    }

    /// Triangle over the frames on both sides of the one that is due.
    fn smooth_over_time(&self, time_smoothing_ms: f32, out: &mut [f32]) {
        let n_masks = self.masks.len();
        let due = (self.newest + n_masks - self.look_ahead_frames) % n_masks;
        // The thousandth keeps '40 ms' at four frames where rounding would make it 3.9999.
        let n_frames = (time_smoothing_ms / self.hop_ms + 1e-3) as usize;
        let half_width = n_frames.min(self.look_ahead_frames);
        let total = ((half_width + 1) * (half_width + 1)) as f32;
        out.copy_from_slice(&self.masks[due]);
        scale(out, (half_width + 1) as f32 / total);
        for distance in 1..=half_width {
            let weight = (half_width + 1 - distance) as f32 / total;
            let before = &self.masks[(due + n_masks - distance) % n_masks];
            let after = &self.masks[(due + distance) % n_masks];
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
            Engine::Classic | Engine::Gate => settings.release_ms,
        }
    }
}

fn scale(values: &mut [f32], factor: f32) {
    for value in values {
        *value *= factor;
    }
}

/// Bins to each side that lie within a neighbourhood of a full width in Hz.
fn half_width_bins(width_hz: f32, bin_hz: f32) -> usize {
    // The thousandth keeps '500 Hz' at ten bins where rounding would make it 9.9999.
    (width_hz / 2.0 / bin_hz + 1e-3) as usize
}

/// Reference level of the noise, dB: what a Wiener filter takes the mean power of the noise to be.
///
/// It is the threshold less the distance that the two have for steady (Gaussian) noise at the
/// default sensitivity, and more where the spread exceeds that of steady noise: noise that swells
/// and ebbs is met at its swells.
pub(crate) fn reference_db(threshold_db: f32, std_db: f32) -> f32 {
    let steady_distance_db =
        config::DEFAULT_SENSITIVITY * config::GAUSSIAN_LOG_STD_DB - config::GAUSSIAN_LOG_BIAS_DB;
    let (low, high) = config::EXCESS_SPREAD_RANGE_DB;
    let excess_db = (std_db - config::GAUSSIAN_LOG_STD_DB).clamp(low, high);
    threshold_db - steady_distance_db
        + config::EXCESS_SPREAD_WEIGHT * excess_db
        + config::REFERENCE_MARGIN_DB
}
