//! Levels of what comes in and goes out: peak, mean square, and loudness as EBU R 128 weighs it.

use std::sync::atomic::Ordering;

use atomic_float::AtomicF32;
use ebur128::{EbuR128, Mode};

/// Weight of a block's mean square per second.
const RMS_RATE_PER_S: f32 = 6.0;
/// Loudness is asked for so many times a second: it looks through the last 400 ms.
const LOOKS_PER_S: f32 = 10.0;

/// Levels of one look.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// Largest sample since the last look.
    pub peak: f32,
    /// Mean square over the last moments.
    pub mean_square: f32,
    /// Loudness of the last 400 ms, LUFS.
    pub loudness_lufs: f32,
}

impl Default for Level {
    fn default() -> Self {
        Self { peak: 0.0, mean_square: 0.0, loudness_lufs: f32::NEG_INFINITY }
    }
}

/// What the window reads.
pub(super) struct Meter {
    peak: AtomicF32,
    mean_square: AtomicF32,
    loudness_lufs: AtomicF32,
}

impl Default for Meter {
    fn default() -> Self {
        let number = |Level { peak, mean_square, loudness_lufs }| Self {
            peak: AtomicF32::new(peak),
            mean_square: AtomicF32::new(mean_square),
            loudness_lufs: AtomicF32::new(loudness_lufs),
        };
        number(Level::default())
    }
}

impl Meter {
    pub(super) fn look(&self) -> Level {
        Level {
            peak: self.peak.swap(0.0, Ordering::Relaxed),
            mean_square: self.mean_square.load(Ordering::Relaxed),
            loudness_lufs: self.loudness_lufs.load(Ordering::Relaxed),
        }
    }
}

/// What the audio thread measures with.
#[derive(Default)]
pub(super) struct Gauge {
    sample_rate_hz: f32,
    mean_square: f32,
    /// None before a stream, and for one with more channels than two.
    loudness: Option<EbuR128>,
    n_since_look: usize,
}

impl Gauge {
    /// Makes ready for a stream. Allocates.
    pub(super) fn new(sample_rate_hz: f32, n_channels: usize) -> Self {
        let loudness = EbuR128::new(n_channels as u32, sample_rate_hz as u32, Mode::M).ok();
        Self { sample_rate_hz, mean_square: 0.0, loudness, n_since_look: 0 }
    }

    /// Measures a block.
    pub(super) fn measure(&mut self, block: &[&mut [f32]], meter: &Meter) {
        let n_samples = block.first().map_or(0, |channel| channel.len());
        if n_samples == 0 {
            return;
        }
        let (mut peak, mut sum, mut is_sound) = (0.0f32, 0.0f32, true);
        for &sample in block.iter().flat_map(|channel| channel.iter()) {
            // What is no number shows as nothing; what is absurd stays in range.
            is_sound &= sample.is_finite() && sample.abs() < 1e6;
            let size = if sample.is_finite() { sample.abs().min(1e6) } else { 0.0 };
            peak = peak.max(size);
            sum += size * size;
        }
        let mean_square = sum / (n_samples * block.len()) as f32;
        let seconds = n_samples as f32 / self.sample_rate_hz.max(1.0);
        let weight = 1.0 - (-seconds * RMS_RATE_PER_S).exp();
        self.mean_square += (mean_square - self.mean_square) * weight;
        meter.peak.fetch_max(peak, Ordering::Relaxed);
        meter.mean_square.store(self.mean_square, Ordering::Relaxed);
        // It would stay in the filters.
        if is_sound {
            self.weigh(block, n_samples, meter);
        }
    }

    fn weigh(&mut self, block: &[&mut [f32]], n_samples: usize, meter: &Meter) {
        let Some(loudness) = &mut self.loudness else { return };
        let added = match block {
            [mono] => loudness.add_frames_planar_f32(&[&**mono]),
            [left, right] => loudness.add_frames_planar_f32(&[&**left, &**right]),
            _ => return,
        };
        self.n_since_look += n_samples;
        if added.is_ok() && self.n_since_look as f32 * LOOKS_PER_S >= self.sample_rate_hz {
            self.n_since_look = 0;
            let lufs = loudness.loudness_momentary().unwrap_or(f64::NEG_INFINITY);
            meter.loudness_lufs.store(lufs as f32, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tone of 997 Hz at full scale in one channel has −3.01 LUFS, in both 0: so BS.1770 says.
    #[test]
    fn loudness_is_weighed_as_the_standard_says() {
        for (n_channels, expected_lufs) in [(1, -3.01), (2, 0.0)] {
            let (meter, mut gauge) = (Meter::default(), Gauge::new(48_000.0, n_channels));
            let turn = std::f32::consts::TAU * 997.0 / 48_000.0;
            let mut tone: Vec<f32> = (0..48_000).map(|at| (turn * at as f32).sin()).collect();
            let mut other = tone.clone();
            for (left, right) in tone.chunks_mut(480).zip(other.chunks_mut(480)) {
                match n_channels {
                    1 => gauge.measure(&[left], &meter),
                    _ => gauge.measure(&[left, right], &meter),
                }
            }
            let lufs = meter.look().loudness_lufs;
            assert!((lufs - expected_lufs).abs() < 0.1, "{n_channels}: {lufs}");
        }
    }

    #[test]
    fn what_is_no_number_is_not_weighed() {
        let (meter, mut gauge) = (Meter::default(), Gauge::new(48_000.0, 1));
        gauge.measure(&[&mut [f32::NAN; 480]], &meter);
        gauge.measure(&[&mut [1e30; 480]], &meter);
        let mut quiet: Vec<f32> = (0..48_000).map(|at| (at as f32 * 0.13).sin() * 0.01).collect();
        gauge.measure(&[&mut quiet], &meter);
        let lufs = meter.look().loudness_lufs;
        assert!((-50.0..-40.0).contains(&lufs), "{lufs}");
    }
}
