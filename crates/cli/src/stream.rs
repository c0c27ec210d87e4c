//! A denoiser whose output starts and ends with its input.

use anyhow::Result;
use quell_core::{Denoiser, LatencyMode, NoiseProfile, Settings, StreamSpec, Tap};

use quell_audio::AudioSpec;

/// What a stream is to do.
#[derive(Clone, Copy, Debug)]
pub struct Treatment<'a> {
    /// Settings of the engine.
    pub settings: &'a Settings,
    /// Latency mode, for its sound.
    pub mode: LatencyMode,
    /// The noise, where it is known.
    pub profile: Option<&'a NoiseProfile>,
}

/// A denoiser without its latency.
pub struct AlignedStream {
    denoiser: Denoiser,
    settings: Settings,
    /// Frames of output still to be dropped.
    n_to_skip: usize,
}

impl AlignedStream {
    /// A stream for sound of this rate and layout.
    pub fn new(spec: &AudioSpec, treatment: &Treatment) -> Result<Self> {
        let mut denoiser = Denoiser::new(StreamSpec {
            sample_rate_hz: f64::from(spec.sample_rate_hz),
            n_channels: spec.n_channels,
            n_noise_channels: 0,
            mode: treatment.mode,
        })?;
        denoiser.set_profile(treatment.profile);
        let n_to_skip = denoiser.latency_samples();
        Ok(Self { denoiser, settings: *treatment.settings, n_to_skip })
    }

    /// Latency that is taken out again, samples.
    pub fn latency_samples(&self) -> usize {
        self.denoiser.latency_samples()
    }

    /// Denoises a block in place and passes on what belongs to the output.
    pub fn process(
        &mut self,
        block: &mut [Vec<f32>],
        tap: &mut impl Tap,
        mut emit: impl FnMut(&[&[f32]]) -> Result<()>,
    ) -> Result<()> {
        let mut io: Vec<&mut [f32]> = block.iter_mut().map(Vec::as_mut_slice).collect();
        self.denoiser.process(&mut io, None, &self.settings, tap);
        let n_frames = block.first().map_or(0, Vec::len);
        let n_skipped = self.n_to_skip.min(n_frames);
        self.n_to_skip -= n_skipped;
        if n_skipped < n_frames {
            let out: Vec<&[f32]> = block.iter().map(|channel| &channel[n_skipped..]).collect();
            emit(&out)?;
        }
        Ok(())
    }

    /// Pushes the end of the sound out with silence, as long as the latency.
    pub fn finish(
        mut self,
        tap: &mut impl Tap,
        emit: impl FnMut(&[&[f32]]) -> Result<()>,
    ) -> Result<()> {
        let n_channels = self.denoiser.spec().n_channels;
        let mut silence = vec![vec![0.0; self.latency_samples()]; n_channels];
        self.process(&mut silence, tap, emit)
    }
}

/// Denoises a recording that is in memory.
pub fn denoise_all(
    channels: &[Vec<f32>],
    spec: &AudioSpec,
    treatment: &Treatment,
    tap: &mut impl Tap,
) -> Result<Vec<Vec<f32>>> {
    let mut stream = AlignedStream::new(spec, treatment)?;
    let mut block = channels.to_vec();
    let mut out = vec![Vec::with_capacity(channels[0].len()); channels.len()];
    let mut append = |block: &[&[f32]]| {
        for (out, block) in out.iter_mut().zip(block) {
            out.extend_from_slice(block);
        }
        Ok(())
    };
    stream.process(&mut block, tap, &mut append)?;
    stream.finish(tap, &mut append)?;
    Ok(out)
}
