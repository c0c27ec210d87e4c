//! The audio thread's end, and how a box changes hands: two slots of one box each, so that the
//! audio thread neither waits nor allocates nor frees.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam_utils::atomic::AtomicCell;

use crate::Quell;
use crate::standalone::deck::{Deck, DeckEnd};

/// Both slots, and whether the box is wanted back.
pub struct Exchange<T = Quell> {
    to_audio: AtomicCell<Option<Box<T>>>,
    back: AtomicCell<Option<Box<T>>>,
    is_recalled: AtomicBool,
}

impl<T> Default for Exchange<T> {
    fn default() -> Self {
        let (to_audio, back) = (AtomicCell::default(), AtomicCell::default());
        Self { to_audio, back, is_recalled: AtomicBool::new(false) }
    }
}

impl<T> Exchange<T> {
    /// Has the audio thread take this box, with its next block.
    pub fn give(&self, given: Box<T>) {
        self.is_recalled.store(false, Ordering::Release);
        drop(self.to_audio.swap(Some(given)));
    }

    /// Wants the box back; the audio thread goes without until another is given.
    pub fn recall(&self) {
        self.is_recalled.store(true, Ordering::Release);
    }

    /// The box, once the audio thread is done with it.
    pub fn take_back(&self) -> Option<Box<T>> {
        self.back.take().or_else(|| self.to_audio.take())
    }

    /// On the audio thread, before each block: takes what was given, lets go of what is recalled.
    pub(super) fn follow(&self, held: &mut Option<Box<T>>) {
        if self.is_recalled.load(Ordering::Acquire) {
            self.hand_back(held);
        } else if held.is_none() {
            *held = self.to_audio.take();
        }
    }

    /// There is one box, so what lies in the slot is nothing.
    pub(super) fn hand_back(&self, held: &mut Option<Box<T>>) {
        if let Some(held) = held.take() {
            self.back.store(Some(held));
        }
    }
}

/// What a backend calls for every block; its end sends the instance back.
pub struct Player {
    exchange: Arc<Exchange>,
    engine: Option<Box<Quell>>,
    deck: DeckEnd,
}

impl Player {
    /// One that waits for an instance and plays what comes in, or what lies on the deck.
    pub fn new(exchange: Arc<Exchange>, deck: Arc<Deck>) -> Self {
        Self { exchange, engine: None, deck: DeckEnd::new(deck) }
    }

    /// One block in place; silence where there is no instance.
    pub fn play(&mut self, io: &mut [&mut [f32]]) {
        self.exchange.follow(&mut self.engine);
        self.deck.feed(io);
        let worked = self.engine.as_mut().and_then(|engine| engine.work(io, None));
        if worked.is_none() {
            io.iter_mut().for_each(|channel| channel.fill(0.0));
        }
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        self.exchange.hand_back(&mut self.engine);
    }
}
