//! The row that is always there: capture, reduction, how careful, and for what.

use egui::{Align2, Rect, Ui, pos2, vec2};
use quell_core::settings::table::place_of;

use crate::Shared;
use crate::editor::capture::{self, Press};
use crate::editor::dials::{SliderShape, large_dial, slider};
use crate::editor::drawers::Drawer;
use crate::editor::edits::Edits;
use crate::editor::files::Next;
use crate::editor::presets;
use crate::editor::theme::{GAP, Theme};
use crate::editor::widgets::{InUse, Label, button, help, line_of_text, panel, segments};
use crate::params::{QuellParams, REDUCTION};

const SENSITIVITY: usize = place_of("sensitivity");

/// Materials, and the presets that are made for them.
const MATERIALS: [(&str, &str, &str); 4] = [
    (
        "Anything",
        "Default",
        "The network, at full depth: the best for most, with a print and without.",
    ),
    (
        "Voice",
        "Voice",
        "Leaves a bed of noise 20 dB below, which hides what any engine does wrong.",
    ),
    ("Music", "Music", "Network and gate joined, 24 dB deep: held notes and tails stay."),
    ("Hum", "Hum", "Only hum of the mains and what lies below 3 kHz of the print; nothing above."),
];

/// What the controls show besides the parameters.
#[derive(Clone, Copy)]
pub(super) struct State {
    /// Level of noise alone before and after, dBFS; nothing before any was heard.
    pub(super) noise_dbfs: Option<[f32; 2]>,
    pub(super) in_use: InUse,
    /// What is open below.
    pub(super) drawer: Option<Drawer>,
}

/// What a click asks for that is no edit of a parameter.
pub(super) enum Request {
    /// A drawer is to open, or the one that is open to close.
    Drawer(Option<Drawer>),
    /// What follows from a choice of material.
    Next(Next),
}

/// The whole row.
pub(super) fn show(
    ui: &mut Ui,
    t: &Theme,
    edits: &mut Edits,
    shared: &Shared,
    press: &mut Press,
    state: State,
    rect: Rect,
) -> Option<Request> {
    let mut left = rect.left();
    let mut part = |width: f32| {
        let place = Rect::from_x_y_ranges(left..=left + width, rect.y_range());
        left += width + GAP;
        place
    };
    let first = part((rect.width() * 0.24).clamp(172.0, 300.0));
    let second = part((rect.width() * 0.24).clamp(178.0, 300.0));
    let third = part((rect.width() * 0.18).clamp(126.0, 240.0));
    let fourth = Rect::from_x_y_ranges(third.right() + GAP..=rect.right(), rect.y_range());
    capture::show(ui, t, edits, shared, press, first);
    let inside = panel(ui, t, second);
    reduction(ui, t, edits, &shared.params, state, inside);
    let inside = panel(ui, t, third);
    careful(ui, t, edits, &shared.params, state.in_use, inside);
    let inside = panel(ui, t, fourth);
    purpose(ui, t, edits, &shared.params, state, inside)
}

/// The one large control, and what it does now.
fn reduction(
    ui: &mut Ui,
    t: &Theme,
    edits: &mut Edits,
    params: &QuellParams,
    state: State,
    rect: Rect,
) {
    let beside = large_dial(ui, t, edits, &params[REDUCTION], state.in_use, rect);
    let text = state.noise_dbfs.map_or_else(
        || "\u{2013}".to_owned(),
        |levels| {
            let [before, after] =
                levels.map(|level| format!("{level:.0}").replace('-', "\u{2212}"));
            format!("{before} \u{2192} {after}")
        },
    );
    let at = pos2(beside.center().x, beside.bottom() - 14.0);
    line_of_text(ui, at, Align2::CENTER_BOTTOM, &text, 16.0, t.removed, beside.width());
    let at = pos2(beside.center().x, beside.bottom() + 2.0);
    line_of_text(ui, at, Align2::CENTER_BOTTOM, "noise, dBFS", 12.5, t.dim, beside.width());
}

/// Between keeping and taking.
fn careful(
    ui: &mut Ui,
    t: &Theme,
    edits: &mut Edits,
    params: &QuellParams,
    in_use: InUse,
    rect: Rect,
) {
    let shape = SliderShape { rect, ends: ["Preserve", "Remove"] };
    slider(ui, t, edits, &params[SENSITIVITY], in_use, shape);
}

/// What it is for, and the ways to more.
fn purpose(
    ui: &mut Ui,
    t: &Theme,
    edits: &mut Edits,
    params: &QuellParams,
    state: State,
    rect: Rect,
) -> Option<Request> {
    let State { in_use, drawer, .. } = state;
    let height = 26.0;
    line_of_text(ui, rect.min - vec2(0.0, 2.0), Align2::LEFT_TOP, "For", 12.5, t.dim, 40.0);
    let top = (rect.top() + 16.0).max(rect.center().y - 22.0);
    let place = Rect::from_min_size(pos2(rect.left(), top), vec2(rect.width(), height));
    let labels = MATERIALS.map(|(name, _, hint)| Label { name, hint });
    let origin = edits.origin();
    let is_origin = |(_, preset, _): &(&str, &str, &str)| origin.as_deref() == Some(preset);
    let chosen = MATERIALS.iter().position(is_origin);
    let next = segments(ui, t, place, &labels, chosen)
        .and_then(|idx| presets::load_factory(edits, MATERIALS[idx].1));
    let top = rect.bottom() - height;
    let width = (rect.width() - 6.0) / 2.0;
    let mut request = None;
    for (idx, which) in Drawer::ALL.into_iter().enumerate() {
        let min = pos2(rect.left() + (width + 6.0) * idx as f32, top);
        let place = Rect::from_min_size(min, vec2(width, height));
        let is_open = drawer == Some(which);
        let label = Label { name: which.name(), hint: "" };
        let response = button(ui, t, place, label, is_open, true);
        help(&response, || which.hint(params, in_use));
        if response.clicked() {
            request = Some(Request::Drawer(Some(which).filter(|_| !is_open)));
        }
    }
    request.or(next.map(Request::Next))
}
