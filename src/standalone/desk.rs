//! What window and host tell each other.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::standalone::backend::{Devices, Format, Wish};
use crate::standalone::deck::Deck;
use crate::standalone::shelf::Shelf;

/// What the window shows of the sound.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shown {
    /// What there is to choose from.
    pub devices: Devices,
    /// What is wanted.
    pub wish: Wish,
    /// The stream that runs.
    pub format: Option<Format>,
    /// Why there is none, and what to do.
    pub error: Option<String>,
    /// What is worth a word though there is sound: a file that was set aside, one that cannot be
    /// written.
    pub notice: Option<String>,
    /// Delay from input to output with the engine's, seconds.
    pub delay_s: f64,
    /// Blocks that came too late.
    pub n_gaps: u64,
}

/// Shared by both; only threads that may wait touch it, the deck aside.
#[derive(Clone, Default)]
pub struct Desk {
    inner: Arc<Mutex<Inner>>,
    /// The recordings that are open.
    pub shelf: Shelf,
    /// What plays them.
    pub deck: Arc<Deck>,
}

#[derive(Default)]
struct Inner {
    shown: Shown,
    order: Option<Wish>,
    is_closing: bool,
}

impl Desk {
    /// What there is to see.
    pub fn look(&self) -> Shown {
        self.inner().shown.clone()
    }

    /// Wants the sound to start again, with these devices.
    pub fn order(&self, wish: Wish) {
        let mut inner = self.inner();
        inner.shown.wish = wish.clone();
        inner.order = Some(wish);
    }

    /// Takes a notice away that was understood.
    pub fn dismiss(&self) {
        self.inner().shown.notice = None;
    }

    /// Wants the window to close.
    pub fn close(&self) {
        self.inner().is_closing = true;
    }

    /// Whether the window is to close.
    pub fn is_closing(&self) -> bool {
        self.inner().is_closing
    }

    /// What was ordered since the last call.
    pub(crate) fn take_order(&self) -> Option<Wish> {
        self.inner().order.take()
    }

    /// Changes what there is to see.
    pub(crate) fn show(&self, change: impl FnOnce(&mut Shown)) {
        change(&mut self.inner().shown);
    }

    /// A panic of another thread leaves nothing half-done behind this lock.
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
