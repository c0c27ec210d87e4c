//! Stage 2: hops to frames of the frequency domain, which wait for their gains, and back.

use realfft::num_complex::Complex32;

use super::StreamSpec;
use super::hops::Hops;
use super::hum::HumStage;
use crate::ring::Ring;
use crate::stft::{Stft, Transform};

/// The frames that are on their way.
pub(super) struct Frames {
    transform: Transform,
    channels: Vec<FrameChannel>,
    /// Power per 25 Hz of the newest frame, per channel; without its hum once that is known.
    powers: Vec<Vec<f32>>,
}

struct FrameChannel {
    stft: Stft,
    /// The last `look-ahead + 1` frames: the oldest is the one that is due.
    spectra: Ring<Complex32>,
}

impl Frames {
    pub(super) fn new(spec: &StreamSpec, transform: &Transform) -> Self {
        let n_frames = spec.mode.look_ahead_frames() + 1;
        let channel = || FrameChannel {
            stft: Stft::new(transform.clone()),
            spectra: Ring::new(n_frames, transform.make_spectrum()),
        };
        Self {
            channels: (0..spec.n_channels).map(|_| channel()).collect(),
            powers: vec![vec![0.0; transform.geometry().n_bins()]; spec.n_channels],
            transform: transform.clone(),
        }
    }

    pub(super) fn reset(&mut self) {
        for channel in &mut self.channels {
            channel.stft.reset();
            channel.spectra.fill(Complex32::ZERO);
        }
        for power in &mut self.powers {
            power.fill(0.0);
        }
    }

    /// Power per 25 Hz of the newest frame, per channel.
    pub(super) fn powers(&self) -> &[Vec<f32>] {
        &self.powers
    }

    /// The frame that is due, per channel.
    pub(super) fn due(&self) -> impl ExactSizeIterator<Item = &[Complex32]> {
        self.channels.iter().map(|channel| channel.spectra.oldest())
    }

    /// Takes in the hop that is complete.
    pub(super) fn analyse(&mut self, hops: &Hops) {
        let channels = self.channels.iter_mut().zip(&mut self.powers);
        for (idx, (channel, power)) in channels.enumerate() {
            let newest = channel.spectra.advance();
            channel.stft.analyse(hops.input(idx), newest);
            self.transform.power(newest, power);
        }
    }

    /// Tells the hum of the newest frame from the rest.
    pub(super) fn find_hum(&mut self, hum: &mut [HumStage], is_wanted: bool) {
        let channels = self.channels.iter().zip(&mut self.powers).zip(hum);
        for ((channel, power), hum) in channels {
            hum.find(channel.spectra.ago(0), is_wanted, &self.transform, power);
        }
    }

    /// Takes a share of its hum out of the frame that is due.
    pub(super) fn subtract_hum(&mut self, hum: &[HumStage], share: f32) {
        for (channel, hum) in self.channels.iter_mut().zip(hum) {
            hum.subtract(channel.spectra.oldest_mut(), share);
        }
    }

    /// Writes the hop that the frame that is due finishes; `gain_of` a channel is that of its mask.
    pub(super) fn synthesise<'a>(&mut self, gain_of: impl Fn(usize) -> &'a [f32], hops: &mut Hops) {
        for (idx, channel) in self.channels.iter_mut().enumerate() {
            channel.stft.synthesise(channel.spectra.oldest(), gain_of(idx), hops.output_mut(idx));
        }
    }
}
