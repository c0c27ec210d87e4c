//! What the analysis window makes of a steady tone.

use core::f64::consts::TAU;

use realfft::num_complex::{Complex32, Complex64};

use crate::config;
use crate::stft::Transform;

/// Points per bin: between two of them the response is a straight line to −70 dB.
const POINTS_PER_BIN: usize = 64;

/// The window's spectrum from 0 Hz up: what a tone of amplitude 1 and phase 0 at the start of the
/// frame leaves in a bin so many bins below it. Above it, it leaves the complex conjugate.
pub(crate) struct Response {
    points: Vec<Complex32>,
}

impl Response {
    /// Of the window that a transform analyses with.
    pub(crate) fn new(transform: &Transform) -> Self {
        let window = transform.analysis();
        let at = |point: usize| {
            let bins = point as f64 / POINTS_PER_BIN as f64;
            let step = Complex64::from_polar(1.0, TAU * bins / window.len() as f64);
            let (mut sum, mut phase) = (Complex64::ZERO, Complex64::ONE);
            for &sample in window {
                sum += phase * f64::from(sample);
                phase *= step;
            }
            // A real tone is half a tone at its frequency and half at the negative one.
            Complex32::new((0.5 * sum.re) as f32, (0.5 * sum.im) as f32)
        };
        // Half a bin more than a line's nearest bin may be away from it.
        let n_points = (config::HUM_REACH_BINS + 1) * POINTS_PER_BIN + 1;
        Self { points: (0..n_points).map(at).collect() }
    }

    /// Of a tone `bins` above the bin; nothing beyond the reach.
    pub(super) fn at(&self, bins: f32) -> Complex32 {
        let place = bins.abs() * POINTS_PER_BIN as f32;
        let (below, share) = (place as usize, place.fract());
        let [Some(a), Some(b)] = [below, below + 1].map(|idx| self.points.get(idx)) else {
            return Complex32::ZERO;
        };
        let value = a + (b - a) * share;
        if bins < 0.0 { value.conj() } else { value }
    }
}
