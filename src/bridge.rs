//! What the audio thread and the others tell each other, without a lock on the audio side.
//!
//! Everything here is 'the latest wins': a slot holds one message, a newer one takes its place and
//! whoever put it in gets the older one back. Messages are boxes that travel both ways, so the
//! audio thread neither allocates nor frees.

mod messages;
mod words;

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use crossbeam_utils::atomic::AtomicCell;
use quell_core::{CaptureProgress, CaptureRefusal, Captured, NoiseChange, NoiseProfile};
use ringbuf::traits::{Consumer, Observer, Producer, Split};
use ringbuf::{HeapCons, HeapProd, HeapRb};

use messages::Message;
pub use messages::{CaptureOrder, CaptureStep, News, Print};
use words::{
    pack_change, pack_progress, pack_refusal, unpack_change, unpack_progress, unpack_refusal,
};

/// Boxes that may be under way at once, with room to spare: one in every slot and one in every
/// hand.
const N_BOXES: usize = 8;
/// Captures that are kept for the history while no window looks.
const MAX_UNSEEN: usize = 32;

/// The side of the main thread and the editor; shared by all of them.
pub struct Link {
    to_audio: AtomicCell<Option<Box<Message>>>,
    /// Captured prints: what came into force, and what did not.
    in_force: AtomicCell<Option<Box<Message>>>,
    offered: AtomicCell<Option<Box<Message>>>,
    refusal: AtomicU64,
    progress: AtomicU64,
    noise_change: AtomicU64,
    /// A [`CaptureOrder`] and one, or 0.
    capture_order: AtomicU8,
    /// Somebody wants what was heard last to be learned.
    is_recent_due: AtomicBool,
    /// Numbers of the frames that somebody wants to be learned: the first in the upper half, and
    /// the one after the last; 0 for none.
    stretch_due: AtomicU64,
    /// The button of the capture is held: it goes on for as long.
    is_held: AtomicBool,
    latency_samples: AtomicU32,
    is_dirty: AtomicBool,
    /// A capture has changed the source, which the host has not heard of.
    is_source_new: AtomicBool,
    is_active: AtomicBool,
    main: Mutex<MainSide>,
}

/// What only threads that may wait touch.
struct MainSide {
    /// The profile as it was captured or loaded, on its own bins and channels.
    profile: Print,
    news: Option<News>,
    /// Captures that nobody has put into the history.
    steps: Vec<CaptureStep>,
    n_orders: u32,
    /// Number of the last capture's end that was taken in.
    event_idx: u32,
    /// Boxes that the audio thread is done with.
    used: HeapCons<Box<Message>>,
    /// Boxes for the audio thread to fill.
    blank: HeapProd<Box<Message>>,
}

/// The side of the audio thread.
pub struct AudioEnd {
    link: Arc<Link>,
    used: HeapProd<Box<Message>>,
    blank: HeapCons<Box<Message>>,
    /// A box that came back unread. There is never a second: one is only taken where this one went.
    spare: Option<Box<Message>>,
    /// Number of the last message taken.
    order_idx: u32,
    /// Number of the last capture's end.
    event_idx: u32,
}

/// Makes both ends.
pub fn link() -> (Arc<Link>, AudioEnd) {
    let (used_in, used_out) = HeapRb::new(N_BOXES).split();
    let (blank_in, blank_out) = HeapRb::new(N_BOXES).split();
    let link = Arc::new(Link {
        to_audio: AtomicCell::new(None),
        in_force: AtomicCell::new(None),
        offered: AtomicCell::new(None),
        refusal: AtomicU64::new(0),
        progress: AtomicU64::new(pack_progress(None)),
        noise_change: AtomicU64::new(pack_change(None)),
        capture_order: AtomicU8::new(0),
        is_recent_due: AtomicBool::new(false),
        stretch_due: AtomicU64::new(0),
        is_held: AtomicBool::new(false),
        latency_samples: AtomicU32::new(0),
        is_dirty: AtomicBool::new(false),
        is_source_new: AtomicBool::new(false),
        is_active: AtomicBool::new(false),
        main: Mutex::new(MainSide {
            profile: None,
            news: None,
            steps: Vec::new(),
            n_orders: 0,
            event_idx: 0,
            used: used_out,
            blank: blank_in,
        }),
    });
    let audio = AudioEnd {
        link: Arc::clone(&link),
        used: used_in,
        blank: blank_out,
        spare: None,
        order_idx: 0,
        event_idx: 0,
    };
    (link, audio)
}

impl Link {
    /// The profile in its original form: the last one loaded or captured.
    pub fn profile(&self) -> Print {
        self.main().profile.clone()
    }

    /// Replaces the profile, here and on the audio thread.
    pub fn set_profile(&self, profile: Print) {
        let mut main = self.main();
        while main.used.try_pop().is_some() {}
        main.n_orders = main.n_orders.wrapping_add(1);
        let copy = profile.as_deref().cloned().unwrap_or_default();
        let message = Message::order(copy, main.n_orders);
        main.profile = profile;
        main.news = None;
        drop(self.to_audio.swap(Some(Box::new(message))));
    }

    /// Replaces or removes the profile by hand, which changes what is saved.
    pub fn edit_profile(&self, profile: Print) {
        self.set_profile(profile);
        self.is_dirty.store(true, Ordering::Relaxed);
    }

    /// Gives the print another name; nothing of it is heard.
    pub fn name_profile(&self, name: &str) {
        let mut main = self.main();
        if let Some(profile) = &mut main.profile {
            Arc::make_mut(profile).about_mut().name = name.to_owned();
            self.is_dirty.store(true, Ordering::Relaxed);
        }
    }

    /// How far a capture under way has come.
    pub fn progress(&self) -> Option<CaptureProgress> {
        unpack_progress(self.progress.load(Ordering::Relaxed))
    }

    /// How the noise differs from the print in force.
    pub fn noise_change(&self) -> Option<NoiseChange> {
        unpack_change(self.noise_change.load(Ordering::Relaxed))
    }

    /// What the last capture left to be said.
    pub fn news(&self) -> Option<News> {
        self.main().news.clone()
    }

    /// Offers a print that no capture made.
    pub fn offer(&self, print: Arc<NoiseProfile>) {
        self.main().news = Some(News::Offered(print));
    }

    /// It was said, or a new capture begins.
    pub fn forget_news(&self) {
        self.main().news = None;
    }

    /// Captures that came to an end so far.
    pub fn n_ends(&self) -> u32 {
        self.main().event_idx
    }

    /// Captures that came into force since the last call, the oldest first.
    pub fn take_steps(&self) -> Vec<CaptureStep> {
        std::mem::take(&mut self.main().steps)
    }

    /// Tells the audio thread what to make of the switch for captures.
    pub fn order_capture(&self, order: CaptureOrder) {
        self.capture_order.store(order as u8 + 1, Ordering::Release);
    }

    /// Has the audio thread learn what was heard last.
    pub fn learn_recent(&self) {
        self.is_recent_due.store(true, Ordering::Relaxed);
    }

    /// Has the audio thread learn the frames with these numbers.
    pub fn learn_stretch(&self, frames: Range<u32>) {
        let word = u64::from(frames.start) << 32 | u64::from(frames.end);
        self.stretch_due.store(word, Ordering::Relaxed);
    }

    /// Tells whether the button of the capture is held.
    pub fn hold_capture(&self, is_held: bool) {
        self.is_held.store(is_held, Ordering::Relaxed);
    }

    /// True while the button of the capture is held.
    pub fn is_capture_held(&self) -> bool {
        self.is_held.load(Ordering::Relaxed)
    }

    /// Delay of the running engine, samples.
    pub fn latency_samples(&self) -> u32 {
        self.latency_samples.load(Ordering::Relaxed)
    }

    /// True between activation and deactivation.
    pub fn is_active(&self) -> bool {
        self.is_active.load(Ordering::Relaxed)
    }

    /// True while the project holds less than the plugin: a capture has changed what is saved.
    pub fn is_dirty(&self) -> bool {
        self.is_dirty.load(Ordering::Relaxed)
    }

    /// [`Self::is_dirty`], and forgets it: for whoever tells the host.
    pub fn take_dirty(&self) -> bool {
        // A capture that is taken in now bears the right date.
        drop(self.main());
        self.is_dirty.swap(false, Ordering::Relaxed)
    }

    /// Whether a capture has changed a parameter since the last call: for whoever tells the host.
    pub fn take_source_change(&self) -> bool {
        self.is_source_new.swap(false, Ordering::Relaxed)
    }

    /// The main side with all that the audio thread has said. A panic of another thread leaves
    /// nothing half-done behind this lock.
    fn main(&self) -> MutexGuard<'_, MainSide> {
        let mut main = self.main.lock().unwrap_or_else(PoisonError::into_inner);
        self.collect(&mut main);
        main
    }

    /// Takes in what the audio thread told of captures, in the order of their ends, and sends the
    /// boxes back.
    fn collect(&self, main: &mut MainSide) {
        let mut boxes = [(self.in_force.take(), true), (self.offered.take(), false)];
        if let [(Some(first), _), (Some(second), _)] = &boxes
            && is_later(first.event_idx, second.event_idx)
        {
            boxes.swap(0, 1);
        }
        for (message, is_in_force) in boxes {
            let Some(message) = message else { continue };
            main.take_in(&message, is_in_force);
            // A full ring means that the audio thread has more than enough boxes.
            drop(main.blank.try_push(message));
        }
        if let Some((refusal, event_idx)) = unpack_refusal(self.refusal.load(Ordering::Acquire))
            && is_later(event_idx, main.event_idx)
        {
            main.event_idx = event_idx;
            main.news = Some(News::Refused(refusal));
        }
    }
}

/// Whether one event came after another; numbers go round.
fn is_later(event_idx: u32, than: u32) -> bool {
    (event_idx.wrapping_sub(than) as i32) > 0
}

impl MainSide {
    fn take_in(&mut self, message: &Message, is_in_force: bool) {
        if is_later(message.event_idx, self.event_idx) {
            self.event_idx = message.event_idx;
        }
        if message.order_idx != self.n_orders {
            return;
        }
        let mut profile = message.profile.clone();
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        profile.about_mut().made_unix_s = now.ok().map(|since| since.as_secs());
        let profile = Arc::new(profile);
        if !is_in_force {
            self.news = Some(News::Offered(profile));
            return;
        }
        self.news = None;
        if self.steps.len() == MAX_UNSEEN {
            self.steps.remove(0);
        }
        let before = self.profile.replace(Arc::clone(&profile));
        let source_before = message.source_before;
        self.steps.push(CaptureStep { before, after: profile, source_before });
    }
}

impl AudioEnd {
    /// Makes ready for a stream with profiles of this size. Allocates; not while audio runs.
    ///
    /// Returns the profile that the new stream starts with.
    pub fn prepare(&mut self, n_channels: usize, n_bins: usize) -> Print {
        let link = Arc::clone(&self.link);
        let mut main = link.main();
        // Frames of the last stream are gone.
        link.stretch_due.store(0, Ordering::Relaxed);
        // What was still under way is in the main side's profile already.
        drop(link.to_audio.take());
        self.order_idx = main.n_orders;
        // Boxes of the last stream may be too small for this one.
        self.spare = None;
        while self.blank.try_pop().is_some() {}
        for _ in 0..4 {
            let profile = NoiseProfile::with_capacity(n_channels, n_bins);
            drop(main.blank.try_push(Box::new(Message::order(profile, 0))));
        }
        main.profile.clone()
    }

    /// Hands a newly ordered profile to `adopt`: `None` removes the print.
    pub fn take_order(&mut self, adopt: impl FnOnce(Option<&NoiseProfile>)) {
        if self.used.is_full() {
            return;
        }
        let Some(message) = self.link.to_audio.take() else { return };
        self.order_idx = message.order_idx;
        adopt(Some(&message.profile).filter(|profile| !profile.is_empty()));
        // There is a slot: it was looked for above, and only this side fills the ring.
        if let Err(message) = self.used.try_push(message) {
            std::mem::forget(message);
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
                message.order_idx = self.order_idx;
                message.event_idx = event_idx;
                message.source_before = captured.source_before;
                let slot =
                    if captured.is_in_force { &self.link.in_force } else { &self.link.offered };
                // Where nobody has looked at the one before, its box serves again.
                self.spare = slot.swap(Some(message));
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

#[cfg(test)]
mod tests;
