//! A recording in memory: learn its noise from a stretch without anything else, take it out, and
//! measure what became of both.
//!
//! `cargo run -p quell-core --example denoise_a_buffer`

use quell_core::{Engine, LatencyMode, Settings, Treatment, denoise, learn_noise};

const RATE_HZ: f64 = 48_000.0;
/// Frames of noise alone at the start.
const N_LEAD: usize = 48_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // 1. A second of hiss, then two seconds of a tone in it.
    let mut random = fastrand::Rng::with_seed(1);
    let tone = |i: usize| 0.2 * (std::f64::consts::TAU * 440.0 * i as f64 / RATE_HZ).sin() as f32;
    let noisy: Vec<f32> = (0..3 * N_LEAD)
        .map(|i| 0.02 * (random.f32() - 0.5) + if i < N_LEAD { 0.0 } else { tone(i) })
        .collect();
    // 2. Learn. A profile serves every rate, mode and number of channels, so it can be kept.
    let profile = learn_noise(&[noisy[..N_LEAD].to_vec()], RATE_HZ)?;
    println!("learned from {:.1} s of noise", profile.seconds());
    // 3. Denoise, with every engine.
    println!("{:>8} {:>10} {:>10}", "dB RMS", "noise", "tone");
    print_row("before", &noisy);
    for engine in Engine::ALL {
        let settings = Settings { engine, ..Settings::default() };
        let treatment =
            Treatment { settings: &settings, mode: LatencyMode::Studio, profile: Some(&profile) };
        let clean = denoise(std::slice::from_ref(&noisy), RATE_HZ, &treatment)?.remove(0);
        print_row(&format!("{engine:?}"), &clean);
    }
    Ok(())
}

/// Levels of the noise alone and of the last second.
fn print_row(name: &str, sound: &[f32]) {
    let level_db = |part: &[f32]| {
        let power = part.iter().map(|&s| f64::from(s).powi(2)).sum::<f64>() / part.len() as f64;
        10.0 * (power + 1e-20).log10()
    };
    let (noise_db, tone_db) = (level_db(&sound[..N_LEAD]), level_db(&sound[2 * N_LEAD..]));
    println!("{name:>8} {noise_db:>10.1} {tone_db:>10.1}");
}
