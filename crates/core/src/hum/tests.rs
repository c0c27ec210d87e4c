use super::*;
use crate::geometry::{Geometry, LatencyMode};
use crate::stft::Stft;

/// Runs the finder over two seconds of tones (Hz, amplitude) with a little noise and tells what it
/// found.
fn found_hz(tones: &[(f64, f64)]) -> Option<f64> {
    found_within(200, 1e-3, tones)
}

fn found_within(n_hops: usize, noise: f64, tones: &[(f64, f64)]) -> Option<f64> {
    let geometry = Geometry::for_rate(48_000.0).unwrap();
    let transform = Transform::new(geometry, LatencyMode::Standard);
    let mut stft = Stft::new(transform.clone());
    let mut spectrum = transform.make_spectrum();
    let mut finder = Finder::new(geometry.n_bins(), geometry.bin_hz(), 0.01);
    let mut random = fastrand::Rng::with_seed(0xa5);
    let mut found = None;
    for hop_idx in 0..n_hops {
        let hop: Vec<f32> = (0..geometry.hop_len)
            .map(|i| {
                let seconds = (hop_idx * geometry.hop_len + i) as f64 / 48_000.0;
                let tone =
                    |(hz, peak): &(f64, f64)| peak * (core::f64::consts::TAU * hz * seconds).sin();
                (tones.iter().map(tone).sum::<f64>() + (random.f64() - 0.5) * noise) as f32
            })
            .collect();
        stft.analyse(&hop, &mut spectrum);
        finder.push(&spectrum);
        found = found.or(finder.search());
    }
    found
}

#[test]
fn the_frequency_is_found_to_a_hundredth_of_a_hertz() {
    for hz in [49.6, 49.98, 50.02, 50.4, 59.5, 59.97, 60.0, 60.5] {
        // Odd harmonics alone, and all of them: transformers and rectifiers.
        for step in [1, 2] {
            let tones: Vec<_> = (1..20)
                .step_by(step)
                .map(|order| (f64::from(order) * hz, 0.1 / f64::from(order)))
                .collect();
            let found = found_hz(&tones).unwrap_or(f64::NAN);
            assert!((found - hz).abs() < 0.01, "every {step}.: {found} instead of {hz}");
        }
    }
}

#[test]
fn what_is_no_hum_is_not_found() {
    let noise = found_hz(&[]);
    let one_tone = found_hz(&[(100.0, 0.1)]);
    let bass: Vec<_> =
        (1..6).map(|order| (f64::from(order) * 82.41, 0.1 / f64::from(order))).collect();
    assert_eq!((noise, one_tone, found_hz(&bass)), (None, None, None));
}

/// A drone lasts as long as hum does, and may stand on one of its harmonics.
#[test]
fn a_note_on_a_harmonic_is_not_found() {
    for hz in [149.6, 150.0, 180.2, 250.0, 298.0, 350.0, 420.5] {
        let drone: Vec<_> =
            (1..7).map(|order| (f64::from(order) * hz, 0.1 / f64::from(order))).collect();
        assert_eq!(found_within(800, 0.03, &drone), None, "{hz} Hz");
    }
}

/// At the start of a stream there is no past that a note would contradict.
#[test]
fn a_first_note_of_a_second_is_not_found() {
    let note = [(60.0, 0.1), (120.0, 0.05), (240.0, 0.03)];
    assert_eq!(found_within(100, 0.03, &note), None);
}

/// The response is what the transform itself makes of a tone.
#[test]
fn the_response_is_that_of_the_window() {
    for mode in LatencyMode::ALL {
        let geometry = Geometry::for_rate(44_100.0).unwrap();
        let transform = Transform::new(geometry, mode);
        let mut stft = Stft::new(transform.clone());
        let response = Response::new(&transform);
        let mut spectrum = transform.make_spectrum();
        let hz = 411.3;
        let cosine = |i: usize| (core::f64::consts::TAU * hz * i as f64 / 44_100.0).cos() as f32;
        for hop in 0..4 {
            let hop: Vec<f32> =
                (0..geometry.hop_len).map(|i| cosine(hop * geometry.hop_len + i)).collect();
            stft.analyse(&hop, &mut spectrum);
        }
        for (bin_idx, bin) in spectrum.iter().enumerate().skip(12).take(9) {
            let expected = response.at((hz / geometry.bin_hz()) as f32 - bin_idx as f32);
            let error = (bin - expected).norm() / response.at(0.0).norm();
            assert!(error < 1e-3, "{mode:?}, bin {bin_idx}: {error}");
        }
    }
}

/// Lets a comb that starts at a frequency follow sound, and gives it, the last spectrum and the hum
/// found in it.
fn follow(
    rate_hz: f64,
    start_hz: f64,
    n_hops: usize,
    mut sample: impl FnMut() -> f32,
) -> (Comb, Vec<Complex32>, Vec<Complex32>) {
    let geometry = Geometry::for_rate(rate_hz).unwrap();
    let transform = Transform::new(geometry, LatencyMode::Standard);
    let mut stft = Stft::new(transform.clone());
    let mut spectrum = transform.make_spectrum();
    let response = Arc::new(Response::new(&transform));
    let mut comb = Comb::new(geometry.n_bins(), geometry.bin_hz(), 0.01, &response);
    let mut hum = vec![Complex32::ZERO; comb.n_bins()];
    comb.start(start_hz);
    for _ in 0..n_hops {
        let hop: Vec<f32> = (0..geometry.hop_len).map(|_| sample()).collect();
        stft.analyse(&hop, &mut spectrum);
        comb.follow(&spectrum, &mut hum);
    }
    (comb, spectrum, hum)
}

/// Below 0 Hz begins the mirror image, which low harmonics reach into.
#[test]
fn a_low_line_goes_down_to_the_lowest_bin() {
    let mut turns = 0.0;
    let (_, spectrum, hum) = follow(48_000.0, 59.5, 300, || {
        turns += 59.5 / 48_000.0;
        (core::f64::consts::TAU * turns).sin() as f32
    });
    let peak = spectrum[2].norm();
    for bin_idx in 0..=6 {
        let left = (spectrum[bin_idx] - hum[bin_idx]).norm() / peak;
        assert!(left < 0.004, "bin {bin_idx}: {left}");
    }
}

/// At 2 kHz the twentieth harmonic stands in the last bin; hum that gets faster takes it beyond.
#[test]
fn hum_that_drifts_past_the_last_bin_is_no_accident() {
    let (mut hz, mut turns) = (50.0, 0.0);
    let (comb, ..) = follow(2_000.0, hz, 4_000, || {
        hz += 0.9 / (4_000.0 * 20.0);
        turns += hz / 2_000.0;
        let harmonic = |order| (core::f64::consts::TAU * turns * f64::from(order)).sin();
        0.01 * (1..20).map(harmonic).sum::<f64>() as f32
    });
    assert!(comb.is_running(), "it was followed all the way");
}
