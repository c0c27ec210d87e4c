//! One file: learn the noise, denoise, write, report.

use std::time::Instant;

use anyhow::{Result, anyhow, bail};
use quell_audio::video::{Soundtrack, is_video};
use quell_audio::{AudioSpec, FileKind, Reader, WriteOptions, Writer};
use quell_core::{AlignedStream, Treatment};
use quell_lab::metrics::Meter;

use super::args::{DenoiseArgs, is_pipe};
use super::common::Common;
use super::plan::Job;
use super::report::FileReport;
use crate::progress::Progress;

/// Denoises one file, or the first soundtrack of a video.
pub(super) fn run(job: &Job, common: &Common, progress: &Progress) -> Result<FileReport> {
    if is_video(&job.output) {
        run_video(job, common, progress)
    } else {
        run_sound(job, common, progress)
    }
}

fn run_sound(job: &Job, common: &Common, progress: &Progress) -> Result<FileReport> {
    let started = Instant::now();
    let noise = common.noise.of_file(&job.input)?;
    let mut reader = match (&common.args.raw, is_pipe(&job.input)) {
        (Some(spec), true) => Reader::raw_stdin(*spec)?,
        _ => Reader::open(&job.input)?,
    };
    let spec = reader.spec();
    let treatment = Treatment {
        settings: &common.settings,
        mode: common.settings.latency,
        profile: noise.profile.as_ref(),
    };
    let rate_hz = f64::from(spec.sample_rate_hz);
    let mut stream = AlignedStream::new(rate_hz, spec.n_channels, &treatment)
        .map_err(|error| anyhow!("'{}': {error}", reader.path().display()))?;
    let latency_samples = stream.latency_samples();
    let options = write_options(job, common.args, &reader)?;
    let mut writer = if is_pipe(&job.output) {
        Writer::stdout(&options, reader.n_frames(), common.args.raw.is_some())?
    } else {
        Writer::create(&job.output, &options)?
    };
    let mut output = MeteredOutput::new(&spec);
    while let Some(block) = reader.next_block()? {
        let n_frames = block[0].len();
        output.expect(block);
        stream.process(block, &mut (), |out| output.write(out, &mut writer))?;
        progress.advance(n_frames, spec.sample_rate_hz);
    }
    stream.finish(&mut (), |out| output.write(out, &mut writer))?;
    refuse_faults(&reader, common.args)?;
    writer.finish()?;
    Ok(FileReport {
        input: job.input.clone(),
        output: job.output.clone(),
        spec,
        written_format: options.spec.format,
        n_frames: output.n_frames,
        n_faults: reader.n_faults(),
        latency_samples,
        levels: output.meter.levels(),
        is_removed: common.settings.monitor == quell_core::Monitor::Removed,
        noise,
        picture: None,
        elapsed: started.elapsed(),
    })
}

fn run_video(job: &Job, common: &Common, progress: &Progress) -> Result<FileReport> {
    let track = Soundtrack::extract(&job.input, &job.output)?;
    let sound = Job { input: track.sound(), output: track.changed() };
    let report = run_sound(&sound, common, progress)
        .map_err(|error| anyhow!("the sound of '{}': {error:#}", job.input.display()))?;
    track.put_back(common.args.picture)?;
    let picture = common.args.picture;
    Ok(FileReport { input: job.input.clone(), output: job.output.clone(), picture, ..report })
}

/// Format, tags and dither of the output.
fn write_options(job: &Job, args: &DenoiseArgs, reader: &Reader) -> Result<WriteOptions> {
    let source = reader.spec();
    let wanted = args.bits.unwrap_or(source.format);
    let format = match (&args.raw, is_pipe(&job.output)) {
        (Some(raw), true) => raw.format,
        (None, true) => FileKind::Wav.nearest_format(wanted),
        (_, false) => FileKind::of_path(&job.output)?.nearest_format(wanted),
    };
    if args.bits.is_some_and(|bits| bits != format) {
        bail!("'{}' cannot hold {wanted}: FLAC holds 16 or 24 bit", job.output.display());
    }
    let is_dithered = match args.dither.as_str() {
        "on" => true,
        "off" => false,
        _ => source.format.loses_in(format),
    };
    let spec = AudioSpec { format, ..source };
    Ok(WriteOptions { spec, tags: reader.tags().clone(), is_dithered })
}

/// Samples that are no numbers are a fault of what wrote them; silence in their place is a choice.
fn refuse_faults(reader: &Reader, args: &DenoiseArgs) -> Result<()> {
    let n_faults = reader.n_faults();
    if n_faults > 0 && !args.repair {
        bail!(
            "'{}' holds {n_faults} sample{} that {} no number (NaN or infinity): export it again, \
             or add --repair to take them as silence",
            reader.path().display(),
            if n_faults == 1 { "" } else { "s" },
            if n_faults == 1 { "is" } else { "are" }
        );
    }
    Ok(())
}

/// Writes the output and compares it with the input, which comes earlier by the latency.
struct MeteredOutput {
    meter: Meter,
    n_frames: u64,
    /// Input whose output has not come yet, `[channel][frame]`.
    pending: Vec<Vec<f32>>,
}

impl MeteredOutput {
    fn new(spec: &AudioSpec) -> Self {
        let pending = vec![Vec::new(); spec.n_channels];
        Self { meter: Meter::new(spec.sample_rate_hz), n_frames: 0, pending }
    }

    fn expect(&mut self, block: &[Vec<f32>]) {
        for (pending, block) in self.pending.iter_mut().zip(block) {
            pending.extend_from_slice(block);
        }
    }

    fn write(&mut self, out: &[&[f32]], writer: &mut Writer) -> Result<()> {
        let n_frames = out[0].len();
        let input: Vec<&[f32]> = self.pending.iter().map(|c| &c[..n_frames]).collect();
        self.meter.push(&input, out);
        for pending in &mut self.pending {
            pending.drain(..n_frames);
        }
        self.n_frames += n_frames as u64;
        Ok(writer.write(out)?)
    }
}
