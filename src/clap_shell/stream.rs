//! The host's streams, which carry the saved state.

use clap_sys::stream::{clap_istream, clap_ostream};
use quell_formats::state::MAX_LEN;

/// # Safety
/// `stream` must be valid.
pub(super) unsafe fn write_all(stream: *const clap_ostream, mut bytes: &[u8]) -> bool {
    // SAFETY: the caller's promise; the host reads no further than the length says.
    unsafe {
        let Some(write) = (*stream).write else { return false };
        while !bytes.is_empty() {
            let n = write(stream, bytes.as_ptr().cast(), bytes.len() as u64);
            match usize::try_from(n) {
                Ok(n @ 1..) => bytes = &bytes[n.min(bytes.len())..],
                _ => return false,
            }
        }
    }
    true
}

/// Reads to the end, or gives up on an error and beyond the length of any state.
///
/// # Safety
/// `stream` must be valid.
pub(super) unsafe fn read_all(stream: *const clap_istream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut chunk = [0u8; 4096];
    // SAFETY: the caller's promise; the host writes no further than the length says.
    unsafe {
        let read = (*stream).read?;
        loop {
            let n = read(stream, chunk.as_mut_ptr().cast(), chunk.len() as u64);
            match usize::try_from(n).ok()? {
                0 => return Some(bytes),
                n => bytes.extend_from_slice(chunk.get(..n)?),
            }
            if bytes.len() > MAX_LEN {
                return None;
            }
        }
    }
}
