//! Presets: those that come with Quell, and those the user saves as files. A preset is a saved
//! state, as the command line's `--preset` takes it; what it does not name takes its default.

use egui::containers::menu::{MenuButton, MenuConfig};
use egui::{Align2, PopupCloseBehavior, Rect, RichText, ScrollArea, Sense, Ui, vec2};
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
    // Stars and the search leave it open.
    let stays = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    let menu = MenuButton::from_button(title).config(stays);
    let (response, _) = menu.ui(&mut place, |ui| {
        ui.set_min_width(250.0);
        ScrollArea::vertical().max_height(360.0).show(ui, |ui| outcome = list(ui, t, edits));
    });
    response.widget_info(|| {
        egui::WidgetInfo::labeled(egui::accesskit::Role::Button, true, format!("Preset: {shown}"))
    });
    let at = rect.left_center() + vec2(10.0, 0.0);
    line_of_text(ui, at, Align2::LEFT_CENTER, &shown, 14.0, t.text, rect.width() - 34.0);
    header::arrow(ui, t, rect.right_center() - vec2(13.0, 0.0));
    help(&response, || {
        "Settings for common cases, and your own. A preset leaves your noise print alone.".into()
    });
    outcome
}

fn list(ui: &mut Ui, t: &Theme, edits: &mut Edits) -> Option<Next> {
    let wanted = search(ui).to_lowercase();
    let is_wanted = |name: &str| name.to_lowercase().contains(&wanted);
    let favourites = favourites();
    let own = places::presets().map(|folder| places::names_in(&folder)).unwrap_or_default();
    let all = FACTORY.iter().map(Entry::Factory).chain(own.iter().map(|name| Entry::Own(name)));
    let all: Vec<Entry> = all.filter(|entry| is_wanted(entry.name())).collect();
    let is_favourite = |entry: &&Entry| favourites.iter().any(|name| name == entry.name());
    let mut outcome = None;
    for (heading, entries) in [
        ("Favourites", all.iter().filter(is_favourite).collect::<Vec<_>>()),
        ("Come with Quell", all.iter().filter(|e| e.is_factory() && !is_favourite(e)).collect()),
        ("Yours", all.iter().filter(|e| !e.is_factory() && !is_favourite(e)).collect()),
    ] {
        if !entries.is_empty() {
            ui.label(RichText::new(heading).small());
        }
        for entry in entries {
            outcome = row(ui, t, edits, entry, &favourites).or(outcome);
        }
    }
    ui.separator();
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

/// A preset in the list.
enum Entry<'a> {
    Factory(&'static Preset),
    Own(&'a str),
}

impl Entry<'_> {
    fn name(&self) -> &str {
        match self {
            Self::Factory(preset) => preset.name,
            Self::Own(name) => name,
        }
    }

    fn is_factory(&self) -> bool {
        matches!(self, Self::Factory(_))
    }
}

/// What is looked for; as long as the list is open.
fn search(ui: &mut Ui) -> String {
    let key = ui.scope_id().with("search");
    let now = ui.ctx().cumulative_pass_nr();
    let kept = ui.data(|data| data.get_temp::<(String, u64)>(key));
    // A list that opens anew shows all.
    let kept = kept.filter(|(_, last)| now - last <= 1).map(|(text, _)| text);
    let mut text = kept.clone().unwrap_or_default();
    let field = egui::TextEdit::singleline(&mut text).hint_text("Search").desired_width(230.0);
    let response = ui.add(field);
    response.widget_info(|| egui::WidgetInfo::text_edit(true, "", &text, "Search presets"));
    if kept.is_none() {
        response.request_focus();
    }
    ui.data_mut(|data| data.insert_temp(key, (text.clone(), now)));
    text
}

/// A preset with its star.
fn row(
    ui: &mut Ui,
    t: &Theme,
    edits: &mut Edits,
    entry: &Entry,
    favourites: &[String],
) -> Option<Next> {
    let name = entry.name();
    ui.horizontal(|ui| {
        let (rect, star) = ui.allocate_exact_size(vec2(22.0, 22.0), Sense::click());
        let is_favourite = favourites.iter().any(|favourite| favourite == name);
        let label = format!("Favourite: {name}");
        star.widget_info(|| {
            egui::WidgetInfo::selected(egui::accesskit::Role::CheckBox, true, is_favourite, &label)
        });
        paint_star(ui, t, rect, is_favourite, star.hovered() || star.has_focus());
        if star.clicked() {
            return toggle_favourite(favourites, name).err().map(Next::Say);
        }
        let button = egui::Button::new(name).min_size(vec2(200.0, 0.0));
        let response = ui.add(button);
        if let Entry::Factory(preset) = entry {
            help(&response, || preset.purpose.to_owned());
        }
        if !response.clicked() {
            return None;
        }
        ui.close();
        match entry {
            Entry::Factory(preset) => load(edits, preset.name, preset.text.as_bytes()),
            Entry::Own(name) => load_own(edits, name),
        }
        .err()
        .map(Next::Say)
    })
    .inner
}

fn paint_star(ui: &Ui, t: &Theme, rect: Rect, is_on: bool, is_hot: bool) {
    let point = |idx: usize| {
        let radius = if idx.is_multiple_of(2) { 7.5 } else { 3.3 };
        let turn = idx as f32 / 10.0 - 0.25;
        rect.center() + egui::Vec2::angled(turn * std::f32::consts::TAU) * radius
    };
    let points: Vec<_> = (0..10).map(point).collect();
    let stroke = egui::Stroke::new(1.2, if is_hot { t.text } else { t.edge });
    if is_on {
        // A star is no convex shape: a triangle for each of its sides.
        for idx in 0..10 {
            let triangle = vec![rect.center(), points[idx], points[(idx + 1) % 10]];
            let shape = egui::Shape::convex_polygon(triangle, t.text, egui::Stroke::NONE);
            ui.painter().add(shape);
        }
    }
    ui.painter().add(egui::Shape::closed_line(points, stroke));
}

/// Names of presets that stand first, from a file with a line for each.
fn favourites() -> Vec<String> {
    let text = places::favourites().and_then(|file| std::fs::read_to_string(file).ok());
    text.unwrap_or_default().lines().map(str::to_owned).collect()
}

fn toggle_favourite(favourites: &[String], name: &str) -> Result<(), String> {
    let file = places::favourites().ok_or("there is no folder for presets")?;
    let mut names: Vec<&str> = favourites.iter().map(String::as_str).collect();
    match names.iter().position(|favourite| *favourite == name) {
        Some(idx) => drop(names.remove(idx)),
        None => names.push(name),
    }
    places::write(
        &file,
        names.iter().map(|name| format!("{name}\n")).collect::<String>().as_bytes(),
    )
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
