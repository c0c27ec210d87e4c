//! The network as a mask engine: when it listens, when it forgets, and what the settings make of
//! its answer.

use super::{Build, Frame, Maker};
use crate::config;
use crate::geometry::BuildError;
use crate::settings::ProfileSource;
use crate::silence::SilenceWatch;
use crate::unet::{FLOOR_POWER, Noise, UNet};

/// The network's mask of one lane.
pub(super) struct NeuralMask {
    net: UNet<'static>,
    silence: SilenceWatch,
}

impl Maker for NeuralMask {
    fn new(build: &Build) -> Result<Self, BuildError> {
        let Build { geometry, weights, kernel } = *build;
        Ok(Self {
            net: UNet::new(weights, geometry.n_bins(), geometry.bin_hz(), kernel)?,
            silence: SilenceWatch::new(geometry.hop_s()),
        })
    }

    fn run(&mut self, frame: &Frame, mask: &mut [f32]) {
        let heard = frame.heard;
        let is_followed = frame.source == ProfileSource::Adaptive;
        // What it has heard so far tells it that there is no such noise.
        if is_followed && frame.is_news {
            self.restart();
        }
        let is_known = !is_followed || frame.is_sure;
        let noise = if is_known { Noise::Captured(&heard.print) } else { Noise::Absent };
        self.estimate(&heard.power, noise, frame.raised, mask);
        if frame.source == ProfileSource::Captured {
            close_on_tones(mask, &heard.snr, &heard.tonality);
        }
    }

    fn restart(&mut self) {
        self.net.reset();
        self.silence.reset();
    }

    fn continue_from(&mut self, other: &Self) {
        self.net.continue_from(&other.net);
        self.silence.continue_from(&other.silence);
    }
}

impl NeuralMask {
    /// Takes in a frame and writes its mask. `raised` is what the settings multiply the power of
    /// the noise with, per bin.
    fn estimate(&mut self, power: &[f32], noise: Noise<'_>, raised: &[f32], mask: &mut [f32]) {
        let is_silent = power.iter().all(|power| *power <= 0.0);
        // It rests while nothing is heard: a gap is no recording without noise.
        if self.silence.is_asleep(is_silent, || self.net.reset()) || is_silent {
            mask.fill(0.0);
            return;
        }
        self.net.estimate(power, noise, mask);
        meet_louder_noise(mask, raised);
        if let Noise::Captured(print) = noise {
            keep_where_no_noise_is(mask, print);
        }
    }
}

/// Reads the mask as the gain `ξ / (1 + ξ)` of a Wiener filter and lets it meet noise of `raised`
/// times the power: `ξ` becomes `ξ / raised`. Certainty (0 and 1) stays what it is, a factor of 1
/// changes nothing, and a larger one never raises a gain.
fn meet_louder_noise(mask: &mut [f32], raised: &[f32]) {
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

/// A tone of the print that is no louder than it was captured is noise, whatever the network takes
/// it for.
fn close_on_tones(mask: &mut [f32], snr: &[f32], tonality: &[f32]) {
    for (mask, (snr, tonality)) in mask.iter_mut().zip(snr.iter().zip(tonality)) {
        let excess = (snr / config::TONE_RETURNS_FROM - 1.0).max(0.0);
        let most = excess / (excess + 1.0);
        *mask += tonality * tonality * (mask.min(most) - *mask);
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
                meet_louder_noise(&mut mask, &vec![raised; gains.len()]);
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
