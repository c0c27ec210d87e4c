//! Whole sounds, without the latency that streams need: the output starts and ends with the input.
//! May allocate, unlike the stream itself.

use crate::capture::CaptureRefusal;
use crate::denoiser::{Denoiser, StreamSpec, Tap};
use crate::geometry::{BuildError, LatencyMode};
use crate::profile::NoiseProfile;
use crate::settings::Settings;

/// Frames that are worked on at a time.
const BLOCK_LEN: usize = 8192;

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
        })?
        .without_memory();
        denoiser.set_profile(treatment.profile);
        let n_to_skip = denoiser.latency_samples();
        // There is but one print, whichever slot it came from.
        let settings = Settings { slot: 0.0, ..*treatment.settings };
        Ok(Self { denoiser, settings, n_to_skip })
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
///
/// [`denoise_into`] does the same into memory of the caller and shows every frame.
pub fn denoise(
    channels: &[Vec<f32>],
    sample_rate_hz: f64,
    treatment: &Treatment,
) -> Result<Vec<Vec<f32>>, BuildError> {
    let n_frames = channels.first().map_or(0, Vec::len);
    let mut out = vec![Vec::with_capacity(n_frames); channels.len()];
    denoise_into(channels, sample_rate_hz, treatment, &mut (), &mut out)?;
    Ok(out)
}

/// Denoises a sound that is in memory into `out`, one vector a channel, whose content is replaced.
pub fn denoise_into(
    channels: &[Vec<f32>],
    sample_rate_hz: f64,
    treatment: &Treatment,
    tap: &mut impl Tap,
    out: &mut [Vec<f32>],
) -> Result<(), BuildError> {
    let mut stream = AlignedStream::new(sample_rate_hz, channels.len(), treatment)?;
    out.iter_mut().for_each(Vec::clear);
    let mut append = |block: &[&[f32]]| -> Result<(), BuildError> {
        for (out, block) in out.iter_mut().zip(block) {
            out.extend_from_slice(block);
        }
        Ok(())
    };
    let n_frames = channels.iter().map(Vec::len).min().unwrap_or(0);
    let mut block = vec![Vec::with_capacity(BLOCK_LEN); channels.len()];
    for start in (0..n_frames).step_by(BLOCK_LEN) {
        let end = n_frames.min(start + BLOCK_LEN);
        for (block, channel) in block.iter_mut().zip(channels) {
            block.clear();
            block.extend_from_slice(&channel[start..end]);
        }
        stream.process(&mut block, tap, &mut append)?;
    }
    stream.finish(tap, &mut append)
}

/// Learns noise from a sound that holds nothing else, `[channel][frame]`.
///
/// The profile serves every sample rate, latency mode and number of channels.
pub fn learn_noise(channels: &[Vec<f32>], sample_rate_hz: f64) -> Result<NoiseProfile, LearnError> {
    let mut learner = NoiseLearner::new(sample_rate_hz, channels.len())?;
    let mut channels = channels.to_vec();
    let mut io: Vec<&mut [f32]> = channels.iter_mut().map(Vec::as_mut_slice).collect();
    learner.push(&mut io);
    Ok(learner.finish()?)
}

/// Learns noise from sound that comes in blocks: [`learn_noise`] for what need not be in memory.
pub struct NoiseLearner {
    denoiser: Denoiser,
}

impl NoiseLearner {
    /// For sound of this rate and so many channels.
    pub fn new(sample_rate_hz: f64, n_channels: usize) -> Result<Self, BuildError> {
        let mode = LatencyMode::default();
        let spec = StreamSpec { sample_rate_hz, n_channels, n_noise_channels: 0, mode };
        Ok(Self { denoiser: Denoiser::new(spec)?.without_memory() })
    }

    /// Takes in a block, one slice a channel; what is in it is overwritten.
    pub fn push(&mut self, block: &mut [&mut [f32]]) {
        self.capture(block, true);
    }

    fn capture(&mut self, block: &mut [&mut [f32]], is_on: bool) {
        let settings = Settings { capture: is_on, ..Settings::default() };
        self.denoiser.process(block, None, &settings, &mut ());
    }

    /// The noise of all blocks, whatever it was judged to be.
    pub fn finish(mut self) -> Result<NoiseProfile, CaptureRefusal> {
        // The capture ends at the first frame that is not to be captured any more.
        let hop_len = self.denoiser.geometry().hop_len;
        let mut silence = vec![vec![0.0; hop_len]; self.denoiser.spec().n_channels];
        let mut io: Vec<&mut [f32]> = silence.iter_mut().map(Vec::as_mut_slice).collect();
        self.capture(&mut io, false);
        let captured = self.denoiser.take_capture();
        captured.unwrap_or(Err(CaptureRefusal::TooShort { seconds: 0.0 })).map(|c| c.print.clone())
    }
}

/// Why no noise could be learned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LearnError {
    /// There is no stream for such sound.
    Build(BuildError),
    /// The sound is no noise to learn from.
    Refused(CaptureRefusal),
}

impl From<BuildError> for LearnError {
    fn from(error: BuildError) -> Self {
        Self::Build(error)
    }
}

impl From<CaptureRefusal> for LearnError {
    fn from(reason: CaptureRefusal) -> Self {
        Self::Refused(reason)
    }
}

impl core::fmt::Display for LearnError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Build(error) => write!(f, "{error}"),
            Self::Refused(reason) => write!(f, "{reason}"),
        }
    }
}

impl core::error::Error for LearnError {}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE_HZ: f64 = 16_000.0;

    fn noise(seed: u64, n_frames: usize) -> Vec<f32> {
        let mut random = fastrand::Rng::with_seed(seed);
        (0..n_frames).map(|_| 0.1 * (random.f32() - 0.5)).collect()
    }

    #[test]
    fn the_output_is_as_long_as_the_input_and_in_time_with_it() {
        let settings = Settings { amount: 0.0, remove_hum: false, ..Settings::default() };
        for mode in LatencyMode::ALL {
            let treatment = Treatment { settings: &settings, mode, profile: None };
            for n_frames in [0, 1, BLOCK_LEN, 20_001] {
                let sound = [noise(1, n_frames), noise(2, n_frames)];
                let out = denoise(&sound, RATE_HZ, &treatment).unwrap();
                for (sound, out) in sound.iter().zip(&out) {
                    assert_eq!(out.len(), n_frames);
                    let error = sound.iter().zip(out).map(|(a, b)| (a - b).abs());
                    assert!(error.fold(0.0, f32::max) < 1e-5, "{mode:?}, {n_frames}");
                }
            }
        }
    }

    #[test]
    fn noise_is_learned_or_refused_with_a_reason() {
        let sound = [noise(3, 16_000)];
        let profile = learn_noise(&sound, RATE_HZ).unwrap();
        let treatment = Treatment {
            settings: &Settings::default(),
            mode: LatencyMode::Standard,
            profile: Some(&profile),
        };
        let out = denoise(&sound, RATE_HZ, &treatment).unwrap();
        let power = |sound: &[f32]| sound.iter().map(|s| s * s).sum::<f32>();
        assert!(power(&out[0]) < 0.03 * power(&sound[0]), "15 dB at least");

        let short = learn_noise(&[noise(4, 1_000)], RATE_HZ).unwrap_err();
        assert!(matches!(short, LearnError::Refused(CaptureRefusal::TooShort { .. })), "{short}");
        let silent = learn_noise(&[vec![0.0; 16_000]], RATE_HZ).unwrap_err();
        assert_eq!(silent, LearnError::Refused(CaptureRefusal::Silent));
        assert!(matches!(learn_noise(&sound, f64::NAN), Err(LearnError::Build(_))));
    }
}
