//! `quell profile`: learn, show and convert noise profiles.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail};
use clap::{Args, Subcommand};
use quell_core::NoiseProfile;
use quell_core::config::PROFILE_BIN_HZ;
use quell_files::write_whole;
use quell_formats::sox;
use quell_lab::profile::{Octave, octaves, tones_hz};
use serde_json::json;

use crate::learn;
use crate::overwrite::Overwrite;
use crate::profile_file;
use crate::quiet;
use crate::units::TimeRange;

const EXAMPLES: &str = "\
Examples:
  quell profile learn hiss.wav -o hiss.json
  quell profile learn talk.wav -o room.json --range 0:00-0:02
  quell profile learn take1.wav take2.wav -o room.json --auto
  quell profile show hiss.json
  quell profile convert sox.noiseprof -o hiss.json --rate 44100
  quell denoise tape/*.wav -o clean/ --profile hiss.json

A profile holds a level and a spread every 25 Hz; it serves every sample rate, latency mode and
channel layout, in the plugin and here.";

/// Learn, show and convert noise profiles
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct ProfileArgs {
    #[command(subcommand)]
    command: ProfileCommand,
}

#[derive(Subcommand, Debug)]
enum ProfileCommand {
    /// Learn the noise of recordings and keep it as JSON
    Learn {
        /// Recordings of the same noise; several become one profile
        #[arg(value_name = "IN", required = true)]
        inputs: Vec<PathBuf>,
        /// Profile to write
        #[arg(short, long, value_name = "FILE.json")]
        output: PathBuf,
        /// Stretch that holds nothing but noise; without it the whole file does
        #[arg(long, value_name = "START-END", conflicts_with = "auto")]
        range: Option<TimeRange>,
        /// Find the quietest steady stretches
        #[arg(long)]
        auto: bool,
        #[command(flatten)]
        overwrite: Overwrite,
    },
    /// Tell what a profile holds
    Show {
        /// A profile, or a recording of noise
        #[arg(value_name = "PROFILE")]
        input: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Turn SoX noise profiles and recordings of noise into profiles, and profiles into CSV
    Convert {
        /// A SoX noise profile, a profile or a recording of noise
        #[arg(value_name = "IN")]
        input: PathBuf,
        /// Profile (.json) or table (.csv) to write
        #[arg(short, long, value_name = "OUT")]
        output: PathBuf,
        /// Sample rate that SoX had when it made the profile, which the file does not say
        #[arg(long, value_name = "HZ")]
        rate: Option<f64>,
        #[command(flatten)]
        overwrite: Overwrite,
    },
}

/// Runs `quell profile`.
pub fn run(args: &ProfileArgs) -> Result<()> {
    match &args.command {
        ProfileCommand::Learn { inputs, output, range, auto, overwrite } => {
            overwrite.allow([output.as_path()])?;
            let learn_one = |input: &PathBuf| match (range, auto) {
                (Some(range), _) => learn::from_ranges(input, &[*range]),
                (None, true) => Ok(quiet::learn(input)?.0),
                (None, false) => learn::from_file(input),
            };
            let parts = inputs.iter().map(learn_one).collect::<Result<Vec<_>>>()?;
            refuse_mixture(inputs, &parts)?;
            let learned = learn::pool(parts)?;
            profile_file::save(output, &learned)?;
            println!("{}: {}", output.display(), verdict(&learned));
            Ok(())
        }
        ProfileCommand::Show { input, json } => show(input, *json),
        ProfileCommand::Convert { input, output, rate, overwrite } => {
            overwrite.allow([output.as_path()])?;
            let profile = load_any(input, *rate)?;
            let extension = output.extension().unwrap_or_default().to_string_lossy().to_lowercase();
            match extension.as_str() {
                "json" => profile_file::save(output, &profile),
                "csv" => Ok(write_whole(output, to_csv(&profile).as_bytes())?),
                _ => {
                    bail!("'{}' cannot be written: end the name in .json or .csv", output.display())
                }
            }
        }
    }
}

/// Noise of several recordings is averaged bin by bin, so they must have the same bins and
/// channels.
fn refuse_mixture(inputs: &[PathBuf], parts: &[NoiseProfile]) -> Result<()> {
    let layout = |part: &NoiseProfile| (part.n_channels(), part.n_bins());
    for (input, part) in inputs.iter().zip(parts).skip(1) {
        if layout(part) != layout(&parts[0]) {
            bail!(
                "'{}' has another sample rate or number of channels than '{}': learn from \
                 recordings of one kind",
                input.display(),
                inputs[0].display()
            );
        }
    }
    Ok(())
}

/// Length, level, and what it was judged to be when it was made.
fn verdict(profile: &NoiseProfile) -> String {
    let about = profile.about();
    let level = about.level_dbfs.map(|level| format!(" at {level:.1} dBFS")).unwrap_or_default();
    let verdict = about.verdict.map_or_else(|| "unknown".to_owned(), |verdict| verdict.to_string());
    let (seconds, spread_db) = (profile.seconds(), profile.spread_db());
    format!("{seconds:.1} s of noise{level}, spread {spread_db:.1} dB ({verdict})")
}

/// A profile from a profile file, a SoX profile or a recording.
fn load_any(path: &Path, sox_rate_hz: Option<f64>) -> Result<NoiseProfile> {
    let is_json = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    if is_json {
        return profile_file::load(path);
    }
    match std::fs::read(path) {
        Ok(bytes) if bytes.starts_with(b"Channel ") => {
            let name = path.display();
            let rate_hz = sox_rate_hz.ok_or_else(|| {
                anyhow!(
                    "'{name}' is a SoX profile, which holds no sample rate: give it with --rate"
                )
            })?;
            sox::from_text(&String::from_utf8_lossy(&bytes), rate_hz)
                .map_err(|error| anyhow!("'{name}': {error}: make it again with 'sox noiseprof'"))
        }
        _ => learn::from_file(path),
    }
}

fn to_csv(profile: &NoiseProfile) -> String {
    let mut text = String::from("channel,frequency_hz,mean_db,std_db\n");
    for (idx, (mean_db, std_db)) in profile.mean_db().iter().zip(profile.std_db()).enumerate() {
        let (channel, bin) = (idx / profile.n_bins(), idx % profile.n_bins());
        let hz = bin as f64 * PROFILE_BIN_HZ;
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{},{hz},{mean_db},{std_db}", channel + 1);
    }
    text
}

fn show(path: &Path, is_json: bool) -> Result<()> {
    let profile = load_any(path, None)?;
    let (octaves, tones) = (octaves(&profile), tones_hz(&profile));
    let top_hz = (profile.n_bins() - 1) as f64 * PROFILE_BIN_HZ;
    if is_json {
        let octaves: serde_json::Value = octaves
            .iter()
            .map(|o| {
                json!({
                    "low_hz": o.low_hz, "high_hz": o.high_hz,
                    "level_dbfs": o.level_db, "spread_db": o.spread_db,
                })
            })
            .collect();
        let report = json!({
            "channels": profile.n_channels(), "seconds": profile.seconds(),
            "highest_hz": top_hz, "octaves": octaves, "tones_hz": tones,
        });
        println!("{report:#}");
        return Ok(());
    }
    println!(
        "{}: {} channel{}, 0 to {:.1} kHz, learned from {:.1} s",
        path.display(),
        profile.n_channels(),
        if profile.n_channels() == 1 { "" } else { "s" },
        top_hz / 1000.0,
        profile.seconds()
    );
    println!("{:>15}  {:>10}  {:>9}", "Hz", "level dBFS", "spread dB");
    for Octave { low_hz, high_hz, level_db, spread_db } in &octaves {
        let range = format!("{low_hz:.0} - {high_hz:.0}");
        println!("{range:>15}  {level_db:>10.1}  {spread_db:>9.1}  {}", bar(*level_db));
    }
    match &tones[..] {
        [] => println!("no tones stick out"),
        tones => {
            let shown: Vec<_> = tones.iter().take(12).map(|hz| format!("{hz:.0}")).collect();
            let more = if tones.len() > 12 { ", ..." } else { "" };
            println!("tones at {} Hz{more}", shown.join(", "));
        }
    }
    Ok(())
}

/// A bar of a character every 3 dB from −120 dBFS on.
fn bar(level_db: f64) -> String {
    "#".repeat(((level_db + 120.0) / 3.0).clamp(0.0, 40.0) as usize)
}
