//! Learning a noise profile from a file, with the engine's own capture.

use std::path::Path;

use anyhow::{Result, anyhow, bail};
use quell_core::{CaptureStatus, Denoiser, LatencyMode, NoiseProfile, Settings, StreamSpec};

use crate::audio::Reader;
use crate::units::TimeRange;

/// A profile and what the capture said about it.
#[derive(Clone, Debug)]
pub struct Learned {
    /// The noise, independent of rate and channels.
    pub profile: NoiseProfile,
    /// Length, level and spread of the noise.
    pub status: CaptureStatus,
}

/// Learns the noise of a file, or of a stretch of it.
pub fn from_file(path: &Path, range: Option<TimeRange>) -> Result<Learned> {
    let mut reader = Reader::open(path)?;
    let spec = reader.spec();
    let rate_hz = f64::from(spec.sample_rate_hz);
    let mut learner = Learner::new(rate_hz, spec.n_channels)
        .map_err(|error| anyhow!("'{}': {error}", path.display()))?;
    let to_frame = |seconds: f64| (seconds * rate_hz).round() as u64;
    let (first, end) = range.map_or((0, u64::MAX), |r| (to_frame(r.start_s), to_frame(r.end_s)));
    let mut position = 0u64;
    while position < end {
        let Some(block) = reader.next_block()? else { break };
        let n_frames = block[0].len() as u64;
        let from = first.saturating_sub(position).min(n_frames) as usize;
        let to = (end - position).min(n_frames) as usize;
        if from < to {
            learner.push(block, from, to);
        }
        position += n_frames;
    }
    if let Some(range) = range.filter(|_| position < end) {
        bail!(
            "'{}' ends at {:.2} s, before the noise range {range} does: choose an earlier range",
            path.display(),
            position as f64 / rate_hz
        );
    }
    learner.finish().map_err(|error| match range {
        Some(range) => anyhow!("'{}', {range}: {error}", path.display()),
        None => anyhow!("'{}': {error}", path.display()),
    })
}

/// Feeds sound to an engine whose capture is on.
pub struct Learner {
    denoiser: Denoiser,
}

impl Learner {
    /// A learner for sound of this rate and layout.
    pub fn new(sample_rate_hz: f64, n_channels: usize) -> Result<Self> {
        let spec = StreamSpec {
            sample_rate_hz,
            n_channels,
            n_noise_channels: 0,
            mode: LatencyMode::default(),
        };
        Ok(Self { denoiser: Denoiser::new(spec)? })
    }

    /// Takes in the frames `from..to` of a block; what is in the block is overwritten.
    pub fn push(&mut self, block: &mut [Vec<f32>], from: usize, to: usize) {
        let mut io: Vec<&mut [f32]> = block.iter_mut().map(|c| &mut c[from..to]).collect();
        self.denoiser.process(&mut io, None, &capturing(true), &mut ());
    }

    /// Ends the capture; a refusal becomes an error that says why.
    pub fn finish(mut self) -> Result<Learned> {
        // A hop of silence makes the engine notice that Capture is off; it is not captured.
        let spec = *self.denoiser.spec();
        let hop_len = self.denoiser.geometry().hop_len;
        let mut silence = vec![vec![0.0; hop_len]; spec.n_channels];
        let mut io: Vec<&mut [f32]> = silence.iter_mut().map(Vec::as_mut_slice).collect();
        self.denoiser.process(&mut io, None, &capturing(false), &mut ());
        match (self.denoiser.capture_status(), self.denoiser.profile()) {
            (status @ CaptureStatus::Captured { .. }, Some(profile)) => {
                Ok(Learned { profile: profile.clone(), status })
            }
            (CaptureStatus::Refused(reason), _) => bail!("{reason}"),
            (status, _) => bail!("nothing was learned ({status})"),
        }
    }
}

fn capturing(is_on: bool) -> Settings {
    Settings { capture: is_on, ..Settings::default() }
}
