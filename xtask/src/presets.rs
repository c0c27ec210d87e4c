//! The presets that come with Quell, as the files that VST3 hosts look for. (CLAP hosts ask the
//! plugin.)

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use quell_formats::presets::FACTORY;
use quell_formats::vst3_preset::{ENDING, PLUGIN, VENDOR, encode};

use crate::places;

/// Where they lie under a folder for presets of all makers.
pub(crate) fn folder_under(folder: &Path) -> PathBuf {
    folder.join(VENDOR).join(PLUGIN)
}

/// Writes them under a folder for presets of all makers.
pub(crate) fn write(folder: &Path) -> Result<()> {
    let folder = folder_under(folder);
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot create '{}'", folder.display()))?;
    for (preset, name) in FACTORY.iter().zip(file_names()) {
        let file = folder.join(name);
        std::fs::write(&file, encode(preset))
            .with_context(|| format!("cannot write '{}'", file.display()))?;
    }
    Ok(())
}

/// Removes them, and folders that are empty then; presets of the user's that lie beside them stay.
pub(crate) fn remove(folder: &Path) -> Result<()> {
    let ours = folder_under(folder);
    for name in file_names() {
        places::remove_all(&ours.join(name))?;
    }
    let empty = ours.ancestors().take_while(|upper| *upper != folder);
    // One that is not empty, or not there, ends it.
    let _ = empty.map(std::fs::remove_dir).take_while(Result::is_ok).count();
    Ok(())
}

/// What they are called, in the order of the presets.
pub(crate) fn file_names() -> impl Iterator<Item = String> {
    FACTORY.iter().map(|preset| format!("{}.{ENDING}", preset.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_removed_and_what_is_the_users_stays() {
        let top = tempfile::tempdir().unwrap();
        let own = folder_under(top.path()).join("Own.vstpreset");
        write(top.path()).unwrap();
        std::fs::write(&own, "own").unwrap();
        assert_eq!(own.parent().unwrap().read_dir().unwrap().count(), FACTORY.len() + 1);
        remove(top.path()).unwrap();
        assert_eq!(own.parent().unwrap().read_dir().unwrap().count(), 1);
        std::fs::remove_file(own).unwrap();
        remove(top.path()).unwrap();
        assert_eq!(top.path().read_dir().unwrap().count(), 0);
        assert!(remove(&top.path().join("nowhere")).is_ok());
    }
}
