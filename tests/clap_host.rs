//! The plugin in a CLAP host: parameters, automation, state, latency, layouts, capture, reset.

use std::collections::BTreeSet;
use std::time::Instant;

use clack_extensions::params::ParamInfoFlags;
use clack_extensions::state_context::StateContextType;
use clack_host::entry::PluginEntry;
use quell_core::Settings;
use quell_formats::presets::FACTORY;
use quell_formats::state::decode;
use quell_testkit::host::{Buffers, Calls, Change, LAYOUTS, PLUGIN_ID, Rig};
use quell_testkit::presets::{Found, presets};
use quell_testkit::signals::{even, impulse_at, peak, quiet_after, rms_db, seeded};
use serde_json::Value;

/// The plugin, linked in: no bundle is needed.
fn entry() -> PluginEntry {
    // SAFETY: the entry is this very library's own.
    unsafe { PluginEntry::load_from_raw(&quell::clap_shell::clap_entry, c"/quell.clap") }
        .expect("the entry is valid")
}

fn rig() -> Rig {
    Rig::new(&entry())
}

const RATE_HZ: f64 = 48_000.0;
/// Blocks of all sizes that hosts use and some that they don't.
const ODD_BLOCKS: [usize; 9] = [1, 64, 480, 7, 1024, 333, 16_384, 2, 4_096];

// ---- Parameters --------------------------------------------------------------------------------

/// Ids never change: this list grows with each parameter, and nothing else happens to it. CLAP's
/// ids are hashes of the names that state uses.
#[test]
fn parameter_ids_are_what_they_have_always_been() {
    let hash = |id: &str| {
        id.bytes().fold(0u32, |h, b| h.wrapping_mul(31).wrapping_add(b.into())) & 0x7fff_ffff
    };
    let ours: BTreeSet<u32> = rig().params().iter().map(|param| param.id.get()).collect();
    let pinned = [
        "capture",
        "reduction",
        "floor",
        "sensitivity",
        "source",
        "monitor",
        "mix",
        "gain",
        "knee",
        "freq_smooth",
        "time_smooth",
        "attack",
        "release",
        "thr_1",
        "thr_low",
        "thr_3",
        "thr_mid",
        "thr_5",
        "thr_high",
        "thr_hz_1",
        "thr_hz_2",
        "thr_hz_3",
        "thr_hz_4",
        "thr_hz_5",
        "thr_hz_6",
        "link",
        "latency",
        "bypass",
        "engine",
        "artifact",
        "transient",
        "hum",
        "recent",
        "add",
        "tone",
        "slot",
    ];
    let pinned: BTreeSet<u32> = pinned.map(hash).into();
    assert_eq!(ours, pinned, "a parameter came or went: give a new one its line here, for ever");
}

#[test]
fn every_parameter_has_a_finite_range_and_text_that_is_read_back() {
    let mut rig = rig();
    for param in rig.params() {
        assert!(param.min < param.max && param.min.is_finite() && param.max.is_finite());
        assert!((param.min..=param.max).contains(&param.default), "{}", param.name);
        for step in 0..=50 {
            let value = param.min + (param.max - param.min) * f64::from(step) / 50.0;
            let shown = rig.value_text(param.id, value);
            let read = rig.text_value(param.id, &shown);
            let read = read.unwrap_or_else(|| panic!("{}: '{shown}' is not read", param.name));
            assert_eq!(rig.value_text(param.id, read), shown, "{}", param.name);
        }
        assert_eq!(rig.text_value(param.id, "never"), None, "{}", param.name);
    }
}

#[test]
fn text_carries_units_and_is_read_without_them() {
    let mut rig = rig();
    for (name, text, shown) in [
        ("Reduction", "12", "-12.0 dB"),
        ("Reduction", "-12 dB", "-12.0 dB"),
        ("Smoothing", "0.2 kHz", "200 Hz"),
        ("Release", "40 ms", "40.0 ms"),
        ("Release", "0.04 s", "40.0 ms"),
        ("Amount", "90 %", "90.0 %"),
        ("Latency", "Live (20 ms)", "Live (20 ms)"),
        ("Hear", "Removed", "Removed"),
        ("Print", "c", "C"),
        ("Print", "A > B 50 %", "A \u{2192} B 50 %"),
    ] {
        let id = rig.param(name).id;
        let value = rig.text_value(id, text).unwrap_or_else(|| panic!("{name}: '{text}'"));
        assert_eq!(rig.value_text(id, value), shown, "{name}: '{text}'");
    }
}

#[test]
fn modes_are_stepped_bypass_is_the_hosts_and_all_can_be_automated() {
    let mut rig = rig();
    for name in ["Engine", "Latency", "Noise from", "Hear", "Capture", "Stereo link", "Bypass"] {
        assert!(rig.param(name).flags.contains(ParamInfoFlags::IS_STEPPED), "{name}");
    }
    assert!(rig.param("Bypass").flags.contains(ParamInfoFlags::IS_BYPASS));
    assert!(!rig.param("Print").flags.contains(ParamInfoFlags::IS_STEPPED), "it glides");
    // Some hosts, Ardour among them, show nothing else.
    for param in rig.params() {
        assert!(param.flags.contains(ParamInfoFlags::IS_AUTOMATABLE), "{}", param.name);
    }
}

/// VST3 stores automation as a share of the range: one more place would move all others.
#[test]
fn choices_have_as_many_places_as_they_always_had() {
    let mut rig = rig();
    for (name, n_places) in [("Noise from", 3), ("Hear", 2), ("Engine", 4), ("Latency", 3)] {
        let param = rig.param(name);
        assert_eq!((param.min, param.max), (0.0, f64::from(n_places - 1)), "{name}");
    }
}

#[test]
fn automation_lands_on_its_sample() {
    let mut rig = rig();
    rig.set(&[("Reduction", "0 dB")]);
    rig.select_layout(4);
    rig.activate(RATE_HZ, 4_096);
    let latency = rig.latency();
    // A gain change is heard as the first sample that differs, in the middle of a block.
    let mut buffers = Buffers::new(vec![vec![0.5; 3 * 4_096]], 0);
    let sample = 2 * 4_096 + 1_234;
    let change = rig.change(sample, "Output gain", "-6 dB");
    rig.render(&mut buffers, &[4_096], &[change]);
    let output = &buffers.output[0];
    assert!(sample > 2 * latency, "the sound must have arrived");
    let steady = output[sample - 1];
    assert!((steady - 0.5).abs() < 1e-3, "{steady}");
    let first = (latency + 2_000..output.len()).find(|&i| (output[i] - steady).abs() > 1e-5);
    assert_eq!(first, Some(sample));
}

// ---- Latency -----------------------------------------------------------------------------------

#[test]
fn the_reported_latency_is_the_measured_one() {
    for (mode, milliseconds) in
        [("Live (20 ms)", 20.0), ("Standard (40 ms)", 40.0), ("Studio (80 ms)", 80.0)]
    {
        for rate_hz in [8_000.0, 22_050.0, 44_100.0, 48_000.0, 96_000.0, 192_000.0, 44_056.3] {
            for (layout_idx, &(n_channels, _)) in LAYOUTS.iter().enumerate() {
                let mut rig = rig();
                rig.select_layout(layout_idx);
                rig.set(&[("Latency", mode), ("Reduction", "0 dB")]);
                rig.activate(rate_hz, 1_024);
                let reported = rig.latency();
                let at = 777;
                let input = vec![impulse_at(at, at + 3 * reported); n_channels];
                for output in rig.play(&input, &[]) {
                    let found = peak(&output);
                    assert_eq!(found - at, reported, "{mode}, {rate_hz} Hz, {n_channels} channels");
                }
                let expected = milliseconds * rate_hz / 1e3;
                assert!(
                    (reported as f64 / expected - 1.0).abs() < 0.05,
                    "{mode}, {rate_hz} Hz: {reported} samples"
                );
            }
        }
    }
}

#[test]
fn a_new_latency_mode_takes_one_restart_and_no_more() {
    let mut rig = rig();
    rig.select_layout(4);
    rig.activate(RATE_HZ, 512);
    assert_eq!(rig.latency(), 1_920);
    let sound = vec![vec![0.1; 4_096]];
    rig.play(&sound, &[]);
    assert_eq!(Calls::take(&rig.calls.restart), 0, "activation alone asks for nothing");
    Calls::take(&rig.calls.latency_changed);

    let change = rig.change(100, "Latency", "Studio (80 ms)");
    rig.play(&sound, &[change]);
    rig.play(&sound, &[]);
    assert_eq!(Calls::take(&rig.calls.restart), 1, "once, however long the host takes");
    assert_eq!(rig.latency(), 1_920, "the latency is constant while active");
    assert_eq!(Calls::take(&rig.calls.latency_changed), 0);

    rig.restart(RATE_HZ);
    assert_eq!(Calls::take(&rig.calls.latency_changed), 1, "announced during activation");
    assert_eq!(rig.latency(), 3_840);
    for _ in 0..3 {
        rig.play(&sound, &[]);
        rig.restart(RATE_HZ);
    }
    rig.play(&sound, &[]);
    assert_eq!(Calls::take(&rig.calls.restart), 0, "no restart loop");
    assert_eq!(Calls::take(&rig.calls.latency_changed), 0, "nothing changed any more");

    // There and back again before the host restarts: nothing has to happen any more.
    let there = rig.change(0, "Latency", "Live (20 ms)");
    let back = rig.change(1_000, "Latency", "Studio (80 ms)");
    rig.play(&sound, &[there, back]);
    assert!(Calls::take(&rig.calls.restart) <= 1);
    rig.play(&sound, &[]);
    assert_eq!(Calls::take(&rig.calls.restart), 0);
}

// ---- Bypass ------------------------------------------------------------------------------------

#[test]
fn bypass_is_the_delayed_input_bit_for_bit() {
    for mode in ["Live (20 ms)", "Standard (40 ms)", "Studio (80 ms)"] {
        let mut rig = rig();
        rig.set(&[("Latency", mode), ("Bypass", "On"), ("Output gain", "12 dB")]);
        rig.activate(RATE_HZ, 512);
        let latency = rig.latency();
        let mut random = seeded(1);
        let input = vec![even(&mut random, 20_000, 0.5), even(&mut random, 20_000, 0.5)];
        let output = rig.play(&input, &[]);
        for (input, output) in input.iter().zip(&output) {
            assert_eq!(output[latency..], input[..input.len() - latency], "{mode}");
        }
    }
}

#[test]
fn switching_bypass_does_not_click() {
    let mut rig = rig();
    rig.select_layout(4);
    rig.set(&[("Reduction", "0 dB"), ("Output gain", "-24 dB")]);
    rig.activate(RATE_HZ, 512);
    let mut changes = Vec::new();
    for (idx, sample) in (10_000..90_000).step_by(10_007).enumerate() {
        changes.push(rig.change(sample, "Bypass", if idx % 2 == 0 { "On" } else { "Off" }));
    }
    let sine: Vec<f32> = (0..96_000).map(|i| (i as f32 * 0.013).sin() * 0.5).collect();
    let output = &rig.play(std::slice::from_ref(&sine), &changes)[0];
    let step = |sound: &[f32]| sound.windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0f32, f32::max);
    assert!(step(output) < 1.5 * step(&sine), "{} against {}", step(output), step(&sine));
}

// ---- Capture -----------------------------------------------------------------------------------

/// Two seconds of noise, learned and then played again: by how much it is quieter, dB.
fn drop_after_capture(rig: &mut Rig, noise: &[Vec<f32>]) -> f64 {
    let on = rig.change(4_800, "Capture", "On");
    let off = rig.change(noise[0].len() - 4_800, "Capture", "Off");
    rig.play(noise, &[on, off]);
    rig.reset();
    let output = rig.play(noise, &[]);
    let tail = noise[0].len() / 2..;
    rms_db(&noise[0][tail.clone()]) - rms_db(&output[0][tail])
}

#[test]
fn capture_by_parameter_takes_the_noise_away_and_tells_the_host() {
    let mut rig = rig();
    rig.activate(RATE_HZ, 512);
    let mut random = seeded(2);
    let noise = vec![even(&mut random, 96_000, 0.05), even(&mut random, 96_000, 0.05)];
    rig.run_callbacks();
    assert_eq!(Calls::take(&rig.calls.dirty), 0);
    let drop_db = drop_after_capture(&mut rig, &noise);
    assert!(drop_db > 6.0, "{drop_db:.1} dB");
    rig.run_callbacks();
    assert_eq!(Calls::take(&rig.calls.dirty), 1, "once per capture");
    rig.play(&noise, &[]);
    rig.run_callbacks();
    assert_eq!(Calls::take(&rig.calls.dirty), 0);
}

#[test]
fn a_refused_capture_keeps_the_profile() {
    let mut rig = rig();
    rig.activate(RATE_HZ, 512);
    let mut random = seeded(3);
    let noise = vec![even(&mut random, 96_000, 0.05), even(&mut random, 96_000, 0.05)];
    drop_after_capture(&mut rig, &noise);
    let good = rig.save();
    let silence = vec![vec![0.0; 96_000]; 2];
    let faults = vec![vec![f32::NAN; 96_000]; 2];
    for (name, sound, seconds) in
        [("short", &noise, 0.1), ("silent", &silence, 1.0), ("not numbers", &faults, 1.0)]
    {
        let on = rig.change(9_600, "Capture", "On");
        let off = rig.change(9_600 + (seconds * RATE_HZ) as usize, "Capture", "Off");
        rig.play(sound, &[on, off]);
        rig.run_callbacks();
        assert!(rig.save() == good, "a {name} capture changed what is saved");
    }
}

#[test]
fn nothing_starts_by_learning() {
    let mut random = seeded(6);
    let noise = vec![even(&mut random, 96_000, 0.05), even(&mut random, 96_000, 0.05)];
    let has_print = |rig: &mut Rig| !profile_of(&rig.save()).is_null();
    // What was on before the stream began, or in what was opened, comes back as hosts expect. It
    // learns nothing until it was off.
    let mut rig = rig();
    rig.set(&[("Capture", "On"), ("Amount", "50 %")]);
    rig.activate(RATE_HZ, 512);
    assert_eq!((rig.value("Capture"), rig.value("Amount")), (1.0, 0.5));
    rig.play(&noise, &[]);
    assert!(!has_print(&mut rig));
    let bytes = rig.save();
    assert!(rig.load(&bytes));
    assert_eq!(rig.value("Capture"), 1.0);
    rig.play(&noise, &[]);
    rig.reset();
    rig.play(&noise, &[]);
    assert!(!has_print(&mut rig));
    let (off, on) = (rig.change(4_800, "Capture", "Off"), rig.change(5_000, "Capture", "On"));
    rig.play(&noise, &[off, on]);
    let off = rig.change(0, "Capture", "Off");
    rig.play(&noise, &[off]);
    assert!(has_print(&mut rig));
}

#[test]
fn a_capture_ends_by_itself_once_and_not_again_after_a_reset() {
    let mut rig = rig();
    rig.activate(RATE_HZ, 512);
    let mut random = seeded(7);
    let mut loud_then_quiet = [even(&mut random, 144_000, 0.05), even(&mut random, 144_000, 0.05)];
    for channel in &mut loud_then_quiet {
        channel[110_000..].iter_mut().for_each(|sample| *sample *= 0.1);
    }
    let on = rig.change(4_800, "Capture", "On");
    rig.play(&loud_then_quiet, &[on]);
    let learned = profile_of(&rig.save());
    assert_eq!(learned["verdict"], "steady", "{learned:#}");
    assert!((1.9..2.1).contains(&learned["seconds"].as_f64().unwrap()), "{}", learned["seconds"]);
    rig.reset();
    rig.play(&loud_then_quiet, &[]);
    assert_eq!(profile_of(&rig.save()), learned, "still on, it learned again");
}

#[test]
fn a_capture_puts_its_print_in_the_place_of_another_source() {
    let mut rig = rig();
    rig.set(&[("Noise from", "Adaptive")]);
    rig.activate(RATE_HZ, 512);
    let mut random = seeded(8);
    let noise = vec![even(&mut random, 144_000, 0.05), even(&mut random, 144_000, 0.05)];
    let source = rig.value("Noise from");
    let on = rig.change(4_800, "Capture", "On");
    rig.play(&noise, &[on]);
    assert_ne!(rig.value("Noise from"), source);
    rig.run_callbacks();
    assert_eq!(Calls::take(&rig.calls.rescan), 1, "the host is told so");
    // It may be changed back, and stays.
    rig.set(&[("Noise from", "Adaptive")]);
    rig.play(&noise, &[]);
    assert_eq!(rig.value("Noise from"), source);
}

#[test]
fn what_was_heard_last_is_learned_by_parameter_though_nothing_plays_any_more() {
    let mut rig = rig();
    rig.activate(RATE_HZ, 512);
    let mut random = seeded(10);
    let noise = vec![even(&mut random, 96_000, 0.05), even(&mut random, 96_000, 0.05)];
    let silence = vec![vec![0.0; 96_000]; 2];
    rig.play(&noise, &[]);
    rig.play(&silence, &[]);
    rig.reset();
    assert!(profile_of(&rig.save()).is_null());
    let on = rig.change(300, "Use last seconds", "On");
    rig.play(&silence, &[on]);
    let learned = profile_of(&rig.save());
    assert_eq!(learned["verdict"], "steady");
    let output = rig.play(&noise, &[]);
    let drop_db = rms_db(&noise[0][48_000..]) - rms_db(&output[0][48_000..]);
    assert!(drop_db > 6.0, "{drop_db:.1} dB");
    // Opened or activated with it on, it learns nothing anew.
    rig.play(&[even(&mut random, 96_000, 0.01), even(&mut random, 96_000, 0.01)], &[]);
    let bytes = rig.save();
    assert!(rig.load(&bytes));
    rig.restart(RATE_HZ);
    rig.play(&noise, &[]);
    assert_eq!(profile_of(&rig.save()), learned);
}

#[test]
fn what_is_being_learned_does_not_end_up_in_a_project_that_is_opened() {
    let mut random = seeded(9);
    let sound = vec![even(&mut random, 48_000, 0.05), even(&mut random, 48_000, 0.05)];
    let mut other = used_rig();
    let bytes = other.save();
    let mut rig = rig();
    rig.activate(RATE_HZ, 512);
    let on = rig.change(0, "Capture", "On");
    rig.play(&sound, &[on]);
    assert!(rig.load(&bytes));
    rig.play(&sound, &[]);
    assert_eq!(profile_of(&rig.save()), profile_of(&bytes));
}

// ---- State -------------------------------------------------------------------------------------

/// A rig with a captured profile and settings other than the defaults.
fn used_rig() -> Rig {
    let mut rig = rig();
    rig.set(&[
        ("Amount", "75 %"),
        ("Knee", "3 dB"),
        ("Latency", "Live (20 ms)"),
        ("Engine", "Hybrid"),
    ]);
    rig.activate(RATE_HZ, 512);
    let mut random = seeded(4);
    drop_after_capture(
        &mut rig,
        &[even(&mut random, 96_000, 0.05), even(&mut random, 96_000, 0.02)],
    );
    rig
}

#[test]
fn a_project_opens_as_it_was_saved() {
    let mut first = used_rig();
    let bytes = first.save();
    assert!(bytes == first.save(), "saved twice, it is the same");
    let mut second = rig();
    assert!(second.load(&bytes));
    assert_eq!(Calls::take(&second.calls.rescan), 1, "the host reads the values again");
    assert!(bytes == second.save(), "and the same again after a round trip");
    for name in ["Reduction", "Knee", "Latency", "Amount", "Engine"] {
        assert_eq!(first.value(name), second.value(name), "{name}");
    }
    second.activate(RATE_HZ, 512);
    first.reset();
    let mut random = seeded(5);
    let sound = vec![even(&mut random, 48_000, 0.2), even(&mut random, 48_000, 0.2)];
    assert_eq!(first.play(&sound, &[]), second.play(&sound, &[]), "and it sounds the same");
}

#[test]
fn a_project_saved_while_capturing_learns_nothing_when_it_opens() {
    let mut rig = rig();
    rig.activate(RATE_HZ, 512);
    let on = rig.change(0, "Capture", "On");
    rig.play(&[vec![0.1; 4_096], vec![0.1; 4_096]], &[on]);
    assert_eq!(rig.value("Capture"), 1.0);
    let bytes = rig.save();
    assert!(rig.load(&bytes));
    assert_eq!(rig.value("Capture"), 1.0, "as hosts expect");
    rig.play(&[vec![0.1; 96_000], vec![0.1; 96_000]], &[]);
    assert!(profile_of(&rig.save()).is_null(), "but it learns nothing");
}

#[test]
fn a_profile_survives_other_rates_modes_and_layouts() {
    let bytes = used_rig().save();
    for rate_hz in [44_100.0, 96_000.0, 16_000.0, 47_952.0] {
        for (layout_idx, &(n_channels, _)) in LAYOUTS.iter().enumerate() {
            let mut rig = rig();
            assert!(rig.load(&bytes));
            rig.set(&[("Latency", "Studio (80 ms)"), ("Amount", "100 %")]);
            rig.select_layout(layout_idx);
            rig.activate(rate_hz, 512);
            let mut random = seeded(6);
            // The same noise per Hz: its power grows with the bandwidth.
            let amplitude = 0.02 * (rate_hz / RATE_HZ).sqrt() as f32;
            let noise = vec![even(&mut random, rate_hz as usize, amplitude); n_channels];
            let output = rig.play(&noise, &[]);
            let second_half = noise[0].len() / 2..;
            let drop_db = rms_db(&noise[0][second_half.clone()]) - rms_db(&output[0][second_half]);
            assert!(drop_db > 6.0, "{rate_hz} Hz, {n_channels} channels: {drop_db:.1} dB");
            assert!(profile_of(&rig.save()) == profile_of(&bytes), "the original is kept");
        }
    }
}

fn profile_of(state: &[u8]) -> Value {
    serde_json::from_slice::<Value>(state).expect("JSON")["profile"].clone()
}

#[test]
fn a_damaged_state_is_refused_and_the_running_one_kept() {
    let mut rig = used_rig();
    let good = rig.save();
    let mut random = seeded(7);
    let mut megabyte = vec![0u8; 1 << 20];
    megabyte.iter_mut().for_each(|byte| *byte = random.u64(..) as u8);
    let text = String::from_utf8(good.clone()).expect("UTF-8");
    // NaN in the profile: four bytes of the levels become 0xffffffff.
    let nan = {
        let at = text.find("\"mean_db\":\"").expect("the levels") + 11;
        format!("{}{}{}", &text[..at], "////////////////", &text[at + 16..])
    };
    let mut junk = vec![
        ("nothing", Vec::new()),
        ("a megabyte of noise", megabyte),
        ("another version", text.replace("\"quell_state\":1", "\"quell_state\":7").into_bytes()),
        ("NaN in the profile", nan.into_bytes()),
        ("another plugin's", br#"{"version":"1","params":{},"fields":{}}"#.to_vec()),
        ("zeros", vec![0; 4_096]),
    ];
    for len in [1, good.len() / 3, good.len() / 2, good.len() - 1] {
        junk.push(("cut", good[..len].to_vec()));
    }
    for (name, bytes) in junk {
        assert!(!rig.load(&bytes), "{name}: was taken");
        assert!(rig.save() == good, "{name}: changed the running state");
    }
    // Single damaged bytes: refused, or read as another valid state, but never a crash.
    for _ in 0..2_000 {
        let mut bytes = good.clone();
        let at = random.u64(..) as usize % bytes.len();
        bytes[at] = random.u64(..) as u8;
        let was_taken = rig.load(&bytes);
        if was_taken {
            assert!(rig.load(&good));
        }
        assert!(rig.save() == good);
    }
}

// ---- Slots -------------------------------------------------------------------------------------

const FOUR_PRINTS: &[u8] = include_bytes!("fixtures/state/v2.json");

/// The print in a slot of a saved state.
fn print_in(state: &[u8], slot: &str) -> Value {
    let state: Value = serde_json::from_slice(state).expect("JSON");
    if slot == "A" { state["profile"].clone() } else { state["slots"][slot].clone() }
}

/// Noise of this size on both channels, captured into a slot.
fn capture_into(rig: &mut Rig, slot: &str, amplitude: f32) {
    let mut random = seeded(20);
    let noise = vec![even(&mut random, 144_000, amplitude), even(&mut random, 144_000, amplitude)];
    rig.set(&[("Print", slot)]);
    let [on, off] = [(0, "On"), (140_000, "Off")].map(|(at, to)| rig.change(at, "Capture", to));
    rig.play(&noise, &[on, off]);
}

/// Automation of the print: jumps, a ramp from A to D, and one back.
fn glides(rig: &mut Rig) -> Vec<Change> {
    let jumps = [(5_000, "D"), (9_001, "B"), (13_333, "A > B 30 %"), (20_000, "A")];
    let mut changes: Vec<_> = jumps.map(|(at, to)| rig.change(at, "Print", to)).into();
    let ramp = |idx: usize| if idx < 60 { idx } else { 120 - idx } as f64 / 20.0;
    for idx in 0..=120 {
        let jump = rig.change(30_000 + idx * 501, "Print", "A");
        changes.push(Change { value: ramp(idx), ..jump });
    }
    changes
}

#[test]
fn every_slot_keeps_its_print_and_the_project_keeps_all() {
    let mut rig = rig();
    rig.activate(RATE_HZ, 512);
    capture_into(&mut rig, "A", 0.05);
    let only_a: Value = serde_json::from_slice(&rig.save()).unwrap();
    assert_eq!(only_a["quell_state"], 1, "which older versions open");
    let mut before = rig.save();
    for (idx, slot) in ["C", "D", "B", "C"].into_iter().enumerate() {
        capture_into(&mut rig, slot, 0.01 / (idx + 1) as f32);
        let after = rig.save();
        for other in ["A", "B", "C", "D"] {
            let is_same = print_in(&after, other) == print_in(&before, other);
            assert_eq!(is_same, other != slot, "a capture into {slot}: {other}");
        }
        assert_eq!(print_in(&after, slot)["verdict"], "steady");
        before = after;
    }
    rig.set(&[("Print", "B > C 25 %")]);
    let bytes = rig.save();
    let mut other = self::rig();
    assert!(other.load(&bytes));
    assert!(other.save() == bytes, "it comes back as it was saved");
    other.activate(RATE_HZ, 512);
    rig.reset();
    let mut random = seeded(21);
    let sound = vec![even(&mut random, 96_000, 0.02), even(&mut random, 96_000, 0.02)];
    let changes = glides(&mut rig);
    assert!(rig.play(&sound, &changes) == other.play(&sound, &changes), "and sounds the same");
}

#[test]
fn gliding_between_prints_does_not_depend_on_the_cut_into_blocks() {
    let mut random = seeded(22);
    let sound = vec![even(&mut random, 96_000, 0.02), even(&mut random, 96_000, 0.02)];
    let mut reference = None;
    for blocks in [&[512][..], &[16_384], &[1, 2, 3], &ODD_BLOCKS] {
        let mut rig = rig();
        assert!(rig.load(FOUR_PRINTS));
        rig.set(&[("Engine", "Gate"), ("Print", "A")]);
        rig.activate(RATE_HZ, 16_384);
        let changes = glides(&mut rig);
        let mut buffers = Buffers::new(sound.clone(), 2);
        rig.render(&mut buffers, blocks, &changes);
        match &reference {
            None => reference = Some(buffers.output),
            Some(reference) => assert!(*reference == buffers.output, "blocks of {blocks:?}"),
        }
    }
}

#[test]
fn on_an_empty_slot_the_noise_is_followed() {
    let mut random = seeded(23);
    let sound = vec![even(&mut random, 96_000, 0.02), even(&mut random, 96_000, 0.02)];
    let mut without = rig();
    without.activate(RATE_HZ, 512);
    let followed = without.play(&sound, &[]);
    let mut rig = rig();
    rig.activate(RATE_HZ, 512);
    capture_into(&mut rig, "A", 0.001);
    let mut sound_at = |place: &str| {
        rig.set(&[("Print", place)]);
        rig.reset();
        rig.play(&sound, &[])
    };
    let with_a = sound_at("A");
    assert!(with_a != followed);
    assert!(sound_at("B") == followed);
    assert!(sound_at("A > B 90 %") == with_a, "on the way to nothing, A stays");
}

#[test]
fn an_old_project_opens_with_its_print_in_a() {
    let mut rig = rig();
    assert!(rig.load(include_bytes!("fixtures/state/v1.json")));
    assert_eq!(rig.value("Print"), 0.0);
    let saved = rig.save();
    assert!(print_in(&saved, "A").is_object());
    assert!(["B", "C", "D"].iter().all(|slot| print_in(&saved, slot).is_null()));
    // What was in the other slots before belongs to another project.
    assert!(rig.load(FOUR_PRINTS));
    assert_eq!(print_in(&rig.save(), "D")["name"], "Side 4");
    assert!(rig.load(include_bytes!("fixtures/state/v1.json")));
    assert!(rig.save() == saved);
}

// ---- Presets -----------------------------------------------------------------------------------

fn settings_of(rig: &mut Rig) -> Settings {
    decode(&rig.save()).unwrap().settings()
}

#[test]
fn a_browser_finds_the_presets_that_come_with_quell_and_the_users_own_and_loads_them() {
    // 1. A folder of the user's, with a preset and something else.
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("presets");
    std::fs::create_dir(&folder).unwrap();
    // SAFETY: no other test of this program reads or writes the environment.
    unsafe { std::env::set_var("QUELL_HOME", home.path()) };
    let mut rig = rig();
    rig.set(&[("Sensitivity", "2.25"), ("Bypass", "On")]);
    std::fs::write(folder.join("Attic.json"), rig.save_as(StateContextType::ForPreset)).unwrap();
    std::fs::write(folder.join("note.json"), "{}").unwrap();
    // 2. What is listed.
    let found = presets(&entry());
    let names: Vec<_> = found.iter().map(|preset| preset.name.as_str()).collect();
    let shipped = FACTORY.iter().map(|preset| preset.name);
    assert_eq!(names, shipped.chain(["Attic"]).collect::<Vec<_>>());
    for (preset, shipped) in found.iter().zip(&FACTORY) {
        assert_eq!(preset.description, shipped.purpose);
    }
    let plugin = ("clap".to_owned(), PLUGIN_ID.to_str().unwrap().to_owned());
    assert!(found.iter().all(|preset| preset.plugin == plugin));
    // 3. Each is loaded: what it names is there, and what belongs to the session stays.
    for preset in &found {
        Calls::take(&rig.calls.rescan);
        assert!(rig.load_preset(preset), "{}", preset.name);
        assert_eq!(Calls::take(&rig.calls.preset_loaded), 1, "{}", preset.name);
        assert_eq!(Calls::take(&rig.calls.rescan), 1, "{}", preset.name);
        assert_eq!(rig.value("Bypass"), 1.0, "{}", preset.name);
        if let Some(shipped) = FACTORY.iter().find(|shipped| shipped.name == preset.name) {
            let expected = decode(shipped.text.as_bytes()).unwrap().settings();
            let saved = settings_of(&mut rig);
            let expected = Settings { bypass: true, latency: saved.latency, ..expected };
            assert_eq!(saved, expected, "{}", preset.name);
        }
    }
    assert_eq!(settings_of(&mut rig).sensitivity, 2.25, "that of the last, the user's own");
    // 4. What is none changes nothing, and the host is told.
    for file in ["note.json", "nowhere.json"] {
        assert!(!rig.load_preset(&Found { file: Some(folder.join(file)), ..Found::default() }));
    }
    let unknown = Found { key: Some(c"no-such".to_owned()), ..Found::default() };
    assert!(!rig.load_preset(&unknown) && !rig.load_preset(&Found::default()));
    assert_eq!(Calls::take(&rig.calls.preset_refused), 4);
    assert_eq!(settings_of(&mut rig).sensitivity, 2.25);
}

#[test]
fn a_preset_leaves_the_print_alone_and_a_copy_brings_it_along() {
    let mut first = rig();
    first.select_layout(4);
    first.activate(RATE_HZ, 512);
    let mut random = seeded(17);
    drop_after_capture(&mut first, &[even(&mut random, 96_000, 0.02)]);
    first.set(&[("Sensitivity", "2.25")]);
    let project = first.save();
    let print = profile_of(&project);
    assert!(print.is_object());
    assert_eq!(first.save_as(StateContextType::ForProject), project);
    assert_eq!(first.save_as(StateContextType::ForDuplicate), project);

    let preset = first.save_as(StateContextType::ForPreset);
    let mut other = rig();
    assert!(other.load_as(&preset, StateContextType::ForPreset));
    assert_eq!(settings_of(&mut other).sensitivity, 2.25);
    assert!(profile_of(&other.save()).is_null(), "a preset brings no print");
    assert!(other.load_as(&project, StateContextType::ForDuplicate));
    assert_eq!(profile_of(&other.save()), print);
    // A host may load it as any state, too.
    assert!(other.load(&preset));
    assert_eq!(profile_of(&other.save()), print, "a preset leaves the print alone");
    assert!(!other.load_as(b"{}", StateContextType::ForPreset));
    assert!(other.load_as(&rig().save(), StateContextType::ForProject));
    assert!(profile_of(&other.save()).is_null(), "a project without a print has none");
}

// ---- Sound -------------------------------------------------------------------------------------

#[test]
fn the_cut_into_blocks_does_not_matter() {
    for layout_idx in [0, 4] {
        let n_channels = LAYOUTS[layout_idx].0;
        let mut random = seeded(8);
        let main: Vec<_> = (0..n_channels).map(|_| even(&mut random, 96_000, 0.1)).collect();
        let mut reference = None;
        for blocks in [&[512][..], &[16_384], &[1, 2, 3], &ODD_BLOCKS] {
            let mut rig = rig();
            rig.select_layout(layout_idx);
            rig.activate(RATE_HZ, 16_384);
            let mut changes = vec![
                rig.change(4_800, "Capture", "On"),
                rig.change(40_000, "Capture", "Off"),
                rig.change(45_003, "Engine", "Hybrid"),
                rig.change(50_001, "Reduction", "-18 dB"),
                rig.change(52_222, "Engine", "Neural"),
                rig.change(60_000, "Bypass", "On"),
                rig.change(70_007, "Bypass", "Off"),
                rig.change(80_000, "Hear", "Removed"),
            ];
            changes.sort_by_key(|change| change.sample);
            let mut buffers = Buffers::new(main.clone(), LAYOUTS[layout_idx].1);
            rig.render(&mut buffers, blocks, &changes);
            match &reference {
                None => reference = Some(buffers.output),
                Some(reference) => assert!(*reference == buffers.output, "blocks of {blocks:?}"),
            }
        }
    }
}

#[test]
fn a_reset_instance_sounds_like_a_fresh_one() {
    let mut random = seeded(9);
    let sound = vec![even(&mut random, 48_000, 0.1), even(&mut random, 48_000, 0.3)];
    let mut fresh = rig();
    fresh.activate(RATE_HZ, 512);
    let expected = fresh.play(&sound, &[]);
    let mut used = rig();
    used.activate(RATE_HZ, 512);
    used.play(&[even(&mut random, 30_001, 0.9), even(&mut random, 30_001, 0.9)], &[]);
    used.reset();
    assert!(used.play(&sound, &[]) == expected);
}

#[test]
fn faults_in_the_input_are_gone_after_one_window() {
    let mut rig = rig();
    rig.activate(RATE_HZ, 512);
    let latency = rig.latency();
    let mut random = seeded(10);
    let mut sound = vec![even(&mut random, 48_000, 0.1), even(&mut random, 48_000, 0.1)];
    // Something that no engine takes for noise.
    for channel in &mut sound {
        for (idx, sample) in channel.iter_mut().enumerate() {
            let is_on = idx / 7_000 % 2 == 1;
            *sample =
                if is_on { *sample + 0.3 * (0.06 * idx as f32).sin() } else { 0.01 * *sample };
        }
    }
    for (at, fault) in [
        (10_000, f32::NAN),
        (10_001, f32::INFINITY),
        (10_002, -1e30),
        (10_003, f32::MIN_POSITIVE / 8.0),
    ] {
        sound[0][at] = fault;
    }
    for output in rig.play(&sound, &[]) {
        assert!(output.iter().all(|s| s.is_finite() && s.abs() <= 2_000.0));
        let after = &output[10_003 + 2 * latency..];
        assert!(after.iter().all(|s| s.abs() < 1.0));
        assert!(rms_db(after) > -60.0, "the sound goes on");
    }
}

#[test]
fn the_noise_input_drives_the_profile() {
    for (layout_idx, &(n_channels, n_noise)) in LAYOUTS.iter().enumerate() {
        if n_noise == 0 {
            continue;
        }
        let mut rig = rig();
        rig.select_layout(layout_idx);
        rig.set(&[("Noise from", "Sidechain")]);
        rig.activate(RATE_HZ, 512);
        let mut random = seeded(11);
        let main = vec![even(&mut random, 192_000, 0.05); n_channels];
        let last_half = 96_000..;
        // 1. The same kind of noise on the noise input: it is taken away.
        let mut buffers = Buffers::new(main.clone(), n_noise);
        buffers.noise = vec![even(&mut random, 192_000, 0.05); n_noise];
        rig.render(&mut buffers, &[512], &[]);
        let before_db = rms_db(&main[0][last_half.clone()]);
        let with_noise_db = rms_db(&buffers.output[0][last_half.clone()]);
        assert!(before_db - with_noise_db > 6.0, "{:.1} dB", before_db - with_noise_db);
        // 2. Nothing on the noise input: nothing is taken away.
        rig.reset();
        let mut buffers = Buffers::new(main.clone(), n_noise);
        rig.render(&mut buffers, &[512], &[]);
        let without_db = rms_db(&buffers.output[0][last_half.clone()]);
        assert!((before_db - without_db).abs() < 0.5, "{:.1} dB", before_db - without_db);
    }
}

#[test]
fn the_tail_ends_when_it_is_said_to() {
    let mut rig = rig();
    rig.select_layout(4);
    rig.set(&[("Latency", "Studio (80 ms)")]);
    rig.activate(RATE_HZ, 512);
    let mut random = seeded(12);
    let mut sound = even(&mut random, 24_000, 0.3);
    sound.resize(48_000, 0.0);
    let output = &rig.play(&[sound], &[])[0];
    let tail = rig.latency() + 1_920;
    assert!(quiet_after(output) <= 24_000 + tail);
    assert!(quiet_after(output) > 24_000, "the tail is not cut off");
}

#[test]
fn any_rate_from_1_to_768_khz_will_do() {
    for rate_hz in [1_000.0, 8_000.0, 11_025.0, 44_100.5, 47_952.047, 384_000.0, 768_000.0] {
        let mut rig = rig();
        rig.activate(rate_hz, 1_024);
        let mut random = seeded(13);
        let sound = vec![even(&mut random, 10_000, 0.3), even(&mut random, 10_000, 0.3)];
        let output = rig.play(&sound, &[]);
        assert!(output.iter().flatten().all(|s| s.is_finite()), "{rate_hz} Hz");
        assert!(rig.latency() > 0);
    }
}

// ---- Speed of loading -------------------------------------------------------------------------

/// The bounds are for the release build; this one is slower, so keeping them here is the stronger
/// statement. The least of several is taken, as a busy machine says nothing about the plugin.
#[test]
fn scanning_and_instantiating_is_fast() {
    let least_ms = |action: &mut dyn FnMut()| {
        (0..10)
            .map(|_| {
                let began = Instant::now();
                action();
                began.elapsed().as_secs_f64() * 1e3
            })
            .fold(f64::MAX, f64::min)
    };
    let scan_ms = least_ms(&mut || {
        let entry = entry();
        let factory = entry.get_plugin_factory().expect("a factory");
        let descriptor = factory.plugin_descriptors().next().expect("a descriptor");
        assert_eq!(descriptor.id(), Some(PLUGIN_ID));
    });
    let entry = entry();
    let instance_ms = least_ms(&mut || drop(Rig::new(&entry)));
    println!("scan {scan_ms:.2} ms, instance {instance_ms:.2} ms");
    assert!(scan_ms < 20.0, "{scan_ms:.1} ms to scan");
    assert!(instance_ms < 50.0, "{instance_ms:.1} ms for an instance");
}
