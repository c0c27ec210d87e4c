//! What the page calls: plain functions over one memory. A worker and the audio thread each have an
//! instance of their own, with one [`Desk`] in it.
//!
//! Samples go in and out through [`quell_block`], texts through [`quell_text`]; a function that can
//! fail returns 1 or 0 and leaves the reason as the text.

mod columns;
mod describe;
mod desk;

use std::cell::RefCell;

use desk::{BLOCK_LEN, Desk};

thread_local! {
    static DESK: RefCell<Desk> = RefCell::new(Desk::new());
}

fn with<R>(work: impl FnOnce(&mut Desk) -> R) -> R {
    DESK.with_borrow_mut(work)
}

/// 1, or 0 with the reason as the text.
fn told(work: impl FnOnce(&mut Desk) -> Result<String, String>) -> u32 {
    with(|desk| {
        let outcome = work(desk);
        let is_done = outcome.is_ok();
        let (Ok(text) | Err(text)) = outcome;
        desk.text = text.into_bytes();
        is_done.into()
    })
}

/// Where the last text lies, in UTF-8.
#[unsafe(no_mangle)]
pub extern "C" fn quell_text() -> *const u8 {
    with(|desk| desk.text.as_ptr())
}

/// How long the last text is, bytes.
#[unsafe(no_mangle)]
pub extern "C" fn quell_text_len() -> usize {
    with(|desk| desk.text.len())
}

/// Room for a text of so many bytes from the page, which the next function reads.
#[unsafe(no_mangle)]
pub extern "C" fn quell_text_room(len: usize) -> *mut u8 {
    with(|desk| {
        desk.text.clear();
        desk.text.resize(len, 0);
        desk.text.as_mut_ptr()
    })
}

/// The table of settings and what this build is, as JSON.
#[unsafe(no_mangle)]
pub extern "C" fn quell_describe() {
    told(|_| Ok(describe::build().to_string()));
}

/// Proves the network's kernel: 1 if it gives the scalar one's sums bit for bit. The text names it.
#[unsafe(no_mangle)]
pub extern "C" fn quell_prove_kernel() -> u32 {
    told(|_| describe::prove_kernel())
}

/// Opens a stream. `is_scalar` gives up the fast kernel, so that a test can compare the two.
#[unsafe(no_mangle)]
pub extern "C" fn quell_open(
    sample_rate_hz: f64,
    n_channels: usize,
    mode_idx: usize,
    is_scalar: u32,
) -> u32 {
    told(|desk| desk.open(sample_rate_hz, n_channels, mode_idx, is_scalar != 0))
}

/// Frames that a block holds for a channel.
#[unsafe(no_mangle)]
pub extern "C" fn quell_block_len() -> usize {
    BLOCK_LEN
}

/// Where the samples of a channel go in and come out; only after [`quell_open`].
#[unsafe(no_mangle)]
pub extern "C" fn quell_block(channel_idx: usize) -> *mut f32 {
    with(|desk| desk.channel(channel_idx))
}

/// Delay of the stream, samples.
#[unsafe(no_mangle)]
pub extern "C" fn quell_latency() -> usize {
    with(|desk| desk.latency_samples())
}

/// Sets a setting by its place in the table, in the table's unit.
#[unsafe(no_mangle)]
pub extern "C" fn quell_set(row_idx: usize, plain: f32) {
    with(|desk| desk.set(row_idx, plain));
}

/// A setting by its place in the table, in the table's unit.
#[unsafe(no_mangle)]
pub extern "C" fn quell_get(row_idx: usize) -> f32 {
    with(|desk| desk.get(row_idx))
}

/// Denoises the first frames of the block in place. Allocates nothing.
#[unsafe(no_mangle)]
pub extern "C" fn quell_process(n_frames: usize) {
    with(|desk| desk.process(n_frames));
}

/// Columns of the two spectrograms since they were last taken.
#[unsafe(no_mangle)]
pub extern "C" fn quell_columns_len() -> usize {
    with(|desk| desk.columns.len())
}

/// Takes the columns: a column is the bands before, then the bands after, low ones first.
#[unsafe(no_mangle)]
pub extern "C" fn quell_columns() -> *const u8 {
    with(|desk| desk.columns.take())
}

/// How far a capture in the stream has come or how the last one ended, as text; 1 while one is
/// under way.
#[unsafe(no_mangle)]
pub extern "C" fn quell_capture() -> u32 {
    with(|desk| {
        let (text, is_on) = desk.capture();
        desk.text = text.into_bytes();
        is_on.into()
    })
}

/// Takes the first frames of the block for noise to learn from. What is pushed until
/// [`quell_learn_end`] is one stretch.
#[unsafe(no_mangle)]
pub extern "C" fn quell_learn(n_frames: usize) -> u32 {
    told(|desk| desk.learn(n_frames))
}

/// Ends a stretch of noise.
#[unsafe(no_mangle)]
pub extern "C" fn quell_learn_end() -> u32 {
    told(Desk::learn_end)
}

/// Makes the print of all stretches since the last one; `is_found` where nobody chose them, so that
/// speech and what cannot be heard are refused. The text says what was learned.
#[unsafe(no_mangle)]
pub extern "C" fn quell_print_learned(is_found: u32) -> u32 {
    told(|desk| desk.print_learned(is_found != 0))
}

/// Looks for noise alone in the first frames of the block, which follow those before.
#[unsafe(no_mangle)]
pub extern "C" fn quell_find(n_frames: usize) -> u32 {
    told(|desk| desk.find(n_frames))
}

/// Ends the search: the stretches as JSON, a list of pairs of seconds.
#[unsafe(no_mangle)]
pub extern "C" fn quell_find_end() -> u32 {
    told(Desk::find_end)
}

/// The print as the JSON that plugin and command line read; 0 where there is none.
#[unsafe(no_mangle)]
pub extern "C" fn quell_print() -> u32 {
    told(|desk| desk.print())
}

/// Sets the print from such JSON in the room for texts; an empty one removes it.
#[unsafe(no_mangle)]
pub extern "C" fn quell_set_print() -> u32 {
    told(Desk::set_print)
}
