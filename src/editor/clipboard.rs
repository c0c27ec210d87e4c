//! What lies on the clipboard.

use copypasta::{ClipboardContext, ClipboardProvider};

/// The clipboard's text. Called for a click on Paste only: on X11 another program has to answer.
pub(super) fn text() -> Result<String, String> {
    let problem = |error| format!("the clipboard cannot be read ({error}): copy once more");
    let mut clipboard = ClipboardContext::new().map_err(problem)?;
    clipboard.get_contents().map_err(problem)
}
