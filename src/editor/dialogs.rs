//! What the dialogues for files do.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::Ui;
use quell_audio::FileKind;
use quell_formats::state::encode_preset;

use crate::editor::edits::Edits;
use crate::editor::files::{Decision, Dialog, Purpose};
use crate::editor::theme::Theme;
use crate::editor::{places, presets, prints};
use crate::standalone::desk::Desk;
use crate::standalone::shelf::Order;
use crate::{Shared, state};

/// Shows a dialogue and does what was decided; returns it where it stays open.
pub(super) fn show(
    ui: &Ui,
    t: &Theme,
    mut dialog: Dialog,
    edits: &mut Edits,
    shared: &Shared,
    desk: Option<&Desk>,
) -> Option<Dialog> {
    match dialog.show(ui, t) {
        Decision::Open => Some(dialog),
        Decision::Cancel => None,
        Decision::Take(paths) => {
            let taken = match (dialog.purpose, desk) {
                (Purpose::OpenRecording | Purpose::SaveRecording, Some(desk)) => {
                    take_recordings(dialog.purpose, paths, desk)
                }
                _ => take_file(dialog.purpose, paths.first()?, edits, shared),
            };
            dialog.fail(taken.err()?);
            Some(dialog)
        }
    }
}

fn take_recordings(purpose: Purpose, paths: Vec<PathBuf>, desk: &Desk) -> Result<(), String> {
    if purpose == Purpose::OpenRecording {
        if let Some(missing) = paths.iter().find(|path| !path.exists()) {
            return Err(format!("'{}' does not exist: check the name", missing.display()));
        }
        desk.shelf.order(Order::Open(paths));
    } else if let Some(path) = paths.into_iter().next() {
        FileKind::of_path(&path).map_err(|error| error.to_string())?;
        desk.shelf.order(Order::Save(path));
    }
    Ok(())
}

/// Does what the dialogue was for; nothing has changed where it fails.
fn take_file(
    purpose: Purpose,
    path: &Path,
    edits: &mut Edits,
    shared: &Shared,
) -> Result<(), String> {
    let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    match purpose {
        Purpose::SavePreset => {
            places::write(path, &encode_preset(&state::of(shared)))?;
            edits.note_saved(&name);
        }
        Purpose::LoadPreset => presets::load(edits, &name, &places::read(path)?)?,
        Purpose::SavePrint => {
            let mut print = shared.link.profile().ok_or("there is no print to save")?;
            Arc::make_mut(&mut print).about_mut().name.clone_from(&name);
            places::write(path, prints::to_text(&print).as_bytes())?;
            shared.link.name_profile(&name);
        }
        Purpose::LoadPrint => {
            let mut print = prints::from_text(&places::read(path)?).map_err(|error| {
                format!("'{}': {error}. The print in use was kept.", path.display())
            })?;
            if print.about().name.is_empty() {
                print.about_mut().name = name;
            }
            edits.use_print(Some(Arc::new(print)));
        }
        // In a plugin there are none.
        Purpose::OpenRecording | Purpose::SaveRecording => {}
    }
    Ok(())
}
