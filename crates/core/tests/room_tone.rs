//! Room tone: what is left of the noise stays at one level, and everything else is as it was.

use quell_core::{Engine, LatencyMode, ProfileSource, Settings};
use quell_testkit::signals::{error_db, rms_db, sine, white};
use quell_testkit::stream::{denoiser, learn, run, run_mono};

const RATE_HZ: f64 = 48_000.0;
const NOISE_RMS: f32 = 0.02;
/// A burst begins every second and lasts for four tenths.
const PERIOD: usize = 48_000;
const BURST: usize = 19_200;

/// Bursts of a voice-like sum of harmonics over noise, and the bursts alone.
fn scene(rng: &mut fastrand::Rng, n: usize) -> [Vec<f32>; 2] {
    let mut bursts = vec![0.0; n];
    for harmonic in 1..=12 {
        let tone = sine(RATE_HZ, 180.0 * f64::from(harmonic), n, 0.2 / harmonic as f32);
        for (idx, (sum, tone)) in bursts.iter_mut().zip(tone).enumerate() {
            *sum += if idx % PERIOD < BURST { tone } else { 0.0 };
        }
    }
    let noise = white(rng, n, NOISE_RMS);
    [bursts.iter().zip(noise).map(|(burst, noise)| burst + noise).collect(), bursts]
}

/// Level of every tenth of a second between bursts, from 0.1 s behind one to the next; the first
/// two seconds are for finding the noise.
fn levels_between_bursts_db(output: &[f32], latency: usize) -> Vec<f64> {
    let starts = (2 * PERIOD..output.len() - PERIOD - latency).step_by(PERIOD);
    let windows = starts
        .flat_map(|start| (BURST + 4_800..PERIOD - 4_800).step_by(4_800).map(move |at| start + at));
    windows.map(|at| rms_db(&output[at + latency..][..4_800])).collect()
}

fn mean_and_spread(levels_db: &[f64]) -> (f64, f64) {
    let n = levels_db.len() as f64;
    let mean = levels_db.iter().sum::<f64>() / n;
    (mean, (levels_db.iter().map(|db| (db - mean).powi(2)).sum::<f64>() / n).sqrt())
}

#[test]
fn the_level_between_bursts_is_the_one_asked_for() {
    let mut rng = fastrand::Rng::with_seed(0x701);
    let print = white(&mut rng, 96_000, NOISE_RMS);
    let [input, _] = scene(&mut rng, 8 * PERIOD);
    let noise_db = 20.0 * f64::from(NOISE_RMS).log10();
    for mode in LatencyMode::ALL {
        for engine in Engine::ALL {
            // The classic mask opens wide where it errs.
            let most = if engine == Engine::Classic { 2.0 } else { 1.0 };
            let mut stream = denoiser(RATE_HZ, 1, mode);
            learn(&mut stream, &print);
            let latency = stream.latency_samples();
            for room_tone_db in [-30.0, -20.0] {
                stream.reset();
                let settings = Settings { engine, room_tone_db, ..Settings::default() };
                let output = run_mono(&mut stream, &input, &settings);
                let (mean, spread) = mean_and_spread(&levels_between_bursts_db(&output, latency));
                let off_db = mean - noise_db - f64::from(room_tone_db);
                assert!(
                    off_db.abs() < 1.5 && spread < most,
                    "{engine:?}, {mode:?}, {room_tone_db} dB: {off_db:+.2} dB, spread {spread:.2}"
                );
            }
        }
    }
}

#[test]
fn noise_is_never_lifted_above_its_own_level() {
    let mut rng = fastrand::Rng::with_seed(0x702);
    let print = white(&mut rng, 96_000, NOISE_RMS);
    for engine in Engine::ALL {
        let mut stream = denoiser(RATE_HZ, 1, LatencyMode::Standard);
        learn(&mut stream, &print);
        let latency = stream.latency_samples();
        // As it was captured, 6 dB softer, gone almost.
        for rms in [NOISE_RMS, NOISE_RMS / 2.0, NOISE_RMS / 100.0] {
            let input = white(&mut rng, 96_000, rms);
            for room_tone_db in [0.0, -20.0] {
                stream.reset();
                let settings = Settings { engine, room_tone_db, ..Settings::default() };
                let output = run_mono(&mut stream, &input, &settings);
                let gain_db =
                    rms_db(&output[48_000 + latency..]) - rms_db(&input[48_000..96_000 - latency]);
                // What has become softer is made up for by no more than 6 dB.
                let most_db = (f64::from(room_tone_db) + 6.5).min(0.01);
                assert!(gain_db < most_db, "{engine:?}, {rms}, {room_tone_db} dB: {gain_db:.2} dB");
            }
        }
    }
}

#[test]
fn off_is_the_default_and_leaves_what_reduction_does() {
    let mut rng = fastrand::Rng::with_seed(0x703);
    let print = white(&mut rng, 96_000, NOISE_RMS);
    let [input, _] = scene(&mut rng, 4 * PERIOD);
    for engine in Engine::ALL {
        let mut stream = denoiser(RATE_HZ, 1, LatencyMode::Standard);
        learn(&mut stream, &print);
        let mut heard = |settings: Settings| {
            stream.reset();
            run_mono(&mut stream, &input, &settings)
        };
        let base = Settings { engine, ..Settings::default() };
        let usual = heard(base);
        assert_eq!(base.room_tone_db, -60.0);
        assert!(usual == heard(Settings { room_tone_db: -200.0, ..base }), "{engine:?}");
        // With less of a reduction than the tone it stays where Reduction has it.
        let shallow = Settings { reduction_db: -6.0, sensitivity: 20.0, ..base };
        let held = Settings { room_tone_db: -30.0, ..shallow };
        assert!(error_db(&heard(held), &heard(shallow)) < -60.0, "{engine:?}");
        // Where nothing is to be taken away, nothing is.
        let whole = Settings { amount: 0.0, remove_hum: false, ..base };
        assert!(heard(Settings { room_tone_db: -20.0, ..whole }) == heard(whole), "{engine:?}");
    }
}

#[test]
fn sound_is_as_it_was() {
    let mut rng = fastrand::Rng::with_seed(0x704);
    let n = 8 * PERIOD;
    let print = white(&mut rng, 96_000, NOISE_RMS);
    let [voice, bursts] = scene(&mut rng, n);
    // One note alone fills a single band of the ear.
    let note = sine(RATE_HZ, 1_000.0, n, 0.1);
    let noisy_note: Vec<f32> =
        note.iter().zip(white(&mut rng, n, NOISE_RMS)).map(|(a, b)| a + b).collect();
    for (name, input, clean) in [("voice", &voice, &bursts), ("note", &noisy_note, &note)] {
        for engine in Engine::ALL {
            // The classic mask's smoothing takes a single note for noise as it is.
            if name == "note" && engine == Engine::Classic {
                continue;
            }
            let mut stream = denoiser(RATE_HZ, 1, LatencyMode::Standard);
            learn(&mut stream, &print);
            let latency = stream.latency_samples();
            let mut fit_db = |room_tone_db: f32| {
                stream.reset();
                let settings = Settings { engine, room_tone_db, ..Settings::default() };
                let output = run_mono(&mut stream, input, &settings);
                error_db(&output[PERIOD + latency..], &clean[PERIOD..n - latency])
            };
            let lost_db = fit_db(-30.0) - fit_db(-60.0);
            assert!(lost_db < 0.5, "{name}, {engine:?}: {lost_db:.2} dB more of an error");
        }
    }
}

/// What is followed is held like what was captured, in both channels.
#[test]
fn without_a_print_the_level_is_held_too() {
    let mut rng = fastrand::Rng::with_seed(0x705);
    let [left, right] = [0; 2].map(|_| scene(&mut rng, 10 * PERIOD)[0].clone());
    for stereo_link in [true, false] {
        let mut stream = denoiser(RATE_HZ, 2, LatencyMode::Standard);
        let latency = stream.latency_samples();
        let mut channels = vec![left.clone(), right.clone()];
        let settings = Settings {
            profile_source: ProfileSource::Adaptive,
            room_tone_db: -20.0,
            stereo_link,
            ..Settings::default()
        };
        run(&mut stream, &mut channels, &settings, || 512);
        for output in &channels {
            let (_, spread) = mean_and_spread(&levels_between_bursts_db(output, latency));
            assert!(spread < 1.0, "linked {stereo_link}: {spread:.2} dB");
        }
    }
}
