//! What the two sides say to each other.

use std::sync::Arc;

use quell_core::slot::Slots;
use quell_core::{CaptureRefusal, NoiseProfile, ProfileSource};

/// A print or none, shared.
pub type Print = Option<Arc<NoiseProfile>>;
/// What each slot holds.
pub type Prints = Slots<Print>;

/// A profile on its way to the audio thread or back; an empty one removes the print.
pub(super) struct Message {
    pub(super) profile: NoiseProfile,
    /// To the audio thread: number of this message for its slot. From it: the last number it had
    /// taken when it captured, so that a capture from before a newer order is recognised as
    /// outdated.
    pub(super) order_idx: u32,
    /// From the audio thread: the slot that the capture is for, number of its end, and the source
    /// that it overruled.
    pub(super) slot: usize,
    pub(super) event_idx: u32,
    pub(super) source_before: Option<ProfileSource>,
}

impl Message {
    pub(super) fn order(profile: NoiseProfile, order_idx: u32) -> Self {
        Self { profile, order_idx, slot: 0, event_idx: 0, source_before: None }
    }
}

/// A capture whose print came into force, whatever started it.
#[derive(Clone, Debug, PartialEq)]
pub struct CaptureStep {
    /// The slot that it went into.
    pub slot: usize,
    /// The print before it.
    pub before: Print,
    /// The print that it gave.
    pub after: Arc<NoiseProfile>,
    /// The source that was chosen before it, where that changed, too.
    pub source_before: Option<ProfileSource>,
}

/// What the last capture left to be said or decided.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    /// It gave no print.
    Refused(CaptureRefusal),
    /// It was no noise: its print waits for a decision.
    Offered(Arc<NoiseProfile>),
}

/// What the audio thread is told of the switch for captures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaptureOrder {
    /// A project was opened: whatever the switch says, nothing is to be learned until it has been
    /// off, and nothing that is being learned is to be kept.
    Block,
    /// Nothing that is being learned is to be kept: it belongs to another project.
    Abandon,
    /// Somebody wants a capture: the switch counts again, though it may have stayed on.
    Release,
}
