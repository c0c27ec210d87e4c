//! What can be done with the noise print: it goes to and from files and the clipboard as the text
//! that `quell profile` reads and writes.

use std::sync::Arc;

use egui::Ui;
use quell_core::NoiseProfile;
use quell_formats::noise_profile;

use crate::Shared;
use crate::editor::capture::Request;
use crate::editor::clipboard;
use crate::editor::edits::Edits;
use crate::editor::files::{Dialog, Next, Purpose};

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
