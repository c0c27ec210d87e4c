//! What the window is made of: text, buttons, lists, and what is said of them in the bottom line.

use egui::accesskit::Role;
use egui::{
    Align2, ComboBox, CornerRadius, FontId, Id, Painter, Pos2, Rect, Response, Sense, Stroke,
    StrokeKind, Ui, Vec2, WidgetInfo, pos2, vec2,
};
use quell_core::settings::row::Variants;
use quell_core::{Engine, LatencyMode};

use crate::editor::theme::{GAP, ROUND, Theme, faded};
use crate::params::Control;

/// Room for what is said of a variant in a list.
const LIST_WIDTH: f32 = 320.0;

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

/// Keeps what is said of the thing that the pointer is on, or else the focus, for the bottom line.
pub(super) fn help(response: &Response, text: impl FnOnce() -> String) {
    let (is_pointed, is_focused) = (response.hovered() || response.dragged(), response.has_focus());
    if !is_pointed && !is_focused {
        return;
    }
    let place = help_place(is_pointed);
    response.ctx.data_mut(|data| data.insert_temp(place, text()));
}

fn help_place(is_pointed: bool) -> Id {
    Id::unique(("quell help", is_pointed))
}

/// What was kept since the last look.
pub(super) fn take_help(ui: &Ui) -> Option<String> {
    let [focused, pointed] = [false, true]
        .map(|is_pointed| ui.data_mut(|data| data.remove_temp::<String>(help_place(is_pointed))));
    pointed.or(focused)
}

/// How far a hand has moved since the last look. A quick one moves and lets go between two looks:
/// that counts, too.
pub(super) fn hand_delta(ui: &Ui, response: &Response) -> Vec2 {
    match response.dragged() || response.drag_stopped() {
        true => ui.input(|input| input.pointer.delta()),
        false => Vec2::ZERO,
    }
}

/// A button of our own look; `is_on` fills it with light.
pub(super) fn button(
    ui: &mut Ui,
    t: &Theme,
    rect: Rect,
    label: Label<'_>,
    is_on: bool,
    is_enabled: bool,
) -> Response {
    outline(ui.painter(), t, rect, is_enabled);
    face(ui, t, rect, label, is_on, is_enabled)
}

/// The border of what can be pressed.
pub(super) fn outline(painter: &Painter, t: &Theme, rect: Rect, is_enabled: bool) {
    let color = if is_enabled { t.edge } else { t.line };
    let stroke = Stroke::new(1.0, color);
    painter.rect_stroke(rect, CornerRadius::same(4), stroke, StrokeKind::Outside);
}

/// A button without its border.
fn face(
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
        (true, _) => t.selected,
        (false, true) => t.line,
        (false, false) => t.raised,
    };
    let text = if is_on { t.on_selected } else { t.text };
    let text = if is_enabled { text } else { faded(t.dim, 0.6) };
    ui.painter().rect_filled(rect, CornerRadius::same(4), fill);
    focus_ring(ui.painter(), t, rect, response.has_focus());
    line_of_text(ui, rect.center(), Align2::CENTER_CENTER, label.name, 14.0, text, rect.width());
    help(&response, || label.hint.to_owned());
    response
}

pub(super) fn focus_ring(painter: &Painter, t: &Theme, rect: Rect, has_focus: bool) {
    if has_focus {
        // With a gap, so that it is seen beside a border and around what is on.
        let stroke = Stroke::new(2.0, t.text);
        painter.rect_stroke(rect.expand(3.0), CornerRadius::same(6), stroke, StrokeKind::Middle);
    }
}

/// A few choices side by side; returns the one that was clicked.
pub(super) fn segments(
    ui: &mut Ui,
    t: &Theme,
    rect: Rect,
    names: &[Label<'_>],
    chosen: Option<usize>,
) -> Option<usize> {
    // As wide as its name asks for, and more alike for each.
    let weight = |label: &Label| 5.0 + label.name.chars().count() as f32;
    let per_weight = rect.width() / names.iter().map(weight).sum::<f32>();
    let mut left = rect.left();
    let mut clicked = None;
    outline(ui.painter(), t, rect, true);
    ui.painter().rect_filled(rect, CornerRadius::same(4), t.raised);
    for (idx, label) in names.iter().enumerate() {
        let width = weight(label) * per_weight;
        let part = Rect::from_min_size(pos2(left, rect.top()), vec2(width, rect.height()));
        left += width;
        if face(ui, t, part, *label, Some(idx) == chosen, true).clicked() {
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
            let colors = if idx == now { [t.on_selected; 2] } else { [t.text, t.dim] };
            let text = named_line(variant.name, variant.help, colors);
            let response = ui.selectable_label(idx == now, text);
            if response.accessible_name(variant.name).clicked() {
                chosen = Some(idx);
                // By key, too, which alone leaves lists open.
                ui.close();
            }
        }
    });
    help(&shown.response, || format!("{label}: {}", control.row().explained()));
    shown.response.accessible_name(label);
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

impl InUse {
    /// Why a control does nothing now; none where it does something.
    pub(super) fn idle_because(&self, control: &Control) -> Option<String> {
        control.row().idle_because(self.engine, self.mode, self.is_noise_known)
    }
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
