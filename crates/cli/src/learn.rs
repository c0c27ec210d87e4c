//! Learning a noise profile from files, with the engine's own capture.

use std::path::Path;

use anyhow::{Result, anyhow, bail};
use quell_audio::Reader;
use quell_core::{CaptureStatus, Denoiser, LatencyMode, NoiseProfile, Settings, StreamSpec};

use crate::units::TimeRange;

/// A profile and what the capture said about it.
#[derive(Clone, Debug)]
pub struct Learned {
    /// The noise, independent of rate and channels.
    pub profile: NoiseProfile,
    /// RMS level of the noise, dBFS.
    pub level_dbfs: f32,
    /// Standard deviation of a bin's level, mean of all bins, dB; steady noise has 5.6.
    pub spread_db: f32,
}

/// Learns the noise of a whole file.
pub fn from_file(path: &Path) -> Result<Learned> {
    from_ranges(path, &[TimeRange { start_s: 0.0, end_s: f64::INFINITY }])
}

/// Learns the noise from stretches of a file, each captured on its own so that no window reaches
/// across a joint.
pub fn from_ranges(path: &Path, ranges: &[TimeRange]) -> Result<Learned> {
    let mut ranges = ranges.to_vec();
    ranges.sort_by(|a, b| a.start_s.total_cmp(&b.start_s));
    let mut reader = Reader::open(path)?;
    let spec = reader.spec();
    let rate_hz = f64::from(spec.sample_rate_hz);
    // A cast of infinity is the largest number.
    let to_frame = |seconds: f64| (seconds * rate_hz).round() as u64;
    let mut learned = Vec::new();
    let mut learner = None;
    let mut position = 0u64;
    while learned.len() < ranges.len() {
        let Some(block) = reader.next_block()? else { break };
        let n_frames = block[0].len() as u64;
        while let Some(range) = ranges.get(learned.len()) {
            let (first, end) = (to_frame(range.start_s), to_frame(range.end_s));
            let from = first.saturating_sub(position).min(n_frames) as usize;
            let to = end.saturating_sub(position).min(n_frames) as usize;
            if from < to {
                let learner = match &mut learner {
                    Some(learner) => learner,
                    None => learner.insert(Learner::new(rate_hz, spec.n_channels, path)?),
                };
                learner.push(block, from, to);
            }
            if end > position + n_frames {
                break;
            }
            learned.push(finish(learner.take(), path)?);
        }
        position += n_frames;
    }
    if let Some(range) = ranges.get(learned.len()) {
        if range.end_s.is_finite() {
            bail!(
                "'{}' ends at {:.2} s, before the noise range {range} does: choose an earlier \
                 range",
                path.display(),
                position as f64 / rate_hz
            );
        }
        learned.push(finish(learner, path)?);
    }
    pool(learned)
}

fn finish(learner: Option<Learner>, path: &Path) -> Result<Learned> {
    let name = path.display();
    let learner = learner.ok_or_else(|| anyhow!("'{name}': the noise range holds no samples"))?;
    learner.finish().map_err(|error| anyhow!("'{name}': {error}"))
}

/// One profile of several: mean and variance over all frames, as if they had been one capture.
pub(crate) fn pool(parts: Vec<Learned>) -> Result<Learned> {
    let total_s: f32 = parts.iter().map(|part| part.profile.seconds()).sum();
    let Some(first) = parts.first() else { bail!("no noise to learn from") };
    let n_values = first.profile.mean_db().len();
    let (mut mean_db, mut square_db) = (vec![0.0f64; n_values], vec![0.0f64; n_values]);
    let (mut power, mut spread_db) = (0.0, 0.0);
    for part in &parts {
        let share = part.profile.seconds() / total_s;
        let values = part.profile.mean_db().iter().zip(part.profile.std_db());
        for ((mean, square), (part_mean, part_std)) in
            mean_db.iter_mut().zip(&mut square_db).zip(values)
        {
            let (part_mean, part_std) = (f64::from(*part_mean), f64::from(*part_std));
            *mean += f64::from(share) * part_mean;
            *square += f64::from(share) * (part_std * part_std + part_mean * part_mean);
        }
        power += share * 10f32.powf(part.level_dbfs / 10.0);
        spread_db += share * part.spread_db;
    }
    let deviation = |(mean, square): (&f64, &f64)| (square - mean * mean).max(0.0).sqrt() as f32;
    let std_db = mean_db.iter().zip(&square_db).map(deviation).collect();
    let mean_db = mean_db.into_iter().map(|mean| mean as f32).collect();
    let (n_channels, n_bins) = (first.profile.n_channels(), first.profile.n_bins());
    let profile = NoiseProfile::new(n_channels, n_bins, mean_db, std_db, total_s)?;
    Ok(Learned { profile, level_dbfs: 10.0 * power.log10(), spread_db })
}

/// Feeds sound to an engine whose capture is on.
struct Learner {
    denoiser: Denoiser,
}

impl Learner {
    fn new(sample_rate_hz: f64, n_channels: usize, path: &Path) -> Result<Self> {
        let mode = LatencyMode::default();
        let spec = StreamSpec { sample_rate_hz, n_channels, n_noise_channels: 0, mode };
        let denoiser =
            Denoiser::new(spec).map_err(|error| anyhow!("'{}': {error}", path.display()))?;
        Ok(Self { denoiser })
    }

    /// Takes in the frames `from..to` of a block; what is in the block is overwritten.
    fn push(&mut self, block: &mut [Vec<f32>], from: usize, to: usize) {
        let mut io: Vec<&mut [f32]> = block.iter_mut().map(|c| &mut c[from..to]).collect();
        self.denoiser.process(&mut io, None, &capturing(true), &mut ());
    }

    /// Ends the capture; a refusal becomes an error that says why.
    fn finish(mut self) -> Result<Learned> {
        // A hop of silence makes the engine notice that Capture is off; it is not captured.
        let spec = *self.denoiser.spec();
        let hop_len = self.denoiser.geometry().hop_len;
        let mut silence = vec![vec![0.0; hop_len]; spec.n_channels];
        let mut io: Vec<&mut [f32]> = silence.iter_mut().map(Vec::as_mut_slice).collect();
        self.denoiser.process(&mut io, None, &capturing(false), &mut ());
        match (self.denoiser.capture_status(), self.denoiser.profile()) {
            (CaptureStatus::Captured { level_dbfs, spread_db, .. }, Some(profile)) => {
                Ok(Learned { profile: profile.clone(), level_dbfs, spread_db })
            }
            (CaptureStatus::Refused(reason), _) => bail!("{reason}"),
            (status, _) => bail!("nothing was learned ({status})"),
        }
    }
}

fn capturing(is_on: bool) -> Settings {
    Settings { capture: is_on, ..Settings::default() }
}
