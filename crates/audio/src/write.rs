//! Encoding of audio files: written beside the target and renamed once they are whole.

use std::io::{BufWriter, Stdout, Write};
use std::path::{Path, PathBuf};

use quell_files::{Draft, WriteError};

use crate::error::{AudioError, EncodeError, FormatLimit};
use crate::flac::FlacEncoder;
use crate::interrupt;
use crate::quantise::Dither;
use crate::sound::{Audio, AudioSpec, SampleFormat};
use crate::tags::Tags;
use crate::wav::{WavEncoder, interleave};

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
    pub fn of_path(path: &Path) -> Result<Self, AudioError> {
        let extension = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        match extension.as_str() {
            "wav" | "wave" => Ok(Self::Wav),
            "flac" => Ok(Self::Flac),
            _ => Err(AudioError::format(path, FormatLimit::Ending)),
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
    Wav(WavEncoder<BufWriter<Draft>>),
    Flac(Box<FlacEncoder<BufWriter<Draft>>>),
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
    pub fn create(path: &Path, options: &WriteOptions) -> Result<Self, AudioError> {
        let WriteOptions { spec, tags, is_dithered } = options;
        let kind = FileKind::of_path(path)?;
        let file = BufWriter::with_capacity(1 << 16, Draft::beside(path)?);
        let encoder = match kind {
            FileKind::Wav => WavEncoder::new(file, *spec, tags).map(Encoder::Wav),
            FileKind::Flac => {
                FlacEncoder::new(file, *spec, tags).map(|encoder| Encoder::Flac(Box::new(encoder)))
            }
        };
        let encoder = encoder.map_err(|error| error.at(path))?;
        Ok(Self { path: path.to_owned(), encoder, dither: Dither::new(*is_dithered) })
    }

    /// Starts a WAV stream, or bare samples, on standard output.
    pub fn stdout(
        options: &WriteOptions,
        n_frames: Option<u64>,
        is_raw: bool,
    ) -> Result<Self, AudioError> {
        let path = PathBuf::from("standard output");
        let mut out = BufWriter::with_capacity(1 << 16, std::io::stdout());
        if !is_raw {
            let header = crate::wav::header(&options.spec, &options.tags, n_frames);
            out.write_all(&header).map_err(|error| WriteError::of_io(&path, error))?;
        }
        let encoder = Encoder::Pipe { out, format: options.spec.format, bytes: Vec::new() };
        Ok(Self { path, encoder, dither: Dither::new(options.is_dithered) })
    }

    /// Appends a block, `[channel][frame]`.
    pub fn write(&mut self, block: &[&[f32]]) -> Result<(), AudioError> {
        let dither = &mut self.dither;
        let done = match &mut self.encoder {
            Encoder::Wav(encoder) => encoder.write(block, dither).map_err(EncodeError::Io),
            Encoder::Flac(encoder) => encoder.write(block, dither),
            Encoder::Pipe { out, format, bytes } => {
                bytes.clear();
                interleave(block, *format, dither, bytes);
                out.write_all(bytes).map_err(EncodeError::Io)
            }
        };
        done.map_err(|error| error.at(&self.path))
    }

    /// Completes the file and gives it its name.
    pub fn finish(self) -> Result<(), AudioError> {
        let path = &self.path;
        let file = match self.encoder {
            Encoder::Wav(encoder) => encoder.finish().map_err(EncodeError::Io),
            Encoder::Flac(encoder) => encoder.finish(),
            Encoder::Pipe { mut out, .. } => {
                return out.flush().map_err(|error| WriteError::of_io(path, error).into());
            }
        };
        let file = file.map_err(|error| error.at(path))?;
        let draft = file.into_inner().map_err(|e| WriteError::of_io(path, e.into_error()))?;
        interrupt::check()?;
        Ok(draft.finish()?)
    }
}

/// Writes a whole recording; the ending of the name chooses the format.
pub fn write_all(path: &Path, audio: &Audio) -> Result<(), AudioError> {
    let format = FileKind::of_path(path)?.nearest_format(audio.spec.format);
    let mut writer =
        Writer::create(path, &WriteOptions::plain(AudioSpec { format, ..audio.spec }))?;
    let channels: Vec<&[f32]> = audio.channels.iter().map(Vec::as_slice).collect();
    writer.write(&channels)?;
    writer.finish()
}
