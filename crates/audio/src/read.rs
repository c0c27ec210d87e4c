//! Audio files as a stream of blocks, whatever their format.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use symphonia::core::io::ReadOnlySource;

use crate::decode::Decoder;
use crate::error::{AudioError, ReadFault};
use crate::ffmpeg::{self, Decoded};
use crate::interrupt;
use crate::sound::{Audio, AudioSpec};
use crate::tags::Tags;
use crate::wav_read::{ByteSource, WavDecoder, WavError};

/// Endings of the files that can be read; what lies in them is found out by looking.
const ENDINGS: [&str; 13] = [
    "wav", "wave", "flac", "mp3", "ogg", "oga", "m4a", "aac", "alac", "aif", "aiff", "aifc", "caf",
];

/// Name of standard input on the command line.
pub const STDIN: &str = "-";
/// Name of standard input in errors.
const STDIN_NAME: &str = "standard input";

enum Inner {
    Wav(WavDecoder),
    Other(Box<Decoder>),
    Foreign(Box<Decoded>),
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
    pub fn open(path: &Path) -> Result<Self, AudioError> {
        if path.as_os_str() == STDIN {
            return Self::from_stdin();
        }
        Self::open_file(path)
    }

    /// Opens a file; `-` is a file of that name.
    pub fn open_file(path: &Path) -> Result<Self, AudioError> {
        inner_of_file(path)
            .and_then(|inner| Self::new(path, inner))
            .map_err(|fault| AudioError::read(path, fault))
    }

    /// Whatever comes through standard input, if it is WAV or another format that needs no seeking.
    fn from_stdin() -> Result<Self, AudioError> {
        let path = Path::new(STDIN_NAME);
        inner_of_stdin(path)
            .and_then(|inner| Self::new(path, inner))
            .map_err(|fault| AudioError::read(path, fault))
    }

    /// Bare samples from standard input.
    pub fn raw_stdin(spec: AudioSpec) -> Result<Self, AudioError> {
        let path = Path::new(STDIN_NAME);
        let decoder = WavDecoder::raw(Box::new(std::io::stdin()), spec);
        Self::new(path, Inner::Wav(decoder)).map_err(|fault| AudioError::read(path, fault))
    }

    fn new(path: &Path, inner: Inner) -> Result<Self, ReadFault> {
        let reader =
            Self { path: path.to_owned(), inner, n_read: 0, n_faults: 0, block: Vec::new() };
        if reader.n_frames() == Some(0) {
            return Err(ReadFault::NoSamples);
        }
        Ok(reader)
    }

    /// What the file holds.
    pub fn spec(&self) -> AudioSpec {
        match &self.inner {
            Inner::Wav(decoder) => decoder.spec,
            Inner::Other(decoder) => decoder.spec,
            Inner::Foreign(decoder) => decoder.wav.spec,
        }
    }

    /// Its tags.
    pub fn tags(&self) -> &Tags {
        match &self.inner {
            Inner::Wav(decoder) => &decoder.tags,
            Inner::Other(decoder) => &decoder.tags,
            Inner::Foreign(decoder) => &decoder.wav.tags,
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
            Inner::Foreign(decoder) => decoder.wav.n_frames,
        }
    }

    /// Samples so far that are no numbers (NaN or infinite).
    pub fn n_faults(&self) -> u64 {
        self.n_faults
    }

    /// The next block, `[channel][frame]`, or nothing at the end.
    pub fn next_block(&mut self) -> Result<Option<&mut [Vec<f32>]>, AudioError> {
        interrupt::check()?;
        let is_more = match &mut self.inner {
            Inner::Wav(decoder) => decoder
                .next_block(&mut self.block)
                .map_err(|error| ReadFault::CannotRead(error.kind())),
            Inner::Other(decoder) => decoder.next_block(&mut self.block),
            Inner::Foreign(decoder) => decoder.next_block(&mut self.block),
        };
        let is_more = is_more.map_err(|fault| AudioError::read(&self.path, fault))?;
        if !is_more {
            self.check_length().map_err(|fault| AudioError::read(&self.path, fault))?;
            return Ok(None);
        }
        self.n_read += self.block[0].len() as u64;
        let samples = self.block.iter().flatten();
        self.n_faults += samples.filter(|sample| !sample.is_finite()).count() as u64;
        Ok(Some(&mut self.block))
    }

    /// A file that ends before it said it would is refused: what is missing cannot be told from
    /// silence later.
    fn check_length(&self) -> Result<(), ReadFault> {
        if self.n_read == 0 {
            return Err(ReadFault::NoSamples);
        }
        match self.n_frames() {
            Some(n_frames) if self.n_read < n_frames => {
                let rate_hz = f64::from(self.spec().sample_rate_hz);
                let in_s = |n: u64| n as f64 / rate_hz;
                Err(ReadFault::CutShort { seconds: in_s(self.n_read), announced_s: in_s(n_frames) })
            }
            _ => Ok(()),
        }
    }
}

fn inner_of_file(path: &Path) -> Result<Inner, ReadFault> {
    let mut file = File::open(path).map_err(open_fault)?;
    let metadata = file.metadata().map_err(open_fault)?;
    if metadata.is_dir() {
        return Err(ReadFault::IsFolder);
    }
    if metadata.is_file() && metadata.len() == 0 {
        return Err(ReadFault::Empty);
    }
    let head = read_head(&mut file).map_err(open_fault)?;
    let is_stream = !metadata.is_file();
    match WavDecoder::open(&head, Box::new(file), is_stream) {
        Err(WavError::NotPcm) if is_stream => Err(ReadFault::PipeWithoutWav),
        Err(WavError::NotPcm) => inner_of_other(path),
        opened => wav_inner(opened),
    }
}

fn inner_of_other(path: &Path) -> Result<Inner, ReadFault> {
    let foreign = || Ok(Inner::Foreign(Box::new(Decoded::open(path)?)));
    if ffmpeg::is_wanted(path) {
        return foreign();
    }
    let file = File::open(path).map_err(open_fault)?;
    match Decoder::open(path, Box::new(file)) {
        // Opus in a file that is called .ogg, for one.
        Err(ReadFault::UnknownCoding | ReadFault::CannotDecode(_)) => foreign(),
        opened => Ok(Inner::Other(Box::new(opened?))),
    }
}

fn inner_of_stdin(path: &Path) -> Result<Inner, ReadFault> {
    let mut stdin = std::io::stdin();
    let head = read_head(&mut stdin).map_err(open_fault)?;
    if head.is_empty() {
        return Err(ReadFault::NothingPiped);
    }
    match WavDecoder::open(&head, Box::new(std::io::stdin()), true) {
        Err(WavError::NotPcm) => {
            let whole = Cursor::new(head).chain(stdin);
            let source = Box::new(ReadOnlySource::new(whole));
            Ok(Inner::Other(Box::new(Decoder::open(path, source)?)))
        }
        opened => wav_inner(opened),
    }
}

fn wav_inner(opened: Result<WavDecoder, WavError>) -> Result<Inner, ReadFault> {
    match opened {
        Ok(decoder) => Ok(Inner::Wav(decoder)),
        Err(WavError::NotPcm) => Err(ReadFault::Unknown),
        Err(WavError::Damaged(what)) => Err(ReadFault::Damaged(what)),
        Err(WavError::Io(kind)) => Err(ReadFault::CannotRead(kind)),
    }
}

/// The bytes that tell WAV from the rest.
fn read_head(source: &mut impl ByteSource) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(12);
    source.take(12).read_to_end(&mut head)?;
    Ok(head)
}

pub(crate) fn open_fault(error: std::io::Error) -> ReadFault {
    match error.kind() {
        std::io::ErrorKind::NotFound => ReadFault::Missing,
        std::io::ErrorKind::PermissionDenied => ReadFault::Forbidden,
        std::io::ErrorKind::IsADirectory => ReadFault::IsFolder,
        _ => ReadFault::CannotOpen(error),
    }
}

/// True for the name of a file that may be read; what lies in it decides.
pub fn has_readable_ending(path: &Path) -> bool {
    let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    ENDINGS.contains(&ending.as_str()) || ffmpeg::is_wanted(path)
}

/// Reads a whole file into memory.
pub fn read_all(path: &Path) -> Result<Audio, AudioError> {
    let mut reader = Reader::open(path)?;
    let mut channels = vec![Vec::new(); reader.spec().n_channels];
    while let Some(block) = reader.next_block()? {
        for (all, block) in channels.iter_mut().zip(block) {
            all.extend_from_slice(block);
        }
    }
    Ok(Audio { spec: reader.spec(), channels })
}
