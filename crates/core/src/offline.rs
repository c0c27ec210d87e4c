//! Whole sounds, without the latency that streams need: the output starts and ends with the input.
//! May allocate, unlike the stream itself.

use crate::{BuildError, Denoiser, LatencyMode, NoiseProfile, Settings, StreamSpec, Tap};

/// What is to be done with a sound.
#[derive(Clone, Copy, Debug)]
pub struct Treatment<'a> {
    /// Settings of the engine.
    pub settings: &'a Settings,
    /// Latency mode, for its sound.
    pub mode: LatencyMode,
    /// The noise, where it is known.
    pub profile: Option<&'a NoiseProfile>,
}

/// A denoiser without its latency, for sound that comes in blocks.
pub struct AlignedStream {
    denoiser: Denoiser,
    settings: Settings,
    /// Frames of output still to be dropped.
    n_to_skip: usize,
}

impl AlignedStream {
    /// A stream for sound of this rate and so many channels.
    pub fn new(
        sample_rate_hz: f64,
        n_channels: usize,
        treatment: &Treatment,
    ) -> Result<Self, BuildError> {
        let mut denoiser = Denoiser::new(StreamSpec {
            sample_rate_hz,
            n_channels,
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

    /// Denoises a block in place and hands `emit` what belongs to the output, `[channel][frame]`.
    pub fn process<E>(
        &mut self,
        block: &mut [Vec<f32>],
        tap: &mut impl Tap,
        mut emit: impl FnMut(&[&[f32]]) -> Result<(), E>,
    ) -> Result<(), E> {
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
    pub fn finish<E>(
        mut self,
        tap: &mut impl Tap,
        emit: impl FnMut(&[&[f32]]) -> Result<(), E>,
    ) -> Result<(), E> {
        let n_channels = self.denoiser.spec().n_channels;
        let mut silence = vec![vec![0.0; self.latency_samples()]; n_channels];
        self.process(&mut silence, tap, emit)
    }
}

/// Denoises a sound that is in memory, `[channel][frame]`; the output is as long.
pub fn denoise_all(
    channels: &[Vec<f32>],
    sample_rate_hz: f64,
    treatment: &Treatment,
    tap: &mut impl Tap,
) -> Result<Vec<Vec<f32>>, BuildError> {
    let mut stream = AlignedStream::new(sample_rate_hz, channels.len(), treatment)?;
    let n_frames = channels.first().map_or(0, Vec::len);
    let mut out = vec![Vec::with_capacity(n_frames); channels.len()];
    let mut append = |block: &[&[f32]]| -> Result<(), BuildError> {
        for (out, block) in out.iter_mut().zip(block) {
            out.extend_from_slice(block);
        }
        Ok(())
    };
    stream.process(&mut channels.to_vec(), tap, &mut append)?;
    stream.finish(tap, &mut append)?;
    Ok(out)
}
