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
}

impl Features {
    pub(super) fn new() -> Self {
        Self { remembered: [0.0; N_BANDS] }
    }

    pub(super) fn reset(&mut self) {
        self.remembered.fill(0.0);
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
        let power = &power.map(sane);
        let noise = match source {
            Source::Captured => &captured.map(sane),
            Source::Absent => &[0.0; N_BANDS],
        };
        let bands = inputs.chunks_exact_mut(N_INPUTS).zip(&mut self.remembered);
        for ((inputs, remembered), (power, noise)) in bands.zip(power.iter().zip(noise)) {
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
        let mut features = Features::new();
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
}
