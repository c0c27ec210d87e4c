//! What the audio thread and the others tell each other, without a lock on the audio side.
//!
//! Everything here is 'the latest wins': a cell holds one message, a newer one takes its place and
//! whoever put it in gets the older one back. What is about a print has a cell for each slot.
//! Messages are boxes that travel both ways, so the audio thread neither allocates nor frees.

mod audio;
mod messages;
mod words;

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use crossbeam_utils::atomic::AtomicCell;
use quell_core::slot::{self, N_SLOTS, Slots};
use quell_core::{CaptureProgress, NoiseChange, NoiseProfile};
use ringbuf::traits::{Consumer, Producer, Split};
use ringbuf::{HeapCons, HeapProd, HeapRb};

use crate::params::{QuellParams, SLOT};
use messages::Message;
pub use messages::{CaptureOrder, CaptureStep, News, Print, Prints};
use words::{pack_change, pack_progress, unpack_change, unpack_progress, unpack_refusal};

/// Boxes that a stream fills: one for every cell that it puts them in, and one for each hand.
const N_FILLED: usize = N_SLOTS + 3;
/// Boxes that may be under way at once, with room to spare.
const N_BOXES: usize = 2 * N_FILLED;
/// Captures that are kept for the history while no window looks.
const MAX_UNSEEN: usize = 32;

/// The side of the main thread and the editor; shared by all of them.
pub struct Link {
    /// Says which slot is chosen.
    params: Arc<QuellParams>,
    to_audio: Slots<AtomicCell<Option<Box<Message>>>>,
    /// Captured prints: what came into a slot, and what did not.
    taken: Slots<AtomicCell<Option<Box<Message>>>>,
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
    /// The profiles as they were captured or loaded, on their own bins and channels.
    profiles: Prints,
    /// What is in force between two of them, where somebody looked.
    mix: Option<Mix>,
    news: Option<News>,
    /// Captures that nobody has put into the history.
    steps: Vec<CaptureStep>,
    n_orders: Slots<u32>,
    /// Number of the last capture's end that was taken in.
    event_idx: u32,
    /// Boxes that the audio thread is done with.
    used: HeapCons<Box<Message>>,
    /// Boxes for the audio thread to fill.
    blank: HeapProd<Box<Message>>,
}

/// What is in force at a position between two prints.
struct Mix {
    position: f32,
    of: Prints,
    print: Print,
}

/// The side of the audio thread.
pub struct AudioEnd {
    link: Arc<Link>,
    used: HeapProd<Box<Message>>,
    blank: HeapCons<Box<Message>>,
    /// A box that came back unread. There is never a second: one is only taken where this one went.
    spare: Option<Box<Message>>,
    /// Number of the last message taken, for each slot.
    order_idx: Slots<u32>,
    /// Number of the last capture's end.
    event_idx: u32,
}

/// Makes both ends, for an instance with these parameters.
pub fn link(params: Arc<QuellParams>) -> (Arc<Link>, AudioEnd) {
    let (used_in, used_out) = HeapRb::new(N_BOXES).split();
    let (blank_in, blank_out) = HeapRb::new(N_BOXES).split();
    let link = Arc::new(Link {
        params,
        to_audio: Slots::default(),
        taken: Slots::default(),
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
            profiles: Prints::default(),
            mix: None,
            news: None,
            steps: Vec::new(),
            n_orders: [0; N_SLOTS],
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
        order_idx: [0; N_SLOTS],
        event_idx: 0,
    };
    (link, audio)
}

impl Link {
    /// Where the instance is among the slots.
    fn position(&self) -> f32 {
        self.params[SLOT].plain()
    }

    /// The slot that is chosen, or nearest to what is: everything by hand is about it.
    pub fn slot(&self) -> usize {
        slot::nearest(self.position())
    }

    /// The profile in the chosen slot, in its original form: the last one loaded or captured.
    pub fn profile(&self) -> Print {
        let slot_idx = self.slot();
        self.main().profiles[slot_idx].clone()
    }

    /// What all slots hold.
    pub fn profiles(&self) -> Prints {
        self.main().profiles.clone()
    }

    /// What the noise is known by: on a slot its own print, and between two what lies between them.
    pub fn in_force(&self) -> Print {
        let position = self.position();
        let mut main = self.main();
        let is_same = |mix: &Mix, now: &Prints| {
            let pairs = mix.of.iter().zip(now);
            mix.position == position && pairs.into_iter().all(|(old, new)| is_one(old, new))
        };
        if main.mix.as_ref().is_none_or(|mix| !is_same(mix, &main.profiles)) {
            let of = main.profiles.clone();
            let print = slot::in_force(position, &of);
            main.mix = Some(Mix { position, of, print });
        }
        main.mix.as_ref().and_then(|mix| mix.print.clone())
    }

    /// Replaces the profile in the chosen slot, here and on the audio thread.
    pub fn set_profile(&self, profile: Print) {
        let slot_idx = self.slot();
        self.replace(slot_idx, profile);
    }

    /// Replaces all of them: what is captured meanwhile belongs to what was there before.
    pub fn set_profiles(&self, profiles: Prints) {
        for (slot_idx, profile) in profiles.into_iter().enumerate() {
            self.replace(slot_idx, profile);
        }
    }

    fn replace(&self, slot_idx: usize, profile: Print) {
        let mut main = self.main();
        while main.used.try_pop().is_some() {}
        main.n_orders[slot_idx] = main.n_orders[slot_idx].wrapping_add(1);
        let copy = profile.as_deref().cloned().unwrap_or_default();
        let message = Message::order(copy, main.n_orders[slot_idx]);
        main.profiles[slot_idx] = profile;
        main.news = None;
        drop(self.to_audio[slot_idx].swap(Some(Box::new(message))));
    }

    /// Replaces or removes the profile in the chosen slot by hand, which changes what is saved.
    pub fn edit_profile(&self, profile: Print) {
        self.edit_profile_in(self.slot(), profile);
    }

    /// The same in any slot.
    pub fn edit_profile_in(&self, slot_idx: usize, profile: Print) {
        self.replace(slot_idx, profile);
        self.is_dirty.store(true, Ordering::Relaxed);
    }

    /// Gives the print in the chosen slot another name; nothing of it is heard.
    pub fn name_profile(&self, name: &str) {
        let slot_idx = self.slot();
        let mut main = self.main();
        if let Some(profile) = &mut main.profiles[slot_idx] {
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
        let taken = self.taken.each_ref().map(|cell| (cell.take(), true));
        let mut boxes: Vec<_> = taken
            .into_iter()
            .chain([(self.offered.take(), false)])
            .filter_map(|(message, is_in_force)| Some((message?, is_in_force)))
            .collect();
        let last = main.event_idx;
        boxes.sort_by_key(|(message, _)| message.event_idx.wrapping_sub(last) as i32);
        for (message, is_in_force) in boxes {
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

/// Whether two are the same print, or both none.
fn is_one(a: &Print, b: &Print) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => Arc::ptr_eq(a, b),
        (a, b) => a.is_none() && b.is_none(),
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
        let slot = message.slot;
        if message.order_idx != self.n_orders[slot] {
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
        let before = self.profiles[slot].replace(Arc::clone(&profile));
        let source_before = message.source_before;
        self.steps.push(CaptureStep { slot, before, after: profile, source_before });
    }
}

#[cfg(test)]
mod tests;
