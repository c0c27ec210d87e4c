//! Noise profiles of SoX (`sox noiseprof`): per channel the mean natural logarithm of the power of
//! 1025 bins of unwindowed frames. They hold neither a sample rate nor a spread.

use quell_core::config::{
    GAUSSIAN_LOG_STD_DB, MAX_LEVEL_DB, MIN_LEVEL_DB, PROFILE_BIN_HZ, SAMPLE_RATE_RANGE_HZ,
};
use quell_core::{NoiseProfile, ProfileError};

/// Window of SoX's noise profiles, samples.
const WINDOW_LEN: usize = 2048;
/// Bins of such a window.
const N_BINS: usize = WINDOW_LEN / 2 + 1;

/// Why a text is no noise profile of SoX.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SoxError {
    /// No stream has such a rate.
    Rate {
        /// Rate given, Hz.
        actual_hz: f64,
    },
    /// A line does not name its channel.
    NoColon,
    /// A value is no number.
    NoNumber,
    /// A channel has too many or too few values.
    Values {
        /// Values found.
        actual: usize,
    },
    /// The numbers make no profile.
    Profile(ProfileError),
}

impl core::fmt::Display for SoxError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Rate { actual_hz } => {
                write!(f, "a sample rate of {actual_hz} Hz is impossible")
            }
            Self::NoColon => write!(f, "a line has no colon"),
            Self::NoNumber => write!(f, "a value is no number"),
            Self::Values { actual } => {
                write!(f, "a channel has {actual} values instead of {N_BINS}")
            }
            Self::Profile(error) => write!(f, "{error}"),
        }
    }
}

impl core::error::Error for SoxError {}

/// Reads a profile that SoX made at this sample rate.
pub fn from_text(text: &str, rate_hz: f64) -> Result<NoiseProfile, SoxError> {
    if !SAMPLE_RATE_RANGE_HZ.contains(&rate_hz) {
        return Err(SoxError::Rate { actual_hz: rate_hz });
    }
    let mut mean_db = Vec::new();
    let mut n_channels = 0;
    let sox_bin_hz = rate_hz / WINDOW_LEN as f64;
    let n_bins = NoiseProfile::bins_up_to(rate_hz / 2.0);
    // Power of a frame is the sum of 2048 squares; the profile's is per 25 Hz.
    let scale_db = 10.0 * (PROFILE_BIN_HZ / (rate_hz * WINDOW_LEN as f64)).log10();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let (_, values) = line.split_once(':').ok_or(SoxError::NoColon)?;
        let levels_db = values
            .split(',')
            .map(|value| Ok(value.trim().parse::<f64>()? * 10.0 / std::f64::consts::LN_10))
            .collect::<Result<Vec<f64>, std::num::ParseFloatError>>()
            .map_err(|_| SoxError::NoNumber)?;
        if levels_db.len() != N_BINS {
            return Err(SoxError::Values { actual: levels_db.len() });
        }
        mean_db.extend((0..n_bins).map(|bin_idx| {
            let position = (bin_idx as f64 * PROFILE_BIN_HZ / sox_bin_hz).min((N_BINS - 1) as f64);
            let (below, share) = (position as usize, position.fract());
            let above = (below + 1).min(N_BINS - 1);
            let level_db = levels_db[below] + (levels_db[above] - levels_db[below]) * share;
            ((level_db + scale_db) as f32).clamp(MIN_LEVEL_DB, MAX_LEVEL_DB)
        }));
        n_channels += 1;
    }
    // Most noise is Gaussian.
    let std_db = vec![GAUSSIAN_LOG_STD_DB; mean_db.len()];
    NoiseProfile::new(n_channels, n_bins, mean_db, std_db, 0.0).map_err(SoxError::Profile)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sox_profile_of_white_noise_reads_its_level() {
        // Power of white noise of variance v in an unwindowed frame of n is n·v in every bin; the
        // mean logarithm of an exponential distribution lies Euler's γ below.
        let variance: f64 = 1e-4;
        let value = (2048.0 * variance).ln() - 0.577_215_66;
        let line: Vec<_> = (0..1025).map(|_| format!("{value:.6}")).collect();
        let text = format!("Channel 0: {}\nChannel 1: {}\n", line.join(", "), line.join(", "));
        let profile = from_text(&text, 48_000.0).unwrap();
        assert_eq!((profile.n_channels(), profile.n_bins()), (2, 961));
        let expected = 10.0 * (variance * 25.0 / 48_000.0).log10() - 2.507;
        for &mean_db in profile.mean_db() {
            assert!((f64::from(mean_db) - expected).abs() < 0.01, "{mean_db}, expected {expected}");
        }
    }

    #[test]
    fn broken_sox_profiles_are_refused() {
        for (text, reason) in [
            ("Channel 0: 1, 2, 3", "3 values"),
            ("Channel 0: x", "no number"),
            ("Channel 0", "no colon"),
        ] {
            let error = from_text(text, 48_000.0).unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
        assert!(from_text("", 48_000.0).is_err());
        assert!(from_text("", f64::NAN).is_err());
    }
}
