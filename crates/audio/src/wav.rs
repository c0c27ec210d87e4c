//! WAV files, written as a stream.

use std::io::{Seek, SeekFrom, Write};

use crate::error::{EncodeError, FormatLimit};
use crate::quantise::Dither;
use crate::sound::{AudioSpec, SampleFormat};
use crate::tags::Tags;

/// Tail of the sub-format identifiers of extensible WAV, after the two bytes of the format tag.
const SUB_FORMAT_TAIL: [u8; 14] = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71];
pub(crate) const TAG_INT: u16 = 1;
pub(crate) const TAG_FLOAT: u16 = 3;
pub(crate) const TAG_EXTENSIBLE: u16 = 0xfffe;
/// Body of the chunk that holds 64-bit lengths.
const DS64_LEN: u32 = 28;

/// The bytes before the samples; as long for every `n_frames`, so that it can be written again.
///
/// A chunk is kept free for 64-bit lengths; a file that outgrows 4 GB becomes RF64 (EBU 3306).
/// Where nobody knows the length, as in a pipe, the lengths are the largest possible.
pub(crate) fn header(spec: &AudioSpec, tags: &Tags, n_frames: Option<u64>) -> Vec<u8> {
    let mut chunks = Vec::new();
    push_format(&mut chunks, spec);
    if spec.format == SampleFormat::Float {
        let n_frames = n_frames.and_then(|n| u32::try_from(n).ok()).unwrap_or(u32::MAX);
        chunks.extend_from_slice(b"fact\x04\0\0\0");
        chunks.extend_from_slice(&n_frames.to_le_bytes());
    }
    chunks.extend_from_slice(&tags.to_wav_chunks());

    let data_len = n_frames.map(|n_frames| n_frames * frame_bytes(spec) as u64);
    // From `WAVE` to the end: that, the 64-bit lengths, the chunks, `data` and the samples.
    let riff_len =
        data_len.map(|len| 4 + 8 + u64::from(DS64_LEN) + chunks.len() as u64 + 8 + len + len % 2);
    let is_rf64 = riff_len.is_some_and(|len| len > u64::from(u32::MAX));
    let short = |len: Option<u64>| len.and_then(|l| u32::try_from(l).ok()).unwrap_or(u32::MAX);

    let mut header = Vec::with_capacity(chunks.len() + 64);
    header.extend_from_slice(if is_rf64 { b"RF64" } else { b"RIFF" });
    header.extend_from_slice(&(if is_rf64 { u32::MAX } else { short(riff_len) }).to_le_bytes());
    header.extend_from_slice(if is_rf64 { b"WAVEds64" } else { b"WAVEJUNK" });
    header.extend_from_slice(&DS64_LEN.to_le_bytes());
    for length in [riff_len, data_len, n_frames] {
        let length = if is_rf64 { length.unwrap_or(0) } else { 0 };
        header.extend_from_slice(&length.to_le_bytes());
    }
    header.extend_from_slice(&[0; 4]);
    header.extend_from_slice(&chunks);
    header.extend_from_slice(b"data");
    header.extend_from_slice(&(if is_rf64 { u32::MAX } else { short(data_len) }).to_le_bytes());
    header
}

/// Writes samples after a header whose lengths are filled in at the end.
pub(crate) struct WavEncoder<W: Write + Seek> {
    out: W,
    spec: AudioSpec,
    tags: Tags,
    n_frames: u64,
    bytes: Vec<u8>,
}

impl<W: Write + Seek> WavEncoder<W> {
    pub(crate) fn new(mut out: W, spec: AudioSpec, tags: &Tags) -> Result<Self, EncodeError> {
        if spec.n_channels == 0 || spec.n_channels > usize::from(u16::MAX) {
            return Err(FormatLimit::WavChannels(spec.n_channels).into());
        }
        out.write_all(&header(&spec, tags, None))?;
        Ok(Self { out, spec, tags: tags.clone(), n_frames: 0, bytes: Vec::new() })
    }

    pub(crate) fn write(&mut self, block: &[&[f32]], dither: &mut Dither) -> std::io::Result<()> {
        self.bytes.clear();
        interleave(block, self.spec.format, dither, &mut self.bytes);
        self.out.write_all(&self.bytes)?;
        self.n_frames += block.first().map_or(0, |channel| channel.len()) as u64;
        Ok(())
    }

    /// Fills in the lengths and hands the output back.
    pub(crate) fn finish(mut self) -> std::io::Result<W> {
        if self.n_frames * frame_bytes(&self.spec) as u64 % 2 == 1 {
            self.out.write_all(&[0])?;
        }
        self.out.seek(SeekFrom::Start(0))?;
        self.out.write_all(&header(&self.spec, &self.tags, Some(self.n_frames)))?;
        self.out.flush()?;
        Ok(self.out)
    }
}

fn sample_bytes(format: SampleFormat) -> usize {
    match format {
        SampleFormat::Int { bits } => bits.div_ceil(8) as usize,
        SampleFormat::Float => 4,
    }
}

fn frame_bytes(spec: &AudioSpec) -> usize {
    sample_bytes(spec.format) * spec.n_channels
}

/// The `fmt ` chunk; the extensible form where the plain one could not say what the channels are.
fn push_format(header: &mut Vec<u8>, spec: &AudioSpec) {
    let is_extensible = spec.n_channels > 2;
    let bits = sample_bytes(spec.format) as u16 * 8;
    let tag = if spec.format == SampleFormat::Float { TAG_FLOAT } else { TAG_INT };
    let frame_bytes = frame_bytes(spec) as u32;
    header.extend_from_slice(b"fmt ");
    header.extend_from_slice(&(if is_extensible { 40u32 } else { 16 }).to_le_bytes());
    header.extend_from_slice(&(if is_extensible { TAG_EXTENSIBLE } else { tag }).to_le_bytes());
    header.extend_from_slice(&(spec.n_channels as u16).to_le_bytes());
    header.extend_from_slice(&spec.sample_rate_hz.to_le_bytes());
    header.extend_from_slice(&spec.sample_rate_hz.wrapping_mul(frame_bytes).to_le_bytes());
    header.extend_from_slice(&(frame_bytes as u16).to_le_bytes());
    header.extend_from_slice(&bits.to_le_bytes());
    if is_extensible {
        header.extend_from_slice(&22u16.to_le_bytes());
        header.extend_from_slice(&bits.to_le_bytes());
        header.extend_from_slice(&spec.channel_mask.to_le_bytes());
        header.extend_from_slice(&tag.to_le_bytes());
        header.extend_from_slice(&SUB_FORMAT_TAIL);
    }
}

/// Appends a block as little-endian samples, channel by channel in every frame.
pub(crate) fn interleave(
    block: &[&[f32]],
    format: SampleFormat,
    dither: &mut Dither,
    bytes: &mut Vec<u8>,
) {
    let n_frames = block.first().map_or(0, |channel| channel.len());
    bytes.reserve(n_frames * block.len() * sample_bytes(format));
    for frame_idx in 0..n_frames {
        for channel in block {
            let sample = channel[frame_idx];
            match format {
                SampleFormat::Float => bytes.extend_from_slice(&sample.to_le_bytes()),
                // 8-bit WAV is the one that counts from the bottom.
                SampleFormat::Int { bits: ..=8 } => {
                    bytes.push((dither.quantise(sample, 8) + 128) as u8);
                }
                SampleFormat::Int { bits } => {
                    let n_bytes = bits.div_ceil(8) as usize;
                    bytes
                        .extend_from_slice(&dither.quantise(sample, bits).to_le_bytes()[..n_bytes]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keeps the first bytes only, however much is written.
    struct HeaderOnly {
        header: Vec<u8>,
        position: u64,
    }

    impl Write for HeaderOnly {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            let start = self.position as usize;
            for (idx, byte) in bytes.iter().enumerate().filter(|(idx, _)| start + idx < 200) {
                self.header.resize(self.header.len().max(start + idx + 1), 0);
                self.header[start + idx] = *byte;
            }
            self.position += bytes.len() as u64;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl Seek for HeaderOnly {
        fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
            match to {
                SeekFrom::Start(position) => self.position = position,
                SeekFrom::Current(by) => self.position = self.position.wrapping_add_signed(by),
                SeekFrom::End(_) => return Err(std::io::ErrorKind::Unsupported.into()),
            }
            Ok(self.position)
        }
    }

    #[test]
    fn a_file_beyond_4_gb_becomes_rf64_with_64_bit_lengths() {
        let sink = HeaderOnly { header: Vec::new(), position: 0 };
        let mut encoder =
            WavEncoder::new(sink, AudioSpec::float(48_000, 2), &Tags::default()).unwrap();
        // As if an hour and a half at 192 kHz had been written.
        let n_frames = 1_036_800_000u64;
        encoder.n_frames = n_frames;
        encoder.out.position += n_frames * 8;
        let header = encoder.finish().unwrap().header;
        let u64_at = |at: usize| u64::from_le_bytes(header[at..at + 8].try_into().unwrap());
        assert_eq!(&header[..20], b"RF64\xff\xff\xff\xffWAVEds64\x1c\0\0\0");
        assert_eq!(u64_at(20), header.len() as u64 - 8 + n_frames * 8);
        assert_eq!(u64_at(28), n_frames * 8);
        assert_eq!(u64_at(36), n_frames);
        assert_eq!(&header[header.len() - 8..], b"data\xff\xff\xff\xff");
    }
}
