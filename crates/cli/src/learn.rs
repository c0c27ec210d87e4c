//! Learning a noise profile from files, with the engine's own capture.

use std::path::Path;

use anyhow::{Result, anyhow, bail};
use quell_audio::Reader;
use quell_core::{NoiseLearner, NoiseProfile};

use crate::units::TimeRange;

/// Learns the noise of a whole file.
pub fn from_file(path: &Path) -> Result<NoiseProfile> {
    from_ranges(path, &[TimeRange { start_s: 0.0, end_s: f64::INFINITY }])
}

/// Learns the noise from stretches of a file, each captured on its own so that no window reaches
/// across a joint.
pub fn from_ranges(path: &Path, ranges: &[TimeRange]) -> Result<NoiseProfile> {
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
                    None => learner.insert(
                        NoiseLearner::new(rate_hz, spec.n_channels)
                            .map_err(|error| anyhow!("'{}': {error}", path.display()))?,
                    ),
                };
                let mut part: Vec<&mut [f32]> =
                    block.iter_mut().map(|c| &mut c[from..to]).collect();
                learner.push(&mut part);
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

fn finish(learner: Option<NoiseLearner>, path: &Path) -> Result<NoiseProfile> {
    let name = path.display();
    let learner = learner.ok_or_else(|| anyhow!("'{name}': the noise range holds no samples"))?;
    learner.finish().map_err(|error| anyhow!("'{name}': {error}"))
}

/// One profile of several, as if they had been one capture.
pub(crate) fn pool(parts: Vec<NoiseProfile>) -> Result<NoiseProfile> {
    let mut parts = parts.into_iter();
    let Some(first) = parts.next() else { bail!("no noise to learn from") };
    Ok(parts.try_fold(first, |pooled, part| pooled.pooled_with(&part))?)
}
