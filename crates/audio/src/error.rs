//! What can be wrong with a sound file: which file, why, and what to do about it.

use std::fmt;
use std::io::{self, ErrorKind};
use std::path::Path;

use quell_files::WriteError;

/// Advice for what cannot be read.
const CONVERT: &str = "convert it to WAV or FLAC first";
/// Advice for what is broken.
const EXPORT_AGAIN: &str = "copy or export it again";

/// Highest rate that FLAC can hold, 20 bits.
pub const MAX_FLAC_RATE_HZ: u32 = 655_350;

/// Why a sound file could not be read or written.
#[derive(Debug)]
#[non_exhaustive]
pub enum AudioError {
    /// It cannot be read.
    Read {
        /// The file, or `standard input`.
        name: String,
        /// What is wrong with it.
        fault: ReadFault,
    },
    /// Its format cannot hold the sound.
    Format {
        /// The file, or `standard output`.
        name: String,
        /// What the format lacks.
        limit: FormatLimit,
    },
    /// It cannot be written.
    Write(WriteError),
    /// It is a video, and its sound cannot be taken out or put back.
    Video {
        /// The video.
        name: String,
        /// What went wrong.
        fault: VideoFault,
    },
    /// Somebody asked for an end: [`crate::interrupt::request`].
    Interrupted,
}

/// What is wrong with a file that is read.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReadFault {
    /// There is none of this name.
    Missing,
    /// The user may not read it.
    Forbidden,
    /// It is a folder.
    IsFolder,
    /// The system cannot open it.
    CannotOpen(io::Error),
    /// The system cannot read on.
    CannotRead(ErrorKind),
    /// It has no bytes.
    Empty,
    /// Nothing came through standard input.
    NothingPiped,
    /// A pipe passes only once, which only WAV can live with.
    PipeWithoutWav,
    /// No decoder knows it.
    Unknown,
    /// It holds no sound.
    NoSound,
    /// Its sound is in a coding without a decoder.
    UnknownCoding,
    /// Its coding takes ffmpeg, and there is none on the PATH.
    NoFfmpeg,
    /// Its decoder refuses it, for this reason.
    CannotDecode(String),
    /// It breaks the rules of WAV.
    Damaged(&'static str),
    /// Its decoder gives up on the way.
    DamagedAt {
        /// How far it was read, seconds.
        seconds: f64,
        /// What the decoder says.
        reason: String,
    },
    /// Its decoder leaves something out, for this reason.
    DamagedSomewhere(String),
    /// It holds no samples.
    NoSamples,
    /// It ends before it said it would.
    CutShort {
        /// What it holds, seconds.
        seconds: f64,
        /// What it announces, seconds.
        announced_s: f64,
    },
    /// It changes its channels on the way.
    ChannelsChange {
        /// Channels at first.
        from: usize,
        /// Channels later.
        to: usize,
    },
}

/// What a file format cannot hold.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum FormatLimit {
    /// The ending of the name stands for no format that is written.
    Ending,
    /// FLAC: floating point.
    FlacFloat,
    /// FLAC: more than 8 channels.
    FlacChannels(usize),
    /// FLAC: rates beyond [`MAX_FLAC_RATE_HZ`].
    FlacRate(u32),
    /// WAV: none or more than 65,535 channels.
    WavChannels(usize),
    /// What the encoder of FLAC says.
    FlacEncoder(String),
}

/// What went wrong with a video.
#[derive(Debug)]
#[non_exhaustive]
pub enum VideoFault {
    /// There is none of this name.
    Missing,
    /// There is no `ffmpeg` on the PATH.
    NoFfmpeg,
    /// `ffmpeg` does not start.
    CannotStart(io::Error),
    /// `ffmpeg` finds no sound, for this reason.
    NoSound(String),
    /// `ffmpeg` cannot put it together again, for this reason.
    NotPutTogether(String),
}

impl AudioError {
    pub(crate) fn read(path: &Path, fault: ReadFault) -> Self {
        Self::Read { name: path.display().to_string(), fault }
    }

    pub(crate) fn format(path: &Path, limit: FormatLimit) -> Self {
        Self::Format { name: path.display().to_string(), limit }
    }

    pub(crate) fn video(path: &Path, fault: VideoFault) -> Self {
        Self::Video { name: path.display().to_string(), fault }
    }
}

impl From<WriteError> for AudioError {
    fn from(error: WriteError) -> Self {
        Self::Write(error)
    }
}

/// What an encoder meets; whoever knows the file gives it its name.
#[derive(Debug)]
pub(crate) enum EncodeError {
    Io(io::Error),
    Limit(FormatLimit),
}

impl EncodeError {
    pub(crate) fn at(self, path: &Path) -> AudioError {
        match self {
            Self::Io(error) => WriteError::of_io(path, error).into(),
            Self::Limit(limit) => AudioError::format(path, limit),
        }
    }
}

impl From<io::Error> for EncodeError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<FormatLimit> for EncodeError {
    fn from(limit: FormatLimit) -> Self {
        Self::Limit(limit)
    }
}

impl fmt::Display for AudioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read { name, fault } => write!(f, "'{name}' {fault}"),
            Self::Format { name, limit } => write!(f, "'{name}' cannot be written: {limit}"),
            Self::Write(error) => write!(f, "{error}"),
            Self::Video { name, fault } => write!(f, "'{name}' {fault}"),
            Self::Interrupted => write!(f, "interrupted; nothing half-written was left behind"),
        }
    }
}

impl std::error::Error for AudioError {}

impl fmt::Display for ReadFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => write!(f, "does not exist: check the spelling and the folder"),
            Self::Forbidden => write!(f, "may not be read: change its permissions"),
            Self::IsFolder => write!(f, "is a folder: name a file in it"),
            Self::CannotOpen(error) => write!(f, "cannot be opened ({error}): check the disk"),
            Self::CannotRead(kind) => write!(f, "cannot be read ({kind}): check the disk"),
            Self::Empty => write!(f, "is empty (0 bytes): {EXPORT_AGAIN}"),
            Self::NothingPiped => write!(f, "is empty: pipe a WAV file into it"),
            Self::PipeWithoutWav => write!(f, "is a pipe and holds no WAV: {CONVERT}"),
            Self::Unknown => write!(f, "is not an audio file that can be read: {CONVERT}"),
            Self::NoSound => write!(f, "holds no sound: name a file that does"),
            Self::UnknownCoding => write!(f, "holds sound in an unknown coding: {CONVERT}"),
            Self::NoFfmpeg => write!(
                f,
                "takes ffmpeg to be read: install it and put it on the PATH, or {CONVERT}"
            ),
            Self::CannotDecode(reason) => write!(f, "cannot be decoded ({reason}): {CONVERT}"),
            Self::Damaged(what) => write!(f, "is damaged ({what}): {EXPORT_AGAIN}"),
            Self::DamagedAt { seconds, reason } => {
                write!(f, "is damaged after {seconds:.2} s ({reason}): {EXPORT_AGAIN}")
            }
            Self::DamagedSomewhere(reason) => write!(f, "is damaged ({reason}): {EXPORT_AGAIN}"),
            Self::NoSamples => write!(f, "holds no samples: {EXPORT_AGAIN}"),
            Self::CutShort { seconds, announced_s } => write!(
                f,
                "is cut short: it holds {seconds:.2} s of the {announced_s:.2} s it announces: \
                 {EXPORT_AGAIN}"
            ),
            Self::ChannelsChange { from, to } => {
                write!(f, "changes from {from} to {to} channels on the way: split it first")
            }
        }
    }
}

impl fmt::Display for FormatLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ending => write!(f, "end the name in .wav or .flac"),
            Self::FlacFloat => {
                write!(f, "FLAC holds whole numbers only: write WAV, or lower the depth")
            }
            Self::FlacChannels(n) => write!(f, "FLAC holds 8 channels, not {n}: write WAV"),
            Self::FlacRate(hz) => {
                write!(f, "FLAC holds rates up to {MAX_FLAC_RATE_HZ} Hz, not {hz}: write WAV")
            }
            Self::WavChannels(n) => write!(f, "a WAV file holds 1 to 65535 channels, not {n}"),
            Self::FlacEncoder(reason) => write!(f, "FLAC encoder: {reason}"),
        }
    }
}

impl fmt::Display for VideoFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => write!(f, "does not exist: check the spelling and the folder"),
            Self::NoFfmpeg => write!(
                f,
                "is a video, which takes ffmpeg: install it and put it on the PATH, or take the \
                 sound out of the video first"
            ),
            Self::CannotStart(error) => {
                write!(f, "is a video, and ffmpeg cannot be started ({error})")
            }
            Self::NoSound(reason) => write!(
                f,
                "holds no sound that ffmpeg can read ({reason}): check it with ffmpeg itself"
            ),
            Self::NotPutTogether(reason) => write!(
                f,
                "cannot be put together again by ffmpeg ({reason}): check it with ffmpeg itself"
            ),
        }
    }
}
