//! Video files: the soundtrack is taken out, denoised, and put back beside the untouched picture, by
//! an `ffmpeg` on the PATH.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Result, anyhow, bail};

use super::plan::Job;
use super::report::FileReport;
use super::{Common, job};
use crate::interrupt;
use crate::progress::Progress;

/// Endings of video files.
const EXTENSIONS: [&str; 5] = ["mp4", "m4v", "mkv", "mov", "webm"];

/// True for the name of a video file.
pub(super) fn is_video(path: &Path) -> bool {
    EXTENSIONS.contains(&extension(path).as_str())
}

fn extension(path: &Path) -> String {
    path.extension().unwrap_or_default().to_string_lossy().to_lowercase()
}

/// Denoises the first soundtrack of a video.
pub(super) fn run(job: &Job, common: &Common, progress: &Progress) -> Result<FileReport> {
    let name = job.input.display();
    if !job.input.is_file() {
        bail!("'{name}' does not exist: check the spelling and the folder");
    }
    let folder = match job.output.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let work = tempfile::Builder::new()
        .prefix(".quell-")
        .tempdir_in(folder)
        .map_err(|error| crate::files::write_error(&job.output, error.into()))?;
    let [noisy, clean] = ["noisy.wav", "clean.wav"].map(|name| work.path().join(name));
    let whole = work.path().join("whole").with_extension(extension(&job.output));

    extract(&job.input, &noisy)?;
    let sound = Job { input: noisy, output: clean.clone() };
    let report = job::run(&sound, common, progress)
        .map_err(|error| anyhow!("the sound of '{name}': {error:#}"))?;
    put_back(&job.input, &clean, &whole)?;
    std::fs::rename(&whole, &job.output)
        .map_err(|error| crate::files::write_error(&job.output, error.into()))?;
    Ok(FileReport { input: job.input.clone(), output: job.output.clone(), ..report })
}

/// The first soundtrack as WAV.
fn extract(video: &Path, sound: &Path) -> Result<()> {
    let mut command = ffmpeg();
    command.arg("-i").arg(video);
    command.args(["-vn", "-map", "0:a:0", "-c:a", "pcm_f32le", "-rf64", "auto"]).arg(sound);
    finish(command, video, "holds no sound that ffmpeg can read")
}

/// Picture and subtitles of one file and the sound of another.
fn put_back(video: &Path, sound: &Path, whole: &Path) -> Result<()> {
    let mut command = ffmpeg();
    command.arg("-i").arg(video).arg("-i").arg(sound);
    command.args(["-map", "0:v?", "-map", "1:a:0", "-map_metadata", "0"]);
    if extension(video) == extension(whole) {
        command.args(["-map", "0:s?"]);
    }
    command.args(["-c", "copy"]);
    command.args(match extension(whole).as_str() {
        "webm" => &["-c:a", "libopus", "-b:a", "192k"][..],
        "mkv" => &["-c:a", "flac"],
        _ => &["-c:a", "aac", "-b:a", "256k"],
    });
    command.arg(whole);
    finish(command, video, "cannot be put together again by ffmpeg")
}

fn ffmpeg() -> Command {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-nostdin", "-y"]).stdin(Stdio::null());
    command
}

/// Runs ffmpeg and turns its failure into one line.
fn finish(mut command: Command, video: &Path, what: &str) -> Result<()> {
    let name = video.display();
    let output = command.output().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => anyhow!(
            "'{name}' is a video, which takes ffmpeg: install it and put it on the PATH, or take \
             the sound out of the video first"
        ),
        _ => anyhow!("'{name}' is a video, and ffmpeg cannot be started ({error})"),
    })?;
    interrupt::check()?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        let reason =
            stderr.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("no reason given");
        bail!("'{name}' {what} ({}): check it with ffmpeg itself", reason.trim());
    }
    Ok(())
}
