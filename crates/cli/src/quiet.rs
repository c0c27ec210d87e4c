//! The stretches of a file that hold nothing but noise.

use std::path::Path;

use anyhow::{Result, anyhow, bail};
use quell_audio::Reader;
use quell_core::{NoiseProfile, NotNoise, QuietFinder, accept_as_noise};

use crate::learn;
use crate::units::TimeRange;

/// The noise of a file, learned from its quietest steady stretches, and where they are. What is no
/// noise is refused as a capture of it would be.
pub fn learn(path: &Path) -> Result<(NoiseProfile, Vec<TimeRange>)> {
    let ranges = find(path)?;
    let learned = learn::from_ranges(path, &ranges)?;
    accept_as_noise(&learned).map_err(|reason| refusal(path, &reason))?;
    Ok((learned, ranges))
}

/// The quietest steady stretches of a file, in the order of time.
pub fn find(path: &Path) -> Result<Vec<TimeRange>> {
    let mut reader = Reader::open(path)?;
    let rate_hz = f64::from(reader.spec().sample_rate_hz);
    let mut finder =
        QuietFinder::new(rate_hz).map_err(|error| anyhow!("'{}': {error}", path.display()))?;
    while let Some(block) = reader.next_block()? {
        finder.push(block);
    }
    let found = finder.finish();
    if found.is_empty() {
        bail!(refusal(path, &NotNoise::Nowhere));
    }
    Ok(found.into_iter().map(TimeRange::from).collect())
}

fn refusal(path: &Path, reason: &NotNoise) -> anyhow::Error {
    let advice = "name some noise with --noise or --noise-range, or use --adaptive";
    anyhow!("'{}': {reason}: {advice}", path.display())
}
