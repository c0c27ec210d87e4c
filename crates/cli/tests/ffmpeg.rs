//! What takes an `ffmpeg` on the PATH, with a real one: `cargo xtask test` installs it and runs
//! these.

#[path = "all/common.rs"]
mod common;

use std::process::Command;

use common::{Folder, noisy_tones, write};
use quell_audio::{SampleFormat, read_all};

/// Runs ffmpeg in the folder; the arguments are divided by blanks.
fn ffmpeg(folder: &Folder, args: &str) {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-nostdin", "-y"]).args(args.split(' '));
    let status = command.current_dir(folder.path()).status();
    assert!(status.expect("ffmpeg is installed").success(), "ffmpeg {args}");
}

#[test]
#[ignore = "takes ffmpeg"]
fn opus_wma_and_others_are_read_as_ffmpeg_decodes_them() {
    let folder = Folder::new();
    std::fs::create_dir(folder.file("in")).unwrap();
    write(&folder.file("tones.wav"), 48_000, SampleFormat::Float, noisy_tones(48_000, 2, 2.0));
    let ways = [
        ("a.opus", "libopus", 48_000),
        // Called by a name that promises Vorbis.
        ("b.ogg", "libopus", 48_000),
        ("c.wma", "wmav2", 44_100),
        ("d.wv", "wavpack", 44_100),
        ("e.mka", "ac3", 48_000),
    ];
    for (name, codec, rate_hz) in ways {
        let title = "-metadata title=Tones";
        ffmpeg(&folder, &format!("-i tones.wav -ar {rate_hz} -c:a {codec} {title} in/{name}"));
    }
    let common = ["--noise-range", "0-0.5", "-q", "--dither", "off", "--bits", "24"];
    let args = [&["denoise", "in", "-r", "-o", "out"][..], &common].concat();
    folder.quell(&args).succeeded();
    for (name, _, rate_hz) in ways {
        ffmpeg(&folder, &format!("-i in/{name} -c:a pcm_f32le decoded.wav"));
        let args = [&["denoise", "decoded.wav", "-fo", "wanted.wav"][..], &common].concat();
        folder.quell(&args).succeeded();
        let out = folder.file("out").join(name).with_extension("wav");
        let (ours, wanted) =
            (read_all(&out).unwrap(), read_all(&folder.file("wanted.wav")).unwrap());
        assert_eq!((ours.spec.sample_rate_hz, ours.spec.n_channels), (rate_hz, 2), "{name}");
        assert_eq!(ours.spec.format, SampleFormat::Int { bits: 24 }, "{name}");
        // WMA leaves out the end of its last frame.
        assert!(ours.seconds() > 1.99, "{name}: {} s", ours.seconds());
        assert!(ours.channels == wanted.channels, "{name}");
        let bytes = std::fs::read(&out).unwrap();
        assert!(bytes.windows(5).any(|part| part == b"Tones"), "{name}: the title is lost");
        assert!(!bytes.windows(4).any(|part| part == b"Lavf"), "{name}: ffmpeg put its mark on it");
    }
}

/// Mean PSNR of a video against a clean one, dB.
fn psnr_db(folder: &Folder, video: &str, clean: &str) -> f64 {
    let mut command = Command::new("ffmpeg");
    // Frame by frame: formats round the times of frames differently.
    let graph = "[0:v]settb=1/24,setpts=N[a];[1:v]settb=1/24,setpts=N[b];[a][b]psnr";
    command.args(["-nostdin", "-i", video, "-i", clean, "-lavfi", graph, "-f", "null", "-"]);
    let output = command.current_dir(folder.path()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let after = text.split("average:").nth(1).unwrap_or_else(|| panic!("{text}"));
    after.split(' ').next().unwrap().parse().unwrap()
}

#[test]
#[ignore = "takes ffmpeg"]
fn frames_of_a_video_lose_their_grain_and_stay_where_they_are() {
    let folder = Folder::new();
    write(&folder.file("tones.wav"), 48_000, SampleFormat::Float, noisy_tones(48_000, 1, 2.0));
    let size = "size=320x240:rate=24:duration=2";
    ffmpeg(&folder, &format!("-f lavfi -i testsrc2={size} -pix_fmt yuv420p -c:v ffv1 clean.mkv"));
    let grain = "noise=alls=12:allf=t:all_seed=1";
    let codec = "-i tones.wav -c:v libx264 -crf 4 -pix_fmt yuv420p -c:a aac -metadata title=Tones";
    for name in ["in.mp4", "in.mkv"] {
        ffmpeg(&folder, &format!("-i clean.mkv {codec} -vf {grain} {name}"));
        let before_db = psnr_db(&folder, name, "clean.mkv");
        let args = ["denoise", name, "-fo", &name.replace("in", "out"), "--json"];
        let plain = folder.quell(&args).succeeded();
        assert!(plain.stdout().contains("\"picture\": null"), "{}", plain.stdout());
        let kept_db = psnr_db(&folder, &name.replace("in", "out"), "clean.mkv");
        assert!((kept_db - before_db).abs() < 1e-3, "{name}: {before_db} to {kept_db} dB");
        let done = folder.quell(&[&args[..], &["--picture", "medium"]].concat()).succeeded();
        assert!(done.stdout().contains("\"picture\": \"medium\""), "{}", done.stdout());
        let after_db = psnr_db(&folder, &name.replace("in", "out"), "clean.mkv");
        assert!(after_db > before_db + 2.0, "{name}: {before_db} to {after_db} dB");
        let bytes = std::fs::read(folder.file(&name.replace("in", "out"))).unwrap();
        assert!(bytes.windows(5).any(|part| part == b"Tones"), "{name}: the title is lost");
    }
    folder
        .quell(&["denoise", "tones.wav", "-o", "x.wav", "--picture", "light"])
        .failed(1, &["--picture", "x.wav"]);
}

#[test]
#[ignore = "takes ffmpeg"]
fn what_ffmpeg_cannot_read_is_refused_by_name() {
    let folder = Folder::new();
    let format = SampleFormat::Int { bits: 16 };
    write(&folder.file("tones.wav"), 44_100, format, noisy_tones(44_100, 1, 20.0));
    for (codec, name) in [("wavpack", "damaged.wv"), ("libopus", "damaged.opus")] {
        ffmpeg(&folder, &format!("-i tones.wav -c:a {codec} {name}"));
        let mut bytes = std::fs::read(folder.file(name)).unwrap();
        let half = bytes.len() / 2;
        bytes[half..half + 2_000].fill(0x55);
        std::fs::write(folder.file(name), bytes).unwrap();
    }
    std::fs::write(folder.file("text.opus"), "a letter").unwrap();
    let names = folder.names();
    let cases = [
        ("damaged.wv", "damaged after"),
        ("damaged.opus", "damaged (ogg: CRC mismatch"),
        ("text.opus", "cannot be decoded"),
    ];
    for (name, what) in cases {
        for output in ["out.wav", "out.flac"] {
            folder.quell(&["denoise", name, "-o", output]).failed(1, &[name, what]);
        }
    }
    assert_eq!(folder.names(), names);
}
