//! PCM from WAV, RF64 and BW64 files, and from bare samples; any number of channels.

use std::io::{ErrorKind, Read, Seek, SeekFrom};

use crate::sound::{AudioSpec, SampleFormat};
use crate::tags::Tags;

/// Frames in a block.
const BLOCK_LEN: usize = 8192;
/// Chunks without sound beyond this size are not carried along, bytes.
const MAX_KEPT_CHUNK: u64 = 1 << 20;
/// Chunks without sound that stay true when the sound keeps its length.
const KEPT_CHUNKS: [&[u8; 4]; 6] = [b"LIST", b"bext", b"iXML", b"cue ", b"smpl", b"id3 "];

/// Why bytes are not WAV, or cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum WavError {
    /// Not a WAV file at all, or one whose coding is not PCM.
    NotPcm,
    /// A WAV file that breaks the rules.
    Damaged(&'static str),
    /// Reading failed.
    Io(ErrorKind),
}

impl From<std::io::Error> for WavError {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            ErrorKind::UnexpectedEof => Self::Damaged("its header is cut off"),
            kind => Self::Io(kind),
        }
    }
}

/// How a sample lies in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    U8,
    /// Little-endian whole numbers of so many bytes.
    Int(usize),
    F32,
    F64,
}

impl Coding {
    fn n_bytes(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::Int(n_bytes) => n_bytes,
            Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    fn decode(self, bytes: &[u8]) -> f32 {
        match self {
            Self::U8 => (f32::from(bytes[0]) - 128.0) / 128.0,
            Self::Int(n_bytes) => {
                // Left-aligned, so that every depth has one scale.
                let mut word = [0u8; 4];
                word[4 - n_bytes..].copy_from_slice(bytes);
                (f64::from(i32::from_le_bytes(word)) / 2_147_483_648.0) as f32
            }
            Self::F32 => f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]),
            Self::F64 => {
                let mut word = [0u8; 8];
                word.copy_from_slice(bytes);
                f64::from_le_bytes(word) as f32
            }
        }
    }
}

/// A source of bytes; only files can be seeked in.
pub(crate) trait ByteSource: Read {
    /// Moves to a position from the start; false where that cannot be done.
    fn try_seek(&mut self, position: u64) -> bool;
}

impl ByteSource for std::fs::File {
    fn try_seek(&mut self, position: u64) -> bool {
        self.seek(SeekFrom::Start(position)).is_ok()
    }
}

impl ByteSource for std::io::Stdin {
    fn try_seek(&mut self, _: u64) -> bool {
        false
    }
}

/// Decodes PCM block by block.
pub(crate) struct WavDecoder {
    source: Box<dyn ByteSource>,
    coding: Coding,
    pub(crate) spec: AudioSpec,
    /// Frames that the header announces; nothing in a stream of unknown length.
    pub(crate) n_frames: Option<u64>,
    pub(crate) tags: Tags,
    n_read: u64,
    bytes: Vec<u8>,
}

impl WavDecoder {
    /// Reads the header; `head` are the bytes of the source that were already taken.
    pub(crate) fn open(
        head: &[u8],
        mut source: Box<dyn ByteSource>,
        is_stream: bool,
    ) -> Result<Self, WavError> {
        if head.len() < 12 || &head[8..12] != b"WAVE" {
            return Err(WavError::NotPcm);
        }
        let is_64 = match &head[..4] {
            b"RIFF" => false,
            b"RF64" | b"BW64" => true,
            _ => return Err(WavError::NotPcm),
        };
        let mut position = 12u64;
        let mut data_len_64 = None;
        let mut format = None;
        let mut tags = Tags::default();
        let data_len = loop {
            let (id, len) = read_chunk_head(&mut source)?;
            position += 8;
            match &id {
                b"data" => break len,
                b"fmt " => format = Some(parse_format(&read_body(&mut source, len.into())?)?),
                b"ds64" if is_64 => {
                    let body = read_body(&mut source, len.into())?;
                    let field =
                        body.get(8..16).ok_or(WavError::Damaged("its ds64 is too short"))?;
                    data_len_64 = field.try_into().ok().map(u64::from_le_bytes);
                    skip(&mut source, u64::from(len % 2))?;
                }
                _ => keep_or_skip(&mut source, id, len, &mut tags)?,
            }
            position += u64::from(len) + u64::from(len % 2);
        };
        let (coding, spec) = format.ok_or(WavError::Damaged("it has no format chunk"))?;
        let data_len = match data_len_64 {
            Some(long) if data_len == u32::MAX => Some(long),
            // Programs that write to a pipe cannot know the length and put these instead.
            _ if data_len == u32::MAX || (data_len == 0 && is_stream) => None,
            _ => Some(u64::from(data_len)),
        };
        if let Some(len) = data_len.filter(|_| !is_stream) {
            read_trailing_chunks(&mut source, position, len, &mut tags);
        }
        let frame_bytes = (coding.n_bytes() * spec.n_channels) as u64;
        let n_frames = data_len.map(|len| len / frame_bytes);
        Ok(Self { source, coding, spec, n_frames, tags, n_read: 0, bytes: Vec::new() })
    }

    /// Bare samples without a header.
    pub(crate) fn raw(source: Box<dyn ByteSource>, spec: AudioSpec) -> Self {
        let coding = match spec.format {
            SampleFormat::Float => Coding::F32,
            SampleFormat::Int { bits: ..=8 } => Coding::U8,
            SampleFormat::Int { bits } => Coding::Int(bits.div_ceil(8) as usize),
        };
        let tags = Tags::default();
        Self { source, coding, spec, n_frames: None, tags, n_read: 0, bytes: Vec::new() }
    }

    /// Decodes the next block; false at the end.
    pub(crate) fn next_block(&mut self, block: &mut Vec<Vec<f32>>) -> std::io::Result<bool> {
        let n_left = self.n_frames.map_or(u64::MAX, |n_frames| n_frames - self.n_read);
        let n_wanted = n_left.min(BLOCK_LEN as u64) as usize;
        let sample_bytes = self.coding.n_bytes();
        let frame_bytes = sample_bytes * self.spec.n_channels;
        self.bytes.resize(n_wanted * frame_bytes, 0);
        let n_bytes = read_fully(&mut self.source, &mut self.bytes)?;
        let n_frames = n_bytes / frame_bytes;
        self.n_read += n_frames as u64;
        block.resize_with(self.spec.n_channels, Vec::new);
        for (channel_idx, channel) in block.iter_mut().enumerate() {
            let first = channel_idx * sample_bytes;
            channel.clear();
            channel.extend(
                self.bytes[..n_frames * frame_bytes]
                    .chunks_exact(frame_bytes)
                    .map(|frame| self.coding.decode(&frame[first..first + sample_bytes])),
            );
        }
        Ok(n_frames > 0)
    }
}

fn read_fully(source: &mut Box<dyn ByteSource>, bytes: &mut [u8]) -> std::io::Result<usize> {
    let mut n_read = 0;
    while n_read < bytes.len() {
        match source.read(&mut bytes[n_read..]) {
            Ok(0) => break,
            Ok(n) => n_read += n,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(n_read)
}

fn read_chunk_head(source: &mut Box<dyn ByteSource>) -> Result<([u8; 4], u32), WavError> {
    let mut head = [0u8; 8];
    source.read_exact(&mut head)?;
    let [a, b, c, d, l0, l1, l2, l3] = head;
    Ok(([a, b, c, d], u32::from_le_bytes([l0, l1, l2, l3])))
}

fn read_body(source: &mut Box<dyn ByteSource>, len: u64) -> Result<Vec<u8>, WavError> {
    if len > MAX_KEPT_CHUNK {
        return Err(WavError::Damaged("a chunk of its header is absurdly long"));
    }
    let mut body = vec![0; len as usize];
    source.read_exact(&mut body)?;
    Ok(body)
}

fn skip(source: &mut Box<dyn ByteSource>, len: u64) -> Result<(), WavError> {
    let skipped = std::io::copy(&mut source.take(len), &mut std::io::sink())?;
    if skipped < len { Err(WavError::Damaged("its header is cut off")) } else { Ok(()) }
}

fn keep_or_skip(
    source: &mut Box<dyn ByteSource>,
    id: [u8; 4],
    len: u32,
    tags: &mut Tags,
) -> Result<(), WavError> {
    let padding = u64::from(len % 2);
    if !KEPT_CHUNKS.contains(&&id) || u64::from(len) > MAX_KEPT_CHUNK {
        return skip(source, u64::from(len) + padding);
    }
    let body = read_body(source, len.into())?;
    skip(source, padding)?;
    if &id == b"LIST" {
        tags.add_info_list(&body);
    }
    tags.wav_chunks.push((id, body));
    Ok(())
}

/// Looks for tags behind the samples, where many programs put them; whatever is wrong there does
/// not matter to the sound.
fn read_trailing_chunks(
    source: &mut Box<dyn ByteSource>,
    data_pos: u64,
    data_len: u64,
    tags: &mut Tags,
) {
    let mut found = tags.clone();
    if source.try_seek(data_pos + data_len + data_len % 2) {
        while let Ok((id, len)) = read_chunk_head(source) {
            if keep_or_skip(source, id, len, &mut found).is_err() {
                break;
            }
        }
        *tags = found;
        // The position was reached once, so it can be reached again.
        source.try_seek(data_pos);
    }
}

fn parse_format(body: &[u8]) -> Result<(Coding, AudioSpec), WavError> {
    let u16_at = |at: usize| {
        let bytes = body.get(at..at + 2).ok_or(WavError::Damaged("its format chunk is too short"));
        bytes.map(|b| u16::from_le_bytes([b[0], b[1]]))
    };
    let u32_at = |at: usize| -> Result<u32, WavError> {
        Ok(u32::from(u16_at(at)?) | u32::from(u16_at(at + 2)?) << 16)
    };
    let (n_channels, sample_rate_hz) = (usize::from(u16_at(2)?), u32_at(4)?);
    let (frame_bytes, bits) = (usize::from(u16_at(12)?), usize::from(u16_at(14)?));
    let mut tag = u16_at(0)?;
    let mut channel_mask = 0;
    if tag == crate::wav::TAG_EXTENSIBLE {
        channel_mask = u32_at(20)?;
        tag = u16_at(24)?;
    }
    if n_channels == 0 {
        return Err(WavError::Damaged("it has 0 channels"));
    }
    if sample_rate_hz == 0 {
        return Err(WavError::Damaged("its sample rate is 0"));
    }
    let sample_bytes = frame_bytes / n_channels;
    // Fewer bits than the bytes could hold are left-aligned, so they need no care.
    if sample_bytes * n_channels != frame_bytes || !(1..=8 * sample_bytes).contains(&bits) {
        return Err(WavError::Damaged("its format chunk contradicts itself"));
    }
    let (coding, format) = match (tag, sample_bytes) {
        (crate::wav::TAG_INT, 1) => (Coding::U8, SampleFormat::Int { bits: 8 }),
        (crate::wav::TAG_INT, 2..=4) => {
            (Coding::Int(sample_bytes), SampleFormat::Int { bits: sample_bytes as u32 * 8 })
        }
        (crate::wav::TAG_FLOAT, 4) => (Coding::F32, SampleFormat::Float),
        (crate::wav::TAG_FLOAT, 8) => (Coding::F64, SampleFormat::Float),
        _ => return Err(WavError::NotPcm),
    };
    Ok((coding, AudioSpec { sample_rate_hz, n_channels, channel_mask, format }))
}
