//! An end asked for from outside, as by Ctrl-C: readers and writers of the whole process stop at
//! their next block, and what was half-written is removed on the way out.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::AudioError;

static IS_REQUESTED: AtomicBool = AtomicBool::new(false);

/// Asks for an end. Safe in a signal handler.
pub fn request() {
    IS_REQUESTED.store(true, Ordering::Relaxed);
}

/// True once an end was asked for.
pub fn is_requested() -> bool {
    IS_REQUESTED.load(Ordering::Relaxed)
}

/// An error once an end was asked for: for every long work beside reading and writing.
pub fn check() -> Result<(), AudioError> {
    if is_requested() { Err(AudioError::Interrupted) } else { Ok(()) }
}
