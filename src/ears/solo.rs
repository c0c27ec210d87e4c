//! Lets a band be heard alone.

use std::ops::Range;

use biquad::{Biquad, Coefficients, DirectForm2Transposed, Type};

/// Slopes of four poles as Butterworth has them: the qualities of the two parts.
const QUALITIES: [f64; 2] = [0.541_196_1, 1.306_563];
const N_CHANNELS: usize = 2;
/// Time constant of the change between the band and all of the sound, seconds.
const CHANGE_S: f64 = 0.01;
/// Less of the band than this is none.
const LEAST_SHARE: f32 = 1e-3;
/// No edge lies nearer to half of the rate, as a share of the rate.
const HIGHEST: f64 = 0.45;

type Part = DirectForm2Transposed<f64>;

/// One stream's.
pub(super) struct Solo {
    rate_hz: f64,
    band_hz: Range<f32>,
    /// Two parts for the lower edge, two for the upper one.
    parts: [[Part; 4]; N_CHANNELS],
    /// How much of what is heard is the band, 0 to 1.
    share: f32,
}

impl Solo {
    pub(super) fn new(rate_hz: f64) -> Self {
        let band_hz = 0.0..0.0;
        let still = Coefficients { a1: 0.0, a2: 0.0, b0: 1.0, b1: 0.0, b2: 0.0 };
        let parts = [[Part::new(still); 4]; N_CHANNELS];
        Self { rate_hz, band_hz, parts, share: 0.0 }
    }

    /// Leaves the band alone, or everything; a block with all of it stays as it is, bit for bit.
    pub(super) fn pass(&mut self, io: &mut [&mut [f32]], band_hz: Option<Range<f32>>) {
        let is_wanted = band_hz.is_some();
        if let Some(band_hz) = band_hz.filter(|band_hz| *band_hz != self.band_hz) {
            self.tune(band_hz);
        }
        if !is_wanted && self.share == 0.0 {
            return;
        }
        let target = f32::from(u8::from(is_wanted));
        let rate = 1.0 - (-1.0 / (self.rate_hz * CHANGE_S)).exp() as f32;
        let mut end = self.share;
        for (channel, parts) in io.iter_mut().zip(&mut self.parts) {
            let mut share = self.share;
            for sample in channel.iter_mut() {
                share += (target - share) * rate;
                // What is no number would stay in the filters.
                let dry = if sample.is_finite() { *sample } else { 0.0 };
                let band = parts.iter_mut().fold(f64::from(dry), |x, part| part.run(x));
                *sample = dry + share * (band as f32 - dry);
            }
            end = share;
        }
        self.share = if !is_wanted && end < LEAST_SHARE { 0.0 } else { end };
        if self.share == 0.0 {
            self.parts.iter_mut().flatten().for_each(Part::reset_state);
        }
    }

    /// Turns the filters to other edges; a band that is heard goes on sounding.
    fn tune(&mut self, band_hz: Range<f32>) {
        let edges = [(Type::HighPass, band_hz.start), (Type::LowPass, band_hz.end)];
        for (at, (kind, edge_hz)) in edges.into_iter().enumerate() {
            for (idx, quality) in QUALITIES.into_iter().enumerate() {
                // As a share of half of the rate.
                let edge = (f64::from(edge_hz) / self.rate_hz).min(HIGHEST) * 2.0;
                let Ok(new) = Coefficients::from_normalized_params(kind, edge, quality) else {
                    continue;
                };
                for parts in &mut self.parts {
                    parts[2 * at + idx].update_coefficients(new);
                }
            }
        }
        self.band_hz = band_hz;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE_HZ: f64 = 48_000.0;

    fn tone(hz: f64) -> Vec<f32> {
        let turn = std::f64::consts::TAU * hz / RATE_HZ;
        (0..48_000).map(|at| 0.5 * (turn * f64::from(at)).sin() as f32).collect()
    }

    /// By how much a tone is quieter once the filters have settled, dB.
    fn drop_db(hz: f64, band_hz: Option<Range<f32>>) -> f64 {
        let mut solo = Solo::new(RATE_HZ);
        let mut sound = tone(hz);
        for block in sound.chunks_mut(480) {
            solo.pass(&mut [block], band_hz.clone());
        }
        let power = |s: &[f32]| s.iter().map(|s| f64::from(s * s)).sum::<f64>();
        10.0 * (power(&sound[24_000..]) / power(&tone(hz)[24_000..])).log10()
    }

    #[test]
    fn a_band_is_heard_alone() {
        let band = || Some(700.0..1_400.0);
        assert!(drop_db(1_000.0, band()).abs() < 1.0, "{}", drop_db(1_000.0, band()));
        assert!((drop_db(700.0, band()) + 3.0).abs() < 0.5, "{}", drop_db(700.0, band()));
        // 24 dB an octave.
        for hz in [175.0, 5_600.0] {
            assert!((drop_db(hz, band()) + 48.0).abs() < 3.0, "{hz}: {}", drop_db(hz, band()));
        }
        assert_eq!(drop_db(175.0, None), 0.0);
        assert!(drop_db(15_000.0, Some(12_000.0..30_000.0)).abs() < 1.0, "beyond half of the rate");
    }

    #[test]
    fn it_comes_and_goes_without_a_click_and_is_out_of_the_way_then() {
        let mut solo = Solo::new(RATE_HZ);
        let (whole, mut heard) = (tone(175.0), tone(175.0));
        for (idx, block) in heard.chunks_mut(480).enumerate() {
            solo.pass(&mut [block], (20..40).contains(&idx).then_some(700.0..1_400.0));
        }
        let steps =
            |sound: &[f32]| sound.windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f32::max);
        assert!(steps(&heard) < 1.3 * steps(&whole), "{} {}", steps(&heard), steps(&whole));
        assert_eq!(heard[..20 * 480], whole[..20 * 480]);
        assert_eq!(heard[60 * 480..], whole[60 * 480..]);
    }

    #[test]
    fn what_is_no_number_does_not_stay() {
        let mut solo = Solo::new(RATE_HZ);
        let mut sound = tone(1_000.0);
        sound[100] = f32::NAN;
        sound[101] = f32::INFINITY;
        for block in sound.chunks_mut(480) {
            solo.pass(&mut [block], Some(700.0..1_400.0));
        }
        assert!(sound.iter().all(|sample| sample.is_finite()));
        assert!(sound[40_000..].iter().any(|sample| sample.abs() > 0.4));
    }
}
