//! The box beside a node: frequency and shift, to be read, typed and put back, and the band to be
//! heard alone.

use egui::accesskit::Role;
use egui::{
    Align2, CornerRadius, Key, Pos2, Rect, Sense, Stroke, StrokeKind, TextEdit, Ui, WidgetInfo,
    pos2, vec2,
};

use crate::editor::dials::select_all;
use crate::editor::edits::Edits;
use crate::editor::picture::axes::{Axes, db_text, hz_text};
use crate::editor::picture::nodes::{Node, reset};
use crate::editor::theme::Theme;
use crate::editor::widgets::{Label, button, font, line_of_text};

const SIZE: egui::Vec2 = vec2(184.0, 66.0);

/// Which value is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Value {
    Hz,
    Db,
}

/// An open box.
pub(in crate::editor) struct NodeBox {
    pub(in crate::editor) node: usize,
    typed: Option<(Value, String)>,
    /// Its band alone is heard, until the box goes.
    pub(in crate::editor) is_solo: bool,
    /// It was made in this look: the click that made it is not one outside of it.
    is_new: bool,
}

impl NodeBox {
    pub(in crate::editor) fn of(node: usize) -> Self {
        Self { node, typed: None, is_solo: false, is_new: true }
    }

    /// One that begins with the shift to be typed over.
    pub(in crate::editor) fn typing(node: usize, text: String) -> Self {
        Self { typed: Some((Value::Db, text)), ..Self::of(node) }
    }
}

/// Shows it; true once it is to go.
pub(in crate::editor) fn show(
    ui: &mut Ui,
    t: &Theme,
    edits: &mut Edits,
    axes: &Axes,
    open: &mut NodeBox,
    node: Node,
    at: Pos2,
) -> bool {
    let rect = place(axes.rect, at);
    // Takes the pointer from the picture under it.
    let ground = ui.interact(rect, ui.scope_id().with("node box"), Sense::click());
    ui.painter().rect_filled(rect, CornerRadius::same(5), t.ground);
    let stroke = Stroke::new(1.0, t.line);
    ui.painter().rect_stroke(rect, CornerRadius::same(5), stroke, StrokeKind::Inside);
    let name = format!("Node {}", open.node + 1);
    ui.painter().text(rect.min + vec2(9.0, 7.0), Align2::LEFT_TOP, name, font(12.5), t.dim);
    let half = vec2((SIZE.x - 22.0) / 2.0, 26.0);
    let cell =
        |idx: f32| Rect::from_min_size(rect.min + vec2(8.0 + idx * (half.x + 6.0), 32.0), half);
    let mut is_over = false;
    for (idx, value) in [(0.0, Value::Hz), (1.0, Value::Db)] {
        is_over |= field(ui, t, edits, open, node, (value, cell(idx)));
    }
    let default =
        Rect::from_min_size(pos2(rect.right() - 70.0, rect.top() + 5.0), vec2(62.0, 22.0));
    let solo = Rect::from_min_size(default.min - vec2(54.0, 0.0), vec2(48.0, 22.0));
    let hint = "Only the frequencies around this node are heard, while this box is open; a host \
                that renders hears all of them";
    if button(ui, t, solo, Label { name: "Solo", hint }, open.is_solo, true).clicked() {
        open.is_solo = !open.is_solo;
    }
    let label = Label { name: "Default", hint: "Back to where this node stood at first" };
    if button(ui, t, default, label, false, true).clicked() {
        reset(edits, node);
    }
    let (is_escape, is_pressed, pointer) = ui.input(|input| {
        let pointer = &input.pointer;
        (input.key_pressed(Key::Escape), pointer.any_pressed(), pointer.interact_pos())
    });
    let is_outside = is_pressed && !open.is_new && pointer.is_some_and(|at| !rect.contains(at));
    open.is_new = false;
    drop(ground);
    is_over || is_escape || is_outside && open.typed.is_none()
}

/// Beside the node where there is room, and never over it.
fn place(rect: Rect, node: Pos2) -> Rect {
    let x =
        if node.x + 16.0 + SIZE.x < rect.right() { node.x + 16.0 } else { node.x - 16.0 - SIZE.x };
    let top = rect.top() + 3.0;
    let y = (node.y - SIZE.y / 2.0).clamp(top, (rect.bottom() - SIZE.y - 3.0).max(top));
    Rect::from_min_size(pos2(x.max(rect.left() + 3.0), y), SIZE)
}

/// A value that a click turns into a field to type in; true once something was typed to its end.
fn field(
    ui: &mut Ui,
    t: &Theme,
    edits: &mut Edits,
    open: &mut NodeBox,
    node: Node,
    (value, place): (Value, Rect),
) -> bool {
    let text = match value {
        Value::Hz => hz_text(node.0.plain()),
        Value::Db => db_text(node.1.plain(), 1),
    };
    let is_typed = open.typed.as_ref().is_some_and(|(typed, _)| *typed == value);
    if !is_typed {
        let (name, idx) = match value {
            Value::Hz => ("Frequency of the node", 0),
            Value::Db => ("Shift of the node", 1),
        };
        let response = ui.interact(place, ui.scope_id().with(("node value", idx)), Sense::click());
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, name));
        let fill = if response.hovered() { t.line } else { t.raised };
        ui.painter().rect_filled(place, CornerRadius::same(4), fill);
        let width = place.width();
        line_of_text(ui, place.center(), Align2::CENTER_CENTER, &text, 14.0, t.text, width);
        if response.clicked() {
            open.typed = Some((value, text));
        }
        return false;
    }
    type_in(ui, edits, open, node, place)
}

fn type_in(ui: &mut Ui, edits: &mut Edits, open: &mut NodeBox, node: Node, place: Rect) -> bool {
    let Some((value, typed)) = &mut open.typed else { return false };
    let id = ui.scope_id().with("node field");
    let field = TextEdit::singleline(typed).id(id).font(font(14.0)).margin(vec2(4.0, 3.0));
    let response = ui.put(place, field);
    let is_first = ui.data(|data| data.get_temp::<bool>(id).is_none());
    if is_first {
        ui.data_mut(|data| data.insert_temp(id, true));
        response.request_focus();
        select_all(ui, id, typed.chars().count());
        return false;
    }
    if !response.lost_focus() {
        return false;
    }
    ui.data_mut(|data| data.remove::<bool>(id));
    let (is_enter, is_escape) =
        ui.input(|input| (input.key_pressed(Key::Enter), input.key_pressed(Key::Escape)));
    if !is_escape {
        take(edits, typed, *value == Value::Hz, node);
    }
    open.typed = None;
    is_enter || is_escape
}

/// Sets what was typed: a frequency where it has the unit of one, or stands in the place of one.
fn take(edits: &mut Edits, text: &str, is_hz_field: bool, (hz, offset): Node) {
    let control = if is_frequency(text, is_hz_field) { hz } else { offset };
    match control.parse(text) {
        Ok(share) => edits.set(control, share),
        Err(error) => {
            let name = control.row().name;
            edits.unread = Some(format!("{name}: {error}. The value in use was kept."));
        }
    }
}

fn is_frequency(text: &str, is_hz_field: bool) -> bool {
    let text = text.trim().to_lowercase();
    match (text.ends_with("hz") || text.ends_with('k'), text.ends_with("db")) {
        (true, _) => true,
        (_, true) => false,
        (false, false) => is_hz_field,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::QuellParams;

    /// What becomes of a node at 500 Hz when this is typed.
    fn typed(text: &str, is_hz_field: bool) -> Option<(f32, f32)> {
        let params = QuellParams::default();
        let (hz, offset) = params.nodes()[2];
        let control = if is_frequency(text, is_hz_field) { hz } else { offset };
        control.set_normalized(control.parse(text).ok()?);
        Some((hz.plain().round(), (offset.plain() * 100.0).round() / 100.0))
    }

    #[test]
    fn values_are_typed_as_people_write_them() {
        assert_eq!(typed("+6", false), Some((500.0, 6.0)));
        assert_eq!(typed("-12 dB", false), Some((500.0, -12.0)));
        assert_eq!(typed("\u{2212}3,5", false), Some((500.0, -3.5)));
        assert_eq!(typed("2.5 kHz", false), Some((2_500.0, 0.0)));
        assert_eq!(typed("7k", false), Some((7_000.0, 0.0)));
        assert_eq!(typed("800", true), Some((800.0, 0.0)));
        assert_eq!(typed("4 dB", true), Some((500.0, 4.0)));
        assert_eq!(typed("99", false), Some((500.0, 24.0)), "no farther than the range");
        for junk in ["", "loud", "6 ms", "NaN"] {
            assert_eq!(typed(junk, false), None, "{junk:?}");
        }
    }
}
