//! Packages are installed where nothing of Quell is, used, and taken away again.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use super::{VERSION, fresh};
use crate::steps::sh;
use crate::{presets, proof};

/// Installs the Debian package into an empty root.
pub(super) fn deb(package: &Path) -> Result<()> {
    let root = fresh("fresh-root")?;
    for folder in ["info", "updates"] {
        std::fs::create_dir_all(root.join("var/lib/dpkg").join(folder))?;
    }
    std::fs::write(root.join("var/lib/dpkg/status"), "")?;
    let dpkg = || {
        let mut command = Command::new("dpkg");
        // Nobody need be root, and GLIBC is not in this root.
        command.args(["--force-not-root", "--force-depends", "--log=/dev/null", "--root"]);
        command.arg(&root);
        command
    };
    let began = Instant::now();
    sh(dpkg().arg("--install").arg(package))?;
    let installed_s = began.elapsed().as_secs_f64();
    use_command_line(&root.join("usr/bin/quell"))?;
    start_program(&root.join("usr/bin/quell-standalone"))?;
    let began = Instant::now();
    proof::run(&root.join("usr/lib/clap/Quell.clap"))?;
    report(package, &root.join("usr"), [installed_s, began.elapsed().as_secs_f64()])?;
    let library = root.join("usr/lib/ladspa/libquell_ladspa.so");
    sh(Command::new("analyseplugin").arg(library).arg("quell_stereo"))?;
    sh(dpkg().args(["--purge", "quell"]))?;
    ensure_empty(&root.join("usr"))
}

/// Installs the tarball for a user with an empty home.
pub(super) fn tarball(package: &Path) -> Result<()> {
    let (unpacked, home) = (fresh("unpacked")?, fresh("fresh-home")?);
    let began = Instant::now();
    sh(Command::new("tar").arg("-xzf").arg(package).arg("-C").arg(&unpacked))?;
    let top = std::fs::read_dir(&unpacked)?.next().context("the tarball is empty")??.path();
    let install = || {
        let mut command = Command::new(top.join("install.sh"));
        command.env("HOME", &home);
        command
    };
    sh(&mut install())?;
    let installed_s = began.elapsed().as_secs_f64();
    let began = Instant::now();
    proof::run(&home.join(".clap/Quell.clap"))?;
    report(package, &home, [installed_s, began.elapsed().as_secs_f64()])?;
    use_command_line(&home.join(".local/bin/quell"))?;
    start_program(&home.join(".local/bin/quell-standalone"))?;
    let preset = presets::folder_under(Path::new(".vst3/presets")).join("Voice.vstpreset");
    let plugins = [".clap/Quell.clap", ".ladspa/libquell_ladspa.so", ".vst3/Quell.vst3"];
    for file in plugins.map(Path::new).into_iter().chain([preset.as_path()]) {
        ensure!(home.join(file).exists(), "install.sh leaves no ~/{}", file.display());
    }
    sh(install().arg("--remove"))?;
    ensure_empty(&home)
}

/// From nothing to a plugin that works: what somebody loads, what it takes, and how long.
pub(super) fn report(package: &Path, installed: &Path, [install_s, use_s]: [f64; 2]) -> Result<()> {
    const MIB: f64 = (1 << 20) as f64;
    let length = |path: &PathBuf| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    let n_bytes: u64 = files(installed)?.iter().map(length).sum();
    println!(
        "from nothing: '{}' is {:.1} MiB, installed in {install_s:.1} s, then {:.1} MiB; loaded, \
         and the demo cleaned, in {use_s:.1} s",
        package.file_name().unwrap_or_default().display(),
        std::fs::metadata(package)?.len() as f64 / MIB,
        n_bytes as f64 / MIB
    );
    Ok(())
}

/// The window's program starts; another step of `test` uses it.
fn start_program(program: &Path) -> Result<()> {
    ensure_version(program, "quell-standalone")
}

fn ensure_version(program: &Path, name: &str) -> Result<()> {
    let output = Command::new(program).arg("--version").output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    ensure!(said.trim() == format!("{name} {VERSION}"), "'{}' is '{said}'", program.display());
    Ok(())
}

/// The installed program cleans the bundled recording.
fn use_command_line(quell: &Path) -> Result<()> {
    ensure_version(quell, "quell")?;
    let clean = fresh("clean")?.join("clean.wav");
    sh(Command::new(quell).args(["denoise", proof::RECORDING, "-o"]).arg(&clean))?;
    let noise_db = |path: &Path| -> Result<f64> {
        let sound = quell_audio::read_all(path)?;
        Ok(proof::noise_db(&sound.channels[0], f64::from(sound.spec.sample_rate_hz)))
    };
    let drop_db = noise_db(Path::new(proof::RECORDING))? - noise_db(&clean)?;
    println!("'{}' takes the noise {drop_db:.1} dB down", quell.display());
    proof::ensure_drop(drop_db, "the installed program")
}

/// An error that names what is still there.
fn ensure_empty(folder: &Path) -> Result<()> {
    let left = files(folder)?;
    ensure!(left.is_empty(), "what is removed leaves {left:?}");
    Ok(())
}

/// All files under a folder, which need not be there.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if !folder.exists() {
        return Ok(found);
    }
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_left_is_named_at_any_depth() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("a/b")).unwrap();
        assert!(ensure_empty(folder.path()).is_ok());
        assert!(ensure_empty(&folder.path().join("nowhere")).is_ok());
        std::fs::write(folder.path().join("a/b/left"), "").unwrap();
        assert!(ensure_empty(folder.path()).unwrap_err().to_string().contains("left"));
    }
}
