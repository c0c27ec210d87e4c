//! What became of the level: the figures of a report, in little memory for any length.

/// Stretches that are compared, seconds.
const STRETCH_S: f64 = 0.1;
/// Share of the stretches, the quietest, that count as noise.
const NOISE_SHARE: f64 = 0.1;
/// Stretches below this mean square are digital silence, which says nothing about noise.
const SILENCE: f64 = 1e-11;

/// Compares input and output as they pass.
pub struct Meter {
    stretch_len: usize,
    n_in_stretch: usize,
    stretch: (f64, f64),
    /// Mean square of input and output in every stretch.
    stretches: Vec<(f32, f32)>,
    n_samples: u64,
    input: f64,
    output: f64,
    removed: f64,
}

/// Levels of a whole file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Levels {
    /// RMS of the input, dBFS.
    pub input_dbfs: f64,
    /// RMS of the output, dBFS.
    pub output_dbfs: f64,
    /// RMS of what was taken away, dBFS.
    pub removed_dbfs: f64,
    /// How much quieter the quietest tenth of the input became, dB.
    pub noise_drop_db: f64,
}

impl Meter {
    /// Nothing compared yet.
    pub fn new(sample_rate_hz: u32) -> Self {
        Self {
            stretch_len: (STRETCH_S * f64::from(sample_rate_hz)).round().max(1.0) as usize,
            n_in_stretch: 0,
            stretch: (0.0, 0.0),
            stretches: Vec::new(),
            n_samples: 0,
            input: 0.0,
            output: 0.0,
            removed: 0.0,
        }
    }

    /// Takes in input and output of the same frames, `[channel][frame]`.
    pub fn push(&mut self, input: &[&[f32]], output: &[&[f32]]) {
        let n_frames = output.first().map_or(0, |channel| channel.len());
        let mut start = 0;
        while start < n_frames {
            let end = n_frames.min(start + self.stretch_len - self.n_in_stretch);
            for (input, output) in input.iter().zip(output) {
                self.add(&input[start..end], &output[start..end]);
            }
            self.n_in_stretch += end - start;
            if self.n_in_stretch == self.stretch_len {
                self.close_stretch(output.len());
            }
            start = end;
        }
        self.n_samples += (n_frames * output.len()) as u64;
    }

    fn add(&mut self, input: &[f32], output: &[f32]) {
        let (mut sum_in, mut sum_out, mut sum_removed) = (0.0f64, 0.0f64, 0.0f64);
        for (&input, &output) in input.iter().zip(output) {
            let input = if input.is_finite() { f64::from(input) } else { 0.0 };
            let output = f64::from(output);
            sum_in += input * input;
            sum_out += output * output;
            sum_removed += (input - output) * (input - output);
        }
        self.stretch.0 += sum_in;
        self.stretch.1 += sum_out;
        self.input += sum_in;
        self.output += sum_out;
        self.removed += sum_removed;
    }

    fn close_stretch(&mut self, n_channels: usize) {
        let n = (self.n_in_stretch * n_channels) as f64;
        self.stretches.push(((self.stretch.0 / n) as f32, (self.stretch.1 / n) as f32));
        self.stretch = (0.0, 0.0);
        self.n_in_stretch = 0;
    }

    /// What became of the levels.
    pub fn levels(mut self) -> Levels {
        self.stretches.retain(|stretch| f64::from(stretch.0) > SILENCE);
        self.stretches.sort_by(|a, b| a.0.total_cmp(&b.0));
        let n_noise = ((self.stretches.len() as f64 * NOISE_SHARE).ceil() as usize).max(1);
        let noise = &self.stretches[..n_noise.min(self.stretches.len())];
        let sum = |pick: fn(&(f32, f32)) -> f32| -> f64 {
            noise.iter().map(|stretch| f64::from(pick(stretch))).sum()
        };
        let n = self.n_samples.max(1) as f64;
        Levels {
            input_dbfs: to_db(self.input / n),
            output_dbfs: to_db(self.output / n),
            removed_dbfs: to_db(self.removed / n),
            noise_drop_db: to_db(sum(|s| s.0)) - to_db(sum(|s| s.1)),
        }
    }
}

/// dB of a mean square, not below −200.
fn to_db(power: f64) -> f64 {
    10.0 * power.max(1e-20).log10()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drop_is_that_of_the_quiet_part() {
        // Nine tenths loud and untouched, one tenth quiet and 20 dB quieter afterwards.
        let input: Vec<f32> = (0..10_000).map(|i| if i < 9_000 { 0.5 } else { 0.01 }).collect();
        let output: Vec<f32> = (0..10_000).map(|i| if i < 9_000 { 0.5 } else { 0.001 }).collect();
        let mut meter = Meter::new(1000);
        for (input, output) in input.chunks(777).zip(output.chunks(777)) {
            meter.push(&[input], &[output]);
        }
        let levels = meter.levels();
        assert!((levels.noise_drop_db - 20.0).abs() < 0.01, "{levels:?}");
        assert!((levels.input_dbfs - levels.output_dbfs).abs() < 0.01, "{levels:?}");
        let removed = 10.0 * (0.009f64.powi(2) * 0.1).log10();
        assert!((levels.removed_dbfs - removed).abs() < 0.01, "{levels:?}");
    }
}
