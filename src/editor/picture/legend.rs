//! Names of what is drawn, in its colours; a click on one takes its curve away or brings it back.

use egui::accesskit::Role;
use egui::{
    Align2, Color32, CornerRadius, CursorIcon, Rect, Sense, Stroke, StrokeKind, Ui, WidgetInfo,
    pos2, vec2,
};
use quell_core::ProfileSource;

use crate::editor::theme::{Theme, faded};
use crate::editor::widgets::{focus_ring, font, help};

/// What can be switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::editor) enum Curve {
    Input,
    Output,
    Removed,
    Noise,
    Threshold,
    Gain,
}

impl Curve {
    const ALL: [Self; 6] =
        [Self::Input, Self::Output, Self::Removed, Self::Gain, Self::Noise, Self::Threshold];

    fn name(self, source: ProfileSource) -> &'static str {
        match (self, source) {
            (Self::Input, _) => "input",
            (Self::Output, _) => "denoised",
            (Self::Removed, _) => "removed",
            (Self::Gain, _) => "gain",
            (Self::Noise, ProfileSource::Captured) => "noise print",
            (Self::Noise, ProfileSource::Adaptive) => "noise, followed",
            (Self::Noise, ProfileSource::Sidechain) => "noise input",
            (Self::Threshold, _) => "threshold",
        }
    }

    fn hint(self) -> &'static str {
        match self {
            Self::Input => "What comes in; the broad line behind is its average over three seconds",
            Self::Output => "What remains of it",
            Self::Removed => "What lies between the two: what is taken away",
            Self::Gain => {
                "What the engine does to each frequency now, hung from the top: the upper edge is \
                 untouched, further down is quieter"
            }
            Self::Noise => "What Quell takes for the noise",
            Self::Threshold => {
                "How far a sound must stand over the noise to count. Gate and Classic go by it; to \
                 a network it is a hint, and so it is faint there"
            }
        }
    }

    fn color(self, t: &Theme) -> Color32 {
        match self {
            Self::Input => t.input,
            Self::Output => t.output,
            Self::Removed => t.removed,
            Self::Gain => t.gain,
            Self::Noise => t.noise,
            Self::Threshold => t.threshold,
        }
    }
}

/// Which curves are on; all of them in a new window.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::editor) struct Legend {
    is_off: [bool; Curve::ALL.len()],
}

impl Legend {
    pub(in crate::editor) fn is_on(&self, curve: Curve) -> bool {
        !self.is_off[curve as usize]
    }

    /// Shows the names in a row, and switches what is clicked.
    pub(in crate::editor) fn show(
        &mut self,
        ui: &Ui,
        t: &Theme,
        rect: Rect,
        source: ProfileSource,
    ) {
        let shape = Row::fitting(ui, rect.width(), source);
        let mut x = rect.left();
        for curve in Curve::ALL {
            let name = curve.name(source);
            let name = if shape.is_short { short(name) } else { name };
            let width = text_width(ui, name, shape.text) + shape.swatch + 5.0;
            let place = Rect::from_min_size(pos2(x, rect.top()), vec2(width, rect.height()));
            if place.right() > rect.right() + 1.0 {
                break;
            }
            self.entry(ui, t, place, curve, (curve.name(source), name, shape));
            x = place.right() + shape.gap;
        }
    }

    fn entry(
        &mut self,
        ui: &Ui,
        t: &Theme,
        place: Rect,
        curve: Curve,
        (name, shown, shape): (&str, &str, Row),
    ) {
        let is_on = self.is_on(curve);
        let id = ui.scope_id().with(("legend", curve as usize));
        let response = ui.interact(place, id, Sense::click());
        let label = format!("Show {name}");
        response.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, is_on, &label));
        if response.clicked() {
            self.is_off[curve as usize] = is_on;
        }
        let color = curve.color(t);
        let (text, swatch) = match (is_on, response.hovered()) {
            (true, _) => (color, color),
            (false, true) => (t.text, t.dim),
            (false, false) => (t.dim, t.dim),
        };
        let thick = if curve == Curve::Removed { 10.0 } else { 3.0 };
        let middle = pos2(place.left() + shape.swatch / 2.0, place.center().y);
        let swatch_place = Rect::from_center_size(middle, vec2(shape.swatch, thick));
        let painter = ui.painter();
        if is_on {
            let fill = if curve == Curve::Removed { faded(color, 0.55) } else { color };
            painter.rect_filled(swatch_place, CornerRadius::same(1), fill);
        } else {
            let around = swatch_place.expand2(vec2(0.0, if thick < 5.0 { 1.0 } else { 0.0 }));
            let stroke = Stroke::new(1.0, swatch);
            painter.rect_stroke(around, CornerRadius::same(1), stroke, StrokeKind::Inside);
        }
        let at = pos2(place.left() + shape.swatch + 5.0, place.center().y);
        let written = painter.text(at, Align2::LEFT_CENTER, shown, font(shape.text), text);
        if !is_on || response.hovered() {
            let y = if is_on { written.bottom() - 1.0 } else { written.center().y + 1.0 };
            painter.hline(written.x_range(), y, Stroke::new(1.0, text));
        }
        focus_ring(painter, t, place.shrink2(vec2(0.0, 3.0)), response.has_focus());
        let click = if is_on { "hide it" } else { "show it" };
        help(&response, || format!("{}. Click: {click}", curve.hint()));
        response.on_hover_cursor(CursorIcon::PointingHand);
    }
}

/// How large the row is written.
#[derive(Clone, Copy)]
struct Row {
    text: f32,
    swatch: f32,
    gap: f32,
    is_short: bool,
}

impl Row {
    /// The largest that fits.
    fn fitting(ui: &Ui, width: f32, source: ProfileSource) -> Self {
        let wide = Self { text: 12.5, swatch: 14.0, gap: 12.0, is_short: false };
        let narrow = Self { swatch: 9.0, gap: 8.0, ..wide };
        let short = Self { is_short: true, ..narrow };
        let fits = |row: &Self| {
            let of = |curve: Curve| {
                let name = curve.name(source);
                let name = if row.is_short { self::short(name) } else { name };
                text_width(ui, name, row.text) + row.swatch + 5.0 + row.gap
            };
            Curve::ALL.into_iter().map(of).sum::<f32>() - row.gap <= width
        };
        [wide, narrow].into_iter().find(fits).unwrap_or(short)
    }
}

/// What a name becomes where there is little room.
fn short(name: &str) -> &str {
    if name.starts_with("noise") { "noise" } else { name }
}

fn text_width(ui: &Ui, text: &str, size: f32) -> f32 {
    ui.painter().layout_no_wrap(text.to_owned(), font(size), Color32::PLACEHOLDER).size().x
}
