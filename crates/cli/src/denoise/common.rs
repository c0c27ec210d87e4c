//! What holds for all files of a run.

use anyhow::Result;
use quell_core::Settings;
use quell_formats::state::{State, model_notice};

use super::args::DenoiseArgs;
use super::noise::Noise;
use crate::preset;

/// Flags, and what they and a preset come to.
pub(super) struct Common<'a> {
    pub(super) args: &'a DenoiseArgs,
    pub(super) settings: Settings,
    pub(super) noise: Noise,
}

impl<'a> Common<'a> {
    /// Reads the preset and learns what is the same for all files.
    pub(super) fn new(args: &'a DenoiseArgs) -> Result<Self> {
        let preset = args.preset.as_deref().map(preset::load).transpose()?;
        let base = preset.as_ref().map_or_else(Settings::default, State::settings);
        let settings = args.sound.apply(base);
        let model = preset.as_ref().and_then(|preset| preset.model);
        let notice = model.and_then(|model| model_notice(settings.engine, model));
        if let (Some(notice), Some(path), false) = (notice, &args.preset, args.quiet) {
            eprintln!("quell: '{}': {notice}", path.display());
        }
        Ok(Self { args, settings, noise: Noise::choose(args, preset)? })
    }
}
