//! One mask: that of a channel, or of all of them when they are linked.

use super::noise::ChannelNoise;
use super::print::PrintChannel;
use crate::config;
use crate::engines::{Build, EngineShares, Frame, Heard, Slots};
use crate::geometry::{BuildError, LatencyMode};
use crate::level::average;
use crate::mask::MaskStages;
use crate::room_tone::{self, RoomTone};
use crate::settings::{Engine, ProfileSource, Settings};

/// The engines of one mask, what they hear and what becomes of it.
pub(super) struct Lane {
    bin_hz: f32,
    heard: Heard,
    shares: EngineShares,
    slots: Slots,
    stages: MaskStages,
    room_tone: RoomTone,
    pub(super) gain: Vec<f32>,
}

/// The channels that share a mask.
pub(super) struct Channels<'a> {
    /// Power per 25 Hz of the newest frame.
    pub(super) powers: &'a [Vec<f32>],
    pub(super) noise: &'a [ChannelNoise],
    pub(super) print: &'a [PrintChannel],
    /// Where the noise is known from.
    pub(super) source: ProfileSource,
    /// What the settings multiply the power of the noise with, per bin.
    pub(super) raised: &'a [f32],
}

impl Lane {
    pub(super) fn new(build: &Build, mode: LatencyMode) -> Result<Self, BuildError> {
        let geometry = build.geometry;
        let (n_bins, bin_hz) = (geometry.n_bins(), geometry.bin_hz() as f32);
        Ok(Self {
            bin_hz,
            heard: Heard::new(n_bins),
            shares: EngineShares::new(geometry.hop_s()),
            slots: Slots::new(build)?,
            stages: MaskStages::new(geometry, mode),
            room_tone: RoomTone::new(n_bins, bin_hz, mode.look_ahead_frames()),
            gain: vec![0.0; n_bins],
        })
    }

    pub(super) fn reset(&mut self) {
        self.shares.reset();
        self.slots.rest();
        self.stages.reset();
        self.room_tone.rest();
    }

    /// Goes on from where another lane is: what a channel does when it leaves the common mask.
    pub(super) fn continue_from(&mut self, other: &Self) {
        self.shares = other.shares;
        self.slots.continue_from(&other.slots);
        self.stages.continue_from(&other.stages);
        self.room_tone.continue_from(&other.room_tone);
    }

    /// Threshold over reference level.
    pub(super) fn threshold(&self) -> &[f32] {
        &self.heard.threshold
    }

    /// Writes the gains of the frame that is due.
    pub(super) fn estimate(&mut self, channels: &Channels, settings: &Settings) {
        self.shares.glide_to(settings.engine);
        self.listen(channels, settings);
        let frame = Frame {
            heard: &self.heard,
            bin_hz: self.bin_hz,
            settings,
            source: channels.source,
            is_sure: channels.noise.iter().all(|noise| noise.follower.is_sure()),
            is_news: channels.noise.iter().any(|noise| noise.follower.is_news()),
            raised: channels.raised,
        };
        self.slots.run(&self.shares, &frame);
        let is_known = channels.source != ProfileSource::Adaptive;
        let spread_db = is_known.then_some(&*self.heard.spread_db);
        let bed = self.slots.bed(&self.shares);
        self.slots.join(&self.shares, spread_db, self.stages.next_mask(bed));
        self.stages.finish(settings, &mut self.gain);
        if room_tone::is_on(settings) {
            let (power, noise) = (&self.heard.power, &self.heard.print);
            self.room_tone.hold(settings, power, noise, &mut self.gain);
        } else {
            self.room_tone.rest();
        }
    }

    /// Mean of the channels, of all that an engine with a part in the mask, or the room tone, asks
    /// for.
    fn listen(&mut self, channels: &Channels, settings: &Settings) {
        let (heard, noise) = (&mut self.heard, channels.noise);
        let share = 1.0 / noise.len() as f32;
        heard.snr.fill(0.0);
        for (power, noise) in channels.powers.iter().zip(noise) {
            let bins = power.iter().zip(&noise.level.per_reference);
            for (snr, (power, per_mean)) in heard.snr.iter_mut().zip(bins) {
                *snr += power * per_mean * share;
            }
        }
        average(noise.iter().map(|n| &*n.level.threshold), &mut heard.threshold);
        let is_captured = channels.source == ProfileSource::Captured;
        if self.shares.any(Engine::uses_network) || room_tone::is_on(settings) {
            average(channels.powers.iter().map(|power| &**power), &mut heard.power);
            average(noise.iter().map(|n| &*n.level.print), &mut heard.print);
            if is_captured {
                average(noise.iter().map(|n| &*n.level.tonality), &mut heard.tonality);
            }
        }
        if self.shares.of(Engine::Hybrid) > 0.0 {
            if is_captured {
                average(channels.print.iter().map(|p| &*p.spread_db), &mut heard.spread_db);
            } else {
                heard.spread_db.fill(config::GAUSSIAN_LOG_STD_DB);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Geometry;
    use crate::kernels::Kernel;
    use crate::unet::{Noise, Weights};

    /// The network's mask after 50 frames under a source, and what it says by hand when it is told
    /// that its noise level was captured, or that there is none.
    fn masks(source: ProfileSource) -> [Vec<f32>; 3] {
        let geometry = Geometry::for_rate(48_000.0).unwrap();
        let (n_bins, mode) = (geometry.n_bins(), LatencyMode::Standard);
        let weights = Weights::parse(crate::unet::SHIPPED_WEIGHTS).unwrap();
        let kernel = Kernel::best();
        let build = Build { geometry: &geometry, weights: &weights, kernel };
        let mut lane = Lane::new(&build, mode).unwrap();
        let mut power = vec![0.0; n_bins];
        let mut noise = ChannelNoise::new(n_bins, 0, geometry.hop_s());
        let print = [PrintChannel::new(n_bins)];
        let new_net = || crate::unet::UNet::new(&weights, n_bins, 25.0, kernel).unwrap();
        let [mut told_captured, mut told_nothing] = [new_net(), new_net()];
        let [mut captured, mut unknown] = [vec![0.0; n_bins], vec![0.0; n_bins]];
        let settings = Settings { engine: Engine::Neural, ..Settings::default() };
        let mut random = fastrand::Rng::with_seed(0x92);
        for _ in 0..50 {
            power.fill_with(|| 1e-6 * random.f32());
            noise.level.print.fill_with(|| 1e-7 * (1.0 + random.f32()));
            let channels = Channels {
                powers: core::slice::from_ref(&power),
                noise: core::slice::from_ref(&noise),
                print: &print,
                source,
                raised: &vec![1.0; n_bins],
            };
            lane.estimate(&channels, &settings);
            let print = &noise.level.print;
            told_captured.estimate(&power, Noise::Captured(print), &mut captured);
            told_nothing.estimate(&power, Noise::Absent, &mut unknown);
        }
        let mut mask = vec![0.0; n_bins];
        lane.slots.join(&lane.shares, None, &mut mask);
        [mask, captured, unknown]
    }

    #[test]
    fn the_network_is_told_every_noise_level_as_a_print() {
        for source in [ProfileSource::Captured, ProfileSource::Sidechain, ProfileSource::Adaptive] {
            let [mask, captured, unknown] = masks(source);
            let largest = |other: &[f32]| {
                mask.iter().zip(other).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
            };
            assert!(largest(&captured) < 1e-5, "{source:?}: {}", largest(&captured));
            assert!(largest(&unknown) > 1e-3, "{source:?}: the test tells nothing apart");
        }
    }
}
