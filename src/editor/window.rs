//! A window that is gone when it is closed.
//!
//! On X11 the window lives on a thread of its own, and baseview 0.4 does not wait for it: when the
//! thread has stopped listening it takes that for an error and goes on. The host then unloads the
//! library or opens the next window while the last one is still being taken apart; two windows at
//! once crashed one run in ten that way. So closing waits here.

use std::cell::RefCell;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use nice_plug_egui::baseview;

/// A thread that waits for the host's main thread, which waits for it: give up then.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

thread_local! {
    /// Lives as long as the window's thread; whoever listens hears when it goes.
    static LIFE: RefCell<Vec<Sender<()>>> = const { RefCell::new(Vec::new()) };
}

/// Ends with the thread that it was left on.
pub(super) struct Life(Sender<()>);

impl Life {
    /// Binds the life to this thread, where windows have threads of their own.
    pub(super) fn begin(&self) {
        if cfg!(all(unix, not(target_os = "macos"))) {
            LIFE.with_borrow_mut(|life| life.push(self.0.clone()));
        }
    }
}

/// What tells whether a window's thread still lives, and what it tells.
pub(super) fn life() -> (Life, Receiver<()>) {
    let (sender, receiver) = channel();
    (Life(sender), receiver)
}

/// A window and the end of its thread.
pub struct OwnWindow {
    /// Taken when it is closed.
    inner: Option<baseview::Window>,
    end: Receiver<()>,
}

impl OwnWindow {
    pub(super) fn new(inner: baseview::Window, end: Receiver<()>) -> Self {
        Self { inner: Some(inner), end }
    }

    /// Does something with the window; nothing where it has been closed.
    pub(super) fn with<R>(&self, action: impl FnOnce(&baseview::Window) -> R) -> Option<R> {
        self.inner.as_ref().map(action)
    }

    pub(super) fn take(mut self) -> Option<baseview::Window> {
        self.inner.take()
    }
}

impl Drop for OwnWindow {
    fn drop(&mut self) {
        if let Some(window) = self.inner.take() {
            drop(window);
            // Nothing is ever sent: the answer is that nobody can send any more.
            let _ = self.end.recv_timeout(LONGEST_WAIT);
        }
    }
}
