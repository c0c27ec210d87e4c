//! The one place for what is heard: the sound as it came, what remains of it, what is taken away.

use std::time::Duration;

use egui::{Key, Rect, Ui, pos2, vec2};
use quell_core::{Choice, Monitor};

use crate::Shared;
use crate::editor::edits::Edits;
use crate::editor::theme::Theme;
use crate::editor::widgets::{Label, button, segments};
use crate::params::{BYPASS, MONITOR};

/// A key that is down for longer is let go to hear what was heard before, seconds.
const HOLD_S: f64 = 0.5;
/// A key that comes down again within so long was never let go of, seconds: X11 tells each repeat
/// of a held key as up and down.
const REPEAT_S: f64 = 0.05;
const WIDTH: f32 = 240.0;
/// The keys, in the order of [`Heard::ALL`].
const KEYS: [Key; 3] = [Key::Num1, Key::Num2, Key::Num3];

/// One of the three.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    Original,
    Clean,
    Removed,
}

impl Heard {
    const ALL: [Self; 3] = [Self::Original, Self::Clean, Self::Removed];

    pub(super) fn now(shared: &Shared) -> Self {
        let settings = shared.params.settings();
        match (settings.bypass, settings.monitor) {
            (true, _) => Self::Original,
            (false, Monitor::Removed) => Self::Removed,
            (false, Monitor::Denoised) => Self::Clean,
        }
    }

    fn label(self) -> Label<'static> {
        match self {
            Self::Original => Label {
                name: "Original",
                hint: "The sound as it came, equally late (key 1; hold it for a moment of it).",
            },
            Self::Clean => Label {
                name: "Clean",
                hint: "What remains of it (key 2; hold it for a moment of it).",
            },
            Self::Removed => Label {
                name: "Removed",
                hint: "What is taken away (key 3): words or notes in it mean too much; then lower \
                       Reduction, or Sensitivity.",
            },
        }
    }

    fn put_in_force(self, edits: &mut Edits, shared: &Shared) {
        let (bypass, monitor) = (&shared.params[BYPASS], &shared.params[MONITOR]);
        edits.switch(bypass, self == Self::Original);
        let wanted = match self {
            Self::Original => return,
            Self::Clean => Monitor::Denoised,
            Self::Removed => Monitor::Removed,
        };
        edits.choose(monitor, wanted.idx());
    }
}

/// A key that is held to hear something for a moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct HeldKey {
    key: Key,
    before: Heard,
    since_s: f64,
    /// Since when it is up.
    up_s: Option<f64>,
}

impl HeldKey {
    fn is_up(self) -> bool {
        self.up_s.is_some()
    }

    /// A long press ends where it began, a short one stays.
    fn let_go(self, edits: &mut Edits, shared: &Shared) {
        if self.up_s.is_some_and(|up_s| up_s - self.since_s >= HOLD_S) {
            self.before.put_in_force(edits, shared);
        }
    }
}

/// The buttons, and whether they are equally loud.
pub(super) fn show(ui: &mut Ui, t: &Theme, edits: &mut Edits, shared: &Shared, rect: Rect) -> Rect {
    let place = Rect::from_min_size(rect.min, vec2(WIDTH, rect.height()));
    let now = Heard::ALL.iter().position(|heard| *heard == Heard::now(shared));
    if let Some(idx) = segments(ui, t, place, &Heard::ALL.map(Heard::label), now) {
        Heard::ALL[idx].put_in_force(edits, shared);
    }
    let min = pos2(place.right() + 8.0, rect.top());
    let place = Rect::from_min_size(min, vec2(116.0, rect.height()));
    let is_even = shared.ears.is_even();
    let hint = "Makes what you hear as loud as what comes in, so that loudness does not decide. A \
                host that renders leaves it out, and no project keeps it.";
    let label = Label { name: "Same loudness", hint };
    if button(ui, t, place, label, is_even, true).clicked() {
        shared.ears.make_even(!is_even);
    }
    place
}

/// What the keys 1 to 3 do: a press chooses, a longer one is a look.
pub(super) fn keys(ui: &Ui, edits: &mut Edits, shared: &Shared, held: &mut Option<HeldKey>) {
    let now_s = ui.input(|input| input.time);
    for (key, heard) in KEYS.into_iter().zip(Heard::ALL) {
        let is_free = held.is_none_or(|held| held.is_up() && held.key != key);
        if ui.input(|input| input.key_pressed(key)) && is_free {
            held.take().into_iter().for_each(|held| held.let_go(edits, shared));
            let before = Heard::now(shared);
            *held = Some(HeldKey { key, before, since_s: now_s, up_s: None });
            heard.put_in_force(edits, shared);
        }
    }
    let Some(key) = held else { return };
    if ui.input(|input| input.key_down(key.key)) {
        key.up_s = None;
        return;
    }
    if now_s - *key.up_s.get_or_insert(now_s) < REPEAT_S {
        return ui.ctx().request_repaint_after(Duration::from_secs_f64(REPEAT_S));
    }
    key.let_go(edits, shared);
    *held = None;
}
