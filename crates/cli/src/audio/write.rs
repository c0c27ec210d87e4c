//! Encoding of audio files: written beside the target and renamed once they are whole.

use std::io::{BufWriter, Stdout, Write};
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use tempfile::NamedTempFile;

use super::flac::FlacEncoder;
use super::quantise::Dither;
use super::tags::Tags;
use super::wav::{WavEncoder, interleave};
use super::{Audio, AudioSpec, SampleFormat};
use crate::files::{temporary_beside, write_error};
use crate::interrupt;

/// A file format that can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// RIFF WAVE, or RF64 beyond 4 GB.
    Wav,
    /// Free Lossless Audio Codec.
    Flac,
}

impl FileKind {
    /// The format that the ending of a file name stands for.
    pub fn of_path(path: &Path) -> Result<Self> {
        let extension = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        match extension.as_str() {
            "wav" | "wave" => Ok(Self::Wav),
            "flac" => Ok(Self::Flac),
            _ => bail!("'{}' cannot be written: end the name in .wav or .flac", path.display()),
        }
    }

    /// Ending of a file name, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Wav => "wav",
            Self::Flac => "flac",
        }
    }

    /// The sample format nearest to `wanted` that the file format can hold.
    pub fn nearest_format(self, wanted: SampleFormat) -> SampleFormat {
        match (self, wanted) {
            (Self::Flac, SampleFormat::Float) => SampleFormat::Int { bits: 24 },
            (Self::Flac, SampleFormat::Int { bits }) => {
                SampleFormat::Int { bits: bits.div_ceil(8).clamp(2, 3) * 8 }
            }
            (Self::Wav, SampleFormat::Int { bits }) => {
                SampleFormat::Int { bits: bits.div_ceil(8).clamp(1, 4) * 8 }
            }
            (Self::Wav, SampleFormat::Float) => SampleFormat::Float,
        }
    }
}

enum Encoder {
    Wav(WavEncoder<BufWriter<NamedTempFile>>),
    Flac(Box<FlacEncoder<BufWriter<NamedTempFile>>>),
    /// Standard output; with a header or without.
    Pipe {
        out: BufWriter<Stdout>,
        format: SampleFormat,
        bytes: Vec<u8>,
    },
}

/// Name of standard output on the command line.
pub const STDOUT: &str = "-";

/// How a file is written.
#[derive(Clone, Debug)]
pub struct WriteOptions {
    /// What the file holds.
    pub spec: AudioSpec,
    /// Tags that it gets.
    pub tags: Tags,
    /// Whether whole numbers are dithered.
    pub is_dithered: bool,
}

impl WriteOptions {
    /// Neither tags nor dither.
    pub fn plain(spec: AudioSpec) -> Self {
        Self { spec, tags: Tags::default(), is_dithered: false }
    }
}

/// An audio file being written; dropped before [`Self::finish`] it leaves nothing behind.
pub struct Writer {
    path: PathBuf,
    encoder: Encoder,
    dither: Dither,
}

impl Writer {
    /// Starts a file in the format its name stands for.
    pub fn create(path: &Path, options: &WriteOptions) -> Result<Self> {
        let WriteOptions { spec, tags, is_dithered } = options;
        let kind = FileKind::of_path(path)?;
        let temporary = temporary_beside(path)?;
        let file = BufWriter::with_capacity(1 << 16, temporary);
        let encoder = match kind {
            FileKind::Wav => WavEncoder::new(file, *spec, tags).map(Encoder::Wav),
            FileKind::Flac => {
                FlacEncoder::new(file, *spec, tags).map(|encoder| Encoder::Flac(Box::new(encoder)))
            }
        };
        let encoder = encoder.map_err(|error| write_error(path, error))?;
        Ok(Self { path: path.to_owned(), encoder, dither: Dither::new(*is_dithered) })
    }

    /// Starts a WAV stream, or bare samples, on standard output.
    pub fn stdout(options: &WriteOptions, n_frames: Option<u64>, is_raw: bool) -> Result<Self> {
        let path = PathBuf::from("standard output");
        let mut out = BufWriter::with_capacity(1 << 16, std::io::stdout());
        if !is_raw {
            let header = super::wav::header(&options.spec, &options.tags, n_frames);
            out.write_all(&header).map_err(|error| write_error(&path, error.into()))?;
        }
        let encoder = Encoder::Pipe { out, format: options.spec.format, bytes: Vec::new() };
        Ok(Self { path, encoder, dither: Dither::new(options.is_dithered) })
    }

    /// Appends a block, `[channel][frame]`.
    pub fn write(&mut self, block: &[&[f32]]) -> Result<()> {
        let dither = &mut self.dither;
        let done = match &mut self.encoder {
            Encoder::Wav(encoder) => encoder.write(block, dither),
            Encoder::Flac(encoder) => encoder.write(block, dither),
            Encoder::Pipe { out, format, bytes } => {
                bytes.clear();
                interleave(block, *format, dither, bytes);
                out.write_all(bytes).map_err(Into::into)
            }
        };
        done.map_err(|error| write_error(&self.path, error))
    }

    /// Completes the file and gives it its name.
    pub fn finish(self) -> Result<()> {
        let path = &self.path;
        let file = match self.encoder {
            Encoder::Wav(encoder) => encoder.finish(),
            Encoder::Flac(encoder) => encoder.finish(),
            Encoder::Pipe { mut out, .. } => {
                return out.flush().map_err(|error| write_error(path, error.into()));
            }
        };
        let file = file.map_err(|error| write_error(path, error))?;
        let temporary = file.into_inner().map_err(|e| write_error(path, e.into_error().into()))?;
        interrupt::check()?;
        temporary.persist(path).map_err(|error| write_error(path, error.error.into()))?;
        Ok(())
    }
}

/// Writes a whole recording; the ending of the name chooses the format.
pub fn write_all(path: &Path, audio: &Audio) -> Result<()> {
    let format = FileKind::of_path(path)?.nearest_format(audio.spec.format);
    let mut writer =
        Writer::create(path, &WriteOptions::plain(AudioSpec { format, ..audio.spec }))?;
    let channels: Vec<&[f32]> = audio.channels.iter().map(Vec::as_slice).collect();
    writer.write(&channels)?;
    writer.finish()
}
