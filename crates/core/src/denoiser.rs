//! A stream: channels in, channels out, with the mask engines between analysis and synthesis.

use realfft::num_complex::Complex32;

use crate::capture::{Capture, CaptureStatus};
use crate::config;
use crate::gate::{GateFrame, SpectralGate, db_to_gain, reference_db};
use crate::geometry::{BuildError, Geometry, LatencyMode};
use crate::profile::{BinProfile, NoiseProfile};
use crate::settings::{Monitor, ProfileSource, Settings};
use crate::stft::{Stft, Transform};
use crate::tracker::MinimumTracker;

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
    /// Power of the input per 25 Hz, mean of the channels.
    pub power: &'a [f32],
    /// Reference level of the noise per 25 Hz, mean of the channels.
    pub noise: &'a [f32],
    /// Threshold over reference level, mean of the channels.
    pub threshold: &'a [f32],
    /// Gain put on the bins, mean of the channels.
    pub gain: &'a [f32],
}

/// Receives every frame on the audio thread; must not allocate or block.
pub trait Tap {
    /// Called once per frame after its gains are known.
    fn frame(&mut self, view: &FrameView);
}

/// Nobody is looking.
impl Tap for () {
    fn frame(&mut self, _: &FrameView) {}
}

/// Everything of one channel.
struct Channel {
    stft: Stft,
    /// Input samples since the last frame.
    hop_in: Vec<f32>,
    /// Output samples of the last frame.
    hop_out: Vec<f32>,
    /// Spectra of the last `look-ahead + 1` frames, as a ring.
    spectra: Vec<Vec<Complex32>>,
    /// Power per 25 Hz of the newest frame.
    power: Vec<f32>,
    /// The input, waiting to be as late as the output; a ring of `latency` samples.
    dry: Vec<f32>,
    noise: NoiseLevel,
    /// Running minimum of the power, in the place of a captured profile; per 25 Hz.
    mean_power: Vec<f32>,
    tracker: MinimumTracker,
}

/// A channel of the noise input: analysed, never heard.
struct NoiseChannel {
    stft: Stft,
    hop_in: Vec<f32>,
    spectrum: Vec<Complex32>,
    power: Vec<f32>,
    /// Power smoothed over [`config::SIDECHAIN_AVERAGE_S`].
    averaged: Vec<f32>,
}

/// The noise of one channel in the form the gate needs.
struct NoiseLevel {
    captured: BinProfile,
    /// Captured standard deviation, smoothed over frequency, dB.
    spread_db: Vec<f32>,
    /// Reference level of the noise, power per 25 Hz.
    reference: Vec<f32>,
    /// 1 / `reference`, kept away from infinity.
    per_reference: Vec<f32>,
    /// Threshold over reference level.
    threshold: Vec<f32>,
    /// Reference level over tracked mean power.
    per_mean_power: Vec<f32>,
}

/// One mask: that of a channel, or of all of them when they are linked.
struct Lane {
    gate: SpectralGate,
    snr: Vec<f32>,
    threshold: Vec<f32>,
    gain: Vec<f32>,
}

/// What the thresholds were computed from; they are computed again when it differs.
#[derive(Clone, Copy, PartialEq)]
struct ThresholdKey {
    source: ProfileSource,
    sensitivity: f32,
    offsets_db: [f32; 3],
    profile_count: u32,
}

/// The denoiser of one stream.
pub struct Denoiser {
    spec: StreamSpec,
    geometry: Geometry,
    transform: Transform,
    latency: usize,
    channels: Vec<Channel>,
    noise_channels: Vec<NoiseChannel>,
    lanes: Vec<Lane>,
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
    /// Weight of the three threshold offsets in each bin.
    offset_weights: [Vec<f32>; 3],
    /// Sum of channels, for the tap.
    view: ViewBuffers,
    hop_pos: usize,
    dry_pos: usize,
    frame_idx: usize,
    /// Samples since one had to be replaced, up to a window.
    n_clean: usize,
    noise_is_connected: bool,
    dry_weight: Ramp,
    wet_weight: Ramp,
    is_fresh: bool,
}

struct ViewBuffers {
    power: Vec<f32>,
    noise: Vec<f32>,
    gain: Vec<f32>,
}

impl Denoiser {
    /// Allocates all memory that the stream will ever need.
    pub fn new(spec: StreamSpec) -> Result<Self, BuildError> {
        if spec.n_channels == 0 {
            return Err(BuildError::NoChannels);
        }
        let geometry = Geometry::for_rate(spec.sample_rate_hz)?;
        let transform = Transform::new(geometry, spec.mode);
        let latency = geometry.latency_samples(spec.mode);
        let n_bins = geometry.n_bins();
        let n_profile_bins = NoiseProfile::bins_up_to(spec.sample_rate_hz / 2.0);
        let ramp_len = (config::OUTPUT_RAMP_S * spec.sample_rate_hz) as u32;
        let zeros = || vec![0.0; n_bins];
        Ok(Self {
            channels: (0..spec.n_channels)
                .map(|_| Channel::new(&transform, spec.mode, latency))
                .collect(),
            noise_channels: (0..spec.n_noise_channels)
                .map(|_| NoiseChannel::new(&transform))
                .collect(),
            lanes: (0..spec.n_channels).map(|_| Lane::new(&geometry, spec.mode)).collect(),
            capture: Capture::new(&geometry, spec.n_channels),
            is_capturing: false,
            status: CaptureStatus::Idle,
            profile: NoiseProfile::with_capacity(spec.n_channels, n_profile_bins),
            has_profile: false,
            profile_count: 0,
            scratch_profiles: vec![BinProfile::new(n_bins); spec.n_channels],
            threshold_key: None,
            offset_weights: offset_weights(&geometry),
            view: ViewBuffers { power: zeros(), noise: zeros(), gain: zeros() },
            hop_pos: 0,
            dry_pos: 0,
            frame_idx: 0,
            n_clean: 0,
            noise_is_connected: false,
            dry_weight: Ramp::new(ramp_len),
            wet_weight: Ramp::new(ramp_len),
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
            lane.gate.reset();
        }
        self.is_capturing = false;
        self.threshold_key = None;
        self.hop_pos = 0;
        self.dry_pos = 0;
        self.frame_idx = 0;
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
        self.set_output_weights(&settings);
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

    /// Points the output weights at where the settings want them.
    ///
    /// Every output is `dry × a + wet × b`: denoised mixes the two, removed is dry minus wet, and
    /// bypass is dry alone.
    fn set_output_weights(&mut self, settings: &Settings) {
        let gain = db_to_gain(settings.output_gain_db);
        let (dry, wet) = match (settings.bypass, settings.monitor) {
            (true, _) => (1.0, 0.0),
            (false, Monitor::Denoised) => ((1.0 - settings.mix) * gain, settings.mix * gain),
            (false, Monitor::Removed) => (gain, -settings.mix * gain),
        };
        self.dry_weight.aim(dry, self.is_fresh);
        self.wet_weight.aim(wet, self.is_fresh);
        self.is_fresh = false;
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
        let (mut dry_weight, mut wet_weight) = (self.dry_weight, self.wet_weight);
        let mut dry_pos = self.dry_pos;
        let mut n_clean = self.n_clean;
        for (channel, io) in self.channels.iter_mut().zip(io) {
            dry_weight = self.dry_weight;
            wet_weight = self.wet_weight;
            dry_pos = self.dry_pos;
            for (idx, sample) in io[start..end].iter_mut().enumerate() {
                let input = tame(*sample);
                if is_fault(*sample) {
                    n_clean = 0;
                }
                let wet = channel.hop_out[self.hop_pos + idx];
                channel.hop_in[self.hop_pos + idx] = input;
                let dry = core::mem::replace(&mut channel.dry[dry_pos], input);
                dry_pos = if dry_pos + 1 == self.latency { 0 } else { dry_pos + 1 };
                *sample = dry * dry_weight.next() + wet * wet_weight.next();
            }
        }
        self.dry_weight = dry_weight;
        self.wet_weight = wet_weight;
        self.dry_pos = dry_pos;
        self.n_clean = n_clean;
    }

    /// One hop is complete: analyse it, decide, and synthesise the hop that is due.
    fn frame(&mut self, settings: &Settings, tap: &mut impl Tap) {
        self.analyse();
        self.run_capture(settings.capture);
        self.update_noise(settings);
        let n_masks = self.estimate_gains(settings);
        self.synthesise(n_masks);
        self.show(n_masks, tap);
        self.frame_idx = self.frame_idx.wrapping_add(1);
    }

    fn analyse(&mut self) {
        for channel in &mut self.channels {
            let newest = self.frame_idx % channel.spectra.len();
            channel.stft.analyse(&channel.hop_in, &mut channel.spectra[newest]);
            self.transform.power(&channel.spectra[newest], &mut channel.power);
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
            offsets_db: [settings.offset_low_db, settings.offset_mid_db, settings.offset_high_db],
            profile_count: self.profile_count,
        };
        let is_stale = self.threshold_key != Some(key);
        self.threshold_key = Some(key);

        let hop_s = self.geometry.hop_len as f64 / self.geometry.sample_rate_hz;
        let keep = (-hop_s / config::SIDECHAIN_AVERAGE_S).exp() as f32;
        if source == ProfileSource::Sidechain {
            for channel in &mut self.noise_channels {
                channel.average(keep);
            }
        }
        for (idx, channel) in self.channels.iter_mut().enumerate() {
            match source {
                ProfileSource::Captured if is_stale => {
                    channel.noise.use_captured(&key, &self.offset_weights);
                }
                ProfileSource::Captured => {}
                ProfileSource::Adaptive => {
                    channel.tracker.track(&channel.power, &mut channel.mean_power);
                    let noise = &mut channel.noise;
                    noise.use_mean_power(&channel.mean_power, is_stale, &key, &self.offset_weights);
                }
                ProfileSource::Sidechain => {
                    let from = &self.noise_channels[idx.min(self.noise_channels.len() - 1)];
                    let noise = &mut channel.noise;
                    noise.use_mean_power(&from.averaged, is_stale, &key, &self.offset_weights);
                }
            }
        }
    }

    /// Writes the gains of the frame that is due and returns how many masks there are: one for all
    /// channels, or one each.
    fn estimate_gains(&mut self, settings: &Settings) -> usize {
        let n_channels = self.channels.len();
        let n_masks = if settings.stereo_link { 1 } else { n_channels };
        let per_mask = n_channels / n_masks;
        for (idx, lane) in self.lanes[..n_masks].iter_mut().enumerate() {
            lane.measure(&self.channels[idx * per_mask..(idx + 1) * per_mask]);
            let frame = GateFrame { snr: &lane.snr, threshold: &lane.threshold };
            lane.gate.estimate(&frame, settings, &mut lane.gain);
        }
        n_masks
    }

    fn synthesise(&mut self, n_masks: usize) {
        let n_spectra = self.spec.mode.look_ahead_frames() + 1;
        // The ring is as long as the look-ahead plus one: the oldest is the one that is due.
        let due = (self.frame_idx + 1) % n_spectra;
        for (idx, channel) in self.channels.iter_mut().enumerate() {
            let gain = &self.lanes[idx.min(n_masks - 1)].gain;
            channel.stft.synthesise(&channel.spectra[due], gain, &mut channel.hop_out);
        }
    }

    fn show(&mut self, n_masks: usize, tap: &mut impl Tap) {
        let view = &mut self.view;
        average(self.channels.iter().map(|c| &*c.power), &mut view.power);
        average(self.channels.iter().map(|c| &*c.noise.reference), &mut view.noise);
        average(self.lanes[..n_masks].iter().map(|l| &*l.gain), &mut view.gain);
        tap.frame(&FrameView {
            bin_hz: self.geometry.bin_hz() as f32,
            power: &view.power,
            noise: &view.noise,
            threshold: &self.lanes[0].threshold,
            gain: &view.gain,
        });
    }
}

impl Channel {
    fn new(transform: &Transform, mode: LatencyMode, latency: usize) -> Self {
        let n_bins = transform.geometry().n_bins();
        let hop_len = transform.geometry().hop_len;
        Self {
            stft: Stft::new(transform.clone()),
            hop_in: vec![0.0; hop_len],
            hop_out: vec![0.0; hop_len],
            spectra: vec![transform.make_spectrum(); mode.look_ahead_frames() + 1],
            power: vec![0.0; n_bins],
            dry: vec![0.0; latency],
            noise: NoiseLevel {
                captured: BinProfile::new(n_bins),
                spread_db: vec![0.0; n_bins],
                reference: vec![0.0; n_bins],
                per_reference: vec![0.0; n_bins],
                threshold: vec![0.0; n_bins],
                per_mean_power: vec![0.0; n_bins],
            },
            mean_power: vec![0.0; n_bins],
            tracker: MinimumTracker::new(n_bins),
        }
    }

    fn reset(&mut self) {
        self.stft.reset();
        self.hop_in.fill(0.0);
        self.hop_out.fill(0.0);
        for spectrum in &mut self.spectra {
            spectrum.fill(Complex32::ZERO);
        }
        self.power.fill(0.0);
        self.dry.fill(0.0);
        self.tracker.reset();
    }
}

impl NoiseChannel {
    fn new(transform: &Transform) -> Self {
        let n_bins = transform.geometry().n_bins();
        Self {
            stft: Stft::new(transform.clone()),
            hop_in: vec![0.0; transform.geometry().hop_len],
            spectrum: transform.make_spectrum(),
            power: vec![0.0; n_bins],
            averaged: vec![0.0; n_bins],
        }
    }

    fn reset(&mut self) {
        self.stft.reset();
        self.hop_in.fill(0.0);
        self.averaged.fill(0.0);
    }

    fn average(&mut self, keep: f32) {
        for (averaged, power) in self.averaged.iter_mut().zip(&self.power) {
            *averaged = *averaged * keep + *power * (1.0 - keep);
        }
    }
}

impl NoiseLevel {
    /// Reference level and threshold from the captured statistics.
    fn use_captured(&mut self, key: &ThresholdKey, offset_weights: &[Vec<f32>; 3]) {
        let levels = self.captured.mean_db.iter().zip(&self.captured.std_db);
        for (bin_idx, (mean_db, std_db)) in levels.enumerate() {
            let threshold_db =
                mean_db + key.sensitivity * std_db + key.offset_db(offset_weights, bin_idx);
            let reference_db = reference_db(threshold_db, self.spread_db[bin_idx]);
            self.reference[bin_idx] = db_to_power(reference_db);
            self.threshold[bin_idx] = db_to_power(threshold_db - reference_db);
        }
        self.invert();
    }

    /// The same for noise whose mean power is tracked and whose spread is taken to be Gaussian.
    fn use_mean_power(
        &mut self,
        mean_power: &[f32],
        is_stale: bool,
        key: &ThresholdKey,
        offset_weights: &[Vec<f32>; 3],
    ) {
        if is_stale {
            self.update_tracked_factors(key, offset_weights);
        }
        let bins = mean_power.iter().zip(&self.per_mean_power);
        for (reference, (power, factor)) in self.reference.iter_mut().zip(bins) {
            *reference = power * factor;
        }
        self.invert();
    }

    /// What the settings make of a mean power of 1.
    fn update_tracked_factors(&mut self, key: &ThresholdKey, offset_weights: &[Vec<f32>; 3]) {
        let steady_db =
            key.sensitivity * config::GAUSSIAN_LOG_STD_DB - config::GAUSSIAN_LOG_BIAS_DB;
        for bin_idx in 0..self.threshold.len() {
            let threshold_db = steady_db + key.offset_db(offset_weights, bin_idx);
            let reference_db = reference_db(threshold_db, config::GAUSSIAN_LOG_STD_DB);
            self.per_mean_power[bin_idx] = db_to_power(reference_db);
            self.threshold[bin_idx] = db_to_power(threshold_db - reference_db);
        }
    }

    fn invert(&mut self) {
        let least = db_to_power(config::MIN_LEVEL_DB);
        for (inverse, power) in self.per_reference.iter_mut().zip(&self.reference) {
            *inverse = 1.0 / power.max(least);
        }
    }
}

impl ThresholdKey {
    fn offset_db(&self, weights: &[Vec<f32>; 3], bin_idx: usize) -> f32 {
        self.offsets_db.iter().zip(weights).map(|(offset, weight)| offset * weight[bin_idx]).sum()
    }
}

impl Lane {
    fn new(geometry: &Geometry, mode: LatencyMode) -> Self {
        let zeros = || vec![0.0; geometry.n_bins()];
        Self {
            gate: SpectralGate::new(geometry, mode),
            snr: zeros(),
            threshold: zeros(),
            gain: zeros(),
        }
    }

    /// Power over noise and threshold over noise, mean of the channels.
    fn measure(&mut self, channels: &[Channel]) {
        let share = 1.0 / channels.len() as f32;
        self.snr.fill(0.0);
        for channel in channels {
            let bins = channel.power.iter().zip(&channel.noise.per_reference);
            for (snr, (power, per_mean)) in self.snr.iter_mut().zip(bins) {
                *snr += power * per_mean * share;
            }
        }
        average(channels.iter().map(|c| &*c.noise.threshold), &mut self.threshold);
    }
}

/// A value that glides to its target in a straight line, one step a sample.
#[derive(Clone, Copy)]
struct Ramp {
    current: f32,
    target: f32,
    step: f32,
    n_left: u32,
    len: u32,
}

impl Ramp {
    fn new(len: u32) -> Self {
        Self { current: 0.0, target: 0.0, step: 0.0, n_left: 0, len: len.max(1) }
    }

    /// Sets off for a new target, or stands on it at once.
    fn aim(&mut self, target: f32, at_once: bool) {
        if at_once {
            *self = Self { current: target, target, step: 0.0, n_left: 0, len: self.len };
        } else if target != self.target {
            self.target = target;
            self.n_left = self.len;
            self.step = (target - self.current) / self.len as f32;
        }
    }

    fn next(&mut self) -> f32 {
        if self.n_left > 0 {
            self.n_left -= 1;
            self.current = if self.n_left == 0 { self.target } else { self.current + self.step };
        }
        self.current
    }
}

/// True for what cannot be sound: NaN, infinity, absurd size.
fn is_fault(sample: f32) -> bool {
    !(-config::INPUT_LIMIT..=config::INPUT_LIMIT).contains(&sample)
}

/// A sample the engine can work with: finite and of a sane size; denormals become zero.
fn tame(sample: f32) -> f32 {
    if !sample.is_finite() || sample.abs() < f32::MIN_POSITIVE {
        return 0.0;
    }
    sample.clamp(-config::INPUT_LIMIT, config::INPUT_LIMIT)
}

fn db_to_power(db: f32) -> f32 {
    10f32.powf(db / 10.0)
}

fn average<'a>(parts: impl ExactSizeIterator<Item = &'a [f32]>, out: &mut [f32]) {
    let share = 1.0 / parts.len() as f32;
    out.fill(0.0);
    for part in parts {
        for (out, value) in out.iter_mut().zip(part) {
            *out += value * share;
        }
    }
}

/// Smooths over frequency with a triangle of `half_width` bins to each side; the ends repeat.
fn average_spread(values: &[f32], half_width: usize, out: &mut [f32]) {
    let last = values.len() - 1;
    let total = ((half_width + 1) * (half_width + 1)) as f32;
    for (bin_idx, out) in out.iter_mut().enumerate() {
        *out = (0..=2 * half_width)
            .map(|tap| {
                let weight = (half_width + 1 - tap.abs_diff(half_width)) as f32;
                weight * values[(bin_idx + tap).saturating_sub(half_width).min(last)]
            })
            .sum::<f32>()
            / total;
    }
}

/// Weights of the low, mid and high offset per bin: straight lines over log frequency between the
/// three corner frequencies, constant outside.
fn offset_weights(geometry: &Geometry) -> [Vec<f32>; 3] {
    let corners = config::OFFSET_CORNERS_HZ.map(f64::ln);
    let mut weights = [const { Vec::new() }; 3];
    for bin_idx in 0..geometry.n_bins() {
        let log_hz = (bin_idx as f64 * geometry.bin_hz()).max(1.0).ln();
        let rise = |a: f64, b: f64| ((log_hz - a) / (b - a)).clamp(0.0, 1.0);
        let (low_to_mid, mid_to_high) =
            (rise(corners[0], corners[1]), rise(corners[1], corners[2]));
        weights[0].push((1.0 - low_to_mid) as f32);
        weights[1].push((low_to_mid - mid_to_high) as f32);
        weights[2].push(mid_to_high as f32);
    }
    weights
}
