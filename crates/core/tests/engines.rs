//! What the settings mean is the same for every engine, and one takes over from another unheard.

use quell_core::{
    Denoiser, Engine, LatencyMode, ProfileSource, Settings, StreamSpec, ThresholdCurve,
};
use quell_testkit::signals::{error_db, hum, rms_db, sine, white};
use quell_testkit::stream::{denoiser, learn, run, run_mono};

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
            let base =
                Settings { engine, profile_source, reduction_db: -60.0, ..Settings::default() };
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

/// Whether or not a hum is being searched for: tones have no spread, and the engines must not wait
/// for any.
#[test]
fn what_is_in_the_print_goes_from_the_first_frame() {
    let mut rng = fastrand::Rng::with_seed(0x8a);
    let n = 144_000;
    let tones = [hum(48_000.0, 50.0, n, 0.03), sine(48_000.0, 937.0, n, 0.02)];
    for (tone, name) in tones.iter().zip(["hum", "a whistle"]) {
        let noise: Vec<f32> =
            tone.iter().zip(white(&mut rng, n, 0.001)).map(|(t, w)| t + w).collect();
        for engine in [Engine::Gate, Engine::Neural, Engine::Hybrid] {
            for remove_hum in [true, false] {
                let mut settings = Settings { remove_hum, ..Settings::default() };
                settings.engine = engine;
                let mut stream = denoiser(48_000.0, 1, LatencyMode::Standard);
                learn(&mut stream, &noise[..96_000]);
                let latency = stream.latency_samples();
                let output = run_mono(&mut stream, &noise, &settings);
                let drop_db = |from: usize, to: usize| {
                    rms_db(&noise[from..to]) - rms_db(&output[from + latency..to + latency])
                };
                let drops_db = [drop_db(2_400, 14_400), drop_db(14_400, 48_000)];
                assert!(
                    drops_db[0] > 16.0 && drops_db[1] > 22.0,
                    "{name}, {engine:?}, hum removed: {remove_hum}: {drops_db:.1?} dB"
                );
            }
        }
    }
}

#[test]
fn the_noise_input_says_what_noise_is_to_every_engine() {
    let mut rng = fastrand::Rng::with_seed(0x86);
    let spec = StreamSpec {
        sample_rate_hz: 48_000.0,
        n_channels: 1,
        n_noise_channels: 1,
        mode: LatencyMode::Standard,
    };
    let [noise, same_kind] = [0; 2].map(|_| white(&mut rng, 192_000, 0.02));
    for engine in Engine::ALL {
        let settings =
            Settings { engine, profile_source: ProfileSource::Sidechain, ..Settings::default() };
        let mut stream = Denoiser::new(spec).expect("a valid spec");
        let mut drop_db = |noise_input: &[f32]| {
            stream.reset();
            let mut sound = noise.clone();
            stream.process(&mut [&mut sound], Some(&[noise_input]), &settings, &mut ());
            rms_db(&noise) - rms_db(&sound[96_000..])
        };
        let (with_noise_db, with_silence_db) = (drop_db(&same_kind), drop_db(&[0.0; 192_000]));
        assert!(with_noise_db > 15.0, "{engine:?}: {with_noise_db:.1} dB");
        assert!(with_silence_db.abs() < 0.1, "{engine:?}: {with_silence_db:.1} dB of no noise");
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
            Settings { engine, sensitivity: 20.0, reduction_db: -12.0, ..Settings::default() };
        let latency = stream.latency_samples();
        let output = run_mono(&mut stream, &noise, &settings);
        let drop_db =
            rms_db(&noise[48_000 - latency..96_000 - latency]) - rms_db(&output[48_000..]);
        assert!((drop_db - 12.0).abs() < 0.2, "{engine:?}: {drop_db:.2} dB");
    }
}

/// Where `sound` stands on the way from `from` (0) to `to` (1).
fn share_of_the_way(sound: &[f32], from: &[f32], to: &[f32]) -> f64 {
    let way: Vec<f64> = to.iter().zip(from).map(|(to, from)| f64::from(to - from)).collect();
    let gone = sound.iter().zip(from).map(|(sound, from)| f64::from(sound - from));
    let along: f64 = gone.zip(&way).map(|(gone, way)| gone * way).sum();
    along / way.iter().map(|way| way * way).sum::<f64>()
}

#[test]
fn switching_engines_is_a_crossfade_between_them() {
    let mut rng = fastrand::Rng::with_seed(0x83);
    let noise = white(&mut rng, 96_000, 0.02);
    let input = scene(&mut rng, 96_000);
    let pairs = Engine::ALL.into_iter().flat_map(|from| Engine::ALL.map(|to| (from, to)));
    for (from, to) in pairs.filter(|(from, to)| from != to) {
        let mut stream = denoiser(48_000.0, 1, LatencyMode::Standard);
        learn(&mut stream, &noise);
        // A floor would bend the way.
        let of = |engine| Settings { engine, reduction_db: -200.0, ..Settings::default() };
        let [only_from, only_to] = [from, to].map(|engine| {
            stream.reset();
            run_mono(&mut stream, &input, &of(engine))
        });
        stream.reset();
        let mut output = run_mono(&mut stream, &input[..48_000], &of(from));
        output.extend(run_mono(&mut stream, &input[48_000..], &of(to)));
        assert!(output[..48_000] == only_from[..48_000], "{from:?} to {to:?}: before the switch");
        // Frames overlap by 40 ms, so what is heard lags 20 ms behind the frame. A network that has
        // just started is not yet what it would have been.
        for (start_ms, end_ms, least, most) in
            [(50, 70, 0.02, 0.75), (100, 140, 0.2, 0.9), (400, 900, 0.75, 1.2)]
        {
            let range = 48_000 + 48 * start_ms..48_000 + 48 * end_ms;
            let [sound, from_sound, to_sound] =
                [&output, &only_from, &only_to].map(|signal| &signal[range.clone()]);
            let share = share_of_the_way(sound, from_sound, to_sound);
            assert!(
                (least..most).contains(&share),
                "{from:?} to {to:?}, {start_ms} to {end_ms} ms: {share:.2}"
            );
        }
    }
}

#[test]
fn an_engine_that_was_idle_starts_anew() {
    let mut rng = fastrand::Rng::with_seed(0x85);
    let noise = white(&mut rng, 96_000, 0.02);
    let [first, second, third] = [0; 3].map(|_| scene(&mut rng, 48_000));
    for engine in [Engine::Gate, Engine::Neural, Engine::Hybrid] {
        let [used, unused] = [engine, Engine::Classic].map(|before| {
            let mut stream = denoiser(48_000.0, 1, LatencyMode::Standard);
            learn(&mut stream, &noise);
            let of = |engine| Settings { engine, ..Settings::default() };
            run_mono(&mut stream, &first, &of(before));
            run_mono(&mut stream, &second, &of(Engine::Classic));
            run_mono(&mut stream, &third, &of(engine))
        });
        let db = error_db(&used, &unused);
        assert!(db < -120.0, "{engine:?}: {db:.1} dB");
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
