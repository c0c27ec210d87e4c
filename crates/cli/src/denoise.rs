//! `quell denoise`.

mod job;
mod plan;
mod report;

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Result, anyhow, bail};
use clap::Args;
use quell_core::{Engine, LatencyMode, Settings};
use rayon::prelude::*;

use crate::learn;
use crate::preset::{self, Preset};
use crate::profile_file;
use crate::progress::Progress;
use crate::setting_flags::SettingFlags;
use crate::units::{TimeRange, parse_bits, parse_raw};
use job::Noise;
pub(crate) use plan::Job;
use quell_audio::video::is_video;
use quell_audio::{AudioSpec, FileKind, SampleFormat, interrupt};
use report::FileReport;

const EXAMPLES: &str = "\
Examples:
  quell denoise talk.wav -o clean.wav
      finds the noise by itself: the quietest steady stretches
  quell denoise talk.wav -o clean.wav --noise-range 0:00-0:02
      learns the noise from the first two seconds
  quell denoise tape/*.flac -o clean/ --noise hiss.wav --reduction 80 --mode studio
      many files, one noise, and a fifth of it left
  quell denoise talk.wav -o removed.wav --removed
      listen to what would be taken away
  quell denoise recordings/ --recursive -o clean/ --json > report.json
      a whole tree of folders, with a report
  arecord -f cd | quell denoise - -o - | aplay
      live, through pipes

Exit status: 0 all done, 1 something failed, 2 wrong usage, 130 interrupted.
Whatever fails leaves no half-written file behind.";

/// Take the noise out of files
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct DenoiseArgs {
    /// Files to denoise: WAV, FLAC, MP3, Ogg Vorbis, AAC/M4A, ALAC, AIFF, CAF; with ffmpeg on the
    /// PATH also MP4, MKV, MOV and WebM; '-' is standard input
    #[arg(required = true, value_name = "IN")]
    inputs: Vec<PathBuf>,
    /// File to write (.wav, .flac, a video for a video; '-' is WAV to standard output), or a folder
    /// for many
    #[arg(short, long, value_name = "OUT|DIR", required_unless_present = "in_place")]
    output: Option<PathBuf>,
    /// Replace every input by its output
    #[arg(long, conflicts_with = "output")]
    in_place: bool,
    /// Take all audio files in the folders named, and in those below them
    #[arg(short, long)]
    recursive: bool,
    /// Format of files written to a folder; without it WAV and FLAC stay what they are, and
    /// everything else becomes WAV
    #[arg(long, value_name = "wav|flac", value_parser = parse_kind)]
    format: Option<FileKind>,
    /// Depth of the output: 16, 24, 32 or 32f (floating point) [default: that of the input]
    #[arg(long, value_parser = parse_bits)]
    bits: Option<SampleFormat>,
    /// Dither whole numbers: auto (where the depth is lowered), on or off
    #[arg(long, value_name = "WHEN", default_value = "auto", value_parser = ["auto", "on", "off"])]
    dither: String,
    /// Standard input and output are bare samples, e.g. 48000,2,s16 (u8, s16, s24, s32 or f32)
    #[arg(long, value_name = "HZ,CHANNELS,FORMAT", value_parser = parse_raw)]
    raw: Option<AudioSpec>,
    /// Take samples that are no numbers (NaN, infinity) as silence instead of giving up
    #[arg(long)]
    repair: bool,
    /// Files to work on at the same time [default: one per core]
    #[arg(short, long, value_name = "N")]
    jobs: Option<usize>,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Print a report as JSON to standard output
    #[arg(long)]
    json: bool,
    /// Print nothing but errors
    #[arg(short, long)]
    quiet: bool,
    /// Take settings, latency mode and captured noise from a preset or saved state of the plugin;
    /// other flags go over it
    #[arg(long, value_name = "FILE")]
    preset: Option<PathBuf>,
    #[command(flatten)]
    noise: NoiseArgs,
    #[command(flatten)]
    sound: SettingFlags,
}

/// Where the noise is learned from.
#[derive(Args, Debug, Clone)]
#[command(next_help_heading = "Noise")]
#[group(multiple = false)]
struct NoiseArgs {
    /// Learn the noise from this file, which holds nothing but noise
    #[arg(long, value_name = "FILE")]
    noise: Option<PathBuf>,
    /// Learn the noise from this stretch of each input, e.g. 0:00-0:02 or 1.5-3
    #[arg(long, value_name = "START-END")]
    noise_range: Option<TimeRange>,
    /// Use a noise profile made by 'quell profile learn'
    #[arg(long, value_name = "FILE.json")]
    profile: Option<PathBuf>,
    /// Find the quietest steady stretches of each input and learn from them; this is what happens
    /// where nothing else is asked for
    #[arg(long)]
    auto: bool,
}

fn parse_kind(text: &str) -> Result<FileKind, String> {
    match text {
        "wav" => Ok(FileKind::Wav),
        "flac" => Ok(FileKind::Flac),
        _ => Err("expected wav or flac".into()),
    }
}

/// What holds for all files of a run.
struct Common<'a> {
    args: &'a DenoiseArgs,
    settings: Settings,
    mode: LatencyMode,
    noise: Noise,
}

/// Denoises every input.
pub fn run(args: &DenoiseArgs) -> Result<()> {
    check(args)?;
    let preset = args.preset.as_deref().map(preset::load).transpose()?;
    let base = preset.as_ref().map_or_else(usual_settings, |preset| preset.settings);
    let mode = preset.as_ref().map(|preset| preset.mode).unwrap_or_default();
    let settings = args.sound.apply(base);
    let notice = preset.as_ref().and_then(|preset| preset.model_notice(settings.engine));
    if let (Some(notice), Some(path), false) = (notice, &args.preset, args.quiet) {
        eprintln!("quell: '{}': {notice}", path.display());
    }
    let common = Common {
        args,
        settings,
        mode: args.sound.mode().unwrap_or(mode),
        noise: shared_noise(args, preset)?,
    };
    let jobs = plan::plan(args)?;
    if args.dry_run {
        return plan::print(&jobs, &common);
    }
    let n_threads = args.jobs.unwrap_or(0);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build()?;
    let progress = Progress::new(&jobs, args.quiet || args.json);
    let started = Instant::now();
    let results = pool.install(|| run_all(&jobs, &common, &progress));
    progress.finish();
    if args.json {
        println!("{:#}", report::to_json(&common, &jobs, &results, started.elapsed()));
    }
    tell_failures(results)
}

/// What is done where nothing else is asked for.
fn usual_settings() -> Settings {
    let mut settings = Settings::default();
    settings.choose_engine(Engine::Neural);
    settings
}

fn check(args: &DenoiseArgs) -> Result<()> {
    let is_stdout = args.output.as_deref().is_some_and(plan::is_pipe);
    if args.json && is_stdout {
        bail!("--json and '-o -' both want standard output: write the sound to a file");
    }
    if args.raw.is_some() && !args.inputs.iter().all(|input| plan::is_pipe(input)) {
        bail!("--raw describes standard input: name '-' as the input");
    }
    if args.sound.is_adaptive() && args.noise.is_given() {
        bail!("--adaptive follows the noise by itself: leave the other noise options out");
    }
    Ok(())
}

impl NoiseArgs {
    fn is_given(&self) -> bool {
        self.auto || self.noise.is_some() || self.noise_range.is_some() || self.profile.is_some()
    }
}

/// Learns or reads what is the same for all files.
fn shared_noise(args: &DenoiseArgs, preset: Option<Preset>) -> Result<Noise> {
    let NoiseArgs { noise, noise_range, profile, auto } = &args.noise;
    if args.sound.is_adaptive() {
        return Ok(Noise::Adaptive);
    }
    // A preset without captured noise follows it, as the plugin does.
    if let Some(preset) = preset.filter(|_| !args.noise.is_given()) {
        let path = args.preset.clone().unwrap_or_default();
        return Ok(preset.profile.map_or(Noise::Adaptive, |profile| Noise::Profile {
            path,
            profile: Box::new(profile),
        }));
    }
    Ok(match (noise, noise_range, profile) {
        (Some(path), _, _) => {
            Noise::File { path: path.clone(), learned: Box::new(learn::from_file(path)?) }
        }
        (_, Some(range), _) => Noise::Range(*range),
        (_, _, Some(path)) => {
            Noise::Profile { path: path.clone(), profile: Box::new(profile_file::load(path)?) }
        }
        _ => Noise::Auto { is_asked_for: *auto },
    })
}

fn run_all(jobs: &[Job], common: &Common, progress: &Progress) -> Vec<Result<FileReport>> {
    let n_done = AtomicUsize::new(0);
    jobs.par_iter()
        .map(|job| {
            interrupt::check()?;
            let done = if is_video(&job.output) {
                job::run_video(job, common, progress)
            } else {
                job::run(job, common, progress)
            };
            let n_done = n_done.fetch_add(1, Ordering::Relaxed) + 1;
            if let Ok(report) = &done {
                progress.say(&report.line(n_done, jobs.len()));
            }
            done
        })
        .collect()
}

/// One file fails with its own words; of many, each says its own and the sum comes last.
fn tell_failures(results: Vec<Result<FileReport>>) -> Result<()> {
    interrupt::check()?;
    let n_files = results.len();
    let mut errors: Vec<anyhow::Error> = results.into_iter().filter_map(Result::err).collect();
    if n_files == 1 || errors.is_empty() {
        return errors.pop().map_or(Ok(()), Err);
    }
    for error in &errors {
        eprintln!("quell: {error:#}");
    }
    Err(anyhow!("{} of {n_files} files failed; the others were written", errors.len()))
}
