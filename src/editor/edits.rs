//! The one way of edits to the host: every change goes through the parameter setter, so that hosts
//! record it, and into the memory, so that it can be undone.

use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nice_plug::context::gui::GuiContext;
use quell_core::settings::row::Scope;
use quell_core::slot::NAMES;
use quell_core::{Choice, ProfileSource};
use quell_formats::presets::FACTORY;
use quell_formats::state::State;

use crate::Shared;
use crate::bridge::{CaptureOrder, Print, Prints};
use crate::editor::history::{Loaded, Marks, Memory, OwnCapture, Snapshot, Step};
use crate::params::{CAPTURE, Control, ENGINE, QuellParams, SOURCE};

/// The way of edits, from one window.
pub(super) struct Edits {
    shared: Shared,
    context: GuiContext,
    memory: Arc<Mutex<Memory>>,
    /// Edits in progress: place in the table of settings and value before.
    open: Vec<(usize, f32)>,
    /// What ended while others of the same gesture go on.
    ended: Vec<(usize, f32, f32)>,
    /// Time of the window, seconds.
    pub(super) now_s: f64,
    /// What is wrong with what was typed last, to be said.
    pub(super) unread: Option<String>,
}

impl Edits {
    pub(super) fn new(shared: Shared, context: GuiContext, memory: Arc<Mutex<Memory>>) -> Self {
        Self {
            shared,
            context,
            memory,
            open: Vec::new(),
            ended: Vec::new(),
            now_s: 0.0,
            unread: None,
        }
    }

    pub(super) fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn value(&self, place: usize) -> f32 {
        self.shared.params[place].normalized()
    }

    fn tell(&self, place: usize, value: f32) {
        // SAFETY: the pointer is one of `shared.params`, which this object keeps alive; the
        // window's thread is where the framework expects edits. So in every function here.
        unsafe {
            self.context.raw_set_parameter_normalized(self.shared.params[place].ptr(), value)
        };
    }

    /// The pointer goes down: an edit of this parameter begins.
    pub(super) fn begin(&mut self, control: &Control) {
        let place = control.place();
        if self.open.iter().any(|(open, _)| *open == place) {
            return;
        }
        self.open.push((place, self.value(place)));
        // SAFETY: as in `tell`.
        unsafe { self.context.raw_begin_set_parameter(control.ptr()) };
    }

    /// A value on the way.
    pub(super) fn drag(&mut self, control: &Control, normalized: f32) {
        self.tell(control.place(), normalized.clamp(0.0, 1.0));
    }

    /// The pointer goes up. `last` is the value reached; the parameter itself may not have heard
    /// of it yet.
    pub(super) fn end(&mut self, control: &Control, last: f32) {
        let place = control.place();
        let Some(idx) = self.open.iter().position(|(open, _)| *open == place) else { return };
        let (_, before) = self.open.remove(idx);
        // SAFETY: as in `tell`.
        unsafe { self.context.raw_end_set_parameter(control.ptr()) };
        if before != last {
            self.ended.push((place, before, last));
        }
        if self.open.is_empty() && !self.ended.is_empty() {
            let changes = std::mem::take(&mut self.ended);
            let at_s = self.now_s;
            self.memory().push(Step { changes, prints: Vec::new(), marks: None, at_s });
        }
    }

    /// A whole edit at once.
    pub(super) fn set(&mut self, control: &Control, normalized: f32) {
        let normalized = normalized.clamp(0.0, 1.0);
        self.begin(control);
        self.drag(control, normalized);
        self.end(control, normalized);
    }

    /// Chooses a variant of a choice, or turns a switch.
    pub(super) fn choose(&mut self, control: &Control, place: usize) {
        self.set(control, control.normalize(place as f32));
    }

    /// Back to the default.
    pub(super) fn reset(&mut self, control: &Control) {
        self.set(control, control.default_normalized());
    }

    /// Turns a switch that is no edit of the sound, and so nothing to undo.
    pub(super) fn switch(&self, control: &Control, is_on: bool) {
        self.send(control.place(), f32::from(u8::from(is_on)));
    }

    fn send(&self, place: usize, value: f32) {
        let ptr = self.shared.params[place].ptr();
        // SAFETY: as in `tell`.
        unsafe { self.context.raw_begin_set_parameter(ptr) };
        self.tell(place, value);
        // SAFETY: as in `tell`.
        unsafe { self.context.raw_end_set_parameter(ptr) };
    }

    // ---- The print -----------------------------------------------------------------------------

    /// Replaces the chosen print as an edit; `changes` of parameters belong to the same step.
    fn replace_print(&mut self, print: Print, changes: Vec<(usize, f32, f32)>) {
        let (slot, before) = (self.shared.link.slot(), self.shared.link.profile());
        changes.iter().for_each(|&(idx, _, after)| self.send(idx, after));
        self.shared.link.edit_profile_in(slot, print.clone());
        let (prints, at_s) = (vec![(slot, before, print)], self.now_s);
        self.memory().push(Step { changes, prints, marks: None, at_s });
    }

    /// Replaces or removes the print, and leaves the source as it is.
    pub(super) fn set_print(&mut self, print: Print) {
        self.replace_print(print, Vec::new());
    }

    /// Puts a print in force, whatever the source is now: one edit.
    pub(super) fn use_print(&mut self, print: Print) {
        let (before, after) = (self.value(SOURCE), self.source_value(ProfileSource::Captured));
        let change = (before != after).then_some((SOURCE, before, after));
        self.replace_print(print, change.into_iter().collect());
    }

    fn source_value(&self, source: ProfileSource) -> f32 {
        self.shared.params[SOURCE].normalize(source.idx() as f32)
    }

    /// Chooses where the noise is known from.
    pub(super) fn choose_source(&mut self, source: ProfileSource) {
        let shared = self.shared.clone();
        self.set(&shared.params[SOURCE], self.source_value(source));
    }

    /// Captures that came into force become steps of the history, whatever started them.
    fn note_captures(&mut self) {
        for capture in self.shared.link.take_steps() {
            let captured = self.source_value(ProfileSource::Captured);
            let change = |source| (SOURCE, self.source_value(source), captured);
            let changes = capture.source_before.map(change).into_iter().collect();
            let print = (capture.slot, capture.before, Some(capture.after));
            let (prints, at_s) = (vec![print], self.now_s);
            self.memory().push(Step { changes, prints, marks: None, at_s });
        }
    }

    /// Begins a capture as a person does: the switch goes on, and counts though it may have been.
    pub(super) fn start_capture(&mut self) {
        let link = &self.shared.link;
        link.forget_news();
        link.order_capture(CaptureOrder::Release);
        let own = OwnCapture { n_ends: link.n_ends(), was_on: false, is_recent: false };
        self.memory().capture = Some(own);
        self.send(CAPTURE, 1.0);
    }

    /// Learns the noise from what was heard last.
    pub(super) fn use_recent(&mut self) {
        let link = &self.shared.link;
        link.forget_news();
        let own = OwnCapture { n_ends: link.n_ends(), was_on: false, is_recent: true };
        self.memory().capture = Some(own);
        link.learn_recent();
    }

    /// Learns the noise from a stretch of what was heard, by the numbers of its frames.
    pub(super) fn use_stretch(&mut self, frames: Range<u32>) {
        let link = &self.shared.link;
        link.forget_news();
        let own = OwnCapture { n_ends: link.n_ends(), was_on: false, is_recent: true };
        self.memory().capture = Some(own);
        link.learn_stretch(frames);
    }

    /// Ends a capture, whoever began it.
    pub(super) fn stop_capture(&mut self) {
        self.memory().capture = None;
        self.send(CAPTURE, 0.0);
    }

    /// Follows what captures do: theirs become steps, one's own turns its switch off once it is
    /// over. A switch that others turned on is theirs.
    pub(super) fn watch_capture(&mut self) {
        self.note_captures();
        let Some(mut own) = self.memory().capture else { return };
        let is_on = self.shared.params[CAPTURE].is_on() && !own.is_recent;
        let is_over = self.shared.link.n_ends() != own.n_ends;
        let is_off = own.was_on && !is_on;
        own.was_on |= is_on;
        self.memory().capture = Some(own).filter(|_| !is_over && !is_off);
        if is_over && is_on {
            self.send(CAPTURE, 0.0);
        }
    }

    // ---- History -------------------------------------------------------------------------------

    pub(super) fn undo(&mut self) {
        self.note_captures();
        let step = self.memory().take_undo();
        if let Some(step) = step {
            step.changes.iter().for_each(|&(idx, before, _)| self.send(idx, before));
            for (slot, before, _) in step.prints {
                self.shared.link.edit_profile_in(slot, before);
            }
            if let Some(marks) = step.marks {
                self.memory().marks = marks.0;
            }
        }
    }

    pub(super) fn redo(&mut self) {
        self.note_captures();
        let step = self.memory().take_redo();
        if let Some(step) = step {
            step.changes.iter().for_each(|&(idx, _, after)| self.send(idx, after));
            for (slot, _, after) in step.prints {
                self.shared.link.edit_profile_in(slot, after);
            }
            if let Some(marks) = step.marks {
                self.memory().marks = marks.1;
            }
        }
    }

    /// What was done, in words, the newest first.
    pub(super) fn history(&self, n_most: usize) -> Vec<String> {
        self.memory().steps().take(n_most).map(|step| self.name_of(step)).collect()
    }

    fn name_of(&self, step: &Step) -> String {
        if let Some((old, new)) = step.marks.as_deref() {
            let preset = new.preset.as_ref().filter(|_| new.preset != old.preset);
            return match preset {
                Some(preset) => format!("Preset: {}", preset.name),
                None => format!("Setting {}", if new.is_b { "B" } else { "A" }),
            };
        }
        match (&step.prints[..], &step.changes[..]) {
            ([(slot, _, None), ..], _) => format!("Print {} cleared", NAMES[*slot]),
            ([(slot, _, Some(_)), ..], _) => format!("Another print {}", NAMES[*slot]),
            ([], [(place, _, after), ..]) => {
                let control = &self.shared.params[*place];
                let value = control.text(*after).replace('-', "\u{2212}");
                format!("{}: {value}", control.row().name)
            }
            ([], []) => "Nothing".to_owned(),
        }
    }

    fn snapshot(&self) -> Snapshot {
        let sound = self.shared.params.iter().filter(|c| c.row().scope == Scope::Sound);
        let values = sound.map(|control| (control.place(), control.normalized())).collect();
        Snapshot { values, prints: self.shared.link.profiles() }
    }

    /// Many values as one edit, with the prints that the slots then hold, and what then stands
    /// beside them.
    fn set_all(&mut self, values: &[(usize, f32)], prints: Prints, marks: Marks) {
        let changes: Vec<_> = values
            .iter()
            .map(|&(idx, value)| (idx, self.value(idx), value))
            .filter(|(_, before, after)| before != after)
            .collect();
        changes.iter().for_each(|&(idx, _, after)| self.send(idx, after));
        let pairs = self.shared.link.profiles().into_iter().zip(prints).enumerate();
        let prints: Vec<_> = pairs
            .filter(|(_, (before, after))| before != after)
            .map(|(slot, (before, after))| (slot, before, after))
            .collect();
        for (slot, _, after) in &prints {
            self.shared.link.edit_profile_in(*slot, after.clone());
        }
        let at_s = self.now_s;
        let mut memory = self.memory();
        let old = std::mem::replace(&mut memory.marks, marks.clone());
        if !changes.is_empty() || !prints.is_empty() || old != marks {
            memory.push(Step { changes, prints, marks: Some(Box::new((old, marks))), at_s });
        }
    }

    /// Lets the other of A and B be heard.
    pub(super) fn swap_a_b(&mut self) {
        let now = self.snapshot();
        let mut marks = self.memory().marks.clone();
        marks.is_b = !marks.is_b;
        let other = marks.other.replace(now.clone()).unwrap_or(now);
        self.set_all(&other.values, other.prints, marks);
    }

    /// Makes the other of A and B the same as this one.
    pub(super) fn copy_to_other(&mut self) {
        let now = self.snapshot();
        self.memory().marks.other = Some(now);
    }

    /// Takes over a preset's values, and its print into the chosen slot where it has one. What the
    /// preset does not name takes its default; what belongs to the session stays.
    pub(super) fn load(&mut self, name: &str, preset: &State) {
        let wanted = QuellParams::default();
        crate::state::apply_params(preset, &wanted);
        let is_taken = |control: &&Control| match control.row().scope {
            Scope::Sound => true,
            Scope::Stream => preset.value(control.place()).is_some(),
            Scope::Session => false,
        };
        let values: Vec<_> = wanted
            .iter()
            .filter(is_taken)
            .map(|control| (control.place(), control.normalized()))
            .collect();
        let mut marks = self.memory().marks.clone();
        marks.preset = Some(Loaded { name: name.to_owned(), values: values.clone() });
        let mut prints = self.shared.link.profiles();
        if let Some(print) = preset.chosen_profile() {
            prints[self.shared.link.slot()] = Some(print);
        }
        self.set_all(&values, prints, marks);
    }

    /// What is heard now was saved as this preset.
    pub(super) fn note_saved(&mut self, name: &str) {
        let values = self.snapshot().values;
        self.memory().marks.preset = Some(Loaded { name: name.to_owned(), values });
    }

    /// The preset that the settings go back to, for as long as its engine is in use.
    pub(super) fn origin(&self) -> Option<String> {
        let loaded = self.memory().marks.preset.clone();
        let default = self.shared.params[ENGINE].default_normalized();
        let (name, values) = match loaded {
            Some(loaded) => (loaded.name, loaded.values),
            None => (FACTORY[0].name.to_owned(), vec![(ENGINE, default)]),
        };
        let engine = values.iter().find(|(idx, _)| *idx == ENGINE);
        engine.is_none_or(|(_, value)| (self.value(ENGINE) - value).abs() < 1e-4).then_some(name)
    }

    /// The preset that was loaded or saved last, and whether something else is heard by now.
    pub(super) fn preset(&self) -> Option<(String, bool)> {
        let loaded = self.memory().marks.preset.clone()?;
        let is_edited =
            loaded.values.iter().any(|&(idx, value)| (self.value(idx) - value).abs() > 1e-4);
        Some((loaded.name, is_edited))
    }
}
