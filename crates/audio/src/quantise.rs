//! From floating point to whole numbers.

/// Rounds samples to whole numbers, with or without dither.
///
/// Dither is the sum of two even distributions, each one step wide: it makes the error of rounding
/// independent of the signal in mean and power (Lipshitz, Wannamaker and Vanderkooy, 1992).
#[derive(Clone, Debug)]
pub(crate) struct Dither {
    is_on: bool,
    random: fastrand::Rng,
}

impl Dither {
    /// A ditherer that always begins with the same numbers, so that equal files stay equal.
    pub(crate) fn new(is_on: bool) -> Self {
        Self { is_on, random: fastrand::Rng::with_seed(0) }
    }

    /// The whole number for a sample; full scale is clamped and NaN is silence.
    pub(crate) fn quantise(&mut self, sample: f32, bits: u32) -> i32 {
        let full_scale = f64::from(1u32 << (bits - 1));
        let mut scaled = f64::from(sample) * full_scale;
        if self.is_on {
            scaled += self.random.f64() - self.random.f64();
        }
        // The cast of NaN is 0.
        scaled.round().clamp(-full_scale, full_scale - 1.0) as i32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_dither_whole_numbers_come_back() {
        let mut dither = Dither::new(false);
        for bits in [8, 16, 24] {
            let full_scale = 2f32.powi(bits - 1);
            for value in [-128, -1, 0, 1, 127] {
                let sample = value as f32 / full_scale;
                assert_eq!(dither.quantise(sample, bits as u32), value, "{bits} bits");
            }
        }
        assert_eq!(dither.quantise(2.0, 16), 32_767);
        assert_eq!(dither.quantise(f32::NAN, 16), 0);
    }

    #[test]
    fn dither_keeps_the_mean_of_what_lies_between_two_steps() {
        let mut dither = Dither::new(true);
        let n = 100_000;
        let sample = 0.3 / 32_768.0;
        let values: Vec<f64> = (0..n).map(|_| f64::from(dither.quantise(sample, 16))).collect();
        let mean = values.iter().sum::<f64>() / f64::from(n);
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / f64::from(n);
        assert!((mean - 0.3).abs() < 0.01, "mean {mean}");
        // Two dither sources and the rounding make a quarter of a step squared.
        assert!((variance - 0.25).abs() < 0.01, "variance {variance}");
    }
}
