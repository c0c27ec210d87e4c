//! Mains hum, taken away in phase.
//!
//! A mask can only turn a bin down, and with it the music that shares the bin with hum. But hum
//! goes on for minutes with the same amplitude and phase: once both are known, it can be
//! subtracted, and what shared its bins stays. The finder listens for harmonics of 50 or 60 Hz
//! whose phases move on evenly for seconds, as no note does; the comb then follows amplitude and
//! phase of every harmonic. Where there is no hum, nothing is touched.

mod comb;
mod finder;
mod response;

use std::sync::Arc;

use realfft::num_complex::Complex32;

use crate::silence::SilenceWatch;
use crate::stft::Transform;
use comb::Comb;
use finder::Finder;
pub(crate) use response::Response;

/// Hum that is being taken away.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hum {
    /// Frequency of the first harmonic, Hz.
    pub hz: f32,
    /// A bit for each harmonic that is steady enough to be taken away, the first one lowest.
    pub steady: u64,
}

impl Hum {
    /// The harmonics that are taken away: 1 for the first.
    pub fn harmonics(&self) -> impl Iterator<Item = u32> + use<> {
        let steady = self.steady;
        (0..u64::BITS).filter(move |idx| steady >> idx & 1 == 1).map(|idx| idx + 1)
    }
}

/// Finds and follows the hum of one channel.
pub(crate) struct HumCanceller {
    finder: Finder,
    comb: Comb,
    silence: SilenceWatch,
}

impl HumCanceller {
    /// `response` is that of the transform's window, which all channels share.
    pub(crate) fn new(transform: &Transform, response: &Arc<Response>) -> Self {
        let geometry = transform.geometry();
        let hop_s = geometry.hop_s();
        Self {
            finder: Finder::new(geometry.n_bins(), geometry.bin_hz(), hop_s),
            comb: Comb::new(geometry.n_bins(), geometry.bin_hz(), hop_s, response),
            silence: SilenceWatch::new(hop_s),
        }
    }

    /// Bins from 0 Hz that hum can be in.
    pub(crate) fn n_bins(&self) -> usize {
        self.comb.n_bins()
    }

    /// What is followed now.
    pub(crate) fn followed(&self) -> Option<Hum> {
        self.comb.followed()
    }

    pub(crate) fn reset(&mut self) {
        self.finder.reset();
        self.comb.stop();
        self.silence.reset();
    }

    /// Takes in the spectrum of a frame, writes the part of it that is hum, and tells whether one
    /// is followed.
    pub(crate) fn track(&mut self, spectrum: &[Complex32], hum: &mut [Complex32]) -> bool {
        hum.fill(Complex32::ZERO);
        let is_silent = spectrum.iter().all(|bin| *bin == Complex32::ZERO);
        let (finder, comb) = (&mut self.finder, &mut self.comb);
        let forget = || {
            finder.reset();
            comb.stop();
        };
        if self.silence.is_asleep(is_silent, forget) {
            return false;
        }
        if self.comb.is_running() {
            self.comb.follow(spectrum, hum);
            return true;
        }
        self.finder.push(spectrum);
        if let Some(hz) = self.finder.search() {
            self.comb.start(hz);
            // Should the comb lose it, what is heard then counts.
            self.finder.reset();
        }
        false
    }
}

#[cfg(test)]
mod tests;
