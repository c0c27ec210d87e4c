//! What the analysis window makes of a steady tone.

use core::f64::consts::TAU;

use realfft::num_complex::{Complex32, Complex64};

/// Points per bin: between two of them the response is a straight line to −70 dB.
const POINTS_PER_BIN: usize = 64;

/// The window's spectrum around 0 Hz: what a tone of amplitude 1 and phase 0 at the start of the frame leaves
/// in a bin so many bins away.
pub(super) struct Response {
    reach_bins: usize,
    points: Vec<Complex32>,
}

impl Response {
    /// Of a window, up to `reach_bins` away on both sides.
    pub(super) fn new(window: &[f32], reach_bins: usize) -> Self {
        let n_points = 2 * reach_bins * POINTS_PER_BIN + 1;
        let at = |point: usize| {
            let bins = point as f64 / POINTS_PER_BIN as f64 - reach_bins as f64;
            let step = Complex64::from_polar(1.0, TAU * bins / window.len() as f64);
            let (mut sum, mut phase) = (Complex64::ZERO, Complex64::ONE);
            for &sample in window {
                sum += phase * f64::from(sample);
                phase *= step;
            }
            // A real tone is half a tone at its frequency and half at the negative one.
            Complex32::new((0.5 * sum.re) as f32, (0.5 * sum.im) as f32)
        };
        Self { reach_bins, points: (0..n_points).map(at).collect() }
    }

    /// Of a tone `bins` above the bin; nothing beyond the reach.
    pub(super) fn at(&self, bins: f32) -> Complex32 {
        let place = (bins + self.reach_bins as f32) * POINTS_PER_BIN as f32;
        if !(0.0..(self.points.len() - 1) as f32).contains(&place) {
            return Complex32::ZERO;
        }
        let (below, share) = (place as usize, place.fract());
        self.points[below] + (self.points[below + 1] - self.points[below]) * share
    }
}
