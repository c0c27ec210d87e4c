//! The engines: what makes a mask of a frame, 1 where a bin is kept and 0 where it is noise.
//!
//! Makers of masks stand in slots, which all start, rest and start anew in the same way. An engine
//! is the mask of one slot, or a join of several. A new one is a file, a variant of [`Engine`], a
//! row among the slots and a row in [`Slots::join`].

mod classic;
mod hybrid;
mod neural;
mod shares;
mod soft;

use crate::config;
use crate::geometry::{BuildError, Geometry};
use crate::kernels::Kernel;
use crate::settings::{Engine, ProfileSource, Settings};
use crate::unet::Weights;
use classic::ClassicMask;
use neural::NeuralMask;
pub(crate) use shares::EngineShares;
use soft::SoftMask;

/// What makers are made of.
pub(crate) struct Build<'a> {
    pub(crate) geometry: &'a Geometry,
    pub(crate) weights: &'a Weights<'static>,
    pub(crate) kernel: Kernel,
}

/// Means of the channels that share a mask.
pub(crate) struct Heard {
    /// Power over the reference level of the noise.
    pub(crate) snr: Vec<f32>,
    /// Threshold over the reference level of the noise.
    pub(crate) threshold: Vec<f32>,
    /// Power per 25 Hz; like all below, only where an engine with a part in the mask asks for it.
    pub(crate) power: Vec<f32>,
    /// Mean power of the noise per 25 Hz.
    pub(crate) print: Vec<f32>,
    /// How much each bin of the captured noise is a tone, 0 to 1.
    pub(crate) tonality: Vec<f32>,
    /// Spread of the captured noise, dB; that of steady noise where nothing is captured.
    pub(crate) spread_db: Vec<f32>,
}

impl Heard {
    pub(crate) fn new(n_bins: usize) -> Self {
        let zeros = || vec![0.0; n_bins];
        Self {
            snr: zeros(),
            threshold: zeros(),
            power: zeros(),
            print: zeros(),
            tonality: zeros(),
            spread_db: zeros(),
        }
    }
}

/// A frame as the engines see it.
pub(crate) struct Frame<'a> {
    pub(crate) heard: &'a Heard,
    pub(crate) bin_hz: f32,
    pub(crate) settings: &'a Settings,
    /// Where the noise is known from.
    pub(crate) source: ProfileSource,
    /// What is heard gives reason to believe in a level that was followed.
    pub(crate) is_sure: bool,
    /// Another noise turned out to be there than was known.
    pub(crate) is_news: bool,
    /// What the settings multiply the power of the noise with before the network's mask meets it,
    /// per bin.
    pub(crate) raised: &'a [f32],
}

/// Makes masks, frame after frame.
trait Maker: Sized {
    fn new(build: &Build) -> Result<Self, BuildError>;

    /// Writes the mask of a frame.
    fn run(&mut self, frame: &Frame, mask: &mut [f32]);

    /// Forgets all frames.
    fn restart(&mut self);

    /// Goes on from where another one is.
    fn continue_from(&mut self, other: &Self);
}

/// A maker and its last mask.
struct Slot<M> {
    maker: M,
    mask: Vec<f32>,
    is_running: bool,
}

impl<M: Maker> Slot<M> {
    fn new(build: &Build) -> Result<Self, BuildError> {
        let mask = vec![0.0; build.geometry.n_bins()];
        Ok(Self { maker: M::new(build)?, mask, is_running: false })
    }

    /// One that was idle must not start from what it heard long ago.
    fn run(&mut self, frame: &Frame) {
        if !self.is_running {
            self.maker.restart();
            self.is_running = true;
        }
        self.maker.run(frame, &mut self.mask);
    }

    fn rest(&mut self) {
        self.is_running = false;
    }

    fn continue_from(&mut self, other: &Self) {
        self.maker.continue_from(&other.maker);
        self.is_running = other.is_running;
    }
}

/// Makes [`Slots`] of rows: name, maker, and the engines that need its mask.
macro_rules! slots {
    ($($name:ident: $maker:ty, for $($engine:ident)|+;)+) => {
        /// The makers of one mask.
        pub(crate) struct Slots {
            $($name: Slot<$maker>,)+
        }

        impl Slots {
            pub(crate) fn new(build: &Build) -> Result<Self, BuildError> {
                Ok(Self { $($name: Slot::new(build)?,)+ })
            }

            /// Makes all of them start anew when they are needed next.
            pub(crate) fn rest(&mut self) {
                $(self.$name.rest();)+
            }

            /// Goes on from where others are.
            pub(crate) fn continue_from(&mut self, other: &Self) {
                $(self.$name.continue_from(&other.$name);)+
            }

            /// Runs those that have a part in the mask.
            pub(crate) fn run(&mut self, shares: &EngineShares, frame: &Frame) {
                $(if shares.any(|engine| matches!(engine, $(Engine::$engine)|+)) {
                    self.$name.run(frame);
                } else {
                    self.$name.rest();
                })+
            }
        }
    };
}

slots! {
    soft: SoftMask, for Gate | Hybrid;
    classic: ClassicMask, for Classic;
    neural: NeuralMask, for Neural | Hybrid;
}

impl Slots {
    /// Least gain of any bin in this frame. A little noise, which sound hides, hides in its turn
    /// what the gate takes from that sound; the network needs no such thing.
    pub(crate) fn bed(&self, shares: &EngineShares) -> f32 {
        shares.of(Engine::Gate) * config::BED_GAIN * self.soft.maker.sound()
    }

    /// Writes the mean of the engines' masks, each with its share. `spread_db` is that of the
    /// noise, if it is not only followed.
    pub(crate) fn join(&self, shares: &EngineShares, spread_db: Option<&[f32]>, mask: &mut [f32]) {
        let (soft, classic, neural) = (&self.soft.mask, &self.classic.mask, &self.neural.mask);
        mask.fill(0.0);
        for engine in Engine::ALL {
            let share = shares.of(engine);
            if share == 0.0 {
                continue;
            }
            match engine {
                Engine::Gate => add(mask, share, soft),
                Engine::Classic => add(mask, share, classic),
                Engine::Neural => add(mask, share, neural),
                Engine::Hybrid => hybrid::add(mask, share, soft, neural, spread_db),
            }
        }
    }
}

fn add(sum: &mut [f32], share: f32, values: &[f32]) {
    for (sum, value) in sum.iter_mut().zip(values) {
        *sum += share * value;
    }
}
