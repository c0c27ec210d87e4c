//! `quell denoise` without options: the noise that it finds is noise.

use crate::common::{Folder, write};
use quell_audio::{SampleFormat, read_all};
use quell_testkit::signals::{even, rms_db, seeded};

const RATE_HZ: u32 = 48_000;
const FORMAT: SampleFormat = SampleFormat::Int { bits: 24 };

fn noise(seconds: f64, peak: f32) -> Vec<f32> {
    even(&mut seeded(7), (seconds * f64::from(RATE_HZ)) as usize, peak)
}

/// Five syllables a second with a moving pitch over next to no noise: never half a second of rest.
fn voice(seconds: f64) -> Vec<f32> {
    let mut phase = 0.0f64;
    let mut sound = noise(seconds, 2e-4);
    for (idx, sample) in sound.iter_mut().enumerate() {
        let t = idx as f64 / f64::from(RATE_HZ);
        phase += std::f64::consts::TAU * (150.0 + 30.0 * (3.0 * t).sin()) / f64::from(RATE_HZ);
        let harmonics: f64 = (1..25).map(|k| (phase * f64::from(k)).sin() / f64::from(k)).sum();
        let syllable = (std::f64::consts::PI * 5.0 * t).sin().powi(2);
        *sample += (0.1 * harmonics * syllable) as f32;
    }
    sound
}

fn report(folder: &Folder, args: &[&str]) -> serde_json::Value {
    let args = [&["denoise", "in.wav", "-fo", "out.wav", "--json"], args].concat();
    serde_json::from_str(&folder.quell(&args).succeeded().stdout()).unwrap()
}

#[test]
fn a_voice_is_not_taken_for_its_own_noise() {
    let folder = Folder::new();
    write(&folder.file("in.wav"), RATE_HZ, FORMAT, vec![voice(3.0)]);
    let report = report(&folder, &[]);
    assert_eq!(report["engine"], "neural");
    let noise = &report["files"][0]["noise"];
    assert!(noise["source"].as_str().unwrap().starts_with("followed"), "{noise}");
    assert!(noise["seconds"].is_null(), "no print was made: {noise}");
    let [before, after] =
        ["in.wav", "out.wav"].map(|name| read_all(&folder.file(name)).unwrap().channels.remove(0));
    let difference: Vec<f32> = before.iter().zip(&after).map(|(b, a)| b - a).collect();
    let change_db = rms_db(&difference) - rms_db(&before);
    assert!(change_db < -15.0, "{change_db:.1} dB");
    // Who asks for it is told why not.
    folder
        .quell(&["denoise", "in.wav", "-fo", "out.wav", "--auto"])
        .failed(1, &["in.wav", "speech or music", "--noise-range"]);
    folder
        .quell(&["profile", "learn", "in.wav", "--auto", "-o", "noise.json"])
        .failed(1, &["in.wav", "speech or music"]);
}

#[test]
fn a_file_that_begins_with_inaudible_noise_is_not_taken_for_clean() {
    let folder = Folder::new();
    let quiet = noise(1.5, 10f32.powf(-88.0 / 20.0));
    let loud = noise(3.0, 0.02);
    write(&folder.file("in.wav"), RATE_HZ, FORMAT, vec![[&quiet[..], &loud].concat()]);
    for engine in ["gate", "neural", "hybrid"] {
        report(&folder, &["--engine", engine]);
        let output = read_all(&folder.file("out.wav")).unwrap().channels.remove(0);
        let known = quiet.len() + RATE_HZ as usize / 2..output.len();
        let drop_db = rms_db(&loud) - rms_db(&output[known]);
        assert!(drop_db > 20.0, "{engine}: {drop_db:.1} dB");
    }
}
