//! What displays are told of the print: whether it still is what is heard between words.

use super::print::Print;
use super::reference::log_bias_db;
use crate::config;
use crate::follower::NoiseFollower;
use crate::geometry::Geometry;
use crate::level::{average, db_to_power};
use crate::quiet::{Bands, Levels, N_BANDS};

/// How the noise differs from the print in force.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NoiseChange {
    /// By how much it is louder, dB; negative where it is quieter.
    pub change_db: f32,
    /// From where on, Hz; nothing where it is so from the lowest frequency on.
    pub low_hz: Option<f32>,
    /// Up to where, Hz; nothing where it is so up to the highest.
    pub high_hz: Option<f32>,
}

/// Compares the print with the noise that is followed beside it.
pub(super) struct Fit {
    follower: NoiseFollower,
    bands: Bands,
    bin_hz: f32,
    /// Mean of the channels: what is heard, and the print.
    power: Vec<f32>,
    print: Vec<f32>,
    print_levels: Levels,
    /// How far the noise may be off, dB: a print of pulsing noise says less.
    tolerance_db: Levels,
    /// The print that this is about.
    n_print_changes: u32,
    /// Frames that sounded under it.
    n_frames: usize,
    /// How far the noise is off, smoothed.
    off_db: Levels,
    /// What is told.
    change: Option<NoiseChange>,
}

impl Fit {
    pub(super) fn new(geometry: &Geometry) -> Self {
        let n_bins = geometry.n_bins();
        Self {
            follower: NoiseFollower::new(n_bins, geometry.hop_s()),
            bands: Bands::new(geometry.bin_hz(), n_bins),
            bin_hz: geometry.bin_hz() as f32,
            power: vec![0.0; n_bins],
            print: vec![0.0; n_bins],
            print_levels: [0.0; N_BANDS],
            tolerance_db: [0.0; N_BANDS],
            n_print_changes: 0,
            n_frames: 0,
            off_db: [0.0; N_BANDS],
            change: None,
        }
    }

    pub(super) fn reset(&mut self) {
        self.follower.reset();
        self.n_frames = 0;
        self.off_db = [0.0; N_BANDS];
        self.change = None;
    }

    pub(super) fn change(&self) -> Option<NoiseChange> {
        self.change
    }

    /// Takes in the newest frame under a print that is in force.
    pub(super) fn watch(&mut self, print: &Print, powers: &[Vec<f32>], is_sounding: bool) {
        if self.n_print_changes != print.n_changes() {
            self.n_print_changes = print.n_changes();
            self.reset();
            self.learn(print);
        }
        average(powers.iter().map(|power| &**power), &mut self.power);
        self.follower.follow(&self.power, !is_sounding);
        if !is_sounding {
            return;
        }
        self.n_frames = self.n_frames.saturating_add(1);
        if self.n_frames.is_multiple_of(config::FIT_EVERY_FRAMES)
            && self.n_frames >= config::FIT_LEAST_FRAMES
        {
            self.compare();
        }
    }

    /// Keeps the levels of a new print.
    fn learn(&mut self, print: &Print) {
        let channels = print.channels();
        let share = 1.0 / channels.len() as f32;
        for (bin_idx, out) in self.print.iter_mut().enumerate() {
            let power = |levels: &crate::profile::BinProfile| {
                let std_db = levels.std_db[bin_idx];
                db_to_power(levels.mean_db[bin_idx] + log_bias_db(std_db))
            };
            *out = channels.iter().map(|channel| power(&channel.levels)).sum::<f32>() * share;
        }
        self.print_levels = self.bands.levels(|bin| self.print[bin]);
        for (band_idx, tolerance_db) in self.tolerance_db.iter_mut().enumerate() {
            let bins = self.bands.bins(band_idx);
            let n_values = (bins.len() * channels.len()) as f32;
            let spreads = channels.iter().map(|c| c.spread_db[bins.clone()].iter().sum::<f32>());
            let excess_db = spreads.sum::<f32>() / n_values - config::GAUSSIAN_LOG_STD_DB;
            *tolerance_db = config::FIT_DB + config::FIT_PER_SPREAD * excess_db.max(0.0);
        }
    }

    /// Brings up to date what is told.
    fn compare(&mut self) {
        let noise = self.follower.power();
        let heard = self.bands.levels(|bin| noise[bin]);
        let audible = |level_db: f32| level_db.max(config::FIT_LEAST_LEVEL_DB);
        for (off_db, (heard, print)) in
            self.off_db.iter_mut().zip(heard.iter().zip(&self.print_levels))
        {
            let newest_db = audible(*heard) - audible(*print);
            *off_db += config::FIT_RATE * (newest_db - *off_db);
        }
        self.change = self.widest();
    }

    /// The most of neighbouring bands that are off in one direction.
    fn widest(&self) -> Option<NoiseChange> {
        // What was told is told until it is clearly over.
        let ease = if self.change.is_some() { config::FIT_HYSTERESIS } else { 1.0 };
        let is_off =
            |band: usize, sign: f32| self.off_db[band] * sign > self.tolerance_db[band] * ease;
        let (mut best, mut best_sum) = (None, 0.0);
        for sign in [1.0, -1.0] {
            let mut first = 0;
            while first < N_BANDS {
                let n = (first..N_BANDS).take_while(|&band| is_off(band, sign)).count();
                let sum: f32 = self.off_db[first..first + n].iter().sum();
                if n >= config::FIT_LEAST_BANDS && sum.abs() > best_sum {
                    (best, best_sum) = (Some((first, first + n)), sum.abs());
                }
                first += n + 1;
            }
        }
        let (first, end) = best?;
        let off_db = &self.off_db[first..end];
        let edge_hz = |band: usize| self.bands.bins(band).start as f32 * self.bin_hz;
        Some(NoiseChange {
            change_db: off_db.iter().sum::<f32>() / off_db.len() as f32,
            low_hz: (first > 0).then(|| edge_hz(first)),
            high_hz: (end < N_BANDS).then(|| edge_hz(end)),
        })
    }
}
