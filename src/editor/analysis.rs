//! Frames of the feed, calmed down to what an eye can follow.

use crate::columns::{MAX_HZ, MIN_HZ, N_COLUMNS};
use crate::feed::Frame;

/// Share of a new frame in the shown spectra: a time constant of 70 ms.
const SHARE: f32 = 0.13;
/// The same for the amount removed: 0.3 s.
const AMOUNT_SHARE: f32 = 0.03;
/// Least power shown.
const LEAST: f32 = 1e-20;

/// What the picture shows now, dB re full scale per 25 Hz.
pub(super) struct Analysis {
    pub(super) max_hz: f32,
    /// True once a frame has arrived.
    pub(super) has_sound: bool,
    input: [f32; N_COLUMNS],
    output: [f32; N_COLUMNS],
    noise: [f32; N_COLUMNS],
    threshold: [f32; N_COLUMNS],
    input_power: f32,
    output_power: f32,
    /// Counts frames, to see whether any came.
    pub(super) n_frames: u64,
}

impl Default for Analysis {
    fn default() -> Self {
        Self {
            max_hz: MAX_HZ,
            has_sound: false,
            input: [0.0; N_COLUMNS],
            output: [0.0; N_COLUMNS],
            noise: [0.0; N_COLUMNS],
            threshold: [0.0; N_COLUMNS],
            input_power: 0.0,
            output_power: 0.0,
            n_frames: 0,
        }
    }
}

impl Analysis {
    pub(super) fn take(&mut self, frame: &Frame) {
        let share = if self.has_sound { SHARE } else { 1.0 };
        self.has_sound = true;
        self.max_hz = frame.max_hz;
        self.n_frames += 1;
        for (shown, new) in [
            (&mut self.input, &frame.input),
            (&mut self.output, &frame.output),
            (&mut self.noise, &frame.noise),
            (&mut self.threshold, &frame.threshold),
        ] {
            for (shown, new) in shown.iter_mut().zip(new) {
                *shown += (new - *shown) * share;
            }
        }
        let share = if share == 1.0 { 1.0 } else { AMOUNT_SHARE };
        self.input_power += (frame.input_power - self.input_power) * share;
        self.output_power += (frame.output_power - self.output_power) * share;
    }

    pub(super) fn input_db(&self) -> [f32; N_COLUMNS] {
        self.input.map(db)
    }

    pub(super) fn output_db(&self) -> [f32; N_COLUMNS] {
        self.output.map(db)
    }

    pub(super) fn noise_db(&self) -> [f32; N_COLUMNS] {
        self.noise.map(db)
    }

    pub(super) fn threshold_db(&self) -> [f32; N_COLUMNS] {
        self.threshold.map(db)
    }

    /// By how much the sound is turned down now, dB; nothing where there is no sound.
    pub(super) fn removed_db(&self) -> Option<f32> {
        (self.input_power > 1e-13).then(|| (db(self.output_power) - db(self.input_power)).min(0.0))
    }
}

pub(super) fn db(power: f32) -> f32 {
    10.0 * power.max(LEAST).log10()
}

/// Middle of a column, Hz.
pub(super) fn column_hz(idx: usize, max_hz: f32) -> f32 {
    MIN_HZ * (max_hz / MIN_HZ).powf((idx as f32 + 0.5) / N_COLUMNS as f32)
}

/// The column that holds a frequency.
pub(super) fn column_at(hz: f32, max_hz: f32) -> usize {
    let share = (hz / MIN_HZ).ln() / (max_hz / MIN_HZ).ln();
    ((share * N_COLUMNS as f32).max(0.0) as usize).min(N_COLUMNS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_and_frequencies_are_inverse() {
        for idx in 0..N_COLUMNS {
            assert_eq!(column_at(column_hz(idx, 22_050.0), 22_050.0), idx);
        }
        assert_eq!(column_at(0.0, MAX_HZ), 0);
        assert_eq!(column_at(1e9, MAX_HZ), N_COLUMNS - 1);
    }
}
