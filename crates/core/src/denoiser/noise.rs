//! Stage 5: the noise in the form the engines need, wherever it comes from.

use realfft::num_complex::Complex32;

use super::StreamSpec;
use super::hops::Hops;
use super::hum::HumStage;
use super::print::{Print, PrintChannel};
use super::reference::{log_bias_db, reference_db, tonality, tone_rise_db};
use crate::config::{self, GAUSSIAN_LOG_STD_DB};
use crate::curve::ThresholdCurve;
use crate::follower::NoiseFollower;
use crate::geometry::Geometry;
use crate::level::db_to_power;
use crate::settings::{ProfileSource, Settings};
use crate::stft::{Stft, Transform};
use crate::unet::{FLOOR_POWER, print_power};

/// The noise of all channels.
pub(super) struct NoiseStage {
    channels: Vec<ChannelNoise>,
    input: Vec<InputChannel>,
    input_is_connected: bool,
    transform: Transform,
    /// Weight of the past in the level of the noise input.
    keep: f32,
    /// What the thresholds were computed from.
    key: Option<ThresholdKey>,
    source: ProfileSource,
    /// A capture put its print in the place of this source, for as long as the settings ask for it.
    overruled: Option<ProfileSource>,
    offsets: Offsets,
    raised: Vec<f32>,
}

/// The noise of one channel.
pub(super) struct ChannelNoise {
    pub(super) level: NoiseLevel,
    /// Knows it where there is no print.
    pub(super) follower: NoiseFollower,
}

impl ChannelNoise {
    pub(super) fn new(n_bins: usize, n_hum_bins: usize, hop_s: f64) -> Self {
        Self {
            level: NoiseLevel::new(n_bins, n_hum_bins),
            follower: NoiseFollower::new(n_bins, hop_s),
        }
    }

    /// Follows the noise of the newest frame, whose newest hop is `hop`.
    fn follow(&mut self, power: &[f32], hop: &[f32]) {
        let energy: f32 = hop.iter().map(|sample| sample * sample).sum();
        let is_silent = energy < db_to_power(config::SILENCE_DBFS) * hop.len() as f32;
        self.follower.follow(power, is_silent);
    }
}

impl NoiseStage {
    pub(super) fn new(spec: &StreamSpec, transform: &Transform, n_hum_bins: usize) -> Self {
        let geometry = transform.geometry();
        let (n_bins, hop_s) = (geometry.n_bins(), geometry.hop_s());
        let channel = || ChannelNoise::new(n_bins, n_hum_bins, hop_s);
        Self {
            channels: (0..spec.n_channels).map(|_| channel()).collect(),
            input: (0..spec.n_noise_channels).map(|_| InputChannel::new(transform)).collect(),
            input_is_connected: false,
            transform: transform.clone(),
            keep: (-hop_s / config::SIDECHAIN_AVERAGE_S).exp() as f32,
            key: None,
            source: ProfileSource::Adaptive,
            overruled: None,
            offsets: Offsets::new(geometry),
            raised: vec![0.0; n_bins],
        }
    }

    pub(super) fn reset(&mut self) {
        for channel in &mut self.channels {
            channel.follower.reset();
        }
        for channel in &mut self.input {
            channel.reset();
        }
        self.key = None;
        self.overruled = None;
    }

    /// A print came into force: it is used, whatever source the settings had when it was made.
    pub(super) fn prefer_print(&mut self, settings: &Settings) {
        let source = settings.profile_source;
        self.overruled = Some(source).filter(|source| *source != ProfileSource::Captured);
    }

    /// The source that the last print overruled, if it still does.
    pub(super) fn overruled(&self) -> Option<ProfileSource> {
        self.overruled
    }

    /// Tells whether the block at hand has a noise input.
    pub(super) fn connect(&mut self, is_connected: bool) {
        self.input_is_connected = is_connected && !self.input.is_empty();
    }

    pub(super) fn channels(&self) -> &[ChannelNoise] {
        &self.channels
    }

    /// Where the noise is known from in the newest frame.
    pub(super) fn source(&self) -> ProfileSource {
        self.source
    }

    /// The noise was known from a print in the last frame.
    pub(super) fn is_print_in_force(&self) -> bool {
        self.source == ProfileSource::Captured
    }

    /// What sensitivity and offsets multiply the power of the noise with, per bin.
    pub(super) fn raised(&self) -> &[f32] {
        &self.raised
    }

    /// Takes in the hop of the noise input.
    pub(super) fn analyse_input(&mut self, hops: &Hops) {
        if self.input_is_connected {
            for (channel, hop) in self.input.iter_mut().zip(hops.noise()) {
                channel.analyse(hop, &self.transform);
            }
        }
    }

    /// Brings mean power and threshold of every channel up to date.
    pub(super) fn update(
        &mut self,
        settings: &Settings,
        print: &Print,
        hum: &[HumStage],
        powers: &[Vec<f32>],
        hops: &Hops,
    ) {
        self.overruled = self.overruled.filter(|source| *source == settings.profile_source);
        self.source = self.source_for(settings, print);
        let (key, is_stale) = self.renew_thresholds(settings, print);
        let offsets_db = self.offsets.db();
        match self.source {
            ProfileSource::Captured => {
                for (idx, channel) in self.channels.iter_mut().enumerate() {
                    if is_stale {
                        channel.level.use_captured(&print.channels()[idx], &key, offsets_db);
                    }
                    channel.level.take_hum_out(&hum[idx]);
                }
            }
            ProfileSource::Adaptive => {
                for (idx, channel) in self.channels.iter_mut().enumerate() {
                    channel.follow(&powers[idx], hops.input(idx));
                    let mean_power = channel.follower.power();
                    channel.level.use_mean_power(mean_power, is_stale, &key, offsets_db);
                }
            }
            ProfileSource::Sidechain => {
                for input in &mut self.input {
                    input.average(self.keep);
                }
                for (idx, channel) in self.channels.iter_mut().enumerate() {
                    let from = &self.input[idx.min(self.input.len() - 1)];
                    channel.level.use_mean_power(&from.averaged, is_stale, &key, offsets_db);
                }
            }
        }
    }

    /// The source that the settings ask for, or what stands in for it.
    fn source_for(&self, settings: &Settings, print: &Print) -> ProfileSource {
        let wanted = match self.overruled {
            Some(_) => ProfileSource::Captured,
            None => settings.profile_source,
        };
        let without_input = match wanted {
            ProfileSource::Sidechain if self.input_is_connected => return ProfileSource::Sidechain,
            ProfileSource::Sidechain => ProfileSource::Captured,
            other => other,
        };
        match without_input {
            ProfileSource::Captured if !print.is_in_force() => ProfileSource::Adaptive,
            other => other,
        }
    }

    /// What the thresholds depend on, and whether it has changed since the last frame.
    fn renew_thresholds(&mut self, settings: &Settings, print: &Print) -> (ThresholdKey, bool) {
        let key = ThresholdKey {
            source: self.source,
            sensitivity: settings.sensitivity,
            curve: settings.curve,
            n_print_changes: print.n_changes(),
        };
        let is_stale = self.key != Some(key);
        if self.key.is_none_or(|old| old.curve != key.curve) {
            self.offsets.follow(&key.curve);
        }
        if is_stale {
            write_raised(&key, &self.offsets, &mut self.raised);
        }
        self.key = Some(key);
        (key, is_stale)
    }
}

/// A channel of the noise input: analysed, never heard.
struct InputChannel {
    stft: Stft,
    spectrum: Vec<Complex32>,
    power: Vec<f32>,
    /// Power smoothed over [`config::SIDECHAIN_AVERAGE_S`].
    averaged: Vec<f32>,
}

impl InputChannel {
    fn new(transform: &Transform) -> Self {
        let n_bins = transform.geometry().n_bins();
        Self {
            stft: Stft::new(transform.clone()),
            spectrum: transform.make_spectrum(),
            power: vec![0.0; n_bins],
            averaged: vec![0.0; n_bins],
        }
    }

    fn reset(&mut self) {
        self.stft.reset();
        self.averaged.fill(0.0);
    }

    fn analyse(&mut self, hop: &[f32], transform: &Transform) {
        self.stft.analyse(hop, &mut self.spectrum);
        transform.power(&self.spectrum, &mut self.power);
    }

    fn average(&mut self, keep: f32) {
        for (averaged, power) in self.averaged.iter_mut().zip(&self.power) {
            *averaged = *averaged * keep + *power * (1.0 - keep);
        }
    }
}

/// The noise of one channel in the form the gate needs.
pub(super) struct NoiseLevel {
    /// Reference level of the noise, power per 25 Hz.
    pub(super) reference: Vec<f32>,
    /// 1 / `reference`, kept away from infinity.
    pub(super) per_reference: Vec<f32>,
    /// Threshold over reference level.
    pub(super) threshold: Vec<f32>,
    /// Reference level over tracked mean power.
    pub(super) per_mean_power: Vec<f32>,
    /// Mean power per 25 Hz, captured or tracked, whatever the settings are: what the network wants.
    pub(super) print: Vec<f32>,
    /// How much each bin of the print is a tone, 0 to 1.
    pub(super) tonality: Vec<f32>,
    /// What was captured in the bins that hum can be in.
    with_hum: Vec<BinWithHum>,
}

/// A bin of a print, with whatever hum was captured.
#[derive(Clone, Copy, Default)]
struct BinWithHum {
    per_reference: f32,
    tonality: f32,
    /// How much higher the reference level is for being that of a tone.
    tone_rise: f32,
    print: f32,
    /// Mean power, also where a steady tone has no spread.
    power: f32,
}

impl NoiseLevel {
    fn new(n_bins: usize, n_hum_bins: usize) -> Self {
        Self {
            reference: vec![0.0; n_bins],
            per_reference: vec![0.0; n_bins],
            threshold: vec![0.0; n_bins],
            per_mean_power: vec![0.0; n_bins],
            print: vec![0.0; n_bins],
            tonality: vec![0.0; n_bins],
            with_hum: vec![BinWithHum::default(); n_hum_bins],
        }
    }

    /// Reference level and threshold from the captured statistics.
    fn use_captured(&mut self, print: &PrintChannel, key: &ThresholdKey, offsets_db: &[f32]) {
        let levels = &print.levels;
        for (bin_idx, (mean_db, std_db)) in levels.mean_db.iter().zip(&levels.std_db).enumerate() {
            let threshold_db = mean_db + key.sensitivity * std_db + offsets_db[bin_idx];
            let reference_db = reference_db(threshold_db, *std_db, print.spread_db[bin_idx]);
            self.reference[bin_idx] = db_to_power(reference_db);
            self.threshold[bin_idx] = db_to_power(threshold_db - reference_db);
            self.tonality[bin_idx] = tonality(*std_db);
        }
        self.invert();
        print_power(&levels.mean_db, &mut self.print);
        for (bin_idx, bin) in self.with_hum.iter_mut().enumerate() {
            let (mean_db, std_db) = (levels.mean_db[bin_idx], levels.std_db[bin_idx]);
            *bin = BinWithHum {
                per_reference: self.per_reference[bin_idx],
                tonality: self.tonality[bin_idx],
                tone_rise: db_to_power(tone_rise_db(std_db)),
                print: self.print[bin_idx],
                power: db_to_power(mean_db + log_bias_db(std_db)),
            };
        }
    }

    /// A print that was taken of hum and noise is one of the noise alone while hum is subtracted.
    fn take_hum_out(&mut self, hum: &HumStage) {
        let (hum_power, rest_power) = hum.powers();
        for (bin_idx, bin) in self.with_hum.iter().enumerate() {
            let power = bin.power.max(FLOOR_POWER);
            let share = (1.0 - hum_power[bin_idx] / power).max(rest_power[bin_idx] / power);
            let left = share.clamp(config::HUM_LEAST_LEFT, 1.0);
            // Without its tone a bin holds noise like any other.
            let is_tone = left.powi(8);
            let rise = bin.tone_rise / (1.0 + (bin.tone_rise - 1.0) * is_tone);
            self.per_reference[bin_idx] = bin.per_reference * rise / left;
            self.print[bin_idx] = bin.print * left;
            self.tonality[bin_idx] = bin.tonality * is_tone;
        }
    }

    /// The same for noise whose mean power is tracked and whose spread is taken to be Gaussian.
    fn use_mean_power(
        &mut self,
        mean_power: &[f32],
        is_stale: bool,
        key: &ThresholdKey,
        offsets_db: &[f32],
    ) {
        if is_stale {
            self.update_tracked_factors(key, offsets_db);
        }
        let bins = mean_power.iter().zip(&self.per_mean_power);
        for (reference, (power, factor)) in self.reference.iter_mut().zip(bins) {
            *reference = power * factor;
        }
        self.invert();
        self.print.copy_from_slice(mean_power);
    }

    /// What the settings make of a mean power of 1.
    fn update_tracked_factors(&mut self, key: &ThresholdKey, offsets_db: &[f32]) {
        let steady_db =
            key.sensitivity * config::GAUSSIAN_LOG_STD_DB - config::GAUSSIAN_LOG_BIAS_DB;
        let bins = self.threshold.iter_mut().zip(&mut self.per_mean_power).zip(offsets_db);
        for ((threshold, per_mean_power), offset_db) in bins {
            let threshold_db = steady_db + offset_db;
            let reference_db = reference_db(threshold_db, GAUSSIAN_LOG_STD_DB, GAUSSIAN_LOG_STD_DB);
            *per_mean_power = db_to_power(reference_db);
            *threshold = db_to_power(threshold_db - reference_db);
        }
    }

    fn invert(&mut self) {
        let least = db_to_power(config::MIN_LEVEL_DB);
        for (inverse, power) in self.per_reference.iter_mut().zip(&self.reference) {
            *inverse = 1.0 / power.max(least);
        }
    }
}

/// What the thresholds were computed from; they are computed again when it differs.
#[derive(Clone, Copy, PartialEq)]
struct ThresholdKey {
    source: ProfileSource,
    sensitivity: f32,
    curve: ThresholdCurve,
    n_print_changes: u32,
}

/// Shift of the threshold per bin.
struct Offsets {
    /// Logarithm of the frequency of each bin, so that a moving curve costs none.
    log_hz: Vec<f32>,
    db: Vec<f32>,
}

impl Offsets {
    fn new(geometry: &Geometry) -> Self {
        let log_hz = |idx: usize| (idx as f64 * geometry.bin_hz()).max(1.0).ln() as f32;
        let log_hz: Vec<f32> = (0..geometry.n_bins()).map(log_hz).collect();
        Self { db: vec![0.0; log_hz.len()], log_hz }
    }

    /// Takes the shape of a curve.
    fn follow(&mut self, curve: &ThresholdCurve) {
        curve.write(&self.log_hz, &mut self.db);
    }

    fn db(&self) -> &[f32] {
        &self.db
    }
}

/// What sensitivity and offsets raise the noise by, as factors of its power: the way that the
/// threshold of steady noise goes.
fn write_raised(key: &ThresholdKey, offsets: &Offsets, raised: &mut [f32]) {
    let steady_db = (key.sensitivity - config::DEFAULT_SENSITIVITY) * config::GAUSSIAN_LOG_STD_DB;
    for (raised, offset_db) in raised.iter_mut().zip(offsets.db()) {
        *raised = db_to_power(steady_db + offset_db);
    }
}
