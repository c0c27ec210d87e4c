//! The network mask: a causal U-Net over 128 bands in 8-bit arithmetic.
//!
//! One frame goes down through four convolutions over frequency, along two GRUs over time that all
//! positions share and one or two that see the whole frame, and up again. Its only memory are the
//! GRUs, the classical gain of its input and, where the weights want it, a slow level of what comes
//! in. `training/` makes the weights; `assets/MODEL_CARD.md` tells of what.

mod bands;
mod features;
mod layers;
mod weights;

pub use bands::{BandTable, N_BANDS};
pub use features::FLOOR_POWER;
pub use weights::{Weights, WeightsError};

use crate::config;
use crate::kernels::Kernel;
use features::{Features, N_INPUTS, Source};
use layers::{ByteLayer, FloatLayer, Gru, Padded, Scratch, join, sigmoid};

/// The weights that ship with Quell.
pub const SHIPPED_WEIGHTS: &[u8] = include_bytes!("../assets/unet.quell");

/// Which model ships: [`UNet::identity`] of its weights, read from their header.
pub const SHIPPED_IDENTITY: u64 = {
    let mut bytes = [0; 8];
    let mut i = 0;
    while i < bytes.len() {
        bytes[i] = SHIPPED_WEIGHTS[weights::IDENTITY_AT + i];
        i += 1;
    }
    u64::from_le_bytes(bytes)
};

/// Positions that a frame is at its narrowest, and channels of each.
const N_POSITIONS: usize = 16;
const N_CHANNELS: usize = 32;
/// Its presence in the file says that levels are relative to a slow level of what comes in.
const SLOW: &str = "slow";

/// Names of the three tensors of a byte layer.
macro_rules! byte_names {
    ($name:literal) => {
        [concat!($name, ".w"), concat!($name, ".s"), concat!($name, ".b")]
    };
}

/// What is known of the noise.
#[derive(Clone, Copy, Debug)]
pub enum Noise<'a> {
    /// A captured print, or what is taken for one: mean power of the noise per 25 Hz, of every bin.
    Captured(&'a [f32]),
    /// Nothing: the network judges by the sound alone.
    Absent,
}

/// Writes the power that [`Noise::Captured`] wants from the mean levels of a print's bins, dB per
/// 25 Hz: the mean of a level lies below the level of the mean.
pub fn print_power(mean_db: &[f32], power: &mut [f32]) {
    for (power, mean_db) in power.iter_mut().zip(mean_db) {
        *power = 10f32.powf((mean_db + config::GAUSSIAN_LOG_BIAS_DB) / 10.0);
    }
}

/// One channel's network and its state.
pub struct UNet<'w> {
    kernel: Kernel,
    identity: u64,
    bands: BandTable,
    features: Features,
    layers: Layers<'w>,
    buffers: Buffers,
    scratch: Scratch,
    /// Gains of the last frame.
    gains: [f32; N_BANDS],
}

struct Layers<'w> {
    e1: FloatLayer,
    e2: ByteLayer<'w>,
    e3: ByteLayer<'w>,
    e4: ByteLayer<'w>,
    time1: Gru<'w>,
    pointwise1: ByteLayer<'w>,
    squeeze: ByteLayer<'w>,
    /// Each hears the one before, and all of them are heard.
    whole: Vec<Gru<'w>>,
    expand: ByteLayer<'w>,
    time2: Gru<'w>,
    pointwise2: ByteLayer<'w>,
    d3: ByteLayer<'w>,
    join3: ByteLayer<'w>,
    d2: ByteLayer<'w>,
    join2: ByteLayer<'w>,
    d1: ByteLayer<'w>,
    last: FloatLayer,
    out: FloatLayer,
}

impl<'w> Layers<'w> {
    fn new(weights: &Weights<'w>) -> Result<Self, WeightsError> {
        let byte = |names, n_inputs, n_outputs| ByteLayer::new(weights, names, n_inputs, n_outputs);
        let float =
            |names, n_inputs, n_outputs| FloatLayer::new(weights, names, n_inputs, n_outputs);
        let over_time =
            |input, state| Gru::new(weights, input, state, [N_CHANNELS; 2], N_POSITIONS);
        let whole = whole(weights)?;
        let n_heard = whole.iter().map(Gru::n_hidden).sum();
        Ok(Self {
            e1: float(["e1.w", "e1.b"], 5 * N_INPUTS, 16)?,
            e2: byte(byte_names!("e2"), 3 * 16, 24)?,
            e3: byte(byte_names!("e3"), 3 * 24, 32)?,
            e4: byte(byte_names!("e4"), 3 * 32, 32)?,
            time1: over_time(byte_names!("t1.in"), byte_names!("t1.st"))?,
            pointwise1: byte(byte_names!("t1.pw"), 32, 32)?,
            squeeze: byte(byte_names!("g.sq"), N_POSITIONS * N_CHANNELS, whole[0].n_hidden())?,
            expand: byte(byte_names!("g.ex"), n_heard, N_POSITIONS * N_CHANNELS)?,
            whole,
            time2: over_time(byte_names!("t2.in"), byte_names!("t2.st"))?,
            pointwise2: byte(byte_names!("t2.pw"), 32, 32)?,
            d3: byte(byte_names!("d3"), 3 * 32, 64)?,
            join3: byte(byte_names!("j3"), 64, 32)?,
            d2: byte(byte_names!("d2"), 3 * 32, 32)?,
            join2: byte(byte_names!("j2"), 32, 16)?,
            d1: byte(byte_names!("d1"), 3 * 16, 16)?,
            last: float(["last.w", "last.b"], 3 * (8 + N_INPUTS), 8)?,
            out: float(["out.w", "out.b"], 8, 1)?,
        })
    }
}

/// The memories of the whole frame, as many and as large as the file has them.
fn whole<'w>(weights: &Weights<'w>) -> Result<Vec<Gru<'w>>, WeightsError> {
    let n_first = weights.n_rows("g.sq.w")?;
    let first = [n_first; 2];
    let mut all = vec![Gru::new(weights, byte_names!("g.in"), byte_names!("g.st"), first, 1)?];
    if weights.has("g2.in.w") {
        let second = [n_first, weights.n_rows("g2.in.w")? / 3];
        all.push(Gru::new(weights, byte_names!("g2.in"), byte_names!("g2.st"), second, 1)?);
    }
    Ok(all)
}

/// Activations of a frame, named after the layer that writes them.
struct Buffers {
    inputs: Padded<f32>,
    e1: Padded<u8>,
    e2: Padded<u8>,
    e3: Padded<u8>,
    e4: Vec<u8>,
    time1: Vec<u8>,
    squeezed: Vec<u8>,
    /// What all memories of the whole frame say.
    heard: Vec<u8>,
    whole: Vec<u8>,
    time2: Padded<u8>,
    d3: Vec<u8>,
    d3_e3: Vec<u8>,
    join3: Padded<u8>,
    d2: Vec<u8>,
    d2_e1: Vec<u8>,
    join2: Padded<u8>,
    d1: Vec<f32>,
    d1_inputs: Padded<f32>,
}

impl Buffers {
    fn new(layers: &Layers) -> Self {
        let sizes = layers.whole.iter().map(Gru::n_hidden);
        Self {
            inputs: Padded::new(N_BANDS, N_INPUTS, 2),
            e1: Padded::new(64, 16, 1),
            e2: Padded::new(32, 24, 1),
            e3: Padded::new(32, 32, 1),
            e4: vec![0; 16 * 32],
            time1: vec![0; 16 * 32],
            squeezed: vec![0; sizes.clone().next().unwrap_or(0)],
            heard: vec![0; sizes.sum()],
            whole: vec![0; 16 * 32],
            time2: Padded::new(16, 32, 1),
            d3: vec![0; 32 * 32],
            d3_e3: vec![0; 32 * 64],
            join3: Padded::new(32, 32, 1),
            d2: vec![0; 64 * 16],
            d2_e1: vec![0; 64 * 32],
            join2: Padded::new(64, 16, 1),
            d1: vec![0.0; N_BANDS * 8],
            d1_inputs: Padded::new(N_BANDS, 8 + N_INPUTS, 1),
        }
    }
}

/// Sums of the largest product: the gates of a GRU over time, or of a memory of the whole frame.
fn most_sums(layers: &Layers) -> usize {
    let whole = layers.whole.iter().map(|gru| 3 * gru.n_hidden());
    whole.fold(N_POSITIONS * 3 * N_CHANNELS, usize::max)
}

impl<'w> UNet<'w> {
    /// Checks the weights and allocates everything for spectra of `n_bins` bins, `bin_hz` apart.
    pub fn new(
        weights: &Weights<'w>,
        n_bins: usize,
        bin_hz: f64,
        kernel: Kernel,
    ) -> Result<Self, WeightsError> {
        let bands = BandTable::new(n_bins, bin_hz);
        let layers = Layers::new(weights)?;
        Ok(Self {
            kernel,
            identity: weights.identity(),
            features: Features::new(weights.has(SLOW)),
            bands,
            buffers: Buffers::new(&layers),
            scratch: Scratch::new(most_sums(&layers)),
            layers,
            gains: [1.0; N_BANDS],
        })
    }

    /// Which model this is: the hash of its weights.
    pub fn identity(&self) -> u64 {
        self.identity
    }

    /// Forgets all frames.
    pub fn reset(&mut self) {
        self.bands.reset();
        self.features.reset();
        self.layers.time1.reset();
        self.layers.whole.iter_mut().for_each(Gru::reset);
        self.layers.time2.reset();
        self.gains.fill(1.0);
    }

    /// Goes on from where another network of the same shape is.
    pub fn continue_from(&mut self, other: &Self) {
        self.bands.continue_from(&other.bands);
        self.features.clone_from(&other.features);
        self.layers.time1.continue_from(&other.layers.time1);
        for (gru, other) in self.layers.whole.iter_mut().zip(&other.layers.whole) {
            gru.continue_from(other);
        }
        self.layers.time2.continue_from(&other.layers.time2);
        self.gains = other.gains;
    }

    /// Takes in the power per 25 Hz of every bin of a frame and writes its gains, 0 to 1.
    pub fn estimate(&mut self, power: &[f32], noise: Noise<'_>, gain: &mut [f32]) {
        self.prepare(power, noise);
        self.encode();
        self.recall();
        self.decode();
        self.bands.to_bins(&self.gains, gain);
    }

    /// Stage 1: bins to the network's input.
    fn prepare(&mut self, power: &[f32], noise: Noise<'_>) {
        let mut bands = [0.0; N_BANDS];
        let mut captured = [0.0; N_BANDS];
        self.bands.mean_power(power, &mut bands);
        let source = match noise {
            Noise::Captured(noise) => {
                self.bands.mean_power(noise, &mut captured);
                Source::Captured
            }
            Noise::Absent => Source::Absent,
        };
        self.features.compute(&bands, &captured, source, self.buffers.inputs.inner_mut());
    }

    /// Stage 2: down, from 128 bands to 16 positions.
    fn encode(&mut self) {
        let (b, l, k, sums) =
            (&mut self.buffers, &self.layers, self.kernel, &mut self.scratch.sums[..]);
        l.e1.run_to_bytes::<16>(b.inputs.all(), 2 * N_INPUTS, b.e1.inner_mut());
        l.e2.run_to_bytes(k, b.e1.all(), 2 * 16, sums, b.e2.inner_mut());
        l.e3.run_to_bytes(k, b.e2.all(), 24, sums, b.e3.inner_mut());
        l.e4.run_to_bytes(k, b.e3.all(), 2 * 32, sums, &mut b.e4);
    }

    /// Stage 3: along time, each position, the whole frame, and each position again.
    fn recall(&mut self) {
        let (b, l, k, scratch) =
            (&mut self.buffers, &mut self.layers, self.kernel, &mut self.scratch);
        let heard = l.time1.step(k, &b.e4, scratch);
        l.pointwise1.run_onto(k, heard, 32, &mut scratch.sums, &b.e4, &mut b.time1);

        l.squeeze.run_to_bytes(k, &b.time1, 16 * 32, &mut scratch.sums, &mut b.squeezed);
        let mut said = &b.squeezed[..];
        let mut places = &mut b.heard[..];
        for gru in &mut l.whole {
            said = gru.step(k, said, scratch);
            let (place, rest) = places.split_at_mut(said.len());
            place.copy_from_slice(said);
            places = rest;
        }
        l.expand.run_onto(k, &b.heard, b.heard.len(), &mut scratch.sums, &b.time1, &mut b.whole);

        let heard = l.time2.step(k, &b.whole, scratch);
        l.pointwise2.run_onto(k, heard, 32, &mut scratch.sums, &b.whole, b.time2.inner_mut());
    }

    /// Stage 4: up to 128 bands, with what the way down knew of each scale.
    fn decode(&mut self) {
        let (b, l, k, sums) =
            (&mut self.buffers, &self.layers, self.kernel, &mut self.scratch.sums[..]);
        l.d3.run_to_bytes(k, b.time2.all(), 32, sums, &mut b.d3);
        join(&b.d3, 32, b.e3.inner(), 32, &mut b.d3_e3);
        l.join3.run_to_bytes(k, &b.d3_e3, 64, sums, b.join3.inner_mut());

        l.d2.run_to_bytes(k, b.join3.all(), 32, sums, &mut b.d2);
        join(&b.d2, 16, b.e1.inner(), 16, &mut b.d2_e1);
        l.join2.run_to_bytes(k, &b.d2_e1, 32, sums, b.join2.inner_mut());

        l.d1.run_to_floats(k, b.join2.all(), 16, sums, &mut b.d1);
        join(&b.d1, 8, b.inputs.inner(), N_INPUTS, b.d1_inputs.inner_mut());
        for (band, gain) in self.gains.iter_mut().enumerate() {
            let width = 8 + N_INPUTS;
            let hidden = l.last.row::<8>(&b.d1_inputs.all()[band * width..][..3 * width]);
            let [logit] = l.out.row::<1>(&hidden.map(|sum| sum.clamp(0.0, 6.0)));
            *gain = sigmoid(logit);
        }
    }
}

#[cfg(test)]
mod tests;
