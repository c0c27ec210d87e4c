//! What an instance's editor remembers while its window is closed: edits to undo, two settings to
//! compare, the name of the preset.

use crate::bridge::{Print, Prints};

/// Steps that can be undone.
const MAX_STEPS: usize = 200;
/// Edits of one parameter within this time are one step, seconds.
const MERGE_S: f64 = 0.7;

/// One edit: parameters by their place in the table, and prints.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step {
    /// Place, normalised value before and after.
    pub(super) changes: Vec<(usize, f32, f32)>,
    /// Slots whose print changed, with what they held before and after.
    pub(super) prints: Vec<(usize, Print, Print)>,
    /// What stood beside the settings before and after, where that changed.
    pub(super) marks: Option<Box<(Marks, Marks)>>,
    /// When it was made, seconds.
    pub(super) at_s: f64,
}

/// All that can be heard, as normalised values, and the prints.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Snapshot {
    pub(super) values: Vec<(usize, f32)>,
    pub(super) prints: Prints,
}

/// What says where the settings are from, and goes back with them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Marks {
    /// The preset that was loaded or saved last.
    pub(super) preset: Option<Loaded>,
    /// True while B is heard.
    pub(super) is_b: bool,
    /// The setting that is not heard now, of A and B.
    pub(super) other: Option<Snapshot>,
}

/// A preset as it was loaded or saved.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Loaded {
    pub(super) name: String,
    /// The normalised values that it brought, by place in the table.
    pub(super) values: Vec<(usize, f32)>,
}

/// A capture that was started in a window.
#[derive(Clone, Copy, Debug)]
pub(super) struct OwnCapture {
    /// [`Link::n_ends`] when it began.
    ///
    /// [`Link::n_ends`]: crate::bridge::Link::n_ends
    pub(super) n_ends: u32,
    /// The switch was seen on.
    pub(super) was_on: bool,
    /// It learns from what was heard, and has no switch.
    pub(super) is_recent: bool,
}

/// Lives as long as the instance.
#[derive(Default)]
pub(super) struct Memory {
    undo: Vec<Step>,
    redo: Vec<Step>,
    pub(super) marks: Marks,
    /// A capture that was started in a window and is not over yet.
    pub(super) capture: Option<OwnCapture>,
}

impl Memory {
    /// Notes an edit. What had been undone is gone.
    pub(super) fn push(&mut self, step: Step) {
        self.redo.clear();
        if let Some(last) = self.undo.last_mut()
            && let ([(idx, _, after)], [(new_idx, _, new_after)]) =
                (&mut last.changes[..], &step.changes[..])
            && idx == new_idx
            && last.prints.is_empty()
            && step.prints.is_empty()
            && last.marks.is_none()
            && step.marks.is_none()
            && step.at_s - last.at_s < MERGE_S
        {
            *after = *new_after;
            last.at_s = step.at_s;
            return;
        }
        if self.undo.len() == MAX_STEPS {
            self.undo.remove(0);
        }
        self.undo.push(step);
    }

    /// The edit to take back; it can be made again.
    pub(super) fn take_undo(&mut self) -> Option<Step> {
        let step = self.undo.pop()?;
        self.redo.push(step.clone());
        Some(step)
    }

    /// The edit to make again.
    pub(super) fn take_redo(&mut self) -> Option<Step> {
        let step = self.redo.pop()?;
        self.undo.push(step.clone());
        Some(step)
    }

    /// The newest steps that can be taken back, the newest first.
    pub(super) fn steps(&self) -> impl Iterator<Item = &Step> {
        self.undo.iter().rev()
    }

    pub(super) fn can_undo(&self) -> bool {
        !self.undo.is_empty()
    }

    pub(super) fn can_redo(&self) -> bool {
        !self.redo.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(idx: usize, before: f32, after: f32, at_s: f64) -> Step {
        Step { changes: vec![(idx, before, after)], prints: Vec::new(), marks: None, at_s }
    }

    #[test]
    fn steps_come_back_in_order_and_can_be_made_again() {
        let mut memory = Memory::default();
        memory.push(step(1, 0.0, 0.5, 0.0));
        memory.push(step(2, 0.1, 0.2, 5.0));
        assert_eq!(memory.take_undo().unwrap().changes, [(2, 0.1, 0.2)]);
        assert_eq!(memory.take_undo().unwrap().changes, [(1, 0.0, 0.5)]);
        assert!(memory.take_undo().is_none());
        assert_eq!(memory.take_redo().unwrap().changes, [(1, 0.0, 0.5)]);
        memory.push(step(3, 0.0, 1.0, 9.0));
        assert!(!memory.can_redo(), "a new edit ends what was undone");
    }

    #[test]
    fn a_burst_of_edits_of_one_parameter_is_one_step() {
        let mut memory = Memory::default();
        for press in 0..10u8 {
            let value = f32::from(press) / 10.0;
            memory.push(step(4, value, value + 0.1, f64::from(press) * 0.2));
        }
        assert_eq!(memory.take_undo().unwrap().changes, [(4, 0.0, 1.0)]);
        assert!(!memory.can_undo());
    }
}
