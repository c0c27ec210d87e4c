//! Video files: the soundtrack is taken out and put back beside the untouched picture, by an
//! `ffmpeg` on the PATH.

use std::path::{Path, PathBuf};
use std::process::Command;

use quell_files::{DRAFT_PREFIX, WriteError, folder_of};
use tempfile::TempDir;

use crate::error::{AudioError, VideoFault};
use crate::ffmpeg;
use crate::interrupt;

/// Endings of video files.
const ENDINGS: [&str; 5] = ["mp4", "m4v", "mkv", "mov", "webm"];

/// True for the name of a video file.
pub fn is_video(path: &Path) -> bool {
    ENDINGS.contains(&ending(path).as_str())
}

fn ending(path: &Path) -> String {
    path.extension().unwrap_or_default().to_string_lossy().to_lowercase()
}

/// How much noise is taken out of the frames; measured by `cargo xtask picture`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Picture {
    /// Fine grain.
    Light,
    /// A dim room.
    Medium,
    /// A dark one.
    Strong,
}

impl Picture {
    /// All of them, from the weakest on.
    pub const ALL: [Self; 3] = [Self::Light, Self::Medium, Self::Strong];

    /// Its name on the command line.
    pub fn id(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Medium => "medium",
            Self::Strong => "strong",
        }
    }

    /// ffmpeg's filter for it.
    pub fn filter(self) -> &'static str {
        match self {
            Self::Light => "hqdn3d=8",
            Self::Medium => "hqdn3d=16",
            Self::Strong => "nlmeans=s=10:p=5:r=9",
        }
    }
}

/// The sound of a video, taken out to be changed and put back.
pub struct Soundtrack {
    video: PathBuf,
    output: PathBuf,
    /// Holds the parts, beside the output, and takes them away again.
    work: TempDir,
}

impl Soundtrack {
    /// Takes the first soundtrack out of a video that is to become `output`.
    pub fn extract(video: &Path, output: &Path) -> Result<Self, AudioError> {
        if !video.is_file() {
            return Err(AudioError::video(video, VideoFault::Missing));
        }
        let work = tempfile::Builder::new()
            .prefix(DRAFT_PREFIX)
            .tempdir_in(folder_of(output))
            .map_err(|error| WriteError::of_io(output, error))?;
        let track = Self { video: video.to_owned(), output: output.to_owned(), work };
        let mut command = ffmpeg::command();
        command.arg("-i").arg(video);
        command.args(["-vn", "-map", "0:a:0", "-c:a", "pcm_f32le", "-rf64", "auto"]);
        command.arg(track.sound());
        run(command, video, VideoFault::NoSound)?;
        Ok(track)
    }

    /// The sound as it was, a WAV file.
    pub fn sound(&self) -> PathBuf {
        self.work.path().join("noisy.wav")
    }

    /// Where the changed sound goes, a WAV file.
    pub fn changed(&self) -> PathBuf {
        self.work.path().join("clean.wav")
    }

    /// Puts the changed sound beside picture and subtitles, and the whole in its place. Frames that
    /// are to be changed are encoded again; others stay as they are.
    pub fn put_back(self, picture: Option<Picture>) -> Result<(), AudioError> {
        let whole = self.work.path().join("whole").with_extension(ending(&self.output));
        let mut command = ffmpeg::command();
        command.arg("-i").arg(&self.video).arg("-i").arg(self.changed());
        // A capital letter leaves out covers, which are no frames.
        command.args(["-map", if picture.is_some() { "0:V?" } else { "0:v?" }]);
        command.args(["-map", "1:a:0", "-map_metadata", "0"]);
        if ending(&self.video) == ending(&whole) {
            command.args(["-map", "0:s?"]);
        }
        command.args(["-c", "copy"]);
        if let Some(picture) = picture {
            command.args(["-vf", picture.filter()]);
            command.args(match ending(&whole).as_str() {
                "webm" => &["-c:v", "libvpx-vp9", "-crf", "24", "-b:v", "0", "-row-mt", "1"][..],
                _ => &["-c:v", "libx264", "-crf", "18"],
            });
        }
        command.args(match ending(&whole).as_str() {
            "webm" => &["-c:a", "libopus", "-b:a", "192k"][..],
            "mkv" => &["-c:a", "flac"],
            _ => &["-c:a", "aac", "-b:a", "256k"],
        });
        command.arg(&whole);
        run(command, &self.video, VideoFault::NotPutTogether)?;
        std::fs::rename(&whole, &self.output)
            .map_err(|error| WriteError::of_io(&self.output, error).into())
    }
}

/// Runs ffmpeg and turns its failure into one line.
fn run(
    mut command: Command,
    video: &Path,
    fault: impl FnOnce(String) -> VideoFault,
) -> Result<(), AudioError> {
    let output = command.output().map_err(|error| {
        let fault = match error.kind() {
            std::io::ErrorKind::NotFound => VideoFault::NoFfmpeg,
            _ => VideoFault::CannotStart(error),
        };
        AudioError::video(video, fault)
    })?;
    interrupt::check()?;
    if output.status.success() {
        return Ok(());
    }
    Err(AudioError::video(video, fault(ffmpeg::reason(&output.stderr))))
}
