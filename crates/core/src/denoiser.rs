//! A stream: channels in, channels out, with the mask engines between analysis and synthesis.

mod channel;
mod hum;
mod lane;
mod noise;
mod samples;

use std::sync::Arc;

use crate::capture::{Capture, CaptureStatus};
use crate::config;
use crate::geometry::{BuildError, Geometry, LatencyMode};
use crate::hum::Response;
use crate::kernels::Kernel;
use crate::level::average;
use crate::mask::deepest_gain;
use crate::profile::{BinProfile, NoiseProfile};
use crate::settings::{ProfileSource, Settings};
use crate::stft::Transform;
use crate::unet::{SHIPPED_WEIGHTS, Weights};
use channel::Channel;
use lane::Lane;
use noise::{NoiseChannel, Offsets, ThresholdKey, average_spread, raise_noise};
use samples::{OutputWeights, is_fault, tame};

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
    /// Power of the input per 25 Hz, mean of the channels, in the frame that the gains belong to.
    pub power: &'a [f32],
    /// Reference level of the noise per 25 Hz, mean of the channels.
    pub noise: &'a [f32],
    /// Threshold over reference level, mean of the channels.
    pub threshold: &'a [f32],
    /// What is left of the amplitude in the bins, mean of the channels: the mask's gain, and what the
    /// subtraction of hum made of it.
    pub gain: &'a [f32],
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

/// Keeps ratios of silence at 1; a power far below anything audible.
const TINY: f32 = 1e-20;

/// The denoiser of one stream.
pub struct Denoiser {
    spec: StreamSpec,
    geometry: Geometry,
    transform: Transform,
    latency: usize,
    channels: Vec<Channel>,
    noise_channels: Vec<NoiseChannel>,
    lanes: Vec<Lane>,
    /// Lanes that had a mask in the last frame.
    n_masks: usize,
    capture: Capture,
    is_capturing: bool,
    status: CaptureStatus,
    /// The captured profile in its portable form.
    profile: NoiseProfile,
    has_profile: bool,
    /// Profiles set or captured so far.
    profile_count: u32,
    scratch_profiles: Vec<BinProfile>,
    threshold_key: Option<ThresholdKey>,
    /// Shift of the threshold in each bin.
    offsets: Offsets,
    /// What sensitivity and offsets multiply the power of the noise with, per bin.
    raised_noise: Vec<f32>,
    /// Sum of channels, for the tap.
    view: ViewBuffers,
    hop_pos: usize,
    dry_pos: usize,
    /// Samples since one had to be replaced, up to a window.
    n_clean: usize,
    noise_is_connected: bool,
    output: OutputWeights,
    is_fresh: bool,
}

struct ViewBuffers {
    power: Vec<f32>,
    /// The same of the bins that hum can be in, without it.
    cleaned: Vec<f32>,
    noise: Vec<f32>,
    gain: Vec<f32>,
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
        let latency = geometry.latency_samples(spec.mode);
        let n_bins = geometry.n_bins();
        let n_profile_bins = NoiseProfile::bins_up_to(spec.sample_rate_hz / 2.0);
        let zeros = || vec![0.0; n_bins];
        let weights = Weights::parse(SHIPPED_WEIGHTS)?;
        let lanes = (0..spec.n_channels).map(|_| Lane::new(&geometry, spec.mode, &weights, kernel));
        let hum_response = Arc::new(Response::new(&transform));
        let channels: Vec<Channel> = (0..spec.n_channels)
            .map(|_| Channel::new(&transform, &hum_response, spec.mode, latency))
            .collect();
        let n_hum_bins = channels[0].hum.n_bins();
        Ok(Self {
            channels,
            noise_channels: (0..spec.n_noise_channels)
                .map(|_| NoiseChannel::new(&transform))
                .collect(),
            lanes: lanes.collect::<Result<_, _>>()?,
            n_masks: spec.n_channels,
            capture: Capture::new(&geometry, spec.n_channels),
            is_capturing: false,
            status: CaptureStatus::Idle,
            profile: NoiseProfile::with_capacity(spec.n_channels, n_profile_bins),
            has_profile: false,
            profile_count: 0,
            scratch_profiles: vec![BinProfile::new(n_bins); spec.n_channels],
            threshold_key: None,
            offsets: Offsets::new(&geometry),
            raised_noise: zeros(),
            view: ViewBuffers {
                power: zeros(),
                cleaned: vec![0.0; n_hum_bins],
                noise: zeros(),
                gain: zeros(),
            },
            hop_pos: 0,
            dry_pos: 0,
            n_clean: 0,
            noise_is_connected: false,
            output: OutputWeights::new(spec.sample_rate_hz),
            is_fresh: true,
            spec,
            geometry,
            transform,
            latency,
        })
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
        self.latency
    }

    /// Samples after the end of the input until the output is silent.
    pub fn tail_samples(&self) -> usize {
        self.latency + self.geometry.frame_len
    }

    /// Forgets all sound; keeps the captured profile.
    pub fn reset(&mut self) {
        for channel in &mut self.channels {
            channel.reset();
        }
        for channel in &mut self.noise_channels {
            channel.reset();
        }
        for lane in &mut self.lanes {
            lane.reset();
        }
        self.n_masks = self.lanes.len();
        self.is_capturing = false;
        self.threshold_key = None;
        self.hop_pos = 0;
        self.dry_pos = 0;
        self.n_clean = 0;
        self.is_fresh = true;
    }

    /// What became of the last capture.
    pub fn capture_status(&self) -> CaptureStatus {
        self.status
    }

    /// Grows by one with every profile that is captured or set; tells when to read
    /// [`Self::profile`] again.
    pub fn profile_count(&self) -> u32 {
        self.profile_count
    }

    /// The captured profile, if there is one. One that was set comes back on this stream's bins
    /// and channels, so keep the original where it may hold more.
    pub fn profile(&self) -> Option<&NoiseProfile> {
        self.has_profile.then_some(&self.profile)
    }

    /// Replaces or removes the captured profile. Allocates nothing; any sample rate and channel
    /// layout will do.
    pub fn set_profile(&mut self, profile: Option<&NoiseProfile>) {
        let profile = profile.filter(|p| !p.is_empty());
        if let Some(profile) = profile {
            let (n_channels, bin_hz) = (self.channels.len(), self.geometry.bin_hz());
            for (idx, out) in self.scratch_profiles.iter_mut().enumerate() {
                profile.resolve(idx, n_channels, bin_hz, out);
            }
            self.adopt_profile(profile.seconds());
        } else {
            self.has_profile = false;
            self.profile_count = self.profile_count.wrapping_add(1);
        }
    }

    /// Makes the content of `scratch_profiles` the captured profile.
    fn adopt_profile(&mut self, seconds: f32) {
        let spread_bins = (config::SPREAD_SMOOTHING_HZ / self.geometry.bin_hz()).round() as usize;
        for (channel, new) in self.channels.iter_mut().zip(&self.scratch_profiles) {
            channel.noise.captured.mean_db.copy_from_slice(&new.mean_db);
            channel.noise.captured.std_db.copy_from_slice(&new.std_db);
            average_spread(&new.std_db, spread_bins, &mut channel.noise.spread_db);
        }
        self.profile.fill_from(&self.scratch_profiles, self.geometry.bin_hz(), seconds);
        self.has_profile = true;
        self.profile_count = self.profile_count.wrapping_add(1);
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
        self.output.aim(&settings, self.is_fresh);
        self.is_fresh = false;
        let noise = noise.filter(|n| !n.is_empty()).unwrap_or(&[]);
        self.noise_is_connected = !noise.is_empty() && !self.noise_channels.is_empty();
        let n_samples = io.iter().map(|c| c.len()).min().unwrap_or(0);
        let mut start = 0;
        while start < n_samples {
            let end = n_samples.min(start + self.geometry.hop_len - self.hop_pos);
            self.push_noise(noise, start, end);
            self.exchange(io, start, end);
            self.hop_pos += end - start;
            if self.hop_pos == self.geometry.hop_len {
                self.hop_pos = 0;
                self.frame(&settings, tap);
            }
            start = end;
        }
    }

    fn push_noise(&mut self, noise: &[&[f32]], start: usize, end: usize) {
        for (idx, channel) in self.noise_channels.iter_mut().enumerate() {
            let target = &mut channel.hop_in[self.hop_pos..self.hop_pos + end - start];
            match noise.get(idx).and_then(|source| source.get(start..end)) {
                Some(source) => {
                    for (target, &sample) in target.iter_mut().zip(source) {
                        *target = tame(sample);
                    }
                }
                None => target.fill(0.0),
            }
        }
    }

    /// Swaps input samples for output samples that are `latency` late.
    fn exchange(&mut self, io: &mut [&mut [f32]], start: usize, end: usize) {
        // Every channel starts from the same state; the state after the last one stays.
        let (output, dry_pos) = (self.output, self.dry_pos);
        for (channel, io) in self.channels.iter_mut().zip(io) {
            self.output = output;
            self.dry_pos = dry_pos;
            let wet = &channel.hop_out[self.hop_pos..];
            let hop_in = &mut channel.hop_in[self.hop_pos..];
            for ((sample, hop_in), &wet) in io[start..end].iter_mut().zip(hop_in).zip(wet) {
                if is_fault(*sample) {
                    self.n_clean = 0;
                }
                *hop_in = tame(*sample);
                let dry = core::mem::replace(&mut channel.dry[self.dry_pos], *hop_in);
                self.dry_pos = if self.dry_pos + 1 == self.latency { 0 } else { self.dry_pos + 1 };
                *sample = self.output.mix(dry, wet);
            }
        }
    }

    /// One hop is complete: analyse it, decide, and synthesise the hop that is due.
    fn frame(&mut self, settings: &Settings, tap: &mut impl Tap) {
        self.analyse();
        self.run_capture(settings.capture);
        self.find_hum(settings);
        self.update_noise(settings);
        let n_masks = self.estimate_gains(settings);
        self.subtract_hum(settings, tap.is_looking());
        self.synthesise(n_masks);
        self.show(n_masks, tap);
    }

    fn analyse(&mut self) {
        for channel in &mut self.channels {
            let newest = channel.spectra.advance();
            channel.stft.analyse(&channel.hop_in, newest);
            self.transform.power(newest, &mut channel.power);
        }
        if self.noise_is_connected {
            for channel in &mut self.noise_channels {
                channel.stft.analyse(&channel.hop_in, &mut channel.spectrum);
                self.transform.power(&channel.spectrum, &mut channel.power);
            }
        }
    }

    /// Collects the frame while Capture is on, and decides once it is off again.
    fn run_capture(&mut self, is_on: bool) {
        self.n_clean = (self.n_clean + self.geometry.hop_len).min(2 * self.geometry.frame_len);
        if is_on {
            if !self.is_capturing {
                self.capture.start();
            }
            let is_clean = self.n_clean >= self.geometry.frame_len;
            let channels = &self.channels;
            self.capture.push(is_clean, |idx| &channels[idx].power);
            self.status = CaptureStatus::Capturing { seconds: self.capture.seconds() };
        } else if self.is_capturing {
            self.status = self.capture.finish(&mut self.scratch_profiles);
            if let CaptureStatus::Captured { seconds, .. } = self.status {
                self.adopt_profile(seconds);
            }
        }
        self.is_capturing = is_on;
    }

    /// Tells hum from the rest of the frame. A capture has taken in both, so that a print holds all noise.
    fn find_hum(&mut self, settings: &Settings) {
        for channel in &mut self.channels {
            let newest = channel.spectra.ago(0);
            channel.hum.find(newest, settings.remove_hum, &self.transform, &mut channel.power);
        }
    }

    /// Takes the hum out of the frame that is due, as far as the settings let noise be taken away.
    fn subtract_hum(&mut self, settings: &Settings, is_looking: bool) {
        if is_looking {
            self.note_power();
        }
        let share = 1.0 - deepest_gain(settings);
        for channel in &mut self.channels {
            channel.hum.subtract(channel.spectra.oldest_mut(), share);
        }
    }

    /// The source that the settings ask for, or what stands in for it.
    fn effective_source(&self, settings: &Settings) -> ProfileSource {
        let without_noise_input = match settings.profile_source {
            ProfileSource::Sidechain if self.noise_is_connected => return ProfileSource::Sidechain,
            ProfileSource::Sidechain => ProfileSource::Captured,
            other => other,
        };
        match without_noise_input {
            ProfileSource::Captured if !self.has_profile => ProfileSource::Adaptive,
            other => other,
        }
    }

    /// Brings mean power and threshold of every channel up to date.
    fn update_noise(&mut self, settings: &Settings) {
        let source = self.effective_source(settings);
        let key = ThresholdKey {
            source,
            sensitivity: settings.sensitivity,
            curve: settings.curve,
            profile_count: self.profile_count,
        };
        let is_stale = self.threshold_key != Some(key);
        if self.threshold_key.is_none_or(|old| old.curve != key.curve) {
            self.offsets.follow(&key.curve);
        }
        self.threshold_key = Some(key);
        if is_stale {
            raise_noise(&key, &self.offsets, &mut self.raised_noise);
        }

        let hop_s = self.geometry.hop_len as f64 / self.geometry.sample_rate_hz;
        let keep = (-hop_s / config::SIDECHAIN_AVERAGE_S).exp() as f32;
        if source == ProfileSource::Sidechain {
            for channel in &mut self.noise_channels {
                channel.average(keep);
            }
        }
        for (idx, channel) in self.channels.iter_mut().enumerate() {
            match source {
                ProfileSource::Captured => {
                    if is_stale {
                        channel.noise.use_captured(&key, self.offsets.db());
                    }
                    channel.noise.take_hum_out(&channel.hum);
                }
                ProfileSource::Adaptive => {
                    channel.follow_noise();
                    let noise = &mut channel.noise;
                    let mean_power = channel.follower.power();
                    noise.use_mean_power(mean_power, is_stale, &key, self.offsets.db());
                }
                ProfileSource::Sidechain => {
                    let from = &self.noise_channels[idx.min(self.noise_channels.len() - 1)];
                    let noise = &mut channel.noise;
                    noise.use_mean_power(&from.averaged, is_stale, &key, self.offsets.db());
                }
            }
        }
    }

    /// Writes the gains of the frame that is due and returns how many masks there are: one for all
    /// channels, or one each.
    fn estimate_gains(&mut self, settings: &Settings) -> usize {
        let n_channels = self.channels.len();
        let n_masks = if settings.stereo_link { 1 } else { n_channels };
        self.wake_lanes(n_masks);
        let per_mask = n_channels / n_masks;
        let source = self.effective_source(settings);
        for (idx, lane) in self.lanes[..n_masks].iter_mut().enumerate() {
            let channels = &self.channels[idx * per_mask..(idx + 1) * per_mask];
            lane.estimate(channels, source, &self.raised_noise, settings);
        }
        n_masks
    }

    /// A channel that leaves the common mask goes on from it, not from what it was long ago.
    fn wake_lanes(&mut self, n_masks: usize) {
        if n_masks > self.n_masks {
            let (awake, asleep) = self.lanes.split_at_mut(self.n_masks);
            for lane in &mut asleep[..n_masks - awake.len()] {
                lane.continue_from(&awake[0]);
            }
        }
        self.n_masks = n_masks;
    }

    fn synthesise(&mut self, n_masks: usize) {
        for (idx, channel) in self.channels.iter_mut().enumerate() {
            let gain = &self.lanes[idx.min(n_masks - 1)].gain;
            channel.stft.synthesise(channel.spectra.oldest(), gain, &mut channel.hop_out);
        }
    }

    /// Keeps the power of the frame that is due while it still has its hum.
    fn note_power(&mut self) {
        let view = &mut self.view;
        self.transform.mean_power(
            self.channels.iter().map(|c| c.spectra.oldest()),
            &mut view.noise,
            &mut view.power,
        );
    }

    fn show(&mut self, n_masks: usize, tap: &mut impl Tap) {
        if !tap.is_looking() {
            return;
        }
        let view = &mut self.view;
        let n_hum_bins = view.cleaned.len();
        self.transform.mean_power(
            self.channels.iter().map(|c| &c.spectra.oldest()[..n_hum_bins]),
            &mut view.noise,
            &mut view.cleaned,
        );
        average(self.channels.iter().map(|c| &*c.noise.reference), &mut view.noise);
        average(self.lanes[..n_masks].iter().map(|l| &*l.gain), &mut view.gain);
        for (gain, (cleaned, power)) in
            view.gain.iter_mut().zip(view.cleaned.iter().zip(&view.power))
        {
            *gain *= ((cleaned + TINY) / (power + TINY)).min(1.0).sqrt();
        }
        tap.frame(&FrameView {
            bin_hz: self.geometry.bin_hz() as f32,
            power: &view.power,
            noise: &view.noise,
            threshold: &self.lanes[0].threshold,
            gain: &view.gain,
        });
    }
}
