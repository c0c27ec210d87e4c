//! What is done for one who listens, at the end of the audio thread: never to what is rendered, and
//! kept by no project.

mod loudness;
mod solo;

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use loudness::Loudness;
use solo::Solo;

/// What the window asks for.
#[derive(Default)]
pub struct Wishes {
    is_even: AtomicBool,
    /// The bits of the lower edge and of the upper one; 0 for none.
    solo: AtomicU64,
}

impl Wishes {
    /// Makes what is heard as loud as what comes in, for as long as the project is open.
    pub fn make_even(&self, is_even: bool) {
        self.is_even.store(is_even, Ordering::Relaxed);
    }

    /// Whether it is.
    pub fn is_even(&self) -> bool {
        self.is_even.load(Ordering::Relaxed)
    }

    /// Lets only these frequencies be heard, Hz, or all of them.
    pub fn hear_only(&self, band_hz: Option<Range<f32>>) {
        let bits = |hz: f32| u64::from(hz.to_bits());
        let word = band_hz.map_or(0, |band| bits(band.start) << 32 | bits(band.end));
        self.solo.store(word, Ordering::Relaxed);
    }

    /// The frequencies that alone are heard, Hz.
    pub fn only(&self) -> Option<Range<f32>> {
        let word = self.solo.load(Ordering::Relaxed);
        let hz = |bits: u64| f32::from_bits(bits as u32);
        (word != 0).then(|| hz(word >> 32)..hz(word))
    }
}

/// One stream's.
pub struct Ears {
    loudness: Loudness,
    solo: Solo,
    /// Nobody listens.
    is_offline: bool,
}

impl Ears {
    /// For sound of this rate.
    pub fn new(rate_hz: f64, is_offline: bool) -> Self {
        Self { loudness: Loudness::new(rate_hz), solo: Solo::new(rate_hz), is_offline }
    }

    /// Takes note of a block that came in.
    pub fn before(&mut self, wishes: &Wishes, io: &[&mut [f32]]) {
        self.loudness.hear(io, wishes.is_even() && !self.is_offline);
    }

    /// Does what is wished to what became of it.
    pub fn after(&mut self, wishes: &Wishes, io: &mut [&mut [f32]]) {
        self.loudness.even_out(io, wishes.is_even() && !self.is_offline);
        self.solo.pass(io, wishes.only().filter(|_| !self.is_offline));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_is_heard_and_what_is_rendered_is_left_alone() {
        let wishes = Wishes::default();
        assert_eq!(wishes.only(), None);
        wishes.make_even(true);
        wishes.hear_only(Some(2_000.0..4_000.0));
        assert_eq!(wishes.only(), Some(2_000.0..4_000.0));
        let sound: Vec<f32> = (0..48_000).map(|at| (at as f32 * 0.05).sin() * 0.1).collect();
        let heard = |is_offline: bool| {
            let (mut ears, mut heard) = (Ears::new(48_000.0, is_offline), sound.clone());
            for block in heard.chunks_mut(480) {
                ears.before(&wishes, &[&mut block.to_vec()]);
                ears.after(&wishes, &mut [block]);
            }
            heard
        };
        assert_eq!(heard(true), sound);
        let loudest = |sound: &[f32]| sound.iter().fold(0.0f32, |loud, s| loud.max(s.abs()));
        assert!(loudest(&heard(false)[24_000..]) < 0.01, "a tone below the band");
    }
}
