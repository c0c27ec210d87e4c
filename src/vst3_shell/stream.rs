//! The host's streams, which carry the saved state.

use nice_plug::wrapper::vst3::vst3::ComRef;
use nice_plug::wrapper::vst3::vst3::Steinberg::*;
use quell_formats::state::MAX_LEN;

/// # Safety
/// `stream` must be null or valid.
pub(super) unsafe fn read_all(stream: *mut IBStream) -> Option<Vec<u8>> {
    // SAFETY: the caller's promise.
    let stream = unsafe { ComRef::from_raw(stream) }?;
    let mut bytes = Vec::new();
    let mut chunk = [0u8; 4096];
    loop {
        let mut n = 0;
        // SAFETY: the host writes no further than the length says. Some hosts call the end of the
        // stream an error, so only the count is trusted.
        unsafe { stream.read(chunk.as_mut_ptr().cast(), chunk.len() as int32, &raw mut n) };
        match usize::try_from(n).ok()? {
            0 => return Some(bytes),
            n => bytes.extend_from_slice(chunk.get(..n)?),
        }
        if bytes.len() > MAX_LEN {
            return None;
        }
    }
}

/// # Safety
/// `stream` must be null or valid.
pub(super) unsafe fn write_all(stream: *mut IBStream, mut bytes: &[u8]) -> bool {
    // SAFETY: the caller's promise.
    let Some(stream) = (unsafe { ComRef::from_raw(stream) }) else { return false };
    while !bytes.is_empty() {
        let mut n = 0;
        let len = int32::try_from(bytes.len()).unwrap_or(int32::MAX);
        // SAFETY: the host reads no further than the length says.
        unsafe { stream.write(bytes.as_ptr().cast_mut().cast(), len, &raw mut n) };
        match usize::try_from(n) {
            Ok(n @ 1..) => bytes = &bytes[n.min(bytes.len())..],
            _ => return false,
        }
    }
    true
}
