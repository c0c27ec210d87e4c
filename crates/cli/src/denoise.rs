//! `quell denoise`.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail};
use clap::Args;
use quell_core::{Denoiser, LatencyMode, NoiseProfile, Settings, StreamSpec};

use crate::audio::{AudioSpec, FileKind, Reader, Writer};
use crate::learn;
use crate::setting_flags::SettingFlags;
use crate::units::TimeRange;

/// Take the noise out of files
#[derive(Args, Debug)]
pub struct DenoiseArgs {
    /// Files to denoise: WAV, FLAC, MP3, Ogg Vorbis, AAC/M4A, AIFF, CAF
    #[arg(required = true, value_name = "IN")]
    inputs: Vec<PathBuf>,
    /// File to write (.wav or .flac), or a folder that takes all files under their own names
    #[arg(short, long, value_name = "OUT|DIR")]
    output: PathBuf,
    /// Learn the noise from this file, which holds nothing but noise
    #[arg(long, value_name = "FILE", conflicts_with = "noise_range")]
    noise: Option<PathBuf>,
    /// Learn the noise from this stretch of each input, e.g. 0:00-0:02
    #[arg(long, value_name = "START-END")]
    noise_range: Option<TimeRange>,
    #[command(flatten)]
    sound: SettingFlags,
}

/// Denoises every input.
pub fn run(args: &DenoiseArgs) -> Result<()> {
    let settings = args.sound.apply(Settings::default());
    let mode = args.sound.mode().unwrap_or_default();
    let noise = args.noise.as_deref().map(|path| learn::from_file(path, None)).transpose()?;
    for input in &args.inputs {
        let output = output_path(args, input)?;
        let of_range = args.noise_range.map(|range| learn::from_file(input, Some(range)));
        let learned = of_range.transpose()?.or_else(|| noise.clone());
        denoise_file(input, &output, mode, &settings, learned.as_ref().map(|l| &l.profile))?;
    }
    Ok(())
}

fn output_path(args: &DenoiseArgs, input: &Path) -> Result<PathBuf> {
    if !args.output.is_dir() {
        if args.inputs.len() > 1 {
            bail!(
                "'{}' is no folder: {} inputs need one to be written to",
                args.output.display(),
                args.inputs.len()
            );
        }
        return Ok(args.output.clone());
    }
    let name = input.file_name().ok_or_else(|| anyhow!("'{}' is no file", input.display()))?;
    let output = args.output.join(name);
    Ok(match FileKind::of_path(&output) {
        Ok(_) => output,
        Err(_) => output.with_extension(FileKind::Wav.extension()),
    })
}

fn denoise_file(
    input: &Path,
    output: &Path,
    mode: LatencyMode,
    settings: &Settings,
    profile: Option<&NoiseProfile>,
) -> Result<()> {
    let mut reader = Reader::open(input)?;
    let spec = reader.spec();
    let format = FileKind::of_path(output)?.nearest_format(spec.format);
    let mut stream = AlignedStream::new(&spec, mode, settings, profile)
        .map_err(|error| anyhow!("'{}': {error}", input.display()))?;
    let mut writer = Writer::create(output, AudioSpec { format, ..spec })?;
    while let Some(block) = reader.next_block()? {
        stream.process(block, |out| writer.write(out))?;
    }
    stream.finish(|out| writer.write(out))?;
    writer.finish()
}

/// A denoiser whose output starts and ends with its input.
pub struct AlignedStream {
    denoiser: Denoiser,
    settings: Settings,
    /// Frames of output still to be dropped.
    n_to_skip: usize,
}

impl AlignedStream {
    /// A stream for sound of this rate and layout.
    pub fn new(
        spec: &AudioSpec,
        mode: LatencyMode,
        settings: &Settings,
        profile: Option<&NoiseProfile>,
    ) -> Result<Self> {
        let mut denoiser = Denoiser::new(StreamSpec {
            sample_rate_hz: f64::from(spec.sample_rate_hz),
            n_channels: spec.n_channels,
            n_noise_channels: 0,
            mode,
        })?;
        denoiser.set_profile(profile);
        Ok(Self { n_to_skip: denoiser.latency_samples(), denoiser, settings: *settings })
    }

    /// Denoises a block in place and passes on what belongs to the output.
    pub fn process(
        &mut self,
        block: &mut [Vec<f32>],
        mut emit: impl FnMut(&[&[f32]]) -> Result<()>,
    ) -> Result<()> {
        let mut io: Vec<&mut [f32]> = block.iter_mut().map(Vec::as_mut_slice).collect();
        self.denoiser.process(&mut io, None, &self.settings, &mut ());
        let n_frames = block.first().map_or(0, Vec::len);
        let n_skipped = self.n_to_skip.min(n_frames);
        self.n_to_skip -= n_skipped;
        if n_skipped < n_frames {
            let out: Vec<&[f32]> = block.iter().map(|channel| &channel[n_skipped..]).collect();
            emit(&out)?;
        }
        Ok(())
    }

    /// Pushes the end of the sound out with silence, as long as the latency.
    pub fn finish(mut self, emit: impl FnMut(&[&[f32]]) -> Result<()>) -> Result<()> {
        let latency = self.denoiser.latency_samples();
        let mut silence = vec![vec![0.0; latency]; self.denoiser.spec().n_channels];
        self.process(&mut silence, emit)
    }
}
