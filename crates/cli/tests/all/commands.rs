//! The other commands: what they write, and what they say when they cannot.

use quell_audio::{SampleFormat, read_all};
use quell_testkit::signals::{even, rms_db, seeded};
use resvg::tiny_skia::Pixmap;

use crate::common::{Folder, noisy_tones, write, write_tones};

const INT_16: SampleFormat = SampleFormat::Int { bits: 16 };

#[test]
fn a_profile_is_learned_shown_and_converted() {
    let folder = Folder::new();
    let samples = even(&mut seeded(3), 96_000, 0.1);
    write(&folder.file("noise.wav"), 48_000, SampleFormat::Float, vec![samples]);
    let learned = folder.quell(&["profile", "learn", "noise.wav", "-o", "noise.json"]).succeeded();
    // Evenly distributed over ±0.1, the noise has an RMS of 0.1/√3.
    assert!(learned.stdout().contains("2.0 s of noise at -24.8 dBFS"), "{}", learned.stdout());
    assert!(learned.stdout().contains("(steady)"), "{}", learned.stdout());

    let shown = folder.quell(&["profile", "show", "noise.json", "--json"]).succeeded();
    let shown: serde_json::Value = serde_json::from_str(&shown.stdout()).unwrap();
    assert_eq!((shown["channels"].as_u64(), shown["highest_hz"].as_f64()), (Some(1), Some(24e3)));
    let octave = &shown["octaves"][6];
    // White noise: each octave holds the share of the spectrum that it spans. The mean of levels
    // lies 2.5 dB below the level of the mean.
    let share = (octave["high_hz"].as_f64().unwrap() - octave["low_hz"].as_f64().unwrap()) / 24e3;
    let wanted = -24.77 + 10.0 * share.log10() - 2.5;
    let level = octave["level_dbfs"].as_f64().unwrap();
    assert!((level - wanted).abs() < 0.3, "{level}, expected {wanted}");

    let text = folder.quell(&["profile", "show", "noise.json"]).succeeded().stdout();
    assert!(text.contains("1 channel, 0 to 24.0 kHz, learned from 2.0 s"), "{text}");
    folder.quell(&["profile", "convert", "noise.json", "-o", "noise.csv"]).succeeded();
    let csv = std::fs::read_to_string(folder.file("noise.csv")).unwrap();
    assert_eq!(csv.lines().count(), 1 + 961);
    assert!(csv.starts_with("channel,frequency_hz,mean_db,std_db\n1,0,"), "{}", &csv[..60]);
}

#[test]
fn several_recordings_make_one_profile() {
    let folder = Folder::new();
    let mut random = seeded(7);
    for (name, n_samples, level) in [("soft.wav", 48_000, 0.01), ("loud.wav", 144_000, 0.1)] {
        let samples = even(&mut random, n_samples, level);
        write(&folder.file(name), 48_000, SampleFormat::Float, vec![samples]);
    }
    let args = ["profile", "learn", "soft.wav", "loud.wav", "-o", "both.json"];
    let learned = folder.quell(&args).succeeded().stdout();
    // Powers are averaged over time: a quarter of it is 20 dB softer.
    assert!(learned.contains("4.0 s of noise at -26.0 dBFS"), "{learned}");

    write(&folder.file("wide.wav"), 48_000, INT_16, noisy_tones(48_000, 2, 1.0));
    let args = ["profile", "learn", "soft.wav", "wide.wav", "-o", "x.json"];
    folder.quell(&args).failed(1, &["wide.wav", "soft.wav", "number of channels"]);
    assert!(!folder.names().contains(&"x.json".to_owned()));
}

#[test]
fn a_sox_profile_becomes_one_that_denoises() {
    let folder = Folder::new();
    write_tones(&folder.file("in.wav"), 2.0);
    // The mean logarithm that SoX would find in noise evenly distributed over ±0.02.
    let value = (2048.0f64 * 0.02 * 0.02 / 3.0).ln() - 0.577_215_66;
    let values = vec![format!("{value:.6}"); 1025].join(", ");
    std::fs::write(folder.file("sox.noiseprof"), format!("Channel 0: {values}\n")).unwrap();
    let convert = ["profile", "convert", "sox.noiseprof", "-o", "sox.json"];
    folder.quell(&convert).failed(1, &["sox.noiseprof", "--rate"]);
    folder.quell(&[&convert[..], &["--rate", "48000"]].concat()).succeeded();
    folder
        .quell(&["denoise", "in.wav", "-o", "sox.wav", "--profile", "sox.json", "-q"])
        .succeeded();
    folder
        .quell(&["denoise", "in.wav", "-o", "own.wav", "--noise-range", "0-0.5", "-q"])
        .succeeded();
    let level =
        |name: &str| rms_db(&read_all(&folder.file(name)).unwrap().channels[0][10_000..24_000]);
    let before = level("in.wav");
    assert!(level("sox.wav") < before - 6.0, "{} from {before}", level("sox.wav"));
    assert!((level("sox.wav") - level("own.wav")).abs() < 3.0);
}

#[test]
fn profiles_that_cannot_be_made_are_refused_by_name() {
    let folder = Folder::new();
    write_tones(&folder.file("in.wav"), 1.0);
    std::fs::write(folder.file("bad.noiseprof"), "Channel 0: 1, 2\n").unwrap();
    let names = folder.names();
    let cases: [(&[&str], &[&str]); 5] = [
        (&["learn", "missing.wav", "-o", "x.json"], &["missing.wav", "does not exist"]),
        (&["learn", "in.wav", "-o", "no/x.json"], &["no/x.json", "create the folder"]),
        (&["learn", "in.wav", "-o", "x.json", "--range", "0-0.1"], &["in.wav", "too short"]),
        (&["convert", "in.wav", "-o", "x.txt"], &["x.txt", ".json or .csv"]),
        (
            &["convert", "bad.noiseprof", "-o", "x.json", "--rate", "48000"],
            &["bad.noiseprof", "2 values", "sox noiseprof"],
        ),
    ];
    for (args, parts) in cases {
        folder.quell(&[&["profile"], args].concat()).failed(1, parts);
    }
    assert_eq!(folder.names(), names);
}

#[test]
fn pictures_of_a_recording_and_of_every_step_are_drawn() {
    let folder = Folder::new();
    write(&folder.file("in.wav"), 48_000, INT_16, noisy_tones(48_000, 2, 2.0));
    folder.quell(&["plot", "in.wav", "-o", "in.png"]).succeeded();
    let picture = Pixmap::load_png(folder.file("in.png")).unwrap();
    assert_eq!((picture.width(), picture.height()), (1600, 1000));
    for (mode, has_time) in [("live", false), ("standard", false), ("studio", true)] {
        for engine in ["gate", "classic", "neural", "hybrid"] {
            let args = ["plot", "in.wav", "-fo", "steps.svg", "--steps", "--latency", mode];
            let args = [&args[..], &["--engine", engine, "--noise-range", "0-0.5"]].concat();
            folder.quell(&args).succeeded();
            let svg = std::fs::read_to_string(folder.file("steps.svg")).unwrap();
            // In frequency the network has smoothed as it likes; the classic mask closes slowly.
            let panels = [
                engine != "neural" && svg.contains("Distance in frequency"),
                (has_time || engine == "classic") && svg.contains("Distance in time"),
            ];
            let n_smoothing = panels.iter().filter(|is_there| **is_there).count();
            assert_eq!(svg.matches(">weight<").count(), n_smoothing, "{mode}, {engine}");
            let parts = match n_smoothing {
                0 => ["1  The noise", "4  The mask", "6  What was taken away"],
                _ => ["3  How the mask is smoothed", "5  The mask", "7  What was taken away"],
            };
            for part in parts.into_iter().chain(["threshold: mean + "]) {
                assert!(svg.contains(part), "{mode}, {engine}: {part}");
            }
            // Four spectrograms, the mask, and their bars.
            assert_eq!(svg.matches("<image ").count(), 10, "{mode}, {engine}");
        }
    }
}

#[test]
fn pictures_that_cannot_be_drawn_are_refused_by_name() {
    let folder = Folder::new();
    write_tones(&folder.file("in.wav"), 0.3);
    folder.quell(&["plot", "in.wav", "-o", "x.bmp"]).failed(1, &["x.bmp", ".png or .svg"]);
    folder.quell(&["plot", "missing.wav", "-o", "x.png"]).failed(1, &["missing.wav", "not exist"]);
    folder
        .quell(&["plot", "in.wav", "-o", "x.png", "--steps"])
        .failed(1, &["in.wav", "steady noise"]);
    assert_eq!(folder.names(), ["in.wav"]);
}

#[test]
fn noise_has_the_length_level_and_layout_asked_for() {
    let folder = Folder::new();
    for kind in ["white", "pink", "brown", "band:1000-2000", "hum:60", "hiss"] {
        let args = ["noise", kind, "-fo", "n.wav", "--seconds", "4", "--level", "-35"];
        let args = [&args[..], &["--rate", "44100", "--channels", "2"]].concat();
        folder.quell(&args).succeeded();
        let noise = read_all(&folder.file("n.wav")).unwrap();
        assert_eq!(noise.spec.sample_rate_hz, 44_100);
        assert_eq!((noise.spec.n_channels, noise.n_frames()), (2, 4 * 44_100), "{kind}");
        let level = rms_db(&noise.channels[0]);
        assert!((level + 35.0).abs() < 1.0, "{kind}: {level} dBFS");
        if !kind.starts_with("hum") {
            assert!(noise.channels[0] != noise.channels[1], "{kind}: channels differ");
        }
    }
    folder.quell(&["noise", "white", "-o", "a.wav", "--seed", "5", "--seconds", "0.1"]).succeeded();
    folder.quell(&["noise", "white", "-o", "b.wav", "--seed", "5", "--seconds", "0.1"]).succeeded();
    assert!(read_all(&folder.file("a.wav")).unwrap() == read_all(&folder.file("b.wav")).unwrap());
    folder.quell(&["noise", "white", "-o", "x.wav", "--seconds", "0"]).failed(1, &["more than 0"]);
    assert_eq!(folder.quell(&["noise", "grey", "-o", "x.wav"]).0.status.code(), Some(2));
}

#[test]
fn a_mix_has_the_ratio_asked_for_and_compare_measures_it() {
    let folder = Folder::new();
    let tone: Vec<f32> = (0..96_000).map(|i| 0.3 * (i as f32 * 0.05).sin()).collect();
    write(&folder.file("speech.wav"), 48_000, SampleFormat::Float, vec![tone]);
    // Shorter, and at another rate.
    let args = ["noise", "white", "-o", "fan.wav", "--rate", "16000", "--seconds", "1"];
    folder.quell(&args).succeeded();
    let args = ["mix", "speech.wav", "fan.wav", "-o", "mix.wav", "--snr", "7.5", "--lead", "0.5"];
    let parts = ["--clean-out", "clean.wav", "--noise-out", "noise.wav"];
    folder.quell(&[&args[..], &parts].concat()).succeeded();
    let read = |name: &str| read_all(&folder.file(name)).unwrap();
    let (mix, clean, noise) = (read("mix.wav"), read("clean.wav"), read("noise.wav"));
    assert_eq!((mix.n_frames(), clean.n_frames(), noise.n_frames()), (120_000, 120_000, 120_000));
    let sums = clean.channels[0].iter().zip(&noise.channels[0]).map(|(c, n)| c + n);
    assert!(sums.zip(&mix.channels[0]).all(|(sum, mix)| (sum - mix).abs() < 1e-6));
    assert!(clean.channels[0][..24_000].iter().all(|&s| s == 0.0));

    let compared = folder.quell(&["compare", "clean.wav", "mix.wav", "clean.wav", "--json"]);
    let figures: serde_json::Value = serde_json::from_str(&compared.succeeded().stdout()).unwrap();
    // The lead of noise alone adds a quarter to the noise.
    let snr = figures[0]["snr_db"].as_f64().unwrap();
    assert!((snr - (7.5 - 10.0 * 1.25f64.log10())).abs() < 0.5, "{snr}");
    assert_eq!(figures[1]["ssim"], 1.0);
    let args = ["compare", "clean.wav", "mix.wav", "--skip", "0.5", "--csv"];
    let csv = folder.quell(&args).succeeded().stdout();
    let snr: f64 = csv.lines().nth(1).unwrap().split(',').nth(2).unwrap().parse().unwrap();
    assert!((snr - 7.5).abs() < 0.01, "{csv}");
}

#[test]
fn comparisons_and_mixes_that_make_no_sense_are_refused_by_name() {
    let folder = Folder::new();
    write_tones(&folder.file("a.wav"), 1.0);
    write(&folder.file("rate.wav"), 44_100, INT_16, noisy_tones(44_100, 1, 1.0));
    write(&folder.file("wide.wav"), 48_000, INT_16, noisy_tones(48_000, 2, 1.0));
    write(&folder.file("silent.wav"), 48_000, INT_16, vec![vec![0.0; 48_000]]);
    let names = folder.names();
    let cases: [(&[&str], &[&str]); 6] = [
        (&["compare", "a.wav", "rate.wav"], &["rate.wav", "44100 Hz", "one rate"]),
        (&["compare", "a.wav", "wide.wav"], &["wide.wav", "2 channels", "one layout"]),
        (&["compare", "a.wav", "missing.wav"], &["missing.wav", "does not exist"]),
        (&["compare", "a.wav", "a.wav", "--skip", "2"], &["a.wav", "lower --skip"]),
        (&["mix", "a.wav", "silent.wav", "--snr", "5", "-o", "x.wav"], &["silent.wav", "silent"]),
        (&["mix", "a.wav", "missing.wav", "--snr", "5", "-o", "x.wav"], &["missing.wav", "exist"]),
    ];
    for (args, parts) in cases {
        folder.quell(args).failed(1, parts);
    }
    assert_eq!(folder.names(), names);
}

#[test]
fn bench_measures_every_engine_mode_rate_and_block() {
    let folder = Folder::new();
    let done = folder.quell(&["bench", "--seconds", "0.1", "--json"]).succeeded();
    let report: serde_json::Value = serde_json::from_str(&done.stdout()).unwrap();
    let runs = report["runs"].as_array().unwrap();
    let on_scalar = runs.iter().filter(|run| run["kernel"] == "scalar").count();
    assert!(on_scalar >= 2 && runs.len() >= 4 * 3 * (6 + 5) + on_scalar, "{}", runs.len());
    for run in runs {
        let figure = |name: &str| run[name].as_f64().unwrap();
        assert!(figure("core_percent") > 0.0, "{run}");
        assert!(figure("p50_us") <= figure("p99_us"), "{run}");
        assert!(figure("p99_us") <= figure("max_us"), "{run}");
    }
}

#[test]
fn the_demo_leaves_sound_a_picture_and_a_table() {
    let folder = Folder::new();
    let done = folder.quell(&["demo", "-o", "demo"]).succeeded();
    assert_eq!(done.stdout().matches("studio").count(), 4, "{}", done.stdout());
    let before = read_all(&folder.file("demo/before.flac")).unwrap();
    for engine in ["gate", "classic", "neural", "hybrid"] {
        for mode in ["live", "standard", "studio"] {
            let after =
                read_all(&folder.file(&format!("demo/after-{engine}-{mode}.flac"))).unwrap();
            assert_eq!(after.n_frames(), before.n_frames());
            // The fan alone, once the engine is under way.
            let fan = |audio: &quell_audio::Audio| rms_db(&audio.channels[0][24_000..90_000]);
            let drop_db = fan(&before) - fan(&after);
            assert!(drop_db > 6.0, "{engine}, {mode}: {drop_db} dB");
        }
    }
    assert!(Pixmap::load_png(folder.file("demo/before-after.png")).is_ok());
}

#[test]
fn completions_and_manual_know_every_command() {
    let folder = Folder::new();
    let commands = ["denoise", "profile", "plot", "compare", "mix", "noise", "bench", "demo"];
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = folder.quell(&["completions", shell]).succeeded().stdout();
        for command in commands {
            assert!(script.contains(command), "{shell}: {command}");
        }
    }
    let page = folder.quell(&["man"]).succeeded().stdout();
    assert!(page.contains(".TH quell 1"), "{page}");
    folder.quell(&["man", "-o", "pages"]).succeeded();
    for command in commands {
        let page =
            std::fs::read_to_string(folder.file(&format!("pages/quell-{command}.1"))).unwrap();
        assert!(page.contains(".SH SYNOPSIS"), "{command}");
    }
}

#[test]
fn help_teaches_with_examples() {
    let folder = Folder::new();
    for command in ["denoise", "profile", "plot", "compare", "mix", "noise"] {
        let help = folder.quell(&[command, "--help"]).succeeded().stdout();
        assert!(help.contains("Examples:") && help.contains(&format!("quell {command}")), "{help}");
    }
    let help = folder.quell(&["denoise", "--help"]).succeeded().stdout();
    assert!(help.contains("Exit status: 0") && help.contains("[default: 100 %]"), "{help}");
}
