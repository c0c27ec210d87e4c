//! Dials and the slider: each shows a value, edits it through [`Edits`] and never holds it.
//!
//! All obey the same hand: drag (with Shift: finer), wheel, arrow keys, Enter to type a value,
//! Ctrl-click or double click for the default.

use std::f32::consts::TAU;

use egui::accesskit::{Action, ActionData, Role};
use egui::{
    Align2, EventFilter, Id, Key, Pos2, Rect, Response, Sense, Shape, Stroke, TextEdit, Ui, Vec2,
    WidgetInfo, pos2, vec2,
};

use quell_core::settings::row::Kind;
use quell_core::settings::table::place_of;

use crate::editor::edits::Edits;
use crate::editor::theme::Theme;
use crate::editor::widgets::{InUse, font, hand_delta, help, line_of_text, outline};
use crate::params::Control;

/// What every dial and slider understands.
const HANDLING: &str = "Drag (Shift: finer), wheel or arrows; Enter to type; Ctrl-click: default.";
/// At its least it is off.
const ROOM_TONE: usize = place_of("tone");
/// Points of the pointer from one end of a dial to the other.
const DIAL_TRAVEL: f32 = 180.0;
/// What an arrow or a notch of the wheel moves, of the range.
const STEP: f32 = 0.02;
/// Where a dial begins and how far it goes, turns; it points down at the gap.
const DIAL_START: f32 = 0.375;
const DIAL_SWEEP: f32 = 0.75;

/// How large a dial is and where.
#[derive(Clone, Copy)]
pub(super) struct DialShape {
    pub(super) center: Pos2,
    pub(super) radius: f32,
    /// Size of the name and of the value, points.
    pub(super) text: f32,
    pub(super) value: f32,
    /// Room for both.
    pub(super) width: f32,
}

/// A dial with its name above and its value below. One that does nothing now looks like it and says
/// where it would; it can be turned all the same.
pub(super) fn dial(
    ui: &mut Ui,
    t: &Theme,
    edits: &mut Edits,
    control: &Control,
    in_use: InUse,
    shape: DialShape,
) {
    let idle = in_use.idle_because(control);
    let t = &if idle.is_some() { t.idle() } else { *t };
    let DialShape { center, radius, .. } = shape;
    let label = control.row().name;
    let id = ui.scope_id().with(("dial", label));
    let knob = Rect::from_center_size(center, Vec2::splat(2.0 * radius));
    let response = ui.interact(knob, id, Sense::click_and_drag());
    let value = turn(ui, edits, control, &response, DIAL_TRAVEL);
    paint_dial(ui, t, control, &response, shape, value);
    let width = shape.width;
    let above = center - vec2(0.0, radius + 3.0);
    line_of_text(ui, above, Align2::CENTER_BOTTOM, label, shape.text, t.dim, width);
    let below = center + vec2(0.0, radius - shape.value * 0.1);
    let place = Rect::from_center_size(
        below + vec2(0.0, shape.value * 0.6),
        vec2(width, shape.value * 1.3),
    );
    tell(ui, t, edits, control, &response, (value, in_use), (place, shape.value));
}

/// A large dial at the left of a place with its name and value beside it; returns what is left of
/// the room beside it, below both.
pub(super) fn large_dial(
    ui: &mut Ui,
    t: &Theme,
    edits: &mut Edits,
    control: &Control,
    in_use: InUse,
    rect: Rect,
) -> Rect {
    let radius = (rect.height() / 2.0).min(rect.width() * 0.26);
    let center = pos2(rect.left() + radius, rect.center().y);
    let left = center.x + radius + 6.0;
    let beside = Rect::from_min_max(pos2(left, rect.top()), rect.max);
    let middle = pos2(beside.center().x, rect.top() - 2.0);
    let name = control.row().name;
    line_of_text(ui, middle, Align2::CENTER_TOP, name, 14.0, t.dim, beside.width());
    let value = Rect::from_center_size(middle + vec2(0.0, 31.0), vec2(beside.width(), 26.0));
    let knob = Rect::from_center_size(center, Vec2::splat(2.0 * radius));
    let id = ui.scope_id().with(("dial", name));
    let response = ui.interact(knob, id, Sense::click_and_drag());
    let now = turn(ui, edits, control, &response, DIAL_TRAVEL);
    let shape = DialShape { center, radius, text: 14.0, value: 21.0, width: beside.width() };
    paint_dial(ui, t, control, &response, shape, now);
    tell(ui, t, edits, control, &response, (now, in_use), (value, 21.0));
    Rect::from_min_max(pos2(left, value.bottom()), rect.max)
}

/// Where a slider is, and what its ends mean.
#[derive(Clone, Copy)]
pub(super) struct SliderShape<'a> {
    pub(super) rect: Rect,
    pub(super) ends: [&'a str; 2],
}

/// A slider with its name and value above and what its ends mean below.
pub(super) fn slider(
    ui: &mut Ui,
    t: &Theme,
    edits: &mut Edits,
    control: &Control,
    in_use: InUse,
    shape: SliderShape<'_>,
) {
    let SliderShape { rect, ends } = shape;
    let name = control.row().name;
    let x = rect.left() + 8.0..=rect.right() - 8.0;
    let y = rect.center().y + 2.0;
    let track = Rect::from_x_y_ranges(x, y - 12.0..=y + 12.0);
    let id = ui.scope_id().with(("slider", name));
    let response = ui.interact(track.expand2(vec2(8.0, 0.0)), id, Sense::click_and_drag());
    let now = turn(ui, edits, control, &response, track.width());
    paint_slider(ui, t, control, &response, track, now);
    let at = rect.min - vec2(0.0, 2.0);
    line_of_text(ui, at, Align2::LEFT_TOP, name, 14.0, t.dim, rect.width() - 44.0);
    let size = vec2(48.0, 20.0);
    let value = Rect::from_min_size(pos2(rect.right() - size.x, at.y - 1.0), size);
    tell(ui, t, edits, control, &response, (now, in_use), (value, 15.0));
    let below = rect.bottom() + 2.0;
    let half = rect.width() / 2.0;
    let at = pos2(rect.left(), below);
    line_of_text(ui, at, Align2::LEFT_BOTTOM, ends[0], 12.5, t.dim, half);
    let at = pos2(rect.right(), below);
    line_of_text(ui, at, Align2::RIGHT_BOTTOM, ends[1], 12.5, t.dim, half);
}

fn paint_slider(
    ui: &Ui,
    t: &Theme,
    control: &Control,
    response: &Response,
    track: Rect,
    value: f32,
) {
    let painter = ui.painter();
    let x = |share: f32| track.left() + share * track.width();
    let y = track.center().y;
    painter.hline(track.x_range(), y, Stroke::new(3.0, t.edge));
    let default = control.default_normalized();
    painter.vline(x(default), y - 7.0..=y + 7.0, Stroke::new(1.5, t.edge));
    let (from, to) = (x(default.min(value)), x(default.max(value)));
    painter.hline(from..=to, y, Stroke::new(5.0, t.selected));
    let body = if response.hovered() || response.dragged() { t.line } else { t.raised };
    painter.circle(pos2(x(value), y), 9.0, body, Stroke::new(2.0, t.text));
    if response.has_focus() {
        painter.circle_stroke(pos2(x(value), y), 13.0, Stroke::new(2.0, t.text));
    }
}

/// What a control says of itself: to those who hear the window, as text, in the bottom line.
fn tell(
    ui: &mut Ui,
    t: &Theme,
    edits: &mut Edits,
    control: &Control,
    response: &Response,
    (now, in_use): (f32, InUse),
    (place, size): (Rect, f32),
) {
    let idle = in_use.idle_because(control);
    let label = control.row().name;
    let is_off = control.place() == ROOM_TONE && now <= 0.0;
    let text = if is_off { "Off".to_owned() } else { short(&control.text(now)) };
    response.widget_info(|| {
        let mut info = WidgetInfo::slider(true, f64::from(now), label);
        info.current_text_value = Some(match &idle {
            Some(where_it_acts) => format!("{text}, {where_it_acts}"),
            None => text.clone(),
        });
        info
    });
    offer_value(ui, control, response.id);
    let shown = idle.as_deref().filter(|_| !response.hovered() && !response.dragged());
    value_text(ui, t, edits, control, response, place, (&text, shown, size));
    help(response, || {
        let idle = idle.map(|idle| format!("{idle}: does nothing now. ")).unwrap_or_default();
        format!("{idle}{label}: {} {HANDLING}", control.row().explained())
    });
}

/// Tells those who hear the window the value in its unit, its ends and a step, and that they may
/// set it.
fn offer_value(ui: &Ui, control: &Control, id: Id) {
    let Kind::Number(number) = control.row().kind else { return };
    ui.ctx().accesskit_node_builder(id, |node| {
        node.set_numeric_value(f64::from(control.saved_plain()));
        node.set_min_numeric_value(f64::from(number.min));
        node.set_max_numeric_value(f64::from(number.max));
        node.set_numeric_value_step(f64::from((number.max - number.min) * STEP));
        for action in [Action::SetValue, Action::Increment, Action::Decrement] {
            node.add_action(action);
        }
    });
}

/// The value that somebody set who hears the window, as a share of the range.
fn asked_value(ui: &Ui, control: &Control, id: Id) -> Option<f32> {
    ui.input(|input| {
        let last = input.accesskit_action_requests(id, Action::SetValue).last();
        match last.and_then(|request| request.data.as_ref()) {
            Some(ActionData::NumericValue(plain)) => Some(control.normalize(*plain as f32)),
            Some(ActionData::Value(text)) => control.parse(text).ok(),
            _ => None,
        }
    })
}

/// Steps that somebody asked for who hears the window.
fn asked_steps(ui: &Ui, id: Id) -> f32 {
    let n = |action| ui.input(|input| input.num_accesskit_action_requests(id, action)) as f32;
    n(Action::Increment) - n(Action::Decrement)
}

/// A value as a person writes it: `100 %` and `\u{2212}24 dB`, without digits that say nothing.
fn short(text: &str) -> String {
    text.replace(".0 ", " ").replace('-', "\u{2212}")
}

/// What hand and keys do to a dial; returns the value to show.
fn turn(ui: &Ui, edits: &mut Edits, control: &Control, response: &Response, travel: f32) -> f32 {
    let way = response.id.with("way");
    let now = control.normalized();
    let is_fine = ui.input(|input| input.modifiers.shift);
    if response.drag_started() {
        edits.begin(control);
        ui.data_mut(|data| data.insert_temp(way, now));
    }
    // Where no audio runs, the parameter hears of an edit late; the hand's own value counts.
    let mut held = ui.data(|data| data.get_temp::<f32>(way));
    if let Some(value) = held.as_mut().filter(|_| response.dragged() || response.drag_stopped()) {
        let travel = travel * if is_fine { 6.0 } else { 1.0 };
        let delta = hand_delta(ui, response);
        *value = (*value + towards_more(control) * (delta.x - delta.y) / travel).clamp(0.0, 1.0);
        edits.drag(control, *value);
        let value = *value;
        ui.data_mut(|data| data.insert_temp(way, value));
    }
    if response.drag_stopped() {
        edits.end(control, held.unwrap_or(now));
        ui.data_mut(|data| data.remove::<f32>(way));
    }
    let is_reset = response.clicked() && ui.input(|input| input.modifiers.command);
    if is_reset || response.double_clicked() {
        edits.reset(control);
    } else if response.clicked() {
        response.request_focus();
    }
    if let Some(value) = asked_value(ui, control, response.id) {
        edits.set(control, value);
    }
    let steps = wheel_steps(ui, response) + key_steps(ui, response) + asked_steps(ui, response.id);
    if steps != 0.0 {
        let size = if is_fine { STEP / 10.0 } else { STEP };
        edits.set(control, now + towards_more(control) * steps * size);
    }
    held.unwrap_or(now)
}

/// Which way a value goes when there is to be more of it.
fn towards_more(control: &Control) -> f32 {
    if control.row().is_more_below() { -1.0 } else { 1.0 }
}

/// Where a dial points, 0 to 1: to the right is more.
fn place_on_dial(control: &Control, normalized: f32) -> f32 {
    if control.row().is_more_below() { 1.0 - normalized } else { normalized }
}

fn wheel_steps(ui: &Ui, response: &Response) -> f32 {
    if !response.hovered() {
        return 0.0;
    }
    let delta = ui.input(|input| input.smooth_scroll_delta());
    (delta.y + delta.x) / 50.0
}

/// Arrow keys pressed while the control has the focus.
pub(super) fn key_steps(ui: &Ui, response: &Response) -> f32 {
    if !response.has_focus() {
        return 0.0;
    }
    hold_arrows(ui, response.id);
    ui.input(|input| {
        let pressed = |key| input.num_presses(key) as f32;
        pressed(Key::ArrowUp) + pressed(Key::ArrowRight)
            - pressed(Key::ArrowDown)
            - pressed(Key::ArrowLeft)
    })
}

/// Keeps the arrows from moving the focus.
pub(super) fn hold_arrows(ui: &Ui, id: Id) {
    let filter =
        EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(id, filter));
}

fn paint_dial(
    ui: &Ui,
    t: &Theme,
    control: &Control,
    response: &Response,
    shape: DialShape,
    value: f32,
) {
    let DialShape { center, radius, .. } = shape;
    let painter = ui.painter();
    let width = (radius * 0.16).clamp(3.0, 9.0);
    let arc = radius - width / 2.0;
    painter.add(arc_shape(center, arc, 0.0, 1.0, Stroke::new(width * 0.6, t.edge)));
    // From the default on, so that one sees how far it was turned; from the left where the default
    // is an end, or the dial says how much of something there is.
    let place = place_on_dial(control, value);
    let default = control.default_normalized();
    let is_from_default = (0.02..0.98).contains(&default) && !control.row().is_more_below();
    let origin = if is_from_default { default } else { 0.0 };
    let (from, to) = (origin.min(place), origin.max(place));
    painter.add(arc_shape(center, arc, from, to, Stroke::new(width, t.selected)));
    let hand = |length: f32| center + direction(place) * length;
    let body = if response.hovered() || response.dragged() { t.line } else { t.raised };
    painter.circle(center, radius - width * 1.9, body, Stroke::new(1.0, t.edge));
    let stroke = Stroke::new((width * 0.55).max(2.0), t.text);
    painter.line_segment([hand(radius * 0.34), hand(radius - width * 2.2)], stroke);
    if response.has_focus() {
        painter.circle_stroke(center, radius + 3.0, Stroke::new(2.0, t.text));
    }
}

fn direction(value: f32) -> Vec2 {
    Vec2::angled((DIAL_START + DIAL_SWEEP * value) * TAU)
}

/// A part of a dial's ring.
pub(super) fn arc_shape(center: Pos2, radius: f32, from: f32, to: f32, stroke: Stroke) -> Shape {
    let n_points = ((to - from) * 48.0).ceil().max(1.0) as usize + 1;
    let points = (0..n_points).map(|idx| {
        let share = idx as f32 / (n_points - 1).max(1) as f32;
        center + direction(from + (to - from) * share) * radius
    });
    Shape::line(points.collect(), stroke)
}

/// The value as text, or what is shown in its stead, which a click or Enter turns into a field to
/// type in.
fn value_text(
    ui: &mut Ui,
    t: &Theme,
    edits: &mut Edits,
    control: &Control,
    owner: &Response,
    place: Rect,
    (text, instead, size): (&str, Option<&str>, f32),
) {
    let key = owner.id.with("typing");
    let typed: Option<String> = ui.data(|data| data.get_temp(key));
    let Some(mut typed) = typed else {
        let id = owner.id.with("value");
        // No stop of its own for the Tab key: Enter on the dial does the same.
        let value = ui.interact(place, id, Sense::CLICK);
        let name = control.row().name;
        value.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("Value of {name}")));
        let color = t.text;
        if value.hovered() {
            outline(ui.painter(), t, place.shrink2(vec2(place.width() * 0.2, 0.0)), true);
        }
        let (shown, size) = match instead.filter(|_| !value.hovered()) {
            Some(instead) => (instead, size - 1.0),
            None => (text, size),
        };
        line_of_text(ui, place.center(), Align2::CENTER_CENTER, shown, size, color, place.width());
        let is_enter = owner.has_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        if value.clicked() || is_enter {
            ui.data_mut(|data| data.insert_temp(key, text.to_owned()));
        }
        return;
    };
    let field_id = owner.id.with("field");
    let field = TextEdit::singleline(&mut typed).id(field_id).font(font(size.min(16.0)));
    let response = ui.put(place.expand2(vec2(2.0, 2.0)), field.margin(vec2(4.0, 1.0)));
    let is_new = ui.data(|data| data.get_temp::<bool>(field_id).is_none());
    if is_new {
        ui.data_mut(|data| data.insert_temp(field_id, true));
        response.request_focus();
        select_all(ui, field_id, typed.chars().count());
    }
    let is_cancelled = ui.input(|input| input.key_pressed(Key::Escape));
    if !is_new && response.lost_focus() {
        match control.parse(&typed) {
            _ if is_cancelled => {}
            Ok(value) => edits.set(control, value),
            Err(error) => {
                let name = control.row().name;
                edits.unread = Some(format!("{name}: {error}. The value in use was kept."));
            }
        }
        ui.data_mut(|data| {
            data.remove::<String>(key);
            data.remove::<bool>(field_id);
        });
        owner.request_focus();
    } else {
        ui.data_mut(|data| data.insert_temp(key, typed));
    }
}

pub(super) fn select_all(ui: &Ui, field: Id, n_chars: usize) {
    let mut state = TextEdit::load_state(ui.ctx(), field).unwrap_or_default();
    let all = egui::text::CCursorRange::two(
        egui::text::CCursor::new(0),
        egui::text::CCursor::new(n_chars),
    );
    state.cursor.set_char_range(Some(all));
    state.store(ui.ctx(), field);
}
