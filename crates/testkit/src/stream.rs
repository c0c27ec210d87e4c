//! Streams of the core and how sound is sent through them.

use quell_core::{Denoiser, LatencyMode, Settings, StreamSpec};

/// Rates of the figures in the README, and two that are no multiple of 25 Hz bins.
pub const RATES_HZ: [f64; 11] = [
    8_000.0, 11_025.0, 16_000.0, 22_050.0, 44_100.0, 44_056.25, 48_000.0, 88_200.0, 96_000.0,
    176_400.0, 192_000.0,
];

/// A stream without a noise input.
pub fn spec(sample_rate_hz: f64, n_channels: usize, mode: LatencyMode) -> StreamSpec {
    StreamSpec { sample_rate_hz, n_channels, n_noise_channels: 0, mode }
}

/// The stream of [`spec`].
pub fn denoiser(sample_rate_hz: f64, n_channels: usize, mode: LatencyMode) -> Denoiser {
    Denoiser::new(spec(sample_rate_hz, n_channels, mode)).expect("a valid spec")
}

/// Settings whose mask is 1 everywhere.
pub fn transparent() -> Settings {
    Settings { amount: 0.0, ..Settings::default() }
}

/// Settings whose mask takes nothing away, so that only hum goes.
pub fn hum_only() -> Settings {
    Settings { sensitivity: -20.0, reduction_db: -100.0, ..Settings::default() }
}

/// Runs whole channels through a stream, cut into blocks of the lengths that `block_len` gives.
pub fn run(
    denoiser: &mut Denoiser,
    channels: &mut [Vec<f32>],
    settings: &Settings,
    mut block_len: impl FnMut() -> usize,
) {
    let n = channels[0].len();
    let mut start = 0;
    while start < n {
        let end = n.min(start + block_len().max(1));
        let mut io: Vec<&mut [f32]> = channels.iter_mut().map(|c| &mut c[start..end]).collect();
        denoiser.process(&mut io, None, settings, &mut ());
        start = end;
    }
}

/// Runs one channel in blocks of 512 samples and returns the output.
pub fn run_mono(denoiser: &mut Denoiser, input: &[f32], settings: &Settings) -> Vec<f32> {
    let mut channels = [input.to_vec()];
    run(denoiser, &mut channels, settings, || 512);
    let [output] = channels;
    output
}

/// Lets a stream learn `noise` as its profile, then forget the sound of it.
pub fn learn(denoiser: &mut Denoiser, noise: &[f32]) {
    let capturing = Settings { capture: true, ..Settings::default() };
    let n_channels = denoiser.spec().n_channels;
    let hop_len = denoiser.geometry().hop_len;
    run(denoiser, &mut vec![noise.to_vec(); n_channels], &capturing, || 512);
    let off = Settings::default();
    run(denoiser, &mut vec![vec![0.0; hop_len]; n_channels], &off, || 512);
    denoiser.reset();
}
