//! The controls under the picture: each setting of the table in the place that its row names.

use egui::{Align2, Rect, Ui, pos2, vec2};
use quell_core::settings::row::{Kind, Shown};
use quell_core::{Choice, Monitor};

use crate::Shared;
use crate::editor::capture::{self, Press};
use crate::editor::edits::Edits;
use crate::editor::theme::{GAP, Theme};
use crate::editor::widgets::{
    DialShape, InUse, Label, button, dial, line_of_text, panel, pick, segments,
};
use crate::params::{Control, MONITOR, QuellParams, REDUCTION};

/// What the controls show besides the parameters.
#[derive(Clone, Copy)]
pub(super) struct State {
    /// Level of noise alone before and after, dBFS; nothing before any was heard.
    pub(super) noise_dbfs: Option<[f32; 2]>,
    pub(super) in_use: InUse,
    /// The second row of dials is open.
    pub(super) is_advanced: bool,
}

/// What a click asks for that is no edit of a parameter.
pub(super) enum Request {
    /// Something is to be done with the print.
    Print(capture::Request),
    /// The second row of dials is to open or close.
    Advanced(bool),
}

/// The row that is always there: capture, reduction, and the basic settings.
pub(super) fn show(
    ui: &mut Ui,
    t: &Theme,
    edits: &mut Edits,
    shared: &Shared,
    press: &mut Press,
    state: State,
    rect: Rect,
) -> Option<Request> {
    let split =
        |from: f32, to: f32| Rect::from_min_max(pos2(from, rect.top()), pos2(to, rect.bottom()));
    let first = split(rect.left(), rect.left() + (rect.width() * 0.28).clamp(232.0, 300.0));
    let left = first.right() + GAP;
    let second = split(left, left + (rect.width() * 0.17).clamp(140.0, 170.0));
    let third = split(second.right() + GAP, rect.right());
    let inside = panel(ui, t, first);
    let print = capture::show(ui, t, edits, shared, press, inside).map(Request::Print);
    let inside = panel(ui, t, second);
    reduction(ui, t, edits, &shared.params, state, inside);
    let inside = panel(ui, t, third);
    basic(ui, t, edits, &shared.params, state.in_use, inside);
    print.or_else(|| last_row(ui, t, edits, &shared.params, state.is_advanced, inside))
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
    let shape = DialShape {
        center: pos2(rect.center().x, rect.top() + 66.0),
        radius: 47.0,
        text: 14.0,
        value: 19.0,
        width: rect.width(),
    };
    dial(ui, t, edits, &params[REDUCTION], state.in_use, shape);
    let text = state.noise_dbfs.map_or_else(
        || "\u{2013}".to_owned(),
        |levels| {
            let [before, after] =
                levels.map(|level| format!("{level:.0}").replace('-', "\u{2212}"));
            format!("{before} \u{2192} {after}")
        },
    );
    let at = pos2(rect.center().x, rect.bottom() - 17.0);
    line_of_text(ui, at, Align2::CENTER_BOTTOM, &text, 17.0, t.removed, rect.width());
    let at = pos2(rect.center().x, rect.bottom() + 3.0);
    line_of_text(ui, at, Align2::CENTER_BOTTOM, "noise, dBFS", 12.5, t.dim, rect.width());
}

/// Lists above, small dials below.
fn basic(
    ui: &mut Ui,
    t: &Theme,
    edits: &mut Edits,
    params: &QuellParams,
    in_use: InUse,
    rect: Rect,
) {
    let controls = params.sorted(|row| match row.shown {
        Shown::Basic(rank) => Some(rank),
        Shown::Own | Shown::Advanced(_) => None,
    });
    let (lists, dials): (Vec<&Control>, Vec<&Control>) =
        controls.into_iter().partition(|control| matches!(control.row().kind, Kind::Choice(_)));
    let n_gaps = lists.len().saturating_sub(1) as f32;
    let width = (rect.width() - n_gaps * GAP) / lists.len().max(1) as f32;
    for (idx, control) in lists.into_iter().enumerate() {
        let Kind::Choice(variants) = control.row().kind else { continue };
        let min = pos2(rect.left() + (width + GAP) * idx as f32, rect.top());
        let place = Rect::from_min_size(min, vec2(width, 44.0));
        if let Some(variant) = pick(ui, t, place, control, variants) {
            edits.choose(control, variant);
        }
    }
    small_dials(ui, t, edits, in_use, &dials, rect.left()..=rect.right(), rect.top() + 94.0);
}

/// Dials side by side.
fn small_dials(
    ui: &mut Ui,
    t: &Theme,
    edits: &mut Edits,
    in_use: InUse,
    dials: &[&Control],
    x: std::ops::RangeInclusive<f32>,
    y: f32,
) {
    let width = (x.end() - x.start()) / dials.len().max(1) as f32;
    for (idx, control) in dials.iter().enumerate() {
        let center = pos2(x.start() + width * (idx as f32 + 0.5), y);
        let shape = DialShape { center, radius: 21.0, text: 13.0, value: 13.0, width };
        dial(ui, t, edits, control, in_use, shape);
    }
}

/// What one hears, and the way to more.
fn last_row(
    ui: &mut Ui,
    t: &Theme,
    edits: &mut Edits,
    params: &QuellParams,
    is_advanced: bool,
    rect: Rect,
) -> Option<Request> {
    let top = rect.bottom() - 28.0;
    let size = vec2((rect.width() * 0.62).min(260.0), 28.0);
    let listen = Rect::from_min_size(pos2(rect.left(), top), size);
    let help = |monitor: Monitor| Monitor::ROWS[monitor.idx()].1.help;
    let names = [
        Label { name: "Denoised", hint: help(Monitor::Denoised) },
        Label { name: "Hear removed", hint: help(Monitor::Removed) },
    ];
    let monitor = &params[MONITOR];
    if let Some(idx) = segments(ui, t, listen, &names, monitor.plain() as usize) {
        edits.choose(monitor, idx);
    }
    let left = (rect.right() - 96.0).max(listen.right() + 4.0);
    let place = Rect::from_min_max(pos2(left, top), rect.max);
    let hint = "Times, knee, transients, amount, hum, stereo";
    let label = Label { name: "Advanced", hint };
    let is_clicked = button(ui, t, place, label, is_advanced, true).clicked();
    is_clicked.then_some(Request::Advanced(!is_advanced))
}

/// The second row: dials, and switches one under the other at its end.
pub(super) fn advanced(
    ui: &mut Ui,
    t: &Theme,
    edits: &mut Edits,
    params: &QuellParams,
    in_use: InUse,
    rect: Rect,
) {
    let inside = panel(ui, t, rect);
    let controls = params.sorted(|row| match row.shown {
        Shown::Advanced(rank) => Some(rank),
        Shown::Own | Shown::Basic(_) => None,
    });
    let (switches, dials): (Vec<&Control>, Vec<&Control>) =
        controls.into_iter().partition(|control| matches!(control.row().kind, Kind::Switch));
    let x = inside.left()..=inside.right() - 110.0;
    small_dials(ui, t, edits, in_use, &dials, x, inside.top() + 42.0);
    let step = ((inside.height() - 8.0) / switches.len().max(1) as f32).min(34.0);
    for (idx, control) in switches.into_iter().enumerate() {
        let min = pos2(inside.right() - 104.0, inside.top() + 8.0 + step * idx as f32);
        let place = Rect::from_min_size(min, vec2(104.0, step - 6.0));
        let row = control.row();
        let label = Label { name: row.name, hint: &row.explained() };
        if button(ui, t, place, label, control.is_on(), true).clicked() {
            edits.choose(control, usize::from(!control.is_on()));
        }
    }
}
