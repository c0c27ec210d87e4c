//! The grip in the window's corner, where the host lets the window choose its size.

use egui::accesskit::Role;
use egui::{CursorIcon, Rect, Sense, Stroke, Ui, Vec2, WidgetInfo, vec2};
use nice_plug::editor::dpi::{LogicalSize, NativeSize, Size};
use quell_formats::state::Window;

use crate::editor::theme::Theme;
use crate::editor::widgets::help;
use crate::grip::Grip;

const NAME: &str = "Size of the window";
const HELP: &str = "Drag to make the window larger or smaller. What is in it grows along, unless \
                    the menu says how large it is.";

/// A hand on the grip.
#[derive(Default)]
pub(super) struct Corner {
    /// From the pointer to the window's corner, before anything is drawn larger.
    distance: Option<Vec2>,
    /// The last wish.
    asked: Option<NativeSize<u32>>,
}

impl Corner {
    pub(super) fn show(&mut self, ui: &mut Ui, t: &Theme, grip: &Grip, rect: Rect) {
        // No stop for the Tab key: those who have no pointer have their host's menus.
        let response = ui.interact(rect, ui.scope_id().with(NAME), Sense::DRAG);
        response.widget_info(|| WidgetInfo::labeled(Role::Splitter, true, NAME));
        help(&response, || HELP.to_owned());
        if response.hovered() || response.dragged() {
            ui.set_cursor_icon(CursorIcon::ResizeNwSe);
        }
        let color = if response.hovered() || response.dragged() { t.text } else { t.dim };
        for length in [4.0, 8.0, 12.0] {
            let ends = [vec2(length, 0.0), vec2(0.0, length)].map(|back| rect.max - back);
            ui.painter().line_segment(ends, Stroke::new(1.5, color));
        }
        self.follow(ui, grip, response.dragged());
    }

    /// Wishes for what puts the corner where the hand is.
    fn follow(&mut self, ui: &Ui, grip: &Grip, is_dragged: bool) {
        if !is_dragged {
            *self = Self::default();
            return;
        }
        // A hand that is quicker than the window leaves it for a moment.
        let Some(pointer) = ui.input(|input| input.pointer.latest_pos()) else { return };
        let zoom = ui.ctx().zoom_factor();
        let pointer = pointer.to_vec2() * zoom;
        let size = ui.ctx().content_rect().size() * zoom;
        let distance = *self.distance.get_or_insert(size - pointer);
        let scale = ui.ctx().pixels_per_point() / zoom;
        let wanted = native(pointer + distance, scale);
        if *self.asked.get_or_insert(native(size, scale)) != wanted {
            self.asked = Some(wanted);
            grip.ask(wanted.width, wanted.height);
        }
    }
}

/// A size in points as the host counts it, where a window may have it.
fn native(size: Vec2, pixels_per_point: f32) -> NativeSize<u32> {
    let within = |length: f32, least: u16, most: u16| {
        f64::from(length.round().clamp(f32::from(least), f32::from(most)))
    };
    let size = LogicalSize {
        width: within(size.x, Window::MIN.0, Window::MAX.0),
        height: within(size.y, Window::MIN.1, Window::MAX.1),
    };
    NativeSize::from_size(Size::Logical(size), pixels_per_point.into())
}
