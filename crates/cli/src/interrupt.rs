//! Ctrl-C: work stops at the next block.

/// Begins to listen. Only the program does; a library must leave signals to its caller.
pub fn listen() {
    // Without a handler Ctrl-C ends the program at once, which is all that is lost.
    let _ = ctrlc::set_handler(quell_audio::interrupt::request);
}
