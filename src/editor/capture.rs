//! Capture, its verdict, and what can be done with the print.

use egui::accesskit::Role;
use egui::{Align2, Color32, CornerRadius, Rect, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};
use quell_core::{CaptureStatus, NoiseProfile, Verdict};

use crate::Shared;
use crate::editor::edits::Edits;
use crate::editor::theme::{ROUND, Theme, faded};
use crate::editor::widgets::{Label, button, focus_ring, font};
use crate::params::CAPTURE;

/// A capture this long is good, seconds; the ring is full then.
const GOOD_S: f32 = 2.0;

/// What the row of small buttons asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Request {
    Clear,
    Save,
    Load,
    Copy,
    Paste,
}

/// The whole block.
pub(super) fn show(
    ui: &mut Ui,
    t: &Theme,
    edits: &mut Edits,
    shared: &Shared,
    rect: Rect,
) -> Option<Request> {
    let status = shared.link.status();
    let print = shared.link.profile();
    let top = Rect::from_min_size(rect.min, vec2(rect.width(), 62.0));
    capture_button(ui, t, edits, shared, top, status, print.is_some());
    let row_top = rect.bottom() - 26.0;
    let words = Rect::from_min_max(
        pos2(rect.left(), top.bottom() + 8.0),
        pos2(rect.right(), row_top - 4.0),
    );
    let note = edits.memory().print_note.clone();
    verdict(ui, t, words, status, print.as_deref(), note);
    row(ui, t, Rect::from_min_max(pos2(rect.left(), row_top), rect.max), print.is_some())
}

/// The most visible control: press, play noise, press again.
fn capture_button(
    ui: &mut Ui,
    t: &Theme,
    edits: &mut Edits,
    shared: &Shared,
    rect: Rect,
    status: CaptureStatus,
    has_print: bool,
) {
    let control = &shared.params[CAPTURE];
    let is_on = control.is_on();
    let response = ui.interact(rect, ui.scope_id().with("capture"), Sense::click());
    let name = if is_on { "Stop capture" } else { "Capture noise" };
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_on, name));
    if response.clicked() {
        edits.memory().print_note = None;
        edits.switch(control, !is_on);
    }
    let fill = match (is_on, response.hovered()) {
        (true, _) => t.error,
        (false, true) => t.accent.lerp_to_gamma(t.text, 0.12),
        (false, false) => t.accent,
    };
    // The error colour of the dark theme is light, that of the light theme dark.
    let text = if is_on && !t.is_light { Color32::from_rgb(0x2a, 0x08, 0x0a) } else { t.on_accent };
    ui.painter().rect_filled(rect, CornerRadius::same(ROUND), fill);
    focus_ring(ui.painter(), t, rect, response.has_focus());
    let center = pos2(rect.left() + 34.0, rect.center().y);
    ring(ui, center, text, status, is_on);
    let (title, hint) = match status {
        CaptureStatus::Capturing { seconds } if is_on => {
            let more =
                if seconds < GOOD_S { "keep it quiet\u{2026}" } else { "enough: press to finish" };
            (format!("Capturing {seconds:.1} s"), more)
        }
        _ if is_on => ("Capturing".to_owned(), "play the noise"),
        _ if has_print => ("Capture again".to_owned(), "play noise alone, press"),
        _ => ("Capture noise".to_owned(), "play noise alone, press"),
    };
    let painter = ui.painter();
    let at = pos2(rect.left() + 64.0, rect.center().y);
    painter.text(at - vec2(0.0, 1.0), Align2::LEFT_BOTTOM, title, font(18.0), text);
    painter.text(at + vec2(0.0, 2.0), Align2::LEFT_TOP, hint, font(13.0), text);
    response.on_hover_text(
        "Learns the noise while it is on. Play two seconds of noise alone: room tone, hiss, the \
         run-in groove. A print that is no good never replaces a good one.",
    );
}

fn ring(ui: &Ui, center: egui::Pos2, color: Color32, status: CaptureStatus, is_on: bool) {
    let painter = ui.painter();
    painter.circle_stroke(center, 18.0, Stroke::new(3.0, faded(color, 0.3)));
    let share = match status {
        CaptureStatus::Capturing { seconds } if is_on => (seconds / GOOD_S).min(1.0),
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
    if is_on {
        painter.rect_filled(Rect::from_center_size(center, vec2(13.0, 13.0)), 2, color);
    } else {
        painter.circle_filled(center, 8.0, color);
    }
}

/// What became of it, in words.
fn verdict(
    ui: &Ui,
    t: &Theme,
    rect: Rect,
    status: CaptureStatus,
    print: Option<&NoiseProfile>,
    note: Option<String>,
) {
    let (text, color) = words(t, status, print, note);
    let mut job = egui::text::LayoutJob::simple(text, font(14.0), color, rect.width());
    job.wrap.max_rows = ((rect.height() / 17.0) as usize).max(1);
    let galley = ui.fonts_mut(|fonts| fonts.layout_job(job));
    ui.painter().galley(rect.min, galley, color);
}

/// The verdict and its colour.
pub(super) fn words(
    t: &Theme,
    status: CaptureStatus,
    print: Option<&NoiseProfile>,
    note: Option<String>,
) -> (String, Color32) {
    match (status, print, note) {
        (CaptureStatus::Capturing { .. }, ..) => ("Listening to the noise.".to_owned(), t.text),
        (_, Some(print), Some(note)) => {
            (format!("{note}: {:.1} s of noise.", print.seconds()), t.text)
        }
        (CaptureStatus::Refused(reason), Some(_), _) => {
            (format!("{}. The print before it was kept.", sentence(&reason.to_string())), t.error)
        }
        (CaptureStatus::Refused(reason), None, _) => {
            (format!("{}.", sentence(&reason.to_string())), t.error)
        }
        (CaptureStatus::Captured { seconds, level_dbfs, verdict, .. }, Some(_), _) => {
            let color = if verdict == Verdict::Steady { t.accent } else { t.noise };
            let text = match verdict {
                Verdict::Steady => "steady.",
                Verdict::Varying => "not steady: a calmer stretch is better.",
                Verdict::Speech => "speech or music detected: keep it quiet.",
            };
            let level = format!("{level_dbfs:.0}").replace('-', "\u{2212}");
            (format!("{seconds:.1} s, {level} dBFS, {text}"), color)
        }
        (_, Some(print), None) => {
            (format!("Print of {:.1} s, from the project.", print.seconds()), t.text)
        }
        (_, None, _) => ("No print yet: Quell follows the noise by itself.".to_owned(), t.dim),
    }
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

fn row(ui: &mut Ui, t: &Theme, rect: Rect, has_print: bool) -> Option<Request> {
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
