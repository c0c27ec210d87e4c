//! Where frequencies and levels lie in the picture.

use egui::{Align2, Painter, Pos2, Rect, Stroke, pos2, vec2};

use crate::columns::MIN_HZ;
use crate::editor::theme::Theme;
use crate::editor::widgets::font;

/// Levels at the upper and lower edge, dB re full scale per 25 Hz.
pub(super) const TOP_DB: f32 = -10.0;
pub(super) const BOTTOM_DB: f32 = -130.0;

/// Levels that the grid marks, dB.
const MARKS_DB: [f32; 6] = [-20.0, -40.0, -60.0, -80.0, -100.0, -120.0];

/// A picture's frame.
#[derive(Clone, Copy)]
pub(super) struct Axes {
    pub(super) rect: Rect,
    pub(super) max_hz: f32,
}

impl Axes {
    fn octaves(&self) -> f32 {
        (self.max_hz / MIN_HZ).ln()
    }

    /// Place of a frequency from left to right, 0 to 1.
    pub(super) fn share(&self, hz: f32) -> f32 {
        (hz.max(1.0) / MIN_HZ).ln() / self.octaves()
    }

    pub(super) fn x(&self, hz: f32) -> f32 {
        self.rect.left() + self.share(hz) * self.rect.width()
    }

    pub(super) fn hz(&self, x: f32) -> f32 {
        let share = ((x - self.rect.left()) / self.rect.width().max(1.0)).clamp(0.0, 1.0);
        MIN_HZ * (share * self.octaves()).exp()
    }

    pub(super) fn y(&self, level_db: f32) -> f32 {
        let share = (TOP_DB - level_db) / (TOP_DB - BOTTOM_DB);
        self.rect.top() + share.clamp(0.0, 1.0) * self.rect.height()
    }

    pub(super) fn db_per_point(&self) -> f32 {
        (TOP_DB - BOTTOM_DB) / self.rect.height().max(1.0)
    }

    pub(super) fn at(&self, hz: f32, level_db: f32) -> Pos2 {
        pos2(self.x(hz), self.y(level_db))
    }

    /// The grid, behind everything.
    pub(super) fn paint(&self, painter: &Painter, t: &Theme) {
        let fine = Stroke::new(1.0, t.line.gamma_multiply(0.55));
        for hz in self.marks_hz() {
            painter.vline(self.x(hz), self.rect.y_range(), fine);
        }
        for level_db in MARKS_DB {
            painter.hline(self.rect.x_range(), self.y(level_db), fine);
        }
    }

    /// Numbers inside the picture, on plates, so that they can be read over what is drawn.
    pub(super) fn label(&self, painter: &Painter, t: &Theme) {
        let rect = self.rect;
        let plate = |at: Pos2, anchor: Align2, name: String| {
            let galley = painter.layout_no_wrap(name, font(12.5), t.dim);
            let place = anchor.anchor_size(at, galley.size());
            painter.rect_filled(place.expand2(vec2(2.0, -1.0)), 2, t.panel.gamma_multiply(0.82));
            painter.galley(place.min, galley, t.dim);
        };
        for hz in self.marks_hz() {
            let at = pos2(self.x(hz) + 3.0, rect.bottom() - 2.0);
            if at.x < rect.right() - 22.0 {
                plate(at, Align2::LEFT_BOTTOM, hz_name(hz));
            }
        }
        for level_db in MARKS_DB {
            let y = self.y(level_db);
            if y < rect.bottom() - 26.0 && y > rect.top() + 46.0 {
                plate(pos2(rect.right() - 4.0, y), Align2::RIGHT_CENTER, db_text(level_db, 0));
            }
        }
    }

    fn marks_hz(&self) -> impl Iterator<Item = f32> {
        let max_hz = self.max_hz;
        let steps = [10.0f32, 100.0, 1_000.0, 10_000.0]
            .into_iter()
            .flat_map(|decade| [1.0, 2.0, 5.0].map(|step| decade * step));
        steps.filter(move |hz| *hz > MIN_HZ && *hz < max_hz)
    }
}

fn hz_name(hz: f32) -> String {
    if hz >= 1_000.0 { format!("{}k", hz / 1_000.0) } else { format!("{hz}") }
}

/// A frequency in words: `440 Hz`, `1.25 kHz`.
pub(super) fn hz_text(hz: f32) -> String {
    match hz {
        hz if hz >= 10_000.0 => format!("{:.1} kHz", hz / 1_000.0),
        hz if hz >= 1_000.0 => format!("{:.2} kHz", hz / 1_000.0),
        hz => format!("{hz:.0} Hz"),
    }
}

/// A level with the typographic minus.
pub(super) fn db_text(level_db: f32, n_decimals: usize) -> String {
    format!("{level_db:.n_decimals$} dB").replace('-', "\u{2212}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_values_are_inverse() {
        let axes =
            Axes { rect: Rect::from_min_max(pos2(10.0, 20.0), pos2(810.0, 420.0)), max_hz: 24e3 };
        for hz in [20.0, 100.0, 1_234.0, 24_000.0] {
            assert!((axes.hz(axes.x(hz)) / hz - 1.0).abs() < 1e-3);
        }
        assert_eq!(axes.y(TOP_DB), 20.0);
        assert_eq!(axes.y(BOTTOM_DB), 420.0);
        assert_eq!(
            (hz_text(1_250.0), db_text(-12.34, 1)),
            ("1.25 kHz".into(), "\u{2212}12.3 dB".into())
        );
    }
}
