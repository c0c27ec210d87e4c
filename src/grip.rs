//! The way of a hand on the window's corner to the host: the window says what size it wants, and
//! the host's main thread carries the wish, as nobody else may.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Tells the main thread that there is a wish; from any thread.
type Wake = Box<dyn Fn() + Send>;

/// Shared by the window and the shell around the instance.
#[derive(Default)]
pub struct Grip {
    /// Width in the upper half, height in the lower one; 0 for none.
    wish: AtomicU64,
    is_offered: AtomicBool,
    /// The host has followed a wish before.
    has_worked: AtomicBool,
    wake: Mutex<Option<Wake>>,
}

impl Grip {
    /// From now on the shell carries wishes, and `wake` has it look for one.
    pub fn offer(&self, wake: impl Fn() + Send + 'static) {
        *self.wake() = Some(Box::new(wake));
        self.is_offered.store(true, Ordering::Release);
    }

    /// It does no longer; on return nobody is in `wake`.
    pub fn withdraw(&self) {
        self.is_offered.store(false, Ordering::Release);
        *self.wake() = None;
        self.wish.store(0, Ordering::Release);
    }

    /// Whether anybody carries wishes.
    pub fn is_offered(&self) -> bool {
        self.is_offered.load(Ordering::Acquire)
    }

    /// Wishes for a size, as the host counts pixels; the latest counts. From the window's thread.
    pub fn ask(&self, width: u32, height: u32) {
        self.wish.store(u64::from(width) << 32 | u64::from(height), Ordering::Release);
        if let Some(wake) = &*self.wake() {
            wake();
        }
    }

    /// Takes the wish. From the main thread, as what follows.
    pub fn take(&self) -> Option<[u32; 2]> {
        let wish = self.wish.swap(0, Ordering::AcqRel);
        (wish != 0).then_some([(wish >> 32) as u32, wish as u32])
    }

    /// What the host said to a wish. One that has never followed any is not asked again: a grip
    /// that does nothing misleads.
    pub fn answer(&self, is_followed: bool) {
        if is_followed {
            self.has_worked.store(true, Ordering::Release);
        } else if !self.has_worked.load(Ordering::Acquire) {
            self.withdraw();
        }
    }

    fn wake(&self) -> MutexGuard<'_, Option<Wake>> {
        self.wake.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicU32;

    use super::*;

    #[test]
    fn the_latest_wish_is_carried_once() {
        let (grip, n_woken) = (Grip::default(), Arc::new(AtomicU32::new(0)));
        let counter = Arc::clone(&n_woken);
        grip.offer(move || _ = counter.fetch_add(1, Ordering::Relaxed));
        grip.ask(800, 500);
        grip.ask(1_000, 640);
        assert_eq!(n_woken.load(Ordering::Relaxed), 2);
        assert_eq!(grip.take(), Some([1_000, 640]));
        assert_eq!(grip.take(), None);
    }

    #[test]
    fn a_host_that_never_follows_loses_the_grip_and_one_that_did_keeps_it() {
        let grip = Grip::default();
        assert!(!grip.is_offered());
        grip.offer(|| {});
        grip.answer(false);
        assert!(!grip.is_offered());
        grip.offer(|| {});
        grip.answer(true);
        grip.answer(false);
        assert!(grip.is_offered());
    }
}
