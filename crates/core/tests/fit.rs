//! Whether what is heard is still what was captured.

use quell_core::{Denoiser, Engine, LatencyMode, NoiseChange, ProfileSource, Settings};
use quell_testkit::signals::{sine, white};
use quell_testkit::stream::{denoiser, learn, run_mono};

const RATE_HZ: f64 = 48_000.0;
const SECOND: usize = 48_000;

/// A fan: what a low pass leaves of noise.
fn fan(rng: &mut fastrand::Rng, n: usize) -> Vec<f32> {
    let mut state = [0.0f32; 2];
    let low_pass = |sample: f32| {
        state[0] += 0.06 * (sample - state[0]);
        state[1] += 0.06 * (state[0] - state[1]);
        state[1]
    };
    white(rng, n, 0.05).into_iter().map(low_pass).collect()
}

/// Notes that begin and end, as words do, over noise.
fn with_notes(mut noise: Vec<f32>) -> Vec<f32> {
    for (note, start) in (0..noise.len()).step_by(SECOND / 3).enumerate() {
        let tone = sine(RATE_HZ, 150.0 + 90.0 * (note % 7) as f64, 10_000, 0.1);
        noise[start..].iter_mut().zip(tone).for_each(|(sample, tone)| *sample += tone);
    }
    noise
}

fn change_after(stream: &mut Denoiser, sound: &[f32]) -> Option<NoiseChange> {
    run_mono(stream, sound, &Settings::default());
    stream.noise_change()
}

#[test]
fn a_fans_print_on_tape_hiss_is_found_out_and_on_the_fan_it_is_not() {
    let mut rng = fastrand::Rng::with_seed(0x80);
    let mut stream = denoiser(RATE_HZ, 1, LatencyMode::Standard);
    let print_of = fan(&mut rng, 2 * SECOND);
    learn(&mut stream, &print_of);
    for _ in 0..4 {
        let change = change_after(&mut stream, &with_notes(fan(&mut rng, 8 * SECOND)));
        assert_eq!(change, None, "the same fan");
    }
    // Hiss joins it: the top has risen by far, the bottom has not.
    let hiss = white(&mut rng, 8 * SECOND, 0.01);
    let both: Vec<f32> =
        fan(&mut rng, 8 * SECOND).iter().zip(&hiss).map(|(fan, hiss)| fan + hiss).collect();
    let change = change_after(&mut stream, &with_notes(both)).expect("hiss");
    assert!(change.change_db > 10.0 && change.high_hz.is_none(), "{change:?}");
    assert!(change.low_hz.is_some_and(|hz| (500.0..6_000.0).contains(&hz)), "{change:?}");
    // Silence says nothing about it, another print does.
    assert!(change_after(&mut stream, &vec![0.0; SECOND]).is_some());
    learn(&mut stream, &hiss);
    assert_eq!(stream.noise_change(), None);
    assert_eq!(change_after(&mut stream, &white(&mut rng, 8 * SECOND, 0.01)), None);
    // Quieter everywhere, to the bottom of what can be heard of it.
    let change = change_after(&mut stream, &white(&mut rng, 8 * SECOND, 0.002)).expect("quieter");
    assert!((change.change_db + 14.0).abs() < 3.0, "{change:?}");
    assert_eq!((change.low_hz, change.high_hz), (None, None));
}

#[test]
fn pulsing_noise_that_goes_on_pulsing_has_not_changed() {
    let mut rng = fastrand::Rng::with_seed(0x81);
    let mut pulse = |n: usize| -> Vec<f32> {
        let level = |i: usize| 0.4 + 0.6 * (i as f32 / 12_000.0).sin().abs();
        white(&mut rng, n, 0.02).iter().enumerate().map(|(i, x)| x * level(i)).collect()
    };
    let mut stream = denoiser(RATE_HZ, 1, LatencyMode::Standard);
    learn(&mut stream, &pulse(2 * SECOND));
    assert!(stream.profile().is_some());
    for _ in 0..3 {
        assert_eq!(change_after(&mut stream, &pulse(8 * SECOND)), None);
    }
}

#[test]
fn nothing_is_said_where_no_print_is_in_force() {
    let mut rng = fastrand::Rng::with_seed(0x82);
    let (quiet, loud) = (white(&mut rng, 2 * SECOND, 0.002), white(&mut rng, 8 * SECOND, 0.02));
    for engine in Engine::ALL {
        let mut stream = denoiser(RATE_HZ, 1, LatencyMode::Standard);
        learn(&mut stream, &quiet);
        let adaptive =
            Settings { engine, profile_source: ProfileSource::Adaptive, ..Settings::default() };
        // What is compared beside the print is not what is followed without it.
        let captured = Settings { engine, ..Settings::default() };
        run_mono(&mut stream, &loud, &captured);
        assert!(stream.noise_change().is_some(), "{engine:?}");
        run_mono(&mut stream, &loud[..4_800], &adaptive);
        assert_eq!(stream.noise_change(), None, "{engine:?}");
    }
}
