//! The installer for Windows, tried under wine: installed silently, its plugin loaded by a host
//! and its program used, and taken away again.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use super::windows::PRESETS;
use super::{VERSION, fresh, put};
use crate::steps::{cargo, has_program, sh};
use crate::{needs, presets, proof};

/// Windows' own scratch folders, and what every program leaves there.
const SCRATCH: [&str; 2] = ["Temp", "temp"];

pub(super) fn trial(installer: &Path, triple: &str, base: &Path) -> Result<()> {
    if !has_program("wine") {
        needs::packages(&["wine", "wine64"])
            .context("the installer was made but not tried: wine is missing")?;
    }
    // 1. A host, built as the plugin is.
    sh(cargo(&["build", "--release", "--locked", "--package", "quell-testkit"])
        .args(["--features", "host", "--example", "clap_trial", "--target", triple, "--target-dir"])
        .arg(base))?;
    let host = base.join(triple).join("release/examples/clap_trial.exe");
    // 2. A Windows in which nothing is installed.
    let wine = Wine { prefix: std::path::absolute(fresh("wine")?)? };
    wine.run(Path::new("wineboot"), &["--init"])?;
    wine.settle()?;
    let disk = wine.prefix.join("drive_c");
    // Windows has it; wine 8.0, as in Debian 12, does not.
    sh(Command::new("x86_64-w64-mingw32-gcc")
        .args(["-shared", "-O2", "packaging/windows/bcryptprimitives.c", "-ladvapi32", "-o"])
        .arg(disk.join("windows/system32/bcryptprimitives.dll")))?;
    let (files_before, registry_before) = (files(&disk)?, wine.registry()?);
    // 3. Install, look, use.
    let began = Instant::now();
    wine.run(installer, &["/S"])?;
    let installed_s = began.elapsed().as_secs_f64();
    let programs = disk.join("Program Files");
    let clap = programs.join("Common Files/CLAP/Quell.clap");
    let vst3 = programs.join("Common Files/VST3/Quell.vst3/Contents/x86_64-win/Quell.vst3");
    let preset = presets::folder_under(&disk.join("ProgramData").join(PRESETS));
    for file in [&clap, &vst3, &preset.join("Voice.vstpreset"), &programs.join("Quell/quell.exe")] {
        ensure!(file.is_file(), "the installer leaves no '{}'", file.display());
    }
    ensure!(wine.registry()? != registry_before, "Windows does not know that Quell is installed");
    let began = Instant::now();
    let said = wine.run(&host, &[&wine.path(&clap)?])?;
    println!(
        "under wine: installed in {installed_s:.1} s, {:.1} s for",
        began.elapsed().as_secs_f64()
    );
    print!("{said}");
    ensure!(said.matches("->").count() == 2, "the host says '{said}'");
    use_command_line(&wine, &programs.join("Quell/quell.exe"))?;
    // 4. Take it away, with nothing left.
    let uninstaller = programs.join("Quell/uninstall.exe");
    wine.run(&uninstaller, &["/S"])?;
    wine.settle()?;
    let left: Vec<_> = files(&disk)?.difference(&files_before).cloned().collect();
    ensure!(left.is_empty(), "the uninstaller leaves {left:?}");
    ensure!(wine.registry()? == registry_before, "the uninstaller leaves a key in the registry");
    println!("the installer was tried under wine: installed, used, removed without a trace");
    Ok(())
}

/// The installed program cleans the bundled recording.
fn use_command_line(wine: &Wine, quell: &Path) -> Result<()> {
    let said = wine.run(quell, &["--version"])?;
    ensure!(said.trim() == format!("quell {VERSION}"), "quell.exe is '{said}'");
    let folder = fresh("clean-windows")?;
    let [noisy, clean] = ["noisy.flac", "clean.wav"].map(|name| folder.join(name));
    put(Path::new(proof::RECORDING), &noisy)?;
    wine.run(quell, &["denoise", &wine.path(&noisy)?, "-o", &wine.path(&clean)?])?;
    let sound = quell_audio::read_all(&clean)?;
    let rate_hz = f64::from(sound.spec.sample_rate_hz);
    let noisy = quell_audio::read_all(&noisy)?;
    let drop_db =
        proof::noise_db(&noisy.channels[0], rate_hz) - proof::noise_db(&sound.channels[0], rate_hz);
    println!("'{}' takes the noise {drop_db:.1} dB down", quell.display());
    proof::ensure_drop(drop_db, "the installed program")
}

/// A Windows of its own.
struct Wine {
    prefix: PathBuf,
}

impl Wine {
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        // No screen, and no word of what wine lacks; plugins and programs need neither.
        command.env("WINEPREFIX", &self.prefix).env("WINEDEBUG", "-all").env_remove("DISPLAY");
        command
    }

    /// Runs a program to its end; what it printed.
    fn run(&self, program: &Path, args: &[&str]) -> Result<String> {
        let output = self.command("wine").arg(program).args(args).output()?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        ensure!(
            output.status.success(),
            "'{}' fails under wine: {said}{}",
            program.display(),
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(said)
    }

    /// Waits until everything has ended and is written.
    fn settle(&self) -> Result<()> {
        sh(self.command("wineserver").arg("--wait"))
    }

    /// What Windows writes for a path of this system.
    fn path(&self, path: &Path) -> Result<String> {
        let path = std::path::absolute(path)?;
        Ok(format!("Z:{}", path.display()).replace('/', "\\"))
    }

    /// What is registered as installed.
    fn registry(&self) -> Result<String> {
        const KEY: &str = r"HKLM\Software\Microsoft\Windows\CurrentVersion\Uninstall";
        self.run(Path::new("reg"), &["query", KEY, "/s", "/reg:64"])
    }
}

/// All files and folders under a folder, but scratch ones.
fn files(folder: &Path) -> Result<BTreeSet<PathBuf>> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if SCRATCH.iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            found.extend(files(&entry.path())?);
        }
        found.insert(entry.path());
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_that_are_left_are_found_and_scratch_is_not() {
        let top = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(top.path().join("a/b")).unwrap();
        std::fs::create_dir_all(top.path().join("a/Temp/c")).unwrap();
        let expected = ["a", "a/b"].map(|name| top.path().join(name));
        assert_eq!(files(top.path()).unwrap(), BTreeSet::from(expected));
    }
}
