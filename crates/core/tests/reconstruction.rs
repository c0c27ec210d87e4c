//! With the mask at 1 the output is the input, late by exactly the reported latency.

use quell_core::{Engine, LatencyMode, Monitor, Settings};
use quell_testkit::signals::{error_db, rms_db, sine, white};
use quell_testkit::stream::{RATES_HZ, denoiser, run, run_mono, transparent};

#[test]
fn mask_of_one_gives_back_the_input_at_every_rate_mode_and_layout() {
    let seed = 0x51_u64;
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut engine_idx = 0;
    for rate_hz in RATES_HZ {
        for mode in LatencyMode::ALL {
            for n_channels in [1, 2] {
                let mut stream = denoiser(rate_hz, n_channels, mode);
                let latency = stream.latency_samples();
                let n = 3 * latency + 20_000;
                let input: Vec<_> = (0..n_channels).map(|_| white(&mut rng, n, 0.1)).collect();
                let mut output = input.clone();
                let settings = Settings { engine: Engine::ALL[engine_idx % 4], ..transparent() };
                engine_idx += 1;
                run(&mut stream, &mut output, &settings, || rng.usize(1..=16_384));
                for (input, output) in input.iter().zip(&output) {
                    let db = error_db(&output[latency..], &input[..n - latency]);
                    assert!(
                        db < -120.0,
                        "{rate_hz} Hz, {mode:?}, {n_channels} channels: {db:.1} dB, seed {seed}"
                    );
                    assert!(output[..latency].iter().all(|&x| x.abs() < 1e-6));
                }
            }
        }
    }
}

#[test]
fn an_impulse_arrives_after_the_reported_latency() {
    for (rate_hz, engine) in
        RATES_HZ.into_iter().flat_map(|rate_hz| Engine::ALL.map(|engine| (rate_hz, engine)))
    {
        for (mode, latency_ms) in
            [(LatencyMode::Live, 20.0), (LatencyMode::Standard, 40.0), (LatencyMode::Studio, 80.0)]
        {
            let mut stream = denoiser(rate_hz, 1, mode);
            let mut impulse = vec![0.0; stream.latency_samples() * 3];
            impulse[100] = 1.0;
            let settings = Settings { engine, ..transparent() };
            let output = run_mono(&mut stream, &impulse, &settings);
            let peak =
                (0..output.len()).max_by(|&a, &b| output[a].abs().total_cmp(&output[b].abs()));
            assert_eq!(
                peak,
                Some(100 + stream.latency_samples()),
                "{rate_hz} Hz, {mode:?}, {engine:?}"
            );
            // Rates whose window is no whole number of samples differ by the rounding of the
            // window.
            let measured_ms = stream.latency_samples() as f64 / rate_hz * 1000.0;
            assert!(
                (measured_ms / latency_ms - 1.0).abs() < 0.03,
                "{rate_hz} Hz: {measured_ms} ms"
            );
        }
    }
}

#[test]
fn bypass_is_the_delayed_input_bit_for_bit() {
    let mut rng = fastrand::Rng::with_seed(7);
    for mode in LatencyMode::ALL {
        let mut stream = denoiser(48_000.0, 1, mode);
        let latency = stream.latency_samples();
        let input = white(&mut rng, 48_000, 0.2);
        let bypassed = Settings { bypass: true, output_gain_db: 6.0, ..Settings::default() };
        let output = run_mono(&mut stream, &input, &bypassed);
        assert_eq!(output[latency..], input[..input.len() - latency], "{mode:?}");
    }
}

#[test]
fn switching_bypass_glides_over_ten_milliseconds() {
    let input = sine(48_000.0, 50.0, 48_000, 0.5);
    let mut stream = denoiser(48_000.0, 1, LatencyMode::Standard);
    let muted = Settings { output_gain_db: -120.0, ..Settings::default() };
    let mut output = input.clone();
    let largest_step = |signal: &[f32]| {
        signal.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max)
    };
    for (idx, chunk) in output.chunks_mut(6_000).enumerate() {
        let settings = Settings { bypass: idx % 2 == 1, ..muted };
        stream.process(&mut [chunk], None, &settings, &mut ());
    }
    // A hard switch would jump by up to 0.5; a 480 sample fade adds 0.5 / 480 per sample.
    let allowed = largest_step(&input) + 0.5 / 480.0 + 1e-4;
    assert!(largest_step(&output) <= allowed, "{} > {allowed}", largest_step(&output));
    assert!(rms_db(&output) > -20.0, "bypass must have let sound through");
}

#[test]
fn denoised_and_removed_add_up_to_the_delayed_input() {
    let mut rng = fastrand::Rng::with_seed(8);
    for (mode, engine) in
        LatencyMode::ALL.into_iter().flat_map(|mode| Engine::ALL.map(|engine| (mode, engine)))
    {
        let input = white(&mut rng, 48_000, 0.1);
        let mut stream = denoiser(48_000.0, 1, mode);
        let latency = stream.latency_samples();
        let settings = Settings { engine, ..Settings::default() };
        let denoised = run_mono(&mut stream, &input, &settings);
        stream.reset();
        let only_removed = Settings { monitor: Monitor::Removed, ..settings };
        let removed = run_mono(&mut stream, &input, &only_removed);
        let sum: Vec<f32> = denoised.iter().zip(&removed).map(|(a, b)| a + b).collect();
        let db = error_db(&sum[latency..], &input[..input.len() - latency]);
        assert!(db < -120.0, "{mode:?}, {engine:?}: {db:.1} dB");
        assert!(rms_db(&removed) > -60.0, "{engine:?} must take something from white noise");
    }
}
