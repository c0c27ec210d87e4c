//! Every format but PCM in WAV, through symphonia.

use std::path::Path;

use symphonia::core::audio::{Channels, GenericAudioBufferRef as Decoded};
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder};
use symphonia::core::errors::Error as DecodeError;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatReader, TrackType};
use symphonia::core::io::{MediaSource, MediaSourceStream};

use crate::error::ReadFault;
use crate::sound::{AudioSpec, SampleFormat};
use crate::tags::Tags;

/// Bits that a lossy file is taken to be worth when it is written again.
const LOSSY_BITS: u32 = 24;

/// Decodes the first audio track of a file.
pub(crate) struct Decoder {
    format: Box<dyn FormatReader>,
    decoder: Box<dyn AudioDecoder>,
    track_id: u32,
    pub(crate) spec: AudioSpec,
    /// Frames that the file says it holds; it may say nothing.
    pub(crate) n_frames: Option<u64>,
    pub(crate) tags: Tags,
    n_read: u64,
    /// The first block, decoded ahead to learn what the samples are.
    first: Option<Vec<Vec<f32>>>,
}

impl Decoder {
    /// Recognises the format and decodes the first block.
    pub(crate) fn open(path: &Path, source: Box<dyn MediaSource>) -> Result<Self, ReadFault> {
        let mut hint = Hint::new();
        if let Some(extension) = path.extension().and_then(|e| e.to_str()) {
            hint.with_extension(extension);
        }
        let stream = MediaSourceStream::new(source, Default::default());
        let mut format = symphonia::default::get_probe()
            .probe(&hint, stream, Default::default(), Default::default())
            .map_err(|_| ReadFault::Unknown)?;
        let mut tags = Tags::default();
        if let Some(revision) = format.metadata().skip_to_latest() {
            tags.add_revision(revision);
        }
        let track = format.default_track(TrackType::Audio).ok_or(ReadFault::NoSound)?;
        let (track_id, n_frames) = (track.id, track.num_frames);
        let params = track
            .codec_params
            .as_ref()
            .and_then(|params| params.audio())
            .ok_or(ReadFault::UnknownCoding)?
            .clone();
        let decoder = symphonia::default::get_codecs()
            .make_audio_decoder(&params, &Default::default())
            .map_err(|error| ReadFault::CannotDecode(error.to_string()))?;
        let spec = AudioSpec::float(0, 0);
        let mut decoder =
            Self { format, decoder, track_id, spec, n_frames, tags, n_read: 0, first: None };
        let mut first = Vec::new();
        if !decoder.decode_block(&mut first)? {
            return Err(ReadFault::NoSamples);
        }
        decoder.spec = decoder.describe(&params, first.len());
        decoder.first = Some(first);
        Ok(decoder)
    }

    /// Decodes the next block; false at the end.
    pub(crate) fn next_block(&mut self, block: &mut Vec<Vec<f32>>) -> Result<bool, ReadFault> {
        if let Some(first) = self.first.take() {
            *block = first;
            return Ok(true);
        }
        let is_more = self.decode_block(block)?;
        let (from, to) = (self.spec.n_channels, block.len());
        if is_more && from != to {
            return Err(ReadFault::ChannelsChange { from, to });
        }
        Ok(is_more)
    }

    fn decode_block(&mut self, block: &mut Vec<Vec<f32>>) -> Result<bool, ReadFault> {
        loop {
            let packet = match self.format.next_packet() {
                Ok(Some(packet)) => packet,
                Ok(None) => return Ok(false),
                Err(DecodeError::IoError(error))
                    if error.kind() == std::io::ErrorKind::UnexpectedEof =>
                {
                    return Ok(false);
                }
                Err(error) => return Err(self.damage(&error)),
            };
            if packet.track_id != self.track_id {
                continue;
            }
            let decoded = match self.decoder.decode(&packet) {
                Ok(decoded) => decoded,
                Err(error) => return Err(self.damage(&error)),
            };
            decoded.copy_to_vecs_planar(block);
            let n_frames = block.first().map_or(0, Vec::len);
            self.n_read += n_frames as u64;
            if n_frames > 0 {
                return Ok(true);
            }
        }
    }

    fn damage(&self, error: &DecodeError) -> ReadFault {
        let seconds = self.n_read as f64 / f64::from(self.spec.sample_rate_hz.max(1));
        ReadFault::DamagedAt { seconds, reason: error.to_string() }
    }

    fn describe(&self, params: &AudioCodecParameters, n_channels: usize) -> AudioSpec {
        let decoded = self.decoder.last_decoded();
        let channel_mask = match decoded.spec().channels() {
            // One or two speakers say no more than 'mono' or 'stereo'; WAV knows 18 of them.
            Channels::Positioned(positions) if n_channels > 2 => {
                (positions.bits() & 0x3_ffff) as u32
            }
            _ => 0,
        };
        AudioSpec {
            sample_rate_hz: decoded.spec().rate(),
            n_channels,
            channel_mask,
            format: self.sample_format(params),
        }
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
        // ALAC decodes to 32 bits whatever it holds; its description tells the depth in byte 5.
        let of_alac = params.extra_data.as_ref().filter(|_| codec == "alac");
        let of_alac = of_alac.and_then(|description| description.get(5)).map(|&b| u32::from(b));
        let bits = of_alac
            .or(params.bits_per_sample)
            .filter(|bits| (1..=32).contains(bits))
            .unwrap_or(bits_of_type);
        SampleFormat::Int { bits: if is_exact { bits } else { LOSSY_BITS } }
    }
}
