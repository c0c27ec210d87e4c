//! `test`: everything that must hold before a change is published. CI runs the same command.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::steps::{Steps, cargo, sh};
use crate::{
    book, bundle, dist, kernels, ladspa, needs, places, presets, proof, publish, tidy, web,
};

/// Targets that cannot be run here and must not rot.
const FOREIGN_TARGETS: [&str; 2] = ["x86_64-pc-windows-gnu", "aarch64-apple-darwin"];

pub(crate) fn run(args: &[String]) -> Result<()> {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        [] => everything_but_training(),
        ["--training"] => training(),
        _ => bail!("test knows one option, --training, not {args:?}"),
    }
}

/// What anybody who changes the plugin runs.
fn everything_but_training() -> Result<()> {
    let mut steps = Steps::default();
    // 1. What the sources look like.
    steps.run("formatting", || sh(&mut cargo(&["fmt", "--all", "--check"])));
    steps.run("tidiness", || tidy::run(&[]));
    steps.run_with("workflows", needs::packaging_python, |python| {
        // It finds `.github/workflows` by itself.
        sh(&mut Command::new(python.with_file_name("actionlint")))
    });
    steps.run("lints", || {
        sh(&mut cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
    });
    steps.run_with("lints of the program of its own", needs::sound_headers, |()| {
        let standalone = ["clippy", "--workspace", "--features", "quell/standalone"];
        sh(cargo(&standalone).args(["--all-targets", "--", "-D", "warnings"]))
    });
    // After the lints, whose work it takes.
    steps.run("crates as they are published", publish::check);
    steps.run("documentation", || {
        sh(cargo(&["doc", "--workspace", "--lib", "--no-deps", "--document-private-items"])
            .env("RUSTDOCFLAGS", "-D warnings -A rustdoc::private-intra-doc-links"))
    });
    // 2. The workspace's own tests, the plugin in the CLAP host among them.
    steps.run("tests of the workspace", || {
        sh(&mut cargo(&["test", "--workspace", "--no-fail-fast"]))
    });
    kernels::run(&mut steps);
    ladspa::run(&mut steps);
    steps.run_with("files through ffmpeg", needs::ffmpeg, |()| {
        sh(&mut cargo(&["test", "--workspace", "--test", "ffmpeg", "--", "--ignored"]))
    });
    // 3. What users get.
    let made = made(&mut steps);
    if let Some(Made { bundles, .. }) = &made {
        steps.run("the bundled CLAP cleans a recording", || {
            proof::run(&places::clap_library(&bundles.clap))
        });
        python_steps(&mut steps, &bundles.vst3);
    }
    if let Some(program) = made.and_then(|made| made.program) {
        program_step(&mut steps, &program);
    }
    web::step(&mut steps);
    book::step(&mut steps);
    // 4. What others compile.
    for target in FOREIGN_TARGETS {
        check_target(&mut steps, target);
    }
    // Not as `cargo bench`, which would compile the core once more for it.
    steps.run("benchmarks compile", || {
        sh(&mut cargo(&["test", "--workspace", "--bench", "stream", "--bench", "unet", "--no-run"]))
    });
    steps.close()
}

/// What users get.
struct Made {
    bundles: bundle::Bundles,
    /// The program of its own.
    program: Option<PathBuf>,
}

/// On Linux what is in the packages, so that nothing is built twice.
fn made(steps: &mut Steps) -> Option<Made> {
    let mut made = None;
    if cfg!(target_os = "linux") {
        steps.run("packages", || {
            let dist::Linux { bundles, program, .. } = dist::linux()?;
            made = Some(Made { bundles, program: Some(program) });
            Ok(())
        });
    } else {
        steps.run("bundles", || {
            made = Some(Made { bundles: bundle::run(&[])?, program: None });
            Ok(())
        });
    }
    made
}

/// What those who change the training run: it needs PyTorch, gigabytes of it on Linux.
fn training() -> Result<()> {
    let mut steps = Steps::default();
    steps.run_with("training", needs::training_python, |python| {
        sh(pytest(&python, "training/tests").env("PYTHONPATH", "training"))
    });
    steps.close()
}

// ---- VST3 in a real host ----------------------------------------------------------------------

fn python_steps(steps: &mut Steps, vst3: &Path) {
    steps.run_with("VST3 in pedalboard", needs::host_python, |python| {
        let folder = places::target().join("presets");
        presets::write(&folder)?;
        sh(pytest(&python, "tests/python/test_vst3.py")
            .env("QUELL_VST3", vst3)
            .env("QUELL_VST3_PRESETS", presets::folder_under(&folder)))
    });
    let host_and_ardour = || needs::ardour().and_then(|()| needs::host_python());
    steps.run_with("VST3 in Ardour", host_and_ardour, |python| {
        sh(pytest(&python, "tests/python/test_ardour.py").env("QUELL_VST3", vst3))
    });
    // Each starts a screen and makes it the process's own.
    for test in [
        "a_hundred_openings_change_no_sample",
        "two_windows_at_once_change_no_sample",
        "a_hand_on_the_corner_resizes_the_window_through_the_host",
    ] {
        steps.run_with(&format!("CLAP windows under Xvfb: {test}"), needs::screen, |()| {
            // Of the whole workspace: alone the plugin would be built with other features, again.
            let run = ["test", "--workspace", "--test", "windows", test, "--"];
            sh(cargo(&run).arg("--ignored"))
        });
    }
    let host_and_screen = || needs::screen().and_then(|()| needs::host_python());
    steps.run_with("VST3 editor under Xvfb", host_and_screen, |python| {
        let screenshots = places::proof();
        std::fs::create_dir_all(&screenshots)?;
        sh(pytest(&python, "tests/python/test_editor.py")
            .env("QUELL_VST3", vst3)
            .env("QUELL_SCREENSHOTS", screenshots))
    });
    steps.run_with("a hand in the window under Xvfb", host_and_screen, |python| {
        sh(pytest(&python, "tests/python/test_hands.py")
            .env("QUELL_VST3", vst3)
            .env("QUELL_SCREENSHOTS", places::proof()))
    });
    reader_steps(steps, vst3);
}

/// The window as those meet it who hear it.
fn reader_steps(steps: &mut Steps, vst3: &Path) {
    let host_and_reader = || needs::reader().and_then(|()| needs::host_python());
    steps.run_with("a screen reader in the window under Xvfb", host_and_reader, |python| {
        sh(pytest(&python, "tests/python/test_access.py")
            .env("QUELL_VST3", vst3)
            .env("QUELL_SCREENSHOTS", places::proof()))
    });
    steps.run_with("a screen reader beside two CLAP windows", host_and_reader, |python| {
        let mut session = Command::new("dbus-run-session");
        session.arg("--").arg(python).args(["tests/python/access.py", "beside", "cargo", "test"]);
        let test = "two_windows_at_once_change_no_sample";
        sh(session.args(["--workspace", "--test", "windows", test, "--", "--ignored"]))
    });
}

/// The program of its own, with a sound server for a sound card.
fn program_step(steps: &mut Steps, program: &Path) {
    let all = || needs::jack().and_then(|()| needs::screen()).and_then(|()| needs::host_python());
    steps.run_with("the program in JACK under Xvfb", all, |python| {
        sh(pytest(&python, "tests/python/test_program.py")
            .env("QUELL_PROGRAM", program)
            .env("QUELL_SCREENSHOTS", places::proof()))
    });
}

pub(crate) fn pytest(python: &Path, path: &str) -> Command {
    let mut command = Command::new(python);
    // No cache: nothing is left in the source tree.
    command.args(["-m", "pytest", "-q", "-p", "no:cacheprovider", path]);
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

// ---- Other systems and other languages ----------------------------------------------------------

fn check_target(steps: &mut Steps, target: &str) {
    let name = format!("compiles for {target}");
    steps.run_with(
        &name,
        || needs::target(target),
        // What is only there, or only unused there, is named by the lints.
        |()| {
            sh(cargo(&["clippy", "--workspace", "--target", target]).args(["--", "-D", "warnings"]))
        },
    );
}
