//! `screenshots`: pictures of the editor in a real host, for the README.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::steps::sh;
use crate::{bundle, needs, places};

/// Every state that people meet; `tests/python/scenes.py` knows how to get there.
const SCENES: [&str; 11] = [
    "no-profile",
    "capturing",
    "captured",
    "removed",
    "spectrogram",
    "print",
    "expert",
    "light",
    "smallest",
    "largest",
    "scale-200",
];

/// States and looks of the gallery: everything that can be on the window, in every size.
const STATES: [&str; 7] =
    ["no-profile", "capturing", "captured", "removed", "spectrogram", "print", "expert"];
const LOOKS: [&str; 5] = ["750x480", "1000x640", "2400x1536", "scale-200", "light"];

pub(crate) fn run(args: &[String]) -> Result<()> {
    if args == ["--gallery"] {
        return gallery();
    }
    let (flags, args): (Vec<_>, Vec<_>) = args.iter().partition(|arg| *arg == "--update");
    if let Some(unknown) = args.iter().find(|name| !SCENES.contains(&name.as_str())) {
        anyhow::bail!("there is no scene '{unknown}'; there are {}", SCENES.join(", "));
    }
    needs::screen()?;
    let bundles = bundle::run(&[])?;
    let python = needs::host_python()?;
    let folder = if flags.is_empty() {
        places::target().join("screenshots")
    } else {
        places::root().join("assets/screenshots")
    };
    std::fs::create_dir_all(&folder)?;
    for scene in SCENES {
        if args.is_empty() || args.iter().any(|name| *name == scene) {
            let screen = Screen::start()?;
            let picture = folder.join(format!("{scene}.png"));
            shoot(&python, &bundles.vst3, &screen, scene, &picture)?;
            println!("{}", picture.display());
        }
    }
    Ok(())
}

/// Every state in every look, and sheets of them, also for eyes that lack a kind of cones.
fn gallery() -> Result<()> {
    needs::screen()?;
    let bundles = bundle::run(&[])?;
    let python = needs::host_python()?;
    let folder = places::target().join("gallery");
    std::fs::create_dir_all(&folder)?;
    for look in LOOKS {
        for state in STATES {
            let (screen, scene) = (Screen::start()?, format!("{state}@{look}"));
            shoot(&python, &bundles.vst3, &screen, &scene, &folder.join(format!("{scene}.png")))?;
        }
    }
    sh(Command::new(&python).arg("tests/python/gallery.py").arg(&folder))?;
    println!("{}", folder.display());
    Ok(())
}

fn shoot(python: &Path, vst3: &Path, screen: &Screen, scene: &str, picture: &Path) -> Result<()> {
    sh(Command::new(python)
        .arg("tests/python/scenes.py")
        .args([scene.as_ref(), picture.as_os_str()])
        .env("DISPLAY", &screen.display)
        .env("QUELL_VST3", vst3)
        .env("LIBGL_ALWAYS_SOFTWARE", "1")
        .env("PYTHONDONTWRITEBYTECODE", "1"))
}

/// A screen of its own, without a monitor.
struct Screen {
    server: Child,
    display: String,
}

impl Screen {
    fn start() -> Result<Self> {
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "2600x1700x24", "-noreset"])
            .args(["-nolisten", "tcp"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("Xvfb cannot be started")?;
        let mut number = String::new();
        let stdout = server.stdout.take().context("Xvfb says nothing")?;
        BufReader::new(stdout).read_line(&mut number)?;
        let number = number.trim();
        ensure!(!number.is_empty(), "Xvfb did not start");
        Ok(Self { server, display: format!(":{number}") })
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.server.kill());
        drop(self.server.wait());
    }
}
