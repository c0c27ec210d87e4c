//! Where frequencies and levels lie in the picture.

use egui::accesskit::Role;
use egui::{Align2, CursorIcon, Key, Painter, Rect, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use crate::columns::{MIN_HZ, N_COLUMNS};
use crate::editor::dials::hold_arrows;
use crate::editor::theme::Theme;
use crate::editor::widgets::{focus_ring, font, hand_delta, help};

/// Room for the levels, right of what is drawn.
pub(in crate::editor) const LEVELS_WIDTH: f32 = 44.0;
/// Room for the frequencies, below it, where the picture is high enough.
pub(in crate::editor) const HZ_HEIGHT: f32 = 19.0;

/// The levels that the picture shows, dB re full scale per 25 Hz.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::editor) struct Range {
    pub(in crate::editor) top_db: f32,
    pub(in crate::editor) bottom_db: f32,
}

impl Default for Range {
    /// A bin at full scale is rare, and the noise of 16 bits, at −128 dB, is heard by nobody: what
    /// is recorded lies between, with room at the top for the gain.
    fn default() -> Self {
        Self { top_db: -20.0, bottom_db: -120.0 }
    }
}

impl Range {
    const TOPS_DB: (f32, f32) = (-40.0, 0.0);
    const BOTTOMS_DB: (f32, f32) = (-130.0, -60.0);

    fn clamped(top_db: f32, bottom_db: f32) -> Self {
        let ((top_from, top_to), (from, to)) = (Self::TOPS_DB, Self::BOTTOMS_DB);
        Self { top_db: top_db.clamp(top_from, top_to), bottom_db: bottom_db.clamp(from, to) }
    }

    fn height_db(self) -> f32 {
        self.top_db - self.bottom_db
    }

    /// What a pull of the axis makes of it: the level under the hand goes with it, and of the two
    /// edges the nearer one moves. `share` is where the hand took it, from the top.
    fn pulled(self, share: f32, moved_points: f32, height: f32) -> Self {
        let is_top = share < 0.5;
        let lever = if is_top { 1.0 - share } else { share };
        // The farther from the other edge the hand is, the less a point means.
        let by_db = moved_points * self.height_db() / (height.max(1.0) * lever.max(0.5));
        match is_top {
            true => Self::clamped(self.top_db + by_db, self.bottom_db),
            false => Self::clamped(self.top_db, self.bottom_db + by_db),
        }
    }
}

/// A hand on the axis: where it took it, from the top, and how far it has gone, points.
#[derive(Clone, Copy)]
struct Pull {
    share: f32,
    moved: f32,
    /// The range when it began.
    range: Range,
}

/// A picture's frame.
#[derive(Clone, Copy)]
pub(in crate::editor) struct Axes {
    pub(in crate::editor) rect: Rect,
    pub(in crate::editor) max_hz: f32,
    pub(in crate::editor) range: Range,
}

impl Axes {
    fn octaves(&self) -> f32 {
        (self.max_hz / MIN_HZ).ln()
    }

    /// Place of a frequency from left to right, 0 to 1.
    pub(in crate::editor) fn share(&self, hz: f32) -> f32 {
        (hz.max(1.0) / MIN_HZ).ln() / self.octaves()
    }

    pub(in crate::editor) fn x(&self, hz: f32) -> f32 {
        self.rect.left() + self.share(hz) * self.rect.width()
    }

    pub(in crate::editor) fn hz(&self, x: f32) -> f32 {
        self.hz_at(((x - self.rect.left()) / self.rect.width().max(1.0)).clamp(0.0, 1.0))
    }

    /// The frequency at a place from 0 to 1.
    pub(in crate::editor) fn hz_at(&self, share: f32) -> f32 {
        MIN_HZ * (share * self.octaves()).exp()
    }

    /// Where a level lies, or would lie above or below the picture.
    pub(in crate::editor) fn y_beyond(&self, level_db: f32) -> f32 {
        let share = (self.range.top_db - level_db) / self.range.height_db();
        self.rect.top() + share * self.rect.height()
    }

    pub(in crate::editor) fn y(&self, level_db: f32) -> f32 {
        self.y_beyond(level_db).clamp(self.rect.top(), self.rect.bottom().max(self.rect.top()))
    }

    /// The level at a height, in the picture or beyond.
    pub(in crate::editor) fn level_db(&self, y: f32) -> f32 {
        let share = (y - self.rect.top()) / self.rect.height().max(1.0);
        self.range.top_db - share * self.range.height_db()
    }

    /// Where the middle of a column lies: columns are as wide as one another here.
    pub(in crate::editor) fn column_x(&self, idx: usize) -> f32 {
        self.rect.left() + (idx as f32 + 0.5) / N_COLUMNS as f32 * self.rect.width()
    }

    /// The grid, behind everything.
    pub(in crate::editor) fn paint(&self, painter: &Painter, t: &Theme) {
        let fine = Stroke::new(1.0, t.line.gamma_multiply(0.55));
        for hz in self.marks_hz() {
            painter.vline(self.x(hz), self.rect.y_range(), fine);
        }
        for level_db in self.marks_db() {
            painter.hline(self.rect.x_range(), self.y(level_db), fine);
        }
    }

    /// The frequencies, below what is drawn; where there is no room, on plates inside, so that they
    /// can be read over it.
    pub(in crate::editor) fn label_hz(&self, painter: &Painter, t: &Theme, is_inside: bool) {
        let y = self.rect.bottom() + if is_inside { -2.0 } else { HZ_HEIGHT - 2.0 };
        if !is_inside {
            let corner = pos2(self.rect.right() + LEVELS_WIDTH - 8.0, y);
            painter.text(corner, Align2::RIGHT_BOTTOM, "dB", font(12.5), t.dim);
        }
        for hz in self.marks_hz() {
            let galley = painter.layout_no_wrap(hz_name(hz), font(12.5), t.dim);
            let place = Align2::CENTER_BOTTOM.anchor_size(pos2(self.x(hz), y), galley.size());
            if place.left() < self.rect.left() + 2.0 || place.right() > self.rect.right() {
                continue;
            }
            if is_inside {
                plate(painter, t, place);
            }
            painter.galley(place.min, galley, t.dim);
        }
    }

    /// The levels, right of what is drawn.
    fn label_db(&self, painter: &Painter, t: &Theme) {
        let rect = self.rect;
        for level_db in self.marks_db() {
            let least = rect.top() + 8.0;
            let y = self.y(level_db).clamp(least, (rect.bottom() - 8.0).max(least));
            let at = pos2(rect.right() + LEVELS_WIDTH - 8.0, y);
            let text = db_text(level_db, 0);
            let number = text.trim_end_matches(" dB");
            painter.text(at, Align2::RIGHT_CENTER, number, font(12.5), t.dim);
        }
    }

    /// The levels' axis, which a hand can pull at; the range that becomes of it.
    pub(in crate::editor) fn range_handle(&self, ui: &Ui, t: &Theme, default: Range) -> Range {
        let rect = self.rect;
        let right = pos2(rect.right() + LEVELS_WIDTH, rect.bottom());
        let place = Rect::from_min_max(pos2(rect.right(), rect.top()), right);
        let response = ui.interact(place, ui.scope_id().with("levels"), Sense::click_and_drag());
        let Range { top_db, bottom_db } = self.range;
        response.widget_info(|| {
            let mut info = WidgetInfo::labeled(Role::Slider, true, "Range of levels");
            let ends = (db_text(top_db, 0), db_text(bottom_db, 0));
            info.current_text_value = Some(format!("{} to {}", ends.0, ends.1));
            info
        });
        if response.hovered() || response.dragged() {
            ui.painter().rect_filled(place.shrink(1.0), 3, t.raised);
        }
        focus_ring(ui.painter(), t, place.shrink(3.0), response.has_focus());
        self.label_db(ui.painter(), t);
        let range = self.pull(ui, &response, default);
        help(&response, || {
            "Drag the upper half to move the top, the lower half to move the bottom. Arrows do the \
             same, with Shift for the top. Double click or Ctrl-click: default"
                .to_owned()
        });
        response.on_hover_cursor(CursorIcon::ResizeVertical);
        range
    }

    fn pull(&self, ui: &Ui, response: &egui::Response, default: Range) -> Range {
        let height = self.rect.height();
        let held = response.id.with("held");
        if response.drag_started()
            && let Some(at) = ui.input(|input| input.pointer.press_origin())
        {
            let share = ((at.y - self.rect.top()) / height.max(1.0)).clamp(0.0, 1.0);
            // A drag is known to be one after a few points only; they count.
            let moved = ui.input(|input| input.pointer.total_drag_delta()).unwrap_or_default();
            let moved = moved.y - hand_delta(ui, response).y;
            ui.data_mut(|data| data.insert_temp(held, Pull { share, moved, range: self.range }));
        }
        let pull = ui.data(|data| data.get_temp::<Pull>(held));
        let is_reset = response.clicked() && ui.input(|input| input.modifiers.command);
        if is_reset || response.double_clicked() {
            return default;
        }
        if response.clicked() {
            response.request_focus();
        }
        match pull.filter(|_| response.dragged() || response.drag_stopped()) {
            Some(mut pull) => {
                pull.moved += hand_delta(ui, response).y;
                ui.data_mut(|data| data.insert_temp(held, pull));
                pull.range.pulled(pull.share, pull.moved, height)
            }
            None => self.pull_by_keys(ui, response),
        }
    }

    fn pull_by_keys(&self, ui: &Ui, response: &egui::Response) -> Range {
        if !response.has_focus() {
            return self.range;
        }
        hold_arrows(ui, response.id);
        let (steps, is_top) = ui.input(|input| {
            let pressed = |key| input.num_presses(key) as f32;
            (pressed(Key::ArrowUp) - pressed(Key::ArrowDown), input.modifiers.shift)
        });
        let (top_db, bottom_db) = if is_top { (5.0 * steps, 0.0) } else { (0.0, 5.0 * steps) };
        Range::clamped(self.range.top_db + top_db, self.range.bottom_db + bottom_db)
    }

    /// Levels that the grid marks: every 20 dB, or every 40 where they would crowd.
    fn marks_db(&self) -> impl Iterator<Item = f32> {
        let Range { top_db, bottom_db } = self.range;
        let is_crowded = self.y_beyond(-20.0) - self.y_beyond(0.0) < 18.0;
        (-6..=0i32)
            .rev()
            .filter(move |step| !is_crowded || step % 2 == 0)
            .map(|step| step as f32 * 20.0)
            .filter(move |level_db| (bottom_db..=top_db).contains(level_db))
    }

    fn marks_hz(&self) -> impl Iterator<Item = f32> {
        let max_hz = self.max_hz;
        let steps = [10.0f32, 100.0, 1_000.0, 10_000.0]
            .into_iter()
            .flat_map(|decade| [1.0, 2.0, 5.0].map(|step| decade * step));
        steps.filter(move |hz| *hz > MIN_HZ && *hz < max_hz)
    }
}

/// What makes a text readable over what is drawn.
pub(in crate::editor) fn plate(painter: &Painter, t: &Theme, text: Rect) {
    painter.rect_filled(text.expand2(vec2(3.0, -1.0)), 2, t.panel.gamma_multiply(0.85));
}

fn hz_name(hz: f32) -> String {
    if hz >= 1_000.0 { format!("{}k", hz / 1_000.0) } else { format!("{hz}") }
}

/// A frequency in words: `440 Hz`, `1.25 kHz`.
pub(in crate::editor) fn hz_text(hz: f32) -> String {
    match hz {
        hz if hz >= 10_000.0 => format!("{:.1} kHz", hz / 1_000.0),
        hz if hz >= 1_000.0 => format!("{:.2} kHz", hz / 1_000.0),
        hz => format!("{hz:.0} Hz"),
    }
}

/// The nearest note of equal temperament and how far it is: `A4 +12 ct`.
pub(in crate::editor) fn note_text(hz: f32) -> String {
    const NAMES: [&str; 12] = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"];
    // Semitones above C0; A4 has 440 Hz.
    let semitones = 57.0 + 12.0 * (hz.max(1.0) / 440.0).log2();
    let nearest = semitones.round();
    let cents = ((semitones - nearest) * 100.0).round() + 0.0;
    let name = NAMES[(nearest as i32).rem_euclid(12) as usize];
    let octave = (nearest as i32).div_euclid(12);
    format!("{name}{octave} {cents:+.0} ct").replace('-', "\u{2212}").replace("+0 ", "\u{b1}0 ")
}

/// A level with the typographic minus.
pub(in crate::editor) fn db_text(level_db: f32, n_decimals: usize) -> String {
    format!("{level_db:.n_decimals$} dB").replace('-', "\u{2212}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axes() -> Axes {
        let rect = Rect::from_min_max(pos2(10.0, 20.0), pos2(810.0, 420.0));
        Axes { rect, max_hz: 24e3, range: Range::default() }
    }

    #[test]
    fn places_and_values_are_inverse() {
        let axes = axes();
        for hz in [20.0, 100.0, 1_234.0, 24_000.0] {
            assert!((axes.hz(axes.x(hz)) / hz - 1.0).abs() < 1e-3);
        }
        for idx in [0, 100, N_COLUMNS - 1] {
            let hz = crate::editor::picture::analysis::column_hz(idx, axes.max_hz);
            assert!((axes.x(hz) - axes.column_x(idx)).abs() < 0.05);
        }
        let Range { top_db, bottom_db } = axes.range;
        assert_eq!((axes.y(top_db), axes.y(bottom_db)), (20.0, 420.0));
        assert_eq!((axes.y(top_db + 9.0), axes.y(bottom_db - 9.0)), (20.0, 420.0));
        for level_db in [10.0, -33.0, -140.0] {
            assert!((axes.level_db(axes.y_beyond(level_db)) - level_db).abs() < 1e-3);
        }
    }

    #[test]
    fn frequencies_levels_and_notes_are_said_in_words() {
        assert_eq!(
            (hz_text(1_250.0), db_text(-12.34, 1)),
            ("1.25 kHz".into(), "\u{2212}12.3 dB".into())
        );
        let notes = [440.0, 443.06, 261.63, 27.5, 8_000.0].map(note_text);
        let minus_21 = "B8 +21 ct";
        assert_eq!(
            notes,
            ["A4 \u{b1}0 ct", "A4 +12 ct", "C4 \u{b1}0 ct", "A0 \u{b1}0 ct", minus_21]
        );
        assert_eq!(note_text(435.0), "A4 \u{2212}20 ct");
    }

    #[test]
    fn a_pull_moves_the_nearer_edge_with_the_hand_and_stays_in_range() {
        let range = Range::default();
        let lower = range.pulled(1.0, 100.0, 400.0);
        assert_eq!((lower.top_db, lower.bottom_db), (range.top_db, range.bottom_db + 25.0));
        let upper = range.pulled(0.0, 40.0, 400.0);
        assert_eq!((upper.top_db, upper.bottom_db), (range.top_db + 10.0, range.bottom_db));
        for points in [-1e4, 1e4] {
            for share in [0.0, 0.4, 0.6, 1.0] {
                let Range { top_db, bottom_db } = range.pulled(share, points, 400.0);
                assert!((-40.0..=0.0).contains(&top_db), "{top_db}");
                assert!((-130.0..=-60.0).contains(&bottom_db), "{bottom_db}");
            }
        }
    }
}
