//! Saving and loading inside the window.
//!
//! Not the system's own dialogs: inside a host they need GTK or a portal on Linux, run loops that
//! belong to the host elsewhere, and have taken hosts down. A list of the folder and a field for a
//! name or a path work the same everywhere, with the keyboard alone, too.

use std::path::{Path, PathBuf};

use egui::{Id, Key, Modal, RichText, ScrollArea, TextEdit, Ui};

use crate::editor::places;
use crate::editor::theme::Theme;

/// What the file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    SavePreset,
    LoadPreset,
    SavePrint,
    LoadPrint,
    OpenRecording,
    SaveRecording,
}

impl Purpose {
    fn title(self) -> &'static str {
        match self {
            Self::SavePreset => "Save preset",
            Self::LoadPreset => "Load preset",
            Self::SavePrint => "Save noise print",
            Self::LoadPrint => "Load noise print",
            Self::OpenRecording => "Open recordings",
            Self::SaveRecording => "Save clean recording",
        }
    }

    fn is_saving(self) -> bool {
        matches!(self, Self::SavePreset | Self::SavePrint | Self::SaveRecording)
    }

    /// Files that lie anywhere, among other files and in folders.
    fn is_anywhere(self) -> bool {
        matches!(self, Self::OpenRecording | Self::SaveRecording)
    }

    fn folder(self) -> Option<PathBuf> {
        match self {
            Self::SavePreset | Self::LoadPreset => places::presets(),
            Self::SavePrint | Self::LoadPrint => places::prints(),
            Self::OpenRecording | Self::SaveRecording => places::sounds(),
        }
    }

    fn names_in(self, folder: &Path) -> Vec<String> {
        if self.is_anywhere() { places::sounds_in(folder) } else { places::names_in(folder) }
    }
}

/// An open dialogue.
pub(super) struct Dialog {
    pub(super) purpose: Purpose,
    folder: PathBuf,
    names: Vec<String>,
    typed: String,
    /// Why the last attempt failed.
    error: Option<String>,
    /// The file that is there already, where somebody was asked whether to replace it.
    asked: Option<PathBuf>,
    /// The field is to have the keyboard.
    is_new: bool,
}

/// What follows from a click.
pub(super) enum Next {
    /// A dialogue has to open.
    Open(Dialog),
    /// The user has to be told something.
    Say(String),
}

/// What the user decided.
pub(super) enum Decision {
    /// Nothing yet.
    Open,
    Cancel,
    /// These files; one, where it is saved to or made for Quell.
    Take(Vec<PathBuf>),
}

impl Dialog {
    pub(super) fn new(purpose: Purpose) -> Self {
        Self::at(purpose, purpose.folder().unwrap_or_default(), String::new())
    }

    /// The same in another folder, with a name that is there already.
    pub(super) fn at(purpose: Purpose, folder: PathBuf, typed: String) -> Self {
        let names = purpose.names_in(&folder);
        Self { purpose, folder, names, typed, error: None, asked: None, is_new: true }
    }

    pub(super) fn show(&mut self, ui: &Ui, t: &Theme) -> Decision {
        let mut decision = Decision::Open;
        let modal = Modal::new(Id::unique("quell files")).show(ui.ctx(), |ui| {
            ui.set_width(380.0);
            ui.heading(RichText::new(self.purpose.title()).color(t.text));
            ui.label(RichText::new(self.folder.display().to_string()).small());
            self.list(ui, &mut decision);
            self.field(ui, &mut decision);
            if let Some(error) = &self.error {
                ui.label(RichText::new(error).color(t.error));
            }
            ui.horizontal(|ui| {
                let is_asked = self.asked.as_ref().is_some_and(|asked| *asked == self.path());
                let name = match (self.purpose.is_saving(), is_asked) {
                    (true, true) => "Replace",
                    (true, false) => "Save",
                    (false, _) if self.purpose.is_anywhere() => "Open",
                    (false, _) => "Load",
                };
                if ui.add_enabled(!self.typed.trim().is_empty(), egui::Button::new(name)).clicked()
                {
                    decision = self.taken();
                }
                if self.purpose == Purpose::OpenRecording {
                    let all = self.all_here();
                    let name = format!("Open all {}", all.len());
                    if all.len() > 1 && ui.button(name).clicked() {
                        decision = Decision::Take(all);
                    }
                }
                if ui.button("Cancel").clicked() {
                    decision = Decision::Cancel;
                }
            });
        });
        if modal.should_close() { Decision::Cancel } else { self.confirmed(decision) }
    }

    /// The last attempt failed: says why, and lets another name be typed at once.
    pub(super) fn fail(&mut self, error: String) {
        self.error = Some(error);
        self.is_new = true;
    }

    /// What is there already is only replaced by who says so twice.
    fn confirmed(&mut self, decision: Decision) -> Decision {
        let Decision::Take(paths) = decision else { return decision };
        match paths.as_slice() {
            [folder] if self.purpose.is_anywhere() && folder.is_dir() => {
                let folder = folder.canonicalize().unwrap_or(folder.clone());
                *self = Self::at(self.purpose, folder, String::new());
                Decision::Open
            }
            [path] if self.purpose.is_saving() && path.exists() => {
                if self.asked.as_ref() == Some(path) {
                    return Decision::Take(paths);
                }
                self.fail(format!("'{}' is there already. Replace it?", self.typed.trim()));
                self.asked = Some(path.clone());
                Decision::Open
            }
            _ => Decision::Take(paths),
        }
    }

    fn list(&mut self, ui: &mut Ui, decision: &mut Decision) {
        ScrollArea::vertical().max_height(170.0).auto_shrink([false, true]).show(ui, |ui| {
            if self.names.is_empty() {
                ui.label("nothing here yet");
            }
            for name in self.names.clone() {
                let response = ui.selectable_label(self.typed == name, &name);
                if response.clicked() {
                    self.typed.clone_from(&name);
                }
                let is_taken = !self.purpose.is_saving() || name.ends_with(places::FOLDER);
                if response.double_clicked() && is_taken {
                    *decision = self.taken();
                }
            }
        });
    }

    fn field(&mut self, ui: &mut Ui, decision: &mut Decision) {
        let hint = if self.purpose.is_saving() { "Name" } else { "Name, or the path of a file" };
        let field =
            TextEdit::singleline(&mut self.typed).hint_text(hint).desired_width(f32::INFINITY);
        let response = ui.add(field);
        if std::mem::take(&mut self.is_new) {
            response.request_focus();
        }
        let is_enter = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        if is_enter && !self.typed.trim().is_empty() {
            *decision = self.taken();
        }
    }

    fn taken(&self) -> Decision {
        Decision::Take(vec![self.path()])
    }

    /// All recordings of the folder.
    fn all_here(&self) -> Vec<PathBuf> {
        let files = self.names.iter().filter(|name| !name.ends_with(places::FOLDER));
        files.map(|name| self.folder.join(name)).collect()
    }

    fn path(&self) -> PathBuf {
        match self.purpose.is_anywhere() {
            true => places::plain_path_of(&self.folder, &self.typed),
            false => places::path_of(&self.folder, &self.typed),
        }
    }
}
