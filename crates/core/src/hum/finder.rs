//! Whether there is hum, and at which frequency.

use core::f64::consts::TAU;

use realfft::num_complex::Complex32;

use crate::config;
use crate::level::Mean;

/// Keeps phases of silence from being divided by nothing.
const TINY: f32 = 1e-12;

/// Compares the phases of low bins with those of a while ago.
pub(super) struct Finder {
    bin_hz: f64,
    hop_s: f64,
    /// Share of a new frame in `turns`, once they are as old as their memory.
    share: f32,
    /// Low bins of the last [`config::HUM_LAG_FRAMES`] frames, as a ring.
    past: Vec<Vec<Complex32>>,
    newest: usize,
    /// By how much the phase of each bin moves on over the lag, on average: a unit vector where it
    /// is always by the same, and next to nothing where it is by chance.
    turns: Vec<Complex32>,
    /// The same over [`config::HUM_SHORT_LAG_FRAMES`].
    short_turns: Vec<Complex32>,
    n_frames: usize,
    sweep: Sweep,
}

/// The search under way.
#[derive(Clone, Copy, Default)]
struct Sweep {
    candidate: usize,
    best_hz: f64,
    best_score: f32,
}

impl Finder {
    pub(super) fn new(n_bins: usize, bin_hz: f64, hop_s: f64) -> Self {
        let n_low = ((config::HUM_SEARCH_HZ / bin_hz) as usize + 2).min(n_bins);
        Self {
            bin_hz,
            hop_s,
            share: (hop_s / config::HUM_FIND_S) as f32,
            past: vec![vec![Complex32::ZERO; n_low]; config::HUM_LAG_FRAMES],
            newest: 0,
            turns: vec![Complex32::ZERO; n_low],
            short_turns: vec![Complex32::ZERO; n_low],
            n_frames: 0,
            sweep: Sweep::default(),
        }
    }

    pub(super) fn reset(&mut self) {
        self.past.iter_mut().for_each(|bins| bins.fill(Complex32::ZERO));
        self.turns.fill(Complex32::ZERO);
        self.short_turns.fill(Complex32::ZERO);
        self.newest = 0;
        self.n_frames = 0;
        self.sweep = Sweep::default();
    }

    /// Takes in a frame.
    pub(super) fn push(&mut self, spectrum: &[Complex32]) {
        let n_past = self.past.len();
        self.newest = (self.newest + 1) % n_past;
        self.n_frames = (self.n_frames + 1).min(1 << 20);
        let n_compared = self.n_frames.saturating_sub(config::HUM_LAG_FRAMES);
        if n_compared > 0 {
            let share = self.share.max(1.0 / (n_compared + config::HUM_DOUBT_FRAMES) as f32);
            let a_while_ago = (self.newest + n_past - config::HUM_SHORT_LAG_FRAMES) % n_past;
            compare(spectrum, &self.past[self.newest], share, &mut self.turns);
            compare(spectrum, &self.past[a_while_ago], share, &mut self.short_turns);
        }
        let past = &mut self.past[self.newest];
        let n_low = past.len();
        past.copy_from_slice(&spectrum[..n_low]);
    }

    /// Judges the next few candidates; after the last one, tells the frequency of what is hum
    /// beyond doubt.
    pub(super) fn search(&mut self) -> Option<f64> {
        if self.n_frames < config::HUM_LEAST_FRAMES {
            return None;
        }
        for _ in 0..config::HUM_CANDIDATES_A_FRAME {
            let Some(hz) = candidate_hz(self.sweep.candidate) else {
                let found = core::mem::take(&mut self.sweep);
                return (found.best_score > config::HUM_THRESHOLD)
                    .then(|| self.refined(found.best_hz));
            };
            let score = self.score(hz);
            self.sweep.candidate += 1;
            if score > self.sweep.best_score {
                (self.sweep.best_score, self.sweep.best_hz) = (score, hz);
            }
        }
        None
    }

    /// Mean squared agreement of the harmonics. A note that is held on one of them brings its
    /// overtones along, every third harmonic for instance; so those that are no overtones have to
    /// agree as well.
    fn score(&self, hz: f64) -> f32 {
        let mut all = Mean::default();
        let mut others = [Mean::default(); config::HUM_OVERTONE_STEPS.len()];
        self.each_harmonic(hz, |harmonic, agreement| {
            let (order, squared) = (harmonic as u32, f64::from(agreement.re.max(0.0).powi(2)));
            all.add(squared);
            for (others, step) in others.iter_mut().zip(config::HUM_OVERTONE_STEPS) {
                if order % step != 0 {
                    others.add(squared);
                }
            }
        });
        others.iter().map(Mean::value).fold(all.value(), f64::min) as f32
    }

    /// The frequency at which the phases that agree do so best: a weighted straight line through
    /// them.
    fn refined(&self, mut hz: f64) -> f64 {
        for _ in 0..3 {
            let (mut turned, mut weights) = (0.0, 1e-9);
            self.each_harmonic(hz, |harmonic, agreement| {
                let weight = f64::from(agreement.re.max(0.0).powi(4));
                turned += weight * harmonic * f64::from(agreement.arg());
                weights += weight * harmonic * harmonic;
            });
            hz += turned / weights / (TAU * config::HUM_LAG_FRAMES as f64 * self.hop_s);
        }
        hz
    }

    /// Calls `look` with each harmonic of `hz` and how its bin turns, against how it should. A tone
    /// 9 Hz beside the harmonic turns as it should over the long lag; over the short one it does
    /// not.
    fn each_harmonic(&self, hz: f64, mut look: impl FnMut(f64, Complex32)) {
        let step_of = |n_frames: usize| {
            let turn = (TAU * (hz * n_frames as f64 * self.hop_s).fract()) as f32;
            Complex32::from_polar(1.0, -turn)
        };
        let (step, short_step) =
            (step_of(config::HUM_LAG_FRAMES), step_of(config::HUM_SHORT_LAG_FRAMES));
        let (mut harmonic, mut expected, mut short_expected) = (1.0, step, short_step);
        while harmonic * hz < config::HUM_SEARCH_HZ {
            let bin_idx = (harmonic * hz / self.bin_hz).round() as usize;
            let (Some(turn), Some(short)) =
                (self.turns.get(bin_idx), self.short_turns.get(bin_idx))
            else {
                break;
            };
            let is_near = (short * short_expected).re > 0.0;
            look(harmonic, if is_near { turn * expected } else { Complex32::ZERO });
            expected *= step;
            short_expected *= short_step;
            harmonic += 1.0;
        }
    }
}

/// Takes the turn of every bin from `then` to `now` into a mean.
fn compare(now: &[Complex32], then: &[Complex32], share: f32, turns: &mut [Complex32]) {
    for (turn, (now, then)) in turns.iter_mut().zip(now.iter().zip(then)) {
        let product = now * then.conj();
        let unit = product / (product.norm_sqr().sqrt() + TINY);
        *turn += (unit - *turn) * share;
    }
}

/// Frequencies around that of the mains, one after the other.
fn candidate_hz(idx: usize) -> Option<f64> {
    let n_steps = (2.0 * config::HUM_RANGE / config::HUM_STEP).round() as usize + 1;
    let mains_hz = config::HUM_MAINS_HZ.get(idx / n_steps)?;
    Some(mains_hz * (1.0 - config::HUM_RANGE + (idx % n_steps) as f64 * config::HUM_STEP))
}
