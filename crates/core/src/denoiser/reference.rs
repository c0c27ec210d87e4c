//! The level that a Wiener filter takes for the noise, from what a print holds of it.

use crate::config;

/// Distance of threshold and mean power at the default sensitivity for steady sound of this spread,
/// dB.
fn distance_db(std_db: f32) -> f32 {
    let std_db = std_db.min(config::GAUSSIAN_LOG_STD_DB);
    config::DEFAULT_SENSITIVITY * std_db - log_bias_db(std_db)
}

/// By how much the reference level stands higher over the threshold than that of noise would, dB.
pub(super) fn tone_rise_db(std_db: f32) -> f32 {
    distance_db(config::GAUSSIAN_LOG_STD_DB) - distance_db(std_db)
}

/// By how much the mean of a bin's level lies below the level of its mean power, dB: nothing for a
/// tone.
pub(super) fn log_bias_db(std_db: f32) -> f32 {
    config::GAUSSIAN_LOG_BIAS_DB * (1.0 - tonality(std_db))
}

/// How much a bin of this spread is a tone that neither swells nor flickers (1) and not noise (0).
pub(super) fn tonality(std_db: f32) -> f32 {
    1.0 - (std_db / config::GAUSSIAN_LOG_STD_DB).min(1.0).powi(2)
}

/// Reference level of the noise, dB: what a Wiener filter takes the mean power of the noise to be.
///
/// It is the threshold less the distance that the two have at the default sensitivity for noise of
/// the spread `std_db`, which is none for a tone; and more where the spread of the neighbourhood
/// exceeds that of steady (Gaussian) noise: noise that swells and ebbs is met at its swells.
pub(super) fn reference_db(threshold_db: f32, std_db: f32, neighbourhood_std_db: f32) -> f32 {
    let (low, high) = config::EXCESS_SPREAD_RANGE_DB;
    let excess_db = (neighbourhood_std_db - config::GAUSSIAN_LOG_STD_DB).clamp(low, high);
    threshold_db - distance_db(config::GAUSSIAN_LOG_STD_DB)
        + tone_rise_db(std_db)
        + config::EXCESS_SPREAD_WEIGHT * excess_db
        + config::REFERENCE_MARGIN_DB
}
