//! What an `ffmpeg` on the PATH does for us: sound that no decoder here knows, and videos.

use std::fs::File;
use std::io::{ErrorKind, Read, Seek};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::error::ReadFault;
use crate::sound::SampleFormat;
use crate::wav_read::{ByteSource, WavDecoder, WavError};

/// Endings of files that it reads for us.
const ENDINGS: [&str; 9] = ["opus", "wma", "amr", "ape", "wv", "ac3", "mka", "mkv", "webm"];

/// Bits that a sound of its is taken to be worth when it is written again: most are lossy.
const BITS: u32 = 24;

/// True for the name of a file that nothing but ffmpeg reads.
pub(crate) fn is_wanted(path: &Path) -> bool {
    let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    ENDINGS.contains(&ending.as_str())
}

/// An ffmpeg that speaks of errors alone and asks nothing.
pub(crate) fn command() -> Command {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-nostdin", "-y"]).stdin(Stdio::null());
    command
}

/// What it says last, without the address of the part that says it.
pub(crate) fn reason(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let last = text
        .lines()
        .map(str::trim)
        .rfind(|line| !line.is_empty() && !line.starts_with("Last message repeated"));
    let line = last.unwrap_or("no reason given");
    let said = line.strip_prefix('[').and_then(|line| line.split_once(" @ 0x"));
    match said.and_then(|(part, rest)| Some((part, rest.split_once("] ")?.1))) {
        Some((part, words)) => format!("{part}: {words}"),
        None => line.to_owned(),
    }
}

/// The first sound of a file, decoded by ffmpeg as it is read.
pub(crate) struct Decoded {
    pub(crate) wav: WavDecoder,
    child: Child,
    /// What it says; a file, as a pipe that nobody empties would hold it up.
    complaints: File,
    n_read: u64,
}

impl Decoded {
    pub(crate) fn open(path: &Path) -> Result<Self, ReadFault> {
        // Started without a look, it would say in its own words what we say in ours.
        File::open(path).map_err(crate::read::open_fault)?;
        let complaints = tempfile::tempfile().map_err(ReadFault::CannotOpen)?;
        let stderr = complaints.try_clone().map_err(ReadFault::CannotOpen)?;
        let mut command = command();
        // A damaged packet ends it; otherwise the sound would be short without a word.
        command.args(["-xerror", "-err_detect", "crccheck+bitstream+buffer+explode"]);
        command.arg("-i").arg(path);
        // Some formats keep the tags with the stream. ffmpeg's own mark is left out.
        command.args(["-map", "0:a:0", "-map_metadata", "0", "-map_metadata:g", "0:s:a:0"]);
        command.args(["-c:a", "pcm_f32le", "-fflags", "+bitexact"]);
        command.args(["-f", "wav", "-"]);
        let mut child = command.stdout(Stdio::piped()).stderr(stderr).spawn().map_err(|error| {
            match error.kind() {
                ErrorKind::NotFound => ReadFault::NoFfmpeg,
                _ => ReadFault::CannotOpen(error),
            }
        })?;
        let opened = child.stdout.take().ok_or(WavError::NotPcm).and_then(read_header);
        match opened {
            Ok(wav) => Ok(Self { wav, child, complaints, n_read: 0 }),
            Err(_) => {
                // It is over, or has nothing to say that would be of use.
                let _ = child.kill();
                let _ = child.wait();
                Err(ReadFault::CannotDecode(reason(&all_of(&complaints))))
            }
        }
    }

    /// Decodes the next block; false at the end.
    pub(crate) fn next_block(&mut self, block: &mut Vec<Vec<f32>>) -> Result<bool, ReadFault> {
        let is_more =
            self.wav.next_block(block).map_err(|error| ReadFault::CannotRead(error.kind()))?;
        self.n_read += block.first().map_or(0, Vec::len) as u64;
        if is_more {
            return Ok(true);
        }
        let is_whole = self.child.wait().is_ok_and(|status| status.success());
        let complaints = all_of(&self.complaints);
        if is_whole && complaints.is_empty() {
            return Ok(false);
        }
        let reason = reason(&complaints);
        // It leaves out some damage and goes on.
        if is_whole {
            return Err(ReadFault::DamagedSomewhere(reason));
        }
        let seconds = self.n_read as f64 / f64::from(self.wav.spec.sample_rate_hz);
        Err(ReadFault::DamagedAt { seconds, reason })
    }
}

impl Drop for Decoded {
    fn drop(&mut self) {
        // What was not read to its end goes on otherwise.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read_header(mut stdout: ChildStdout) -> Result<WavDecoder, WavError> {
    let mut head = [0; 12];
    stdout.read_exact(&mut head)?;
    let mut wav = WavDecoder::open(&head, Box::new(stdout), true)?;
    wav.spec.format = SampleFormat::Int { bits: BITS };
    Ok(wav)
}

fn all_of(mut file: &File) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Where the reason cannot be had, there is none.
    if file.rewind().is_ok() {
        let _ = file.read_to_end(&mut bytes);
    }
    bytes
}

impl ByteSource for ChildStdout {
    fn try_seek(&mut self, _: u64) -> bool {
        false
    }
}
