//! What the network sees: five numbers a band, all with a spread near 1.
//!
//! `training/quell_training/features.py` computes the same for whole recordings.

use super::bands::N_BANDS;

/// Numbers that the network sees of a band.
pub(super) const N_INPUTS: usize = 5;
/// Level of a silent or absent band, dB per 25 Hz.
const FLOOR_DB: f32 = -120.0;
/// Power of that level, per 25 Hz: the network cannot tell what lies below from nothing.
pub const FLOOR_POWER: f32 = 1e-12;
/// Weight of the last frame in the a priori SNR (Ephraim and Malah, 1984).
const WIENER_MEMORY: f32 = 0.96;
/// Least a priori SNR: a gain of −50 dB.
const LEAST_A_PRIORI_SNR: f32 = 0.003;
/// Power beyond which a band can only hold a fault.
const LARGEST_POWER: f32 = 1e9;
/// SNR beyond which a band counts no more.
const LARGEST_SNR: f32 = 1e4;

/// Bands that the slow level is the mean of: from 100 Hz on, above the rumble.
const SLOW_FIRST_BAND: usize = 4;
/// Share of the way, in dB, that the slow level goes each frame: up within a syllable, down within
/// seconds.
const SLOW_RISE: f32 = 0.1;
const SLOW_FALL: f32 = 0.004;
/// In the first frames it falls as fast as a mean of so many, so that it does not hang on to the
/// first.
const SLOW_START: f32 = 0.5;
/// Frames below this level, dB per 25 Hz, are silence, and move nothing.
const SLOW_SILENCE_DB: f32 = -140.0;
/// Where the network expects the slow level, dB per 25 Hz.
const SLOW_TARGET_DB: f32 = -60.0;
/// Least power of a frame, 150 dB below full scale.
const LEAST_FRAME_POWER: f32 = 1e-15;

/// Where the level of the noise comes from, in the number that the network was trained with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Source {
    Captured,
    Absent,
}

impl Source {
    const fn flag(self) -> f32 {
        match self {
            Self::Captured => 1.0,
            Self::Absent => -1.0,
        }
    }
}

/// Memory of the inputs: the classical gain. It owns no heap memory, so that copying it allocates
/// nothing.
#[derive(Clone)]
pub(super) struct Features {
    /// `gain² · snr` of the last frame.
    remembered: [f32; N_BANDS],
    /// What levels are relative to, if not to full scale.
    slow: Option<SlowLevel>,
}

impl Features {
    pub(super) fn new(is_slow: bool) -> Self {
        Self { remembered: [0.0; N_BANDS], slow: is_slow.then(SlowLevel::new) }
    }

    pub(super) fn reset(&mut self) {
        *self = Self::new(self.slow.is_some());
    }

    /// Takes in the power of a frame and, if `source` says so, of its noise (`captured`); writes
    /// the network's input, band after band.
    pub(super) fn compute(
        &mut self,
        power: &[f32; N_BANDS],
        captured: &[f32; N_BANDS],
        source: Source,
        inputs: &mut [f32],
    ) {
        let mut power = power.map(sane);
        let mut noise = match source {
            Source::Captured => captured.map(sane),
            Source::Absent => [0.0; N_BANDS],
        };
        if let Some(slow) = &mut self.slow {
            let gain = slow.gain(&power);
            power.iter_mut().chain(&mut noise).for_each(|power| *power *= gain);
        }
        let bands = inputs.chunks_exact_mut(N_INPUTS).zip(&mut self.remembered);
        for ((inputs, remembered), (power, noise)) in bands.zip(power.iter().zip(&noise)) {
            let (level_db, noise_db) = (to_db(*power), to_db(*noise));
            let gain = wiener_gain(*power, *noise, remembered);
            inputs[0] = (level_db + 75.0) / 25.0;
            inputs[1] = (noise_db + 85.0) / 25.0;
            inputs[2] = ((level_db - noise_db) / 15.0).clamp(-3.0, 4.0);
            inputs[3] = if source == Source::Absent { 1.0 } else { 2.0 * gain - 1.0 };
            inputs[4] = source.flag();
        }
    }
}

/// A level of what comes in that rises within a syllable and falls within seconds, so that a sound
/// looks the same however loud it is.
#[derive(Clone)]
struct SlowLevel {
    db: f32,
    /// Frames that were no silence.
    n_heard: f32,
}

impl SlowLevel {
    fn new() -> Self {
        Self { db: SLOW_TARGET_DB, n_heard: 0.0 }
    }

    /// Factor that brings the level to where the network expects it, after this frame.
    fn gain(&mut self, power: &[f32; N_BANDS]) -> f32 {
        let bands = &power[SLOW_FIRST_BAND..];
        let mean = bands.iter().sum::<f32>() / bands.len() as f32;
        let now_db = 10.0 * mean.max(LEAST_FRAME_POWER).log10();
        if now_db > SLOW_SILENCE_DB {
            let fall = (SLOW_START / (self.n_heard + 1.0)).max(SLOW_FALL);
            let step = match now_db > self.db {
                _ if self.n_heard == 0.0 => 1.0,
                true => SLOW_RISE,
                false => fall,
            };
            self.db += step * (now_db - self.db);
            self.n_heard += 1.0;
        }
        10f32.powf((SLOW_TARGET_DB - self.db) / 10.0)
    }
}

/// Keeps NaN (which `max` turns into zero) and infinity out of everything that remembers.
fn sane(power: f32) -> f32 {
    let not_nan = power.max(0.0);
    not_nan.min(LARGEST_POWER)
}

fn to_db(power: f32) -> f32 {
    (10.0 * power.max(FLOOR_POWER).log10()).max(FLOOR_DB)
}

fn wiener_gain(power: f32, noise: f32, remembered: &mut f32) -> f32 {
    let snr = (power / noise.max(FLOOR_POWER)).min(LARGEST_SNR);
    let excess = (snr - 1.0).max(0.0) * (1.0 - WIENER_MEMORY);
    let prior = (excess + WIENER_MEMORY * *remembered).max(LEAST_A_PRIORI_SNR);
    let gain = prior / (prior + 1.0);
    *remembered = gain * gain * snr;
    gain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_numbers_never_reach_the_network() {
        for is_slow in [false, true] {
            broken_numbers(&mut Features::new(is_slow));
        }
    }

    fn broken_numbers(features: &mut Features) {
        let mut inputs = vec![f32::NAN; N_BANDS * N_INPUTS];
        for power in [f32::NAN, f32::INFINITY, 0.0, f32::MAX, 1e-30] {
            for source in [Source::Captured, Source::Absent] {
                for noise in [f32::NAN, f32::INFINITY, 0.0, f32::MAX] {
                    features.compute(&[power; N_BANDS], &[noise; N_BANDS], source, &mut inputs);
                    assert!(inputs.iter().all(|v| v.is_finite()), "{power} {noise} {source:?}");
                }
            }
        }
    }

    #[test]
    fn a_slow_level_makes_loud_and_soft_alike() {
        let mut random = fastrand::Rng::with_seed(0x94);
        let [mut usual, mut soft] = [Features::new(true), Features::new(true)];
        let mut inputs = [(); 2].map(|()| vec![0.0; N_BANDS * N_INPUTS]);
        for frame in 0..300 {
            let strength = if frame % 70 < 20 { 1e-4 } else { 1e-7 };
            let power = [(); N_BANDS].map(|()| strength * (0.1 + random.f32()));
            let noise = [2e-7; N_BANDS];
            let scaled = |power: [f32; N_BANDS]| power.map(|power| power * 1e-3);
            usual.compute(&power, &noise, Source::Captured, &mut inputs[0]);
            soft.compute(&scaled(power), &scaled(noise), Source::Captured, &mut inputs[1]);
            for (usual, soft) in inputs[0].iter().zip(&inputs[1]) {
                assert!((usual - soft).abs() < 1e-3, "frame {frame}: {usual} and {soft}");
            }
        }
    }
}
