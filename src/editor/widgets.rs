//! Controls for parameters: each shows a value, edits it through [`Edits`] and never holds it.
//!
//! All obey the same hand: drag (with Shift: finer), wheel, arrow keys, Enter to type a value,
//! Ctrl-click or double click for the default.

use std::f32::consts::TAU;

use egui::accesskit::Role;
use egui::{
    Align2, ComboBox, CornerRadius, EventFilter, FontId, Id, Key, Painter, Pos2, Rect, Response,
    Sense, Shape, Stroke, StrokeKind, TextEdit, Ui, Vec2, WidgetInfo, pos2, vec2,
};
use quell_core::settings::row::Variants;
use quell_core::{Engine, LatencyMode};

use crate::editor::edits::Edits;
use crate::editor::theme::{GAP, ROUND, Theme, faded};
use crate::params::Control;

/// Points of the pointer from one end of a dial to the other.
const DIAL_TRAVEL: f32 = 180.0;
/// Room for what is said of a variant in a list.
const LIST_WIDTH: f32 = 320.0;
/// Where a dial begins and how far it goes, turns; it points down at the gap.
const DIAL_START: f32 = 0.375;
const DIAL_SWEEP: f32 = 0.75;

/// A block on the ground, and the space inside it.
pub(super) fn panel(ui: &Ui, t: &Theme, rect: Rect) -> Rect {
    ui.painter().rect_filled(rect, CornerRadius::same(ROUND), t.panel);
    rect.shrink(GAP)
}

pub(super) fn font(size: f32) -> FontId {
    FontId::proportional(size)
}

/// Text on one line, cut with an ellipsis where the place is too narrow.
pub(super) fn line_of_text(
    ui: &Ui,
    at: Pos2,
    anchor: Align2,
    text: &str,
    size: f32,
    color: egui::Color32,
    width: f32,
) -> Rect {
    let mut job = egui::text::LayoutJob::simple_singleline(text.to_owned(), font(size), color);
    job.wrap = egui::text::TextWrapping::truncate_at_width(width.max(1.0));
    let galley = ui.fonts_mut(|fonts| fonts.layout_job(job));
    let rect = anchor.anchor_size(at, galley.size());
    ui.painter().galley(rect.min, galley, color);
    rect
}

/// What a control says about itself.
#[derive(Clone, Copy)]
pub(super) struct Label<'a> {
    pub(super) name: &'a str,
    /// What it does to the sound.
    pub(super) hint: &'a str,
}

/// A button of our own look; `is_on` fills it with the accent.
pub(super) fn button(
    ui: &mut Ui,
    t: &Theme,
    rect: Rect,
    label: Label<'_>,
    is_on: bool,
    is_enabled: bool,
) -> Response {
    let sense = if is_enabled { Sense::click() } else { Sense::hover() };
    let response = ui.interact(rect, ui.scope_id().with(label.name), sense);
    response.widget_info(|| WidgetInfo::selected(Role::Button, is_enabled, is_on, label.name));
    let fill = match (is_on, is_enabled && response.hovered()) {
        (true, _) => t.accent,
        (false, true) => t.line,
        (false, false) => t.raised,
    };
    let text = if is_on { t.on_accent } else { t.text };
    let text = if is_enabled { text } else { faded(t.dim, 0.6) };
    ui.painter().rect_filled(rect, CornerRadius::same(4), fill);
    focus_ring(ui.painter(), t, rect, response.has_focus());
    line_of_text(ui, rect.center(), Align2::CENTER_CENTER, label.name, 14.0, text, rect.width());
    response.on_hover_text(label.hint)
}

pub(super) fn focus_ring(painter: &Painter, t: &Theme, rect: Rect, has_focus: bool) {
    if has_focus {
        let stroke = Stroke::new(1.5, t.accent);
        painter.rect_stroke(rect.expand(2.0), CornerRadius::same(5), stroke, StrokeKind::Middle);
    }
}

/// A few choices side by side; returns the one that was clicked.
pub(super) fn segments(
    ui: &mut Ui,
    t: &Theme,
    rect: Rect,
    names: &[Label<'_>],
    chosen: usize,
) -> Option<usize> {
    let width = rect.width() / names.len() as f32;
    let mut clicked = None;
    ui.painter().rect_filled(rect, CornerRadius::same(4), t.raised);
    for (idx, label) in names.iter().enumerate() {
        let min = pos2(rect.left() + width * idx as f32, rect.top());
        let part = Rect::from_min_size(min, vec2(width, rect.height()));
        if button(ui, t, part, *label, idx == chosen, true).clicked() {
            clicked = Some(idx);
        }
    }
    clicked
}

/// A caption and a list of variants under it; the place of the one that was chosen now.
pub(super) fn pick(
    ui: &mut Ui,
    t: &Theme,
    rect: Rect,
    control: &Control,
    variants: Variants,
) -> Option<usize> {
    let label = control.row().name;
    let now = control.plain() as usize;
    let name = variants.at(now).name;
    // What stands in brackets, the latency, moves up beside the caption: lists may be narrow.
    let (short, caption) = match name.split_once(" (") {
        Some((short, rest)) => (short, format!("{label} \u{b7} {}", rest.trim_end_matches(')'))),
        None => (name, label.to_owned()),
    };
    line_of_text(ui, rect.min, Align2::LEFT_TOP, &caption, 12.5, t.dim, rect.width());
    let below = Rect::from_min_max(rect.min + vec2(0.0, 18.0), rect.max);
    let mut place = ui.new_child(egui::UiBuilder::new().max_rect(below).id_salt(label));
    let list = ComboBox::from_id_salt(label).width(rect.width()).truncate();
    let mut chosen = None;
    let shown = list.selected_text(short).show_ui(&mut place, |ui| {
        ui.set_min_width(LIST_WIDTH);
        for (idx, variant) in variants.iter().enumerate() {
            let colors = if idx == now { [t.on_accent; 2] } else { [t.text, t.dim] };
            let text = named_line(variant.name, variant.help, colors);
            let response = ui.selectable_label(idx == now, text);
            if response.accessible_name(variant.name).clicked() {
                chosen = Some(idx);
            }
        }
    });
    let hint = format!("{}\nNow: {name}", control.row().explained());
    shown.response.on_hover_text(hint).accessible_name(label);
    chosen
}

/// What decides whether a setting does anything now.
#[derive(Clone, Copy)]
pub(super) struct InUse {
    pub(super) engine: Engine,
    pub(super) mode: LatencyMode,
    /// Not only followed.
    pub(super) is_noise_known: bool,
}

/// A name, and what it means in small letters under it.
fn named_line(name: &str, help: &str, [strong, weak]: [egui::Color32; 2]) -> egui::text::LayoutJob {
    let mut job = egui::text::LayoutJob::default();
    let mut add = |text: &str, size: f32, color: egui::Color32| {
        job.append(text, 0.0, egui::TextFormat::simple(font(size), color));
    };
    add(name, 14.0, strong);
    add(&format!("\n{help}"), 12.5, weak);
    job
}

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
    let InUse { engine, mode, is_noise_known } = in_use;
    let idle = control.row().idle_because(engine, mode, is_noise_known);
    let t = &if idle.is_some() { t.idle() } else { *t };
    let DialShape { center, radius, .. } = shape;
    let label = control.row().name;
    let id = ui.scope_id().with(("dial", label));
    let knob = Rect::from_center_size(center, Vec2::splat(2.0 * radius));
    let response = ui.interact(knob, id, Sense::click_and_drag());
    let value = turn(ui, edits, control, &response);
    let text = short(&control.text(value));
    response.widget_info(|| {
        let mut info = WidgetInfo::slider(true, f64::from(value), label);
        info.current_text_value = Some(match &idle {
            Some(where_it_acts) => format!("{text}, {where_it_acts}"),
            None => text.clone(),
        });
        info
    });
    paint_dial(ui, t, control, &response, shape, value);
    let width = shape.width;
    let above = center - vec2(0.0, radius + 3.0);
    line_of_text(ui, above, Align2::CENTER_BOTTOM, label, shape.text, t.dim, width);
    let below = center + vec2(0.0, radius - shape.value * 0.1);
    let place = Rect::from_center_size(
        below + vec2(0.0, shape.value * 0.6),
        vec2(width, shape.value * 1.3),
    );
    let shown = idle.as_deref().filter(|_| !response.hovered() && !response.dragged());
    value_text(ui, t, edits, control, &response, place, (&text, shown, shape.value));
    let idle = idle.map(|idle| format!("{idle}: does nothing now.\n\n")).unwrap_or_default();
    let help = control.row().explained();
    let hint = format!("{idle}{help}\n\nDrag, wheel or arrows; Enter to type; Ctrl-click: default");
    response.on_hover_text(hint);
}

/// A value as a person writes it: `100 %` and `\u{2212}24 dB`, without digits that say nothing.
fn short(text: &str) -> String {
    text.replace(".0 ", " ").replace('-', "\u{2212}")
}

/// What hand and keys do to a dial; returns the value to show.
fn turn(ui: &Ui, edits: &mut Edits, control: &Control, response: &Response) -> f32 {
    let way = response.id.with("way");
    let now = control.normalized();
    let is_fine = ui.input(|input| input.modifiers.shift);
    if response.drag_started() {
        edits.begin(control);
        ui.data_mut(|data| data.insert_temp(way, now));
    }
    // Where no audio runs, the parameter hears of an edit late; the hand's own value counts.
    let mut held = ui.data(|data| data.get_temp::<f32>(way));
    if let Some(value) = held.as_mut().filter(|_| response.dragged()) {
        let travel = DIAL_TRAVEL * if is_fine { 6.0 } else { 1.0 };
        let delta = response.drag_delta();
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
    let steps = wheel_steps(ui, response) + key_steps(ui, response);
    if steps != 0.0 {
        let size = if is_fine { 0.002 } else { 0.02 };
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
    painter.add(arc_shape(center, arc, 0.0, 1.0, Stroke::new(width, t.line)));
    // From the default on, so that one sees how far it was turned; from the left where the default
    // is an end, or the dial says how much of something there is.
    let place = place_on_dial(control, value);
    let default = control.default_normalized();
    let is_from_default = (0.02..0.98).contains(&default) && !control.row().is_more_below();
    let origin = if is_from_default { default } else { 0.0 };
    let (from, to) = (origin.min(place), origin.max(place));
    painter.add(arc_shape(center, arc, from, to, Stroke::new(width, t.accent)));
    let hand = |length: f32| center + direction(place) * length;
    let body = if response.hovered() || response.dragged() { t.line } else { t.raised };
    painter.circle_filled(center, radius - width * 1.9, body);
    let stroke = Stroke::new((width * 0.55).max(2.0), t.text);
    painter.line_segment([hand(radius * 0.34), hand(radius - width * 2.2)], stroke);
    if response.has_focus() {
        painter.circle_stroke(center, radius + 2.5, Stroke::new(1.5, t.accent));
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
        let value = ui.interact(place, id, Sense::click());
        let color = if value.hovered() { t.accent } else { t.text };
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

fn select_all(ui: &Ui, field: Id, n_chars: usize) {
    let mut state = TextEdit::load_state(ui.ctx(), field).unwrap_or_default();
    let all = egui::text::CCursorRange::two(
        egui::text::CCursor::new(0),
        egui::text::CCursor::new(n_chars),
    );
    state.cursor.set_char_range(Some(all));
    state.store(ui.ctx(), field);
}
