//! Whole recordings compared.

use std::fmt;

use quell_audio::Audio;

use super::figures::Figures;

/// Why two recordings cannot be compared: what the other one has, and the clean one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mismatch {
    /// Rates differ, Hz.
    Rate {
        /// Of the other.
        other_hz: u32,
        /// Of the clean one.
        clean_hz: u32,
    },
    /// Channels differ.
    Channels {
        /// Of the other.
        other: usize,
        /// Of the clean one.
        clean: usize,
    },
    /// The other holds NaN or infinity.
    NotNumbers,
    /// Nothing remains of the shorter one.
    TooShort {
        /// What was to be left out, seconds.
        skip_s: f64,
    },
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rate { other_hz, clean_hz } => write!(
                f,
                "has {other_hz} Hz, the clean one {clean_hz} Hz: bring them to one rate first"
            ),
            Self::Channels { other, clean } => write!(
                f,
                "has {other} channels, the clean one {clean}: bring them to one layout first"
            ),
            Self::NotNumbers => {
                write!(f, "holds samples that are no numbers: export it again")
            }
            Self::TooShort { skip_s } => {
                write!(f, "is over before the {skip_s} s that are left out: leave out less")
            }
        }
    }
}

impl std::error::Error for Mismatch {}

/// Mean over the channels of the figures of a recording, without its first `skip_s` seconds. The
/// shorter recording counts.
pub fn compare(clean: &Audio, other: &Audio, skip_s: f64) -> Result<Figures, Mismatch> {
    let rate_hz = clean.spec.sample_rate_hz;
    if other.spec.sample_rate_hz != rate_hz {
        return Err(Mismatch::Rate { other_hz: other.spec.sample_rate_hz, clean_hz: rate_hz });
    }
    let n_channels = (other.spec.n_channels, clean.spec.n_channels);
    if n_channels.0 != n_channels.1 {
        return Err(Mismatch::Channels { other: n_channels.0, clean: n_channels.1 });
    }
    if other.channels.iter().flatten().any(|sample| !sample.is_finite()) {
        return Err(Mismatch::NotNumbers);
    }
    let skip = (skip_s.max(0.0) * f64::from(rate_hz)).round() as usize;
    let end = clean.n_frames().min(other.n_frames());
    if end <= skip {
        return Err(Mismatch::TooShort { skip_s });
    }
    let pairs = clean.channels.iter().zip(&other.channels);
    let channels: Vec<Figures> = pairs
        .map(|(clean, other)| Figures::of(&clean[skip..end], &other[skip..end], rate_hz))
        .collect();
    Ok(Figures::mean(&channels))
}
