//! What an instance shares with the shell around it and with its editor.

use std::cell::RefCell;
use std::sync::{Arc, OnceLock};

use nice_plug::context::gui::GuiContext;

use crate::bridge::{self, AudioEnd, Link};
use crate::ears::Wishes;
use crate::feed::{self, Feed, FeedEnd};
use crate::grip::Grip;
use crate::params::QuellParams;
use crate::session::Session;

/// What an instance shares with the shell around it and with its editor.
#[derive(Clone)]
pub struct Shared {
    /// The parameters.
    pub params: Arc<QuellParams>,
    /// The way to the audio thread.
    pub link: Arc<Link>,
    /// What the audio thread shows.
    pub feed: Arc<Feed>,
    /// What is done only for one who listens.
    pub ears: Arc<Wishes>,
    /// What is saved besides settings and print.
    pub session: Arc<Session>,
    /// What the window wants of the host.
    pub grip: Arc<Grip>,
    /// Set where the shell, not the framework, carries the editor's edits to the host.
    pub edits: EditsSlot,
}

thread_local! {
    /// Left by [`Shared::new`] for the shell that called it through the framework, which has no
    /// other way to hand something out.
    static LAST_BUILT: RefCell<Option<Shared>> = const { RefCell::new(None) };
}

impl Shared {
    /// What a new instance shares, and the ends of it that only its audio thread may have.
    pub fn new() -> (Self, AudioEnd, FeedEnd) {
        let params = Arc::<QuellParams>::default();
        let (link, audio) = bridge::link(Arc::clone(&params));
        let (feed, display) = feed::feed();
        let (ears, session, grip) = (Arc::default(), Arc::default(), Arc::default());
        let edits = EditsSlot::default();
        let shared = Self { params, link, feed, ears, session, grip, edits };
        LAST_BUILT.set(Some(shared.clone()));
        (shared, audio, display)
    }
}

/// What the instance that this thread built last shares.
pub(crate) fn take_last_built() -> Option<Shared> {
    LAST_BUILT.with_borrow_mut(Option::take)
}

/// Where a shell leaves its own way for edits to the host; else the framework's is taken.
#[derive(Clone, Default)]
pub struct EditsSlot(Arc<OnceLock<GuiContext>>);

impl EditsSlot {
    /// Fills the slot, once.
    pub fn fill(&self, context: GuiContext) {
        drop(self.0.set(context));
    }

    /// What a shell left there.
    pub fn get(&self) -> Option<&GuiContext> {
        self.0.get()
    }
}
