//! `quell denoise`: what it writes, and what it says when it cannot.

use quell_audio::{Audio, AudioSpec, SampleFormat, read_all};
use quell_testkit::signals::rms_db;

use crate::common::{Folder, noisy_tones, write, write_tones};

const INT_16: SampleFormat = SampleFormat::Int { bits: 16 };

#[test]
fn noise_goes_and_tones_stay_whatever_the_noise_is_learned_from() {
    let folder = Folder::new();
    write_tones(&folder.file("in.wav"), 4.0);
    write(&folder.file("noise.wav"), 44_100, INT_16, noisy_tones(44_100, 1, 0.6));
    folder.quell(&["profile", "learn", "noise.wav", "-o", "noise.json"]).succeeded();
    let before = read_all(&folder.file("in.wav")).unwrap();
    for noise in [
        &["--noise", "noise.wav"][..],
        &["--noise-range", "0-0.5"],
        &["--profile", "noise.json"],
        &["--auto"],
        &["--adaptive"],
        &[],
    ] {
        let args = [&["denoise", "in.wav", "-fo", "out.wav", "-q"], noise].concat();
        folder.quell(&args).succeeded();
        let after = read_all(&folder.file("out.wav")).unwrap();
        assert_eq!(after.spec, before.spec, "{noise:?}");
        assert_eq!(after.n_frames(), before.n_frames(), "{noise:?}");
        // The last pause; the engine that follows the noise needs its time.
        let pause = (3.02 * 48e3) as usize..(3.18 * 48e3) as usize;
        let tone = (3.25 * 48e3) as usize..(3.45 * 48e3) as usize;
        let drop_db = |range: std::ops::Range<usize>| {
            rms_db(&before.channels[0][range.clone()]) - rms_db(&after.channels[0][range])
        };
        assert!(drop_db(pause.clone()) > 6.0, "{noise:?}: {} dB", drop_db(pause));
        assert!(drop_db(tone.clone()).abs() < 1.0, "{noise:?}: {} dB", drop_db(tone));
    }
}

#[test]
fn a_preset_of_the_plugin_is_its_settings_its_mode_and_its_noise() {
    let folder = Folder::new();
    write_tones(&folder.file("in.wav"), 2.0);
    // No captured noise: the plugin follows it, and so do files.
    let params = r#"{"reduction": 70.0, "engine": "classic", "latency": "studio", "gain": -3.0}"#;
    let state = format!(r#"{{"app": "x", "params": {params}, "profile": null, "quell_state": 1}}"#);
    std::fs::write(folder.file("state.json"), state).unwrap();
    let by_preset = ["denoise", "in.wav", "-fo", "a.wav", "--preset", "state.json", "-q"];
    folder.quell(&by_preset).succeeded();
    let flags = [
        "--amount",
        "70",
        "--reduction",
        "24",
        "--engine",
        "classic",
        "--latency",
        "studio",
        "--adaptive",
    ];
    let flags = [&["denoise", "in.wav", "-o", "b.wav", "-q", "--output-gain", "-3 dB"], &flags[..]];
    folder.quell(&flags.concat()).succeeded();
    let file = |name: &str| std::fs::read(folder.file(name)).unwrap();
    assert!(file("a.wav") == file("b.wav"));
    folder.quell(&[&by_preset[..], &["--reduction", "3"]].concat()).succeeded();
    assert!(file("a.wav") != file("b.wav"), "flags go over the preset");
    folder
        .quell(&["denoise", "in.wav", "-o", "c.wav", "--preset", "in.wav"])
        .failed(1, &["in.wav", "no state of the Quell plugin"]);
}

#[test]
fn a_preset_made_with_another_network_says_so_and_the_report_names_ours() {
    let folder = Folder::new();
    write_tones(&folder.file("in.wav"), 1.0);
    let state = |engine: &str| {
        let params = format!(r#"{{"engine": "{engine}"}}"#);
        let head = r#"{"model": "0123456789abcdef", "profile": null, "quell_state": 1"#;
        std::fs::write(folder.file("state.json"), format!(r#"{head}, "params": {params}}}"#))
            .unwrap();
    };
    let args = ["denoise", "in.wav", "-fo", "out.wav", "--preset", "state.json"];
    let ours = format!("{:016x}", quell_core::unet::SHIPPED_IDENTITY);
    for (engine, more, says_so) in [
        ("neural", &[][..], true),
        ("hybrid", &[], true),
        ("hybrid", &["--quiet"], false),
        ("hybrid", &["--engine", "classic"], false),
        ("gate", &[], false),
    ] {
        state(engine);
        let done = folder.quell(&[&args[..], more].concat()).succeeded();
        let stderr = done.stderr();
        assert_eq!(stderr.contains("0123456789abcdef"), says_so, "{engine} {more:?}: {stderr}");
        assert_eq!(stderr.contains(&ours), says_so, "{engine} {more:?}: {stderr}");
        let report = folder.quell(&[&args[..], more, &["--json"]].concat()).succeeded().stdout();
        let report: serde_json::Value = serde_json::from_str(&report).unwrap();
        let has_network = report["engine"] == "neural" || report["engine"] == "hybrid";
        let expected = has_network.then_some(&*ours);
        assert_eq!(report["model_hash"].as_str(), expected, "{engine} {more:?}");
    }
}

#[test]
fn with_nothing_to_reduce_every_depth_and_format_comes_back_bit_for_bit() {
    let folder = Folder::new();
    for (name, format) in [
        ("16.wav", INT_16),
        ("24.wav", SampleFormat::Int { bits: 24 }),
        ("16.flac", INT_16),
        ("24.flac", SampleFormat::Int { bits: 24 }),
    ] {
        for mode in ["live", "standard", "studio"] {
            write(&folder.file(name), 44_100, format, noisy_tones(44_100, 2, 0.7));
            let out = format!("out-{name}");
            let args = ["denoise", name, "-fo", &out, "--reduction", "0", "--latency", mode, "-q"];
            folder.quell(&args).succeeded();
            let (before, after) =
                (read_all(&folder.file(name)).unwrap(), read_all(&folder.file(&out)).unwrap());
            assert_eq!(after.spec, before.spec, "{name}, {mode}");
            let largest = largest_difference(&before, &after);
            // Analysis and synthesis round in the 24th bit.
            let step = if format == INT_16 { 0.0 } else { 2f32.powi(-22) };
            assert!(largest <= step, "{name}, {mode}: {largest}");
        }
    }
}

fn largest_difference(a: &Audio, b: &Audio) -> f32 {
    assert_eq!(a.n_frames(), b.n_frames());
    let pairs = a.channels.iter().flatten().zip(b.channels.iter().flatten());
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

#[test]
fn denoised_and_removed_add_up_to_the_input() {
    let folder = Folder::new();
    write(&folder.file("in.wav"), 48_000, SampleFormat::Float, noisy_tones(48_000, 2, 2.0));
    let common = ["denoise", "in.wav", "--noise-range", "0-0.5", "-q", "-o"];
    folder.quell(&[&common[..], &["kept.wav"]].concat()).succeeded();
    folder.quell(&[&common[..], &["gone.wav", "--removed"]].concat()).succeeded();
    let mut sum = read_all(&folder.file("kept.wav")).unwrap();
    let gone = read_all(&folder.file("gone.wav")).unwrap();
    for (sum, gone) in sum.channels.iter_mut().flatten().zip(gone.channels.iter().flatten()) {
        *sum += gone;
    }
    assert!(rms_db(&gone.channels[0]) > -60.0, "something was removed");
    let largest = largest_difference(&sum, &read_all(&folder.file("in.wav")).unwrap());
    assert!(largest < 1e-6, "{largest}");
}

#[test]
fn every_length_rate_and_channel_count_comes_out_as_it_went_in() {
    let folder = Folder::new();
    let mut cases = vec![(48_000, 1, 1), (48_000, 1, 2), (48_000, 2, 1919), (48_000, 32, 9000)];
    for rate_hz in [8_000, 11_025, 16_000, 22_050, 44_100, 88_200, 96_000, 192_000, 384_000] {
        cases.push((rate_hz, 1, rate_hz as usize / 2));
    }
    for (rate_hz, n_channels, n_frames) in cases {
        let seconds = n_frames as f64 / f64::from(rate_hz);
        let format = SampleFormat::Float;
        write(&folder.file("in.wav"), rate_hz, format, noisy_tones(rate_hz, n_channels, seconds));
        folder.quell(&["denoise", "in.wav", "-fo", "out.wav", "-q"]).succeeded();
        let after = read_all(&folder.file("out.wav")).unwrap();
        let what = format!("{rate_hz} Hz, {n_channels} channels, {n_frames} frames");
        assert_eq!(after.spec.sample_rate_hz, rate_hz, "{what}");
        assert_eq!((after.spec.n_channels, after.n_frames()), (n_channels, n_frames), "{what}");
        assert!(after.channels.iter().flatten().all(|s| s.is_finite()), "{what}");
    }
}

#[test]
fn depth_can_be_changed_and_lowering_it_dithers() {
    let folder = Folder::new();
    let quiet = vec![vec![0.3 / 32_768.0; 48_000]];
    write(&folder.file("in.wav"), 48_000, SampleFormat::Float, quiet);
    let common =
        ["denoise", "in.wav", "-q", "--adaptive", "--reduction", "0", "--bits", "16", "-o"];
    folder.quell(&[&common[..], &["dithered.wav"]].concat()).succeeded();
    folder.quell(&[&common[..], &["plain.wav", "--dither", "off"]].concat()).succeeded();
    let dithered = read_all(&folder.file("dithered.wav")).unwrap();
    assert_eq!(dithered.spec.format, INT_16);
    let mean = dithered.channels[0].iter().sum::<f32>() / 48_000.0 * 32_768.0;
    assert!((mean - 0.3).abs() < 0.02, "what lies between two steps survives: {mean}");
    let plain = read_all(&folder.file("plain.wav")).unwrap();
    assert!(plain.channels[0].iter().all(|&s| s == 0.0));
}

#[test]
fn pipes_give_what_files_give() {
    let folder = Folder::new();
    write(&folder.file("in.wav"), 48_000, INT_16, noisy_tones(48_000, 2, 1.5));
    folder.quell(&["denoise", "in.wav", "-o", "out.wav", "--adaptive", "-q"]).succeeded();
    let wanted = std::fs::read(folder.file("out.wav")).unwrap();
    let input = std::fs::read(folder.file("in.wav")).unwrap();
    let args = ["denoise", "-", "-o", "-", "--adaptive", "-q"];
    let piped = folder.quell_with_input(&args, &input).succeeded();
    assert!(piped.0.stdout == wanted, "WAV");

    // The samples begin after the same header in both.
    let samples = |file: &[u8]| {
        let start = file.windows(4).position(|w| w == b"data").unwrap() + 8;
        file[start..].to_vec()
    };
    let args = ["denoise", "-", "-o", "-", "--adaptive", "-q", "--raw", "48000,2,s16"];
    let raw = folder.quell_with_input(&args, &samples(&input)).succeeded();
    assert!(raw.0.stdout == samples(&wanted), "bare samples");
}

#[test]
fn a_wav_from_a_pipe_that_could_not_know_its_length_is_read_to_the_end() {
    let folder = Folder::new();
    write_tones(&folder.file("in.wav"), 1.0);
    let mut bytes = std::fs::read(folder.file("in.wav")).unwrap();
    let data = bytes.windows(4).position(|w| w == b"data").unwrap();
    for at in [4, data + 4] {
        bytes[at..at + 4].fill(0xff);
    }
    folder.quell_with_input(&["denoise", "-", "-o", "out.wav", "-q"], &bytes).succeeded();
    assert_eq!(read_all(&folder.file("out.wav")).unwrap().n_frames(), 48_000);
}

#[test]
fn folders_keep_their_shape_and_their_other_files() {
    let folder = Folder::new();
    std::fs::create_dir_all(folder.file("in/deep")).unwrap();
    write_tones(&folder.file("in/a.wav"), 0.8);
    write_tones(&folder.file("in/deep/b.flac"), 0.8);
    std::fs::write(folder.file("in/notes.txt"), "no sound").unwrap();
    folder.quell(&["denoise", "in", "-o", "out"]).failed(1, &["'in'", "--recursive"]);
    let done = folder.quell(&["denoise", "in", "-r", "-o", "out", "--jobs", "2"]).succeeded();
    assert_eq!(done.stderr().lines().count(), 3, "{}", done.stderr());
    assert!(done.stderr().contains("1 file is skipped"), "{}", done.stderr());
    assert!(done.stderr().contains("in/notes.txt"), "{}", done.stderr());
    assert_eq!(read_all(&folder.file("out/a.wav")).unwrap().n_frames(), 38_400);
    assert_eq!(read_all(&folder.file("out/deep/b.flac")).unwrap().n_frames(), 38_400);
    assert!(!folder.file("out/notes.txt").exists());
    folder.quell(&["denoise", "in", "-r", "-o", "wav/", "--format", "wav", "-q"]).succeeded();
    assert!(folder.file("wav/deep/b.wav").exists());
}

#[test]
fn json_reports_every_file_and_the_failures_too() {
    let folder = Folder::new();
    write_tones(&folder.file("good.wav"), 2.0);
    std::fs::write(folder.file("bad.wav"), "no sound at all").unwrap();
    let args = ["denoise", "good.wav", "bad.wav", "-o", "out/", "--json", "--noise-range", "0-0.5"];
    let done = folder.quell(&args);
    assert_eq!(done.0.status.code(), Some(1));
    assert!(done.stderr().contains("1 of 2 files failed"), "{}", done.stderr());
    let report: serde_json::Value = serde_json::from_str(&done.stdout()).unwrap();
    let files = report["files"].as_array().unwrap();
    assert_eq!(files[0]["status"], "done");
    assert_eq!(files[0]["frames"], 96_000);
    assert_eq!(files[0]["latency_ms"], 40.0);
    assert!(files[0]["noise_drop_db"].as_f64().unwrap() > 6.0, "{report}");
    assert!(files[0]["speed"].as_f64().unwrap() > 1.0);
    assert_eq!(files[1]["status"], "failed");
    assert!(files[1]["error"].as_str().unwrap().contains("bad.wav"));
    assert_eq!(report["engine"], "neural");
}

#[test]
fn what_was_skipped_is_counted_and_named_and_a_run_where_all_failed_says_so() {
    let folder = Folder::new();
    std::fs::create_dir_all(folder.file("in/deep")).unwrap();
    for name in ["a.wav", "b.wav", "deep/c.flac"] {
        std::fs::write(folder.file("in").join(name), "no sound at all").unwrap();
    }
    for idx in 0..7 {
        std::fs::write(folder.file("in/deep").join(format!("{idx}.txt")), "no sound").unwrap();
    }
    let done = folder.quell(&["denoise", "in", "-r", "-o", "out", "--json"]);
    let stderr = done.stderr();
    assert_eq!(done.0.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("7 files are skipped"), "{stderr}");
    assert!(stderr.contains("in/deep/0.txt") && stderr.contains("and 2 more"), "{stderr}");
    let last = stderr.lines().last().unwrap();
    assert!(last.contains("all 3 files failed") && last.contains("nothing was written"), "{last}");
    let report: serde_json::Value = serde_json::from_str(&done.stdout()).unwrap();
    assert_eq!(
        (report["failed"].as_u64(), report["files"].as_array().unwrap().len()),
        (Some(3), 3)
    );
    let skipped = report["skipped"].as_array().unwrap();
    assert!(skipped.len() == 7 && skipped[6] == "in/deep/6.txt", "{skipped:?}");
    assert!(
        folder.quell(&["denoise", "in", "-r", "-o", "out", "-q"]).stderr().lines().count() == 4
    );
}

#[test]
fn outputs_that_exist_are_kept_unless_somebody_says_otherwise() {
    let folder = Folder::new();
    write_tones(&folder.file("in.wav"), 1.0);
    std::fs::create_dir(folder.file("out")).unwrap();
    for name in ["out.wav", "out/in.wav", "x.json", "x.png"] {
        std::fs::write(folder.file(name), "precious").unwrap();
    }
    let cases: [&[&str]; 6] = [
        &["denoise", "in.wav", "-o", "out.wav"],
        &["denoise", "in.wav", "-o", "out/"],
        &["noise", "pink", "--seconds", "1", "-o", "out.wav"],
        &["mix", "in.wav", "in.wav", "--snr", "5", "-o", "new.wav", "--clean-out", "out.wav"],
        &["profile", "learn", "in.wav", "--range", "0-0.5", "-o", "x.json"],
        &["plot", "in.wav", "-o", "x.png"],
    ];
    for args in cases {
        let name = if args.contains(&"out/") { "out/in.wav" } else { args[args.len() - 1] };
        folder.quell(args).failed(1, &[name, "exists already", "--force"]);
        assert_eq!(std::fs::read(folder.file(name)).unwrap(), b"precious", "{args:?}");
        assert!(!folder.file("new.wav").exists(), "{args:?}");
        folder.quell(&[args, &["--force"]].concat()).succeeded();
        assert_ne!(std::fs::read(folder.file(name)).unwrap(), b"precious", "{args:?}");
        std::fs::write(folder.file(name), "precious").unwrap();
        let _ = std::fs::remove_file(folder.file("new.wav"));
    }
    let dry = folder.quell(&["denoise", "in.wav", "-o", "out.wav", "--dry-run"]).succeeded();
    assert!(dry.stdout().contains("out.wav (exists already)"), "{}", dry.stdout());
}

/// `script` is a terminal without a screen.
#[cfg(target_os = "linux")]
#[test]
fn on_a_terminal_it_asks_before_it_replaces() {
    use std::io::Write;
    let folder = Folder::new();
    write_tones(&folder.file("in.wav"), 1.0);
    let command = format!("{} denoise in.wav -o out.wav", env!("CARGO_BIN_EXE_quell"));
    for (answer, is_replaced) in [("n\n", false), ("\n", false), ("y\n", true)] {
        std::fs::write(folder.file("out.wav"), "precious").unwrap();
        let mut terminal = std::process::Command::new("script");
        terminal.args(["-qec", &command, "/dev/null"]).current_dir(folder.path());
        terminal.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
        let mut child = terminal.spawn().unwrap();
        child.stdin.take().unwrap().write_all(answer.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.contains("'out.wav' exists already. Replace it? [y/N]"), "{said}");
        assert_eq!(output.status.success(), is_replaced, "{said}");
        let is_kept = std::fs::read(folder.file("out.wav")).unwrap() == b"precious";
        assert_eq!(is_kept, !is_replaced, "{said}");
    }
}

#[test]
fn a_dry_run_says_what_would_happen_and_writes_nothing() {
    let folder = Folder::new();
    write_tones(&folder.file("in.wav"), 1.0);
    let args = ["denoise", "in.wav", "-o", "new/", "--dry-run", "--noise-range", "0-0.5"];
    let done = folder.quell(&args).succeeded();
    assert!(done.stdout().contains("0:01.0, 48000 Hz, 1 channel, 16 bit"), "{}", done.stdout());
    assert_eq!(folder.names(), ["in.wav"]);
    folder
        .quell(&["denoise", "in.wav", "no.wav", "-o", "new/", "--dry-run"])
        .0
        .status
        .code()
        .map_or_else(|| panic!("killed"), |code| assert_eq!(code, 1));
}

#[test]
fn inputs_are_only_replaced_when_asked_to() {
    let folder = Folder::new();
    write_tones(&folder.file("in.wav"), 1.0);
    let original = std::fs::read(folder.file("in.wav")).unwrap();
    for output in ["in.wav", ".", "./in.wav"] {
        folder.quell(&["denoise", "in.wav", "-o", output]).failed(1, &["in.wav", "--in-place"]);
    }
    assert!(std::fs::read(folder.file("in.wav")).unwrap() == original);
    folder.quell(&["denoise", "in.wav", "--in-place", "-q"]).succeeded();
    let replaced = std::fs::read(folder.file("in.wav")).unwrap();
    assert!(replaced.len() == original.len() && replaced != original);
    assert_eq!(folder.names(), ["in.wav"]);
}

#[test]
fn tags_and_markers_survive() {
    let folder = Folder::new();
    write_tones(&folder.file("plain.wav"), 1.0);
    let mut bytes = std::fs::read(folder.file("plain.wav")).unwrap();
    // Behind the samples, as most programs write them.
    bytes.extend_from_slice(
        b"LIST\x1c\0\0\0INFOIART\x06\0\0\0Nobody\0\0INAM\x02\0\0\0Hm".split_at(8).0,
    );
    bytes.extend_from_slice(b"INFOIART\x06\0\0\0NobodyINAM\x02\0\0\0Hm");
    bytes.extend_from_slice(b"cue \x04\0\0\0\0\0\0\0");
    std::fs::write(folder.file("in.wav"), &bytes).unwrap();
    folder.quell(&["denoise", "in.wav", "-o", "out.wav", "-q"]).succeeded();
    let out = std::fs::read(folder.file("out.wav")).unwrap();
    for part in [&b"INAM\x02\0\0\0Hm"[..], b"IART\x06\0\0\0Nobody", b"cue \x04\0\0\0\0\0\0\0"] {
        assert!(out.windows(part.len()).any(|w| w == part), "{}", String::from_utf8_lossy(part));
    }
    folder.quell(&["denoise", "in.wav", "-o", "out.flac", "-q"]).succeeded();
    folder.quell(&["denoise", "out.flac", "-o", "back.wav", "-q"]).succeeded();
    for (name, parts) in
        [("out.flac", ["ARTIST=Nobody", "TITLE=Hm"]), ("back.wav", ["Nobody", "Hm"])]
    {
        let bytes = std::fs::read(folder.file(name)).unwrap();
        for part in parts {
            let is_there = bytes.windows(part.len()).any(|w| w == part.as_bytes());
            assert!(is_there, "{name}: {part}");
        }
    }
}

// ---- Failures: one line that names the file and what to do, and nothing left behind ------------

#[test]
fn inputs_that_are_no_sound_are_refused_by_name() {
    let folder = Folder::new();
    write_tones(&folder.file("good.wav"), 1.0);
    write_tones(&folder.file("good.flac"), 1.0);
    let wav = std::fs::read(folder.file("good.wav")).unwrap();
    let flac = std::fs::read(folder.file("good.flac")).unwrap();
    let data = wav.windows(4).position(|w| w == b"data").unwrap();
    let with = |at: usize, bytes: &[u8]| {
        let mut changed = wav.clone();
        changed[at..at + bytes.len()].copy_from_slice(bytes);
        changed
    };
    let format = wav.windows(4).position(|w| w == b"fmt ").unwrap() + 8;
    let nothing = [&wav[..data + 4], &[0; 4]].concat();
    let cases: [(&str, &[u8], &str, &str); 10] = [
        ("text.wav", b"this is a letter, not a sound", "not an audio file", "convert"),
        ("empty.wav", b"", "empty", "export it again"),
        ("none.wav", &nothing, "no samples", "export it again"),
        ("cut.wav", &wav[..wav.len() / 2], "cut short", "export it again"),
        ("header.wav", &wav[..30], "cut off", "export it again"),
        ("cut.flac", &flac[..flac.len() / 2], "cut short", "export it again"),
        ("zero.wav", &with(format + 2, &[0, 0]), "0 channels", "export it again"),
        ("rate.wav", &with(format + 4, &[0; 4]), "sample rate is 0", "export it again"),
        ("slow.wav", &with(format + 4, &[100, 0, 0, 0]), "sample rate 100", "500"),
        ("bits.wav", &with(format + 14, &[17, 0]), "contradicts itself", "export it again"),
    ];
    for (name, bytes, what, advice) in cases {
        std::fs::write(folder.file(name), bytes).unwrap();
        for extension in ["wav", "flac"] {
            let out = format!("out.{extension}");
            folder.quell(&["denoise", name, "-o", &out]).failed(1, &[name, what, advice]);
        }
        std::fs::remove_file(folder.file(name)).unwrap();
    }
    let missing = ["missing.wav", "does not exist", "spelling"];
    folder.quell(&["denoise", "missing.wav", "-o", "out.wav"]).failed(1, &missing);
    folder.quell(&["denoise", "-", "-o", "out.wav"]).failed(1, &["standard input", "empty"]);
    assert_eq!(folder.names(), ["good.flac", "good.wav"]);
}

#[test]
fn noise_that_cannot_be_learned_is_refused_with_the_reason() {
    let folder = Folder::new();
    write_tones(&folder.file("in.wav"), 1.0);
    write_tones(&folder.file("short.wav"), 0.2);
    write(&folder.file("silent.wav"), 48_000, INT_16, vec![vec![0.0; 48_000]]);
    std::fs::write(folder.file("bad.json"), "{}").unwrap();
    let names = folder.names();
    let cases: [(&[&str], &[&str]); 7] = [
        (&["--noise", "short.wav"], &["short.wav", "too short", "0.3 s"]),
        (&["--noise", "silent.wav"], &["silent.wav", "silent"]),
        (&["--noise", "missing.wav"], &["missing.wav", "does not exist"]),
        (&["--noise-range", "0:05-0:07"], &["in.wav", "ends at 1.00 s", "earlier range"]),
        (&["--noise-range", "0-0.1"], &["in.wav", "too short"]),
        (&["--profile", "bad.json"], &["bad.json", "profile learn"]),
        (&["--profile", "missing.json"], &["missing.json", "does not exist"]),
    ];
    for (noise, parts) in cases {
        folder.quell(&[&["denoise", "in.wav", "-o", "out.wav"], noise].concat()).failed(1, parts);
    }
    folder
        .quell(&["denoise", "silent.wav", "-o", "out.wav", "--auto"])
        .failed(1, &["silent.wav", "steady noise", "--noise"]);
    assert_eq!(folder.names(), names);
}

#[test]
fn samples_that_are_no_numbers_are_refused_or_repaired() {
    let folder = Folder::new();
    let mut channels = noisy_tones(48_000, 2, 1.0);
    channels[0][20_000] = f32::NAN;
    channels[1][30_000] = f32::INFINITY;
    write(&folder.file("in.wav"), 48_000, SampleFormat::Float, channels);
    let parts = ["in.wav", "2 samples", "NaN", "--repair"];
    folder.quell(&["denoise", "in.wav", "-o", "out.wav"]).failed(1, &parts);
    assert_eq!(folder.names(), ["in.wav"]);
    let done = folder.quell(&["denoise", "in.wav", "-o", "out.wav", "--repair"]).succeeded();
    assert!(done.stderr().contains("2 samples"), "{}", done.stderr());
    let after = read_all(&folder.file("out.wav")).unwrap();
    assert!(after.channels.iter().flatten().all(|s| s.is_finite()));
}

#[test]
fn targets_that_cannot_be_written_are_refused_by_name() {
    let folder = Folder::new();
    write_tones(&folder.file("in.wav"), 1.0);
    write(&folder.file("wide.wav"), 48_000, INT_16, noisy_tones(48_000, 9, 0.5));
    write(&folder.file("fast.wav"), 768_000, INT_16, vec![vec![0.1; 4000]]);
    std::fs::write(folder.file("locked.wav"), "precious").unwrap();
    let mut permissions = std::fs::metadata(folder.file("locked.wav")).unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(folder.file("locked.wav"), permissions).unwrap();
    let names = folder.names();
    let cases: [(&[&str], &[&str]); 8] = [
        (&["in.wav", "-o", "out.mp3"], &["out.mp3", ".wav or .flac"]),
        (&["in.wav", "-o", "no/such/out.wav"], &["out.wav", "create the folder"]),
        (&["in.wav", "-fo", "locked.wav"], &["locked.wav", "read-only"]),
        (&["in.wav", "wide.wav", "-o", "out.wav"], &["out.wav", "no folder"]),
        (&["in.wav", "in.wav", "-o", "new/"], &["in.wav", "both be written"]),
        (&["wide.wav", "-o", "out.flac"], &["out.flac", "8 channels", "write WAV"]),
        (&["fast.wav", "-o", "out.flac"], &["out.flac", "655350 Hz", "write WAV"]),
        (&["in.wav", "-o", "out.flac", "--bits", "32f"], &["out.flac", "16 or 24 bit"]),
    ];
    for (args, parts) in cases {
        folder.quell(&[&["denoise"], args].concat()).failed(1, parts);
    }
    assert_eq!(folder.names(), names);
    assert_eq!(std::fs::read_to_string(folder.file("locked.wav")).unwrap(), "precious");
}

#[test]
fn wrong_usage_says_what_is_wrong_and_exits_with_2() {
    let folder = Folder::new();
    for (args, part) in [
        (&["denoise"][..], "required"),
        (&["denoise", "a.wav"], "--output"),
        (&["denoise", "a.wav", "-o", "b.wav", "--reduction", "220"], "-200 to 0 dB"),
        (&["denoise", "a.wav", "-o", "b.wav", "--latency", "fast"], "live, standard or studio"),
        (&["denoise", "a.wav", "-o", "b.wav", "--noise-range", "2-1"], "end must come after"),
        (&["denoise", "a.wav", "-o", "b.wav", "--noise", "n.wav", "--auto"], "cannot be used"),
        (&["frobnicate"], "unrecognized"),
    ] {
        let done = folder.quell(args);
        assert_eq!(done.0.status.code(), Some(2), "{args:?}");
        assert!(done.stderr().contains(part), "{args:?}: {}", done.stderr());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_and_leaves_nothing() {
    let folder = Folder::new();
    write_tones(&folder.file("in.wav"), 2.0);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let child = folder.command(&["denoise", "in.wav", "-o", "-", "-q"]).stdout(full).spawn();
    let output = child.unwrap().wait_with_output().unwrap();
    crate::common::Done(output).failed(1, &["standard output", "no space left"]);

    // A limit on the length of files stands for a disk that fills up half-way.
    let limited = format!(
        "trap '' XFSZ; ulimit -f 20; exec '{}' denoise in.wav -o out.wav -q",
        env!("CARGO_BIN_EXE_quell")
    );
    let mut command = std::process::Command::new("bash");
    command.args(["-c", &limited]).current_dir(folder.path());
    let output = command.stderr(std::process::Stdio::piped()).output().unwrap();
    crate::common::Done(output).failed(1, &["out.wav", "no space left"]);
    assert_eq!(folder.names(), ["in.wav"]);
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_nothing_behind() {
    use std::io::Write;
    let folder = Folder::new();
    let mut child = folder.command(&["denoise", "-", "-o", "out.wav", "--raw", "48000,1,s16"]);
    let mut child = child.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // Enough that output is under way, which shows as a temporary file.
    stdin.write_all(&[1; 400_000]).unwrap();
    while folder.names().is_empty() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill.unwrap().success());
    // The signal is seen at the next block.
    drop(stdin.write_all(&[1; 400_000]));
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    crate::common::Done(output).failed(130, &["interrupted"]);
    assert_eq!(folder.names(), Vec::<String>::new());
}

#[cfg(unix)]
#[test]
fn sound_that_takes_ffmpeg_says_so_where_there_is_none() {
    let folder = Folder::new();
    for name in ["in.opus", "in.wma"] {
        std::fs::write(folder.file(name), "no sound").unwrap();
        let mut command = folder.command(&["denoise", name, "-o", "out.wav"]);
        let done = crate::common::Done(command.env("PATH", "/nowhere").output().unwrap());
        done.failed(1, &[name, "takes ffmpeg", "install", "PATH", "convert it"]);
    }
    folder.quell(&["denoise", "no.opus", "-o", "out.wav"]).failed(1, &["no.opus", "not exist"]);
    assert_eq!(folder.names(), ["in.opus", "in.wma"]);
}

#[cfg(unix)]
#[test]
fn a_video_needs_ffmpeg_and_gets_its_sound_back() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    write_tones(&folder.file("sound.wav"), 1.0);
    std::fs::write(folder.file("in.mp4"), "a picture").unwrap();
    let args = ["denoise", "in.mp4", "-o", "out.mp4", "--noise-range", "0-0.5", "-q"];
    let run = |path: &str| {
        let mut command = folder.command(&args);
        crate::common::Done(command.env("PATH", path).output().unwrap())
    };
    run("/nowhere").failed(1, &["in.mp4", "install", "ffmpeg", "PATH"]);
    assert_eq!(folder.names(), ["in.mp4", "sound.wav"]);

    // Stands in for ffmpeg: 'extracts' sound.wav, and 'puts back' by joining picture and sound.
    let stub = "#!/bin/sh\n\
        for last; do :; done\n\
        case \"$*\" in\n\
        *-vn*) cp sound.wav \"$last\";;\n\
        *) { cat in.mp4; cat \"${last%/*}/clean.wav\"; } > \"$last\";;\n\
        esac\n";
    std::fs::create_dir(folder.file("bin")).unwrap();
    let path = folder.file("bin/ffmpeg");
    std::fs::write(&path, stub).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", folder.file("bin").display());
    run(&path).succeeded();
    let audio = ["denoise", "sound.wav", "-o", "clean.wav", "--noise-range", "0-0.5", "-q"];
    folder.quell(&audio).succeeded();
    let wanted = [&b"a picture"[..], &std::fs::read(folder.file("clean.wav")).unwrap()].concat();
    assert!(std::fs::read(folder.file("out.mp4")).unwrap() == wanted);
    assert_eq!(folder.names(), ["bin", "clean.wav", "in.mp4", "out.mp4", "sound.wav"]);
}

#[test]
fn a_recording_is_described_in_full() {
    // The spec of an all-float file, so that a wrong field cannot hide behind a default.
    let folder = Folder::new();
    write(&folder.file("x.wav"), 32_000, SampleFormat::Float, noisy_tones(32_000, 3, 0.1));
    let spec = read_all(&folder.file("x.wav")).unwrap().spec;
    assert_eq!(spec, AudioSpec::float(32_000, 3));
}

/// Ten minutes of stereo are 230 MB of floats: none of it may be kept.
#[test]
#[cfg(target_os = "linux")]
fn a_long_recording_passes_through_little_memory() {
    const N_FRAMES: u32 = 600 * 48_000;
    const LIMIT_KB: u64 = 100_000;
    let folder = Folder::new();
    write(&folder.file("long.wav"), 48_000, INT_16, noisy_tones(48_000, 2, 2.0));
    stretch_wav(&folder.file("long.wav"), N_FRAMES * 4);
    let args = ["denoise", "long.wav", "-o", "out.wav", "--noise-range", "0-2", "-q"];
    let mut child = folder.command(&args).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak_kb = 0;
    while child.try_wait().unwrap().is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kb = peak.and_then(|kb| kb.trim().strip_suffix(" kB")).and_then(|kb| kb.parse().ok());
        peak_kb = kb.unwrap_or(peak_kb);
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert!(child.wait().unwrap().success());
    let n_bytes = std::fs::metadata(folder.file("out.wav")).unwrap().len();
    assert!(n_bytes > u64::from(N_FRAMES * 4), "all of it was written: {n_bytes}");
    assert!((1_000..LIMIT_KB).contains(&peak_kb), "peak of {peak_kb} kB");
}

/// Lets the sound of a WAV file of ours go on in silence, which takes no room on disk.
#[cfg(target_os = "linux")]
fn stretch_wav(path: &std::path::Path, n_data_bytes: u32) {
    use std::io::{Seek, SeekFrom, Write};
    let bytes = std::fs::read(path).unwrap();
    let data = bytes.windows(4).position(|name| name == b"data").unwrap() as u64;
    let mut file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
    let n_file_bytes = data + 8 + u64::from(n_data_bytes);
    file.set_len(n_file_bytes).unwrap();
    for (position, length) in [(4, n_file_bytes as u32 - 8), (data + 4, n_data_bytes)] {
        file.seek(SeekFrom::Start(position)).unwrap();
        file.write_all(&length.to_le_bytes()).unwrap();
    }
}
