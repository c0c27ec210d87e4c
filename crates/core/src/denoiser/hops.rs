//! Stage 1: samples in and out, hop by hop.

use super::StreamSpec;
use super::samples::{OutputWeights, is_fault, tame};
use crate::capture::FrameTraits;
use crate::config;
use crate::geometry::Geometry;
use crate::level::db_to_power;
use crate::settings::Settings;

/// The hop that is being filled and the one that is being played.
pub(super) struct Hops {
    channels: Vec<HopChannel>,
    /// Samples of the noise input since the last frame, per channel of it.
    noise: Vec<Vec<f32>>,
    hop_len: usize,
    frame_len: usize,
    /// Samples of the hop so far.
    pos: usize,
    dry_pos: usize,
    /// Samples since one had to be replaced, up to two windows.
    n_clean: usize,
    output: OutputWeights,
    is_fresh: bool,
}

struct HopChannel {
    /// Input samples since the last frame.
    input: Vec<f32>,
    /// Output samples of the last frame.
    output: Vec<f32>,
    /// The input, waiting to be as late as the output; a ring.
    dry: Vec<f32>,
}

impl Hops {
    pub(super) fn new(spec: &StreamSpec, geometry: &Geometry) -> Self {
        let hop = || vec![0.0; geometry.hop_len];
        let latency = geometry.latency_samples(spec.mode);
        let channel = || HopChannel { input: hop(), output: hop(), dry: vec![0.0; latency] };
        Self {
            channels: (0..spec.n_channels).map(|_| channel()).collect(),
            noise: (0..spec.n_noise_channels).map(|_| hop()).collect(),
            hop_len: geometry.hop_len,
            frame_len: geometry.frame_len,
            pos: 0,
            dry_pos: 0,
            n_clean: 0,
            output: OutputWeights::new(spec.sample_rate_hz),
            is_fresh: true,
        }
    }

    pub(super) fn reset(&mut self) {
        for channel in &mut self.channels {
            channel.input.fill(0.0);
            channel.output.fill(0.0);
            channel.dry.fill(0.0);
        }
        for hop in &mut self.noise {
            hop.fill(0.0);
        }
        self.pos = 0;
        self.dry_pos = 0;
        self.n_clean = 0;
        self.is_fresh = true;
    }

    /// The input samples of the last hop.
    pub(super) fn input(&self, channel_idx: usize) -> &[f32] {
        &self.channels[channel_idx].input
    }

    /// Where the output samples of the next hop belong.
    pub(super) fn output_mut(&mut self, channel_idx: usize) -> &mut [f32] {
        &mut self.channels[channel_idx].output
    }

    /// The last hop of the noise input, per channel of it.
    pub(super) fn noise(&self) -> &[Vec<f32>] {
        &self.noise
    }

    /// No sample of the last window had to be replaced.
    pub(super) fn is_clean(&self) -> bool {
        self.n_clean >= self.frame_len
    }

    /// The newest hop is no digital silence, in any channel.
    pub(super) fn is_sounding(&self) -> bool {
        let energy = |samples: &[f32]| samples.iter().map(|sample| sample * sample).sum::<f32>();
        let least = db_to_power(config::SILENCE_DBFS) * self.hop_len as f32;
        self.channels.iter().any(|channel| energy(&channel.input) >= least)
    }

    /// What the samples of the newest frame tell whoever learns from it.
    pub(super) fn traits(&self) -> FrameTraits {
        FrameTraits {
            is_clean: self.is_clean(),
            is_clipped: self.channels.iter().any(|channel| is_clipped(&channel.input)),
        }
    }

    /// Sets the output off for what the settings want.
    pub(super) fn aim(&mut self, settings: &Settings) {
        self.output.aim(settings, self.is_fresh);
        self.is_fresh = false;
    }

    /// Samples until the hop is complete.
    pub(super) fn n_missing(&self) -> usize {
        self.hop_len - self.pos
    }

    /// Swaps input samples for output samples that are the latency late, at most
    /// [`Self::n_missing`]; true if the hop is complete then.
    pub(super) fn exchange(
        &mut self,
        io: &mut [&mut [f32]],
        noise: &[&[f32]],
        range: core::ops::Range<usize>,
    ) -> bool {
        self.take_noise(noise, range.clone());
        let n_samples = range.len();
        // Every channel starts from the same state; the state after the last one stays.
        let (output, dry_pos) = (self.output, self.dry_pos);
        for (channel, io) in self.channels.iter_mut().zip(io) {
            (self.output, self.dry_pos) = (output, dry_pos);
            let mut io = &mut io[range.clone()];
            let mut input = &mut channel.input[self.pos..][..n_samples];
            let mut wet = &channel.output[self.pos..][..n_samples];
            while !io.is_empty() {
                let n = io.len().min(channel.dry.len() - self.dry_pos);
                let dry = &mut channel.dry[self.dry_pos..][..n];
                let (now, later) = (io.split_at_mut(n), input.split_at_mut(n));
                if swap_in(now.0, later.0, dry) {
                    self.n_clean = 0;
                }
                self.output.mix(now.0, &wet[..n]);
                (io, input, wet) = (now.1, later.1, &wet[n..]);
                self.dry_pos = (self.dry_pos + n) % channel.dry.len();
            }
        }
        self.pos += n_samples;
        let is_complete = self.pos == self.hop_len;
        if is_complete {
            self.pos = 0;
            self.n_clean = (self.n_clean + self.hop_len).min(2 * self.frame_len);
        }
        is_complete
    }

    fn take_noise(&mut self, noise: &[&[f32]], range: core::ops::Range<usize>) {
        for (idx, hop) in self.noise.iter_mut().enumerate() {
            let target = &mut hop[self.pos..self.pos + range.len()];
            match noise.get(idx).and_then(|source| source.get(range.clone())) {
                Some(source) => {
                    for (target, &sample) in target.iter_mut().zip(source) {
                        *target = tame(sample);
                    }
                }
                None => target.fill(0.0),
            }
        }
    }
}

/// Keeps the samples of `io` in `input`, tamed, and swaps them for those that waited in `dry`; true
/// if one of them is no sound.
fn swap_in(io: &mut [f32], input: &mut [f32], dry: &mut [f32]) -> bool {
    let mut n_faults = 0_u32;
    for ((sample, input), dry) in io.iter_mut().zip(input).zip(dry) {
        n_faults += u32::from(is_fault(*sample));
        *input = tame(*sample);
        *sample = core::mem::replace(dry, *input);
    }
    n_faults > 0
}

/// Whether a converter cut off peaks: some samples in a row have one size, and a large one.
fn is_clipped(samples: &[f32]) -> bool {
    let (run, least) = config::CLIPPED_RUN;
    samples.windows(run).any(|run| {
        run[0].abs() >= least && run[1..].iter().all(|sample| sample.to_bits() == run[0].to_bits())
    })
}
