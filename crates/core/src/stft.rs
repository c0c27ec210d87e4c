//! Overlap-add short-time Fourier transform of one channel.
//!
//! The caller drives it hop by hop: push exactly one hop of samples, ask for the spectrum, put a
//! (scaled) spectrum back, take exactly one hop of samples. Nothing is allocated after `new`.

use std::f64::consts::PI;
use std::sync::Arc;

use realfft::num_complex::Complex32;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

use crate::config;
use crate::geometry::{Geometry, LatencyMode};

/// FFT plans and windows; shared by all channels of a stream.
#[derive(Clone)]
pub struct Transform {
    geometry: Geometry,
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
    /// Analysis window, `frame_len` long.
    analysis: Arc<[f32]>,
    /// Synthesis window over the last samples of the frame; holds the 1/N of the inverse FFT and
    /// the overlap-add normalisation.
    synthesis: Arc<[f32]>,
    /// Factor from |bin|² to power per 25 Hz.
    power_scale: f32,
}

impl Transform {
    /// Plans the transforms of a geometry for a latency mode.
    pub fn new(geometry: Geometry, mode: LatencyMode) -> Self {
        let mut planner = RealFftPlanner::new();
        let (analysis, synthesis) = match mode {
            LatencyMode::Live => short_synthesis_pair(&geometry),
            LatencyMode::Standard | LatencyMode::Studio => hann_pair(&geometry),
        };
        let energy: f64 = analysis.iter().map(|w| w * w).sum();
        let power_scale = config::PROFILE_BIN_HZ / (geometry.sample_rate_hz * energy);
        let fft_scale = 1.0 / geometry.frame_len as f64;
        Self {
            geometry,
            forward: planner.plan_fft_forward(geometry.frame_len),
            inverse: planner.plan_fft_inverse(geometry.frame_len),
            analysis: analysis.iter().map(|&w| w as f32).collect(),
            synthesis: synthesis.iter().map(|&w| (w * fft_scale) as f32).collect(),
            power_scale: power_scale as f32,
        }
    }

    /// The lengths this transform was planned for.
    pub fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    /// The analysis window, `frame_len` long.
    pub(crate) fn analysis(&self) -> &[f32] {
        &self.analysis
    }

    /// A spectrum of zeros of the right length.
    pub fn make_spectrum(&self) -> Vec<Complex32> {
        vec![Complex32::ZERO; self.geometry.n_bins()]
    }

    /// Writes the power per 25 Hz of each bin of `spectrum` into `power`.
    ///
    /// The scale makes stationary noise read the same at every sample rate and in every mode: white
    /// noise of variance 1 reads `25 / sample_rate_hz`.
    pub fn power(&self, spectrum: &[Complex32], power: &mut [f32]) {
        for (power, bin) in power.iter_mut().zip(spectrum) {
            *power = bin.norm_sqr() * self.power_scale;
        }
    }

    /// Mean of the powers of equally long spectra; `scratch` is as long or longer.
    pub(crate) fn mean_power<'a>(
        &self,
        spectra: impl ExactSizeIterator<Item = &'a [Complex32]>,
        scratch: &mut [f32],
        mean: &mut [f32],
    ) {
        let share = 1.0 / spectra.len() as f32;
        mean.fill(0.0);
        for spectrum in spectra {
            self.power(spectrum, scratch);
            mean.iter_mut().zip(&*scratch).for_each(|(sum, power)| *sum += power * share);
        }
    }
}

/// Hann analysis and Hann synthesis with four-fold overlap; their products sum to 3/2.
fn hann_pair(geometry: &Geometry) -> (Vec<f64>, Vec<f64>) {
    let n = geometry.frame_len;
    let hann: Vec<f64> =
        (0..n).map(|i| 0.5 - 0.5 * (2.0 * PI * i as f64 / n as f64).cos()).collect();
    let synthesis = hann.iter().map(|w| w / 1.5).collect();
    (hann, synthesis)
}

/// A long analysis window that falls within its last hop, and a synthesis window over the last two
/// hops whose product with it is a Hann window (Mauler and Martin, 2007): products of successive
/// frames sum to 1, and only those two hops have to be waited for.
fn short_synthesis_pair(geometry: &Geometry) -> (Vec<f64>, Vec<f64>) {
    let Geometry { frame_len, hop_len, .. } = *geometry;
    let rise_len = frame_len - hop_len;
    let analysis: Vec<f64> = (0..frame_len)
        .map(|i| {
            if i < rise_len {
                (0.5 * PI * i as f64 / rise_len as f64).sin().powi(2)
            } else {
                (0.5 * PI * (i - rise_len) as f64 / hop_len as f64).cos()
            }
        })
        .collect();
    let synthesis_len = hop_len * config::LIVE_SYNTHESIS_HOPS;
    let first = frame_len - synthesis_len;
    let synthesis = (0..synthesis_len)
        .map(|i| {
            let product = (PI * i as f64 / synthesis_len as f64).sin().powi(2);
            product / analysis[first + i]
        })
        .collect();
    (analysis, synthesis)
}

/// Rings and scratch memory of one channel.
pub struct Stft {
    transform: Transform,
    /// The last `frame_len` input samples, oldest first.
    history: Vec<f32>,
    /// Sum of the overlapping output frames; the first hop is finished.
    overlap: Vec<f32>,
    frame: Vec<f32>,
    scratch: Vec<Complex32>,
    work: Vec<Complex32>,
}

impl Stft {
    /// Allocates all memory that the channel will ever need.
    pub fn new(transform: Transform) -> Self {
        let n = transform.geometry.frame_len;
        let scratch_len =
            transform.forward.get_scratch_len().max(transform.inverse.get_scratch_len());
        Self {
            history: vec![0.0; n],
            overlap: vec![0.0; transform.synthesis.len()],
            frame: vec![0.0; n],
            scratch: vec![Complex32::ZERO; scratch_len],
            work: transform.make_spectrum(),
            transform,
        }
    }

    /// Forgets everything that was pushed.
    pub fn reset(&mut self) {
        self.history.fill(0.0);
        self.overlap.fill(0.0);
    }

    /// Takes in one hop of samples and writes the spectrum of the window that ends with it.
    pub fn analyse(&mut self, hop: &[f32], spectrum: &mut [Complex32]) {
        let hop_len = self.transform.geometry.hop_len;
        debug_assert_eq!(hop.len(), hop_len);
        let kept = self.history.len() - hop_len;
        self.history.copy_within(hop_len.., 0);
        self.history[kept..].copy_from_slice(hop);
        let windowed = self.frame.iter_mut().zip(&self.history).zip(&*self.transform.analysis);
        for ((out, sample), window) in windowed {
            *out = sample * window;
        }
        let forward = &self.transform.forward;
        let done = forward.process_with_scratch(&mut self.frame, spectrum, &mut self.scratch);
        debug_assert!(done.is_ok(), "all lengths come from one geometry");
    }

    /// Adds the frame of `spectrum × gain` to the output and writes the hop that this finishes.
    pub fn synthesise(&mut self, spectrum: &[Complex32], gain: &[f32], hop: &mut [f32]) {
        let hop_len = self.transform.geometry.hop_len;
        for ((out, bin), gain) in self.work.iter_mut().zip(spectrum).zip(gain) {
            *out = bin * gain;
        }
        // A real signal has real end bins; rounding may say otherwise and the inverse FFT objects.
        let last = self.work.len() - 1;
        self.work[0].im = 0.0;
        self.work[last].im = 0.0;
        let inverse = &self.transform.inverse;
        let done = inverse.process_with_scratch(&mut self.work, &mut self.frame, &mut self.scratch);
        debug_assert!(done.is_ok(), "all lengths come from one geometry");

        let synthesis = &*self.transform.synthesis;
        let tail = &self.frame[self.frame.len() - synthesis.len()..];
        for ((sum, sample), window) in self.overlap.iter_mut().zip(tail).zip(synthesis) {
            *sum += sample * window;
        }
        let kept = self.overlap.len() - hop_len;
        hop.copy_from_slice(&self.overlap[..hop_len]);
        self.overlap.copy_within(hop_len.., 0);
        self.overlap[kept..].fill(0.0);
    }
}
