//! Where everything in the window lies.

use egui::{Rect, Ui, Vec2, pos2};

use super::Screen;
use crate::editor::drawers::Drawer;
use crate::editor::theme::GAP;
use crate::editor::widgets::panel;
use crate::editor::{bottom, drawers, figures, header, listen, prints, status};

const STATUS: f32 = 28.0;
const LISTEN: f32 = 26.0;
const HELP: f32 = 18.0;
/// Length of the grip's sides, and how far it keeps from the window's.
const GRIP: f32 = 18.0;
const GRIP_EDGE: f32 = 3.0;
/// What belongs together stands close.
pub(super) const CLOSE: f32 = 5.0;
/// From this height on there is room between things, points.
const ROOMY_FROM: f32 = 560.0;

/// Heights that depend on the window's.
#[derive(Clone, Copy)]
struct Heights {
    edge: f32,
    header: f32,
    controls: f32,
}

impl Heights {
    fn of(height: f32) -> Self {
        match height >= ROOMY_FROM {
            true => Self { edge: GAP, header: 38.0, controls: 112.0 },
            false => Self { edge: 7.0, header: 32.0, controls: 96.0 },
        }
    }
}

impl Screen {
    pub(super) fn lay_out(&mut self, ui: &mut Ui) {
        let heights = Heights::of(ui.max_rect().height());
        let mut all = ui.max_rect().shrink(heights.edge);
        self.program(ui, &mut all);
        let mut from_top = |height: f32, gap: f32| cut_top(&mut all, height, gap);
        let header = from_top(heights.header, heights.edge.min(8.0));
        let mut from_bottom = |height: f32, gap: f32| cut_bottom(&mut all, height, gap);
        let mut help = from_bottom(HELP, CLOSE - 1.0);
        let controls = from_bottom(heights.controls, CLOSE);
        // Above what opens it, which so stays under the pointer.
        let drawer = self.drawer.map(|which| from_bottom(which.height(), CLOSE));
        let status = from_bottom(STATUS, CLOSE);
        let listen = from_bottom(LISTEN, CLOSE + 1.0);
        // In the order in which the Tab key goes: what is used first comes first.
        if let Some(request) = self.controls(ui, controls) {
            self.follow_controls(ui, request);
        }
        if let (Some(which), Some(rect)) = (self.drawer, drawer) {
            self.drawer(ui, which, rect);
        }
        if let Some(remedy) = status::show(ui, &self.theme, &self.status(), status) {
            self.follow_remedy(remedy);
        }
        self.listen(ui, listen);
        // A small window with a drawer or a recording in it has no room for it.
        if all.height() > 46.0 {
            let meters = Rect::from_min_max(pos2(all.right() - 84.0, all.top()), all.max);
            let right = meters.left() - heights.edge;
            self.picture(ui, Rect::from_min_max(all.min, pos2(right, all.bottom())));
            let inside = panel(ui, &self.theme, meters);
            self.meters.show(ui, &self.theme, inside);
        } else {
            // No picture, no box in it that could end this.
            self.shared.ears.hear_only(None);
        }
        match header::show(ui, &self.theme, &mut self.edits, &self.shared, header) {
            Some(header::Request::Next(next)) => self.follow(ui, Some(next)),
            Some(header::Request::Look(window)) => self.set_look(ui, window),
            None => {}
        }
        if self.shared.grip.is_offered() {
            // In the very corner, where a hand looks for it.
            let corner = ui.max_rect().max - Vec2::splat(GRIP_EDGE);
            let place = Rect::from_min_max(corner - Vec2::splat(GRIP), corner);
            help.max.x = place.left() - CLOSE;
            self.corner.show(ui, &self.theme, &self.shared.grip, place);
        }
        bottom::show(ui, &self.theme, help);
    }

    fn drawer(&mut self, ui: &mut Ui, which: Drawer, rect: Rect) {
        let in_use = self.in_use();
        let (edits, shared) = (&mut self.edits, &self.shared);
        if let Some(request) = drawers::show(ui, &self.theme, edits, shared, which, in_use, rect) {
            let next = prints::follow(ui, edits, shared, request);
            self.follow(ui, next);
        }
    }

    /// What is heard, and what it costs.
    fn listen(&mut self, ui: &mut Ui, rect: Rect) {
        let (edits, shared) = (&mut self.edits, &self.shared);
        // Names on it stand elsewhere in the window, too.
        let own = egui::UiBuilder::new().id_salt("listen").max_rect(rect);
        let used = listen::show(&mut ui.new_child(own), &self.theme, edits, shared, rect);
        let rest = Rect::from_min_max(pos2(used.right() + GAP, rect.top()), rect.max);
        let heard = figures::Heard {
            loudest_dbfs: self.meters.loudest_dbfs(),
            loudness_lufs: self.meters.loudness_lufs(),
            at_risk: self.analysis.share_at_risk(),
            load: shared.feed.load(&mut self.load),
        };
        if let Some(next) = figures::show(ui, &self.theme, shared, heard, rest) {
            self.follow(ui, Some(next));
        }
    }
}

/// Takes a row off the top of a place.
fn cut_top(all: &mut Rect, height: f32, gap: f32) -> Rect {
    let bottom = all.top() + height;
    let row = Rect::from_min_max(all.min, pos2(all.right(), bottom));
    all.min.y = bottom + gap;
    row
}

/// The same off the bottom.
pub(super) fn cut_bottom(all: &mut Rect, height: f32, gap: f32) -> Rect {
    let top = all.bottom() - height;
    let row = Rect::from_min_max(pos2(all.left(), top), all.max);
    all.max.y = top - gap;
    row
}
