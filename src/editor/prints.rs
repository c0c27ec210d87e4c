//! Noise prints as the text that `quell profile` reads and writes.

use quell_core::NoiseProfile;
use quell_formats::noise_profile;

pub(super) fn to_text(print: &NoiseProfile) -> String {
    format!("{}\n", noise_profile::to_json(print))
}

/// The print in a text, or what is wrong with it.
pub(super) fn from_text(text: &[u8]) -> Result<NoiseProfile, String> {
    let value =
        serde_json::from_slice(text).map_err(|error| format!("no noise print ({error})"))?;
    noise_profile::from_json(&value).map_err(|error| error.to_string())
}
