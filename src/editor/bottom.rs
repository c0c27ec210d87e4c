//! The last line: what the thing under the pointer does.

use egui::accesskit::Role;
use egui::{Align2, Rect, Sense, Ui, WidgetInfo, vec2};

use crate::editor::theme::Theme;
use crate::editor::widgets::{line_of_text, take_help};

/// Said while nothing is pointed at.
const IDLE: &str = "Point at something to read what it does.";

pub(super) fn show(ui: &mut Ui, t: &Theme, rect: Rect) {
    let text = take_help(ui);
    let (text, color) = match &text {
        Some(text) => (text.as_str(), t.text),
        None => (IDLE, t.dim),
    };
    // One line: what is said in several is said in a row.
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let at = rect.left_center() + vec2(2.0, 0.0);
    line_of_text(ui, at, Align2::LEFT_CENTER, &text, 13.0, color, rect.width() - 4.0);
    let response = ui.interact(rect, ui.scope_id().with("help"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Status, true, &text));
}
