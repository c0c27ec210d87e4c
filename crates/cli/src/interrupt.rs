//! Ctrl-C: work stops at the next block, and what was half-written is removed on the way out.

use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Result, bail};

static IS_INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Begins to listen. Only the program does; a library must leave signals to its caller.
pub fn listen() {
    // Without a handler Ctrl-C ends the program at once, which is all that is lost.
    let _ = ctrlc::set_handler(|| IS_INTERRUPTED.store(true, Ordering::Relaxed));
}

/// True once Ctrl-C was pressed.
pub fn is_interrupted() -> bool {
    IS_INTERRUPTED.load(Ordering::Relaxed)
}

/// An error once Ctrl-C was pressed.
pub fn check() -> Result<()> {
    if is_interrupted() {
        bail!("interrupted; nothing half-written was left behind");
    }
    Ok(())
}
