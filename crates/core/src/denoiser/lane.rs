//! One mask: that of a channel, or of all of them when they are linked.

use super::channel::Channel;
use crate::config;
use crate::gate::{ClassicMask, GateFrame, SoftMask};
use crate::geometry::{BuildError, Geometry, LatencyMode};
use crate::kernels::Kernel;
use crate::level::average;
use crate::mask::MaskStages;
use crate::neural::NeuralMask;
use crate::settings::{Engine, ProfileSource, Settings};
use crate::unet::{Noise, Weights};

/// The engines of one mask, what they hear and what becomes of it.
pub(super) struct Lane {
    bin_hz: f32,
    ears: Ears,
    pub(super) threshold: Vec<f32>,
    pub(super) gain: Vec<f32>,
    shares: EngineShares,
    soft: SoftMask,
    soft_mask: Vec<f32>,
    classic: ClassicMask,
    classic_mask: Vec<f32>,
    neural: NeuralMask,
    neural_mask: Vec<f32>,
    stages: MaskStages,
}

/// Means of the channels.
struct Ears {
    /// Power over the reference level of the noise.
    snr: Vec<f32>,
    /// Power per 25 Hz.
    power: Vec<f32>,
    /// Mean power of the noise per 25 Hz, as far as it was captured or comes from the noise input.
    print: Vec<f32>,
    /// How much each bin of the captured noise is a tone, 0 to 1.
    tonality: Vec<f32>,
    /// Spread of the captured noise, dB; that of steady noise where nothing is captured.
    spread_db: Vec<f32>,
}

impl Lane {
    pub(super) fn new(
        geometry: &Geometry,
        mode: LatencyMode,
        weights: &Weights<'static>,
        kernel: Kernel,
    ) -> Result<Self, BuildError> {
        let (n_bins, bin_hz) = (geometry.n_bins(), geometry.bin_hz());
        let hop_s = geometry.hop_len as f64 / geometry.sample_rate_hz;
        let zeros = || vec![0.0; n_bins];
        Ok(Self {
            bin_hz: bin_hz as f32,
            ears: Ears {
                snr: zeros(),
                power: zeros(),
                print: zeros(),
                tonality: zeros(),
                spread_db: zeros(),
            },
            threshold: zeros(),
            gain: zeros(),
            shares: EngineShares::new(hop_s),
            soft: SoftMask::new(n_bins),
            soft_mask: zeros(),
            classic: ClassicMask::new(n_bins),
            classic_mask: zeros(),
            neural: NeuralMask::new(weights, n_bins, bin_hz, hop_s, kernel)?,
            neural_mask: zeros(),
            stages: MaskStages::new(geometry, mode),
        })
    }

    pub(super) fn reset(&mut self) {
        self.shares.reset();
        self.soft.reset();
        self.neural.reset();
        self.stages.reset();
    }

    /// Goes on from where another lane is: what a channel does when it leaves the common mask.
    pub(super) fn continue_from(&mut self, other: &Self) {
        self.shares = other.shares;
        self.soft.continue_from(&other.soft);
        self.neural.continue_from(&other.neural);
        self.stages.continue_from(&other.stages);
    }

    /// Writes the gains of the frame that is due. `raised` is what the settings multiply the power
    /// of the noise with before the network's mask meets it, per bin.
    pub(super) fn estimate(
        &mut self,
        channels: &[Channel],
        source: ProfileSource,
        raised: &[f32],
        settings: &Settings,
    ) {
        let was_heard = self.shares.parts();
        self.shares.glide_to(settings.engine);
        let parts = self.shares.parts();
        self.listen(channels, source, parts);
        self.run_gates(was_heard, parts, settings);
        // What the network has heard so far tells it that there is no such noise.
        if source == ProfileSource::Adaptive
            && channels.iter().any(|channel| channel.follower.is_news())
        {
            self.neural.reset();
        }
        let is_sure = channels.iter().all(|channel| channel.follower.is_sure());
        self.run_network(was_heard, parts, source, is_sure, raised);
        self.join();
        self.stages.finish(settings, &mut self.gain);
    }

    /// Stage 1: mean of the channels.
    fn listen(&mut self, channels: &[Channel], source: ProfileSource, parts: Parts) {
        let share = 1.0 / channels.len() as f32;
        self.ears.snr.fill(0.0);
        for channel in channels {
            let bins = channel.power.iter().zip(&channel.noise.per_reference);
            for (snr, (power, per_mean)) in self.ears.snr.iter_mut().zip(bins) {
                *snr += power * per_mean * share;
            }
        }
        average(channels.iter().map(|c| &*c.noise.threshold), &mut self.threshold);
        if parts.neural {
            average(channels.iter().map(|c| &*c.power), &mut self.ears.power);
            average(channels.iter().map(|c| &*c.noise.print), &mut self.ears.print);
        }
        if parts.neural && source == ProfileSource::Captured {
            average(channels.iter().map(|c| &*c.noise.tonality), &mut self.ears.tonality);
        }
        if self.shares.of(Engine::Hybrid) > 0.0 {
            match source {
                ProfileSource::Captured => {
                    average(channels.iter().map(|c| &*c.noise.spread_db), &mut self.ears.spread_db);
                }
                _ => self.ears.spread_db.fill(config::GAUSSIAN_LOG_STD_DB),
            }
        }
    }

    /// Stage 2: the gates that have a part in the mask. One that was idle must not start from what
    /// it heard long ago.
    fn run_gates(&mut self, was_heard: Parts, parts: Parts, settings: &Settings) {
        let frame = GateFrame { snr: &self.ears.snr, threshold: &self.threshold };
        if parts.soft {
            if !was_heard.soft {
                self.soft.reset();
            }
            self.soft.estimate(&frame, settings, self.bin_hz, &mut self.soft_mask);
        }
        if parts.classic {
            self.classic.estimate(&frame, settings, self.bin_hz, &mut self.classic_mask);
        }
    }

    /// Stage 3: the network, likewise.
    fn run_network(
        &mut self,
        was_heard: Parts,
        parts: Parts,
        source: ProfileSource,
        is_sure: bool,
        raised: &[f32],
    ) {
        if !parts.neural {
            return;
        }
        if !was_heard.neural {
            self.neural.reset();
        }
        let noise = match source {
            ProfileSource::Captured | ProfileSource::Sidechain => Noise::Captured(&self.ears.print),
            ProfileSource::Adaptive if is_sure => Noise::Captured(&self.ears.print),
            ProfileSource::Adaptive => Noise::Absent,
        };
        self.neural.estimate(&self.ears.power, noise, raised, &mut self.neural_mask);
        if source == ProfileSource::Captured {
            close_on_tones(&mut self.neural_mask, &self.ears.snr, &self.ears.tonality);
        }
    }

    /// Stage 4: the mean of the engines' masks, each with its share.
    fn join(&mut self) {
        let mask = self.stages.next_mask();
        mask.fill(0.0);
        for engine in Engine::ALL {
            let share = self.shares.of(engine);
            if share == 0.0 {
                continue;
            }
            match engine {
                Engine::Gate => add(mask, share, &self.soft_mask),
                Engine::Classic => add(mask, share, &self.classic_mask),
                Engine::Neural => add(mask, share, &self.neural_mask),
                Engine::Hybrid => {
                    let bins = self.soft_mask.iter().zip(&self.neural_mask);
                    let bins = bins.zip(&self.ears.spread_db);
                    for (mask, ((gate, network), spread_db)) in mask.iter_mut().zip(bins) {
                        *mask += share * hybrid(*gate, *network, *spread_db);
                    }
                }
            }
        }
    }
}

/// Joins the masks of gate and network in one bin: the square of the weighted mean of their roots,
/// which leans to the smaller of the two. Steady noise is what the gate knows best; where the noise
/// swells, the network counts for more yet.
fn hybrid(gate: f32, network: f32, spread_db: f32) -> f32 {
    let excess_db = spread_db - config::GAUSSIAN_LOG_STD_DB;
    let share = config::HYBRID_NETWORK_SHARE + config::HYBRID_SHARE_PER_DB * excess_db;
    let root = gate.sqrt() + share.clamp(0.0, 1.0) * (network.sqrt() - gate.sqrt());
    root * root
}

/// A tone of the print that is no louder than it was captured is noise, whatever the network takes
/// it for.
fn close_on_tones(mask: &mut [f32], snr: &[f32], tonality: &[f32]) {
    for (mask, (snr, tonality)) in mask.iter_mut().zip(snr.iter().zip(tonality)) {
        let excess = (snr / config::TONE_RETURNS_FROM - 1.0).max(0.0);
        let most = excess / (excess + 1.0);
        *mask += tonality * tonality * (mask.min(most) - *mask);
    }
}

fn add(sum: &mut [f32], share: f32, values: &[f32]) {
    for (sum, value) in sum.iter_mut().zip(values) {
        *sum += share * value;
    }
}

/// Which engines run.
#[derive(Clone, Copy)]
struct Parts {
    soft: bool,
    classic: bool,
    neural: bool,
}

/// How much of the mask is whose: 1 in sum, and all of one engine except for a while after a
/// switch.
#[derive(Clone, Copy)]
struct EngineShares {
    /// In the order of [`Engine::ALL`].
    shares: [f32; Engine::ALL.len()],
    /// What a share may change in a frame.
    step: f32,
}

impl EngineShares {
    fn new(hop_s: f64) -> Self {
        let step = (hop_s / config::ENGINE_FADE_S).min(1.0) as f32;
        Self { shares: [0.0; Engine::ALL.len()], step }
    }

    /// The next engine will have it all at once.
    fn reset(&mut self) {
        self.shares.fill(0.0);
    }

    fn of(&self, engine: Engine) -> f32 {
        self.shares[engine as usize]
    }

    fn parts(&self) -> Parts {
        let any = |engines: [Engine; 2]| engines.into_iter().any(|e| self.of(e) > 0.0);
        Parts {
            soft: any([Engine::Gate, Engine::Hybrid]),
            classic: self.of(Engine::Classic) > 0.0,
            neural: any([Engine::Neural, Engine::Hybrid]),
        }
    }

    /// Takes what the wanted engine gains from the others, each in proportion to what it has.
    fn glide_to(&mut self, wanted: Engine) {
        let own = self.of(wanted);
        if own == 1.0 {
            return;
        }
        let is_first = self.shares.iter().all(|share| *share == 0.0);
        let new = if is_first { 1.0 } else { own + self.step };
        // The rest of a step would be inaudible and only keep the old engine busy.
        if new > 1.0 - 0.5 * self.step {
            self.shares.fill(0.0);
            self.shares[wanted as usize] = 1.0;
            return;
        }
        let keep = (1.0 - new) / (1.0 - own);
        for share in &mut self.shares {
            *share *= keep;
        }
        self.shares[wanted as usize] = new;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The network's mask after 50 frames under a source, and what it says by hand when it is told
    /// that its noise level was captured, or that it is followed.
    fn masks(source: ProfileSource) -> [Vec<f32>; 3] {
        let geometry = Geometry::for_rate(48_000.0).unwrap();
        let (n_bins, mode) = (geometry.n_bins(), LatencyMode::Standard);
        let weights = Weights::parse(crate::unet::SHIPPED_WEIGHTS).unwrap();
        let transform = crate::stft::Transform::new(geometry, mode);
        let response = std::sync::Arc::new(crate::hum::Response::new(&transform));
        let mut channel = Channel::new(&transform, &response, mode, 1);
        let mut lane = Lane::new(&geometry, mode, &weights, Kernel::best()).unwrap();
        let new_net = || crate::unet::UNet::new(&weights, n_bins, 25.0, Kernel::best()).unwrap();
        let [mut told_captured, mut told_followed] = [new_net(), new_net()];
        let [mut captured, mut followed] = [vec![0.0; n_bins], vec![0.0; n_bins]];
        let settings = Settings { engine: Engine::Neural, ..Settings::default() };
        let mut random = fastrand::Rng::with_seed(0x92);
        for _ in 0..50 {
            channel.power.fill_with(|| 1e-6 * random.f32());
            channel.noise.print.fill_with(|| 1e-7 * (1.0 + random.f32()));
            lane.estimate(core::slice::from_ref(&channel), source, &vec![1.0; n_bins], &settings);
            let print = &channel.noise.print;
            told_captured.estimate(&channel.power, Noise::Captured(print), &mut captured);
            told_followed.estimate(&channel.power, Noise::Followed(print), &mut followed);
        }
        [lane.neural_mask, captured, followed]
    }

    #[test]
    fn the_network_is_told_every_noise_level_as_a_print() {
        for source in [ProfileSource::Captured, ProfileSource::Sidechain, ProfileSource::Adaptive] {
            let [mask, captured, followed] = masks(source);
            let largest = |other: &[f32]| {
                mask.iter().zip(other).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
            };
            assert!(largest(&captured) < 1e-5, "{source:?}: {}", largest(&captured));
            assert!(largest(&followed) > 1e-3, "{source:?}: the test tells nothing apart");
        }
    }

    #[test]
    fn shares_add_up_and_glide_however_often_the_mind_is_changed() {
        let mut random = fastrand::Rng::with_seed(0x91);
        for _ in 0..50 {
            let mut shares = EngineShares::new(0.01);
            shares.glide_to(Engine::Hybrid);
            assert_eq!(shares.of(Engine::Hybrid), 1.0, "the first one has it all");
            let mut wanted = Engine::Hybrid;
            for _ in 0..200 {
                if random.u8(..10) == 0 {
                    wanted = Engine::ALL[random.usize(..4)];
                }
                let before = shares.shares;
                shares.glide_to(wanted);
                assert!((shares.shares.iter().sum::<f32>() - 1.0).abs() < 1e-5);
                for (now, before) in shares.shares.iter().zip(before) {
                    assert!((now - before).abs() <= 1.5 * shares.step + 1e-6);
                }
            }
            (0..25).for_each(|_| shares.glide_to(wanted));
            assert_eq!(shares.of(wanted), 1.0);
            assert_eq!(shares.shares.iter().filter(|share| **share > 0.0).count(), 1);
        }
    }
}
