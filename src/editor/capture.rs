//! Capture, and what can be done with the print. What became of it is said in the status line.

use egui::accesskit::Role;
use egui::{
    Align2, Color32, CornerRadius, Rect, Response, Sense, Stroke, Ui, WidgetInfo, pos2, vec2,
};
use quell_core::CaptureProgress;
use quell_core::config::CAPTURE_S;

use crate::Shared;
use crate::editor::edits::Edits;
use crate::editor::theme::{ROUND, Theme, faded};
use crate::editor::widgets::{Label, button, focus_ring, help, line_of_text};
use crate::params::ADD;

/// Held for as long, the button captures until it is let go, seconds.
const HOLD_S: f64 = 0.4;

/// What is learned without a capture.
pub(super) const USE_RECENT: &str =
    "Learns the noise from the quietest steady stretches of the last 20 seconds of sound";

/// What the row of small buttons asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Request {
    Clear,
    Save,
    Load,
    Copy,
    Paste,
}

/// How the pointer holds the button.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Press {
    /// When it went down, seconds.
    since_s: Option<f64>,
    /// A capture began with it.
    is_start: bool,
}

/// What a capture is doing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Doing {
    Nothing,
    /// It was asked for; no sound has come yet.
    Waiting,
    /// What was heard last is searched.
    Looking,
    Capturing(CaptureProgress),
}

impl Doing {
    pub(super) fn of(edits: &Edits, shared: &Shared) -> Self {
        match shared.link.progress() {
            Some(progress) => Self::Capturing(progress),
            None => match edits.memory().capture {
                Some(own) if own.is_recent => Self::Looking,
                Some(_) => Self::Waiting,
                None => Self::Nothing,
            },
        }
    }
}

/// The most visible control: press and play noise, or hold while it plays.
pub(super) fn show(
    ui: &mut Ui,
    t: &Theme,
    edits: &mut Edits,
    shared: &Shared,
    press: &mut Press,
    rect: Rect,
) {
    let has_print = shared.link.profile().is_some();
    let doing = Doing::of(edits, shared);
    let is_on = matches!(doing, Doing::Waiting | Doing::Capturing(_));
    // To drag, too: else a press that lasts is let go after a moment.
    let response = ui.interact(rect, ui.scope_id().with("capture"), Sense::click_and_drag());
    let name = if is_on { "Stop capture" } else { "Capture noise" };
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_on, name));
    follow_hand(ui, edits, shared, press, &response, is_on);
    let fill = match (is_on, response.hovered()) {
        (true, _) => t.error,
        (false, true) => t.accent.lerp_to_gamma(t.text, 0.12),
        (false, false) => t.accent,
    };
    // The error colour of the dark theme is light, that of the light theme dark.
    let text = if is_on && !t.is_light { Color32::from_rgb(0x2a, 0x08, 0x0a) } else { t.on_accent };
    ui.painter().rect_filled(rect, CornerRadius::same(ROUND), fill);
    focus_ring(ui.painter(), t, rect, response.has_focus());
    // A narrow button has its sign nearer to its edge.
    let sign = 34.0 * (rect.width() / 235.0).min(1.0);
    let center = pos2(rect.left() + sign, rect.center().y);
    ring(ui, center, text, doing);
    let (title, hint) = words(doing, has_print, shared.link.is_capture_held());
    let at = pos2(center.x + 26.0, rect.center().y);
    let room = rect.right() - at.x - 6.0;
    let above = at - vec2(0.0, 1.0);
    line_of_text(ui, above, Align2::LEFT_BOTTOM, &title, 18.0, text, room);
    line_of_text(ui, at + vec2(0.0, 2.0), Align2::LEFT_TOP, hint, 13.0, text, room);
    help(&response, || {
        "Learns the noise from two seconds of it alone (room tone, hiss, a run-in groove) and ends \
         by itself; hold it down to learn for longer. Undo brings back the print before."
            .to_owned()
    });
}

/// Starts and stops captures: a click is one of usual length, a hold lasts as long as it does.
fn follow_hand(
    ui: &Ui,
    edits: &mut Edits,
    shared: &Shared,
    press: &mut Press,
    response: &Response,
    is_on: bool,
) {
    let now_s = ui.input(|input| input.time);
    let toggle = |edits: &mut Edits| {
        if is_on {
            edits.stop_capture();
        } else {
            edits.start_capture();
        }
    };
    match (press.since_s, response.is_pointer_button_down_on()) {
        (None, true) => {
            *press = Press { since_s: Some(now_s), is_start: !is_on };
            shared.link.hold_capture(!is_on);
            toggle(edits);
        }
        (Some(since_s), false) => {
            shared.link.hold_capture(false);
            if press.is_start && now_s - since_s >= HOLD_S {
                edits.stop_capture();
            }
            *press = Press::default();
        }
        // A key, or a hand quicker than the eye.
        (None, false) if response.clicked() => toggle(edits),
        _ => {}
    }
}

/// Title and hint of the button.
fn words(doing: Doing, has_print: bool, is_held: bool) -> (String, &'static str) {
    match doing {
        Doing::Capturing(progress) if is_held => {
            (format!("Capturing {:.1} s", progress.usable_s), "let go to finish")
        }
        Doing::Capturing(progress) => {
            (format!("Capturing {:.1} s", progress.usable_s), "of 2: keep it quiet\u{2026}")
        }
        Doing::Waiting => ("Capturing".to_owned(), "play the noise"),
        Doing::Nothing | Doing::Looking if has_print => {
            ("Capture again".to_owned(), "play noise, press")
        }
        Doing::Nothing | Doing::Looking => ("Capture noise".to_owned(), "play noise, press"),
    }
}

fn ring(ui: &Ui, center: egui::Pos2, color: Color32, doing: Doing) {
    let painter = ui.painter();
    painter.circle_stroke(center, 18.0, Stroke::new(3.0, faded(color, 0.3)));
    let share = match doing {
        Doing::Capturing(progress) => (progress.usable_s / CAPTURE_S as f32).min(1.0),
        _ => 0.0,
    };
    if share > 0.0 {
        // A whole ring from the top: three quarters of `arc_shape` are its full sweep.
        let full = Stroke::new(4.0, color);
        let n = (share * 60.0).ceil().max(2.0) as usize;
        let point = |idx: usize| {
            let turn = share * idx as f32 / (n - 1) as f32 - 0.25;
            center + egui::Vec2::angled(turn * std::f32::consts::TAU) * 18.0
        };
        painter.add(egui::Shape::line((0..n).map(point).collect(), full));
    }
    if matches!(doing, Doing::Nothing | Doing::Looking) {
        painter.circle_filled(center, 8.0, color);
    } else {
        painter.rect_filled(Rect::from_center_size(center, vec2(13.0, 13.0)), 2, color);
    }
}

/// A print without a capture, and one that grows.
pub(super) fn other_ways(ui: &mut Ui, t: &Theme, edits: &mut Edits, shared: &Shared, rect: Rect) {
    let width = rect.width() * 0.56;
    let first = Rect::from_min_size(rect.min, vec2(width, rect.height()));
    let label = Label { name: "Use last seconds", hint: USE_RECENT };
    if button(ui, t, first, label, false, true).clicked() {
        edits.use_recent();
    }
    let second = Rect::from_min_max(pos2(first.right() + 4.0, rect.top()), rect.max);
    let control = &shared.params[ADD];
    let label = Label { name: control.row().name, hint: control.row().help };
    if button(ui, t, second, label, control.is_on(), true).clicked() {
        edits.switch(control, !control.is_on());
    }
}

/// What can be done with the print in force.
pub(super) fn row(ui: &mut Ui, t: &Theme, rect: Rect, has_print: bool) -> Option<Request> {
    let parts = [
        (Request::Clear, "Clear", "Forgets the print; Undo brings it back", has_print),
        (Request::Copy, "Copy", "Puts the print on the clipboard, for another track", has_print),
        (Request::Paste, "Paste", "Takes a print from the clipboard", true),
        (
            Request::Save,
            "Save",
            "Saves the print as a file, as `quell profile` reads it",
            has_print,
        ),
        (Request::Load, "Load", "Loads a print from a file", true),
    ];
    let gap = 4.0;
    let width = (rect.width() - gap * 4.0) / 5.0;
    let mut request = None;
    for (idx, (what, name, hint, is_enabled)) in parts.into_iter().enumerate() {
        let min = pos2(rect.left() + (width + gap) * idx as f32, rect.top());
        let place = Rect::from_min_size(min, vec2(width, rect.height()));
        if button(ui, t, place, Label { name, hint }, false, is_enabled).clicked() {
            request = Some(what);
        }
    }
    request
}
