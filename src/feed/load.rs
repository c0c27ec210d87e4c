//! How much of a processor's time the sound takes.
//!
//! The audio thread reads the processor's own counter, which costs an instruction and asks the
//! system nothing; what a tick of it lasts is found out by whoever looks.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Looks nearer to one another say too little, seconds.
const LOOK_S: f64 = 1.0;

/// The processor's counter, where it has one that can be read without a call.
#[cfg(target_arch = "x86_64")]
pub(super) fn ticks() -> Option<u64> {
    // SAFETY: every processor of this kind has the instruction.
    Some(unsafe { core::arch::x86_64::_rdtsc() })
}

/// The processor's counter, where it has one that can be read without a call.
#[cfg(target_arch = "aarch64")]
pub(super) fn ticks() -> Option<u64> {
    let ticks: u64;
    // SAFETY: the counter of virtual time can be read by every program; nothing else is touched.
    unsafe { core::arch::asm!("mrs {}, cntvct_el0", out(reg) ticks, options(nomem, nostack)) };
    Some(ticks)
}

/// The processor's counter, where it has one that can be read without a call.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(super) fn ticks() -> Option<u64> {
    None
}

/// What the audio thread has done since the stream began.
#[derive(Default)]
pub(super) struct Work {
    ticks: AtomicU64,
    n_samples: AtomicU64,
}

impl Work {
    /// Takes note of a block that was begun when the counter stood there.
    pub(super) fn note(&self, since: Option<u64>, n_samples: usize) {
        if let (Some(since), Some(now)) = (since, ticks()) {
            // Another processor's counter may stand a little behind.
            self.ticks.fetch_add(now.saturating_sub(since), Ordering::Relaxed);
            self.n_samples.fetch_add(n_samples as u64, Ordering::Relaxed);
        }
    }

    fn done(&self) -> [u64; 2] {
        [&self.ticks, &self.n_samples].map(|count| count.load(Ordering::Relaxed))
    }
}

/// One who looks now and then.
#[derive(Default)]
pub struct Watch {
    /// When it looked, what the counter said, and what had been done.
    last: Option<(Instant, u64, [u64; 2])>,
    share: Option<f32>,
}

impl Watch {
    /// The share of a core's time that sound takes; none before it is known, and while there is no
    /// sound.
    pub(super) fn look(&mut self, work: &Work, sample_rate_hz: f32) -> Option<f32> {
        let now = (Instant::now(), ticks()?, work.done());
        let Some((at, counter, done)) = self.last else {
            self.last = Some(now);
            return None;
        };
        let seconds = now.0.duration_since(at).as_secs_f64();
        if seconds >= LOOK_S {
            let gone = |new: u64, old: u64| new.saturating_sub(old) as f64;
            let ticks_per_s = gone(now.1, counter) / seconds;
            let busy_s = gone(now.2[0], done[0]) / ticks_per_s.max(1.0);
            let sound_s = gone(now.2[1], done[1]) / f64::from(sample_rate_hz.max(1.0));
            self.share = (sound_s > 0.1).then(|| (busy_s / sound_s) as f32);
            self.last = Some(now);
        }
        self.share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_time_is_half_of_a_core() {
        let (work, mut watch) = (Work::default(), Watch::default());
        assert_eq!(watch.look(&work, 48_000.0), None);
        let end = Instant::now() + std::time::Duration::from_millis(1_100);
        while Instant::now() < end {
            let (since, begun) = (ticks(), Instant::now());
            while begun.elapsed().as_micros() < 5_000 {}
            // Sound of twice the time that it took.
            work.note(since, (begun.elapsed().as_secs_f64() * 2.0 * 48_000.0) as usize);
        }
        let share = watch.look(&work, 48_000.0).expect("a counter");
        assert!((share - 0.5).abs() < 0.03, "{share}");
    }

    #[test]
    fn nothing_is_said_of_silence() {
        let (work, mut watch) = (Work::default(), Watch::default());
        watch.look(&work, 48_000.0);
        std::thread::sleep(std::time::Duration::from_millis(1_050));
        assert_eq!(watch.look(&work, 48_000.0), None);
    }
}
