//! Whatever the samples and settings are, the output stays finite and recovers within a window.

use quell_core::{Engine, LatencyMode, Settings, ThresholdCurve, ThresholdNode};
use quell_testkit::signals::{error_db, sine, white};
use quell_testkit::stream::{denoiser, run_mono, transparent};

const POISON: [f32; 8] =
    [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30, -1e30, f32::MAX, 1e-40, f32::MIN_POSITIVE];

#[test]
fn poisoned_samples_never_reach_the_output_and_leave_no_trace() {
    for mode in LatencyMode::ALL {
        for poison in POISON {
            let clean = sine(48_000.0, 1_000.0, 96_000, 0.3);
            let mut stream = denoiser(48_000.0, 1, mode);
            let expected = run_mono(&mut stream, &clean, &transparent());
            let mut bad = clean.clone();
            bad[20_000..20_010].fill(poison);
            stream.reset();
            let actual = run_mono(&mut stream, &bad, &transparent());
            assert!(
                actual.iter().all(|x| x.is_finite() && x.abs() < 2_000.0),
                "{mode:?}, {poison}"
            );
            let clean_again = 20_010 + stream.latency_samples() + stream.geometry().frame_len;
            let db = error_db(&actual[clean_again..], &expected[clean_again..]);
            assert!(db < -100.0, "{mode:?}, {poison}: {db:.1} dB one window later");
        }
    }
}

#[test]
fn poison_during_gating_does_not_stay_in_any_smoother() {
    let mut rng = fastrand::Rng::with_seed(0x54);
    for mode in LatencyMode::ALL {
        for poison in POISON {
            for engine in Engine::ALL {
                let settings = Settings { engine, ..Settings::default() };
                let mut stream = denoiser(48_000.0, 1, mode);
                let mut input = white(&mut rng, 96_000, 0.05);
                input[5_000..5_100].fill(poison);
                let output = run_mono(&mut stream, &input, &settings);
                assert!(output.iter().all(|x| x.is_finite()), "{engine:?}, {mode:?}, {poison}");
                let is_alive = output[90_000..].iter().any(|&x| x != 0.0);
                assert!(is_alive, "{engine:?}, {mode:?}, {poison}: went dead");
            }
        }
    }
}

#[test]
fn senseless_settings_are_survived() {
    let mut rng = fastrand::Rng::with_seed(0x55);
    let input = white(&mut rng, 24_000, 0.05);
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30, -1e30, 0.0, -0.0, 1e-40] {
        let settings = Settings {
            amount: bad,
            reduction_db: bad,
            sensitivity: bad,
            knee_db: bad,
            freq_smoothing_hz: bad,
            time_smoothing_ms: bad,
            attack_ms: bad,
            release_ms: bad,
            curve: ThresholdCurve { nodes: [ThresholdNode { hz: bad, offset_db: bad }; 6] },
            mix: bad,
            output_gain_db: bad,
            ..Settings::default()
        };
        for mode in LatencyMode::ALL {
            for engine in Engine::ALL {
                let settings = Settings { engine, ..settings };
                let output = run_mono(&mut denoiser(48_000.0, 1, mode), &input, &settings);
                assert!(output.iter().all(|x| x.is_finite()), "{engine:?}, {mode:?}, {bad}");
            }
        }
    }
}

#[test]
fn empty_blocks_and_missing_channels_are_survived() {
    let mut stream = denoiser(48_000.0, 2, LatencyMode::Standard);
    stream.process(&mut [], None, &Settings::default(), &mut ());
    stream.process(&mut [&mut [], &mut []], None, &Settings::default(), &mut ());
    let mut only = vec![0.1; 5_000];
    stream.process(&mut [&mut only], None, &Settings::default(), &mut ());
    assert!(only.iter().all(|x| x.is_finite()));
}
