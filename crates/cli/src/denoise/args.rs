//! The flags of `quell denoise`.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::Args;
use quell_audio::video::Picture;
use quell_audio::{AudioSpec, FileKind, STDIN, STDOUT, SampleFormat};

use crate::overwrite::Overwrite;
use crate::setting_flags::SettingFlags;
use crate::units::{TimeRange, parse_bits, parse_raw};

const EXAMPLES: &str = "\
Examples:
  quell denoise talk.wav -o clean.wav
      finds the noise by itself: the quietest steady stretches
  quell denoise talk.wav -o clean.wav --noise-range 0:00-0:02
      learns the noise from the first two seconds
  quell denoise tape/*.flac -o clean/ --noise hiss.wav --reduction 14 --latency studio
      many files, one noise, and a fifth of it left
  quell denoise talk.wav -o removed.wav --removed
      listen to what would be taken away
  quell denoise recordings/ --recursive -o clean/ --json > report.json
      a whole tree of folders, with a report
  quell denoise party.mp4 -o clean.mp4 --picture medium
      a video, its frames too
  arecord -f cd | quell denoise - -o - | aplay
      live, through pipes

Exit status: 0 all done, 1 something failed, 2 wrong usage, 130 interrupted.
Whatever fails leaves no half-written file behind.";

/// Take the noise out of files
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct DenoiseArgs {
    /// Files to denoise: WAV, FLAC, MP3, Ogg Vorbis, AAC/M4A, ALAC, AIFF, CAF; with ffmpeg on the
    /// PATH also Opus, WMA, AMR, APE, WavPack, AC-3 and the sound of MP4, MKV, MOV and WebM; '-' is
    /// standard input
    #[arg(required = true, value_name = "IN")]
    pub(super) inputs: Vec<PathBuf>,
    /// File to write (.wav, .flac, a video for a video; '-' is WAV to standard output), or a folder
    /// for many
    #[arg(short, long, value_name = "OUT|DIR", required_unless_present = "in_place")]
    pub(super) output: Option<PathBuf>,
    /// Replace every input by its output
    #[arg(long, conflicts_with = "output")]
    pub(super) in_place: bool,
    #[command(flatten)]
    pub(super) overwrite: Overwrite,
    /// Take all audio files in the folders named, and in those below them; others are named
    #[arg(short, long)]
    pub(super) recursive: bool,
    /// Format of files written to a folder; without it WAV and FLAC stay what they are, and
    /// everything else becomes WAV
    #[arg(long, value_name = "wav|flac", value_parser = parse_kind)]
    pub(super) format: Option<FileKind>,
    /// Depth of the output: 16, 24, 32 or 32f (floating point) [default: that of the input]
    #[arg(long, value_parser = parse_bits)]
    pub(super) bits: Option<SampleFormat>,
    /// Dither whole numbers: auto (where the depth is lowered), on or off
    #[arg(long, value_name = "WHEN", default_value = "auto", value_parser = ["auto", "on", "off"])]
    pub(super) dither: String,
    /// Standard input and output are bare samples, e.g. 48000,2,s16 (u8, s16, s24, s32 or f32)
    #[arg(long, value_name = "HZ,CHANNELS,FORMAT", value_parser = parse_raw)]
    pub(super) raw: Option<AudioSpec>,
    /// Take samples that are no numbers (NaN, infinity) as silence instead of giving up
    #[arg(long)]
    pub(super) repair: bool,
    /// Files to work on at the same time [default: one per core]
    #[arg(short, long, value_name = "N")]
    pub(super) jobs: Option<usize>,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Print a report as JSON to standard output
    #[arg(long)]
    pub(super) json: bool,
    /// Print nothing but errors
    #[arg(short, long)]
    pub(super) quiet: bool,
    /// Take settings, latency mode and captured noise from a preset that comes with Quell (voice,
    /// podcast, stream, cassette, vinyl, hum, field-recording) or from a preset or saved state of
    /// the plugin; other flags go over it. Without captured noise it is followed; --auto learns it
    #[arg(long, value_name = "NAME|FILE")]
    pub(super) preset: Option<PathBuf>,
    /// Also take the noise out of the frames of videos, with ffmpeg: light, medium or strong
    #[arg(long, value_name = "STRENGTH", value_parser = parse_picture)]
    pub(super) picture: Option<Picture>,
    #[command(flatten)]
    pub(super) noise: NoiseArgs,
    #[command(flatten)]
    pub(super) sound: SettingFlags,
}

/// Where the noise is learned from.
#[derive(Args, Debug, Clone)]
#[command(next_help_heading = "Noise")]
#[group(multiple = false)]
pub(super) struct NoiseArgs {
    /// Learn the noise from this file, which holds nothing but noise
    #[arg(long, value_name = "FILE")]
    pub(super) noise: Option<PathBuf>,
    /// Learn the noise from this stretch of each input, e.g. 0:00-0:02 or 1.5-3
    #[arg(long, value_name = "START-END")]
    pub(super) noise_range: Option<TimeRange>,
    /// Use a noise profile made by 'quell profile learn'
    #[arg(long, value_name = "FILE.json")]
    pub(super) profile: Option<PathBuf>,
    /// Find the quietest steady stretches of each input and learn from them; this is what happens
    /// where nothing else is asked for
    #[arg(long)]
    pub(super) auto: bool,
}

fn parse_kind(text: &str) -> Result<FileKind, String> {
    match text {
        "wav" => Ok(FileKind::Wav),
        "flac" => Ok(FileKind::Flac),
        _ => Err("expected wav or flac".into()),
    }
}

fn parse_picture(text: &str) -> Result<Picture, String> {
    let found = Picture::ALL.into_iter().find(|picture| picture.id() == text);
    found.ok_or_else(|| "expected light, medium or strong".into())
}

impl DenoiseArgs {
    /// Refuses what contradicts itself.
    pub(super) fn check(&self) -> Result<()> {
        let is_stdout = self.output.as_deref().is_some_and(is_pipe);
        if self.json && is_stdout {
            bail!("--json and '-o -' both want standard output: write the sound to a file");
        }
        if self.raw.is_some() && !self.inputs.iter().all(|input| is_pipe(input)) {
            bail!("--raw describes standard input: name '-' as the input");
        }
        if self.sound.is_adaptive() && self.noise.is_given() {
            bail!("--adaptive follows the noise by itself: leave the other noise options out");
        }
        Ok(())
    }
}

impl NoiseArgs {
    /// True where any of them was chosen.
    pub(super) fn is_given(&self) -> bool {
        self.auto || self.noise.is_some() || self.noise_range.is_some() || self.profile.is_some()
    }
}

/// True for the name of standard input or output.
pub(super) fn is_pipe(path: &Path) -> bool {
    path.as_os_str() == STDIN || path.as_os_str() == STDOUT
}
