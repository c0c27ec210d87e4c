//! Moving average over frequency whose cost does not grow with its width.

/// Bins to each side that lie within a neighbourhood of a full width in Hz.
pub(crate) fn half_width_bins(width_hz: f32, bin_hz: f32) -> usize {
    // The thousandth keeps '500 Hz' at ten bins where rounding would make it 9.9999.
    (width_hz / 2.0 / bin_hz + 1e-3) as usize
}

/// Average over a neighbourhood of each bin: a difference of running sums.
pub(crate) struct BoxAverage {
    sums: Vec<f32>,
}

impl BoxAverage {
    pub(crate) fn new(n_bins: usize) -> Self {
        Self { sums: vec![0.0; n_bins + 1] }
    }

    /// Averages over `2 × radius + 1` bins, at the ends over those that exist.
    pub(crate) fn smooth(&mut self, values: &[f32], radius: usize, out: &mut [f32]) {
        let n_bins = values.len();
        let radius = radius.min(n_bins);
        running_sums(values, &mut self.sums);
        let sums = &self.sums;
        let inner = radius..n_bins.saturating_sub(radius).max(radius);
        for bin_idx in (0..inner.start).chain(inner.end..n_bins) {
            let first = bin_idx.saturating_sub(radius);
            let end = (bin_idx + radius + 1).min(n_bins);
            out[bin_idx] = (sums[end] - sums[first]) / (end - first) as f32;
        }
        let per_bin = 1.0 / (2 * radius + 1) as f32;
        let above = sums.get(2 * radius + 1..).unwrap_or_default();
        for (out, (below, above)) in out[inner].iter_mut().zip(sums.iter().zip(above)) {
            *out = (above - below) * per_bin;
        }
    }
}

/// `sums[i]` becomes the sum of the first `i` values.
///
/// Four at a time, so that the chain of additions that each waits for the last is a quarter as
/// long.
fn running_sums(values: &[f32], sums: &mut [f32]) {
    sums[0] = 0.0;
    let mut total = 0.0;
    let (blocks, rest) = values.as_chunks::<4>();
    let (targets, rest_targets) = sums[1..].as_chunks_mut::<4>();
    for ([a, b, c, d], target) in blocks.iter().zip(targets) {
        let (ab, cd) = (a + b, c + d);
        *target = [total + a, total + ab, total + (ab + c), total + (ab + cd)];
        total = target[3];
    }
    for (value, target) in rest.iter().zip(rest_targets) {
        total += value;
        *target = total;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_a_plain_average_at_every_width() {
        let mut rng = fastrand::Rng::with_seed(0x57);
        for n_bins in [2, 5, 21, 161, 961] {
            let values: Vec<f32> = (0..n_bins).map(|_| rng.f32()).collect();
            let mut out = vec![0.0; n_bins];
            let mut average = BoxAverage::new(n_bins);
            for radius in (0..n_bins + 3).step_by(1 + n_bins / 40) {
                average.smooth(&values, radius, &mut out);
                for (bin_idx, &actual) in out.iter().enumerate() {
                    let window =
                        &values[bin_idx.saturating_sub(radius)..(bin_idx + radius + 1).min(n_bins)];
                    let expected = window.iter().sum::<f32>() / window.len() as f32;
                    assert!(
                        (actual - expected).abs() < 1e-4,
                        "{n_bins} bins, radius {radius}, bin {bin_idx}: {actual} != {expected}"
                    );
                }
            }
        }
    }
}
