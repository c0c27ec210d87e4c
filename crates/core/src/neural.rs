//! The network as a mask engine: when it listens, when it forgets, and what the settings make of
//! its answer.

use crate::kernels::Kernel;
use crate::silence::SilenceWatch;
use crate::unet::{FLOOR_POWER, Noise, UNet, Weights, WeightsError};

/// The network's mask of one lane.
pub(crate) struct NeuralMask {
    net: UNet<'static>,
    silence: SilenceWatch,
}

impl NeuralMask {
    pub(crate) fn new(
        weights: &Weights<'static>,
        n_bins: usize,
        bin_hz: f64,
        hop_s: f64,
        kernel: Kernel,
    ) -> Result<Self, WeightsError> {
        Ok(Self {
            net: UNet::new(weights, n_bins, bin_hz, kernel)?,
            silence: SilenceWatch::new(hop_s),
        })
    }

    pub(crate) fn reset(&mut self) {
        self.net.reset();
        self.silence.reset();
    }

    /// Goes on from where another one is.
    pub(crate) fn continue_from(&mut self, other: &Self) {
        self.net.continue_from(&other.net);
        self.silence.continue_from(&other.silence);
    }

    /// Takes in a frame and writes its mask. `raised` is what the settings multiply the power of
    /// the noise with, per bin.
    pub(crate) fn estimate(
        &mut self,
        power: &[f32],
        noise: Noise<'_>,
        raised: &[f32],
        mask: &mut [f32],
    ) {
        let is_silent = power.iter().all(|power| *power <= 0.0);
        // It rests while nothing is heard: a gap is no recording without noise.
        if self.silence.is_asleep(is_silent, || self.net.reset()) || is_silent {
            mask.fill(0.0);
            return;
        }
        self.net.estimate(power, noise, mask);
        raise_noise(mask, raised);
        if let Noise::Captured(print) = noise {
            keep_where_no_noise_is(mask, print);
        }
    }
}

/// Reads the mask as the gain `ξ / (1 + ξ)` of a Wiener filter and lets it meet noise of `raised`
/// times the power: `ξ` becomes `ξ / raised`. Certainty (0 and 1) stays what it is, a factor of 1
/// changes nothing, and a larger one never raises a gain.
fn raise_noise(mask: &mut [f32], raised: &[f32]) {
    for (mask, raised) in mask.iter_mut().zip(raised) {
        *mask /= *mask + (1.0 - *mask) * raised;
    }
}

/// Opens the mask where the print holds nothing: a silent noise input says that there is no noise,
/// which the network alone would not take on trust.
fn keep_where_no_noise_is(mask: &mut [f32], print: &[f32]) {
    for (mask, noise) in mask.iter_mut().zip(print) {
        let absence = (1.0 - noise / FLOOR_POWER).clamp(0.0, 1.0);
        *mask += absence * (1.0 - *mask);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_noise_never_means_less_taken_away() {
        let gains: Vec<f32> = (0..=1_000).map(|i| i as f32 / 1_000.0).collect();
        let masks: Vec<Vec<f32>> = [1e-12, 0.01, 0.5, 1.0, 2.0, 100.0, 1e12]
            .into_iter()
            .map(|raised| {
                let mut mask = gains.clone();
                raise_noise(&mut mask, &vec![raised; gains.len()]);
                assert!(mask.iter().all(|m| (0.0..=1.0).contains(m)), "{raised}");
                mask
            })
            .collect();
        for pair in masks.windows(2) {
            assert!(pair[0].iter().zip(&pair[1]).all(|(less, more)| less >= more));
        }
        let unchanged = masks[3].iter().zip(&gains).map(|(m, g)| (m - g).abs()).fold(0.0, f32::max);
        assert!(unchanged < 1e-6, "{unchanged}");
        assert!(masks[2][500] > 0.6 && masks[4][500] < 0.4, "it does something");
    }
}
