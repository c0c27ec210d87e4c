//! Noise profiles as JSON files.

use std::path::Path;

use anyhow::{Result, anyhow, bail};
use quell_core::NoiseProfile;
use quell_formats::noise_profile::{from_json, to_json};
use serde_json::Value;

use quell_files::write_whole;

/// Largest file that is looked at: the largest profile in the longest notation.
const MAX_FILE_BYTES: u64 = 256 << 20;

/// Reads a profile file.
pub fn load(path: &Path) -> Result<NoiseProfile> {
    let name = path.display();
    let length = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    if length > MAX_FILE_BYTES {
        bail!("'{name}' is too long for a noise profile: name one made by 'quell profile learn'");
    }
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            bail!("'{name}' does not exist: check the spelling and the folder")
        }
        Err(error) => bail!(
            "'{name}' cannot be read as a noise profile ({error}): name one made by 'quell profile \
             learn'"
        ),
    };
    let advice = "make one with 'quell profile learn'";
    let value: Value = serde_json::from_str(&text)
        .map_err(|_| anyhow!("'{name}' is no noise profile: {advice}"))?;
    from_json(&value).map_err(|error| anyhow!("'{name}': {error}: {advice}"))
}

/// Writes a profile file.
pub fn save(path: &Path, profile: &NoiseProfile) -> Result<()> {
    Ok(write_whole(path, format!("{}\n", to_json(profile)).as_bytes())?)
}
