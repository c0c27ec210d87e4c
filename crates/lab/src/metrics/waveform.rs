//! Ratios of signal and error, sample by sample.

/// Bottom of everything that is divided by, as in the reference implementations.
const TINY: f64 = 1e-20;
/// Ends of the range in which a frame counts for the segmental ratio, dB.
const SEGMENT_RANGE_DB: (f64, f64) = (-10.0, 35.0);
/// Frame of the segmental ratio, seconds; a quarter of it is the hop.
const SEGMENT_S: f64 = 0.03;

fn energy(values: impl Iterator<Item = f64>) -> f64 {
    values.map(|v| v * v).sum()
}

fn ratio_db(signal: f64, error: f64) -> f64 {
    10.0 * (signal / (error + TINY) + TINY).log10()
}

/// Signal over error, dB.
pub(super) fn snr_db(clean: &[f64], estimate: &[f64]) -> f64 {
    let error = energy(clean.iter().zip(estimate).map(|(c, e)| c - e));
    ratio_db(energy(clean.iter().copied()), error)
}

/// As [`snr_db`], after the best scaling and without means (Le Roux et al., 2019).
pub(super) fn si_sdr_db(clean: &[f64], estimate: &[f64]) -> f64 {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
    let (clean_mean, estimate_mean) = (mean(clean), mean(estimate));
    let pairs = || clean.iter().zip(estimate).map(|(c, e)| (c - clean_mean, e - estimate_mean));
    let dot: f64 = pairs().map(|(c, e)| c * e).sum();
    let scale = dot / (energy(pairs().map(|(c, _)| c)) + TINY);
    let target = energy(pairs().map(|(c, _)| c * scale));
    let error = energy(pairs().map(|(c, e)| e - c * scale));
    ratio_db(target, error)
}

/// Mean over Hann frames of 30 ms, 75 % overlapped, of their ratios, each kept within −10 to 35 dB.
pub(super) fn seg_snr_db(clean: &[f64], estimate: &[f64], sample_rate_hz: u32) -> f64 {
    let frame_len = (SEGMENT_S * f64::from(sample_rate_hz)).round().max(4.0) as usize;
    let step = (frame_len - 1).max(1) as f64;
    let window: Vec<f64> = (0..frame_len)
        .map(|i| 0.5 - 0.5 * (std::f64::consts::TAU * i as f64 / step).cos())
        .collect();
    let (mut sum, mut n_frames) = (0.0, 0.0);
    let frames = clean.windows(frame_len).zip(estimate.windows(frame_len));
    for (clean, estimate) in frames.step_by(frame_len / 4) {
        let signal = energy(clean.iter().zip(&window).map(|(c, w)| c * w));
        let pairs = clean.iter().zip(estimate).zip(&window);
        let error = energy(pairs.map(|((c, e), w)| (c - e) * w));
        let ratio = 10.0 * (signal / (error + 1e-10) + 1e-10).log10();
        sum += ratio.clamp(SEGMENT_RANGE_DB.0, SEGMENT_RANGE_DB.1);
        n_frames += 1.0;
    }
    if n_frames > 0.0 { sum / n_frames } else { f64::NAN }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_of_error_is_20_db_and_scale_does_not_matter_to_si_sdr() {
        let clean: Vec<f64> = (0..48_000).map(|i| (i as f64 * 0.05).sin()).collect();
        // At a right angle to the sine, so that it is all error.
        let noisy: Vec<f64> =
            (0..48_000).map(|i| (i as f64 * 0.05).sin() + 0.1 * (i as f64 * 0.05).cos()).collect();
        assert!((snr_db(&clean, &noisy) - 20.0).abs() < 0.01);
        let half: Vec<f64> = noisy.iter().map(|s| s * 0.5).collect();
        assert!((si_sdr_db(&clean, &half) - 20.0).abs() < 0.01);
        assert!((seg_snr_db(&clean, &noisy, 48_000) - 20.0).abs() < 0.2);
        assert_eq!(seg_snr_db(&clean, &clean, 48_000), 35.0);
    }
}
