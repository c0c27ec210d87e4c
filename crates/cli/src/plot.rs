//! `quell plot`.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail};
use clap::Args;
use quell_audio::{Audio, read_all};
use quell_core::{Geometry, LatencyMode, Monitor, Settings, Treatment, denoise_into};
use quell_lab::picture::{PictureKind, Recorder, Steps, draw_steps, overview};

use crate::overwrite::Overwrite;
use crate::setting_flags::{PLOTTED_ENGINE, SettingFlags};
use crate::units::TimeRange;
use crate::{learn, quiet};

const EXAMPLES: &str = "\
Examples:
  quell plot talk.wav -o talk.png
  quell plot talk.wav -o steps.svg --steps --noise-range 0:00-0:02
  quell plot talk.wav -o steps.png --steps --engine classic --latency studio

With --steps every stage is drawn: the noise, its mean, spread and threshold by frequency, how the
mask is smoothed where it is, the signal, the mask, what is recovered and what was taken away.";

/// Longest recording whose steps are drawn: the mask of every frame is kept, seconds.
const MAX_STEPS_S: f64 = 600.0;

/// Draw a recording, or every step from noisy to clean
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct PlotArgs {
    /// The recording
    #[arg(value_name = "IN")]
    input: PathBuf,
    /// Picture to write (.png or .svg)
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    /// Draw every step of the gate
    #[arg(long)]
    steps: bool,
    /// Title [default: the name of the file]
    #[arg(long)]
    title: Option<String>,
    /// Learn the noise from this file
    #[arg(long, value_name = "FILE", requires = "steps", conflicts_with = "noise_range")]
    noise: Option<PathBuf>,
    /// Learn the noise from this stretch; without it the quietest stretches are found
    #[arg(long, value_name = "START-END", requires = "steps")]
    noise_range: Option<TimeRange>,
    #[command(flatten)]
    overwrite: Overwrite,
    #[command(flatten)]
    sound: SettingFlags,
}

/// Runs `quell plot`.
pub fn run(args: &PlotArgs) -> Result<()> {
    PictureKind::of_path(&args.output)?;
    args.overwrite.allow([args.output.as_path()])?;
    let audio = read_all(&args.input)?;
    let name = args.input.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let title = args.title.clone().unwrap_or(name);
    let rate_hz = f64::from(audio.spec.sample_rate_hz);
    Geometry::for_rate(rate_hz).map_err(|error| anyhow!("'{}': {error}", args.input.display()))?;
    if !args.steps {
        return Ok(overview(&args.output, &audio.mono(), rate_hz, &title)?);
    }
    if audio.seconds() > MAX_STEPS_S {
        bail!(
            "'{}' is {:.0} s long, too long for a picture of its steps: cut out up to {MAX_STEPS_S} s",
            args.input.display(),
            audio.seconds()
        );
    }
    let usual = Settings { engine: PLOTTED_ENGINE, ..Settings::default() };
    let settings = Settings { monitor: Monitor::Denoised, ..args.sound.apply(usual) };
    let mode = settings.latency;
    let (noise, ranges) = noise_of(args, &audio)?;
    let learned = match &args.noise {
        Some(path) => learn::from_file(path)?,
        None => learn::from_ranges(&args.input, &ranges)?,
    };
    let mut recorder = Recorder::default();
    let treatment = Treatment { settings: &settings, mode, profile: Some(&learned) };
    let mut recovered =
        Audio { spec: audio.spec, channels: vec![Vec::new(); audio.channels.len()] };
    let out = &mut recovered.channels;
    denoise_into(&audio.channels, rate_hz, &treatment, &mut recorder, out)?;
    let steps = Steps {
        sample_rate_hz: rate_hz,
        noise: &noise.mono(),
        noise_rate_hz: f64::from(noise.spec.sample_rate_hz),
        profile: &learned,
        signal: &audio.mono(),
        recovered: &recovered.mono(),
        frames: recorder.finish(mode.look_ahead_frames()),
        settings: &settings,
        has_look_ahead: mode == LatencyMode::Studio,
    };
    Ok(draw_steps(&args.output, &title, &steps)?)
}

/// The noise itself, for its picture, and where in the recording it stands.
fn noise_of(args: &PlotArgs, audio: &Audio) -> Result<(Audio, Vec<TimeRange>)> {
    if let Some(path) = &args.noise {
        return Ok((read_all(path)?, Vec::new()));
    }
    let ranges = match args.noise_range {
        Some(range) => vec![range],
        None => quiet::find(&args.input)?,
    };
    Ok((cut(audio, &ranges, &args.input)?, ranges))
}

fn cut(audio: &Audio, ranges: &[TimeRange], path: &Path) -> Result<Audio> {
    let to_frame = |seconds: f64| (seconds * f64::from(audio.spec.sample_rate_hz)).round() as usize;
    let mut channels = vec![Vec::new(); audio.channels.len()];
    for range in ranges {
        let (first, end) = (to_frame(range.start_s), to_frame(range.end_s));
        if end > audio.n_frames() {
            bail!("'{}' ends before the noise range {range} does", path.display());
        }
        for (out, channel) in channels.iter_mut().zip(&audio.channels) {
            out.extend_from_slice(&channel[first..end]);
        }
    }
    Ok(Audio { spec: audio.spec, channels })
}
