//! The audio thread's end, and how an instance changes hands: two slots of one box each, so that
//! the audio thread neither waits nor allocates nor frees.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam_utils::atomic::AtomicCell;

use crate::Quell;

/// Both slots, and whether the instance is wanted back.
#[derive(Default)]
pub struct Exchange {
    to_audio: AtomicCell<Option<Box<Quell>>>,
    back: AtomicCell<Option<Box<Quell>>>,
    is_recalled: AtomicBool,
}

impl Exchange {
    /// Has the audio thread play through this instance, from its next block on.
    pub fn give(&self, engine: Box<Quell>) {
        self.is_recalled.store(false, Ordering::Release);
        drop(self.to_audio.swap(Some(engine)));
    }

    /// Wants the instance back; there is silence until another is given.
    pub fn recall(&self) {
        self.is_recalled.store(true, Ordering::Release);
    }

    /// The instance, once nobody plays through it.
    pub fn take_back(&self) -> Option<Box<Quell>> {
        self.back.take().or_else(|| self.to_audio.take())
    }
}

/// What a backend calls for every block; its end sends the instance back.
pub struct Player {
    exchange: Arc<Exchange>,
    engine: Option<Box<Quell>>,
}

impl Player {
    /// One that waits for an instance.
    pub fn new(exchange: Arc<Exchange>) -> Self {
        Self { exchange, engine: None }
    }

    /// One block in place; silence where there is no instance.
    pub fn play(&mut self, io: &mut [&mut [f32]]) {
        if self.exchange.is_recalled.load(Ordering::Acquire) {
            self.hand_back();
        } else if self.engine.is_none() {
            self.engine = self.exchange.to_audio.take();
        }
        let worked = self.engine.as_mut().and_then(|engine| engine.work(io, None));
        if worked.is_none() {
            io.iter_mut().for_each(|channel| channel.fill(0.0));
        }
    }

    /// There is one instance, so what lies in the slot is nothing.
    fn hand_back(&mut self) {
        if let Some(engine) = self.engine.take() {
            self.exchange.back.store(Some(engine));
        }
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        self.hand_back();
    }
}
