//! Signals and their measures.

/// Seeded random numbers; says its seed, which a failing test shows.
pub fn seeded(seed: u64) -> fastrand::Rng {
    println!("random seed {seed}");
    fastrand::Rng::with_seed(seed)
}

/// Noise spread evenly between ± amplitude.
pub fn even(random: &mut fastrand::Rng, n_samples: usize, amplitude: f32) -> Vec<f32> {
    (0..n_samples).map(|_| (2.0 * random.f32() - 1.0) * amplitude).collect()
}

/// White noise, near enough to Gaussian.
pub fn white(random: &mut fastrand::Rng, n_samples: usize, rms: f32) -> Vec<f32> {
    // The sum of twelve uniform numbers has variance 1.
    let mut normal = || (0..12).map(|_| random.f32()).sum::<f32>() - 6.0;
    (0..n_samples).map(|_| rms * normal()).collect()
}

/// A tone from phase 0 on.
pub fn sine(sample_rate_hz: f64, hz: f64, n_samples: usize, peak: f32) -> Vec<f32> {
    let step = 2.0 * std::f64::consts::PI * hz / sample_rate_hz;
    (0..n_samples).map(|i| peak * (step * i as f64).sin() as f32).collect()
}

/// Hum of the mains: ten harmonics that fall by 6 dB an octave.
pub fn hum(sample_rate_hz: f64, hz: f64, n_samples: usize, peak: f32) -> Vec<f32> {
    let mut sum = vec![0.0; n_samples];
    for harmonic in 1..=10 {
        let order = f64::from(harmonic);
        let line = sine(sample_rate_hz, order * hz, n_samples, peak / harmonic as f32);
        sum.iter_mut().zip(line).for_each(|(sum, line)| *sum += line);
    }
    sum
}

/// Silence but for one sample.
pub fn impulse_at(at: usize, n_samples: usize) -> Vec<f32> {
    let mut sound = vec![0.0; n_samples];
    sound[at] = 1.0;
    sound
}

/// Index of the largest magnitude.
pub fn peak(sound: &[f32]) -> usize {
    let largest = sound.iter().enumerate().max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()));
    largest.map_or(0, |(idx, _)| idx)
}

/// Index after the last sample above −120 dBFS.
pub fn quiet_after(sound: &[f32]) -> usize {
    sound.iter().rposition(|sample| sample.abs() > 1e-6).map_or(0, |idx| idx + 1)
}

/// Level of a signal, dB RMS re full scale.
pub fn rms_db(samples: &[f32]) -> f64 {
    let power = samples.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>();
    10.0 * (power / samples.len().max(1) as f64 + 1e-30).log10()
}

/// Level of the difference of two signals relative to the second, dB.
pub fn error_db(actual: &[f32], expected: &[f32]) -> f64 {
    assert_eq!(actual.len(), expected.len());
    let difference: Vec<f32> = actual.iter().zip(expected).map(|(a, b)| a - b).collect();
    rms_db(&difference) - rms_db(expected)
}
