//! What the audio thread and the others tell each other, without a lock on the audio side.
//!
//! Everything here is 'the latest wins': a slot holds one message, a newer one takes its place and
//! whoever put it in gets the older one back. Messages are boxes that travel both ways, so the
//! audio thread neither allocates nor frees.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crossbeam_utils::atomic::AtomicCell;
use quell_core::{CaptureRefusal, CaptureStatus, NoiseProfile, Verdict};
use ringbuf::traits::{Consumer, Observer, Producer, Split};
use ringbuf::{HeapCons, HeapProd, HeapRb};

/// Boxes that may be under way at once, with room to spare: one each way and one in every hand.
const N_BOXES: usize = 8;

/// A profile on its way to the audio thread or back; an empty one removes the print.
struct Message {
    profile: NoiseProfile,
    /// To the audio thread: number of this message. From it: the last number it had taken when
    /// it captured, so that a capture from before a newer order is recognised as outdated.
    order_idx: u32,
}

/// The side of the main thread and the editor; shared by all of them.
pub struct Link {
    to_audio: AtomicCell<Option<Box<Message>>>,
    from_audio: AtomicCell<Option<Box<Message>>>,
    status: AtomicU64,
    latency_samples: AtomicU32,
    is_dirty: AtomicBool,
    is_active: AtomicBool,
    main: Mutex<MainSide>,
}

/// What only threads that may wait touch.
struct MainSide {
    /// The profile as it was captured or loaded, on its own bins and channels.
    profile: Option<Arc<NoiseProfile>>,
    n_orders: u32,
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
    /// A box that came back unread.
    spare: Option<Box<Message>>,
    /// Number of the last message taken.
    order_idx: u32,
    /// A captured profile still has to be sent.
    is_unsent: bool,
}

/// Makes both ends.
pub fn link() -> (Arc<Link>, AudioEnd) {
    let (used_in, used_out) = HeapRb::new(N_BOXES).split();
    let (blank_in, blank_out) = HeapRb::new(N_BOXES).split();
    let link = Arc::new(Link {
        to_audio: AtomicCell::new(None),
        from_audio: AtomicCell::new(None),
        status: AtomicU64::new(pack(CaptureStatus::Idle)),
        latency_samples: AtomicU32::new(0),
        is_dirty: AtomicBool::new(false),
        is_active: AtomicBool::new(false),
        main: Mutex::new(MainSide { profile: None, n_orders: 0, used: used_out, blank: blank_in }),
    });
    let audio = AudioEnd {
        link: Arc::clone(&link),
        used: used_in,
        blank: blank_out,
        spare: None,
        order_idx: 0,
        is_unsent: false,
    };
    (link, audio)
}

impl Link {
    /// The profile in its original form: the last one loaded or captured.
    pub fn profile(&self) -> Option<Arc<NoiseProfile>> {
        let mut main = self.lock();
        self.collect(&mut main);
        main.profile.clone()
    }

    /// Replaces the profile, here and on the audio thread.
    pub fn set_profile(&self, profile: Option<NoiseProfile>) {
        let mut main = self.lock();
        self.collect(&mut main);
        while main.used.try_pop().is_some() {}
        main.n_orders = main.n_orders.wrapping_add(1);
        let message =
            Message { profile: profile.clone().unwrap_or_default(), order_idx: main.n_orders };
        main.profile = profile.map(Arc::new);
        drop(self.to_audio.swap(Some(Box::new(message))));
    }

    /// Replaces or removes the profile by hand, which changes what is saved.
    pub fn edit_profile(&self, profile: Option<NoiseProfile>) {
        self.set_profile(profile);
        self.is_dirty.store(true, Ordering::Relaxed);
    }

    /// What became of the last capture.
    pub fn status(&self) -> CaptureStatus {
        unpack(self.status.load(Ordering::Relaxed))
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
        self.is_dirty.swap(false, Ordering::Relaxed)
    }

    /// A panic of another thread leaves nothing half-done behind this lock.
    fn lock(&self) -> MutexGuard<'_, MainSide> {
        self.main.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in what the audio thread captured and sends the box back.
    fn collect(&self, main: &mut MainSide) {
        let Some(message) = self.from_audio.take() else { return };
        if message.order_idx == main.n_orders {
            main.profile = Some(Arc::new(message.profile.clone()));
        }
        // A full ring means that the audio thread has more than enough boxes.
        drop(main.blank.try_push(message));
    }
}

impl AudioEnd {
    /// Makes ready for a stream with profiles of this size. Allocates; not while audio runs.
    ///
    /// Returns the profile that the new stream starts with.
    pub fn prepare(&mut self, n_channels: usize, n_bins: usize) -> Option<Arc<NoiseProfile>> {
        self.is_unsent = false;
        let link = Arc::clone(&self.link);
        let mut main = link.lock();
        link.collect(&mut main);
        // What was still under way is in the main side's profile already.
        drop(link.to_audio.take());
        self.order_idx = main.n_orders;
        // Boxes of the last stream may be too small for this one.
        self.spare = None;
        while self.blank.try_pop().is_some() {}
        for _ in 0..2 {
            let profile = NoiseProfile::with_capacity(n_channels, n_bins);
            drop(main.blank.try_push(Box::new(Message { profile, order_idx: 0 })));
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
        self.is_unsent = false;
        adopt(Some(&message.profile).filter(|profile| !profile.is_empty()));
        // There is a slot: it was looked for above, and only this side fills the ring.
        if let Err(message) = self.used.try_push(message) {
            std::mem::forget(message);
        }
    }

    /// Remembers that a capture gave a profile, to be sent by [`Self::send`].
    pub fn mark_unsent(&mut self) {
        self.is_unsent = true;
    }

    /// Sends a profile that was not sent yet, or leaves it for later where no box is at hand.
    pub fn send(&mut self, profile: Option<&NoiseProfile>) {
        let (true, Some(profile)) = (self.is_unsent, profile) else { return };
        let Some(mut message) = self.spare.take().or_else(|| self.blank.try_pop()) else {
            return;
        };
        message.profile.copy_from(profile);
        message.order_idx = self.order_idx;
        self.is_unsent = false;
        // Where nobody has looked at the one before, its box serves again.
        self.spare = self.link.from_audio.swap(Some(message));
        self.link.is_dirty.store(true, Ordering::Relaxed);
    }

    /// Shows what became of the last capture.
    pub fn show_status(&self, status: CaptureStatus) {
        self.link.status.store(pack(status), Ordering::Relaxed);
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

// ---- Status in one word ----------------------------------------------------------------------
//
// Kind in bits 0..8, seconds in hundredths in 8..32, then two levels in hundredths of a dB as
// 16-bit numbers: one atomic word, so no reader ever sees half of two statuses.

const IDLE: u64 = 0;
const CAPTURING: u64 = 1;
const STEADY: u64 = 2;
const TOO_SHORT: u64 = 3;
const SILENT: u64 = 4;
const NOT_NUMBERS: u64 = 5;
const VARYING: u64 = 6;
const SPEECH: u64 = 7;

fn pack(status: CaptureStatus) -> u64 {
    let (kind, seconds, level_db, spread_db) = match status {
        CaptureStatus::Idle => (IDLE, 0.0, 0.0, 0.0),
        CaptureStatus::Capturing { seconds } => (CAPTURING, seconds, 0.0, 0.0),
        CaptureStatus::Captured { seconds, level_dbfs, spread_db, verdict } => {
            let kind = match verdict {
                Verdict::Steady => STEADY,
                Verdict::Varying => VARYING,
                Verdict::Speech => SPEECH,
            };
            (kind, seconds, level_dbfs, spread_db)
        }
        CaptureStatus::Refused(CaptureRefusal::TooShort { seconds }) => {
            (TOO_SHORT, seconds, 0.0, 0.0)
        }
        CaptureStatus::Refused(CaptureRefusal::Silent) => (SILENT, 0.0, 0.0, 0.0),
        CaptureStatus::Refused(CaptureRefusal::NotNumbers) => (NOT_NUMBERS, 0.0, 0.0, 0.0),
    };
    let seconds = ((seconds * 100.0) as u64).min(0xff_ffff);
    // `as` saturates; the detour over u16 keeps the sign's bits where they belong.
    let hundredths = |db: f32| u64::from((db * 100.0) as i16 as u16);
    kind | seconds << 8 | hundredths(level_db) << 32 | hundredths(spread_db) << 48
}

fn unpack(word: u64) -> CaptureStatus {
    let seconds = (word >> 8 & 0xff_ffff) as f32 / 100.0;
    let hundredths = |shift: u32| f32::from((word >> shift) as u16 as i16) / 100.0;
    match word & 0xff {
        CAPTURING => CaptureStatus::Capturing { seconds },
        kind @ (STEADY | VARYING | SPEECH) => CaptureStatus::Captured {
            seconds,
            level_dbfs: hundredths(32),
            spread_db: hundredths(48),
            verdict: match kind {
                STEADY => Verdict::Steady,
                VARYING => Verdict::Varying,
                _ => Verdict::Speech,
            },
        },
        TOO_SHORT => CaptureStatus::Refused(CaptureRefusal::TooShort { seconds }),
        SILENT => CaptureStatus::Refused(CaptureRefusal::Silent),
        NOT_NUMBERS => CaptureStatus::Refused(CaptureRefusal::NotNumbers),
        _ => CaptureStatus::Idle,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(level_db: f32) -> NoiseProfile {
        NoiseProfile::new(1, 4, vec![level_db; 4], vec![5.0; 4], 1.0).unwrap()
    }

    fn level(profile: Option<Arc<NoiseProfile>>) -> Option<f32> {
        profile.map(|p| p.mean_db()[0])
    }

    #[test]
    fn slots_need_no_lock() {
        assert!(AtomicCell::<Option<Box<Message>>>::is_lock_free());
    }

    fn captured(verdict: Verdict) -> CaptureStatus {
        CaptureStatus::Captured { seconds: 2.0, level_dbfs: -62.25, spread_db: 5.5, verdict }
    }

    #[test]
    fn every_status_survives_packing() {
        for status in [
            CaptureStatus::Idle,
            CaptureStatus::Capturing { seconds: 1.25 },
            captured(Verdict::Steady),
            captured(Verdict::Varying),
            captured(Verdict::Speech),
            CaptureStatus::Refused(CaptureRefusal::TooShort { seconds: 0.25 }),
            CaptureStatus::Refused(CaptureRefusal::Silent),
            CaptureStatus::Refused(CaptureRefusal::NotNumbers),
        ] {
            assert_eq!(unpack(pack(status)), status);
        }
    }

    #[test]
    fn the_newest_capture_arrives_even_if_nobody_looked_at_the_others() {
        let (link, mut audio) = link();
        assert!(audio.prepare(1, 4).is_none());
        for level_db in -50..-20 {
            audio.mark_unsent();
            audio.send(Some(&print(level_db as f32)));
        }
        assert!(link.is_dirty());
        assert_eq!(level(link.profile()), Some(-21.0));
        for level_db in -20..0 {
            audio.mark_unsent();
            audio.send(Some(&print(level_db as f32)));
            assert_eq!(level(link.profile()), Some(level_db as f32));
        }
    }

    #[test]
    fn a_loaded_profile_is_not_overwritten_by_an_older_capture() {
        let (link, mut audio) = link();
        audio.prepare(1, 4);
        link.set_profile(Some(print(-30.0)));
        audio.mark_unsent();
        audio.send(Some(&print(-60.0)));
        assert_eq!(level(link.profile()), Some(-30.0));
        let mut adopted = None;
        audio.take_order(|p| adopted = p.map(|p| p.mean_db()[0]));
        assert_eq!(adopted, Some(-30.0));
    }

    #[test]
    fn orders_reach_the_audio_thread_latest_first_and_only_once() {
        let (link, mut audio) = link();
        audio.prepare(1, 4);
        for _ in 0..100 {
            link.set_profile(Some(print(-40.0)));
            link.set_profile(None);
            let mut orders = Vec::new();
            audio.take_order(|p| orders.push(p.cloned()));
            audio.take_order(|p| orders.push(p.cloned()));
            assert_eq!(orders, [None]);
        }
    }

    #[test]
    fn a_new_stream_starts_with_what_was_captured_before() {
        let (link, mut audio) = link();
        audio.prepare(1, 4);
        audio.mark_unsent();
        audio.send(Some(&print(-45.0)));
        assert_eq!(level(audio.prepare(2, 8)), Some(-45.0));
        assert_eq!(level(link.profile()), Some(-45.0));
    }
}
