//! `quell demo`: a voice beside a fan, through every engine and mode.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Result, anyhow};
use clap::Args;
use quell_audio::{Audio, read_all, write_all};
use quell_core::{Choice, Engine, LatencyMode, Settings, Treatment};
use quell_files::write_whole;
use quell_lab::picture::before_after;

use crate::learn;
use crate::units::TimeRange;

/// Two seconds of a fan alone, then a voice over it; its licence lies beside it.
const CLIP: &[u8] = include_bytes!("../assets/fan_and_voice.flac");
/// Where the fan is alone.
const NOISE: TimeRange = TimeRange { start_s: 0.0, end_s: 2.0 };

/// Hear and see what Quell does with a voice beside a fan
#[derive(Args, Debug)]
pub struct DemoArgs {
    /// Folder that takes sound and picture
    #[arg(short, long, value_name = "DIR", default_value = "quell-demo")]
    output: PathBuf,
}

/// Runs `quell demo`.
pub fn run(args: &DemoArgs) -> Result<()> {
    let folder = &args.output;
    std::fs::create_dir_all(folder).map_err(|error| {
        anyhow!("'{}' cannot be created ({error}): choose another with -o", folder.display())
    })?;
    let original = folder.join("before.flac");
    write_whole(&original, CLIP)?;
    let noisy = read_all(&original)?;
    println!(
        "{:>8} {:>9} {:>11} {:>11} {:>11}",
        "engine", "mode", "noise dB", "latency ms", "x realtime"
    );
    for engine in Engine::ALL {
        for mode in LatencyMode::ALL {
            quell_audio::interrupt::check()?;
            let clean = denoise(folder, &original, &noisy, engine, mode)?;
            if engine == Engine::default() && mode == LatencyMode::default() {
                let rate_hz = f64::from(noisy.spec.sample_rate_hz);
                let title = "Quell: a voice beside a fan";
                let picture = folder.join("before-after.png");
                before_after(&picture, &noisy.mono(), &clean.mono(), rate_hz, title)?;
            }
        }
    }
    println!("\nsound and picture: {}", folder.display());
    Ok(())
}

/// Denoises the clip, writes it and prints its row.
fn denoise(
    folder: &Path,
    original: &Path,
    noisy: &Audio,
    engine: Engine,
    mode: LatencyMode,
) -> Result<Audio> {
    let started = Instant::now();
    let learned = learn::from_ranges(original, &[NOISE])?;
    let settings = Settings { engine, ..Settings::default() };
    let rate_hz = f64::from(noisy.spec.sample_rate_hz);
    let treatment = Treatment { settings: &settings, mode, profile: Some(&learned) };
    let channels = quell_core::denoise(&noisy.channels, rate_hz, &treatment)?;
    let speed = noisy.seconds() / started.elapsed().as_secs_f64();
    let clean = Audio { spec: noisy.spec, channels };
    let name = format!("after-{}-{}.flac", engine.id(), mode.id());
    write_all(&folder.join(name), &clean)?;
    let drop_db = level_db(noisy) - level_db(&clean);
    let geometry = quell_core::Geometry::for_rate(rate_hz)?;
    let latency_ms = geometry.latency_samples(mode) as f64 * 1000.0 / geometry.sample_rate_hz;
    println!(
        "{:>8} {:>9} {:>11.1} {latency_ms:>11.0} {speed:>11.0}",
        engine.id(),
        mode.id(),
        -drop_db
    );
    Ok(clean)
}

/// Level while the fan is alone, dBFS; the first half second is left to the engine.
fn level_db(audio: &Audio) -> f64 {
    let at = |seconds: f64| (seconds * f64::from(audio.spec.sample_rate_hz)) as usize;
    let samples = &audio.channels[0][at(0.5)..at(NOISE.end_s)];
    let power = samples.iter().map(|&s| f64::from(s) * f64::from(s)).sum::<f64>();
    10.0 * (power / samples.len() as f64 + 1e-20).log10()
}
