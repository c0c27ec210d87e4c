//! What a stream costs: `cargo bench -p quell-cost`.
//!
//! Prints the share of one core that one second of audio takes, its ratio to the bare transforms,
//! the time of single calls, and how the cost grows with rate and channels. Without `--bench` (as
//! under `cargo test --benches`) every measurement runs once and briefly, to prove that it runs.

use std::hint::black_box;
use std::time::Instant;

use quell_core::kernels::{Kernel, Level};
use quell_core::stft::{Stft, Transform};
use quell_core::{
    Denoiser, Engine, Geometry, LatencyMode, ProfileSource, Settings, StreamSpec, learn_noise,
};
use quell_cost::{learned_stream, median, noise, time_automated_calls, time_calls};

fn main() {
    let effort = if std::env::args().any(|arg| arg == "--bench") {
        Effort { seconds: 20, repeats: 7 }
    } else {
        Effort { seconds: 1, repeats: 1 }
    };
    engines(effort);
    levels(effort);
    calls(effort);
    glide(effort);
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

/// A stream that has learned its noise.
fn stream(rate_hz: f64, n_channels: usize, mode: LatencyMode) -> Denoiser {
    stream_on(Kernel::best(), rate_hz, n_channels, mode)
}

/// The same with the network on a kernel of the caller's choice.
fn stream_on(kernel: Kernel, rate_hz: f64, n_channels: usize, mode: LatencyMode) -> Denoiser {
    let spec = StreamSpec { sample_rate_hz: rate_hz, n_channels, n_noise_channels: 0, mode };
    learned_stream(spec, kernel).expect("a valid spec")
}

/// Share of a core that real time takes, %.
fn share_percent(stream: &mut Denoiser, settings: &Settings, effort: Effort) -> f64 {
    let mut run = || time_calls(stream, settings, effort.seconds as f64, 512).core_percent();
    median((0..effort.repeats).map(|_| run()).collect())
}

/// Share of a core that the transforms alone take: FFT, inverse FFT and windows of every frame.
fn bare_share_percent(rate_hz: f64, effort: Effort) -> f64 {
    let geometry = Geometry::for_rate(rate_hz).expect("a valid rate");
    let transform = Transform::new(geometry, LatencyMode::Standard);
    let mut stft = Stft::new(transform.clone());
    let mut spectrum = transform.make_spectrum();
    let mut hop = noise(geometry.hop_len);
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
    let default = Settings { engine: Engine::Gate, ..Settings::default() };
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
        let mut stream = stream(48_000.0, 1, LatencyMode::Standard);
        let times = time_calls(&mut stream, &settings, effort.seconds as f64, block_len);
        println!(
            "  {:<10} {block_len:<10} {:>8.2} {:>8.2} {:>8.2}",
            format!("{engine:?}"),
            times.within_us(0.5),
            times.within_us(0.99),
            times.within_us(1.0)
        );
    }
}

/// From one slot's print to another's and back in two seconds, another place at every block.
fn glide(effort: Effort) {
    println!("\nBetween two prints, Standard, 48 kHz mono, blocks of 64");
    println!("  {:<10} {:<10} {:>9} {:>8} {:>8} {:>8}", "engine", "", "%", "p50", "p99", "max");
    for engine in [Engine::Gate, Engine::Neural] {
        let settings = Settings { engine, ..Settings::default() };
        let gliding =
            |at_s: f64| Settings { slot: (1.0 - (at_s % 2.0 - 1.0).abs()) as f32, ..settings };
        let mut stream = stream(48_000.0, 1, LatencyMode::Standard);
        let louder = noise(48_000).iter().map(|sample| sample * 2.0).collect();
        let print = learn_noise(&[louder], 48_000.0).expect("a second of noise");
        stream.set_profile_in(1, Some(&print));
        let seconds = effort.seconds as f64;
        for (name, times) in [
            ("on one", time_calls(&mut stream, &settings, seconds, 64)),
            ("gliding", time_automated_calls(&mut stream, gliding, seconds, 64)),
        ] {
            println!(
                "  {:<10} {name:<10} {:>9.3} {:>8.2} {:>8.2} {:>8.2}",
                format!("{engine:?}"),
                times.core_percent(),
                times.within_us(0.5),
                times.within_us(0.99),
                times.within_us(1.0)
            );
        }
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
