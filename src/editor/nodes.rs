//! The six handles that bend the threshold.

use egui::accesskit::Role;
use egui::{Align2, CursorIcon, Key, Rect, Response, Sense, Stroke, Ui, Vec2, WidgetInfo, vec2};

use crate::editor::axes::{Axes, db_text, hz_text};
use crate::editor::dials::hold_arrows;
use crate::editor::edits::Edits;
use crate::editor::spectrum::Curves;
use crate::editor::theme::Theme;
use crate::editor::widgets::font;
use crate::params::{Control, QuellParams};

/// Side of the square that takes the pointer.
const REACH: f32 = 22.0;
/// What an arrow key moves: dB, and a share of the frequency.
const KEY_DB: f32 = 0.5;
const KEY_RATIO: f32 = 1.03;

/// Shows and moves the nodes; true while one is held.
pub(super) fn nodes(
    ui: &mut Ui,
    t: &Theme,
    edits: &mut Edits,
    params: &QuellParams,
    axes: &Axes,
    curves: &Curves,
) -> bool {
    let mut is_held = false;
    for (idx, (hz, offset)) in params.nodes().into_iter().enumerate() {
        let at = axes.at(hz.plain(), curves.base_db(hz.plain()) + offset.plain());
        let at = at.clamp(axes.rect.min + vec2(7.0, 34.0), axes.rect.max - vec2(7.0, 7.0));
        let place = Rect::from_center_size(at, Vec2::splat(REACH));
        let name = format!("Threshold node {}", idx + 1);
        let response = ui.interact(place, ui.scope_id().with(&name), Sense::click_and_drag());
        let text = format!("{}, {}", hz_text(hz.plain()), db_text(offset.plain(), 1));
        response.widget_info(|| {
            let mut info = WidgetInfo::labeled(Role::Slider, true, &name);
            info.current_text_value = Some(text.clone());
            info
        });
        move_node(ui, edits, axes, &response, (hz, offset));
        let is_hot = response.hovered() || response.dragged() || response.has_focus();
        let fill = if is_hot { t.threshold } else { t.panel };
        let radius = if is_hot { 6.5 } else { 5.0 };
        ui.painter().circle(at, radius, fill, Stroke::new(1.8, t.threshold));
        if is_hot {
            is_held = true;
            let is_low = at.y > axes.rect.top() + 60.0;
            let (anchor, shift) =
                if is_low { (Align2::CENTER_BOTTOM, -11.0) } else { (Align2::CENTER_TOP, 11.0) };
            let half = 58.0;
            let x = at.x.clamp(
                axes.rect.left() + half,
                (axes.rect.right() - half).max(axes.rect.left() + half),
            );
            let galley = ui.painter().layout_no_wrap(text, font(13.0), t.text);
            let label = anchor.anchor_size(egui::pos2(x, at.y + shift), galley.size());
            ui.painter().rect_filled(label.expand(3.0), 3, t.ground);
            ui.painter().galley(label.min, galley, t.text);
        }
        response.on_hover_cursor(CursorIcon::Grab).on_hover_text_at_pointer(
            "Drag up to take away more around this frequency, down to protect it; sideways to \
             move it. Arrows do the same. Ctrl-click: default",
        );
    }
    is_held
}

fn move_node(
    ui: &Ui,
    edits: &mut Edits,
    axes: &Axes,
    response: &Response,
    (hz, offset): (&Control, &Control),
) {
    let key = response.id.with("way");
    let shares = |node: (f32, f32)| (hz.normalize(node.0), offset.normalize(node.1));
    if response.drag_started() {
        edits.begin(hz);
        edits.begin(offset);
        ui.data_mut(|data| data.insert_temp(key, (hz.plain(), offset.plain())));
    }
    let held = ui.data(|data| data.get_temp::<(f32, f32)>(key));
    if let Some(mut node) = held.filter(|_| response.dragged()) {
        let delta = response.drag_delta();
        node.0 = moved_hz(axes, node.0, delta.x);
        node.1 = (node.1 - delta.y * axes.db_per_point()).clamp(-24.0, 24.0);
        edits.drag(hz, shares(node).0);
        edits.drag(offset, shares(node).1);
        ui.data_mut(|data| data.insert_temp(key, node));
    }
    if response.drag_stopped() {
        let last =
            shares(ui.data(|data| data.get_temp(key)).unwrap_or((hz.plain(), offset.plain())));
        edits.end(hz, last.0);
        edits.end(offset, last.1);
        ui.data_mut(|data| data.remove::<(f32, f32)>(key));
    }
    let is_reset = response.clicked() && ui.input(|input| input.modifiers.command);
    if is_reset || response.double_clicked() {
        reset(edits, hz, offset);
    } else if response.clicked() {
        response.request_focus();
    }
    if response.has_focus() {
        keys(ui, edits, response, hz, offset);
    }
}

/// Both as one step.
fn reset(edits: &mut Edits, hz: &Control, offset: &Control) {
    edits.begin(hz);
    edits.begin(offset);
    for control in [hz, offset] {
        let default = control.default_normalized();
        edits.drag(control, default);
        edits.end(control, default);
    }
}

fn moved_hz(axes: &Axes, hz: f32, delta_x: f32) -> f32 {
    let octaves = (axes.max_hz / crate::columns::MIN_HZ).ln();
    (hz * (delta_x / axes.rect.width().max(1.0) * octaves).exp()).clamp(20.0, 20_000.0)
}

fn keys(ui: &Ui, edits: &mut Edits, response: &Response, hz: &Control, offset: &Control) {
    hold_arrows(ui, response.id);
    let presses = |key| ui.input(|input| input.num_presses(key) as f32);
    let up = presses(Key::ArrowUp) - presses(Key::ArrowDown);
    let right = presses(Key::ArrowRight) - presses(Key::ArrowLeft);
    if up != 0.0 {
        edits.set(offset, offset.normalize(offset.plain() + up * KEY_DB));
    }
    if right != 0.0 {
        edits.set(hz, hz.normalize(hz.plain() * KEY_RATIO.powf(right)));
    }
}
