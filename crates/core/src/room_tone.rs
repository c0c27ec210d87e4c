//! Room tone: what is left of the noise stays at one level, where it would come and go with words.
//!
//! Noise that is turned down by a mask is not steady any more: in pauses the mask twinkles, at
//! first by a lot and then by less. So where nothing but noise is, gains are pulled to the one that
//! brings the noise to the level asked for, in its own colour; and no gain is less than that one.

use crate::config;
use crate::level::db_to_gain;
use crate::mask::deepest_gain;
use crate::ring::Ring;
use crate::settings::Settings;
use crate::smoothing::{BoxAverage, half_width_bins};

/// Keeps ratios to silence finite; a power far below anything audible.
const TINY: f32 = 1e-20;

/// The room tone of one lane.
pub(crate) struct RoomTone {
    /// Power over the mean power of the noise, of the last `look-ahead + 1` frames.
    ratios: Ring<f32>,
    average: BoxAverage,
    radius: usize,
    /// Ratio around each bin, over a few frames.
    heard: Vec<f32>,
    /// What the gains leave of it.
    kept: Vec<f32>,
    scratch: Vec<f32>,
    neighbourhood: Vec<f32>,
    /// Part of each bin in what is heard: by the width of the ear's bands, 1 in sum.
    weights: Vec<f32>,
    /// How surely there is sound in the frame, 0 to 1.
    sound: f32,
    is_running: bool,
}

/// Whether there is any.
pub(crate) fn is_on(settings: &Settings) -> bool {
    settings.room_tone_db > config::ROOM_TONE_OFF_DB
}

impl RoomTone {
    pub(crate) fn new(n_bins: usize, bin_hz: f32, look_ahead_frames: usize) -> Self {
        let zeros = || vec![0.0; n_bins];
        Self {
            ratios: Ring::new(look_ahead_frames + 1, zeros()),
            average: BoxAverage::new(n_bins),
            radius: half_width_bins(config::ROOM_TONE_REACH_HZ, bin_hz),
            heard: zeros(),
            kept: zeros(),
            scratch: zeros(),
            neighbourhood: zeros(),
            weights: weights(n_bins, bin_hz),
            sound: 0.0,
            is_running: false,
        }
    }

    /// Makes it start anew when it is needed next.
    pub(crate) fn rest(&mut self) {
        self.is_running = false;
    }

    /// Goes on from where another one is.
    pub(crate) fn continue_from(&mut self, other: &Self) {
        self.ratios.continue_from(&other.ratios);
        self.heard.copy_from_slice(&other.heard);
        self.kept.copy_from_slice(&other.kept);
        self.sound = other.sound;
        self.is_running = other.is_running;
    }

    /// Takes in the newest frame, power and mean power of the noise per 25 Hz, and holds the gains
    /// of the one that is due.
    pub(crate) fn hold(
        &mut self,
        settings: &Settings,
        power: &[f32],
        noise: &[f32],
        gain: &mut [f32],
    ) {
        self.hear(power, noise);
        self.follow(gain);
        self.find_sound();
        self.pull(settings, gain);
    }

    fn hear(&mut self, power: &[f32], noise: &[f32]) {
        if !self.is_running {
            self.start();
        }
        let newest = self.ratios.advance();
        for (ratio, (power, noise)) in newest.iter_mut().zip(power.iter().zip(noise)) {
            *ratio = (power / noise.max(TINY)).min(config::ROOM_TONE_MOST);
        }
    }

    /// Nothing is known of the frames before: they are taken for the noise itself.
    fn start(&mut self) {
        self.ratios.fill(1.0);
        self.heard.fill(1.0);
        self.kept.fill(0.0);
        self.sound = 0.0;
        self.is_running = true;
    }

    /// Follows what is heard and what the gains leave of it, around each bin.
    fn follow(&mut self, gain: &[f32]) {
        let ratios = self.ratios.oldest();
        self.average.smooth(ratios, self.radius, &mut self.neighbourhood);
        follow(&mut self.heard, &self.neighbourhood);
        for (kept, (ratio, gain)) in self.scratch.iter_mut().zip(ratios.iter().zip(gain)) {
            *kept = gain * gain * ratio;
        }
        self.average.smooth(&self.scratch, self.radius, &mut self.neighbourhood);
        follow(&mut self.kept, &self.neighbourhood);
    }

    /// Follows how surely there is sound: in more of the ear's bands than a mask opens by mistake.
    fn find_sound(&mut self) {
        let bins = self.kept.iter().zip(&self.weights);
        let share: f32 =
            bins.map(|(kept, weight)| weight * step(kept / config::ROOM_TONE_TRACE)).sum();
        let relative = share / config::ROOM_TONE_SHARE;
        self.sound = step(relative * relative).max(self.sound * config::ROOM_TONE_FADE);
    }

    /// Pulls gains to that of the tone where there is no sound, and lifts those that are less. What
    /// amount and reduction leave is left.
    fn pull(&self, settings: &Settings, gain: &mut [f32]) {
        let (tone, deepest) = (db_to_gain(settings.room_tone_db), deepest_gain(settings));
        for (gain, (heard, kept)) in gain.iter_mut().zip(self.heard.iter().zip(&self.kept)) {
            let of_tone = (tone / heard.max(config::ROOM_TONE_LEAST).sqrt()).min(1.0);
            let presence = step(kept / config::ROOM_TONE_SOUND).max(self.sound);
            let excess = (*gain - of_tone).max(0.0);
            *gain = (of_tone + presence * excess).max(deepest);
        }
    }
}

/// From 0 to 1, and a half at 1.
fn step(x: f32) -> f32 {
    let squared = x * x;
    squared / (1.0 + squared)
}

/// Lets `followed` come half of the way, or whatever the constant says, to `values`.
fn follow(followed: &mut [f32], values: &[f32]) {
    for (followed, value) in followed.iter_mut().zip(values) {
        // A difference of sums can be a little less than nothing.
        let value = value.max(0.0);
        *followed = value + config::ROOM_TONE_MEMORY * (*followed - value);
    }
}

/// The ear's bands are 25 Hz wide at the bottom and grow with frequency (Glasberg and Moore, 1990).
fn weights(n_bins: usize, bin_hz: f32) -> Vec<f32> {
    let of_bin = |bin_idx: usize| 1.0 / (1.0 + 4.37e-3 * bin_hz * bin_idx as f32);
    let total: f32 = (0..n_bins).map(of_bin).sum();
    (0..n_bins).map(|bin_idx| of_bin(bin_idx) / total).collect()
}
