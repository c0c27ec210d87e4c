//! Presets: those that come with Quell, and those the user saves as files. A preset is a saved
//! state, as the command line's `--preset` takes it; what it does not name takes its default.

use egui::{Align2, Rect, RichText, ScrollArea, Ui};
use quell_formats::presets::{FACTORY, Preset};
use quell_formats::state::decode;

use crate::editor::edits::Edits;
use crate::editor::files::{Dialog, Next, Purpose};
use crate::editor::theme::Theme;
use crate::editor::widgets::{Label, button, help, line_of_text};
use crate::editor::{header, places};

/// The name of the preset, which opens the list.
pub(super) fn menu(ui: &mut Ui, t: &Theme, edits: &mut Edits, rect: Rect) -> Option<Next> {
    let shown = match edits.preset() {
        Some((name, true)) => format!("{name} *"),
        Some((name, false)) => name,
        None => "Presets".to_owned(),
    };
    let mut outcome = None;
    let mut place = ui.new_child(egui::UiBuilder::new().max_rect(rect).id_salt("presets"));
    place.set_clip_rect(rect.expand(3.0));
    let title = egui::Button::new(RichText::new(" ")).min_size(rect.size());
    let menu = egui::containers::menu::MenuButton::from_button(title);
    let (response, _) = menu.ui(&mut place, |ui| {
        ui.set_min_width(250.0);
        ScrollArea::vertical().max_height(360.0).show(ui, |ui| outcome = list(ui, edits));
    });
    response.widget_info(|| {
        egui::WidgetInfo::labeled(egui::accesskit::Role::Button, true, format!("Preset: {shown}"))
    });
    let at = rect.left_center() + egui::vec2(10.0, 0.0);
    line_of_text(ui, at, Align2::LEFT_CENTER, &shown, 14.0, t.text, rect.width() - 34.0);
    header::arrow(ui, t, rect.right_center() - egui::vec2(13.0, 0.0));
    help(&response, || {
        "Settings for common cases, and your own. A preset leaves your noise print alone.".into()
    });
    outcome
}

fn list(ui: &mut Ui, edits: &mut Edits) -> Option<Next> {
    let mut outcome = None;
    ui.label(RichText::new("Come with Quell").small());
    for Preset { name, purpose, text } in FACTORY {
        if ui.button(name).on_hover_text(purpose).clicked() {
            outcome = load(edits, name, text.as_bytes()).err().map(Next::Say);
            ui.close();
        }
    }
    ui.separator();
    ui.label(RichText::new("Yours").small());
    let folder = places::presets();
    for name in folder.as_deref().map(places::names_in).unwrap_or_default() {
        if ui.button(&name).clicked() {
            outcome = load_own(edits, &name).err().map(Next::Say);
            ui.close();
        }
    }
    if ui.button("Save as\u{2026}").clicked() {
        outcome = Some(Next::Open(Dialog::new(Purpose::SavePreset)));
        ui.close();
    }
    if ui.button("Load from file\u{2026}").clicked() {
        outcome = Some(Next::Open(Dialog::new(Purpose::LoadPreset)));
        ui.close();
    }
    outcome
}

/// Puts a preset in force, or says what is wrong with it and changes nothing.
pub(super) fn load(edits: &mut Edits, name: &str, bytes: &[u8]) -> Result<(), String> {
    let preset = decode(bytes).map_err(|error| format!("'{name}' is no preset: {error}"))?;
    edits.load(name, &preset);
    Ok(())
}

/// The same for one that comes with Quell; returns what is wrong with it.
pub(super) fn load_factory(edits: &mut Edits, name: &str) -> Option<Next> {
    let preset = Preset::named(name)?;
    load(edits, preset.name, preset.text.as_bytes()).err().map(Next::Say)
}

/// The same for one of the user's folder.
fn load_own(edits: &mut Edits, name: &str) -> Result<(), String> {
    let folder = places::presets().ok_or("there is no folder for presets")?;
    load(edits, name, &places::read(&places::path_of(&folder, name))?)
}

/// The two buttons that go through all presets, those that come with Quell and the user's; returns
/// what is wrong with one that cannot be loaded.
pub(super) fn steps(
    ui: &mut Ui,
    t: &Theme,
    edits: &mut Edits,
    [back, on]: [Rect; 2],
) -> Option<Next> {
    let back_label = Label { name: "\u{2039}", hint: "The preset before" };
    let on_label = Label { name: "\u{203a}", hint: "The next preset" };
    let is_back = button(ui, t, back, back_label, false, true).clicked();
    let is_on = button(ui, t, on, on_label, false, true).clicked();
    if !is_back && !is_on {
        return None;
    }
    let own = places::presets().map(|folder| places::names_in(&folder)).unwrap_or_default();
    let n = FACTORY.len() + own.len();
    let names: Vec<&str> =
        FACTORY.iter().map(|preset| preset.name).chain(own.iter().map(String::as_str)).collect();
    // A new instance stands at the first one, which is the default.
    let current = edits.preset().and_then(|(name, _)| names.iter().position(|n| *n == name));
    let idx = (current.unwrap_or(0) + if is_back { n - 1 } else { 1 }) % n;
    let loaded = match FACTORY.get(idx) {
        Some(preset) => load(edits, preset.name, preset.text.as_bytes()),
        None => load_own(edits, names[idx]),
    };
    loaded.err().map(Next::Say)
}
