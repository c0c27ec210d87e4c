//! Stages 6 and 7: one mask for all channels, or one each.

use super::StreamSpec;
use super::lane::{Channels, Lane};
use super::noise::NoiseStage;
use super::print::Print;
use crate::engines::Build;
use crate::geometry::BuildError;
use crate::level::average;
use crate::settings::Settings;

/// The masks of a stream.
pub(super) struct Masks {
    lanes: Vec<Lane>,
    /// Lanes that had a mask in the last frame.
    n_masks: usize,
}

impl Masks {
    pub(super) fn new(spec: &StreamSpec, build: &Build) -> Result<Self, BuildError> {
        let lanes = (0..spec.n_channels).map(|_| Lane::new(build, spec.mode));
        Ok(Self { lanes: lanes.collect::<Result<_, _>>()?, n_masks: spec.n_channels })
    }

    pub(super) fn reset(&mut self) {
        for lane in &mut self.lanes {
            lane.reset();
        }
        self.n_masks = self.lanes.len();
    }

    /// Writes the gains of the frame that is due.
    pub(super) fn estimate(
        &mut self,
        powers: &[Vec<f32>],
        noise: &NoiseStage,
        print: &Print,
        settings: &Settings,
    ) {
        let n_channels = self.lanes.len();
        self.wake(if settings.stereo_link { 1 } else { n_channels });
        let per_mask = n_channels / self.n_masks;
        for (idx, lane) in self.lanes[..self.n_masks].iter_mut().enumerate() {
            let range = idx * per_mask..(idx + 1) * per_mask;
            let channels = Channels {
                powers: &powers[range.clone()],
                noise: &noise.channels()[range.clone()],
                print: &print.channels()[range],
                source: noise.source(),
                raised: noise.raised(),
            };
            lane.estimate(&channels, settings);
        }
    }

    /// A channel that leaves the common mask goes on from it, not from what it was long ago.
    fn wake(&mut self, n_masks: usize) {
        if n_masks > self.n_masks {
            let (awake, asleep) = self.lanes.split_at_mut(self.n_masks);
            for lane in &mut asleep[..n_masks - awake.len()] {
                lane.continue_from(&awake[0]);
            }
        }
        self.n_masks = n_masks;
    }

    /// The gains of a channel.
    pub(super) fn gain_of(&self, channel_idx: usize) -> &[f32] {
        &self.lanes[channel_idx.min(self.n_masks - 1)].gain
    }

    /// Mean of the masks' gains.
    pub(super) fn mean_gain(&self, out: &mut [f32]) {
        average(self.lanes[..self.n_masks].iter().map(|lane| &*lane.gain), out);
    }

    /// Threshold over reference level of the first mask.
    pub(super) fn threshold(&self) -> &[f32] {
        self.lanes[0].threshold()
    }
}
