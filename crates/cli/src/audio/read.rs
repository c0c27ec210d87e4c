//! Decoding of audio files, block by block.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use symphonia::core::audio::{Channels, GenericAudioBufferRef as Decoded};
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder};
use symphonia::core::errors::Error as DecodeError;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatReader, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream};

use super::{Audio, AudioSpec, SampleFormat};

/// Bits that a lossy file is taken to be worth when it is written again.
const LOSSY_BITS: u32 = 24;

/// An audio file being decoded.
pub struct Reader {
    path: PathBuf,
    format: Box<dyn FormatReader>,
    decoder: Box<dyn AudioDecoder>,
    track_id: u32,
    spec: AudioSpec,
    /// Frames that the file says it holds.
    n_frames: Option<u64>,
    n_read: u64,
    /// The block that was decoded last, `[channel][frame]`.
    block: Vec<Vec<f32>>,
    /// Decoded ahead to learn what the samples are.
    is_block_waiting: bool,
}

impl Reader {
    /// Opens a file and decodes its first block.
    pub fn open(path: &Path) -> Result<Self> {
        let name = path.display();
        let file = File::open(path).map_err(|error| open_error(path, &error))?;
        let metadata = file.metadata().with_context(|| format!("cannot read '{name}'"))?;
        if metadata.is_dir() {
            bail!("'{name}' is a folder: name a file, or add --recursive");
        }
        if metadata.is_file() && metadata.len() == 0 {
            bail!("'{name}' is empty (0 bytes): record or export it again");
        }
        Self::from_source(path, Box::new(file))
    }

    fn from_source(path: &Path, source: Box<dyn MediaSource>) -> Result<Self> {
        let name = path.display();
        let mut hint = Hint::new();
        if let Some(extension) = path.extension().and_then(|e| e.to_str()) {
            hint.with_extension(extension);
        }
        let stream = MediaSourceStream::new(source, Default::default());
        let format = symphonia::default::get_probe()
            .probe(&hint, stream, Default::default(), Default::default())
            .map_err(|error| not_audio(path, &error))?;
        let track = format
            .default_track(TrackType::Audio)
            .ok_or_else(|| anyhow!("'{name}' holds no sound: name a file that does"))?;
        let (track_id, n_frames) = (track.id, track.num_frames);
        let params = track
            .codec_params
            .as_ref()
            .and_then(|params| params.audio())
            .ok_or_else(|| anyhow!("'{name}' holds sound in an unknown coding: {CONVERT}"))?
            .clone();
        let decoder = symphonia::default::get_codecs()
            .make_audio_decoder(&params, &Default::default())
            .map_err(|error| anyhow!("'{name}' cannot be decoded ({error}): {CONVERT}"))?;
        let mut reader = Self {
            path: path.to_owned(),
            format,
            decoder,
            track_id,
            spec: AudioSpec::float(0, 0),
            n_frames,
            n_read: 0,
            block: Vec::new(),
            is_block_waiting: false,
        };
        reader.is_block_waiting = reader.decode_block()?;
        reader.spec = reader.describe(&params)?;
        Ok(reader)
    }

    /// What the file holds.
    pub fn spec(&self) -> AudioSpec {
        self.spec
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Frames that the file says it holds; it may say nothing.
    pub fn n_frames(&self) -> Option<u64> {
        self.n_frames
    }

    /// The next block, `[channel][frame]`, or nothing at the end.
    pub fn next_block(&mut self) -> Result<Option<&mut [Vec<f32>]>> {
        if !self.is_block_waiting && !self.decode_block()? {
            self.check_length()?;
            return Ok(None);
        }
        self.is_block_waiting = false;
        let n_channels = self.block.len();
        if n_channels != self.spec.n_channels {
            bail!(
                "'{}' changes from {} to {n_channels} channels on the way: split it first",
                self.path.display(),
                self.spec.n_channels
            );
        }
        self.n_read += self.block[0].len() as u64;
        Ok(Some(&mut self.block))
    }

    /// Decodes until there is a block with samples; false at the end of the file.
    fn decode_block(&mut self) -> Result<bool> {
        let name = self.path.display();
        loop {
            let packet = match self.format.next_packet() {
                Ok(Some(packet)) => packet,
                Ok(None) => return Ok(false),
                Err(DecodeError::IoError(error))
                    if error.kind() == std::io::ErrorKind::UnexpectedEof =>
                {
                    return Ok(false);
                }
                Err(error) => {
                    let at_s = self.n_read as f64 / f64::from(self.spec.sample_rate_hz.max(1));
                    bail!("'{name}' is damaged after {at_s:.1} s ({error}): {EXPORT_AGAIN}");
                }
            };
            if packet.track_id != self.track_id {
                continue;
            }
            let decoded = self.decoder.decode(&packet).map_err(|error| {
                let at_s = self.n_read as f64 / f64::from(self.spec.sample_rate_hz.max(1));
                anyhow!("'{name}' is damaged after {at_s:.1} s ({error}): {EXPORT_AGAIN}")
            })?;
            decoded.copy_to_vecs_planar(&mut self.block);
            if self.block.first().is_some_and(|channel| !channel.is_empty()) {
                return Ok(true);
            }
        }
    }

    fn describe(&self, params: &AudioCodecParameters) -> Result<AudioSpec> {
        let name = self.path.display();
        let decoded = self.decoder.last_decoded();
        let n_channels = self.block.len();
        if n_channels == 0 || !self.is_block_waiting {
            bail!("'{name}' holds no samples: record or export it again");
        }
        let channel_mask = match decoded.spec().channels() {
            // A single or a double bit says no more than 'mono' or 'stereo'.
            Channels::Positioned(positions) if n_channels > 2 => {
                (positions.bits() & 0x3_ffff) as u32
            }
            _ => 0,
        };
        Ok(AudioSpec {
            sample_rate_hz: decoded.spec().rate(),
            n_channels,
            channel_mask,
            format: self.sample_format(params),
        })
    }

    fn sample_format(&self, params: &AudioCodecParameters) -> SampleFormat {
        let codec = self.decoder.codec_info().short_name;
        let is_pcm = codec.starts_with("pcm");
        let is_exact = is_pcm || codec == "flac" || codec == "alac";
        let bits_of_type = match self.decoder.last_decoded() {
            Decoded::F32(_) | Decoded::F64(_) if is_pcm => return SampleFormat::Float,
            Decoded::U8(_) | Decoded::S8(_) => 8,
            Decoded::U16(_) | Decoded::S16(_) => 16,
            Decoded::U24(_) | Decoded::S24(_) => 24,
            _ => 32,
        };
        if !is_exact {
            return SampleFormat::Int { bits: LOSSY_BITS };
        }
        SampleFormat::Int { bits: params.bits_per_sample.unwrap_or(bits_of_type) }
    }

    /// A file that ends before it said it would is refused: what is missing cannot be told from
    /// silence later.
    fn check_length(&self) -> Result<()> {
        match self.n_frames {
            Some(n_frames) if self.n_read < n_frames => {
                let rate = f64::from(self.spec.sample_rate_hz.max(1));
                bail!(
                    "'{}' is cut short: it holds {:.2} s of the {:.2} s it announces: {}",
                    self.path.display(),
                    self.n_read as f64 / rate,
                    n_frames as f64 / rate,
                    EXPORT_AGAIN
                )
            }
            _ => Ok(()),
        }
    }
}

const CONVERT: &str = "convert it to WAV or FLAC first";
const EXPORT_AGAIN: &str = "copy or export it again";

fn open_error(path: &Path, error: &std::io::Error) -> anyhow::Error {
    let name = path.display();
    match error.kind() {
        std::io::ErrorKind::NotFound => {
            anyhow!("'{name}' does not exist: check the spelling and the folder")
        }
        std::io::ErrorKind::PermissionDenied => {
            anyhow!("'{name}' may not be read: change its permissions")
        }
        _ => anyhow!("'{name}' cannot be opened ({error}): check the disk"),
    }
}

fn not_audio(path: &Path, error: &DecodeError) -> anyhow::Error {
    anyhow!("'{}' is not an audio file that can be read ({error}): {CONVERT}", path.display())
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
