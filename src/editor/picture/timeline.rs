//! The last ten seconds as levels: what came, what is left of it, and what the noise was taken for.
//! A stretch that is dragged over is learned as the noise.

use std::collections::VecDeque;
use std::ops::Range;

use egui::accesskit::Role;
use egui::{
    Align2, Color32, CornerRadius, CursorIcon, Key, Mesh, Rect, Response, Sense, Shape, Stroke, Ui,
    WidgetInfo, pos2,
};
use quell_core::config::MIN_CAPTURE_S;

use crate::editor::dials::hold_arrows;
use crate::editor::edits::Edits;
use crate::editor::picture::analysis::db;
use crate::editor::theme::{Theme, faded};
use crate::editor::widgets::{focus_ring, font, help};
use crate::feed::Frame;

/// Frames that are shown: as many as in the spectrogram, so that both lie under one another.
const N_FRAMES: u32 = 1_024;
/// Frames that share a place.
const PER_PLACE: u32 = 4;
/// Seconds from one frame to the next.
const HOP_S: f32 = 0.01;
/// Levels at the upper and lower edge, dBFS.
const TOP_DB: f32 = -12.0;
const BOTTOM_DB: f32 = -80.0;
/// What an arrow key moves, frames; and the stretch that they begin with.
const KEY_FRAMES: i64 = 10;
const FIRST_FRAMES: u32 = 200;

/// What is said of the strip.
const HELP: &str = "The last ten seconds: what is left in the output, what was taken away over it, \
    the noise as a line. Drag over noise alone to learn it; arrows and Enter do the same";

/// Levels of a few frames: the highest powers.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Place {
    /// Number of the first frame over [`PER_PLACE`].
    idx: u32,
    input: f32,
    output: f32,
    noise: f32,
}

/// What the last seconds held.
#[derive(Default)]
pub(in crate::editor) struct Timeline {
    places: VecDeque<Place>,
    /// Number of the newest frame.
    newest: u32,
    /// Stretches that were captured; the last may still grow.
    captures: VecDeque<Range<u32>>,
    is_capturing: bool,
    /// What a hand has chosen, from where it began to where it is.
    chosen: Option<(u32, u32)>,
}

impl Timeline {
    pub(in crate::editor) fn take(&mut self, frame: &Frame, is_capturing: bool) {
        if frame.number < self.newest {
            // Another stream.
            *self = Self::default();
        }
        self.newest = frame.number;
        let idx = frame.number / PER_PLACE;
        let new = Place {
            idx,
            input: frame.input_power,
            output: frame.output_power,
            noise: frame.noise_power,
        };
        match self.places.back_mut().filter(|last| last.idx == idx) {
            Some(last) => {
                last.input = last.input.max(new.input);
                last.output = last.output.max(new.output);
                last.noise = new.noise;
            }
            None => self.places.push_back(new),
        }
        let oldest = self.oldest();
        while self.places.front().is_some_and(|first| first.idx < oldest / PER_PLACE) {
            self.places.pop_front();
        }
        self.mark(is_capturing);
        while self.captures.front().is_some_and(|first| first.end < oldest) {
            self.captures.pop_front();
        }
    }

    fn mark(&mut self, is_capturing: bool) {
        let now = self.newest;
        match self.captures.back_mut().filter(|_| self.is_capturing && is_capturing) {
            Some(last) => last.end = now,
            None if is_capturing => self.captures.push_back(now..now),
            None => {}
        }
        self.is_capturing = is_capturing;
    }

    fn oldest(&self) -> u32 {
        self.newest.saturating_sub(N_FRAMES)
    }

    /// Where a frame lies; frames move to the left as time goes.
    fn x(&self, rect: Rect, number: u32) -> f32 {
        let ago = self.newest.saturating_sub(number) as f32;
        rect.right() - rect.width() * ago / N_FRAMES as f32
    }

    fn number_at(&self, rect: Rect, x: f32) -> u32 {
        let share = ((rect.right() - x) / rect.width().max(1.0)).clamp(0.0, 1.0);
        self.newest.saturating_sub((share * N_FRAMES as f32) as u32)
    }

    /// What is chosen, in the order of time.
    fn stretch(&self) -> Option<Range<u32>> {
        let (from, to) = self.chosen?;
        let stretch = from.min(to).max(self.oldest())..from.max(to);
        (!stretch.is_empty()).then_some(stretch)
    }

    /// Shows it, and has learned what a hand chose.
    pub(in crate::editor) fn show(&mut self, ui: &Ui, t: &Theme, edits: &mut Edits, rect: Rect) {
        let response = ui.interact(rect, ui.scope_id().with("timeline"), Sense::click_and_drag());
        let said = self.stretch().map_or("nothing chosen".to_owned(), |s| seconds_text(&s));
        response.widget_info(|| {
            let mut info = WidgetInfo::labeled(Role::Slider, true, "Last ten seconds");
            info.current_text_value = Some(said.clone());
            info
        });
        if let Some(stretch) = self.choose(ui, &response, rect) {
            edits.use_stretch(stretch);
        }
        let painter = ui.painter_at(rect);
        painter.rect_filled(rect, CornerRadius::same(3), t.ground);
        self.paint_levels(ui, t, rect);
        for capture in &self.captures {
            let (left, right) = (self.x(rect, capture.start), self.x(rect, capture.end));
            let bottom = rect.bottom();
            let mark =
                Rect::from_min_max(pos2(left, bottom - 4.0), pos2(right.max(left + 3.0), bottom));
            painter.rect_filled(mark, CornerRadius::ZERO, t.accent);
        }
        self.paint_chosen(ui, t, rect, response.hovered());
        focus_ring(ui.painter(), t, rect.shrink(3.0), response.has_focus());
        help(&response, || HELP.to_owned());
        response.on_hover_cursor(CursorIcon::Text);
    }

    /// What hand and keys choose; the stretch that is to be learned now.
    fn choose(&mut self, ui: &Ui, response: &Response, rect: Rect) -> Option<Range<u32>> {
        let (pointer, origin) =
            ui.input(|input| (input.pointer.interact_pos(), input.pointer.press_origin()));
        if response.drag_started()
            && let Some(at) = origin
        {
            // From where the button went down, though the drag is known only later.
            self.chosen = Some((self.number_at(rect, at.x), self.number_at(rect, at.x)));
        }
        let is_held = response.dragged() || response.drag_stopped();
        if let Some((_, to)) = self.chosen.as_mut().filter(|_| is_held)
            && let Some(at) = pointer
        {
            let share = ((rect.right() - at.x) / rect.width().max(1.0)).clamp(0.0, 1.0);
            *to = self.newest.saturating_sub((share * N_FRAMES as f32) as u32);
        }
        if ui.input(|input| input.key_pressed(Key::Escape)) {
            self.chosen = None;
        }
        if response.drag_stopped() {
            let stretch = self.stretch();
            self.chosen = None;
            return stretch;
        }
        if response.clicked() {
            response.request_focus();
        }
        self.choose_by_keys(ui, response)
    }

    /// Arrows move what is chosen, with Shift its end; Enter learns it.
    fn choose_by_keys(&mut self, ui: &Ui, response: &Response) -> Option<Range<u32>> {
        if !response.has_focus() {
            return None;
        }
        hold_arrows(ui, response.id);
        let (steps, is_end, is_enter) = ui.input(|input| {
            let pressed = |key| input.num_presses(key) as i64;
            let steps = pressed(Key::ArrowRight) - pressed(Key::ArrowLeft);
            (steps, input.modifiers.shift, input.key_pressed(Key::Enter))
        });
        if steps != 0 {
            let (from, to) =
                self.chosen.unwrap_or((self.newest.saturating_sub(FIRST_FRAMES), self.newest));
            let (oldest, newest) = (self.oldest(), self.newest);
            let moved = |number: u32| {
                let moved = i64::from(number) + steps * KEY_FRAMES;
                (moved.clamp(0, i64::from(u32::MAX)) as u32).clamp(oldest, newest)
            };
            self.chosen = Some((if is_end { from } else { moved(from) }, moved(to)));
        }
        let stretch = self.stretch().filter(|_| is_enter)?;
        self.chosen = None;
        Some(stretch)
    }

    fn paint_levels(&self, ui: &Ui, t: &Theme, rect: Rect) {
        let painter = ui.painter_at(rect);
        let y = |power: f32| {
            let share = (TOP_DB - db(power)) / (TOP_DB - BOTTOM_DB);
            rect.top() + share.clamp(0.0, 1.0) * rect.height()
        };
        let (mut removed, mut left) = (Mesh::default(), Mesh::default());
        let mut noise = Vec::with_capacity(self.places.len());
        let width = rect.width() * PER_PLACE as f32 / N_FRAMES as f32;
        for place in &self.places {
            let x = self.x(rect, place.idx * PER_PLACE);
            let (from, to) = (y(place.input), y(place.output.min(place.input)));
            let bar = |top: f32, bottom: f32| {
                Rect::from_min_max(pos2(x, top), pos2(x + width, bottom.max(top)))
            };
            removed.add_colored_rect(bar(from, to), faded(t.removed, 0.55));
            left.add_colored_rect(bar(to, rect.bottom()), faded(t.output, 0.6));
            noise.push(pos2(x + width / 2.0, y(place.noise)));
        }
        painter.add(removed);
        painter.add(left);
        painter.add(Shape::line(noise, Stroke::new(1.2, t.noise)));
    }

    fn paint_chosen(&self, ui: &Ui, t: &Theme, rect: Rect, is_hovered: bool) {
        let painter = ui.painter_at(rect);
        let text = match self.stretch() {
            Some(stretch) => {
                let (left, right) = (self.x(rect, stretch.start), self.x(rect, stretch.end));
                let place = Rect::from_min_max(pos2(left, rect.top()), pos2(right, rect.bottom()));
                painter.rect_filled(place, CornerRadius::ZERO, faded(t.text, 0.18));
                for x in [left, right] {
                    painter.vline(x, rect.y_range(), Stroke::new(1.5, t.text));
                }
                chosen_text(&stretch, ui.input(|input| input.pointer.any_down()))
            }
            None if is_hovered => "Drag over noise alone to learn it".to_owned(),
            None => "last 10 s".to_owned(),
        };
        let galley = painter.layout_no_wrap(text, font(12.0), t.text);
        let at = pos2(rect.left() + 7.0, rect.top() + 4.0);
        let place = Align2::LEFT_TOP.anchor_size(at, galley.size());
        painter.rect_filled(place.expand2(egui::vec2(3.0, 0.0)), 2, faded(t.ground, 0.8));
        painter.galley(place.min, galley, Color32::PLACEHOLDER);
    }
}

fn seconds(stretch: &Range<u32>) -> f32 {
    stretch.len() as f32 * HOP_S
}

fn seconds_text(stretch: &Range<u32>) -> String {
    format!("{:.1} s", seconds(stretch))
}

fn chosen_text(stretch: &Range<u32>, is_held: bool) -> String {
    let length = seconds_text(stretch);
    match (f64::from(seconds(stretch)) < MIN_CAPTURE_S, is_held) {
        (true, _) => format!("{length}: too short, {MIN_CAPTURE_S} s at least"),
        (false, true) => format!("{length}: let go to learn the noise from it, Escape to leave it"),
        (false, false) => format!("{length}: Enter learns the noise from it"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(number: u32, input_power: f32) -> Frame {
        Frame { number, input_power, ..Frame::EMPTY }
    }

    #[test]
    fn the_last_ten_seconds_are_kept_and_captures_marked() {
        let mut timeline = Timeline::default();
        for number in 0..3_000 {
            timeline.take(&frame(number, 0.1), (1_500..1_700).contains(&number));
        }
        assert!(timeline.captures.is_empty(), "it is longer ago than what is shown");
        for number in 3_000..3_400 {
            timeline.take(&frame(number, 0.1), (3_100..3_300).contains(&number));
        }
        assert_eq!(timeline.captures.len(), 1);
        assert_eq!(timeline.captures.back(), Some(&(3_100..3_299)));
        let n_places = timeline.places.len() as u32;
        assert!(n_places.abs_diff(N_FRAMES / PER_PLACE) <= 1, "{n_places}");
        timeline.take(&frame(0, 0.1), false);
        assert_eq!((timeline.places.len(), timeline.captures.len()), (1, 0), "another stream");
    }

    #[test]
    fn what_is_chosen_stays_with_the_sound() {
        let mut timeline = Timeline::default();
        let rect = Rect::from_min_max(pos2(0.0, 0.0), pos2(1_024.0, 40.0));
        (0..2_000).for_each(|number| timeline.take(&frame(number, 0.1), false));
        let from = timeline.number_at(rect, 824.0);
        let to = timeline.number_at(rect, 624.0);
        timeline.chosen = Some((from, to));
        assert_eq!(timeline.stretch(), Some(1_599..1_799), "from right to left, too");
        (2_000..2_100).for_each(|number| timeline.take(&frame(number, 0.1), false));
        assert_eq!(timeline.stretch(), Some(1_599..1_799));
        assert!((timeline.x(rect, 1_799) - 724.0).abs() < 1e-3);
        (2_100..2_700).for_each(|number| timeline.take(&frame(number, 0.1), false));
        assert_eq!(timeline.stretch(), Some(1_675..1_799), "what is gone cannot be learned");
        assert!(chosen_text(&(0..20), true).contains("too short"));
    }
}
