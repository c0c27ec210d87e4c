//! The top line: presets, A and B, undo, and what belongs to the whole window.

use egui::{Align2, Rect, Ui, pos2, vec2};

use crate::Shared;
use crate::editor::edits::Edits;
use crate::editor::files::Next;
use crate::editor::presets;
use crate::editor::theme::Theme;
use crate::editor::widgets::{Label, button, line_of_text};
use crate::params::BYPASS;

/// What a click asks for that is no edit.
pub(super) enum Request {
    /// What follows from a choice in the list of presets.
    Next(Next),
    /// Light colours, or dark ones.
    Light(bool),
}

/// The whole line.
pub(super) fn show(
    ui: &mut Ui,
    t: &Theme,
    edits: &mut Edits,
    shared: &Shared,
    rect: Rect,
) -> Option<Request> {
    let y = rect.center().y;
    let at = pos2(rect.left() + 2.0, y);
    line_of_text(ui, at, Align2::LEFT_CENTER, "Quell", 26.0, t.text, 80.0);
    let mut left = rect.left() + 76.0;
    let mut place = |width: f32| {
        let place = Rect::from_min_size(pos2(left, y - 14.0), vec2(width, 28.0));
        left += width + 4.0;
        place
    };
    let name_width = (rect.width() * 0.2).clamp(130.0, 220.0);
    let (back, name, on) = (place(24.0), place(name_width), place(24.0));
    let stepped = presets::steps(ui, t, edits, [back, on]);
    let next = presets::menu(ui, t, edits, name).or(stepped).map(Request::Next);
    place(4.0);
    comparison(ui, t, edits, [place(34.0), place(34.0), place(64.0)]);
    place(4.0);
    undo_buttons(ui, t, edits, [place(54.0), place(54.0)]);
    let light = right_end(ui, t, edits, shared, rect).map(Request::Light);
    next.or(light)
}

fn comparison(ui: &mut Ui, t: &Theme, edits: &mut Edits, [a, b, copy]: [Rect; 3]) {
    let is_b = edits.memory().marks.is_b;
    let hint = "Two settings to compare; the session's bypass and latency stay";
    let is_a_clicked = button(ui, t, a, Label { name: "A", hint }, !is_b, true).clicked();
    let is_b_clicked = button(ui, t, b, Label { name: "B", hint }, is_b, true).clicked();
    if is_a_clicked && is_b || is_b_clicked && !is_b {
        edits.swap_a_b();
    }
    let name = if is_b { "Copy B\u{203a}A" } else { "Copy A\u{203a}B" };
    let hint = "Makes the other setting the same as this one";
    if button(ui, t, copy, Label { name, hint }, false, true).clicked() {
        edits.copy_to_other();
    }
}

fn undo_buttons(ui: &mut Ui, t: &Theme, edits: &mut Edits, [undo, redo]: [Rect; 2]) {
    let (can_undo, can_redo) = {
        let memory = edits.memory();
        (memory.can_undo(), memory.can_redo())
    };
    let label = Label { name: "Undo", hint: "Takes the last edit back (Ctrl Z)" };
    if button(ui, t, undo, label, false, can_undo).clicked() {
        edits.undo();
    }
    let label = Label { name: "Redo", hint: "Makes it again (Ctrl Shift Z)" };
    if button(ui, t, redo, label, false, can_redo).clicked() {
        edits.redo();
    }
}

/// Bypass, colours and latency; returns whether light colours are wanted, where that was clicked.
fn right_end(
    ui: &mut Ui,
    t: &Theme,
    edits: &mut Edits,
    shared: &Shared,
    rect: Rect,
) -> Option<bool> {
    let y = rect.center().y;
    let mut right = rect.right();
    let mut place = |width: f32| {
        let place = Rect::from_min_size(pos2(right - width, y - 14.0), vec2(width, 28.0));
        right -= width + 4.0;
        place
    };
    let bypass = &shared.params[BYPASS];
    let label = Label { name: bypass.row().name, hint: bypass.row().help };
    if button(ui, t, place(66.0), label, bypass.is_on(), true).clicked() {
        edits.switch(bypass, !bypass.is_on());
    }
    let (name, hint) =
        if t.is_light { ("Dark", "Dark colours") } else { ("Light", "Light colours") };
    let is_clicked = button(ui, t, place(48.0), Label { name, hint }, false, true).clicked();
    let at = place(60.0).right_center();
    if rect.width() > 790.0 {
        let text = latency_text(shared);
        line_of_text(ui, at, Align2::RIGHT_CENTER, &text, 13.0, t.dim, 110.0);
    }
    is_clicked.then_some(!t.is_light)
}

/// The running stream's delay; before there is one, that of the mode at a common rate.
fn latency_text(shared: &Shared) -> String {
    let (samples, rate_hz) = (shared.link.latency_samples(), shared.feed.sample_rate_hz());
    let (samples, rate_hz) = if samples > 0 && rate_hz > 0.0 {
        (samples, rate_hz)
    } else {
        let rate_hz = 48_000.0f32;
        (shared.params.latency_samples_at(rate_hz.into()), rate_hz)
    };
    format!("{:.0} ms late", samples as f32 / rate_hz * 1000.0)
}
