//! What steps need that a machine may lack: Python environments, Debian packages, Rust targets. It
//! is had once; after that each call only looks.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::places;
use crate::steps::{has_program, is_ci, sh};

/// What the editor needs on a machine without a screen.
const SCREEN_PACKAGES: [&str; 17] = [
    "xvfb",
    "xauth",
    "libegl1",
    "libegl-mesa0",
    "libgl1-mesa-dri",
    "libx11-6",
    "libx11-xcb1",
    "libxcursor1",
    "libxcb-xkb1",
    "libxcb-xfixes0",
    "libxkbcommon0",
    "libxkbcommon-x11-0",
    "x11-apps",
    "x11-utils",
    "imagemagick",
    "xdotool",
    "python3-venv",
];

/// A PipeWire that runs without devices and without a desktop.
const PIPEWIRE_PACKAGES: [&str; 7] = [
    "pipewire",
    "pipewire-bin",
    "libpipewire-0.3-modules",
    "libspa-0.2-modules",
    "wireplumber",
    "dbus-daemon",
    "procps",
];

/// What the program of its own is linked with on Linux.
const SOUND_PACKAGES: [&str; 3] = ["libasound2-dev", "libjack-jackd2-dev", "pkg-config"];

/// The Python that holds the VST3 host.
pub(crate) fn host_python() -> Result<PathBuf> {
    venv("hosts", Path::new("tests/python/requirements.txt"))
}

/// The Python that trains.
pub(crate) fn training_python() -> Result<PathBuf> {
    venv("training", Path::new("training/requirements.txt"))
}

/// The Python that holds what packages are built and workflows are checked with.
pub(crate) fn packaging_python() -> Result<PathBuf> {
    venv("packaging", Path::new("packaging/requirements.txt"))
}

/// A screen for windows, on a machine without one.
pub(crate) fn screen() -> Result<()> {
    ensure!(cfg!(target_os = "linux"), "the screen for it, Xvfb, is for Linux");
    packages(&SCREEN_PACKAGES)
}

/// A screen, and the bus on which screen readers hear of windows.
pub(crate) fn reader() -> Result<()> {
    screen()?;
    packages(&["at-spi2-core", "dbus-daemon"])
}

/// The standard library of another target.
pub(crate) fn target(triple: &str) -> Result<()> {
    ensure!(has_program("rustup"), "rustup is missing");
    sh(Command::new("rustup").args(["target", "add", triple]))
}

/// What makes a microphone.
pub(crate) fn pipewire() -> Result<()> {
    packages(&PIPEWIRE_PACKAGES)
}

/// The headers of the system's sound.
pub(crate) fn sound_headers() -> Result<()> {
    if cfg!(target_os = "linux") { packages(&SOUND_PACKAGES) } else { Ok(()) }
}

/// A host that people record with, which its own scripts can drive.
pub(crate) fn ardour() -> Result<()> {
    ensure!(cfg!(target_os = "linux"), "the packages of Ardour are for Linux");
    packages(&["ardour"])
}

/// A sound server that needs no sound card.
pub(crate) fn jack() -> Result<()> {
    ensure!(cfg!(target_os = "linux"), "the server for it, JACK, is started on Linux only");
    sound_headers()?;
    packages(&["jackd2"])
}

/// What reads and writes what Quell itself does not.
pub(crate) fn ffmpeg() -> Result<()> {
    program("ffmpeg", "ffmpeg")
}

/// A program, from this Debian package where it is missing.
pub(crate) fn program(name: &str, package: &str) -> Result<()> {
    if has_program(name) { Ok(()) } else { packages(&[package]) }
}

/// A virtual environment under `target/`, made when missing or when its requirements changed.
fn venv(name: &str, requirements: &Path) -> Result<PathBuf> {
    let folder = places::target().join("venv").join(name);
    let python = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let wanted = std::fs::read_to_string(requirements)
        .with_context(|| format!("cannot read '{}'", requirements.display()))?;
    let stamp = folder.join("requirements.txt");
    if std::fs::read_to_string(&stamp).is_ok_and(|made| made == wanted) && python.exists() {
        return Ok(python);
    }
    let system_python = ["python3", "python"].into_iter().find(|name| has_program(name));
    let system_python = system_python.context("there is no Python")?;
    println!("making '{}'", folder.display());
    sh(Command::new(system_python).args(["-m", "venv", "--clear"]).arg(&folder))?;
    sh(Command::new(&python)
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"])
        .arg(requirements))?;
    std::fs::write(stamp, wanted)?;
    Ok(python)
}

/// Installs Debian packages that are missing, where that is allowed.
pub(crate) fn packages(wanted: &[&str]) -> Result<()> {
    let missing: Vec<_> = wanted
        .iter()
        .copied()
        .filter(|package| {
            !Command::new("dpkg")
                .args(["-s", package])
                .output()
                .is_ok_and(|output| output.status.success())
        })
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let needed = format!("install these packages and run again: {}", missing.join(" "));
    if !has_program("apt-get") {
        bail!("{needed}");
    }
    ensure!(may_install(&missing), "{needed}");
    let install = "apt-get update -qq && apt-get install -y -qq --no-install-recommends \"$@\"";
    // Root, or somebody who may become it without being asked for a password.
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|o| o.stdout == b"0\n");
    let mut command = Command::new(if is_root { "sh" } else { "sudo" });
    if !is_root {
        command.args(["-n", "sh"]);
    }
    sh(command.args(["-c", install, "sh"]).args(&missing).env("DEBIAN_FRONTEND", "noninteractive"))
        .context(needed)
}

/// CI may; a person is asked, once for each lot.
fn may_install(missing: &[&str]) -> bool {
    if is_ci() {
        return true;
    }
    let input = std::io::stdin();
    if !input.is_terminal() {
        return false;
    }
    print!("This needs Debian packages: {}. Install them now? [y/N] ", missing.join(" "));
    let mut answer = String::new();
    std::io::stdout().flush().is_ok()
        && input.read_line(&mut answer).is_ok()
        && matches!(answer.trim(), "y" | "Y" | "yes")
}
