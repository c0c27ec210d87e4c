//! What fits into one atomic word, so that no reader ever sees half of two messages.

use quell_core::{CaptureProgress, CaptureRefusal};

/// Hundredths of seconds in 24 bits.
fn hundredths(seconds: f32) -> u64 {
    ((seconds * 100.0) as u64).min(0xff_ffff)
}

fn seconds(word: u64, shift: u32) -> f32 {
    (word >> shift & 0xff_ffff) as f32 / 100.0
}

/// Present in bit 0; seconds in bits 8..32 and 32..56.
pub(super) fn pack_progress(progress: Option<CaptureProgress>) -> u64 {
    progress.map_or(0, |progress| {
        1 | hundredths(progress.seconds) << 8 | hundredths(progress.usable_s) << 32
    })
}

pub(super) fn unpack_progress(word: u64) -> Option<CaptureProgress> {
    (word & 1 == 1)
        .then(|| CaptureProgress { seconds: seconds(word, 8), usable_s: seconds(word, 32) })
}

const TOO_SHORT: u64 = 1;
const SILENT: u64 = 2;
const NOT_NUMBERS: u64 = 3;
const NOTHING_STEADY: u64 = 4;

/// Kind in bits 0..8, seconds in 8..32, the number of the event in 32..64.
pub(super) fn pack_refusal(refusal: CaptureRefusal, event_idx: u32) -> u64 {
    let (kind, seconds) = match refusal {
        CaptureRefusal::TooShort { seconds } => (TOO_SHORT, seconds),
        CaptureRefusal::Silent => (SILENT, 0.0),
        CaptureRefusal::NotNumbers => (NOT_NUMBERS, 0.0),
        CaptureRefusal::NothingSteady => (NOTHING_STEADY, 0.0),
    };
    kind | hundredths(seconds) << 8 | u64::from(event_idx) << 32
}

pub(super) fn unpack_refusal(word: u64) -> Option<(CaptureRefusal, u32)> {
    let refusal = match word & 0xff {
        TOO_SHORT => CaptureRefusal::TooShort { seconds: seconds(word, 8) },
        SILENT => CaptureRefusal::Silent,
        NOT_NUMBERS => CaptureRefusal::NotNumbers,
        NOTHING_STEADY => CaptureRefusal::NothingSteady,
        _ => return None,
    };
    Some((refusal, (word >> 32) as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_survives_packing() {
        let some = CaptureProgress { seconds: 3.25, usable_s: 1.5 };
        for progress in [None, Some(some), Some(CaptureProgress::default())] {
            assert_eq!(unpack_progress(pack_progress(progress)), progress);
        }
        for refusal in [
            CaptureRefusal::TooShort { seconds: 0.25 },
            CaptureRefusal::Silent,
            CaptureRefusal::NotNumbers,
            CaptureRefusal::NothingSteady,
        ] {
            assert_eq!(unpack_refusal(pack_refusal(refusal, u32::MAX)), Some((refusal, u32::MAX)));
        }
        assert_eq!(unpack_refusal(0), None);
    }
}
