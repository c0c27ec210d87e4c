//! The harmonics of hum that was found: amplitude, phase and frequency, followed under whatever
//! else sounds.

use core::f64::consts::TAU;
use std::sync::Arc;

use realfft::num_complex::Complex32;

use super::Hum;
use super::response::Response;
use crate::config;

/// Keeps ratios of silence finite; a power far below anything audible.
const TINY: f32 = 1e-20;

/// One harmonic.
#[derive(Clone, Copy, Default)]
struct Line {
    /// Amplitude and phase at the start of the frame.
    tone: Complex32,
    /// Power in the line's bin as an amplitude squared, over the last frames.
    level: f32,
    /// The same over a second, and over two frames.
    slow_level: f32,
    fast_level: f32,
    /// Mean cosine between the bin's phase and the line's.
    steadiness: f32,
}

impl Line {
    /// How much of the line is taken away: nothing that is not steady, and never more than is
    /// there.
    fn share(&self) -> f32 {
        let (from, width) = config::HUM_STEADY;
        let steady = ((self.steadiness - from) / width).clamp(0.0, 1.0);
        // When it stops, its inverse must not go on sounding; a note that weakens it for a frame is
        // no stop.
        let heard = self.level.min(4.0 * self.fast_level);
        steady * (heard / (self.tone.norm_sqr() + TINY)).sqrt().min(1.0)
    }

    /// Takes in what its bin holds.
    fn hear(&mut self, heard: Complex32, rate: f32) {
        let power = heard.norm_sqr();
        self.fast_level += (power - self.fast_level) * rate.max(0.5);
        self.level += (power - self.level) * rate.max(0.2);
        self.slow_level += (power - self.slow_level) * rate.max(0.01);
    }

    /// Whether what its bin holds is in phase with it.
    fn judge(&mut self, error: Complex32, rate: f32) {
        let along = (self.tone + error) * self.tone.conj();
        let cosine = along.re / (along.norm_sqr().sqrt() + TINY);
        self.steadiness += (cosine - self.steadiness) * rate;
    }

    /// By how much the error would turn it, in radians; little where something louder made the
    /// error.
    fn turn(&self, error: Complex32) -> f32 {
        let others = config::HUM_CAUTION * error.norm_sqr();
        (error * self.tone.conj()).im / (self.tone.norm_sqr() + others + TINY)
    }

    /// Moves it towards what its bin holds, little where that is something louder.
    fn learn(&mut self, error: Complex32, rate: f32) {
        let power = self.tone.norm_sqr();
        let others = config::HUM_CAUTION * error.norm_sqr();
        let own = power + config::HUM_GROWTH * self.slow_level + TINY;
        // A bin that holds less than the line: it has stopped.
        let has_stopped = self.level < 0.25 * power;
        let learned = rate / (1.0 + others / own);
        self.tone += error * if has_stopped { 0.1 } else { learned };
    }
}

/// Shares of a frame in what is known: large while little is.
struct Pace {
    is_starting: bool,
    /// In amplitude and phase.
    learning: f32,
    /// In steadiness.
    judging: f32,
}

impl Pace {
    fn at(age: usize, hop_s: f64) -> Self {
        let n_judged = age.saturating_sub(config::HUM_START_FRAMES) as f32;
        Self {
            is_starting: age <= config::HUM_START_FRAMES,
            learning: config::HUM_RATE.max(1.0 / age as f32),
            judging: ((hop_s / config::HUM_STEADY_S) as f32).max(1.0 / (n_judged + 10.0)),
        }
    }
}

/// All harmonics.
pub(super) struct Comb {
    bin_hz: f64,
    hop_s: f64,
    n_bins: usize,
    response: Arc<Response>,
    /// Frequency of the first harmonic, Hz; 0 while there is no hum.
    hz: f64,
    lines: Vec<Line>,
    /// Lines in use.
    n_lines: usize,
    /// Frames since the start.
    age: usize,
    /// Frames in a row without a steady line.
    n_lost: usize,
}

impl Comb {
    pub(super) fn new(n_bins: usize, bin_hz: f64, hop_s: f64, response: &Arc<Response>) -> Self {
        let top_bin = (config::HUM_TOP_HZ / bin_hz) as usize;
        let lowest_hz = config::HUM_MAINS_HZ[0] * (1.0 - 2.0 * config::HUM_RANGE);
        let most_lines = (config::HUM_TOP_HZ / lowest_hz) as usize + 1;
        Self {
            bin_hz,
            hop_s,
            n_bins: (top_bin + config::HUM_REACH_BINS + 1).min(n_bins),
            response: Arc::clone(response),
            hz: 0.0,
            lines: vec![Line::default(); most_lines],
            n_lines: 0,
            age: 0,
            n_lost: 0,
        }
    }

    pub(super) fn n_bins(&self) -> usize {
        self.n_bins
    }

    pub(super) fn is_running(&self) -> bool {
        self.n_lines > 0
    }

    pub(super) fn stop(&mut self) {
        self.n_lines = 0;
    }

    /// What is followed, once a line of it is taken away.
    pub(super) fn followed(&self) -> Option<Hum> {
        let lines = &self.lines[..self.n_lines];
        let bit = |(idx, line): (usize, &Line)| u64::from(line.share() > 0.5) << idx;
        let steady = lines.iter().enumerate().map(bit).fold(0, |all, bit| all | bit);
        (steady > 0).then_some(Hum { hz: self.hz as f32, steady })
    }

    /// Begins with a frequency and no idea of the amplitudes.
    pub(super) fn start(&mut self, hz: f64) {
        let top_hz = config::HUM_TOP_HZ.min((self.n_bins - 1) as f64 * self.bin_hz);
        self.n_lines = ((top_hz / hz) as usize).min(self.lines.len());
        self.hz = hz;
        self.lines.fill(Line::default());
        self.age = 0;
        self.n_lost = 0;
    }

    /// Takes in a frame and writes its hum.
    pub(super) fn follow(&mut self, spectrum: &[Complex32], hum: &mut [Complex32]) {
        self.age += 1;
        self.advance();
        hum.fill(Complex32::ZERO);
        self.add_up(|_| 1.0, hum);
        self.correct(spectrum, hum);
        hum.fill(Complex32::ZERO);
        self.add_up(Line::share, hum);
        self.give_up_if_lost();
    }

    /// Stage 1: every line turns by what it turns in a hop.
    fn advance(&mut self) {
        let turn = (TAU * (self.hz * self.hop_s).fract()) as f32;
        let step = Complex32::from_polar(1.0, turn);
        let mut turned = step;
        for line in &mut self.lines[..self.n_lines] {
            line.tone *= turned;
            turned *= step;
        }
    }

    /// Stages 2 and 4: adds what shares of the lines leave in the bins.
    fn add_up(&self, share: impl Fn(&Line) -> f32, hum: &mut [Complex32]) {
        for (idx, line) in self.lines[..self.n_lines].iter().enumerate() {
            let tone = line.tone * share(line);
            if tone == Complex32::ZERO {
                continue;
            }
            let at_bin = self.place(idx);
            let nearest = at_bin.round() as isize;
            let reach = config::HUM_REACH_BINS as isize;
            for bin_idx in nearest - reach..=nearest + reach {
                let part = tone * self.response.at(at_bin - bin_idx as f32);
                // Below 0 Hz begins the mirror image of what is above.
                if let Some(sum) = hum.get_mut(bin_idx.unsigned_abs()) {
                    *sum += if bin_idx < 0 { part.conj() } else { part };
                    if bin_idx == 0 {
                        *sum += part.conj();
                    }
                }
            }
        }
    }

    /// Where a line stands, in bins.
    fn place(&self, line_idx: usize) -> f32 {
        ((line_idx + 1) as f64 * self.hz / self.bin_hz) as f32
    }

    /// Stage 3: what is left of the frame without `hum` tells by how much lines and frequency were
    /// wrong.
    fn correct(&mut self, spectrum: &[Complex32], hum: &[Complex32]) {
        let pace = Pace::at(self.age, self.hop_s);
        let (mut turned, mut weights) = (0.0, 0.0);
        for idx in 0..self.n_lines {
            let at_bin = self.place(idx);
            let bin_idx = at_bin.round() as usize;
            // The frequency may have drifted past the last bin.
            let (Some(bin), Some(hum)) = (spectrum.get(bin_idx), hum.get(bin_idx)) else { break };
            let error = (bin - hum) / self.response.at(at_bin - bin_idx as f32);
            let line = &mut self.lines[idx];
            line.hear(line.tone + error, pace.learning);
            if pace.is_starting {
                line.tone += error * pace.learning;
                continue;
            }
            line.judge(error, pace.judging);
            let harmonic = (idx + 1) as f32;
            let weight = harmonic * harmonic * line.steadiness.max(0.0).powi(4);
            turned += weight * line.turn(error) / harmonic;
            weights += weight;
            line.learn(error, pace.learning);
        }
        // Critically damped with the lines' own rate; slower while few lines are sure.
        let turn = pace.learning * pace.learning * turned / weights.max(1.0);
        self.hz += f64::from(turn) / (TAU * self.hop_s);
    }

    /// Stage 5: hum that ended, or that never was.
    fn give_up_if_lost(&mut self) {
        let is_steady = self.lines[..self.n_lines].iter().any(|line| line.share() > 0.5);
        self.n_lost = if is_steady { 0 } else { self.n_lost + 1 };
        let is_near = |mains_hz: &f64| (self.hz / mains_hz - 1.0).abs() < 2.0 * config::HUM_RANGE;
        if self.n_lost > config::HUM_LOST_FRAMES || !config::HUM_MAINS_HZ.iter().any(is_near) {
            self.stop();
        }
    }
}
