//! The one way of edits to the host: every change goes through the parameter setter, so that hosts
//! record it, and into the memory, so that it can be undone.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nice_plug::context::gui::GuiContext;
use nice_plug::params::internals::ParamPtr;
use nice_plug::params::{Param, Params};
use quell_core::NoiseProfile;

use crate::Shared;
use crate::editor::history::{Memory, Snapshot, Step};
use crate::params::{EngineChoice, QuellParams};
use crate::state::State;

/// Not part of what A and B compare, nor of presets: they belong to the session.
const SESSION_IDS: [&str; 3] = ["capture", "bypass", "latency"];

/// The way of edits, from one window.
pub(super) struct Edits {
    shared: Shared,
    context: GuiContext,
    /// Ids and parameters of `shared.params`, which keeps the pointers alive.
    table: Vec<(String, ParamPtr)>,
    memory: Arc<Mutex<Memory>>,
    /// Edits in progress: place in the table and value before.
    open: Vec<(usize, f32)>,
    /// What ended while others of the same gesture go on.
    ended: Vec<(usize, f32, f32)>,
    /// Time of the window, seconds.
    pub(super) now_s: f64,
}

impl Edits {
    pub(super) fn new(shared: Shared, context: GuiContext, memory: Arc<Mutex<Memory>>) -> Self {
        let table = shared.params.param_map().into_iter().map(|(id, ptr, _)| (id, ptr)).collect();
        Self { shared, context, table, memory, open: Vec::new(), ended: Vec::new(), now_s: 0.0 }
    }

    pub(super) fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn idx_of(&self, param: &impl Param) -> Option<usize> {
        let ptr = param.as_ptr();
        self.table.iter().position(|(_, known)| *known == ptr)
    }

    fn value(&self, idx: usize) -> f32 {
        // SAFETY: `shared.params` keeps the pointers of the table alive.
        unsafe { self.table[idx].1.unmodulated_normalized_value() }
    }

    fn tell(&self, idx: usize, value: f32) {
        // SAFETY: as in `value`; the window's thread is where the framework expects edits.
        unsafe { self.context.raw_set_parameter_normalized(self.table[idx].1, value) };
    }

    /// The pointer goes down: an edit of this parameter begins.
    pub(super) fn begin(&mut self, param: &impl Param) {
        let Some(idx) = self.idx_of(param) else { return };
        if self.open.iter().any(|(open, _)| *open == idx) {
            return;
        }
        self.open.push((idx, self.value(idx)));
        // SAFETY: as in `tell`.
        unsafe { self.context.raw_begin_set_parameter(self.table[idx].1) };
    }

    /// A value on the way.
    pub(super) fn drag(&mut self, param: &impl Param, normalized: f32) {
        let Some(idx) = self.idx_of(param) else { return };
        self.tell(idx, normalized.clamp(0.0, 1.0));
    }

    /// The pointer goes up. `last` is the value reached; the parameter itself may not have heard
    /// of it yet.
    pub(super) fn end(&mut self, param: &impl Param, last: f32) {
        let Some(idx) = self.idx_of(param) else { return };
        let Some(place) = self.open.iter().position(|(open, _)| *open == idx) else { return };
        let (_, before) = self.open.remove(place);
        // SAFETY: as in `tell`.
        unsafe { self.context.raw_end_set_parameter(self.table[idx].1) };
        if before != last {
            self.ended.push((idx, before, last));
        }
        if self.open.is_empty() && !self.ended.is_empty() {
            let changes = std::mem::take(&mut self.ended);
            let at_s = self.now_s;
            self.memory().push(Step { changes, print: None, at_s });
        }
    }

    /// A whole edit at once.
    pub(super) fn set(&mut self, param: &impl Param, normalized: f32) {
        let normalized = normalized.clamp(0.0, 1.0);
        self.begin(param);
        self.drag(param, normalized);
        self.end(param, normalized);
    }

    /// Chooses an engine, and with it the floor that suits it, unless somebody set another: one
    /// edit, as [`Settings::choose_engine`] does it.
    ///
    /// [`Settings::choose_engine`]: quell_core::Settings::choose_engine
    pub(super) fn choose_engine(&mut self, params: &QuellParams, engine: EngineChoice) {
        let mut settings = params.settings();
        settings.choose_engine(engine.into());
        let floor = params.floor.preview_normalized(settings.floor_db);
        // The floor's gesture holds the engine's, so that one step takes back both.
        self.begin(&params.floor);
        self.set(&params.engine, params.engine.preview_normalized(engine));
        self.drag(&params.floor, floor);
        self.end(&params.floor, floor);
    }

    /// Back to the default.
    pub(super) fn reset(&mut self, param: &impl Param) {
        self.set(param, param.default_normalized_value());
    }

    /// Turns a switch that is no edit of the sound, and so nothing to undo.
    pub(super) fn switch(&self, param: &impl Param, is_on: bool) {
        let Some(idx) = self.idx_of(param) else { return };
        self.send(idx, f32::from(u8::from(is_on)));
    }

    fn send(&self, idx: usize, value: f32) {
        // SAFETY: as in `tell`.
        unsafe { self.context.raw_begin_set_parameter(self.table[idx].1) };
        self.tell(idx, value);
        // SAFETY: as in `tell`.
        unsafe { self.context.raw_end_set_parameter(self.table[idx].1) };
    }

    /// Replaces the print as an edit.
    pub(super) fn set_print(&mut self, print: Option<NoiseProfile>) {
        let before = self.shared.link.profile();
        self.shared.link.edit_profile(print.clone());
        let after = print.map(Arc::new);
        let at_s = self.now_s;
        self.memory().push(Step { changes: Vec::new(), print: Some((before, after)), at_s });
    }

    pub(super) fn undo(&mut self) {
        let step = self.memory().take_undo();
        if let Some(step) = step {
            step.changes.iter().for_each(|&(idx, before, _)| self.send(idx, before));
            if let Some((before, _)) = step.print {
                self.shared.link.edit_profile(before.as_deref().cloned());
            }
        }
    }

    pub(super) fn redo(&mut self) {
        let step = self.memory().take_redo();
        if let Some(step) = step {
            step.changes.iter().for_each(|&(idx, _, after)| self.send(idx, after));
            if let Some((_, after)) = step.print {
                self.shared.link.edit_profile(after.as_deref().cloned());
            }
        }
    }

    fn is_compared(&self, idx: usize) -> bool {
        !SESSION_IDS.contains(&&*self.table[idx].0)
    }

    fn snapshot(&self) -> Snapshot {
        let places = (0..self.table.len()).filter(|&idx| self.is_compared(idx));
        let values = places.map(|idx| (idx, self.value(idx))).collect();
        Snapshot { values, print: self.shared.link.profile() }
    }

    /// Many values as one edit.
    fn set_all(&mut self, values: &[(usize, f32)]) {
        let changes: Vec<_> = values
            .iter()
            .map(|&(idx, value)| (idx, self.value(idx), value))
            .filter(|(_, before, after)| before != after)
            .collect();
        changes.iter().for_each(|&(idx, _, after)| self.send(idx, after));
        if !changes.is_empty() {
            let at_s = self.now_s;
            self.memory().push(Step { changes, print: None, at_s });
        }
    }

    /// Lets the other of A and B be heard.
    pub(super) fn swap_a_b(&mut self) {
        let now = self.snapshot();
        let other = {
            let mut memory = self.memory();
            memory.is_b = !memory.is_b;
            memory.other.replace(now.clone()).unwrap_or(now.clone())
        };
        self.set_all(&other.values);
        if other.print != now.print {
            self.set_print(other.print.as_deref().cloned());
        }
    }

    /// Makes the other of A and B the same as this one.
    pub(super) fn copy_to_other(&mut self) {
        let now = self.snapshot();
        self.memory().other = Some(now);
    }

    /// Takes over a preset's values, and its print where it has one. What the preset does not name
    /// takes its default; what belongs to the session stays.
    pub(super) fn load(&mut self, preset: &State) {
        let scratch = QuellParams::default();
        crate::state::apply_params(preset, &scratch, false);
        let wanted = scratch.param_map();
        let mut values = Vec::new();
        for idx in 0..self.table.len() {
            let (id, _) = &self.table[idx];
            let is_taken = self.is_compared(idx) || (id == "latency" && preset.names(id));
            if let Some((_, ptr, _)) = wanted.iter().find(|(other, ..)| other == id && is_taken) {
                // SAFETY: `scratch` lives until the end of this function.
                values.push((idx, unsafe { ptr.unmodulated_normalized_value() }));
            }
        }
        self.set_all(&values);
        if let Some(print) = preset.profile() {
            self.set_print(Some(print.clone()));
        }
    }
}
