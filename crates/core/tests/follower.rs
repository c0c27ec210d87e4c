//! Without a print the noise is found within half a second, whatever was heard before it.
//!
//! `cargo test -p quell-core --test follower -- --nocapture` prints the whole table.

use quell_core::{Engine, LatencyMode, ProfileSource, Settings};
use quell_testkit::signals::{rms_db, sine, white};
use quell_testkit::stream::{denoiser, run_mono};

const RATE_HZ: f64 = 48_000.0;
/// Windows after the sound begins in which the noise that is taken is measured, s.
const WINDOWS_S: [(f64, f64); 5] = [(0.0, 0.3), (0.3, 0.5), (0.5, 1.0), (1.0, 2.0), (2.0, 5.0)];
/// From this window on the noise has to be known.
const FIRST_KNOWN: usize = 2;
/// By how much less may be taken than from a fresh start on the same sound, dB: of steady noise,
/// and of noise that swells, where the fresh start has the luck of its first frames.
const TOLERANCE_DB: [f64; 2] = [2.0, 4.0];
/// So much less is left that nobody hears the rest.
const ENOUGH_DB: f64 = 32.0;

fn samples(seconds: f64) -> usize {
    (seconds * RATE_HZ) as usize
}

/// Noise that is always the same, or that swells and ebbs by up to 4 dB about once a second.
fn noise(rng: &mut fastrand::Rng, seconds: f64, rms: f32, is_steady: bool) -> Vec<f32> {
    let mut noise = white(rng, samples(seconds), rms);
    if !is_steady {
        let phases: [f64; 3] = core::array::from_fn(|_| std::f64::consts::TAU * rng.f64());
        for (idx, sample) in noise.iter_mut().enumerate() {
            let swell = |hz: f64, phase: f64| {
                (std::f64::consts::TAU * hz * idx as f64 / RATE_HZ + phase).sin()
            };
            let swell_db = 2.0 * (swell(0.7, phases[0]) + swell(1.1, phases[1]));
            *sample *= 10f32.powf(swell_db as f32 / 20.0);
        }
    }
    noise
}

/// What is heard before the noise begins, and what the noise then is.
struct Scene {
    name: &'static str,
    before: Vec<f32>,
    noise: Vec<f32>,
}

fn scenes(rng: &mut fastrand::Rng, is_steady: bool) -> Vec<Scene> {
    const LEVEL: f32 = 0.01;
    let sound = noise(rng, 5.0, LEVEL, is_steady);
    let scene = |name, before| Scene { name, before, noise: sound.clone() };
    let silence = |seconds| vec![0.0; samples(seconds)];
    let mut with_gap = noise(rng, 3.0, LEVEL, is_steady);
    with_gap.extend(silence(1.0));
    let mut faded = scene("2 s of silence, then a fade-in of 1 s", silence(2.0));
    for (idx, sample) in faded.noise[..samples(1.0)].iter_mut().enumerate() {
        *sample *= idx as f32 / samples(1.0) as f32;
    }
    vec![
        scene("0.1 s of silence", silence(0.1)),
        scene("0.3 s of silence", silence(0.3)),
        scene("1 s of silence", silence(1.0)),
        scene("2 s of silence", silence(2.0)),
        scene("10 s of silence", silence(10.0)),
        scene("2 s of noise at -90 dBFS", noise(rng, 2.0, 10f32.powf(-90.0 / 20.0), true)),
        scene("2 s of other noise 20 dB lower", brown(rng, 2.0, 0.1 * LEVEL)),
        faded,
        scene("3 s of the noise, then a gap of 1 s", with_gap),
        scene("3 s of the noise 10 dB lower", noise(rng, 3.0, LEVEL * 0.316, is_steady)),
        scene("3 s of the noise 10 dB higher", noise(rng, 3.0, LEVEL * 3.16, is_steady)),
    ]
}

/// Noise that falls by 6 dB an octave.
fn brown(rng: &mut fastrand::Rng, seconds: f64, rms: f32) -> Vec<f32> {
    let mut state = 0.0;
    let mut noise: Vec<f32> = white(rng, samples(seconds), 1.0)
        .into_iter()
        .map(|sample| {
            state = 0.98 * state + sample;
            state
        })
        .collect();
    let scale = rms / 10f32.powf(rms_db(&noise) as f32 / 20.0);
    noise.iter_mut().for_each(|sample| *sample *= scale);
    noise
}

/// Noise taken in each window after the sound begins, dB.
fn taken_db(before: &[f32], sound: &[f32], engine: Engine) -> [f64; WINDOWS_S.len()] {
    let mut stream = denoiser(RATE_HZ, 1, LatencyMode::Standard);
    // Further down, a gate's level is that of the few bins that noise happens to open.
    let reduction_db = if engine.uses_network() { -40.0 } else { -24.0 };
    let profile_source = ProfileSource::Adaptive;
    let settings = Settings { engine, reduction_db, profile_source, ..Settings::default() };
    let latency = stream.latency_samples();
    let input = [before, sound, &vec![0.0; latency]].concat();
    let output = run_mono(&mut stream, &input, &settings);
    WINDOWS_S.map(|(start_s, end_s)| {
        let window = before.len() + samples(start_s)..before.len() + samples(end_s);
        let late = window.start + latency..window.end + latency;
        rms_db(&input[window]) - rms_db(&output[late])
    })
}

#[test]
fn the_noise_is_found_within_half_a_second_whatever_came_before() {
    let mut misses = Vec::new();
    for is_steady in [true, false] {
        let mut rng = fastrand::Rng::with_seed(0xa1);
        let tolerance_db = TOLERANCE_DB[usize::from(!is_steady)];
        for scene in scenes(&mut rng, is_steady) {
            for engine in Engine::ALL {
                let fresh = taken_db(&[], &scene.noise, engine);
                let taken = taken_db(&scene.before, &scene.noise, engine);
                let kind = if is_steady { "steady" } else { "swelling" };
                let row =
                    format!("{kind}, {}, {engine:?}: {taken:.1?}, fresh {fresh:.1?}", scene.name);
                println!("{row}");
                let mut known = fresh.iter().zip(&taken).skip(FIRST_KNOWN);
                if known.any(|(fresh, taken)| *taken < ENOUGH_DB.min(fresh - tolerance_db)) {
                    misses.push(row);
                }
            }
        }
    }
    assert!(misses.is_empty(), "{} cells:\n{}", misses.len(), misses.join("\n"));
}

/// What a follower that is quick to believe in noise could take for it.
fn lasting_sounds(rng: &mut fastrand::Rng, hiss_rms: f32) -> Vec<(&'static str, Vec<f32>)> {
    let n = samples(10.0);
    let tones = |partials: &[(f64, f64)]| -> Vec<f32> {
        let mut sum = vec![0.0; n];
        for &(hz, peak) in partials {
            sum.iter_mut().zip(sine(RATE_HZ, hz, n, peak as f32)).for_each(|(s, tone)| *s += tone);
        }
        sum
    };
    let note = |hz: f64, peak: f64| (1..=12).map(move |k| (hz * f64::from(k), peak / f64::from(k)));
    let chord: Vec<_> = [220.0, 277.18, 329.63].iter().flat_map(|hz| note(*hz, 0.04)).collect();
    // Ten players a voice, each a little off, none in step with another.
    let mut players = Vec::new();
    for voice_hz in [196.0, 293.66, 440.0] {
        for _ in 0..10 {
            players.extend(note(voice_hz * (1.0 + 0.006 * (rng.f64() - 0.5)), 0.006));
        }
    }
    let fade = |sound: Vec<f32>, seconds: f64| -> Vec<f32> {
        let gain = |idx: usize| (idx as f32 / samples(seconds) as f32).min(1.0);
        sound.into_iter().enumerate().map(|(idx, sample)| sample * gain(idx)).collect()
    };
    let strings = tones(&players);
    let over_hiss = |sound: Vec<f32>, rng: &mut fastrand::Rng| -> Vec<f32> {
        let hiss = white(rng, samples(2.0) + n, hiss_rms);
        hiss.iter()
            .enumerate()
            .map(|(i, h)| h + i.checked_sub(samples(2.0)).map_or(0.0, |i| sound[i]))
            .collect()
    };
    vec![
        ("a held chord", over_hiss(tones(&chord), rng)),
        ("a note of ten seconds", over_hiss(tones(&note(261.63, 0.08).collect::<Vec<_>>()), rng)),
        (
            "a drone",
            over_hiss(tones(&note(55.0, 0.1).chain(note(82.5, 0.05)).collect::<Vec<_>>()), rng),
        ),
        ("a whistle", over_hiss(tones(&[(1_000.0, 0.05)]), rng)),
        ("strings that fade in over 4 s", over_hiss(fade(strings.clone(), 4.0), rng)),
        ("a pad that swells over 2 s", over_hiss(fade(tones(&chord), 2.0), rng)),
    ]
}

/// By how much each sound was lower at most in one of the windows from 0.3 s on, per engine, while
/// there was the running minimum alone, dB: over hiss at -60 dBFS and over next to none.
const LOWER_BEFORE_DB: [[[f64; 4]; 6]; 2] = [
    [
        [0.0, 0.98, 0.0, 0.0],
        [0.0, 1.91, 0.0, 0.0],
        [0.0, 1.99, 0.0, 0.0],
        [0.0, 12.5, 0.0, 0.0],
        [0.33, 4.29, 0.31, 0.32],
        [0.04, 1.83, 0.04, 0.04],
    ],
    [
        [0.0, 0.11, 0.0, 0.0],
        [0.0, 0.08, 0.0, 0.0],
        [0.0, 1.98, 0.0, 0.0],
        [0.0, 11.76, 0.0, 0.0],
        [0.0, 0.49, 0.0, 0.0],
        [0.0, 0.19, 0.0, 0.0],
    ],
];

#[test]
fn sound_that_lasts_is_kept_as_it_was() {
    let mut rng = fastrand::Rng::with_seed(0xa2);
    for (hiss_rms, before) in [0.001, 3e-5].into_iter().zip(LOWER_BEFORE_DB) {
        for ((name, input), before) in lasting_sounds(&mut rng, hiss_rms).into_iter().zip(before) {
            let (hiss, sound) = input.split_at(samples(2.0));
            let lower = Engine::ALL.map(|engine| {
                taken_db(hiss, sound, engine)[1..].iter().fold(0.0, |most: f64, db| most.max(*db))
            });
            println!("{name} over hiss of {hiss_rms}: {lower:.2?}");
            for ((engine, now), before) in Engine::ALL.into_iter().zip(lower).zip(before) {
                assert!(
                    now < before + 1.0,
                    "{name}, {engine:?}: {now:.1} dB lower, was {before:.1}"
                );
            }
        }
    }
}
