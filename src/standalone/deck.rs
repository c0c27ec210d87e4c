//! Plays a recording in the place of what comes in, so that the whole window is at work on it.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use crate::standalone::player::Exchange;

/// Nobody asks for another place.
const NOWHERE: usize = usize::MAX;

/// A recording as the stream takes it: as many channels, at its rate.
pub struct Reel {
    /// Samples, `[channel][frame]`.
    pub channels: Vec<Vec<f32>>,
    /// Frames a second.
    pub rate_hz: f64,
}

impl Reel {
    fn n_frames(&self) -> usize {
        self.channels.first().map_or(0, Vec::len)
    }
}

/// What window and audio thread share of it.
pub struct Deck {
    /// Where reels change hands.
    pub reels: Exchange<Reel>,
    is_playing: AtomicBool,
    /// Next frame that is played.
    at: AtomicUsize,
    wanted: AtomicUsize,
    /// First frame of the stretch that is played round and round, and the one after its last in
    /// the upper half; 0 where there is none.
    stretch: AtomicU64,
}

impl Default for Deck {
    fn default() -> Self {
        Self {
            reels: Exchange::default(),
            is_playing: AtomicBool::new(false),
            at: AtomicUsize::new(0),
            wanted: AtomicUsize::new(NOWHERE),
            stretch: AtomicU64::new(0),
        }
    }
}

impl Deck {
    /// Starts or stops the reel, which stays where it is.
    pub fn play(&self, is_playing: bool) {
        self.is_playing.store(is_playing, Ordering::Relaxed);
    }

    /// Whether it plays; a reel that has come to its end does not.
    pub fn is_playing(&self) -> bool {
        self.is_playing.load(Ordering::Relaxed)
    }

    /// The next frame that is played.
    pub fn at(&self) -> usize {
        match self.wanted.load(Ordering::Relaxed) {
            NOWHERE => self.at.load(Ordering::Relaxed),
            wanted => wanted,
        }
    }

    /// Goes on from this frame.
    pub fn go_to(&self, frame: usize) {
        self.wanted.store(frame, Ordering::Relaxed);
    }

    /// Plays this stretch round and round, or the whole from where it is.
    pub fn select(&self, stretch: Option<Range<usize>>) {
        let frame = |frame: usize| u64::from(u32::try_from(frame).unwrap_or(u32::MAX));
        let packed = stretch.map_or(0, |s| frame(s.start) | (frame(s.end) << 32));
        self.stretch.store(packed, Ordering::Relaxed);
    }

    fn stretch(&self, n_frames: usize) -> Option<Range<usize>> {
        let packed = self.stretch.load(Ordering::Relaxed);
        let end = ((packed >> 32) as usize).min(n_frames);
        let start = packed as u32 as usize;
        (start < end).then_some(start..end)
    }
}

/// The audio thread's end.
pub(super) struct DeckEnd {
    deck: Arc<Deck>,
    reel: Option<Box<Reel>>,
}

impl DeckEnd {
    pub(super) fn new(deck: Arc<Deck>) -> Self {
        Self { deck, reel: None }
    }

    /// Puts the recording in the place of the input, where there is one.
    pub(super) fn feed(&mut self, io: &mut [&mut [f32]]) {
        self.deck.reels.follow(&mut self.reel);
        let Some(reel) = &self.reel else { return };
        let wanted = self.deck.wanted.swap(NOWHERE, Ordering::Relaxed);
        let mut at = if wanted == NOWHERE { self.deck.at.load(Ordering::Relaxed) } else { wanted };
        io.iter_mut().for_each(|channel| channel.fill(0.0));
        if self.deck.is_playing() {
            at = self.copy(reel, at, io);
        }
        self.deck.at.store(at, Ordering::Relaxed);
    }

    /// A block from this frame on; returns where the next begins.
    fn copy(&self, reel: &Reel, mut at: usize, io: &mut [&mut [f32]]) -> usize {
        let n_frames = io.first().map_or(0, |channel| channel.len());
        let stretch = self.deck.stretch(reel.n_frames());
        let end = stretch.as_ref().map_or(reel.n_frames(), |stretch| stretch.end);
        let mut n_done = 0;
        while n_done < n_frames {
            if at >= end {
                let Some(stretch) = &stretch else {
                    // The next start is from the beginning.
                    self.deck.play(false);
                    return 0;
                };
                at = stretch.start;
            }
            let n = (end - at).min(n_frames - n_done);
            for (channel, recorded) in io.iter_mut().zip(&reel.channels) {
                channel[n_done..n_done + n].copy_from_slice(&recorded[at..at + n]);
            }
            at += n;
            n_done += n;
        }
        at
    }
}

impl Drop for DeckEnd {
    fn drop(&mut self) {
        self.deck.reels.hand_back(&mut self.reel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn playing(n_frames: usize) -> (Arc<Deck>, DeckEnd) {
        let deck = Arc::<Deck>::default();
        let ramp: Vec<f32> = (1..=n_frames).map(|at| at as f32).collect();
        deck.reels.give(Box::new(Reel { channels: vec![ramp], rate_hz: 48_000.0 }));
        deck.play(true);
        let end = DeckEnd::new(Arc::clone(&deck));
        (deck, end)
    }

    fn block(end: &mut DeckEnd) -> Vec<f32> {
        let mut block = vec![-1.0; 4];
        end.feed(&mut [&mut block]);
        block
    }

    #[test]
    fn it_plays_to_its_end_once_and_a_stretch_for_ever() {
        let (deck, mut end) = playing(6);
        assert_eq!(block(&mut end), [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(block(&mut end), [5.0, 6.0, 0.0, 0.0]);
        assert!(!deck.is_playing());
        assert_eq!(block(&mut end), [0.0; 4], "it is silent then, not the microphone");
        deck.play(true);
        deck.select(Some(1..4));
        deck.go_to(1);
        assert_eq!(block(&mut end), [2.0, 3.0, 4.0, 2.0]);
        assert_eq!(block(&mut end), [3.0, 4.0, 2.0, 3.0]);
        deck.select(None);
        assert_eq!(block(&mut end), [4.0, 5.0, 6.0, 0.0]);
    }

    #[test]
    fn without_a_reel_the_input_is_left_alone_and_reels_come_back() {
        let (deck, mut end) = playing(6);
        block(&mut end);
        deck.reels.recall();
        assert_eq!(block(&mut end), [-1.0; 4]);
        assert!(deck.reels.take_back().is_some());
    }
}
