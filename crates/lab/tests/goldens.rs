//! Figures agree with pystoi and scikit-image; `tests/goldens.py` makes their side.

use std::f64::consts::TAU;

use quell_lab::metrics::Figures;

const SECONDS: f64 = 3.0;
/// What independent implementations may differ by.
const TOLERANCE: f64 = 1e-3;

/// The generator of `goldens.py`, which no library offers on both sides.
struct Lcg(u64);

impl Lcg {
    /// Evenly distributed over ±1.
    fn next(&mut self) -> f64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as f64 / f64::from(1u32 << 30) - 1.0
    }
}

/// The signals of `goldens.py`.
fn signals(case: usize, rate_hz: u32) -> (Vec<f32>, Vec<f32>) {
    let n = (SECONDS * f64::from(rate_hz)) as usize;
    let number = case as f64;
    let mut noise = Lcg(1 + case as u64);
    (0..n)
        .map(|i| {
            let t = i as f64 / f64::from(rate_hz);
            let phase = TAU * ((100.0 + 15.0 * number) * t + 3.0 * (TAU * 0.7 * t).sin());
            let syllable = (TAU * (2.0 + 0.2 * number) * t).sin().max(0.0).powi(2);
            let voice: f64 = (1..16)
                .map(|k| {
                    let k = f64::from(k);
                    (k * phase).sin() * (1.0 + 0.8 * (TAU * (1.3 * t + 0.17 * k)).sin()) / k
                })
                .sum();
            let clean = 0.1 * voice * syllable;
            let mut noisy = clean + 0.01 * (1.0 + number) * noise.next();
            if case % 2 == 1 {
                noisy *= 0.5 + 0.5 * syllable;
            }
            (clean as f32, noisy as f32)
        })
        .unzip()
}

#[test]
fn ten_signals_measure_as_in_the_reference_implementations() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/goldens.json");
    let goldens = std::fs::read_to_string(path).expect("tests/goldens.json is committed");
    let goldens: Vec<serde_json::Value> = serde_json::from_str(&goldens).unwrap();
    assert_eq!(goldens.len(), 10);
    for (case, golden) in goldens.iter().enumerate() {
        let rate_hz = golden["rate_hz"].as_u64().unwrap() as u32;
        let (clean, noisy) = signals(case, rate_hz);
        let figures = Figures::of(&clean, &noisy, rate_hz);
        let mut n_compared = 0;
        for (name, value) in Figures::NAMES.iter().zip(figures.values()) {
            if let Some(wanted) = golden.get(*name).and_then(serde_json::Value::as_f64) {
                assert!((value - wanted).abs() < TOLERANCE, "{case}, {name}: {value}, {wanted}");
                n_compared += 1;
            }
        }
        assert_eq!(n_compared, 8, "{golden}");
    }
}
