//! Test noises, generated block by block.

use std::sync::Arc;

use realfft::num_complex::Complex32;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};

/// Lowest frequency down to which pink and brown noise keep rising, Hz; below it they are flat.
const LOWEST_HZ: f64 = 20.0;
/// Corner above which hiss is at full level, Hz.
const HISS_CORNER_HZ: f64 = 4_000.0;
/// Highest harmonic of hum, Hz, and how fast harmonics fall: amplitude 1/n.
const HUM_TOP_HZ: f64 = 2_000.0;
/// Clicks per second in crackle.
const CLICKS_PER_S: f64 = 30.0;
/// Length of the filter that shapes noise, seconds.
const FILTER_S: f64 = 0.17;

/// A noise that can be made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NoiseKind {
    /// Equal power in every hertz.
    White,
    /// Equal power in every octave.
    Pink,
    /// 6 dB less in every octave.
    Brown,
    /// White between two frequencies, Hz, and nothing outside.
    Band(f64, f64),
    /// Mains hum: a tone (Hz) and its harmonics.
    Hum(f64),
    /// Tape hiss: white noise that rises up to 4 kHz.
    Hiss,
    /// Clicks of a record.
    Crackle,
}

/// One channel of noise, without end.
pub struct Synth {
    rate_hz: f64,
    random: fastrand::Rng,
    source: Source,
    gain: f32,
}

enum Source {
    Shaped(Box<ShapedNoise>),
    Hum { hz: f64, position: u64 },
    Crackle { ringing: Vec<Click> },
}

/// A click that still rings.
struct Click {
    amplitude: f64,
    decay: f64,
    phase: f64,
    step: f64,
}

impl Synth {
    /// Noise with an RMS of `level_dbfs`.
    pub fn new(kind: NoiseKind, rate_hz: f64, level_dbfs: f64, seed: u64) -> Self {
        let wanted = 10f64.powf(level_dbfs / 20.0);
        // Measured, so that every kind is as loud as it says.
        let mut probe = Self::unscaled(kind, rate_hz, seed);
        let probe_s = if kind == NoiseKind::Crackle { 20.0 } else { 4.0 };
        let mut block = vec![0.0; 4096];
        let (mut power, mut n) = (0.0, 0.0);
        while n < probe_s * rate_hz {
            probe.fill(&mut block);
            power += block.iter().map(|&s| f64::from(s) * f64::from(s)).sum::<f64>();
            n += block.len() as f64;
        }
        let rms = (power / n).sqrt().max(1e-9);
        Self { gain: (wanted / rms) as f32, ..Self::unscaled(kind, rate_hz, seed) }
    }

    fn unscaled(kind: NoiseKind, rate_hz: f64, seed: u64) -> Self {
        let shaped = |magnitude: &dyn Fn(f64) -> f64| {
            Source::Shaped(Box::new(ShapedNoise::new(rate_hz, magnitude)))
        };
        let source = match kind {
            NoiseKind::White => shaped(&|_| 1.0),
            NoiseKind::Pink => shaped(&|hz| (LOWEST_HZ / hz.max(LOWEST_HZ)).sqrt()),
            NoiseKind::Brown => shaped(&|hz| LOWEST_HZ / hz.max(LOWEST_HZ)),
            NoiseKind::Band(low, high) => {
                shaped(&|hz| if (low..=high).contains(&hz) { 1.0 } else { 0.0 })
            }
            NoiseKind::Hiss => shaped(&|hz| (hz / HISS_CORNER_HZ).min(1.0)),
            NoiseKind::Hum(hz) => Source::Hum { hz, position: 0 },
            NoiseKind::Crackle => Source::Crackle { ringing: Vec::new() },
        };
        Self { rate_hz, random: fastrand::Rng::with_seed(seed), source, gain: 1.0 }
    }

    /// Writes the next samples.
    pub fn fill(&mut self, out: &mut [f32]) {
        let rate_hz = self.rate_hz;
        match &mut self.source {
            Source::Shaped(shaped) => shaped.fill(&mut self.random, out),
            Source::Hum { hz, position } => {
                for out in out.iter_mut() {
                    *out = hum(*hz, rate_hz, *position);
                    *position += 1;
                }
            }
            Source::Crackle { ringing } => {
                for out in out.iter_mut() {
                    if self.random.f64() < CLICKS_PER_S / rate_hz {
                        ringing.push(Click::new(&mut self.random, rate_hz));
                    }
                    *out = ringing.iter_mut().map(Click::next).sum::<f64>() as f32;
                    ringing.retain(|click| click.amplitude > 1e-5);
                }
            }
        }
        for out in out {
            *out *= self.gain;
        }
    }
}

/// A number with mean 0 and variance 1, normally distributed (Box and Muller, 1958).
fn normal(random: &mut fastrand::Rng) -> f64 {
    let radius = (-2.0 * (1.0 - random.f64()).ln()).sqrt();
    radius * (std::f64::consts::TAU * random.f64()).cos()
}

fn hum(hz: f64, rate_hz: f64, position: u64) -> f32 {
    let t = position as f64 / rate_hz;
    let top_hz = HUM_TOP_HZ.min(rate_hz / 2.0).max(hz);
    (1..=(top_hz / hz) as u32)
        .map(|n| (std::f64::consts::TAU * (t * hz * f64::from(n)).fract()).sin() / f64::from(n))
        .sum::<f64>() as f32
}

impl Click {
    fn new(random: &mut fastrand::Rng, rate_hz: f64) -> Self {
        let decay_s = 0.000_1 + 0.000_9 * random.f64();
        let hz = (1_000.0 + 5_000.0 * random.f64()).min(rate_hz * 0.45);
        let loudness = normal(random);
        Self {
            amplitude: loudness.abs(),
            decay: (-1.0 / (decay_s * rate_hz)).exp(),
            phase: if loudness < 0.0 { std::f64::consts::PI } else { 0.0 },
            step: std::f64::consts::TAU * hz / rate_hz,
        }
    }

    fn next(&mut self) -> f64 {
        let value = self.amplitude * self.phase.cos();
        self.amplitude *= self.decay;
        self.phase += self.step;
        value
    }
}

/// White noise through a linear-phase filter, by fast convolution.
struct ShapedNoise {
    forward: Arc<dyn RealToComplex<f32>>,
    inverse: Arc<dyn ComplexToReal<f32>>,
    response: Vec<Complex32>,
    /// Noise of a block followed by as many zeros.
    frame: Vec<f32>,
    spectrum: Vec<Complex32>,
    /// Output of which the first half is finished.
    overlap: Vec<f32>,
    block_len: usize,
    n_taken: usize,
}

impl ShapedNoise {
    fn new(rate_hz: f64, magnitude: &dyn Fn(f64) -> f64) -> Self {
        let block_len = ((FILTER_S * rate_hz) as usize).next_power_of_two().max(64);
        let mut planner = RealFftPlanner::new();
        let forward = planner.plan_fft_forward(2 * block_len);
        let inverse = planner.plan_fft_inverse(2 * block_len);
        let response = filter_response(rate_hz, block_len, magnitude, &mut planner);
        Self {
            response,
            frame: vec![0.0; 2 * block_len],
            spectrum: forward.make_output_vec(),
            overlap: vec![0.0; 2 * block_len],
            block_len,
            n_taken: block_len,
            forward,
            inverse,
        }
    }

    fn fill(&mut self, random: &mut fastrand::Rng, out: &mut [f32]) {
        for out in out {
            if self.n_taken == self.block_len {
                self.next_block(random);
            }
            *out = self.overlap[self.n_taken];
            self.n_taken += 1;
        }
    }

    fn next_block(&mut self, random: &mut fastrand::Rng) {
        let n = self.block_len;
        for sample in &mut self.frame[..n] {
            *sample = normal(random) as f32;
        }
        self.frame[n..].fill(0.0);
        let done = self.forward.process(&mut self.frame, &mut self.spectrum);
        debug_assert!(done.is_ok(), "all lengths come from one plan");
        for (bin, response) in self.spectrum.iter_mut().zip(&self.response) {
            *bin *= response;
        }
        // A real signal has real end bins; rounding may say otherwise.
        self.spectrum[0].im = 0.0;
        self.spectrum[n].im = 0.0;
        let done = self.inverse.process(&mut self.spectrum, &mut self.frame);
        debug_assert!(done.is_ok(), "all lengths come from one plan");
        self.overlap.copy_within(n.., 0);
        self.overlap[n..].fill(0.0);
        for (sum, sample) in self.overlap.iter_mut().zip(&self.frame) {
            *sum += sample;
        }
        self.n_taken = 0;
    }
}

/// Spectrum, twice as long as a block, of the windowed filter with the wanted magnitudes.
fn filter_response(
    rate_hz: f64,
    block_len: usize,
    magnitude: &dyn Fn(f64) -> f64,
    planner: &mut RealFftPlanner<f32>,
) -> Vec<Complex32> {
    let to_time = planner.plan_fft_inverse(block_len);
    let mut wanted: Vec<Complex32> = (0..=block_len / 2)
        .map(|bin| Complex32::new(magnitude(bin as f64 * rate_hz / block_len as f64) as f32, 0.0))
        .collect();
    let mut taps = to_time.make_output_vec();
    let done = to_time.process(&mut wanted, &mut taps);
    debug_assert!(done.is_ok(), "all lengths come from one plan");
    let middle = block_len / 2;
    taps.rotate_right(middle);
    // The filter of a block is as long as the block, so that two frames overlap and no more.
    let scale = 1.0 / (block_len as f32 * 2.0 * block_len as f32);
    let mut frame = vec![0.0; 2 * block_len];
    for (idx, (out, tap)) in frame.iter_mut().zip(&taps).enumerate() {
        let hann = 0.5 - 0.5 * (std::f32::consts::TAU * idx as f32 / block_len as f32).cos();
        *out = tap * hann * scale;
    }
    let to_spectrum = planner.plan_fft_forward(2 * block_len);
    let mut response = to_spectrum.make_output_vec();
    let done = to_spectrum.process(&mut frame, &mut response);
    debug_assert!(done.is_ok(), "all lengths come from one plan");
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::spectrogram::Spectrogram;

    const RATE_HZ: f64 = 48_000.0;

    fn make(kind: NoiseKind, seconds: f64) -> Vec<f32> {
        let mut out = vec![0.0; (seconds * RATE_HZ) as usize];
        let mut synth = Synth::new(kind, RATE_HZ, -20.0, 7);
        for block in out.chunks_mut(1000) {
            synth.fill(block);
        }
        out
    }

    /// Mean level around a frequency, dB per bin.
    fn level_db(samples: &[f32], hz: f64) -> f64 {
        let grid = Spectrogram::compute(samples, RATE_HZ, 200).unwrap();
        let bins = (hz * 0.9 / grid.bin_hz) as usize..=(hz * 1.1 / grid.bin_hz) as usize;
        let columns = grid.level_db.chunks_exact(grid.n_bins);
        let power: f64 = columns
            .flat_map(|column| bins.clone().map(|bin| 10f64.powf(f64::from(column[bin]) / 10.0)))
            .sum();
        10.0 * (power / (200.0 * bins.count() as f64)).log10()
    }

    #[test]
    fn every_kind_is_as_loud_as_it_says() {
        for kind in [
            NoiseKind::White,
            NoiseKind::Pink,
            NoiseKind::Brown,
            NoiseKind::Band(4_000.0, 12_000.0),
            NoiseKind::Hum(50.0),
            NoiseKind::Hiss,
            NoiseKind::Crackle,
        ] {
            let samples = make(kind, 20.0);
            let power = samples.iter().map(|&s| f64::from(s) * f64::from(s)).sum::<f64>();
            let level = 10.0 * (power / samples.len() as f64).log10();
            assert!((level + 20.0).abs() < 1.0, "{kind:?}: {level} dBFS");
        }
    }

    #[test]
    fn spectra_fall_as_their_names_say() {
        for (kind, per_octave_db) in
            [(NoiseKind::White, 0.0), (NoiseKind::Pink, -3.01), (NoiseKind::Brown, -6.02)]
        {
            let samples = make(kind, 10.0);
            let slope = (level_db(&samples, 8_000.0) - level_db(&samples, 500.0)) / 4.0;
            assert!((slope - per_octave_db).abs() < 0.3, "{kind:?}: {slope} dB per octave");
        }
        let band = make(NoiseKind::Band(4_000.0, 12_000.0), 5.0);
        // 56 to 68 dB with eleven seeds: what the joints of the blocks let through is a matter of
        // chance.
        assert!(level_db(&band, 8_000.0) - level_db(&band, 2_000.0) > 50.0);
        assert!(level_db(&band, 8_000.0) - level_db(&band, 18_000.0) > 50.0);
    }
}
