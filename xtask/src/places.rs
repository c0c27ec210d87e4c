//! Where things lie: in the project and in the user's home.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The project's top folder.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// Cargo's folder for what it builds.
pub(crate) fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// What `install` and `test` leave to be looked at.
pub(crate) fn proof() -> PathBuf {
    target().join("proof")
}

/// The user's folders for CLAP and VST3 plugins.
pub(crate) fn user_plugins() -> Result<[PathBuf; 2]> {
    if cfg!(target_os = "windows") {
        let common = home("LOCALAPPDATA")?.join("Programs").join("Common");
        Ok([common.join("CLAP"), common.join("VST3")])
    } else if cfg!(target_os = "macos") {
        let plugins = home("HOME")?.join("Library/Audio/Plug-Ins");
        Ok([plugins.join("CLAP"), plugins.join("VST3")])
    } else {
        let home = home("HOME")?;
        Ok([home.join(".clap"), home.join(".vst3")])
    }
}

/// Where VST3 hosts look for presets, of all makers, that belong to this user.
pub(crate) fn user_vst3_presets() -> Result<PathBuf> {
    if cfg!(target_os = "windows") {
        Ok(home("APPDATA")?.join("VST3 Presets"))
    } else if cfg!(target_os = "macos") {
        Ok(home("HOME")?.join("Library/Audio/Presets"))
    } else {
        Ok(home("HOME")?.join(".vst3/presets"))
    }
}

fn home(variable: &str) -> Result<PathBuf> {
    let value = std::env::var_os(variable);
    value.map(PathBuf::from).with_context(|| format!("the environment has no {variable}"))
}

/// The file inside a CLAP bundle that a host loads.
pub(crate) fn clap_library(bundle: &Path) -> PathBuf {
    if cfg!(target_os = "macos") { bundle.join("Contents/MacOS/Quell") } else { bundle.to_owned() }
}

/// Copies a file, or a folder with everything in it, over what was there.
pub(crate) fn copy_all(from: &Path, to: &Path) -> Result<()> {
    let attempt = || format!("cannot copy '{}' to '{}'", from.display(), to.display());
    // A host may have the old library open: a new file in its place leaves that one alone.
    remove_all(to)?;
    if !from.is_dir() {
        std::fs::copy(from, to).with_context(attempt)?;
        return Ok(());
    }
    std::fs::create_dir_all(to).with_context(attempt)?;
    for entry in std::fs::read_dir(from).with_context(attempt)? {
        let entry = entry.with_context(attempt)?;
        copy_all(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

/// Removes a file, or a folder with everything in it; false where there was none.
pub(crate) fn remove_all(path: &Path) -> Result<bool> {
    let attempt = || format!("cannot remove '{}'", path.display());
    if path.is_dir() {
        std::fs::remove_dir_all(path).with_context(attempt)?;
    } else if path.exists() {
        std::fs::remove_file(path).with_context(attempt)?;
    } else {
        return Ok(false);
    }
    Ok(true)
}
