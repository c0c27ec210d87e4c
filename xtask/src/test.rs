//! `test`: everything that must hold before a change is published. CI runs the same command.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::steps::{Steps, cargo, has_program, sh};
use crate::{bundle, places, proof};

/// Targets that cannot be run here and must not rot.
const FOREIGN_TARGETS: [&str; 2] = ["x86_64-pc-windows-gnu", "aarch64-apple-darwin"];
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

pub(crate) fn run(args: &[String]) -> Result<()> {
    ensure!(args.is_empty(), "test takes no options");
    let mut steps = Steps::default();
    // 1. What the sources look like.
    steps.run("formatting", || sh(&mut cargo(&["fmt", "--all", "--check"])));
    steps.run("lints", || {
        sh(&mut cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
    });
    steps.run("documentation", || {
        sh(cargo(&["doc", "--workspace", "--lib", "--no-deps", "--document-private-items"])
            .env("RUSTDOCFLAGS", "-D warnings -A rustdoc::private-intra-doc-links"))
    });
    // 2. The workspace's own tests, the plugin in the CLAP host among them.
    steps.run("tests of the workspace", || {
        sh(&mut cargo(&["test", "--workspace", "--no-fail-fast"]))
    });
    // 3. What users get.
    let mut bundles = None;
    steps.run("bundles", || {
        bundles = Some(bundle::run(&[])?);
        Ok(())
    });
    if let Some(bundles) = &bundles {
        steps.run("the bundled CLAP cleans a recording", || {
            proof::run(&places::clap_library(&bundles.clap))
        });
        python_steps(&mut steps, &bundles.vst3);
    }
    // 4. What others compile.
    for target in FOREIGN_TARGETS {
        check_target(&mut steps, target);
    }
    // Only this crate has benchmarks; everything else would be compiled once more for nothing.
    steps.run("benchmarks compile", || {
        sh(&mut cargo(&["bench", "--package", "quell-cost", "--no-run"]))
    });
    training_steps(&mut steps);
    steps.close()
}

// ---- VST3 in a real host ----------------------------------------------------------------------

fn python_steps(steps: &mut Steps, vst3: &Path) {
    const NAME: &str = "VST3 in pedalboard";
    let python = match host_python() {
        Ok(python) => python,
        Err(error) => return steps.cannot(NAME, &format!("{error:#}")),
    };
    steps.run(NAME, || sh(pytest(&python, "tests/python/test_vst3.py").env("QUELL_VST3", vst3)));
    const EDITOR: &str = "VST3 editor under Xvfb";
    if !cfg!(target_os = "linux") {
        return steps.cannot(EDITOR, "Xvfb is for Linux");
    }
    if let Err(error) = ensure_packages() {
        return steps.cannot(EDITOR, &format!("{error:#}"));
    }
    // Each starts a screen and makes it the process's own.
    for test in ["a_hundred_openings_change_no_sample", "two_windows_at_once_change_no_sample"] {
        steps.run(&format!("CLAP windows under Xvfb: {test}"), || {
            let run = ["test", "--package", "quell", "--test", "windows", test, "--"];
            sh(cargo(&run).arg("--ignored"))
        });
    }
    steps.run(EDITOR, || {
        let screenshots = places::proof();
        std::fs::create_dir_all(&screenshots)?;
        sh(pytest(&python, "tests/python/test_editor.py")
            .env("QUELL_VST3", vst3)
            .env("QUELL_SCREENSHOTS", screenshots))
    });
}

/// The Python that holds the VST3 host.
pub(crate) fn host_python() -> Result<PathBuf> {
    venv("hosts", Path::new("tests/python/requirements.txt"))
}

fn pytest(python: &Path, path: &str) -> Command {
    let mut command = Command::new(python);
    // No cache: nothing is left in the source tree.
    command.args(["-m", "pytest", "-q", "-p", "no:cacheprovider", path]);
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    command
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

/// Installs what a screenless editor needs, where that is allowed.
pub(crate) fn ensure_packages() -> Result<()> {
    let missing: Vec<_> = SCREEN_PACKAGES
        .into_iter()
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
    // Root, or a CI machine that may become it without being asked.
    let install = "apt-get update -qq && apt-get install -y -qq --no-install-recommends \"$@\"";
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|o| o.stdout == b"0\n");
    let mut command = Command::new(if is_root { "sh" } else { "sudo" });
    if !is_root {
        command.args(["-n", "sh"]);
    }
    sh(command.args(["-c", install, "sh"]).args(&missing).env("DEBIAN_FRONTEND", "noninteractive"))
        .context(needed)
}

// ---- Other systems and other languages ----------------------------------------------------------

fn check_target(steps: &mut Steps, target: &str) {
    let name = format!("compiles for {target}");
    if !has_program("rustup") {
        return steps.cannot(&name, "rustup is missing");
    }
    if let Err(error) = sh(Command::new("rustup").args(["target", "add", target])) {
        return steps.cannot(&name, &format!("{error:#}"));
    }
    steps.run(&name, || sh(&mut cargo(&["check", "--workspace", "--target", target])));
}

/// The training code's tests, once it has some.
fn training_steps(steps: &mut Steps) {
    let tests = Path::new("training/tests");
    if !tests.is_dir() {
        return;
    }
    const NAME: &str = "training";
    match venv("training", Path::new("training/requirements.txt")) {
        Ok(python) => {
            steps.run(NAME, || sh(pytest(&python, "training/tests").env("PYTHONPATH", "training")));
        }
        Err(error) => steps.cannot(NAME, &format!("{error:#}")),
    }
}
