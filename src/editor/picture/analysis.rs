//! Frames of the feed, calmed down to what an eye can follow.

use quell_core::{Hum, ProfileSource};

use crate::columns::{MAX_HZ, MIN_HZ, N_COLUMNS};
use crate::editor::picture::smooth::{Levels, Smooth};
use crate::feed::Frame;

/// Share of a new frame in the shown spectra: a time constant of 100 ms.
const SHARE: f32 = 0.095;
/// The same of the average that is drawn behind: 3 s.
const SLOW_SHARE: f32 = 0.0033;
/// The same for the level of noise alone: 0.2 s, as it is not always heard.
const NOISE_SHARE: f32 = 0.05;
/// The same for what is said of voice in what goes: half a second.
const RISK_SHARE: f32 = 0.02;
/// What is heard is noise alone up to this times the noise's reference level: in half of the frames
/// of steady noise, and hardly while somebody speaks softly.
const NOISE_UP_TO: f32 = 1.0;
/// Power below which nothing is heard: the silence of a capture.
const SILENT_POWER: f32 = 1e-11;
/// Least power shown.
const LEAST: f32 = 1e-20;

/// What the picture shows now, dB re full scale per 25 Hz.
#[derive(Clone)]
pub(in crate::editor) struct Analysis {
    pub(in crate::editor) max_hz: f32,
    /// True once a frame has arrived.
    pub(in crate::editor) has_sound: bool,
    smooth: Smooth,
    input: Levels,
    output: Levels,
    noise: Levels,
    threshold: Levels,
    /// Input over the last seconds.
    average: Levels,
    /// The highest levels of input and output since somebody wanted to know.
    peaks: Option<Box<[Levels; 2]>>,
    /// Hum that is being taken away.
    pub(in crate::editor) hum: Option<Hum>,
    /// Where the noise is known from in fact, once a frame has arrived.
    pub(in crate::editor) source: Option<ProfileSource>,
    /// Power of the noise's reference level.
    noise_power: f32,
    /// Power of noise alone before and after, as it was last heard.
    noise_alone: Option<[f32; 2]>,
    /// Whether the noise is no longer the print's.
    has_noise_changed: bool,
    /// How much of what goes is likely voice or tone, 0 to 1, and how much power goes: means.
    at_risk: f32,
    gone_power: f32,
    /// Counts frames, to see whether any came.
    pub(in crate::editor) n_frames: u64,
}

impl Default for Analysis {
    fn default() -> Self {
        Self {
            max_hz: MAX_HZ,
            has_sound: false,
            smooth: Smooth::new(MAX_HZ),
            input: [0.0; N_COLUMNS],
            output: [0.0; N_COLUMNS],
            noise: [0.0; N_COLUMNS],
            threshold: [0.0; N_COLUMNS],
            average: [0.0; N_COLUMNS],
            peaks: None,
            hum: None,
            source: None,
            noise_power: 0.0,
            noise_alone: None,
            has_noise_changed: false,
            at_risk: 0.0,
            gone_power: 0.0,
            n_frames: 0,
        }
    }
}

impl Analysis {
    pub(in crate::editor) fn take(&mut self, frame: &Frame) {
        let share = if self.has_sound { SHARE } else { 1.0 };
        self.has_sound = true;
        self.max_hz = frame.max_hz;
        self.smooth.follow(frame.max_hz);
        self.n_frames += 1;
        // The average is one of all frames until there are enough.
        let slow_share = SLOW_SHARE.max(1.0 / self.n_frames as f32);
        for (shown, new, share) in [
            (&mut self.input, &frame.input, share),
            (&mut self.output, &frame.output, share),
            (&mut self.noise, &frame.noise, share),
            (&mut self.threshold, &frame.threshold, share),
            (&mut self.average, &frame.input, slow_share),
        ] {
            for (shown, new) in shown.iter_mut().zip(new) {
                *shown += (new - *shown) * share;
            }
        }
        if let Some(peaks) = &mut self.peaks {
            for (peaks, shown) in peaks.iter_mut().zip([&self.input, &self.output]) {
                peaks.iter_mut().zip(shown).for_each(|(peak, now)| *peak = peak.max(*now));
            }
        }
        self.hum = frame.hum;
        self.source = Some(frame.source);
        self.noise_power = frame.noise_power;
        self.hear_noise(frame);
        self.weigh_risk(frame);
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
    pub(in crate::editor) fn mark_change(&mut self, has_noise_changed: bool) {
        if has_noise_changed && !self.has_noise_changed {
            self.noise_alone = None;
        }
        self.has_noise_changed = has_noise_changed;
    }

    /// Weighs each frame by what goes in it.
    fn weigh_risk(&mut self, frame: &Frame) {
        let gone = (frame.input_power - frame.output_power).max(0.0);
        self.at_risk += (frame.at_risk * gone - self.at_risk) * RISK_SHARE;
        self.gone_power += (gone - self.gone_power) * RISK_SHARE;
    }

    /// How much of what goes is likely voice or tone, 0 to 1; nothing where hardly anything goes.
    pub(in crate::editor) fn share_at_risk(&self) -> Option<f32> {
        (self.gone_power > SILENT_POWER).then(|| (self.at_risk / self.gone_power).clamp(0.0, 1.0))
    }

    /// Level of noise alone before and after, dBFS, as it was last heard.
    pub(in crate::editor) fn noise_dbfs(&self) -> Option<[f32; 2]> {
        self.noise_alone.map(|powers| powers.map(db))
    }

    /// Whether the noise, wherever it is known from, is next to nothing.
    pub(in crate::editor) fn is_noise_silent(&self) -> bool {
        self.noise_power < SILENT_POWER
    }

    /// Begins to hold the highest levels, or forgets them.
    pub(in crate::editor) fn hold_peaks(&mut self, is_held: bool) {
        self.peaks = is_held.then(|| Box::new([self.input, self.output]));
    }

    pub(in crate::editor) fn is_holding_peaks(&self) -> bool {
        self.peaks.is_some()
    }

    /// How columns lie to bins at the stream's rate.
    pub(in crate::editor) fn smooth(&self) -> &Smooth {
        &self.smooth
    }

    pub(in crate::editor) fn input_db(&self) -> Levels {
        self.smooth.levels(&self.input)
    }

    pub(in crate::editor) fn output_db(&self) -> Levels {
        self.smooth.levels(&self.output)
    }

    pub(in crate::editor) fn noise_db(&self) -> Levels {
        self.smooth.levels(&self.noise)
    }

    pub(in crate::editor) fn threshold_db(&self) -> Levels {
        self.smooth.levels(&self.threshold)
    }

    pub(in crate::editor) fn average_db(&self) -> Levels {
        self.smooth.levels(&self.average)
    }

    /// The highest levels of input and output, while they are held.
    pub(in crate::editor) fn peaks_db(&self) -> Option<[Levels; 2]> {
        let peaks = self.peaks.as_deref()?;
        Some([self.smooth.levels(&peaks[0]), self.smooth.levels(&peaks[1])])
    }
}

pub(in crate::editor) fn db(power: f32) -> f32 {
    10.0 * power.max(LEAST).log10()
}

/// Middle of a column, Hz.
pub(in crate::editor) fn column_hz(idx: usize, max_hz: f32) -> f32 {
    MIN_HZ * (max_hz / MIN_HZ).powf((idx as f32 + 0.5) / N_COLUMNS as f32)
}

/// The column that holds a frequency.
pub(in crate::editor) fn column_at(hz: f32, max_hz: f32) -> usize {
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
    fn what_is_said_of_voice_counts_where_much_goes() {
        let mut analysis = Analysis::default();
        assert_eq!(analysis.share_at_risk(), None);
        let frame = |gone, at_risk| Frame {
            input_power: 2.0 * gone,
            output_power: gone,
            at_risk,
            ..Frame::EMPTY
        };
        for _ in 0..200 {
            analysis.take(&frame(1e-3, 0.01));
            analysis.take(&frame(1e-7, 0.9));
        }
        let share = analysis.share_at_risk().unwrap();
        assert!((share - 0.01).abs() < 0.002, "{share}");
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
