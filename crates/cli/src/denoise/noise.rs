//! The noise of a run and of each of its files.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use quell_core::NoiseProfile;
use quell_formats::state::State;

use super::args::{DenoiseArgs, NoiseArgs, is_pipe};
use crate::learn;
use crate::units::TimeRange;
use crate::{profile_file, quiet};

/// Where the noise of a run comes from.
pub(super) enum Noise {
    /// A file of nothing but noise.
    File { path: PathBuf, learned: Box<NoiseProfile> },
    /// A stretch of every input.
    Range(TimeRange),
    /// A profile that was learned before.
    Profile { path: PathBuf, profile: Box<NoiseProfile> },
    /// The quietest stretches of every input.
    Auto { is_asked_for: bool },
    /// Followed by the engine as it goes.
    Adaptive,
}

impl Noise {
    /// Learns or reads what is the same for all files.
    pub(super) fn choose(args: &DenoiseArgs, preset: Option<State>) -> Result<Self> {
        let NoiseArgs { noise, noise_range, profile, auto } = &args.noise;
        if args.sound.is_adaptive() {
            return Ok(Self::Adaptive);
        }
        // A preset without captured noise follows it, as the plugin does.
        if let Some(preset) = preset.filter(|_| !args.noise.is_given()) {
            let path = args.preset.clone().unwrap_or_default();
            return Ok(preset.into_profile().map_or(Self::Adaptive, |profile| Self::Profile {
                path,
                profile: Box::new(profile),
            }));
        }
        Ok(match (noise, noise_range, profile) {
            (Some(path), _, _) => {
                Self::File { path: path.clone(), learned: Box::new(learn::from_file(path)?) }
            }
            (_, Some(range), _) => Self::Range(*range),
            (_, _, Some(path)) => {
                Self::Profile { path: path.clone(), profile: Box::new(profile_file::load(path)?) }
            }
            _ => Self::Auto { is_asked_for: *auto },
        })
    }

    /// What will be done, in words.
    pub(super) fn plan(&self) -> String {
        match self {
            Self::File { path, .. } => format!("from '{}'", path.display()),
            Self::Range(range) => format!("from {range}"),
            Self::Profile { path, .. } => format!("from profile '{}'", path.display()),
            Self::Auto { .. } => "found automatically".into(),
            Self::Adaptive => "followed as it changes".into(),
        }
    }

    /// Learns the noise of a file in a pass of its own, or takes what is known.
    pub(super) fn of_file(&self, input: &Path) -> Result<NoiseOfFile> {
        let source = self.plan();
        match self {
            Self::File { learned, .. } => Ok(NoiseOfFile::of(source, learned)),
            Self::Profile { profile, .. } => {
                let profile = Some((**profile).clone());
                Ok(NoiseOfFile { profile, ..NoiseOfFile::without_profile(&source) })
            }
            Self::Range(_) | Self::Auto { is_asked_for: true } if is_pipe(input) => {
                bail!("standard input passes only once: name the noise with --noise or --profile")
            }
            Self::Range(range) => {
                Ok(NoiseOfFile::of(source, &learn::from_ranges(input, &[*range])?))
            }
            Self::Auto { .. } if is_pipe(input) => {
                Ok(NoiseOfFile::without_profile("followed as it changes"))
            }
            // The engine needs no stretch of noise to follow it. What is wrong with the file itself
            // will be met again when it is read.
            Self::Auto { is_asked_for } => match NoiseOfFile::found_in(input) {
                Err(_) if !is_asked_for => Ok(NoiseOfFile::without_profile(
                    "followed as it changes (no stretch of noise alone was found)",
                )),
                found => found,
            },
            Self::Adaptive => Ok(NoiseOfFile::without_profile(&source)),
        }
    }
}

/// The noise of one file.
pub(super) struct NoiseOfFile {
    /// Where it came from, in words.
    pub(super) source: String,
    /// Stretches that were found automatically.
    pub(super) found: Vec<TimeRange>,
    pub(super) profile: Option<NoiseProfile>,
    /// RMS level, dBFS, where it was learned here.
    pub(super) level_dbfs: Option<f32>,
    /// Spread of the bins' levels, dB, where it was learned here.
    pub(super) spread_db: Option<f32>,
}

impl NoiseOfFile {
    fn of(source: String, learned: &NoiseProfile) -> Self {
        Self {
            source,
            found: Vec::new(),
            profile: Some(learned.clone()),
            level_dbfs: learned.about().level_dbfs,
            spread_db: Some(learned.spread_db()),
        }
    }

    /// From the quietest stretches of the file itself.
    fn found_in(input: &Path) -> Result<Self> {
        let (learned, ranges) = quiet::learn(input)?;
        let source = match &ranges[..] {
            [only] => format!("found at {only}"),
            many => {
                format!("found in {} places, {:.1} s", many.len(), learned.seconds())
            }
        };
        Ok(Self { found: ranges, ..Self::of(source, &learned) })
    }

    fn without_profile(source: &str) -> Self {
        let (source, found) = (source.into(), Vec::new());
        Self { source, found, profile: None, level_dbfs: None, spread_db: None }
    }
}
