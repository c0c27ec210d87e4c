//! What a stream costs: `cargo bench -p quell-core`.
//!
//! Prints the share of one core that one second of audio takes, its ratio to the bare transforms,
//! the time of single calls, and how the cost grows with rate and channels. Without `--bench` (as
//! under `cargo test --benches`) every measurement runs once and briefly, to prove that it runs.

use std::hint::black_box;
use std::time::{Duration, Instant};

use quell_core::kernels::{Kernel, Level};
use quell_core::stft::{Stft, Transform};
use quell_core::{Denoiser, Engine, Geometry, LatencyMode, ProfileSource, Settings, StreamSpec};

fn main() {
    let effort = if std::env::args().any(|arg| arg == "--bench") {
        Effort { seconds: 20, repeats: 7 }
    } else {
        Effort { seconds: 1, repeats: 1 }
    };
    engines(effort);
    levels(effort);
    calls(effort);
    growth(effort);
}

/// How long to measure.
#[derive(Clone, Copy)]
struct Effort {
    /// Seconds of audio a run.
    seconds: usize,
    /// Runs, of which the median counts.
    repeats: usize,
}

fn white(n: usize) -> Vec<f32> {
    let mut rng = fastrand::Rng::with_seed(0x71);
    (0..n).map(|_| 0.02 * ((0..12).map(|_| rng.f32()).sum::<f32>() - 6.0)).collect()
}

/// A stream that has learned its noise.
fn stream(rate_hz: f64, n_channels: usize, mode: LatencyMode) -> Denoiser {
    stream_on(Kernel::best(), rate_hz, n_channels, mode)
}

/// The same with the network on a kernel of the caller's choice.
fn stream_on(kernel: Kernel, rate_hz: f64, n_channels: usize, mode: LatencyMode) -> Denoiser {
    let spec = StreamSpec { sample_rate_hz: rate_hz, n_channels, n_noise_channels: 0, mode };
    let mut stream = Denoiser::with_kernel(spec, kernel).expect("a valid spec");
    for capture in [true, false] {
        let mut channels = vec![white(rate_hz as usize); n_channels];
        let mut io: Vec<&mut [f32]> = channels.iter_mut().map(|c| &mut c[..]).collect();
        stream.process(&mut io, None, &Settings { capture, ..Settings::default() }, &mut ());
    }
    assert!(stream.profile().is_some(), "{}", stream.capture_status());
    stream
}

/// Runs one block after the other and hands the time of each to `on_call`.
fn play(
    stream: &mut Denoiser,
    settings: &Settings,
    seconds: usize,
    block_len: usize,
    mut on_call: impl FnMut(Duration),
) {
    let rate_hz = stream.spec().sample_rate_hz as usize;
    let source = white(rate_hz);
    let mut blocks = vec![vec![0.0; block_len]; stream.spec().n_channels];
    for start in (0..seconds * rate_hz).step_by(block_len) {
        let offset = start % (rate_hz - block_len);
        for block in &mut blocks {
            block.copy_from_slice(&source[offset..offset + block_len]);
        }
        let mut io: Vec<&mut [f32]> = blocks.iter_mut().map(|c| &mut c[..]).collect();
        let begin = Instant::now();
        stream.process(black_box(&mut io), None, settings, &mut ());
        on_call(begin.elapsed());
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Share of a core that real time takes, %.
fn share_percent(stream: &mut Denoiser, settings: &Settings, effort: Effort) -> f64 {
    median(
        (0..effort.repeats)
            .map(|_| {
                let mut total = Duration::ZERO;
                play(stream, settings, effort.seconds, 512, |call| total += call);
                100.0 * total.as_secs_f64() / effort.seconds as f64
            })
            .collect(),
    )
}

/// Share of a core that the transforms alone take: FFT, inverse FFT and windows of every frame.
fn bare_share_percent(rate_hz: f64, effort: Effort) -> f64 {
    let geometry = Geometry::for_rate(rate_hz).expect("a valid rate");
    let transform = Transform::new(geometry, LatencyMode::Standard);
    let mut stft = Stft::new(transform.clone());
    let mut spectrum = transform.make_spectrum();
    let mut hop = white(geometry.hop_len);
    let gain = vec![1.0; geometry.n_bins()];
    let n_frames = effort.seconds * rate_hz as usize / geometry.hop_len;
    median(
        (0..effort.repeats)
            .map(|_| {
                let begin = Instant::now();
                for _ in 0..n_frames {
                    stft.analyse(black_box(&hop), &mut spectrum);
                    stft.synthesise(black_box(&spectrum), &gain, &mut hop);
                }
                100.0 * begin.elapsed().as_secs_f64() / effort.seconds as f64
            })
            .collect(),
    )
}

fn engines(effort: Effort) {
    let bare = bare_share_percent(48_000.0, effort);
    println!("One second of 48 kHz mono, blocks of 512");
    println!("  {:<34} {:>9} {:>16}", "", "% of core", "× FFT + inverse");
    println!("  {:<34} {bare:>9.3} {:>16.2}", "FFT + inverse FFT, windowed", 1.0);
    let default = Settings::default();
    let adaptive = Settings { profile_source: ProfileSource::Adaptive, ..default };
    let of = |engine| Settings { engine, ..default };
    let blind = |engine| Settings { profile_source: ProfileSource::Adaptive, ..of(engine) };
    for (name, mode, settings) in [
        ("gate, Live", LatencyMode::Live, default),
        ("gate, Standard", LatencyMode::Standard, default),
        ("gate, Studio", LatencyMode::Studio, default),
        ("gate, Standard, adaptive", LatencyMode::Standard, adaptive),
        ("classic, Standard", LatencyMode::Standard, of(Engine::Classic)),
        ("classic, Studio", LatencyMode::Studio, of(Engine::Classic)),
        ("neural, Standard", LatencyMode::Standard, of(Engine::Neural)),
        ("neural, Standard, adaptive", LatencyMode::Standard, blind(Engine::Neural)),
        ("hybrid, Standard", LatencyMode::Standard, of(Engine::Hybrid)),
        ("hybrid, Studio", LatencyMode::Studio, of(Engine::Hybrid)),
    ] {
        let share = share_percent(&mut stream(48_000.0, 1, mode), &settings, effort);
        println!("  {name:<34} {share:>9.3} {:>16.2}", share / bare);
    }
}

/// Both transforms included, like everything here.
fn levels(effort: Effort) {
    println!("\nOne second of 48 kHz mono, Standard, by kernel of the network, % of a core");
    println!("  {:<10} {:>9} {:>9}", "", "neural", "hybrid");
    for kernel in Level::ALL.into_iter().rev().filter_map(Kernel::new) {
        let shares = [Engine::Neural, Engine::Hybrid].map(|engine| {
            let mut stream = stream_on(kernel, 48_000.0, 1, LatencyMode::Standard);
            let settings = Settings { engine, ..Settings::default() };
            format!("{:>9.3}", share_percent(&mut stream, &settings, effort))
        });
        println!("  {:<10} {}", format!("{:?}", kernel.level()), shares.join(" "));
    }
}

fn calls(effort: Effort) {
    println!("\nTime of one call, Standard, 48 kHz mono, µs");
    println!("  {:<10} {:<10} {:>8} {:>8} {:>8}", "engine", "block", "p50", "p99", "max");
    for (engine, block_len) in
        Engine::ALL.into_iter().flat_map(|engine| [32, 64, 256, 1024].map(|len| (engine, len)))
    {
        let settings = Settings { engine, ..Settings::default() };
        let mut times_us = Vec::new();
        let mut stream = stream(48_000.0, 1, LatencyMode::Standard);
        play(&mut stream, &settings, effort.seconds, block_len, |call| {
            times_us.push(call.as_secs_f64() * 1e6);
        });
        times_us.sort_by(f64::total_cmp);
        let at = |share: f64| times_us[((times_us.len() - 1) as f64 * share) as usize];
        println!(
            "  {:<10} {block_len:<10} {:>8.2} {:>8.2} {:>8.2}",
            format!("{engine:?}"),
            at(0.5),
            at(0.99),
            at(1.0)
        );
    }
}

fn growth(effort: Effort) {
    for engine in [Engine::Gate, Engine::Hybrid] {
        println!("\n{engine:?}, Standard, % of a core by rate and channels (linked)");
        println!("  {:<10} {:>8} {:>8} {:>8} {:>8}", "kHz", "1", "2", "4", "8");
        growth_of(engine, effort);
    }
}

fn growth_of(engine: Engine, effort: Effort) {
    let settings = Settings { engine, ..Settings::default() };
    for rate_hz in [16_000.0, 44_100.0, 48_000.0, 88_200.0, 96_000.0, 176_400.0, 192_000.0] {
        let shares = [1, 2, 4, 8].map(|n_channels| {
            let mut stream = stream(rate_hz, n_channels, LatencyMode::Standard);
            let effort = Effort { seconds: effort.seconds.div_ceil(4), ..effort };
            format!("{:>8.3}", share_percent(&mut stream, &settings, effort))
        });
        println!("  {:<10} {}", rate_hz / 1000.0, shares.join(" "));
    }
}
