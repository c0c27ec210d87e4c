//! What a run says about itself: a line per file, or JSON.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use quell_audio::video::Picture;
use quell_audio::{AudioSpec, SampleFormat};
use quell_core::Choice;
use quell_core::unet::SHIPPED_IDENTITY;
use quell_lab::metrics::Levels;
use serde_json::{Value, json};

use super::common::Common;
use super::noise::NoiseOfFile;
use super::plan::Job;
use crate::setting_flags::settings_json;
use crate::units::clock;

/// What became of one file.
pub(super) struct FileReport {
    pub(super) input: PathBuf,
    pub(super) output: PathBuf,
    pub(super) spec: AudioSpec,
    pub(super) written_format: SampleFormat,
    pub(super) n_frames: u64,
    pub(super) n_faults: u64,
    pub(super) latency_samples: usize,
    pub(super) levels: Levels,
    /// The output is what was taken away, so it has no noise drop.
    pub(super) is_removed: bool,
    pub(super) noise: NoiseOfFile,
    /// What was done to the frames of a video.
    pub(super) picture: Option<Picture>,
    pub(super) elapsed: Duration,
}

impl FileReport {
    fn seconds(&self) -> f64 {
        self.n_frames as f64 / f64::from(self.spec.sample_rate_hz)
    }

    fn speed(&self) -> f64 {
        self.seconds() / self.elapsed.as_secs_f64().max(1e-9)
    }

    /// One line for people.
    pub(super) fn line(&self, n_done: usize, n_files: usize) -> String {
        let count = if n_files > 1 { format!("[{n_done}/{n_files}] ") } else { String::new() };
        let drop = if self.is_removed {
            format!("{:.1} dBFS removed", self.levels.output_dbfs)
        } else {
            format!("noise down {:.1} dB", self.levels.noise_drop_db)
        };
        let repaired = match self.n_faults {
            0 => String::new(),
            n => format!(", {n} samples that were no numbers taken as silence"),
        };
        format!(
            "{count}{} -> {}: {}, {drop}, noise {}, {:.0}x real time{repaired}",
            self.input.display(),
            self.output.display(),
            clock(self.seconds()),
            self.noise.source,
            self.speed()
        )
    }

    fn to_json(&self) -> Value {
        let noise_drop_db = (!self.is_removed).then(|| rounded(self.levels.noise_drop_db));
        json!({
            "input": self.input.to_string_lossy(),
            "output": self.output.to_string_lossy(),
            "status": "done",
            "seconds": rounded(self.seconds()),
            "frames": self.n_frames,
            "sample_rate_hz": self.spec.sample_rate_hz,
            "channels": self.spec.n_channels,
            "input_format": self.spec.format.to_string(),
            "output_format": self.written_format.to_string(),
            "repaired_samples": self.n_faults,
            "noise": {
                "source": self.noise.source,
                "found_s": self.noise.found.iter()
                    .map(|range| json!([rounded(range.start_s), rounded(range.end_s)]))
                    .collect::<Value>(),
                "seconds": self.noise.profile.as_ref().map(|p| rounded(p.seconds().into())),
                "level_dbfs": self.noise.level_dbfs.map(|v| rounded(v.into())),
                "spread_db": self.noise.spread_db.map(|v| rounded(v.into())),
            },
            "picture": self.picture.map(Picture::id),
            "input_dbfs": rounded(self.levels.input_dbfs),
            "output_dbfs": rounded(self.levels.output_dbfs),
            "removed_dbfs": rounded(self.levels.removed_dbfs),
            "noise_drop_db": noise_drop_db,
            "latency_ms": rounded(
                self.latency_samples as f64 * 1000.0 / f64::from(self.spec.sample_rate_hz)
            ),
            "elapsed_s": rounded(self.elapsed.as_secs_f64()),
            "speed": rounded(self.speed()),
        })
    }
}

/// Three decimals are more than any ear or clock is worth.
fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

/// How many names a line holds.
const N_NAMED: usize = 5;

/// What of the folders was not read, in words; nothing where all was.
pub(super) fn skipped_line(skipped: &[PathBuf]) -> Option<String> {
    let named: Vec<_> =
        skipped.iter().take(N_NAMED).map(|path| path.display().to_string()).collect();
    let more = match skipped.len() - named.len() {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    let count = match skipped.len() {
        0 => return None,
        1 => "1 file is".to_owned(),
        n => format!("{n} files are"),
    };
    Some(format!("{count} skipped, not sound by name: {}{more}", named.join(", ")))
}

/// The report of a whole run. `model_hash` is null where the engine holds no network.
pub(super) fn to_json(
    common: &Common,
    jobs: &[Job],
    skipped: &[PathBuf],
    results: &[Result<FileReport>],
    elapsed: Duration,
) -> Value {
    let files: Vec<Value> = jobs
        .iter()
        .zip(results)
        .map(|(job, result)| match result {
            Ok(report) => report.to_json(),
            Err(error) => json!({
                "input": job.input.to_string_lossy(),
                "output": job.output.to_string_lossy(),
                "status": "failed",
                "error": format!("{error:#}"),
            }),
        })
        .collect();
    let has_network = common.settings.engine.uses_network();
    let seconds: f64 = results.iter().flatten().map(FileReport::seconds).sum();
    json!({
        "program": "quell",
        "version": env!("CARGO_PKG_VERSION"),
        "engine": common.settings.engine.id(),
        "model_hash": has_network.then(|| format!("{SHIPPED_IDENTITY:016x}")),
        "mode": common.settings.latency.id(),
        "settings": settings_json(&common.settings),
        "files": files,
        "failed": results.iter().filter(|result| result.is_err()).count(),
        "skipped": skipped.iter().map(|path| path.to_string_lossy()).collect::<Value>(),
        "seconds": rounded(seconds),
        "elapsed_s": rounded(elapsed.as_secs_f64()),
        "speed": rounded(seconds / elapsed.as_secs_f64().max(1e-9)),
    })
}
