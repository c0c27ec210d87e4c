//! Audio files as a stream of blocks, whatever their format.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use symphonia::core::io::ReadOnlySource;

use super::decode::Decoder;
use super::tags::Tags;
use super::wav_read::{ByteSource, WavDecoder, WavError};
use super::{Audio, AudioSpec};
use crate::interrupt;

/// Advice for what cannot be read.
pub(super) const CONVERT: &str = "convert it to WAV or FLAC first";
/// Advice for what is broken.
pub(super) const EXPORT_AGAIN: &str = "copy or export it again";

/// Name of standard input on the command line.
pub const STDIN: &str = "-";

enum Inner {
    Wav(WavDecoder),
    Other(Box<Decoder>),
}

/// An audio file being read.
pub struct Reader {
    path: PathBuf,
    inner: Inner,
    n_read: u64,
    /// Samples so far that are no numbers.
    n_faults: u64,
    /// The block that was decoded last, `[channel][frame]`.
    block: Vec<Vec<f32>>,
}

impl Reader {
    /// Opens a file, or standard input for `-`.
    pub fn open(path: &Path) -> Result<Self> {
        if path.as_os_str() == STDIN {
            return Self::from_stdin();
        }
        Self::open_file(path)
    }

    /// Opens a file; `-` is a file of that name.
    pub fn open_file(path: &Path) -> Result<Self> {
        let name = path.display();
        let mut file = File::open(path).map_err(|error| open_error(path, &error))?;
        let metadata = file.metadata().with_context(|| format!("cannot read '{name}'"))?;
        if metadata.is_dir() {
            bail!("'{name}' is a folder: name a file in it, or add --recursive");
        }
        if metadata.is_file() && metadata.len() == 0 {
            bail!("'{name}' is empty (0 bytes): {EXPORT_AGAIN}");
        }
        let head = read_head(&mut file).map_err(|error| open_error(path, &error))?;
        let is_stream = !metadata.is_file();
        let inner = match WavDecoder::open(&head, Box::new(file), is_stream) {
            Ok(decoder) => Inner::Wav(decoder),
            Err(WavError::NotPcm) if is_stream => {
                bail!("'{name}' is a pipe and holds no WAV: {CONVERT}")
            }
            Err(WavError::NotPcm) => {
                let file = File::open(path).map_err(|error| open_error(path, &error))?;
                Inner::Other(Box::new(Decoder::open(path, Box::new(file))?))
            }
            Err(error) => return Err(wav_error(path, &error)),
        };
        Self::new(path, inner)
    }

    /// Whatever comes through standard input, if it is WAV or another format that needs no seeking.
    fn from_stdin() -> Result<Self> {
        let path = Path::new("standard input");
        let mut stdin = std::io::stdin();
        let head = read_head(&mut stdin).map_err(|error| open_error(path, &error))?;
        if head.is_empty() {
            bail!("'standard input' is empty: pipe a WAV file into it");
        }
        let inner = match WavDecoder::open(&head, Box::new(std::io::stdin()), true) {
            Ok(decoder) => Inner::Wav(decoder),
            Err(WavError::NotPcm) => {
                let whole = Cursor::new(head).chain(stdin);
                let source = Box::new(ReadOnlySource::new(whole));
                Inner::Other(Box::new(Decoder::open(path, source)?))
            }
            Err(error) => return Err(wav_error(path, &error)),
        };
        Self::new(path, inner)
    }

    /// Bare samples from standard input.
    pub fn raw_stdin(spec: AudioSpec) -> Result<Self> {
        let decoder = WavDecoder::raw(Box::new(std::io::stdin()), spec);
        Self::new(Path::new("standard input"), Inner::Wav(decoder))
    }

    fn new(path: &Path, inner: Inner) -> Result<Self> {
        let reader =
            Self { path: path.to_owned(), inner, n_read: 0, n_faults: 0, block: Vec::new() };
        if reader.n_frames() == Some(0) {
            bail!("'{}' holds no samples: {EXPORT_AGAIN}", path.display());
        }
        Ok(reader)
    }

    /// What the file holds.
    pub fn spec(&self) -> AudioSpec {
        match &self.inner {
            Inner::Wav(decoder) => decoder.spec,
            Inner::Other(decoder) => decoder.spec,
        }
    }

    /// Its tags.
    pub fn tags(&self) -> &Tags {
        match &self.inner {
            Inner::Wav(decoder) => &decoder.tags,
            Inner::Other(decoder) => &decoder.tags,
        }
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Frames that the file says it holds; it may say nothing.
    pub fn n_frames(&self) -> Option<u64> {
        match &self.inner {
            Inner::Wav(decoder) => decoder.n_frames,
            Inner::Other(decoder) => decoder.n_frames,
        }
    }

    /// Samples so far that are no numbers (NaN or infinite).
    pub fn n_faults(&self) -> u64 {
        self.n_faults
    }

    /// The next block, `[channel][frame]`, or nothing at the end.
    pub fn next_block(&mut self) -> Result<Option<&mut [Vec<f32>]>> {
        interrupt::check()?;
        let is_more = match &mut self.inner {
            Inner::Wav(decoder) => decoder.next_block(&mut self.block).map_err(|error| {
                anyhow!("'{}' cannot be read ({error}): check the disk", self.path.display())
            })?,
            Inner::Other(decoder) => decoder.next_block(&mut self.block)?,
        };
        if !is_more {
            self.check_length()?;
            return Ok(None);
        }
        self.n_read += self.block[0].len() as u64;
        let samples = self.block.iter().flatten();
        self.n_faults += samples.filter(|sample| !sample.is_finite()).count() as u64;
        Ok(Some(&mut self.block))
    }

    /// A file that ends before it said it would is refused: what is missing cannot be told from
    /// silence later.
    fn check_length(&self) -> Result<()> {
        let name = self.path.display();
        if self.n_read == 0 {
            bail!("'{name}' holds no samples: {EXPORT_AGAIN}");
        }
        match self.n_frames() {
            Some(n_frames) if self.n_read < n_frames => {
                let rate = f64::from(self.spec().sample_rate_hz);
                bail!(
                    "'{name}' is cut short: it holds {:.2} s of the {:.2} s it announces: {}",
                    self.n_read as f64 / rate,
                    n_frames as f64 / rate,
                    EXPORT_AGAIN
                )
            }
            _ => Ok(()),
        }
    }
}

/// The bytes that tell WAV from the rest.
fn read_head(source: &mut impl ByteSource) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(12);
    source.take(12).read_to_end(&mut head)?;
    Ok(head)
}

fn open_error(path: &Path, error: &std::io::Error) -> anyhow::Error {
    let name = path.display();
    match error.kind() {
        std::io::ErrorKind::NotFound => {
            anyhow!("'{name}' does not exist: check the spelling and the folder")
        }
        std::io::ErrorKind::PermissionDenied => {
            anyhow!("'{name}' may not be read: change its permissions")
        }
        std::io::ErrorKind::IsADirectory => {
            anyhow!("'{name}' is a folder: name a file in it, or add --recursive")
        }
        _ => anyhow!("'{name}' cannot be opened ({error}): check the disk"),
    }
}

fn wav_error(path: &Path, error: &WavError) -> anyhow::Error {
    let name = path.display();
    match error {
        WavError::NotPcm => anyhow!("'{name}' holds no PCM: {CONVERT}"),
        WavError::Damaged(what) => anyhow!("'{name}' is damaged ({what}): {EXPORT_AGAIN}"),
        WavError::Io(kind) => anyhow!("'{name}' cannot be read ({kind}): check the disk"),
    }
}

/// Reads a whole file into memory.
pub fn read_all(path: &Path) -> Result<Audio> {
    let mut reader = Reader::open(path)?;
    let mut channels = vec![Vec::new(); reader.spec().n_channels];
    while let Some(block) = reader.next_block()? {
        for (all, block) in channels.iter_mut().zip(block) {
            all.extend_from_slice(block);
        }
    }
    Ok(Audio { spec: reader.spec(), channels })
}
