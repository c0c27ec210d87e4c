//! What looks like steady noise: patches of a third of a second and 400 Hz.
//!
//! The amplitude of a bin of noise has a known spread (Rayleigh: the squared mean is π/4 of the
//! mean square), neighbouring bins are about as loud as each other, and the level at the end is
//! that at the beginning. Words come and go, notes stand out between their neighbours and do not
//! flicker; neither passes.

use crate::config;
use crate::smoothing::BoxAverage;

/// Keeps ratios of silence finite; a power far below anything audible.
const TINY: f32 = 1e-20;

/// Sums of one block of frames, per bin.
struct Block {
    power: Vec<f32>,
    amplitude: Vec<f32>,
}

/// The latest frames of one channel, in blocks.
pub(super) struct Patches {
    /// The latest blocks as a ring; the newest is being filled.
    blocks: Vec<Block>,
    block_idx: usize,
    frame_in_block: usize,
    /// Blocks that hold frames, up to all.
    n_filled: usize,
    average: BoxAverage,
    /// Mean power and mean amplitude over all blocks.
    mean_power: Vec<f32>,
    mean_amplitude: Vec<f32>,
    /// What is averaged over the neighbourhood of each bin, and the three averages.
    looks: Vec<f32>,
    spread: Vec<f32>,
    evenness: Vec<f32>,
    balance: Vec<f32>,
    level: Vec<f32>,
}

impl Patches {
    pub(super) fn new(n_bins: usize) -> Self {
        let zeros = || vec![0.0; n_bins];
        let block = || Block { power: zeros(), amplitude: zeros() };
        Self {
            blocks: (0..config::PATCH_BLOCKS).map(|_| block()).collect(),
            block_idx: 0,
            frame_in_block: 0,
            n_filled: 0,
            average: BoxAverage::new(n_bins),
            mean_power: zeros(),
            mean_amplitude: zeros(),
            looks: zeros(),
            spread: zeros(),
            evenness: zeros(),
            balance: zeros(),
            level: zeros(),
        }
    }

    pub(super) fn reset(&mut self) {
        self.block_idx = 0;
        self.frame_in_block = 0;
        self.n_filled = 0;
    }

    /// Takes in the power of a frame; true if patches were judged anew.
    pub(super) fn push(&mut self, power: &[f32]) -> bool {
        let is_first = self.frame_in_block == 0;
        let block = &mut self.blocks[self.block_idx];
        if is_first {
            block.power.fill(0.0);
            block.amplitude.fill(0.0);
        }
        let sums = block.power.iter_mut().zip(&mut block.amplitude);
        for ((sum, amplitude_sum), power) in sums.zip(power) {
            *sum += power;
            *amplitude_sum += power.sqrt();
        }
        self.frame_in_block += 1;
        if self.frame_in_block < config::PATCH_BLOCK_FRAMES {
            return false;
        }
        self.frame_in_block = 0;
        self.block_idx = (self.block_idx + 1) % self.blocks.len();
        self.n_filled = (self.n_filled + 1).min(self.blocks.len());
        if self.n_filled < self.blocks.len() {
            return false;
        }
        self.judge();
        true
    }

    fn judge(&mut self) {
        let scale = 1.0 / (config::PATCH_BLOCKS * config::PATCH_BLOCK_FRAMES) as f32;
        mean(self.blocks.iter().map(|b| &*b.power), scale, &mut self.mean_power);
        mean(self.blocks.iter().map(|b| &*b.amplitude), scale, &mut self.mean_amplitude);
        // 1. How much each bin flickers.
        for (looks, (power, amplitude)) in
            self.looks.iter_mut().zip(self.mean_power.iter().zip(&self.mean_amplitude))
        {
            *looks = amplitude * amplitude / (power + TINY);
        }
        self.average.smooth(&self.looks, config::PATCH_REACH_BINS, &mut self.spread);
        // 2. How far it stands out between its neighbours, up or down.
        let amplitudes = &self.mean_amplitude;
        let (last, lag) = (amplitudes.len() - 1, config::PATCH_NEIGHBOUR_BINS);
        for (bin_idx, looks) in self.looks.iter_mut().enumerate() {
            let below = amplitudes[bin_idx.saturating_sub(lag)];
            let above = amplitudes[(bin_idx + lag).min(last)];
            let (own, others) = (amplitudes[bin_idx].powi(2) + TINY, below * above + TINY);
            *looks = own.min(others) / own.max(others);
        }
        self.average.smooth(&self.looks, config::PATCH_REACH_BINS, &mut self.evenness);
        // 3. Whether its level is on the move.
        let older = (1..=config::PATCH_BLOCKS / 2).map(|age| config::PATCH_BLOCKS - age);
        self.looks.fill(0.0);
        for age in older {
            let block = &self.blocks
                [(self.block_idx + config::PATCH_BLOCKS - 1 - age) % config::PATCH_BLOCKS];
            for (looks, power) in self.looks.iter_mut().zip(&block.power) {
                *looks += power;
            }
        }
        let share = config::PATCH_BLOCKS as f32 / (config::PATCH_BLOCKS / 2) as f32 * scale;
        for (looks, power) in self.looks.iter_mut().zip(&self.mean_power) {
            *looks = (*looks * share + TINY) / (power + TINY);
        }
        self.average.smooth(&self.looks, config::PATCH_REACH_BINS, &mut self.balance);
        self.average.smooth(&self.mean_power, config::PATCH_LEVEL_BINS, &mut self.level);
    }

    /// Calls `found` with each bin that holds steady noise, and its mean power.
    pub(super) fn each_noise(&self, mut found: impl FnMut(usize, f32)) {
        let looks = self.spread.iter().zip(&self.evenness).zip(&self.balance);
        for (bin_idx, ((spread, evenness), balance)) in looks.enumerate() {
            let is_noise = config::PATCH_SPREAD.contains(spread)
                && *evenness > config::PATCH_LEAST_EVENNESS
                && config::PATCH_BALANCE.contains(balance);
            if is_noise {
                found(bin_idx, self.level[bin_idx]);
            }
        }
    }
}

/// Writes the sum of equally long slices times `scale`.
fn mean<'a>(parts: impl Iterator<Item = &'a [f32]>, scale: f32, out: &mut [f32]) {
    out.fill(0.0);
    for part in parts {
        for (out, value) in out.iter_mut().zip(part) {
            *out += value * scale;
        }
    }
}
