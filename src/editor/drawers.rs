//! What lies below the row that is always there, one at a time: the print, and all other settings
//! that do something now.

use egui::{Rect, Ui, pos2, vec2};
use quell_core::settings::row::{Kind, Shown};
use quell_core::settings::table::place_of;

use crate::Shared;
use crate::editor::capture;
use crate::editor::dials::{DialShape, dial};
use crate::editor::edits::Edits;
use crate::editor::theme::{GAP, Theme};
use crate::editor::widgets::{InUse, Label, button, panel, pick};
use crate::editor::{print_card, prints};
use crate::params::{Control, QuellParams};

/// Stands in the row that is always there.
const SENSITIVITY: usize = place_of("sensitivity");

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Drawer {
    Print,
    Expert,
}

impl Drawer {
    pub(super) const ALL: [Self; 2] = [Self::Print, Self::Expert];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Print => "Print",
            Self::Expert => "Expert",
        }
    }

    /// What is in it, and what is not, as it would do nothing.
    pub(super) fn hint(self, params: &QuellParams, in_use: InUse) -> String {
        if self == Self::Print {
            return "The noise prints: four slots, other ways to learn, files.".to_owned();
        }
        let idle: Vec<_> = params
            .iter()
            .filter(|control| is_experts(control) && in_use.idle_because(control).is_some())
            .map(|control| control.row().name)
            .collect();
        let hidden = match &idle[..] {
            [] => String::new(),
            names => format!(" (hidden now, as they do nothing: {})", names.join(", ")),
        };
        format!("Engine, latency, times and all else that does something now{hidden}.")
    }

    pub(super) fn height(self) -> f32 {
        match self {
            Self::Print => 104.0,
            Self::Expert => 152.0,
        }
    }
}

/// The one that is open; returns what is to be done with the print.
pub(super) fn show(
    ui: &mut Ui,
    t: &Theme,
    edits: &mut Edits,
    shared: &Shared,
    which: Drawer,
    in_use: InUse,
    rect: Rect,
) -> Option<capture::Request> {
    let inside = panel(ui, t, rect);
    match which {
        Drawer::Print => print(ui, t, edits, shared, inside),
        Drawer::Expert => {
            expert(ui, t, edits, &shared.params, in_use, inside);
            None
        }
    }
}

/// Not in a place of its own.
fn is_experts(control: &Control) -> bool {
    !matches!(control.row().shown, Shown::Own) && control.place() != SENSITIVITY
}

/// What the print is, and what can be done with it.
fn print(
    ui: &mut Ui,
    t: &Theme,
    edits: &mut Edits,
    shared: &Shared,
    rect: Rect,
) -> Option<capture::Request> {
    let left = rect.right() - (rect.width() * 0.36).clamp(240.0, 360.0);
    let card = Rect::from_min_max(rect.min, pos2(left - GAP, rect.bottom()));
    print_card::show(ui, t, shared, card);
    let height = 24.0;
    let step = (rect.height() - height) / 2.0;
    let row = |idx: f32| {
        let min = pos2(left, rect.top() + step * idx);
        Rect::from_min_size(min, vec2(rect.right() - left, height))
    };
    prints::slots(ui, t, edits, shared, row(0.0));
    capture::other_ways(ui, t, edits, shared, row(1.0));
    capture::row(ui, t, row(2.0), shared.link.profile().is_some())
}

/// Lists above, dials below, switches at the end.
fn expert(
    ui: &mut Ui,
    t: &Theme,
    edits: &mut Edits,
    params: &QuellParams,
    in_use: InUse,
    rect: Rect,
) {
    let mut live: Vec<&Control> = params
        .iter()
        .filter(|control| is_experts(control) && in_use.idle_because(control).is_none())
        .collect();
    live.sort_by_key(|control| match control.row().shown {
        Shown::Own => 0,
        Shown::Basic(rank) => usize::from(rank),
        Shown::Advanced(rank) => 100 + usize::from(rank),
    });
    let is_list = |control: &&Control| matches!(control.row().kind, Kind::Choice(_));
    let (lists, others): (Vec<&Control>, Vec<&Control>) = live.into_iter().partition(is_list);
    let is_switch = |control: &&Control| matches!(control.row().kind, Kind::Switch);
    let (switches, dials): (Vec<&Control>, Vec<&Control>) = others.into_iter().partition(is_switch);
    let end = rect.right() - 112.0;
    let upper = Rect::from_min_max(rect.min, pos2(end - GAP, rect.top() + 44.0));
    choices(ui, t, edits, &lists, upper);
    switch_column(ui, t, edits, &switches, Rect::from_min_max(pos2(end, rect.top()), rect.max));
    let lower =
        Rect::from_min_max(pos2(rect.left(), upper.bottom()), pos2(end - GAP, rect.bottom()));
    small_dials(ui, t, edits, in_use, &dials, lower);
}

fn choices(ui: &mut Ui, t: &Theme, edits: &mut Edits, lists: &[&Control], rect: Rect) {
    let n_gaps = lists.len().saturating_sub(1) as f32;
    let width = (rect.width() - n_gaps * GAP) / lists.len().max(1) as f32;
    for (idx, control) in lists.iter().enumerate() {
        let Kind::Choice(variants) = control.row().kind else { continue };
        let min = pos2(rect.left() + (width + GAP) * idx as f32, rect.top());
        let place = Rect::from_min_size(min, vec2(width, rect.height()));
        if let Some(variant) = pick(ui, t, place, control, variants) {
            edits.choose(control, variant);
        }
    }
}

/// Dials side by side.
fn small_dials(
    ui: &mut Ui,
    t: &Theme,
    edits: &mut Edits,
    in_use: InUse,
    dials: &[&Control],
    rect: Rect,
) {
    let width = rect.width() / dials.len().max(1) as f32;
    for (idx, control) in dials.iter().enumerate() {
        let center = pos2(rect.left() + width * (idx as f32 + 0.5), rect.bottom() - 38.0);
        let shape = DialShape { center, radius: 20.0, text: 13.0, value: 13.0, width };
        dial(ui, t, edits, control, in_use, shape);
    }
}

/// Switches one under the other.
fn switch_column(ui: &mut Ui, t: &Theme, edits: &mut Edits, switches: &[&Control], rect: Rect) {
    let step = (rect.height() / switches.len().max(1) as f32).min(34.0);
    for (idx, control) in switches.iter().enumerate() {
        let min = pos2(rect.left(), rect.top() + step * idx as f32);
        let place = Rect::from_min_size(min, vec2(rect.width(), step - 6.0));
        let row = control.row();
        let label = Label { name: row.name, hint: &row.explained() };
        if button(ui, t, place, label, control.is_on(), true).clicked() {
            edits.choose(control, usize::from(!control.is_on()));
        }
    }
}
