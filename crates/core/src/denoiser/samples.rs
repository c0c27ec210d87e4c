//! What happens to single samples: taming of the input, gliding weights of the output.

use crate::config;
use crate::level::db_to_gain;
use crate::settings::{Monitor, Settings};

/// Weights of the dry and the wet signal in the output.
///
/// Every output is `dry × a + wet × b`: denoised mixes the two, removed is dry minus wet, and
/// bypass is dry alone.
#[derive(Clone, Copy)]
pub(super) struct OutputWeights {
    dry: Ramp,
    wet: Ramp,
}

impl OutputWeights {
    pub(super) fn new(sample_rate_hz: f64) -> Self {
        let ramp_len = (config::OUTPUT_RAMP_S * sample_rate_hz) as u32;
        Self { dry: Ramp::new(ramp_len), wet: Ramp::new(ramp_len) }
    }

    /// Sets off for what the settings want, or stands there at once.
    pub(super) fn aim(&mut self, settings: &Settings, at_once: bool) {
        let gain = db_to_gain(settings.output_gain_db);
        let (dry, wet) = match (settings.bypass, settings.monitor) {
            (true, _) => (1.0, 0.0),
            (false, Monitor::Denoised) => ((1.0 - settings.mix) * gain, settings.mix * gain),
            (false, Monitor::Removed) => (gain, -settings.mix * gain),
        };
        self.dry.aim(dry, at_once);
        self.wet.aim(wet, at_once);
    }

    /// Makes the output of dry samples, in their place, and wet ones.
    pub(super) fn mix(&mut self, dry: &mut [f32], wet: &[f32]) {
        if let (Some(of_dry), Some(of_wet)) = (self.dry.at_rest(), self.wet.at_rest()) {
            for (dry, wet) in dry.iter_mut().zip(wet) {
                *dry = *dry * of_dry + wet * of_wet;
            }
        } else {
            for (dry, wet) in dry.iter_mut().zip(wet) {
                *dry = *dry * self.dry.next() + wet * self.wet.next();
            }
        }
    }
}

/// A value that glides to its target in a straight line, one step a sample.
#[derive(Clone, Copy)]
struct Ramp {
    current: f32,
    target: f32,
    step: f32,
    n_left: u32,
    len: u32,
}

impl Ramp {
    fn new(len: u32) -> Self {
        Self { current: 0.0, target: 0.0, step: 0.0, n_left: 0, len: len.max(1) }
    }

    /// Sets off for a new target, or stands on it at once.
    fn aim(&mut self, target: f32, at_once: bool) {
        if at_once {
            *self = Self { current: target, target, step: 0.0, n_left: 0, len: self.len };
        } else if target != self.target {
            self.target = target;
            self.n_left = self.len;
            self.step = (target - self.current) / self.len as f32;
        }
    }

    /// The value, unless it is on its way.
    fn at_rest(&self) -> Option<f32> {
        (self.n_left == 0).then_some(self.current)
    }

    fn next(&mut self) -> f32 {
        if self.n_left > 0 {
            self.n_left -= 1;
            self.current = if self.n_left == 0 { self.target } else { self.current + self.step };
        }
        self.current
    }
}

/// True for what cannot be sound: NaN, infinity, absurd size.
pub(super) fn is_fault(sample: f32) -> bool {
    !(-config::INPUT_LIMIT..=config::INPUT_LIMIT).contains(&sample)
}

/// A sample the engine can work with: finite and of a sane size; denormals become zero.
pub(super) fn tame(sample: f32) -> f32 {
    if !sample.is_finite() || sample.abs() < f32::MIN_POSITIVE {
        return 0.0;
    }
    sample.clamp(-config::INPUT_LIMIT, config::INPUT_LIMIT)
}
