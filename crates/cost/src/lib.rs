//! What a stream costs, measured call by call as a host makes them: for `quell bench` and
//! `cargo bench`.

use std::hint::black_box;
use std::time::Instant;

use quell_core::kernels::Kernel;
use quell_core::{Denoiser, LearnError, Settings, StreamSpec, learn_noise};

/// RMS of the noise that streams are fed with.
const NOISE_RMS: f32 = 0.02;

/// Noise to feed a stream with, always the same.
pub fn noise(n_samples: usize) -> Vec<f32> {
    let mut random = fastrand::Rng::with_seed(0x71);
    // The sum of twelve uniform numbers has variance 1 and is near enough to Gaussian.
    let mut normal = || (0..12).map(|_| random.f32()).sum::<f32>() - 6.0;
    (0..n_samples).map(|_| NOISE_RMS * normal()).collect()
}

/// A stream that has learned its noise, with the network on a kernel of the caller's choice.
pub fn learned_stream(spec: StreamSpec, kernel: Kernel) -> Result<Denoiser, LearnError> {
    let channels = vec![noise(spec.sample_rate_hz as usize); spec.n_channels];
    let profile = learn_noise(&channels, spec.sample_rate_hz)?;
    let mut stream = Denoiser::with_kernel(spec, kernel)?;
    stream.set_profile(Some(&profile));
    Ok(stream)
}

/// Sends noise through a stream, block after block, and times every call.
pub fn time_calls(
    stream: &mut Denoiser,
    settings: &Settings,
    seconds: f64,
    block_len: usize,
) -> Times {
    time_automated_calls(stream, |_| *settings, seconds, block_len)
}

/// The same with settings that change with time, which is in seconds.
pub fn time_automated_calls(
    stream: &mut Denoiser,
    settings_at: impl Fn(f64) -> Settings,
    seconds: f64,
    block_len: usize,
) -> Times {
    let spec = *stream.spec();
    let source = noise((spec.sample_rate_hz as usize).max(2 * block_len));
    let n_calls = ((seconds * spec.sample_rate_hz) as usize / block_len).max(1);
    let mut blocks = vec![vec![0.0; block_len]; spec.n_channels];
    let calls_s = (0..n_calls).map(|call| {
        let offset = call * block_len % (source.len() - block_len);
        for block in &mut blocks {
            block.copy_from_slice(&source[offset..offset + block_len]);
        }
        let mut io: Vec<&mut [f32]> = blocks.iter_mut().map(Vec::as_mut_slice).collect();
        let settings = settings_at((call * block_len) as f64 / spec.sample_rate_hz);
        let began = Instant::now();
        stream.process(black_box(&mut io), None, &settings, &mut ());
        began.elapsed().as_secs_f64()
    });
    Times::new(calls_s.collect(), (n_calls * block_len) as f64 / spec.sample_rate_hz)
}

/// How long calls took.
#[derive(Clone, Debug, PartialEq)]
pub struct Times {
    /// Sorted.
    calls_s: Vec<f64>,
    /// Length of the sound that they worked on, seconds.
    sound_s: f64,
}

impl Times {
    /// Times of calls, one at least, that worked on so much sound.
    pub fn new(mut calls_s: Vec<f64>, sound_s: f64) -> Self {
        calls_s.sort_by(f64::total_cmp);
        Self { calls_s, sound_s }
    }

    /// Share of a core that the same takes in real time, %.
    pub fn core_percent(&self) -> f64 {
        100.0 * self.calls_s.iter().sum::<f64>() / self.sound_s
    }

    /// Time that this share of the calls stays within, µs.
    pub fn within_us(&self, share: f64) -> f64 {
        let last = self.calls_s.len() - 1;
        1e6 * self.calls_s[(last as f64 * share.clamp(0.0, 1.0)) as usize]
    }
}

/// The middle one of several figures.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_as_shares_and_percentiles() {
        let times = Times::new(vec![3e-3, 1e-3, 2e-3, 4e-3, 10e-3], 0.2);
        assert!((times.core_percent() - 10.0).abs() < 1e-9);
        for (share, us) in [(0.0, 1e3), (0.5, 3e3), (0.99, 4e3), (1.0, 10e3)] {
            assert!((times.within_us(share) - us).abs() < 1e-6, "{share}");
        }
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
    }

    #[test]
    fn every_block_of_the_sound_is_a_call() {
        let mode = quell_core::LatencyMode::Live;
        let spec = StreamSpec { sample_rate_hz: 8_000.0, n_channels: 2, n_noise_channels: 0, mode };
        let mut stream = learned_stream(spec, Kernel::best()).unwrap();
        assert!(stream.profile().is_some());
        let times = time_calls(&mut stream, &Settings::default(), 0.5, 100);
        assert_eq!((times.calls_s.len(), times.sound_s), (40, 0.5));
        assert!(times.core_percent() > 0.0);
    }
}
