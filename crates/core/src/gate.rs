//! The spectral gates: from 'how far above the noise is each bin' to a mask.
//!
//! A mask is 1 where a bin is kept and 0 where it is noise. [`soft`] is Quell's own, [`classic`] the
//! textbook's.

mod classic;
mod soft;

pub(crate) use classic::ClassicMask;
pub(crate) use soft::SoftMask;

use crate::config;

/// A frame relative to the noise.
pub(crate) struct GateFrame<'a> {
    /// Power over the reference level of the noise, per bin.
    pub(crate) snr: &'a [f32],
    /// Threshold over the reference level of the noise, per bin.
    pub(crate) threshold: &'a [f32],
}

/// Reference level of the noise, dB: what a Wiener filter takes the mean power of the noise to be.
///
/// It is the threshold less the distance that the two have for steady (Gaussian) noise at the
/// default sensitivity, and more where the spread exceeds that of steady noise: noise that swells
/// and ebbs is met at its swells.
pub(crate) fn reference_db(threshold_db: f32, std_db: f32) -> f32 {
    let steady_distance_db =
        config::DEFAULT_SENSITIVITY * config::GAUSSIAN_LOG_STD_DB - config::GAUSSIAN_LOG_BIAS_DB;
    let (low, high) = config::EXCESS_SPREAD_RANGE_DB;
    let excess_db = (std_db - config::GAUSSIAN_LOG_STD_DB).clamp(low, high);
    threshold_db - steady_distance_db
        + config::EXCESS_SPREAD_WEIGHT * excess_db
        + config::REFERENCE_MARGIN_DB
}
