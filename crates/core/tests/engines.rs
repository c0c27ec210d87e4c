//! What the settings mean is the same for every engine, and one takes over from another unheard.

mod support;

use quell_core::{Engine, LatencyMode, ProfileSource, Settings, ThresholdCurve};
use support::{denoiser, error_db, learn, rms_db, run, run_mono, sine, white};

/// A tone that comes and goes over noise.
fn scene(rng: &mut fastrand::Rng, n: usize) -> Vec<f32> {
    let tone = sine(48_000.0, 440.0, n, 0.2);
    let noise = white(rng, n, 0.02);
    let is_on = |i: usize| i / 12_000 % 2 == 1;
    (0..n).map(|i| noise[i] + if is_on(i) { tone[i] } else { 0.0 }).collect()
}

#[test]
fn more_of_a_threshold_never_leaves_more_noise() {
    let mut rng = fastrand::Rng::with_seed(0x81);
    let noise = white(&mut rng, 96_000, 0.02);
    for engine in Engine::ALL {
        for profile_source in [ProfileSource::Captured, ProfileSource::Adaptive] {
            let base = Settings { engine, profile_source, floor_db: -60.0, ..Settings::default() };
            let mut stream = denoiser(48_000.0, 1, LatencyMode::Standard);
            learn(&mut stream, &noise);
            let mut level_db = |settings: Settings| {
                stream.reset();
                rms_db(&run_mono(&mut stream, &noise, &settings)[48_000..])
            };
            let sensitivities = [-3.0, 0.0, 1.5, 3.0, 6.0];
            let by_sensitivity =
                sensitivities.map(|sensitivity| level_db(Settings { sensitivity, ..base }));
            let by_offset = [-12.0, 0.0, 12.0].map(|offset_db| {
                level_db(Settings {
                    curve: ThresholdCurve::from_three(offset_db, offset_db, offset_db),
                    ..base
                })
            });
            for levels_db in [&by_sensitivity[..], &by_offset[..]] {
                assert!(
                    levels_db.windows(2).all(|pair| pair[1] <= pair[0] + 0.01),
                    "{engine:?}, {profile_source:?}: {levels_db:.1?}"
                );
                let range_db = levels_db[0] - levels_db[levels_db.len() - 1];
                assert!(range_db > 3.0, "{engine:?}, {profile_source:?}: {levels_db:.1?}");
            }
        }
    }
}

#[test]
fn the_floor_is_the_least_that_any_engine_leaves() {
    let mut rng = fastrand::Rng::with_seed(0x82);
    let noise = white(&mut rng, 96_000, 0.02);
    for engine in Engine::ALL {
        let mut stream = denoiser(48_000.0, 1, LatencyMode::Standard);
        learn(&mut stream, &noise);
        // So sensitive that everything is noise.
        let settings =
            Settings { engine, sensitivity: 20.0, floor_db: -12.0, ..Settings::default() };
        let latency = stream.latency_samples();
        let output = run_mono(&mut stream, &noise, &settings);
        let drop_db =
            rms_db(&noise[48_000 - latency..96_000 - latency]) - rms_db(&output[48_000..]);
        assert!((drop_db - 12.0).abs() < 0.2, "{engine:?}: {drop_db:.2} dB");
    }
}

#[test]
fn switching_engines_is_a_crossfade_between_them() {
    let mut rng = fastrand::Rng::with_seed(0x83);
    let noise = white(&mut rng, 96_000, 0.02);
    let input = scene(&mut rng, 96_000);
    for (from, to) in Engine::ALL
        .into_iter()
        .flat_map(|from| Engine::ALL.map(|to| (from, to)))
        .filter(|p| p.0 != p.1)
    {
        let mut stream = denoiser(48_000.0, 1, LatencyMode::Standard);
        learn(&mut stream, &noise);
        let of = |engine| Settings { engine, ..Settings::default() };
        let only_from = run_mono(&mut stream, &input, &of(from));
        stream.reset();
        let only_to = run_mono(&mut stream, &input, &of(to));
        stream.reset();
        let mut output = [input.clone()];
        let (before, after) = output[0].split_at_mut(48_000);
        run(&mut stream, &mut [before.to_vec()], &of(from), || 512);
        stream.reset();
        let mut first = [before.to_vec()];
        run(&mut stream, &mut first, &of(from), || 512);
        let mut second = [after.to_vec()];
        run(&mut stream, &mut second, &of(to), || 512);
        let what = format!("{from:?} to {to:?}");
        // 1. Until the switch, and for as long as it takes to be heard, all is as before.
        assert!(first[0] == only_from[..48_000], "{what}");
        // 2. In the first frames of the fade the old engine is still nearly all of it.
        let early_db = error_db(&second[0][..960], &only_from[48_000..48_960]);
        assert!(early_db < -12.0, "{what}: {early_db:.1} dB at once");
        // 3. Afterwards it is the new one, but for what that would have heard before the switch.
        let late_db = error_db(&second[0][24_000..], &only_to[72_000..]);
        assert!(late_db < -15.0, "{what}: {late_db:.1} dB later");
    }
}

#[test]
fn a_channel_that_leaves_the_common_mask_goes_on_from_it() {
    let mut rng = fastrand::Rng::with_seed(0x84);
    let noise = white(&mut rng, 96_000, 0.02);
    let input = scene(&mut rng, 60_000);
    for mode in LatencyMode::ALL {
        for engine in Engine::ALL {
            let of = |stereo_link| Settings { engine, stereo_link, ..Settings::default() };
            let mut stream = denoiser(48_000.0, 2, mode);
            learn(&mut stream, &noise);
            // Both channels are alike, so linking must make no difference, whenever it happens.
            let mut linked = vec![input.clone(); 2];
            run(&mut stream, &mut linked, &of(true), || 512);
            stream.reset();
            let mut parts: Vec<Vec<f32>> = vec![Vec::new(); 2];
            for (idx, part) in input.chunks(7_000).enumerate() {
                let mut part = vec![part.to_vec(); 2];
                run(&mut stream, &mut part, &of(idx % 2 == 0), || 512);
                parts.iter_mut().zip(part).for_each(|(all, part)| all.extend(part));
            }
            for (channel, expected) in parts.iter().zip(&linked) {
                let db = error_db(channel, expected);
                assert!(db < -100.0, "{engine:?}, {mode:?}: {db:.1} dB");
            }
        }
    }
}
