//! The LADSPA plugin in hosts of others: what one is told of it, that another makes the same
//! samples of a recording as `quell denoise`, and what `quell mic` makes of it in PipeWire.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::needs;
use crate::places;
use crate::steps::{Steps, cargo, sh};
use crate::test::pytest;

pub(crate) fn run(steps: &mut Steps) {
    if !cfg!(target_os = "linux") {
        return;
    }
    let needs = || needs::packages(&["ladspa-sdk", "ffmpeg"]);
    steps.run_with("LADSPA in analyseplugin and ffmpeg", needs, |()| test());
    let pipewire = || needs::pipewire().and_then(|()| needs::host_python());
    steps.run_with("quell mic in PipeWire", pipewire, |python| microphone(&python));
}

/// A microphone called Quell, in a PipeWire of its own with dummy devices.
fn microphone(python: &Path) -> Result<()> {
    build()?;
    let built = |name: &str| places::target().join("debug").join(name);
    sh(pytest(python, "tests/python/test_mic.py")
        .env("QUELL_CLI", built("quell"))
        .env("QUELL_LADSPA", built("libquell_ladspa.so")))
}

/// With the features that the tests of the workspace have built everything with.
fn build() -> Result<()> {
    sh(&mut cargo(&["build", "--workspace", "--lib", "--bins"]))
}

/// The same by itself.
pub(crate) fn run_alone(args: &[String]) -> Result<()> {
    ensure!(args.is_empty(), "ladspa takes no options");
    let mut steps = Steps::default();
    run(&mut steps);
    steps.close()
}

fn test() -> Result<()> {
    build()?;
    let library = places::target().join("debug/libquell_ladspa.so");
    let output = Command::new("analyseplugin").arg(&library).output()?;
    let told = String::from_utf8_lossy(&output.stdout);
    for label in ["quell_mono", "quell_stereo"] {
        ensure!(told.contains(&format!("Plugin Label: \"{label}\"")), "no {label} in:\n{told}");
    }
    let folder = places::target().join("ladspa");
    std::fs::create_dir_all(&folder)?;
    let [noisy, theirs, ours] =
        ["noisy", "ffmpeg", "quell"].map(|name| folder.join(format!("{name}.wav")));
    let demo = Path::new("crates/cli/assets/fan_and_voice.flac");
    ffmpeg(demo, &[], &noisy)?;
    let filter = format!("ladspa=file={}:plugin=quell_mono", library.display());
    ffmpeg(&noisy, &["-af", &filter], &theirs)?;
    sh(Command::new(places::target().join("debug/quell"))
        .args(["denoise", "--adaptive", "--force", "-o"])
        .args([&ours, &noisy]))?;
    let read = |path: &Path| {
        quell_audio::read_all(path).with_context(|| format!("cannot read '{}'", path.display()))
    };
    let (theirs, ours) = (read(&theirs)?, read(&ours)?);
    // The plugin is 40 ms late, and a host like this one does not make up for it.
    let latency = ours.spec.sample_rate_hz as usize / 25;
    let (late, sound) = (&theirs.channels[0][latency..], &ours.channels[0]);
    ensure!(late.iter().any(|sample| *sample != 0.0), "ffmpeg heard nothing");
    ensure!(late == &sound[..late.len()], "ffmpeg and `quell denoise` differ");
    println!("{} samples are the same in ffmpeg and `quell denoise`", late.len());
    Ok(())
}

fn ffmpeg(from: &Path, more: &[&str], to: &Path) -> Result<()> {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-y", "-i"]).arg(from).args(more);
    sh(command.args(["-c:a", "pcm_f32le"]).arg(to))
}
