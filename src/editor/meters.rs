//! Levels of input and output with peak hold.

use egui::{Align2, Color32, CornerRadius, Rect, Ui, pos2, vec2};

use crate::editor::axes::db_text;
use crate::editor::theme::{Theme, faded};
use crate::editor::widgets::font;
use crate::feed::Level;

/// Lower end of the scale, dBFS.
const BOTTOM_DB: f32 = -72.0;
/// How fast a peak falls, dB per second.
const FALL_DB_PER_S: f32 = 26.0;
/// How long the highest peak is held, seconds.
const HOLD_S: f64 = 1.5;

/// Time constant of the loudness that is said, seconds: figures that jump are not read.
const LOUDNESS_S: f32 = 1.0;

/// One meter.
#[derive(Clone, Copy)]
struct Meter {
    peak_db: f32,
    rms_db: f32,
    held_db: f32,
    held_at_s: f64,
    /// Mean square as loudness weighs it, over the last seconds.
    loudness: f32,
}

impl Default for Meter {
    fn default() -> Self {
        Self { peak_db: -200.0, rms_db: -200.0, held_db: -200.0, held_at_s: 0.0, loudness: 0.0 }
    }
}

impl Meter {
    fn take(&mut self, level: Level, now_s: f64, passed_s: f32) {
        let new_db = 20.0 * level.peak.max(1e-10).log10();
        self.peak_db = new_db.max(self.peak_db - FALL_DB_PER_S * passed_s).max(-200.0);
        // The audio thread says nothing when it rests; the last word must not stand for ever.
        let rms_db = 10.0 * level.mean_square.max(1e-20).log10();
        self.rms_db =
            if level.peak > 0.0 { rms_db } else { self.rms_db - FALL_DB_PER_S * passed_s };
        let heard = if level.peak > 0.0 { 10f32.powf(level.loudness_lufs / 10.0) } else { 0.0 };
        let share = 1.0 - (-passed_s / LOUDNESS_S).exp();
        self.loudness += (heard - self.loudness) * share;
        if new_db >= self.held_db || now_s - self.held_at_s > HOLD_S {
            self.held_db = self.peak_db;
            self.held_at_s = now_s;
        }
    }
}

/// Both meters.
#[derive(Default)]
pub(super) struct Meters {
    meters: [Meter; 2],
    last_s: f64,
}

impl Meters {
    pub(super) fn take(&mut self, levels: [Level; 2], now_s: f64) {
        let passed_s = (now_s - self.last_s).clamp(0.0, 0.5) as f32;
        self.last_s = now_s;
        for (meter, level) in self.meters.iter_mut().zip(levels) {
            meter.take(level, now_s, passed_s);
        }
    }

    /// The loudest of input and output in the last moments, dBFS.
    pub(super) fn loudest_dbfs(&self) -> [f32; 2] {
        self.meters.map(|meter| meter.held_db)
    }

    /// Loudness of input and output over the last seconds, LUFS.
    pub(super) fn loudness_lufs(&self) -> [f32; 2] {
        self.meters.map(|meter| 10.0 * meter.loudness.max(1e-20).log10())
    }

    /// True until both have come to rest.
    pub(super) fn is_moving(&self) -> bool {
        self.meters.iter().any(|meter| meter.held_db.max(meter.peak_db) > BOTTOM_DB)
    }

    pub(super) fn show(&self, ui: &Ui, t: &Theme, rect: Rect) {
        let width = rect.width() / 2.0;
        for (idx, (meter, name)) in self.meters.iter().zip(["in", "out"]).enumerate() {
            let left = rect.left() + width * idx as f32;
            let place = Rect::from_min_size(pos2(left, rect.top()), vec2(width, rect.height()));
            meter.show(ui, t, place, name, [t.input, t.output][idx]);
        }
    }
}

impl Meter {
    fn show(&self, ui: &Ui, t: &Theme, rect: Rect, name: &str, bars: Color32) {
        let painter = ui.painter();
        let top = pos2(rect.center().x, rect.top());
        painter.text(top, Align2::CENTER_TOP, name, font(12.5), t.dim);
        let number = if self.held_db > BOTTOM_DB {
            db_text(self.held_db, 0)
        } else {
            "\u{2212}∞".to_owned()
        };
        let number = number.trim_end_matches(" dB");
        let color = if self.held_db > 0.0 { t.error } else { t.text };
        painter.text(pos2(top.x, rect.bottom()), Align2::CENTER_BOTTOM, number, font(12.5), color);
        let track = Rect::from_min_max(
            pos2(top.x - 5.0, rect.top() + 20.0),
            pos2(top.x + 5.0, rect.bottom() - 20.0),
        );
        painter.rect_filled(track, CornerRadius::same(2), t.ground);
        let y = |level_db: f32| {
            let share = (level_db / BOTTOM_DB).clamp(0.0, 1.0);
            track.top() + share * track.height()
        };
        let bar = |level_db: f32| Rect::from_min_max(pos2(track.left(), y(level_db)), track.max);
        painter.rect_filled(bar(self.peak_db), CornerRadius::same(2), faded(bars, 0.45));
        painter.rect_filled(bar(self.rms_db), CornerRadius::same(2), bars);
        if self.held_db > BOTTOM_DB {
            let at = y(self.held_db);
            let mark = Rect::from_min_max(pos2(track.left(), at), pos2(track.right(), at + 2.0));
            painter.rect_filled(mark, CornerRadius::ZERO, color);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peak_is_held_and_falls_when_the_sound_stops() {
        let mut meters = Meters::default();
        let loud = Level { peak: 0.5, mean_square: 0.1, loudness_lufs: -20.0 };
        meters.take([loud; 2], 1.0);
        for step in 1..=10 {
            meters.take([Level::default(); 2], 1.0 + f64::from(step) * 0.1);
        }
        assert!((meters.meters[0].held_db + 6.02).abs() < 0.01);
        assert!(meters.meters[0].peak_db < -30.0);
        assert!(
            (-32.0..-20.0).contains(&meters.loudness_lufs()[0]),
            "{:?}",
            meters.loudness_lufs()
        );
        for step in 1..=60 {
            meters.take([Level::default(); 2], 2.0 + f64::from(step) * 0.1);
        }
        assert!(!meters.is_moving());
    }
}
