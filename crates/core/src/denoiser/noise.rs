//! The noise in the form the gate needs, wherever it comes from.

use realfft::num_complex::Complex32;

use super::hum::HumStage;
use crate::config::{self, GAUSSIAN_LOG_STD_DB};
use crate::curve::ThresholdCurve;
use crate::gate::{log_bias_db, reference_db, tonality, tone_rise_db};
use crate::geometry::Geometry;
use crate::level::db_to_power;
use crate::profile::BinProfile;
use crate::settings::ProfileSource;
use crate::stft::{Stft, Transform};
use crate::unet::{FLOOR_POWER, print_power};

/// A channel of the noise input: analysed, never heard.
pub(super) struct NoiseChannel {
    pub(super) stft: Stft,
    pub(super) hop_in: Vec<f32>,
    pub(super) spectrum: Vec<Complex32>,
    pub(super) power: Vec<f32>,
    /// Power smoothed over [`config::SIDECHAIN_AVERAGE_S`].
    pub(super) averaged: Vec<f32>,
}

impl NoiseChannel {
    pub(super) fn new(transform: &Transform) -> Self {
        let n_bins = transform.geometry().n_bins();
        Self {
            stft: Stft::new(transform.clone()),
            hop_in: vec![0.0; transform.geometry().hop_len],
            spectrum: transform.make_spectrum(),
            power: vec![0.0; n_bins],
            averaged: vec![0.0; n_bins],
        }
    }

    pub(super) fn reset(&mut self) {
        self.stft.reset();
        self.hop_in.fill(0.0);
        self.averaged.fill(0.0);
    }

    pub(super) fn average(&mut self, keep: f32) {
        for (averaged, power) in self.averaged.iter_mut().zip(&self.power) {
            *averaged = *averaged * keep + *power * (1.0 - keep);
        }
    }
}

/// The noise of one channel in the form the gate needs.
pub(super) struct NoiseLevel {
    pub(super) captured: BinProfile,
    /// Captured standard deviation, smoothed over frequency, dB.
    pub(super) spread_db: Vec<f32>,
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
    pub(super) fn new(n_bins: usize, n_hum_bins: usize) -> Self {
        Self {
            captured: BinProfile::new(n_bins),
            spread_db: vec![0.0; n_bins],
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
    pub(super) fn use_captured(&mut self, key: &ThresholdKey, offsets_db: &[f32]) {
        let levels = self.captured.mean_db.iter().zip(&self.captured.std_db);
        for (bin_idx, (mean_db, std_db)) in levels.enumerate() {
            let threshold_db = mean_db + key.sensitivity * std_db + offsets_db[bin_idx];
            let reference_db = reference_db(threshold_db, *std_db, self.spread_db[bin_idx]);
            self.reference[bin_idx] = db_to_power(reference_db);
            self.threshold[bin_idx] = db_to_power(threshold_db - reference_db);
            self.tonality[bin_idx] = tonality(*std_db);
        }
        self.invert();
        print_power(&self.captured.mean_db, &mut self.print);
        for (bin_idx, bin) in self.with_hum.iter_mut().enumerate() {
            let (mean_db, std_db) = (self.captured.mean_db[bin_idx], self.captured.std_db[bin_idx]);
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
    pub(super) fn take_hum_out(&mut self, hum: &HumStage) {
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
    pub(super) fn use_mean_power(
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
pub(super) struct ThresholdKey {
    pub(super) source: ProfileSource,
    pub(super) sensitivity: f32,
    pub(super) curve: ThresholdCurve,
    pub(super) profile_count: u32,
}

/// Shift of the threshold per bin.
pub(super) struct Offsets {
    /// Logarithm of the frequency of each bin, so that a moving curve costs none.
    log_hz: Vec<f32>,
    db: Vec<f32>,
}

impl Offsets {
    pub(super) fn new(geometry: &Geometry) -> Self {
        let log_hz = |idx: usize| (idx as f64 * geometry.bin_hz()).max(1.0).ln() as f32;
        let log_hz: Vec<f32> = (0..geometry.n_bins()).map(log_hz).collect();
        Self { db: vec![0.0; log_hz.len()], log_hz }
    }

    /// Takes the shape of a curve.
    pub(super) fn follow(&mut self, curve: &ThresholdCurve) {
        curve.write(&self.log_hz, &mut self.db);
    }

    pub(super) fn db(&self) -> &[f32] {
        &self.db
    }
}

/// What sensitivity and offsets raise the noise by, as factors of its power: the way that the
/// threshold of steady noise goes.
pub(super) fn raise_noise(key: &ThresholdKey, offsets: &Offsets, raised: &mut [f32]) {
    let steady_db = (key.sensitivity - config::DEFAULT_SENSITIVITY) * config::GAUSSIAN_LOG_STD_DB;
    for (raised, offset_db) in raised.iter_mut().zip(offsets.db()) {
        *raised = db_to_power(steady_db + offset_db);
    }
}

/// Smooths over frequency with a triangle of `half_width` bins to each side; the ends repeat.
pub(super) fn average_spread(values: &[f32], half_width: usize, out: &mut [f32]) {
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
