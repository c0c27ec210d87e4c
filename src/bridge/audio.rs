//! What the audio thread does with its end.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use quell_core::{CaptureProgress, CaptureRefusal, Captured, NoiseChange, NoiseProfile};
use ringbuf::traits::{Consumer, Observer, Producer};

use super::messages::{CaptureOrder, Message, Prints};
use super::words::{pack_change, pack_progress, pack_refusal};
use super::{AudioEnd, N_FILLED};

impl AudioEnd {
    /// Makes ready for a stream with profiles of this size. Allocates; not while audio runs.
    ///
    /// Returns the profiles that the new stream starts with.
    pub fn prepare(&mut self, n_channels: usize, n_bins: usize) -> Prints {
        let link = Arc::clone(&self.link);
        let mut main = link.main();
        // Frames of the last stream are gone.
        link.stretch_due.store(0, Ordering::Relaxed);
        // What was still under way is in the main side's profiles already.
        link.to_audio.iter().for_each(|cell| drop(cell.take()));
        self.order_idx = main.n_orders;
        // Boxes of the last stream may be too small for this one.
        self.spare = None;
        while self.blank.try_pop().is_some() {}
        for _ in 0..N_FILLED {
            let profile = NoiseProfile::with_capacity(n_channels, n_bins);
            drop(main.blank.try_push(Box::new(Message::order(profile, 0))));
        }
        main.profiles.clone()
    }

    /// Hands newly ordered profiles to `adopt` with their slots: `None` removes a print.
    pub fn take_orders(&mut self, mut adopt: impl FnMut(usize, Option<&NoiseProfile>)) {
        for (slot_idx, cell) in self.link.to_audio.iter().enumerate() {
            if self.used.is_full() {
                return;
            }
            let Some(message) = cell.take() else { continue };
            self.order_idx[slot_idx] = message.order_idx;
            adopt(slot_idx, Some(&message.profile).filter(|profile| !profile.is_empty()));
            // There is room: it was looked for above, and only this side fills the ring.
            if let Err(message) = self.used.try_push(message) {
                std::mem::forget(message);
            }
        }
    }

    /// What was ordered about the switch for captures since the last call.
    pub fn take_capture_order(&mut self) -> Option<CaptureOrder> {
        match self.link.capture_order.swap(0, Ordering::Acquire) {
            1 => Some(CaptureOrder::Block),
            2 => Some(CaptureOrder::Abandon),
            3 => Some(CaptureOrder::Release),
            _ => None,
        }
    }

    /// Whether somebody has asked for what was heard last.
    pub fn take_recent(&mut self) -> bool {
        self.link.is_recent_due.swap(false, Ordering::Relaxed)
    }

    /// The frames that somebody has asked to be learned.
    pub fn take_stretch(&mut self) -> Option<Range<u32>> {
        let word = self.link.stretch_due.swap(0, Ordering::Relaxed);
        (word != 0).then_some((word >> 32) as u32..word as u32)
    }

    /// Whether the end of a capture can be told now; else it waits in the stream.
    pub fn can_tell(&self) -> bool {
        self.spare.is_some() || !self.blank.is_empty()
    }

    /// Tells the end of a capture.
    pub fn tell(&mut self, end: Result<Captured, CaptureRefusal>) {
        let event_idx = self.event_idx.wrapping_add(1);
        match end {
            Ok(captured) => {
                let Some(mut message) = self.spare.take().or_else(|| self.blank.try_pop()) else {
                    return;
                };
                message.profile.copy_from(captured.print);
                message.slot = captured.slot;
                message.order_idx = self.order_idx[captured.slot];
                message.event_idx = event_idx;
                message.source_before = captured.source_before;
                let cell = match captured.is_in_force {
                    true => &self.link.taken[captured.slot],
                    false => &self.link.offered,
                };
                // Where nobody has looked at the one before, its box serves again.
                self.spare = cell.swap(Some(message));
                let is_source_new = captured.source_before.is_some();
                self.link.is_source_new.fetch_or(is_source_new, Ordering::Relaxed);
                self.link.is_dirty.fetch_or(captured.is_in_force, Ordering::Relaxed);
            }
            Err(refusal) => {
                self.link.refusal.store(pack_refusal(refusal, event_idx), Ordering::Release);
            }
        }
        self.event_idx = event_idx;
        self.show_progress(None);
    }

    /// Shows how far a capture has come.
    pub fn show_progress(&self, progress: Option<CaptureProgress>) {
        self.link.progress.store(pack_progress(progress), Ordering::Relaxed);
    }

    /// Shows how the noise differs from the print.
    pub fn show_change(&self, change: Option<NoiseChange>) {
        self.link.noise_change.store(pack_change(change), Ordering::Relaxed);
    }

    /// Tells whether there is a stream.
    pub fn show_active(&self, is_active: bool) {
        self.link.is_active.store(is_active, Ordering::Relaxed);
    }

    /// Announces the delay of a stream that is about to run.
    pub fn show_latency(&self, samples: usize) {
        self.link
            .latency_samples
            .store(u32::try_from(samples).unwrap_or(u32::MAX), Ordering::Relaxed);
    }
}
