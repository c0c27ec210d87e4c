//! Frames of the feed, calmed down to what an eye can follow.

use quell_core::ProfileSource;

use crate::columns::{MAX_HZ, MIN_HZ, N_COLUMNS};
use crate::feed::Frame;

/// Share of a new frame in the shown spectra: a time constant of 70 ms.
const SHARE: f32 = 0.13;
/// The same for the level of noise alone: 0.2 s, as it is not always heard.
const NOISE_SHARE: f32 = 0.05;
/// What is heard is noise alone up to this times the noise's reference level: in half of the frames
/// of steady noise, and hardly while somebody speaks softly.
const NOISE_UP_TO: f32 = 1.0;
/// Power below which nothing is heard: the silence of a capture.
const SILENT_POWER: f32 = 1e-11;
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
    /// Where the noise is known from in fact, once a frame has arrived.
    pub(super) source: Option<ProfileSource>,
    /// Power of the noise's reference level.
    noise_power: f32,
    /// Power of noise alone before and after, as it was last heard.
    noise_alone: Option<[f32; 2]>,
    /// Whether the noise is no longer the print's.
    has_noise_changed: bool,
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
            source: None,
            noise_power: 0.0,
            noise_alone: None,
            has_noise_changed: false,
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
        self.source = Some(frame.source);
        self.noise_power = frame.noise_power;
        self.hear_noise(frame);
    }

    /// Where hardly more is heard than the noise, it is noise alone; its levels stay until the next
    /// time, so that they say the same while somebody speaks.
    fn hear_noise(&mut self, frame: &Frame) {
        if frame.input_power < SILENT_POWER || frame.input_power > NOISE_UP_TO * frame.noise_power {
            return;
        }
        let now = [frame.input_power, frame.output_power];
        let held = self.noise_alone.get_or_insert(now);
        for (held, now) in held.iter_mut().zip(now) {
            *held += (now - *held) * NOISE_SHARE;
        }
    }

    /// Levels of the noise of before say nothing about one that has changed: they are heard anew.
    pub(super) fn mark_change(&mut self, has_noise_changed: bool) {
        if has_noise_changed && !self.has_noise_changed {
            self.noise_alone = None;
        }
        self.has_noise_changed = has_noise_changed;
    }

    /// Level of noise alone before and after, dBFS, as it was last heard.
    pub(super) fn noise_dbfs(&self) -> Option<[f32; 2]> {
        self.noise_alone.map(|powers| powers.map(db))
    }

    /// Whether the noise, wherever it is known from, is next to nothing.
    pub(super) fn is_noise_silent(&self) -> bool {
        self.noise_power < SILENT_POWER
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
    fn the_level_of_noise_is_held_while_somebody_speaks() {
        let mut analysis = Analysis::default();
        let mut frame =
            Frame { input_power: 1e-5, output_power: 1e-8, noise_power: 1e-5, ..Frame::EMPTY };
        analysis.take(&frame);
        let near = |analysis: &Analysis| {
            let [before, after] = analysis.noise_dbfs().unwrap();
            (before + 50.0).abs() < 0.1 && (after + 80.0).abs() < 0.1
        };
        assert!(near(&analysis), "{:?}", analysis.noise_dbfs());
        (frame.input_power, frame.output_power) = (1e-2, 9e-3);
        (0..100).for_each(|_| analysis.take(&frame));
        assert!(near(&analysis), "speech is no noise: {:?}", analysis.noise_dbfs());
        (frame.input_power, frame.output_power) = (0.0, 0.0);
        (0..100).for_each(|_| analysis.take(&frame));
        assert!(near(&analysis), "nor is silence: {:?}", analysis.noise_dbfs());
    }

    #[test]
    fn levels_of_a_noise_that_has_changed_are_heard_anew() {
        let mut analysis = Analysis::default();
        let level = |power| Frame {
            input_power: power,
            output_power: power * 1e-3,
            noise_power: 1e-5,
            ..Frame::EMPTY
        };
        analysis.take(&level(1e-5));
        analysis.mark_change(true);
        analysis.take(&level(1e-3));
        assert_eq!(analysis.noise_dbfs(), None, "nothing is known of the louder one");
        analysis.take(&level(1e-7));
        analysis.mark_change(true);
        let [before, after] = analysis.noise_dbfs().expect("the softer one is heard");
        assert!((before + 70.0).abs() < 0.1 && (after + 100.0).abs() < 0.1, "{before}, {after}");
    }

    #[test]
    fn columns_and_frequencies_are_inverse() {
        for idx in 0..N_COLUMNS {
            assert_eq!(column_at(column_hz(idx, 22_050.0), 22_050.0), idx);
        }
        assert_eq!(column_at(0.0, MAX_HZ), 0);
        assert_eq!(column_at(1e9, MAX_HZ), N_COLUMNS - 1);
    }
}
