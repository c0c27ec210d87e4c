//! The top line: presets, A and B, undo, and what belongs to the whole window.

use egui::{Align2, Rect, RichText, ScrollArea, Ui, pos2, vec2};
use quell_formats::state::Window;

use crate::Shared;
use crate::editor::edits::Edits;
use crate::editor::files::Next;
use crate::editor::presets;
use crate::editor::theme::Theme;
use crate::editor::widgets::{Label, button, help, line_of_text};

/// Scales that can be chosen, %; 0 goes with the window's size.
const SCALES_PERCENT: [u8; 6] = [0, 75, 100, 125, 150, 200];
/// Steps that the list of the history shows.
const N_STEPS_SHOWN: usize = 12;

/// What a click asks for that is no edit.
pub(super) enum Request {
    /// What follows from a choice in the list of presets.
    Next(Next),
    /// Other colours, or another scale.
    Look(Window),
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
        left += width + 5.0;
        place
    };
    let name_width = (rect.width() * 0.24).clamp(150.0, 300.0);
    let (back, name, on) = (place(24.0), place(name_width), place(24.0));
    let stepped = presets::steps(ui, t, edits, [back, on]);
    let next = presets::menu(ui, t, edits, name).or(stepped).map(Request::Next);
    place(4.0);
    comparison(ui, t, edits, [place(34.0), place(34.0), place(68.0)]);
    place(4.0);
    undo_buttons(ui, t, edits, [place(54.0), place(54.0)]);
    history(ui, t, edits, place(26.0));
    let right = Rect::from_min_size(pos2(rect.right() - 56.0, y - 14.0), vec2(56.0, 28.0));
    next.or(look_menu(ui, t, shared, right).map(Request::Look))
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

/// The steps that can be taken back, the newest first: a click takes back all down to it.
fn history(ui: &mut Ui, t: &Theme, edits: &mut Edits, rect: Rect) {
    let mut n_back = 0;
    let response = drop_down(ui, t, rect, "History", |ui| {
        let steps = edits.history(N_STEPS_SHOWN);
        if steps.is_empty() {
            ui.label("Nothing to take back");
        }
        for (idx, name) in steps.iter().enumerate() {
            if ui.button(name).clicked() {
                n_back = idx + 1;
                ui.close();
            }
        }
    });
    help(&response, || "What was done, the newest first: takes back all down to it.".to_owned());
    (0..n_back).for_each(|_| edits.undo());
}

/// Colours and scale; returns how the window is to look, where that was chosen.
fn look_menu(ui: &mut Ui, t: &Theme, shared: &Shared, rect: Rect) -> Option<Window> {
    let now = shared.session.window();
    let mut wanted = now;
    let response = drop_down(ui, t, rect, "Look", |ui| {
        ui.label(RichText::new("Colours").small());
        for (name, is_light) in [("Dark", false), ("Light", true)] {
            if ui.selectable_label(now.is_light == is_light, name).clicked() {
                wanted.is_light = is_light;
                ui.close();
            }
        }
        ui.separator();
        ui.label(RichText::new("Size of everything").small());
        for percent in SCALES_PERCENT {
            let name = match percent {
                0 => "With the window".to_owned(),
                percent => format!("{percent} %"),
            };
            if ui.selectable_label(now.scale_percent == percent, name).clicked() {
                wanted.scale_percent = percent;
                ui.close();
            }
        }
    });
    help(&response, || {
        "Dark or light, and how large everything is, as far as the window has room.".to_owned()
    });
    (wanted != now).then_some(wanted)
}

/// A button that opens a list; a narrow one shows but the arrow.
fn drop_down(
    ui: &mut Ui,
    t: &Theme,
    rect: Rect,
    name: &str,
    content: impl FnOnce(&mut Ui),
) -> egui::Response {
    let mut place = ui.new_child(egui::UiBuilder::new().max_rect(rect).id_salt(name));
    place.set_clip_rect(rect.expand(3.0));
    let title = egui::Button::new(RichText::new(" ")).min_size(rect.size());
    let menu = egui::containers::menu::MenuButton::from_button(title);
    let (response, _) = menu.ui(&mut place, |ui| {
        ui.set_min_width(190.0);
        ScrollArea::vertical().max_height(360.0).show(ui, content);
    });
    response.widget_info(|| egui::WidgetInfo::labeled(egui::accesskit::Role::Button, true, name));
    let is_wide = rect.width() > 40.0;
    if is_wide {
        let at = rect.left_center() + vec2(8.0, 0.0);
        line_of_text(ui, at, Align2::LEFT_CENTER, name, 14.0, t.text, rect.width() - 24.0);
    }
    let at = if is_wide { rect.right_center() - vec2(12.0, 0.0) } else { rect.center() };
    arrow(ui, t, at);
    response
}

/// The sign of what opens a list.
pub(super) fn arrow(ui: &Ui, t: &Theme, at: egui::Pos2) {
    let place = Rect::from_center_size(at, vec2(9.0, 5.0));
    let points = vec![place.left_top(), place.right_top(), place.center_bottom()];
    ui.painter().add(egui::Shape::convex_polygon(points, t.dim, egui::Stroke::NONE));
}
