//! The six handles that bend the threshold.

use egui::accesskit::Role;
use egui::{
    CursorIcon, Key, Pos2, Rect, Response, Sense, Stroke, Ui, Vec2, WidgetInfo, pos2, vec2,
};

use crate::editor::dials::hold_arrows;
use crate::editor::edits::Edits;
use crate::editor::picture::axes::{Axes, db_text, hz_text};
use crate::editor::picture::node_box::{self, NodeBox};
use crate::editor::picture::smooth::Levels;
use crate::editor::picture::spectrum::{Curves, base_db};
use crate::editor::theme::Theme;
use crate::editor::widgets::{font, hand_delta, help};
use crate::params::{Control, QuellParams};

/// Side of the square that takes the pointer.
const REACH: f32 = 22.0;
/// What an arrow key moves: dB, and a share of the frequency.
const KEY_DB: f32 = 0.5;
const KEY_RATIO: f32 = 1.03;
/// What a notch of the wheel moves, dB, and how many points egui makes of one.
const NOTCH_DB: f32 = 1.0;
const NOTCH_POINTS: f32 = 40.0;
/// What is said of a node.
const HELP: &str = "Drag up to take away more around this frequency, down to protect it; Shift: \
    finer. Wheel: dB. Enter: type '+6' or '2.5 kHz'. Right click: values. Double click: default";
/// With Shift a hand moves so much of what it does.
const FINE: f32 = 1.0 / 6.0;

/// What a hand is doing to the nodes.
#[derive(Default)]
pub(in crate::editor) struct Hand {
    drag: Option<Drag>,
    /// The node whose values stand in a box beside it.
    pub(in crate::editor) open: Option<NodeBox>,
}

/// A node under a pressed button.
struct Drag {
    node: usize,
    /// The hand has moved: a press alone changes nothing.
    is_moving: bool,
    /// Where the hand has it, in the picture or beyond.
    at: Pos2,
    /// The threshold that it is moved over, without the nodes: it keeps still meanwhile, or the
    /// node would mean something else at every look.
    base: Levels,
}

impl Hand {
    /// The base that has to keep still now.
    pub(in crate::editor) fn base(&self) -> Option<&Levels> {
        self.drag.as_ref().map(|drag| &drag.base)
    }

    /// The node whose band alone is to be heard.
    pub(in crate::editor) fn solo(&self) -> Option<usize> {
        self.open.as_ref().filter(|open| open.is_solo).map(|open| open.node)
    }
}

/// One node: its frequency and its shift.
pub(in crate::editor) type Node<'a> = (&'a Control, &'a Control);

/// Shows and moves the nodes; true while one is held.
pub(in crate::editor) fn nodes(
    ui: &mut Ui,
    t: &Theme,
    edits: &mut Edits,
    params: &QuellParams,
    axes: &Axes,
    curves: &Curves,
    hand: &mut Hand,
) -> bool {
    let mut is_held = false;
    let mut places = [Pos2::ZERO; quell_core::curve::N_NODES];
    for (idx, node) in params.nodes().into_iter().enumerate() {
        let (hz, offset) = (node.0.plain(), node.1.plain());
        let true_at = pos2(axes.x(hz), axes.y_beyond(curves.base_db(hz) + offset));
        let at = inside(axes, true_at);
        places[idx] = at;
        let place = Rect::from_center_size(at, Vec2::splat(REACH));
        let name = format!("Threshold node {}", idx + 1);
        let response = ui.interact(place, ui.scope_id().with(&name), Sense::click_and_drag());
        let text = format!("{}, {}", hz_text(hz), db_text(offset, 1));
        response.widget_info(|| {
            let mut info = WidgetInfo::labeled(Role::Slider, true, &name);
            info.current_text_value = Some(text.clone());
            info
        });
        drag(ui, edits, axes, curves, hand, (idx, &response, node, true_at));
        clicks(ui, edits, hand, idx, &response, node);
        keys(ui, edits, hand, idx, &response, node);
        let is_open = hand.open.as_ref().is_some_and(|open| open.node == idx);
        let is_hot = response.hovered() || response.dragged() || response.has_focus() || is_open;
        let fill = if is_hot { t.threshold } else { t.panel };
        let radius = if is_hot { 6.5 } else { 5.0 };
        ui.painter().circle(at, radius, fill, Stroke::new(1.8, t.threshold));
        is_held |= is_hot;
        if is_hot && !is_open {
            say(ui, t, axes, at, text);
        }
        help(&response, || HELP.to_owned());
        response.on_hover_cursor(CursorIcon::Grab);
    }
    if let Some(open) = &mut hand.open {
        let node = params.nodes()[open.node];
        let is_over = node_box::show(ui, t, edits, axes, open, node, places[open.node]);
        if is_over {
            let name = format!("Threshold node {}", open.node + 1);
            ui.memory_mut(|memory| memory.request_focus(ui.scope_id().with(&name)));
            hand.open = None;
        }
    }
    is_held
}

/// Nodes stay where a hand can take them.
fn inside(axes: &Axes, at: Pos2) -> Pos2 {
    let least = axes.rect.min + Vec2::splat(7.0);
    at.clamp(least, (axes.rect.max - Vec2::splat(7.0)).max(least))
}

/// Frequency and shift beside a node.
fn say(ui: &Ui, t: &Theme, axes: &Axes, at: Pos2, text: String) {
    let painter = ui.painter();
    let value = painter.layout_no_wrap(text, font(13.0), t.text);
    let size = value.size();
    let is_low = at.y > axes.rect.top() + size.y + 18.0;
    let y = if is_low { at.y - 12.0 - size.y } else { at.y + 12.0 };
    let least = axes.rect.left() + 4.0;
    let x = (at.x - size.x / 2.0).clamp(least, (axes.rect.right() - 4.0 - size.x).max(least));
    let place = Rect::from_min_size(pos2(x, y), size);
    painter.rect_filled(place.expand2(vec2(5.0, 3.0)), 4, t.ground);
    painter.galley(place.min, value, t.text);
}

/// The node goes with the pointer, and takes the value of the place where it is.
fn drag(
    ui: &Ui,
    edits: &mut Edits,
    axes: &Axes,
    curves: &Curves,
    hand: &mut Hand,
    (idx, response, (hz, offset), at): (usize, &Response, Node, Pos2),
) {
    let is_down = response.is_pointer_button_down_on() && ui.input(|i| i.pointer.primary_down());
    if is_down && hand.drag.is_none() {
        hand.drag = Some(Drag { node: idx, is_moving: false, at, base: curves.base });
    }
    let Some(drag) = hand.drag.as_mut().filter(|drag| drag.node == idx) else { return };
    if response.drag_started() && !drag.is_moving {
        edits.begin(hz);
        edits.begin(offset);
        hand.open = None;
        drag.is_moving = true;
        // A drag is known to be one after a few points only; they count.
        let moved = ui.input(|input| input.pointer.total_drag_delta()).unwrap_or_default();
        drag.at += moved - hand_delta(ui, response);
    }
    if !drag.is_moving {
        hand.drag = hand.drag.take().filter(|_| is_down);
        return;
    }
    let is_fine = ui.input(|input| input.modifiers.shift);
    drag.at += hand_delta(ui, response) * if is_fine { FINE } else { 1.0 };
    let (new_hz, new_db) = value_at(axes, &drag.base, drag.at);
    let shares = (hz.normalize(new_hz), offset.normalize(new_db));
    edits.drag(hz, shares.0);
    edits.drag(offset, shares.1);
    if response.drag_stopped() {
        edits.end(hz, shares.0);
        edits.end(offset, shares.1);
        hand.drag = None;
    }
}

/// Frequency and shift of a node that stands at a place over a base.
fn value_at(axes: &Axes, base: &Levels, at: Pos2) -> (f32, f32) {
    let share = (at.x - axes.rect.left()) / axes.rect.width().max(1.0);
    let hz = axes.hz_at(share).clamp(20.0, 20_000.0);
    (hz, (axes.level_db(at.y) - base_db(base, hz, axes.max_hz)).clamp(-24.0, 24.0))
}

fn clicks(
    ui: &Ui,
    edits: &mut Edits,
    hand: &mut Hand,
    idx: usize,
    response: &Response,
    node: Node,
) {
    let is_reset = response.clicked() && ui.input(|input| input.modifiers.command);
    if is_reset || response.double_clicked() {
        reset(edits, node);
    } else if response.clicked() {
        response.request_focus();
    }
    if response.secondary_clicked() {
        response.request_focus();
        hand.open = Some(NodeBox::of(idx));
    }
    if response.hovered() {
        let (wheel, is_fine) = ui.input(|input| {
            let delta = input.smooth_scroll_delta();
            // With Shift a wheel scrolls sideways.
            (delta.x + delta.y, input.modifiers.shift)
        });
        let by_db = wheel / NOTCH_POINTS * NOTCH_DB * if is_fine { FINE } else { 1.0 };
        if by_db != 0.0 {
            let offset = node.1;
            edits.set(offset, offset.normalize(offset.plain() + by_db));
        }
    }
}

/// Both as one step.
pub(in crate::editor) fn reset(edits: &mut Edits, (hz, offset): Node) {
    edits.begin(hz);
    edits.begin(offset);
    for control in [hz, offset] {
        let default = control.default_normalized();
        edits.drag(control, default);
        edits.end(control, default);
    }
}

fn keys(
    ui: &Ui,
    edits: &mut Edits,
    hand: &mut Hand,
    idx: usize,
    response: &Response,
    (hz, offset): Node,
) {
    if !response.has_focus() {
        return;
    }
    hold_arrows(ui, response.id);
    let (up, right, is_fine, is_enter) = ui.input(|input| {
        let pressed = |key| input.num_presses(key) as f32;
        let up = pressed(Key::ArrowUp) - pressed(Key::ArrowDown);
        let right = pressed(Key::ArrowRight) - pressed(Key::ArrowLeft);
        (up, right, input.modifiers.shift, input.key_pressed(Key::Enter))
    });
    let share = if is_fine { FINE } else { 1.0 };
    if up != 0.0 {
        edits.set(offset, offset.normalize(offset.plain() + up * share * KEY_DB));
    }
    if right != 0.0 {
        edits.set(hz, hz.normalize(hz.plain() * KEY_RATIO.powf(right * share)));
    }
    if is_enter && hand.open.is_none() {
        hand.open = Some(NodeBox::typing(idx, db_text(offset.plain(), 1)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::N_COLUMNS;
    use crate::editor::picture::axes::Range;

    #[test]
    fn a_node_has_the_value_of_the_place_where_it_is() {
        let rect = Rect::from_min_max(pos2(0.0, 0.0), pos2(800.0, 400.0));
        let axes = Axes { rect, max_hz: 24e3, range: Range { top_db: -20.0, bottom_db: -120.0 } };
        // A base that falls by 60 dB from left to right.
        let base: Levels = std::array::from_fn(|idx| -50.0 - 60.0 * idx as f32 / N_COLUMNS as f32);
        for (hz, over_db) in [(100.0, 6.0), (1_000.0, -12.0), (7_000.0, 0.0)] {
            let level_db = base_db(&base, hz, 24e3) + over_db;
            let (new_hz, new_db) = value_at(&axes, &base, pos2(axes.x(hz), axes.y(level_db)));
            assert!((new_hz / hz - 1.0).abs() < 1e-3, "{new_hz}");
            assert!((new_db - over_db).abs() < 0.05, "{new_db} instead of {over_db}");
        }
        let far = value_at(&axes, &base, pos2(-500.0, -500.0));
        assert_eq!(far, (20.0, 24.0), "no value lies beyond its range");
    }
}
