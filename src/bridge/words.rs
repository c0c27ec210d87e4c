//! What fits into one atomic word, so that no reader ever sees half of two messages.

use quell_core::{CaptureProgress, CaptureRefusal, NoiseChange};

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

/// Present in bit 0; hundredths of decibels in bits 8..24, hertz in 24..44 and 44..64, 0 for none.
pub(super) fn pack_change(change: Option<NoiseChange>) -> u64 {
    // `as` saturates; the detour over u16 keeps the sign's bits where they belong.
    let hundredths = |db: f32| u64::from((db * 100.0) as i16 as u16);
    let hertz = |hz: Option<f32>| hz.map_or(0, |hz| (hz as u64).min(0xf_ffff));
    change.map_or(0, |change| {
        let edges = hertz(change.low_hz) << 24 | hertz(change.high_hz) << 44;
        1 | hundredths(change.change_db) << 8 | edges
    })
}

pub(super) fn unpack_change(word: u64) -> Option<NoiseChange> {
    let hertz = |shift: u32| Some((word >> shift & 0xf_ffff) as f32).filter(|hz| *hz > 0.0);
    (word & 1 == 1).then(|| NoiseChange {
        change_db: f32::from((word >> 8) as u16 as i16) / 100.0,
        low_hz: hertz(24),
        high_hz: hertz(44),
    })
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
        let change = |change_db, low_hz, high_hz| NoiseChange { change_db, low_hz, high_hz };
        for change in [
            None,
            Some(change(-12.5, None, None)),
            Some(change(9.25, Some(5_025.0), None)),
            Some(change(30.0, Some(100.0), Some(384_000.0))),
        ] {
            assert_eq!(unpack_change(pack_change(change)), change);
        }
    }
}
