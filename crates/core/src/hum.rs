//! Mains hum, taken away in phase.
//!
//! A mask can only turn a bin down, and with it the music that shares the bin with hum. But hum goes on
//! for minutes with the same amplitude and phase: once both are known, it can be subtracted, and what
//! shared its bins stays. The finder listens for harmonics of 50 or 60 Hz whose phases move on evenly for
//! seconds, as no note does; the comb then follows amplitude and phase of every harmonic. Where there is no
//! hum, nothing is touched.

mod comb;
mod finder;
mod response;

use realfft::num_complex::Complex32;

use crate::config;
use crate::stft::Transform;
use comb::Comb;
use finder::Finder;

/// Finds and follows the hum of one channel.
pub(crate) struct HumCanceller {
    finder: Finder,
    comb: Comb,
    /// Frames of digital silence in a row, up to `forget_after`.
    n_silent: usize,
    forget_after: usize,
}

impl HumCanceller {
    pub(crate) fn new(transform: &Transform) -> Self {
        let geometry = transform.geometry();
        let hop_s = geometry.hop_len as f64 / geometry.sample_rate_hz;
        Self {
            finder: Finder::new(geometry.n_bins(), geometry.bin_hz(), hop_s),
            comb: Comb::new(transform, hop_s),
            n_silent: 0,
            forget_after: (config::HUM_FORGETS_AFTER_S / hop_s).ceil() as usize,
        }
    }

    /// Bins from 0 Hz that hum can be in.
    pub(crate) fn n_bins(&self) -> usize {
        self.comb.n_bins()
    }

    pub(crate) fn reset(&mut self) {
        self.finder.reset();
        self.comb.stop();
        self.n_silent = 0;
    }

    /// Takes in the spectrum of a frame and writes the part of it that is hum.
    pub(crate) fn track(&mut self, spectrum: &[Complex32], hum: &mut [Complex32]) {
        hum.fill(Complex32::ZERO);
        if self.is_asleep(spectrum) {
            return;
        }
        if self.comb.is_running() {
            self.comb.follow(spectrum, hum);
            return;
        }
        self.finder.push(spectrum);
        if let Some(hz) = self.finder.search() {
            self.comb.start(hz);
            // Should the comb lose it, what is heard then counts.
            self.finder.reset();
        }
    }

    fn is_asleep(&mut self, spectrum: &[Complex32]) -> bool {
        if spectrum.iter().any(|bin| *bin != Complex32::ZERO) {
            self.n_silent = 0;
        } else if self.n_silent < self.forget_after {
            self.n_silent += 1;
            if self.n_silent == self.forget_after {
                self.finder.reset();
                self.comb.stop();
            }
        }
        self.n_silent == self.forget_after
    }
}

#[cfg(test)]
mod tests;
