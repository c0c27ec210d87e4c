//! Capturing a noise print: what is learned, what is refused, and where it can be used.

use quell_core::config::CAPTURE_S;
use quell_core::{
    CaptureRefusal, Denoiser, Engine, LatencyMode, NoiseProfile, ProfileSource, Settings, Verdict,
};
use quell_testkit::signals::{error_db, rms_db, sine, white};
use quell_testkit::stream::{RATES_HZ, denoiser, learn, run, run_mono};

fn capturing() -> Settings {
    Settings { capture: true, ..Settings::default() }
}

/// The print that a capture of `noise` gives, and whether it came into force.
fn capture(stream: &mut Denoiser, noise: &[f32]) -> Result<(NoiseProfile, bool), CaptureRefusal> {
    run_mono(stream, noise, &capturing());
    assert_eq!(stream.take_capture(), None, "it is not over");
    run_mono(stream, &vec![0.0; stream.geometry().hop_len], &Settings::default());
    let end = stream.take_capture().expect("it is over");
    let end = end.map(|captured| (captured.print.clone(), captured.is_in_force));
    assert_eq!(stream.take_capture(), None, "an event is told once");
    end
}

#[test]
fn white_noise_reads_its_level_per_25_hz_at_every_rate_and_mode() {
    for rate_hz in RATES_HZ {
        for mode in LatencyMode::ALL {
            let mut rng = fastrand::Rng::with_seed(0x58);
            let mut stream = denoiser(rate_hz, 1, mode);
            let noise = white(&mut rng, 3 * rate_hz as usize, 0.01);
            let (profile, is_in_force) = capture(&mut stream, &noise).unwrap();
            assert!(is_in_force && stream.profile() == Some(&profile), "{rate_hz} Hz, {mode:?}");
            let (seconds, spread_db) = (profile.seconds(), profile.spread_db());
            let level_dbfs = profile.about().level_dbfs.expect("measured");
            assert!((seconds - 3.0).abs() < 0.03, "{seconds}");
            assert!((level_dbfs + 40.0).abs() < 0.3, "{rate_hz} Hz, {mode:?}: {level_dbfs} dBFS");
            assert_eq!(profile.about().verdict, Some(Verdict::Steady));
            assert!((spread_db - 5.57).abs() < 0.3, "{rate_hz} Hz, {mode:?}: {spread_db} dB");

            let mean_db = profile.mean_db().iter().sum::<f32>() / profile.n_bins() as f32;
            let expected_db = -40.0 + 10.0 * (25.0 / rate_hz as f32).log10() - 2.507;
            assert!(
                (mean_db - expected_db).abs() < 0.3,
                "{rate_hz} Hz, {mode:?}: {mean_db} dB per 25 Hz, expected {expected_db}"
            );
        }
    }
}

/// Samples of a golden recording; see `golden/ATTRIBUTION.md`.
fn recording(bytes: &[u8]) -> Vec<f32> {
    let (samples, _) = bytes.as_chunks::<2>();
    samples.iter().map(|&bytes| f32::from(i16::from_le_bytes(bytes)) / 32_768.0).collect()
}

#[test]
fn the_verdict_tells_noise_from_speech_and_music() {
    let swelling = |noise: Vec<f32>| -> Vec<f32> {
        let swell = |i: usize| if (i / 4_000).is_multiple_of(2) { 1.0 } else { 0.15 };
        noise.iter().enumerate().map(|(i, x)| x * swell(i)).collect()
    };
    let hiss = recording(include_bytes!("golden/speech_16000_noise.i16"));
    let hot = |noise: &[f32]| noise.iter().map(|x| (x * 1_000.0).clamp(-1.0, 1.0)).collect();
    let cases: [(&str, Vec<f32>, f64, Verdict); 8] = [
        ("hiss", hiss.clone(), 16_000.0, Verdict::Steady),
        ("rain", recording(include_bytes!("golden/rain_48000.i16")), 48_000.0, Verdict::Steady),
        ("hiss, far too loud", hot(&hiss), 16_000.0, Verdict::Clipped),
        ("swelling hiss", swelling(hiss), 16_000.0, Verdict::Varying),
        ("a tone", sine(48_000.0, 1_000.0, 48_000, 0.1), 48_000.0, Verdict::Tone),
        (
            "tape",
            recording(include_bytes!("golden/music_44100_noise.i16")),
            44_100.0,
            Verdict::Steady,
        ),
        (
            "speech over hiss",
            recording(include_bytes!("golden/speech_16000.i16")),
            16_000.0,
            Verdict::Speech,
        ),
        ("guitar", recording(include_bytes!("golden/music_44100.i16")), 44_100.0, Verdict::Speech),
    ];
    for (name, sound, rate_hz, expected) in cases {
        let mut stream = denoiser(rate_hz, 1, LatencyMode::Standard);
        let (print, is_in_force) = capture(&mut stream, &sound).unwrap();
        assert_eq!(print.about().verdict, Some(expected), "{name}: {} dB", print.spread_db());
        assert_eq!(is_in_force, expected.is_noise(), "{name}");
        if expected != Verdict::Clipped {
            assert_eq!(print.judge(), expected, "{name}: one rule");
        }
    }
}

#[test]
fn bad_captures_are_refused_and_the_old_profile_kept() {
    let mut rng = fastrand::Rng::with_seed(0x59);
    for mode in LatencyMode::ALL {
        let mut stream = denoiser(48_000.0, 1, mode);
        let (good, _) = capture(&mut stream, &white(&mut rng, 48_000, 0.01)).unwrap();
        let short = capture(&mut stream, &white(&mut rng, 12_000, 0.01)).unwrap_err();
        assert!(matches!(short, CaptureRefusal::TooShort { .. }), "{short}");
        let silent = capture(&mut stream, &vec![0.0; 48_000]).unwrap_err();
        assert_eq!(silent, CaptureRefusal::Silent);
        let not_numbers = capture(&mut stream, &vec![f32::NAN; 48_000]).unwrap_err();
        assert_eq!(not_numbers, CaptureRefusal::NotNumbers);
        assert_eq!(stream.profile(), Some(&good));

        // A tone is heard as one, and offered; the noise stays what it was.
        let tone = sine(48_000.0, 700.0, 96_000, 0.1);
        let before = residual_of(&mut stream, &mut rng.clone());
        let (offered, is_in_force) = capture(&mut stream, &tone).unwrap();
        assert!(!is_in_force && offered != good);
        assert_eq!(stream.profile(), Some(&good));
        stream.reset();
        assert_eq!(residual_of(&mut stream, &mut rng.clone()), before, "it sounds as before");
        stream.set_profile(Some(&offered));
        stream.reset();
        assert_ne!(residual_of(&mut stream, &mut rng.clone()), before, "anyway");
    }
}

/// What a stream makes of some noise.
fn residual_of(stream: &mut Denoiser, rng: &mut fastrand::Rng) -> Vec<f32> {
    stream.reset();
    run_mono(stream, &white(rng, 24_000, 0.01), &Settings::default())
}

#[test]
fn a_capture_that_is_reset_is_over_and_begins_anew() {
    let mut rng = fastrand::Rng::with_seed(0x62);
    let mut stream = denoiser(48_000.0, 1, LatencyMode::Standard);
    run_mono(&mut stream, &white(&mut rng, 48_000, 0.01), &capturing());
    assert!(stream.capture_progress().unwrap().seconds > 0.9);
    stream.reset();
    assert_eq!(stream.capture_progress(), None, "nothing is under way");
    run_mono(&mut stream, &white(&mut rng, 9_600, 0.01), &Settings::default());
    assert_eq!((stream.capture_progress(), stream.take_capture()), (None, None));
    // Still on: what was heard before counts no more.
    run_mono(&mut stream, &white(&mut rng, 48_000, 0.01), &capturing());
    stream.reset();
    run_mono(&mut stream, &white(&mut rng, 9_600, 0.01), &capturing());
    assert!(stream.capture_progress().unwrap().seconds < 0.21);
}

#[test]
fn a_capture_ends_by_itself_after_enough_usable_noise() {
    let mut rng = fastrand::Rng::with_seed(0x63);
    let mut stream = denoiser(48_000.0, 1, LatencyMode::Standard);
    stream.end_captures_after(CAPTURE_S);
    // Silence and faults before and in the noise do not count.
    run_mono(&mut stream, &vec![0.0; 96_000], &capturing());
    let progress = stream.capture_progress().unwrap();
    assert!(progress.seconds > 1.9 && progress.usable_s == 0.0, "{progress:?}");
    let mut noise = white(&mut rng, 4 * 48_000, 0.01);
    noise[30_000] = f32::NAN;
    run_mono(&mut stream, &noise[..90_000], &capturing());
    let progress = stream.capture_progress().unwrap();
    assert!((1.7..1.9).contains(&progress.usable_s), "{progress:?}");
    run_mono(&mut stream, &noise[90_000..], &capturing());
    assert_eq!(stream.capture_progress(), None);
    let end = stream.take_capture().unwrap().unwrap();
    assert!(end.is_in_force && (3.9..4.2).contains(&end.print.seconds()), "{end:?}");
    // What follows is no second capture, until Capture was off.
    run_mono(&mut stream, &noise, &capturing());
    assert_eq!((stream.capture_progress(), stream.take_capture()), (None, None));
    run_mono(&mut stream, &noise[..960], &Settings::default());
    run_mono(&mut stream, &noise[..9_600], &capturing());
    assert!(stream.capture_progress().is_some());
}

#[test]
fn a_few_bad_frames_are_left_out_of_a_capture() {
    let mut rng = fastrand::Rng::with_seed(0x60);
    let noise = white(&mut rng, 96_000, 0.01);
    let mut holed = noise.clone();
    holed[30_000..30_100].fill(f32::NAN);
    holed[60_000] = f32::INFINITY;
    holed[70_000..80_000].fill(0.0);
    let profile_of = |noise: &[f32]| {
        let mut stream = denoiser(48_000.0, 1, LatencyMode::Standard);
        capture(&mut stream, noise).unwrap().0
    };
    let (whole, holed) = (profile_of(&noise), profile_of(&holed));
    let difference = whole.mean_db().iter().zip(holed.mean_db()).map(|(a, b)| (a - b).abs());
    let mean_difference = difference.sum::<f32>() / whole.n_bins() as f32;
    assert!(mean_difference < 1.0, "{mean_difference} dB");
}

/// Level of what is left of white noise of −40 dBFS under a given profile.
fn residual_db(rate_hz: f64, mode: LatencyMode, profile: &quell_core::NoiseProfile) -> f64 {
    let mut rng = fastrand::Rng::with_seed(0x61);
    let mut stream = denoiser(rate_hz, 1, mode);
    stream.set_profile(Some(profile));
    let noise = white(&mut rng, 2 * rate_hz as usize, 0.01);
    let output = run_mono(&mut stream, &noise, &Settings::default());
    rms_db(&output[rate_hz as usize..])
}

#[test]
fn a_print_works_at_other_rates_and_modes() {
    // Noise of one and the same density per hertz, as a room would have it.
    let density_rms = |rate_hz: f64| 0.01 * (rate_hz / 48_000.0).sqrt() as f32;
    for (from_hz, to_hz) in
        [(48_000.0, 44_100.0), (44_100.0, 48_000.0), (48_000.0, 192_000.0), (192_000.0, 22_050.0)]
    {
        let mut rng = fastrand::Rng::with_seed(0x62);
        let mut source = denoiser(from_hz, 1, LatencyMode::Standard);
        let noise = white(&mut rng, 2 * from_hz as usize, density_rms(from_hz));
        capture(&mut source, &noise).unwrap();
        let profile = source.profile().expect("captured").clone();
        for mode in LatencyMode::ALL {
            let mut stream = denoiser(to_hz, 1, mode);
            stream.set_profile(Some(&profile));
            let noise = white(&mut rng, 2 * to_hz as usize, density_rms(to_hz));
            let output = run_mono(&mut stream, &noise, &Settings::default());
            let drop_db = rms_db(&noise) - rms_db(&output[to_hz as usize..]);
            assert!(drop_db > 20.0, "{from_hz} → {to_hz} Hz, {mode:?}: {drop_db:.1} dB");
        }
    }
}

#[test]
fn steady_noise_falls_to_the_floor_and_a_tone_stays() {
    let mut rng = fastrand::Rng::with_seed(0x63);
    for mode in LatencyMode::ALL {
        let mut stream = denoiser(48_000.0, 1, mode);
        learn(&mut stream, &white(&mut rng, 96_000, 0.01));
        let profile = stream.profile().expect("captured").clone();
        let left_db = residual_db(48_000.0, mode, &profile);
        assert!(left_db < -61.0, "{mode:?}: {left_db:.1} dBFS left of −40");

        let tone = sine(48_000.0, 1_000.0, 96_000, 0.1);
        let noise = white(&mut rng, 96_000, 0.01);
        let mixed: Vec<f32> = tone.iter().zip(&noise).map(|(tone, noise)| tone + noise).collect();
        stream.reset();
        let output = run_mono(&mut stream, &mixed, &Settings::default());
        let settled = 48_000..96_000;
        let latency = stream.latency_samples();
        let expected = &tone[settled.start - latency..settled.end - latency];
        let db = error_db(&output[settled], expected);
        assert!(db < -26.0, "{mode:?}: the tone is {db:.1} dB off; unprocessed it is −17 dB");
    }
}

#[test]
fn without_a_capture_the_level_is_tracked() {
    let mut rng = fastrand::Rng::with_seed(0x64);
    for mode in LatencyMode::ALL {
        let mut stream = denoiser(48_000.0, 1, mode);
        let noise = white(&mut rng, 5 * 48_000, 0.01);
        let output = run_mono(&mut stream, &noise, &Settings::default());
        let drop_db = rms_db(&noise) - rms_db(&output[2 * 48_000..]);
        assert!(drop_db > 14.0, "{mode:?}: {drop_db:.1} dB");
    }
}

#[test]
fn a_noise_input_drives_the_profile() {
    let rng = fastrand::Rng::with_seed(0x65);
    let spec = quell_core::StreamSpec {
        sample_rate_hz: 48_000.0,
        n_channels: 1,
        n_noise_channels: 1,
        mode: LatencyMode::Standard,
    };
    let settings = Settings { profile_source: ProfileSource::Sidechain, ..Settings::default() };
    let drop_db = |with_noise_input: bool| {
        let mut rng = rng.clone();
        let mut stream = Denoiser::new(spec).expect("a valid spec");
        let input = white(&mut rng, 3 * 48_000, 0.01);
        let reference = white(&mut rng, 3 * 48_000, 0.01);
        let mut output = input.clone();
        for (output, reference) in output.chunks_mut(480).zip(reference.chunks(480)) {
            let noise: &[&[f32]] = &[reference];
            stream.process(&mut [output], with_noise_input.then_some(noise), &settings, &mut ());
        }
        rms_db(&input) - rms_db(&output[48_000..])
    };
    let (driven_db, tracked_db) = (drop_db(true), drop_db(false));
    assert!(driven_db > 18.0, "{driven_db:.1} dB");
    assert!(tracked_db > 10.0, "not connected, it must track instead: {tracked_db:.1} dB");
}

#[test]
fn linked_channels_get_one_mask() {
    let mut rng = fastrand::Rng::with_seed(0x66);
    let left = white(&mut rng, 96_000, 0.02);
    // The right channel is the left one at half level: with one mask it stays so exactly.
    let right: Vec<f32> = left.iter().map(|x| x * 0.5).collect();
    for (stereo_link, is_equal) in [(true, true), (false, false)] {
        let settings = Settings { stereo_link, ..Settings::default() };
        let mut stream = denoiser(48_000.0, 2, LatencyMode::Standard);
        stream.set_profile(Some(&{
            let mut mono = denoiser(48_000.0, 1, LatencyMode::Standard);
            learn(&mut mono, &white(&mut fastrand::Rng::with_seed(1), 96_000, 0.01));
            mono.profile().expect("captured").clone()
        }));
        let mut channels = [left.clone(), right.clone()];
        run(&mut stream, &mut channels, &settings, || 480);
        let stays = channels[0].iter().zip(&channels[1]).all(|(l, r)| (l * 0.5 - r).abs() < 1e-7);
        assert_eq!(stays, is_equal, "link {stereo_link}");
    }
}

/// The table of `docs/results.md`: run with `--nocapture`.
#[test]
fn noise_goes_down_by_what_reduction_says_in_every_engine() {
    let mut rng = fastrand::Rng::with_seed(0x67);
    let [learned, noise] = [0, 1].map(|_| white(&mut rng, 96_000, 0.01));
    println!("| Reduction | {} |", Engine::ALL.map(Engine::name).join(" | "));
    for reduction_db in [0.0, -6.0, -12.0, -18.0, -24.0, -30.0, -40.0] {
        let changes_db = Engine::ALL.map(|engine| {
            let mut stream = denoiser(48_000.0, 1, LatencyMode::Standard);
            learn(&mut stream, &learned);
            let settings = Settings { engine, reduction_db, ..Settings::default() };
            let output = run_mono(&mut stream, &noise, &settings);
            rms_db(&output[48_000..]) - rms_db(&noise)
        });
        println!("| {reduction_db} dB | {} |", changes_db.map(|db| format!("{db:.1}")).join(" | "));
        for (engine, change_db) in Engine::ALL.into_iter().zip(changes_db) {
            let off_db = change_db - f64::from(reduction_db);
            // Masks open for single bins of noise, which at last are most of what is left.
            let deepest_db = match engine {
                Engine::Classic => -20.0,
                Engine::Gate => -32.0,
                Engine::Neural | Engine::Hybrid => -37.0,
            };
            let is_near = off_db.abs() < 1.0 || off_db > 0.0 && change_db < deepest_db;
            assert!(is_near, "{engine:?}, {reduction_db} dB: {change_db:.2} dB");
        }
    }
}

#[test]
fn amount_scales_what_reduction_lets_go() {
    let mut rng = fastrand::Rng::with_seed(0x68);
    let mut stream = denoiser(48_000.0, 1, LatencyMode::Standard);
    learn(&mut stream, &white(&mut rng, 96_000, 0.01));
    let noise = white(&mut rng, 96_000, 0.01);
    for (amount, reduction_db, expected_db) in
        [(0.0, -24.0, 0.0), (0.5, -24.0, -6.0), (0.9, -40.0, -20.0), (0.9, -12.0, -12.0)]
    {
        stream.reset();
        let settings = Settings { amount, reduction_db, ..Settings::default() };
        let output = run_mono(&mut stream, &noise, &settings);
        let change_db = rms_db(&output[48_000..]) - rms_db(&noise);
        let is_near = (change_db - expected_db).abs() < 1.0;
        assert!(is_near, "{amount} of {reduction_db} dB: {change_db:.2} dB");
    }
}
