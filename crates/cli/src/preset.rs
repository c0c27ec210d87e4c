//! Presets and saved states of the plugin, for files: by the name of one that comes with Quell, or
//! as a file that the plugin or a host saved.

use std::path::Path;

use anyhow::{Result, anyhow, bail};
use quell_formats::presets::{FACTORY, Preset};
use quell_formats::state::{self, MAX_FILE_LEN, State};

/// Reads the preset of this name, or the file.
pub fn load(name_or_path: &Path) -> Result<State> {
    let advice = "save it again in the plugin";
    let bytes = match name_or_path.to_str().and_then(Preset::named) {
        Some(preset) => preset.text.as_bytes().to_vec(),
        None => read(name_or_path)?,
    };
    state::find(&bytes).map_err(|error| anyhow!("'{}': {error}: {advice}", name_or_path.display()))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    let name = path.display();
    let length = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    if length > MAX_FILE_LEN as u64 {
        bail!("'{name}' is too long for a preset: name one that the plugin saved");
    }
    std::fs::read(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => anyhow!(
            "'{name}' is neither a preset nor a file: name a file that the plugin saved, or {}",
            names()
        ),
        _ => anyhow!("'{name}' cannot be read ({error}): check its permissions"),
    })
}

/// The presets that come with Quell, for a sentence.
fn names() -> String {
    let ids: Vec<_> = FACTORY.iter().map(Preset::id).collect();
    ids.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preset_is_found_by_name_and_a_file_of_that_name_by_its_path() {
        let voice = load(Path::new("voice")).unwrap();
        assert_eq!(load(Path::new("Voice")).unwrap(), voice);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("voice");
        std::fs::write(&file, Preset::named("hum").unwrap().text).unwrap();
        assert_eq!(load(&file).unwrap(), load(Path::new("hum")).unwrap());
        assert_ne!(load(&file).unwrap(), voice);
        let error = load(Path::new("vioce")).unwrap_err().to_string();
        assert!(error.contains("'vioce'") && error.contains("voice, music"), "{error}");
    }
}
