//! Sound files in and out: planar `f32` inside, block by block, so that length costs no memory.

mod decode;
mod error;
mod ffmpeg;
mod flac;
pub mod interrupt;
mod quantise;
mod read;
mod sound;
mod tags;
pub mod video;
mod wav;
mod wav_read;
mod write;

pub use error::{AudioError, FormatLimit, MAX_FLAC_RATE_HZ, ReadFault, VideoFault};
pub use read::{Reader, STDIN, has_readable_ending, read_all};
pub use sound::{Audio, AudioSpec, SampleFormat};
pub use tags::Tags;
pub use write::{FileKind, STDOUT, WriteOptions, Writer, write_all};
