//! The recording that is open in the program of its own: its waveform, what is heard of it, what is
//! learned from a stretch of it, and where the clean one goes.

use std::ops::Range;

use egui::accesskit::Role;
use egui::{
    Align2, CornerRadius, Key, Modifiers, Pos2, Rect, Response, Sense, Stroke, Ui, WidgetInfo,
    pos2, vec2,
};

use crate::editor::theme::{ROUND, Theme, faded};
use crate::editor::widgets::{Label, button, focus_ring, help, line_of_text};
use crate::standalone::desk::Desk;
use crate::standalone::shelf::{Fate, N_PEAKS, OnDeck, Order, Shelved};

/// Height of the whole.
pub(super) const HEIGHT: f32 = 112.0;
/// Height of the row of buttons.
const ROW: f32 = 26.0;
/// The row as it is drawn where there is room for it, points.
const FULL_WIDTH: f32 = 540.0;
/// A stretch shorter than this is a click, points.
const LEAST_DRAG: f32 = 4.0;

/// What a click asks for that is done elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Request {
    /// A name for the clean file.
    Save,
}

/// What the panel shows and turns.
pub(super) struct Hands<'a> {
    pub(super) desk: &'a Desk,
    pub(super) shown: &'a Shelved,
}

/// Places for buttons, from left to right.
struct Row {
    left: f32,
    top: f32,
    share: f32,
}

impl Row {
    fn place(&mut self, width: f32) -> Rect {
        let width = width * self.share;
        let place = Rect::from_min_size(pos2(self.left, self.top), vec2(width, ROW));
        self.left += width + 6.0;
        place
    }
}

/// What the window remembers of the recording.
#[derive(Default)]
pub(super) struct View {
    /// The stretch that was dragged over, seconds.
    stretch: Option<Range<f64>>,
    /// Where a drag began, seconds.
    anchor_s: Option<f64>,
}

impl View {
    /// Another recording: nothing is chosen in it.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// The whole panel.
    pub(super) fn show(
        &mut self,
        ui: &mut Ui,
        t: &Theme,
        hands: &Hands,
        rect: Rect,
    ) -> Option<Request> {
        ui.painter().rect_filled(rect, CornerRadius::same(ROUND), t.panel);
        let inside = rect.shrink(8.0);
        let mut row = Row {
            left: inside.left(),
            top: inside.top(),
            share: (inside.width() / FULL_WIDTH).min(1.0),
        };
        self.transport(ui, t, hands, &mut row);
        self.learn(ui, t, hands, &mut row);
        let request = self.keep(ui, t, hands, &mut row);
        let top = inside.top() + ROW + 6.0;
        let wave = Rect::from_min_max(pos2(inside.left(), top), inside.max);
        self.wave(ui, t, hands, wave);
        request
    }

    /// Play, and which recording.
    fn transport(&mut self, ui: &mut Ui, t: &Theme, hands: &Hands, row: &mut Row) {
        let Hands { desk, shown, .. } = hands;
        let can_play = shown.on_deck.as_ref().is_some_and(|on_deck| on_deck.stream_hz > 0.0);
        let is_playing = desk.deck.is_playing();
        let (name, hint) = match (is_playing, can_play) {
            (true, _) => ("Pause", "Stops here (Space)"),
            (false, true) => ("Play", "Plays the recording, or the stretch you chose (Space)"),
            (false, false) => ("Play", "There is nothing to play, or no device to play it on"),
        };
        let label = Label { name, hint };
        let is_clicked = button(ui, t, row.place(64.0), label, is_playing, can_play).clicked();
        let is_space = ui.memory(|memory| memory.focused().is_none())
            && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Space));
        if is_clicked || is_space && can_play {
            desk.deck.play(!is_playing);
        }
        let n = shown.entries.len();
        if n < 2 {
            return;
        }
        for (name, hint, to) in [
            ("\u{2039}", "The recording before", shown.current.checked_sub(1)),
            ("\u{203a}", "The next recording", Some(shown.current + 1).filter(|next| *next < n)),
        ] {
            let label = Label { name, hint };
            if button(ui, t, row.place(26.0), label, false, to.is_some()).clicked()
                && let Some(to) = to
            {
                desk.shelf.order(Order::Choose(to));
                self.forget();
            }
        }
    }

    fn learn(&self, ui: &mut Ui, t: &Theme, hands: &Hands, row: &mut Row) {
        let hint = "Learns the noise from the stretch that you dragged over";
        let label = Label { name: "Learn noise", hint };
        let can_learn = self.stretch.is_some() && hands.shown.on_deck.is_some();
        if button(ui, t, row.place(98.0), label, false, can_learn).clicked()
            && let Some(stretch) = self.stretch.clone()
        {
            hands.desk.shelf.order(Order::Learn(stretch));
        }
    }

    /// What becomes of the files.
    fn keep(&mut self, ui: &mut Ui, t: &Theme, hands: &Hands, row: &mut Row) -> Option<Request> {
        let Hands { desk, shown, .. } = hands;
        let is_idle = !shown.is_saving;
        let hint = "Writes the clean recording as it sounds now";
        let label = Label { name: "Save\u{2026}", hint };
        let is_saved = button(ui, t, row.place(70.0), label, false, is_idle).clicked();
        if shown.is_saving {
            let label = Label { name: "Stop", hint: "Writes no more; what is whole stays" };
            if button(ui, t, row.place(76.0), label, true, true).clicked() {
                desk.shelf.stop();
            }
        } else if shown.entries.len() > 1 {
            let hint = "Writes all of them as they would sound now, each beside its recording";
            let label = Label { name: "Save all", hint };
            if button(ui, t, row.place(76.0), label, false, true).clicked() {
                desk.shelf.order(Order::SaveAll);
            }
        }
        let hint = "Puts the recording away; the input is heard again";
        let label = Label { name: "Close", hint };
        if button(ui, t, row.place(60.0), label, false, is_idle).clicked() {
            desk.shelf.order(Order::Close);
            self.forget();
        }
        is_saved.then_some(Request::Save)
    }

    // ---- The waveform --------------------------------------------------------------------------

    fn wave(&mut self, ui: &mut Ui, t: &Theme, hands: &Hands, rect: Rect) {
        let Hands { desk, shown, .. } = hands;
        let painter = ui.painter_at(rect);
        painter.rect_filled(rect, CornerRadius::same(3), t.ground);
        let id = ui.scope_id().with("waveform");
        let response = ui.interact(rect, id, Sense::click_and_drag());
        if let Some(on_deck) = &shown.on_deck {
            self.point(&response, desk, on_deck);
            self.paint(ui, t, desk, on_deck, rect);
            if desk.deck.is_playing() {
                ui.ctx().request_repaint_after(std::time::Duration::from_millis(33));
            }
        }
        focus_ring(ui.painter(), t, rect, response.has_focus());
        let text = self.caption(desk, shown);
        response.widget_info(|| WidgetInfo::labeled(Role::Canvas, true, &text));
        let at = rect.min + vec2(6.0, 3.0);
        line_of_text(ui, at, Align2::LEFT_TOP, &text, 13.0, t.text, rect.width() * 0.55);
        let (text, color) = fate(t, shown);
        let at = pos2(rect.right() - 6.0, rect.top() + 3.0);
        line_of_text(ui, at, Align2::RIGHT_TOP, &text, 13.0, color, rect.width() * 0.42);
        help(&response, || "Click to go there, drag to choose a stretch.".to_owned());
    }

    /// A click goes there, a drag chooses a stretch.
    fn point(&mut self, response: &Response, desk: &Desk, on_deck: &OnDeck) {
        let Some(at) = response.interact_pointer_pos() else { return };
        let pressed = response.ctx.input(|input| input.pointer.press_origin()).unwrap_or(at);
        let at_s = seconds_at(at, response.rect, on_deck);
        let frame = |seconds: f64| (seconds * on_deck.stream_hz) as usize;
        if response.clicked() {
            self.stretch = None;
            desk.deck.select(None);
            desk.deck.go_to(frame(at_s));
        }
        if response.drag_started() {
            // The drag is noticed a little after it began.
            self.anchor_s = Some(seconds_at(pressed, response.rect, on_deck));
        }
        let Some(anchor_s) = self.anchor_s else { return };
        let stretch = anchor_s.min(at_s)..anchor_s.max(at_s);
        let points = (stretch.end - stretch.start) / on_deck.seconds * response.rect.width() as f64;
        self.stretch = Some(stretch.clone()).filter(|_| points as f32 >= LEAST_DRAG);
        if response.drag_stopped() {
            self.anchor_s = None;
            let chosen = self.stretch.clone();
            desk.deck.select(chosen.map(|chosen| frame(chosen.start)..frame(chosen.end)));
            if self.stretch.is_some() {
                desk.deck.go_to(frame(stretch.start));
            }
        }
    }

    fn paint(&self, ui: &Ui, t: &Theme, desk: &Desk, on_deck: &OnDeck, rect: Rect) {
        let painter = ui.painter_at(rect);
        let x = |seconds: f64| rect.left() + (seconds / on_deck.seconds) as f32 * rect.width();
        if let Some(stretch) = &self.stretch {
            let y = rect.y_range();
            let chosen = Rect::from_x_y_ranges(x(stretch.start)..=x(stretch.end), y);
            painter.rect_filled(chosen, CornerRadius::ZERO, faded(t.noise, 0.35));
        }
        let middle = rect.center().y;
        let peak = on_deck.peaks.iter().flatten().fold(0.0f32, |peak, s| peak.max(s.abs()));
        // As high as there is room, below the captions.
        let half = (rect.height() * 0.5 - 4.0) / peak.max(1e-4);
        let columns = rect.width().ceil() as usize;
        for column in 0..columns {
            let part = |edge: usize| (edge * N_PEAKS / columns).min(N_PEAKS);
            let peaks = on_deck.peaks.get(part(column)..part(column + 1).max(part(column) + 1));
            let Some(peaks) = peaks else { continue };
            let low = peaks.iter().fold(0.0f32, |low, peak| low.min(peak[0]));
            let high = peaks.iter().fold(0.0f32, |high, peak| high.max(peak[1]));
            let span = middle - high * half - 0.5..=middle - low * half + 0.5;
            painter.vline(rect.left() + column as f32, span, Stroke::new(1.0, t.input));
        }
        if on_deck.stream_hz > 0.0 {
            let at_s = desk.deck.at() as f64 / on_deck.stream_hz;
            painter.vline(x(at_s), rect.y_range(), Stroke::new(2.0, t.text));
        }
    }

    /// Name, place among others, time.
    fn caption(&self, desk: &Desk, shown: &Shelved) -> String {
        let Some(entry) = shown.entry() else { return String::new() };
        let name = entry.path.file_name().unwrap_or_default().to_string_lossy();
        let n = shown.entries.len();
        let place = if n > 1 { format!(", {} of {n}", shown.current + 1) } else { String::new() };
        let Some(on_deck) = &shown.on_deck else { return format!("{name}{place}") };
        let at_s = match on_deck.stream_hz {
            0.0 => 0.0,
            stream_hz => desk.deck.at() as f64 / stream_hz,
        };
        let time = match &self.stretch {
            Some(s) => format!("{} to {} chosen", clock(s.start), clock(s.end)),
            None => format!("{} of {}", clock(at_s), clock(on_deck.seconds)),
        };
        format!("{name}{place}: {time}")
    }
}

/// What became of the recording, in words.
fn fate(t: &Theme, shown: &Shelved) -> (String, egui::Color32) {
    let n_done = shown.entries.iter().filter(|e| matches!(e.fate, Fate::Saved(_))).count();
    let saving = shown.entries.iter().enumerate().find_map(|(idx, entry)| match entry.fate {
        Fate::Saving(share) => Some((idx, share)),
        _ => None,
    });
    if let Some((idx, share)) = saving {
        let which = match shown.entries.len() {
            1 => String::new(),
            n => format!("{} of {n}, ", idx + 1),
        };
        return (format!("Saving {which}{:.0} %", share * 100.0), t.text);
    }
    match shown.entry().map(|entry| &entry.fate) {
        Some(Fate::Opening) => ("Opening\u{2026}".to_owned(), t.dim),
        Some(Fate::Failed(error)) => (error.clone(), t.error),
        Some(Fate::Saved(path)) => {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let all = if n_done > 1 { format!(", {n_done} in all") } else { String::new() };
            (format!("Saved as {name}{all}"), t.text)
        }
        _ => (String::new(), t.dim),
    }
}

fn seconds_at(at: Pos2, rect: Rect, on_deck: &OnDeck) -> f64 {
    let share = ((at.x - rect.left()) / rect.width().max(1.0)).clamp(0.0, 1.0);
    f64::from(share) * on_deck.seconds
}

/// `1:02.3`.
fn clock(seconds: f64) -> String {
    let tenths = (seconds * 10.0).round() as u64;
    format!("{}:{:02}.{}", tenths / 600, tenths / 10 % 60, tenths % 10)
}
