//! A stream: channels in, channels out, with the mask engines between analysis and synthesis.

mod fit;
mod frames;
mod hops;
mod hum;
mod lane;
mod learning;
mod masks;
mod noise;
mod print;
mod reference;
mod samples;
mod view;

use core::ops::Range;
use std::sync::Arc;

use crate::capture::{Capture, CaptureProgress, CaptureRefusal, Captured};
use crate::config;
use crate::engines::Build;
use crate::geometry::{BuildError, Geometry, LatencyMode};
use crate::hum::{Hum, Response};
use crate::kernels::Kernel;
use crate::mask::deepest_gain;
use crate::profile::NoiseProfile;
use crate::recent::Recent;
use crate::settings::{ProfileSource, Settings};
use crate::stft::Transform;
use crate::unet::{SHIPPED_WEIGHTS, Weights};
use fit::Fit;
pub use fit::NoiseChange;
use frames::Frames;
use hops::Hops;
use hum::HumStage;
use learning::Learning;
use masks::Masks;
use noise::NoiseStage;
use print::Print;
use view::View;

/// What is fixed while a stream runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StreamSpec {
    /// Rate of the samples, Hz; need not be whole.
    pub sample_rate_hz: f64,
    /// Channels in and out.
    pub n_channels: usize,
    /// Channels of the noise input beside the signal; 0 where there is none.
    pub n_noise_channels: usize,
    /// How much delay the engine may take.
    pub mode: LatencyMode,
}

/// What one frame did, for displays. All slices have one value per bin.
pub struct FrameView<'a> {
    /// Distance of two bins, Hz.
    pub bin_hz: f32,
    /// Where the noise is known from in fact: without a print or a noise input it is not what the
    /// settings say.
    pub source: ProfileSource,
    /// Power of the input per 25 Hz, mean of the channels, in the frame that the gains belong to.
    pub power: &'a [f32],
    /// Reference level of the noise per 25 Hz, mean of the channels.
    pub noise: &'a [f32],
    /// Threshold over reference level, mean of the channels.
    pub threshold: &'a [f32],
    /// Number of the frame since the stream was built: [`Denoiser::learn_stretch`] takes it.
    pub number: u32,
    /// What is left of the amplitude in the bins, mean of the channels: the mask's gain, and what the
    /// subtraction of hum made of it.
    pub gain: &'a [f32],
    /// The hum that is subtracted, of the first channel that has some.
    pub hum: Option<Hum>,
}

impl FrameView<'_> {
    /// How much of what is taken away is likely voice or tone, 0 to 1: the share of its power in
    /// bins that stand further over the noise than noise does. 0 where nothing is taken away.
    pub fn at_risk(&self) -> f32 {
        let (mut removed, mut risky) = (0.0, 0.0);
        for (power, (noise, gain)) in self.power.iter().zip(self.noise.iter().zip(self.gain)) {
            let gone = (1.0 - gain) * (1.0 - gain) * power;
            let floor = config::RISK_RATIO * noise;
            // Squares, so that noise at its peaks counts for a hundredth.
            let likely = power * power / (power * power + floor * floor).max(f32::MIN_POSITIVE);
            removed += gone;
            risky += likely * gone;
        }
        if removed > 0.0 { (risky / removed).clamp(0.0, 1.0) } else { 0.0 }
    }
}

/// Receives every frame on the audio thread; must not allocate or block.
pub trait Tap {
    /// False while nobody is looking; frames are then not prepared at all.
    fn is_looking(&self) -> bool {
        true
    }

    /// Called once per frame after its gains are known.
    fn frame(&mut self, view: &FrameView);
}

/// Nobody is looking.
impl Tap for () {
    fn is_looking(&self) -> bool {
        false
    }

    fn frame(&mut self, _: &FrameView) {}
}

/// The denoiser of one stream: stages that every frame goes through in this order.
pub struct Denoiser {
    spec: StreamSpec,
    geometry: Geometry,
    /// 1. Samples in and out.
    hops: Hops,
    /// 2. Spectra on their way.
    frames: Frames,
    /// 3. A capture under way.
    learning: Learning,
    /// What was captured, and what of it is in force.
    print: Print,
    /// Whether it still fits, where somebody may want to know.
    fit: Option<Fit>,
    /// 4. Mains hum, per channel.
    hum: Vec<HumStage>,
    /// 5. The level of the noise.
    noise: NoiseStage,
    /// 6. Engines, 7. and what becomes of their masks.
    masks: Masks,
    /// 8. What displays are shown.
    view: View,
    /// Frames so far.
    n_frames: u32,
}

impl Denoiser {
    /// Allocates all memory that the stream will ever need.
    pub fn new(spec: StreamSpec) -> Result<Self, BuildError> {
        Self::with_kernel(spec, Kernel::best())
    }

    /// The same with the network on a kernel of the caller's choice: for measurements, as all of them
    /// give the same samples.
    pub fn with_kernel(spec: StreamSpec, kernel: Kernel) -> Result<Self, BuildError> {
        if spec.n_channels == 0 {
            return Err(BuildError::NoChannels);
        }
        let geometry = Geometry::for_rate(spec.sample_rate_hz)?;
        let transform = Transform::new(geometry, spec.mode);
        let weights = Weights::parse(SHIPPED_WEIGHTS)?;
        let response = Arc::new(Response::new(&transform));
        let hum: Vec<HumStage> =
            (0..spec.n_channels).map(|_| HumStage::new(&transform, &response, spec.mode)).collect();
        let n_hum_bins = hum[0].n_bins();
        let build = Build { geometry: &geometry, weights: &weights, kernel };
        Ok(Self {
            hops: Hops::new(&spec, &geometry),
            frames: Frames::new(&spec, &transform),
            learning: Learning::new(
                Capture::new(&geometry, spec.n_channels),
                Recent::new(&geometry, spec.n_channels),
            ),
            print: Print::new(&spec, &geometry),
            fit: Some(Fit::new(&geometry)),
            hum,
            noise: NoiseStage::new(&spec, &transform, n_hum_bins),
            masks: Masks::new(&spec, &build)?,
            view: View::new(&transform, n_hum_bins),
            n_frames: 0,
            spec,
            geometry,
        })
    }

    /// Without what only somebody who listens can use: the last seconds to learn from, and whether
    /// the print still fits. The sound is the same.
    pub(crate) fn without_memory(mut self) -> Self {
        self.learning.forget();
        self.fit = None;
        self
    }

    /// What the stream was built for.
    pub fn spec(&self) -> &StreamSpec {
        &self.spec
    }

    /// Window and hop of the stream.
    pub fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    /// Delay from input to output, samples; constant for the life of the stream.
    pub fn latency_samples(&self) -> usize {
        self.geometry.latency_samples(self.spec.mode)
    }

    /// Samples after the end of the input until the output is silent.
    pub fn tail_samples(&self) -> usize {
        self.latency_samples() + self.geometry.frame_len
    }

    /// Forgets all sound; keeps the captured profiles, and what can still be learned from.
    pub fn reset(&mut self) {
        self.hops.reset();
        self.frames.reset();
        self.learning.reset();
        self.print.reset();
        if let Some(fit) = &mut self.fit {
            fit.reset();
        }
        for hum in &mut self.hum {
            hum.reset();
        }
        self.noise.reset();
        self.masks.reset();
    }

    /// How the noise that is heard between words differs from the print in force, where it does by
    /// more than one can put down to chance.
    pub fn noise_change(&self) -> Option<NoiseChange> {
        let is_settled = self.noise.is_print_in_force() && !self.print.is_gliding();
        self.fit.as_ref()?.change().filter(|_| is_settled)
    }

    /// How far a capture under way has come; nothing while none is.
    pub fn capture_progress(&self) -> Option<CaptureProgress> {
        self.learning.progress()
    }

    /// The end of a capture, told once: the print that it gave, in force or not, or why it gave
    /// none. The last one counts where nobody asked for those before.
    pub fn take_capture(&mut self) -> Option<Result<Captured<'_>, CaptureRefusal>> {
        let (print, slot) = self.print.captured();
        let source_before = self.noise.overruled();
        let event = self.learning.take_event()?;
        Some(event.map(|is_in_force| Captured {
            print,
            is_in_force,
            slot,
            source_before: source_before.filter(|_| is_in_force),
        }))
    }

    /// Learns the noise from what was heard in the last [`config::RECENT_S`]: its quietest steady
    /// stretches become a print, as a capture of them would. It is over some frames later.
    ///
    /// [`config::RECENT_S`]: crate::config::RECENT_S
    pub fn learn_recent(&mut self) {
        self.learning.learn_recent();
    }

    /// Learns the noise from the frames with these numbers, as far as they are among the last
    /// [`config::RECENT_S`] that sounded: as a capture of them would. It is over some frames later.
    ///
    /// [`config::RECENT_S`]: crate::config::RECENT_S
    pub fn learn_stretch(&mut self, frames: Range<u32>) {
        self.learning.learn_stretch(frames);
    }

    /// Drops a capture under way, without an event; the next begins once Capture has been off.
    pub fn abandon_capture(&mut self) {
        self.learning.abandon();
    }

    /// Lets the next capture begin though the settings have not had it off since the last.
    pub fn rearm_capture(&mut self) {
        self.learning.rearm();
    }

    /// From now on a capture ends by itself after so much usable noise, seconds; infinity, as a
    /// stream begins, leaves its end to the settings. The next begins once Capture has been off.
    pub fn end_captures_after(&mut self, seconds: f64) {
        self.learning.end_after(seconds);
    }

    /// The captured profile, if there is one: that in slot A, the only slot where the settings
    /// choose no other. One that was set comes back on this stream's bins and channels, so keep the
    /// original where it may hold more.
    pub fn profile(&self) -> Option<&NoiseProfile> {
        self.profile_in(0)
    }

    /// The same of one of [`N_SLOTS`](crate::slot::N_SLOTS) slots.
    pub fn profile_in(&self, slot_idx: usize) -> Option<&NoiseProfile> {
        self.print.profile(slot_idx)
    }

    /// Replaces or removes the captured profile in slot A. Allocates nothing; any sample rate and
    /// channel layout will do.
    pub fn set_profile(&mut self, profile: Option<&NoiseProfile>) {
        self.set_profile_in(0, profile);
    }

    /// The same in one of [`N_SLOTS`](crate::slot::N_SLOTS) slots, of which `settings.slot` says
    /// what is in force.
    pub fn set_profile_in(&mut self, slot_idx: usize, profile: Option<&NoiseProfile>) {
        self.print.set(slot_idx, profile);
    }

    /// Processes a block in place.
    ///
    /// `io` holds one slice per channel, all of one length; `noise` the channels of the noise
    /// input, as long, or nothing where it is not connected. Channels beyond the spec stay as they
    /// are. How a signal is cut into blocks does not change the output.
    pub fn process(
        &mut self,
        io: &mut [&mut [f32]],
        noise: Option<&[&[f32]]>,
        settings: &Settings,
        tap: &mut impl Tap,
    ) {
        let settings = settings.sanitised();
        self.hops.aim(&settings);
        let noise = noise.unwrap_or(&[]);
        self.noise.connect(!noise.is_empty());
        let n_samples = io.iter().map(|c| c.len()).min().unwrap_or(0);
        let mut start = 0;
        while start < n_samples {
            let end = n_samples.min(start + self.hops.n_missing());
            if self.hops.exchange(io, noise, start..end) {
                self.frame(&settings, tap);
            }
            start = end;
        }
    }

    /// One hop is complete: analyse it, decide, and synthesise the hop that is due.
    fn frame(&mut self, settings: &Settings, tap: &mut impl Tap) {
        let is_looking = tap.is_looking();
        self.frames.analyse(&self.hops);
        self.noise.analyse_input(&self.hops);
        // A capture takes in noise and hum, so that a print holds both.
        let powers = self.frames.powers();
        let traits = || self.hops.traits();
        let is_usable = self.hops.is_clean() && self.hops.is_sounding();
        let number = self.n_frames;
        self.n_frames = number.wrapping_add(1);
        if self.learning.run(settings, (number, is_usable), traits, powers, &mut self.print) {
            self.noise.prefer_print(settings);
        }
        self.print.glide(settings.slot);
        if let Some(fit) = &mut self.fit
            && self.noise.is_print_in_force()
            && !self.print.is_gliding()
        {
            fit.watch(&self.print, powers, self.hops.is_sounding());
        }
        self.frames.find_hum(&mut self.hum, settings.remove_hum);
        let powers = self.frames.powers();
        self.noise.update(settings, &self.print, &self.hum, powers, &self.hops);
        self.masks.estimate(powers, &self.noise, &self.print, settings);
        if is_looking {
            self.view.note_power(&self.frames);
        }
        // Hum goes as far as the settings let noise be taken away.
        self.frames.subtract_hum(&self.hum, 1.0 - deepest_gain(settings));
        self.frames.synthesise(|idx| self.masks.gain_of(idx), &mut self.hops);
        if is_looking {
            // What is shown is as old as the look-ahead.
            let shown = number.saturating_sub(self.spec.mode.look_ahead_frames() as u32);
            let stages = (&self.frames, &*self.hum, &self.noise, &self.masks);
            self.view.show(shown, stages, tap);
        }
    }
}
