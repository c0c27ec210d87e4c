//! What the tests of the commands share.
#![allow(dead_code, reason = "every test file uses its own part")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use quell_audio::{Audio, AudioSpec, SampleFormat, write_all};

/// A folder of its own, gone at the end of the test.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Names of everything in it, hidden files too, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// Runs `quell` in this folder.
    pub(crate) fn quell(&self, args: &[&str]) -> Done {
        self.quell_with_input(args, &[])
    }

    pub(crate) fn quell_with_input(&self, args: &[&str], input: &[u8]) -> Done {
        let mut child = self.command(args).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        // A program that fails early closes the pipe; that is not what is tested here.
        let feeder = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let output = child.wait_with_output().unwrap();
        feeder.join().unwrap();
        Done(output)
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quell"));
        command.args(args).current_dir(self.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

/// What a run of the program left.
pub(crate) struct Done(pub(crate) Output);

impl Done {
    pub(crate) fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).into_owned()
    }

    pub(crate) fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).into_owned()
    }

    #[track_caller]
    pub(crate) fn succeeded(self) -> Self {
        assert!(self.0.status.success(), "{:?}\n{}", self.0.status, self.stderr());
        self
    }

    /// The run failed with `code` and one line that holds every part.
    #[track_caller]
    pub(crate) fn failed(self, code: i32, parts: &[&str]) -> Self {
        let stderr = self.stderr();
        assert_eq!(self.0.status.code(), Some(code), "{stderr}");
        assert_eq!(stderr.trim_end().lines().count(), 1, "one line:\n{stderr}");
        for part in parts {
            assert!(stderr.contains(part), "'{part}' is missing in: {stderr}");
        }
        self
    }
}

/// Half a second of noise alone, then tones in the noise with pauses.
pub(crate) fn noisy_tones(rate_hz: u32, n_channels: usize, seconds: f64) -> Vec<Vec<f32>> {
    let n_frames = (seconds * f64::from(rate_hz)).round() as usize;
    (0..n_channels)
        .map(|channel| {
            let mut random = fastrand::Rng::with_seed(1 + channel as u64);
            (0..n_frames)
                .map(|i| {
                    let t = i as f64 / f64::from(rate_hz);
                    let is_on = t > 0.6 && (t * 2.0).fract() > 0.4;
                    let tone = (std::f64::consts::TAU * 440.0 * t).sin() * 0.25;
                    (if is_on { tone } else { 0.0 }) as f32 + 0.04 * (random.f32() - 0.5)
                })
                .collect()
        })
        .collect()
}

pub(crate) fn write(path: &Path, rate_hz: u32, format: SampleFormat, channels: Vec<Vec<f32>>) {
    let spec = AudioSpec { format, ..AudioSpec::float(rate_hz, channels.len()) };
    write_all(path, &Audio { spec, channels }).unwrap();
}

/// A mono 16-bit file of noisy tones.
pub(crate) fn write_tones(path: &Path, seconds: f64) {
    write(path, 48_000, SampleFormat::Int { bits: 16 }, noisy_tones(48_000, 1, seconds));
}
