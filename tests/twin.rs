//! The command line and the plugin are one sound: the same state gives the same samples.

use clack_host::entry::PluginEntry;
use quell_cli::preset;
use quell_core::{Treatment, denoise};
use quell_testkit::host::Rig;
use quell_testkit::signals::{even, rms_db, seeded};

const RATE_HZ: f64 = 48_000.0;

fn rig() -> Rig {
    // SAFETY: the entry is this very library's own.
    let entry = unsafe {
        PluginEntry::load_from_raw(&quell::clap_shell::clap_entry, c"/quell.clap")
            .expect("the entry is valid")
    };
    Rig::new(&entry)
}

/// A state with a captured print and these settings, as the plugin saves it.
fn saved_state(settings: &[(&str, &str)], noise: &[Vec<f32>]) -> Vec<u8> {
    let mut rig = rig();
    rig.set(settings);
    rig.activate(RATE_HZ, 512);
    let on = rig.change(0, "Capture", "On");
    let off = rig.change(noise[0].len() - 4_800, "Capture", "Off");
    rig.play(noise, &[on, off]);
    rig.save()
}

/// What a host renders from that state, latency taken out.
fn rendered_by_plugin(state: &[u8], sound: &[Vec<f32>]) -> Vec<Vec<f32>> {
    let mut rig = rig();
    assert!(rig.load(state));
    rig.activate(RATE_HZ, 512);
    let latency = rig.latency();
    let mut padded = sound.to_vec();
    padded.iter_mut().for_each(|channel| channel.resize(channel.len() + latency, 0.0));
    rig.play(&padded, &[]).iter().map(|channel| channel[latency..].to_vec()).collect()
}

/// What `quell denoise --preset` makes of it.
fn rendered_by_cli(state: &[u8], sound: &[Vec<f32>]) -> Vec<Vec<f32>> {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), state).expect("room for a state");
    let preset = preset::load(file.path()).expect("the plugin's own state");
    let settings = preset.settings();
    let profile = preset.into_profile();
    assert!(profile.is_some(), "the print travels with the state");
    let treatment =
        Treatment { settings: &settings, mode: settings.latency, profile: profile.as_ref() };
    denoise(sound, RATE_HZ, &treatment).expect("a valid stream")
}

#[test]
fn the_command_line_equals_the_plugin_sample_for_sample() {
    let mut random = seeded(21);
    let noise = [even(&mut random, 96_000, 0.05), even(&mut random, 96_000, 0.02)];
    let tone = |i: usize| (i as f32 * 0.05).sin() * if i % 24_000 < 12_000 { 0.3 } else { 0.0 };
    let sound: Vec<Vec<f32>> = [0.05, 0.02]
        .map(|level| {
            let noise = even(&mut random, 96_000, level);
            noise.iter().enumerate().map(|(i, noise)| noise + tone(i)).collect()
        })
        .to_vec();
    let cases: [&[(&str, &str)]; 7] = [
        &[],
        &[
            ("Latency", "Live (20 ms)"),
            ("Amount", "75 %"),
            ("Reduction", "-18 dB"),
            ("Mix", "90 %"),
        ],
        &[
            ("Latency", "Studio (80 ms)"),
            ("Engine", "Classic"),
            ("Knee", "3 dB"),
            ("Release", "80 ms"),
            ("Smoothing", "300 Hz"),
        ],
        &[
            ("Hear", "Removed"),
            ("Output gain", "-6 dB"),
            ("Stereo link", "Off"),
            ("Sensitivity", "2"),
            ("Threshold 6", "4 dB"),
            ("Threshold 3", "-7 dB"),
            ("Threshold 3 frequency", "900 Hz"),
            ("Artifact control", "40 %"),
        ],
        &[("Engine", "Neural"), ("Sensitivity", "2"), ("Latency", "Studio (80 ms)")],
        &[("Engine", "Hybrid"), ("Stereo link", "Off"), ("Amount", "90 %")],
        &[("Engine", "Gate"), ("Print", "C")],
    ];
    for settings in cases {
        let state = saved_state(settings, &noise);
        let plugin = rendered_by_plugin(&state, &sound);
        let cli = rendered_by_cli(&state, &sound);
        assert!(rms_db(&plugin[0]) > -60.0, "{settings:?}: the plugin is silent");
        assert!(plugin == cli, "{settings:?}: the two differ");
    }
}
