//! What can be done with the noise prints: one of four slots is chosen, and its print goes to and
//! from files and the clipboard as the text that `quell profile` reads and writes.

use std::sync::Arc;

use egui::{Rect, Ui, pos2, vec2};
use quell_core::NoiseProfile;
use quell_core::slot::{self, N_SLOTS};
use quell_formats::noise_profile;

use crate::Shared;
use crate::editor::capture::Request;
use crate::editor::clipboard;
use crate::editor::edits::Edits;
use crate::editor::files::{Dialog, Next, Purpose};
use crate::editor::theme::Theme;
use crate::editor::widgets::{Label, button};
use crate::params::SLOT;

/// A button for each slot, the chosen one lit; a dot marks those that hold a print.
pub(super) fn slots(ui: &mut Ui, t: &Theme, edits: &mut Edits, shared: &Shared, rect: Rect) {
    let gap = 4.0;
    let width = (rect.width() - gap * (N_SLOTS - 1) as f32) / N_SLOTS as f32;
    for (slot, print) in shared.link.profiles().iter().enumerate() {
        let min = pos2(rect.left() + (width + gap) * slot as f32, rect.top());
        let place = Rect::from_min_size(min, vec2(width, rect.height()));
        let name = format!("Print {}", slot::NAMES[slot]);
        let label = Label { name: &name, hint: &told(print.as_deref()) };
        let is_chosen = slot == shared.link.slot();
        if button(ui, t, place, label, is_chosen, true).clicked() {
            edits.choose(&shared.params[SLOT], slot);
        }
        if print.is_some() {
            let color = if is_chosen { t.on_selected } else { t.noise };
            ui.painter().circle_filled(place.right_top() + vec2(-5.0, 5.0), 2.0, color);
        }
    }
}

/// What a slot holds, in a line.
fn told(print: Option<&NoiseProfile>) -> String {
    let Some(print) = print else {
        return "Empty: capture, paste or load into it; the noise is followed until then"
            .to_owned();
    };
    let about = print.about();
    let name = if about.name.is_empty() { "Noise print" } else { &about.name };
    let level = about.level_dbfs.map(|level| format!(", {level:.0} dBFS").replace('-', "\u{2212}"));
    let verdict = about.verdict.map(|verdict| format!(", {verdict}"));
    let [level, verdict] = [level, verdict].map(Option::unwrap_or_default);
    format!("{name}: {:.1} s{level}{verdict}", print.seconds())
}

/// Does what the buttons under the capture ask for.
pub(super) fn follow(
    ui: &Ui,
    edits: &mut Edits,
    shared: &Shared,
    request: Request,
) -> Option<Next> {
    match request {
        Request::Clear => {
            edits.set_print(None);
            None
        }
        Request::Save => Some(Next::Open(Dialog::new(Purpose::SavePrint))),
        Request::Load => Some(Next::Open(Dialog::new(Purpose::LoadPrint))),
        Request::Copy => {
            ui.ctx().copy_text(to_text(&*shared.link.profile()?));
            Some(Next::Say("The print is on the clipboard.".to_owned()))
        }
        Request::Paste => match clipboard::text() {
            Ok(text) => paste(edits, &text),
            Err(error) => Some(Next::Say(error)),
        },
    }
}

/// Takes the print in a text, or says what is wrong with it.
pub(super) fn paste(edits: &mut Edits, text: &str) -> Option<Next> {
    match from_text(text.as_bytes()) {
        Ok(print) => {
            edits.use_print(Some(Arc::new(print)));
            None
        }
        Err(error) => Some(Next::Say(format!(
            "The clipboard holds no print: {error}. The print in use was kept."
        ))),
    }
}

pub(super) fn to_text(print: &NoiseProfile) -> String {
    format!("{}\n", noise_profile::to_json(print))
}

/// The print in a text, or what is wrong with it.
pub(super) fn from_text(text: &[u8]) -> Result<NoiseProfile, String> {
    let value = serde_json::from_slice(text).map_err(|_| "it is no noise print".to_owned())?;
    noise_profile::from_json(&value).map_err(|error| error.to_string())
}
