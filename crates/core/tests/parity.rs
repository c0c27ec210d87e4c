//! The classic engine in Studio mode is noisereduce 3.0.3 (`stationary=True`), only streaming.
//!
//! The expected outputs come from `golden/make_expected.py`.

use std::path::Path;

use quell_core::{Engine, LatencyMode, Settings};
use quell_testkit::signals::error_db;
use quell_testkit::stream::{denoiser, learn, run_mono};

/// noisereduce's defaults at a 40 ms window, and a time smoothing that fits into the look-ahead.
fn noisereduce_settings() -> Settings {
    Settings {
        engine: Engine::Classic,
        amount: 1.0,
        reduction_db: -200.0,
        sensitivity: 1.5,
        knee_db: 0.0,
        freq_smoothing_hz: 500.0,
        time_smoothing_ms: 40.0,
        attack_ms: 0.0,
        release_ms: 0.0,
        ..Settings::default()
    }
}

fn golden(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn read_i16(name: &str) -> Vec<f32> {
    let bytes = golden(name);
    let values = bytes.as_chunks::<2>().0.iter().map(|&bytes| i16::from_le_bytes(bytes));
    values.map(|value| f32::from(value) / 32768.0).collect()
}

fn read_f32(name: &str) -> Vec<f32> {
    golden(name).as_chunks::<4>().0.iter().map(|&bytes| f32::from_le_bytes(bytes)).collect()
}

/// The noise as scipy's transform sees it: half a window of zeros on both sides, whole hops.
fn padded_noise(noise: &[f32], frame_len: usize) -> Vec<f32> {
    let zeros = vec![0.0; frame_len / 2];
    [&zeros, noise, &zeros].concat()
}

fn assert_parity(name: &str, rate: u32) {
    let input = read_i16(&format!("{name}_{rate}.i16"));
    let noise = read_i16(&format!("{name}_{rate}_noise.i16"));
    let expected = read_f32(&format!("{name}_{rate}_expected.f32"));

    let mut stream = denoiser(f64::from(rate), 1, LatencyMode::Studio);
    let noise = padded_noise(&noise, stream.geometry().frame_len);
    learn(&mut stream, &noise);
    let captured = stream.take_capture().map(|end| end.map(|end| end.is_in_force));
    assert_eq!(captured, Some(Ok(true)), "{name}");

    let latency = stream.latency_samples();
    let mut padded = input.clone();
    padded.resize(input.len() + latency, 0.0);
    let output = run_mono(&mut stream, &padded, &noisereduce_settings());
    let db = error_db(&output[latency..], &expected);
    println!("{name} at {rate} Hz: {db:.1} dB from noisereduce");
    assert!(db < -60.0, "{name} at {rate} Hz: {db:.1} dB from noisereduce");
    let untouched_db = error_db(&input, &expected);
    assert!(untouched_db > -40.0, "{name}: the algorithm must have had something to do");
}

#[test]
fn speech_equals_noisereduce() {
    assert_parity("speech", 16_000);
}

#[test]
fn music_equals_noisereduce() {
    assert_parity("music", 44_100);
}

#[test]
fn rain_equals_noisereduce() {
    assert_parity("rain", 48_000);
}
