//! The rule by which stretches are chosen, for recordings and for the last seconds of a stream.
//!
//! Where only noise sounds, every band is at its quietest and none moves. So each half second gets
//! a cost: its mean level over the bands plus twice how much the bands move; the cheapest stretches
//! are taken.

use core::ops::Range;

/// Time between two looks at the sound, seconds.
pub(crate) const STEP_S: f64 = 0.02;
/// Steps in a stretch: half a second, enough to learn from.
pub(crate) const STRETCH_STEPS: usize = 25;
/// Bands of a look, equally wide on a logarithmic scale.
pub(crate) const N_BANDS: usize = 16;
/// Noise below this level needs no print, dBFS: half a bit of 16. A sound that begins with such
/// (the dither of a fade, an idle converter) may go on with noise that is heard.
pub(crate) const INAUDIBLE_DBFS: f32 = -80.0;

/// Distance of two stretches that are compared, steps.
const STRIDE_STEPS: usize = 5;
/// From where to where the bands go, Hz; the last ends at Nyquist where that is lower.
const RANGE_HZ: (f64, f64) = (80.0, 16_000.0);
/// Weight of the movement of a band against its level.
const MOVEMENT_WEIGHT: f32 = 2.0;
/// A further stretch may cost so much more than the cheapest, dB.
const TOLERANCE_DB: f32 = 2.0;
/// No more noise than this is looked for, seconds.
pub(crate) const ENOUGH_S: f64 = 4.0;
/// Bands below this level are digital silence, dB; an edited file may hold some.
const SILENCE_DB: f32 = -160.0;

/// Levels of the bands at one step, dB.
pub(crate) type Levels = [f32; N_BANDS];

/// Which bins are in which band.
#[derive(Clone, Debug)]
pub(crate) struct Bands {
    /// First bin of every band, and the end of the last.
    edges: [usize; N_BANDS + 1],
}

impl Bands {
    /// For bins so far apart, the last of them at the Nyquist frequency.
    pub(crate) fn new(bin_hz: f64, n_bins: usize) -> Self {
        let (low_hz, high_hz) = (RANGE_HZ.0, RANGE_HZ.1.min(bin_hz * (n_bins - 1) as f64));
        let edges = core::array::from_fn(|idx| {
            let hz = low_hz * (high_hz / low_hz).max(1.0).powf(idx as f64 / N_BANDS as f64);
            ((hz / bin_hz) as usize).min(n_bins - 1)
        });
        Self { edges }
    }

    /// The bins of a band.
    pub(crate) fn bins(&self, band_idx: usize) -> Range<usize> {
        let (first, end) = (self.edges[band_idx], self.edges[band_idx + 1]);
        first..end.max(first + 1)
    }

    /// Levels of the bands, from the power of a bin.
    pub(crate) fn levels(&self, power_of: impl Fn(usize) -> f32) -> Levels {
        core::array::from_fn(|band_idx| {
            let bins = self.bins(band_idx);
            let n_bins = bins.len() as f32;
            let power = bins.map(&power_of).sum::<f32>() / n_bins;
            10.0 * power.max(1e-20).log10()
        })
    }
}

/// Looks for stretches; allocates only where a sound has more steps than it was made for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Search {
    /// Cost and first step.
    candidates: Vec<(f32, usize)>,
    starts: Vec<usize>,
}

impl Search {
    /// Ready for so many steps.
    pub(crate) fn with_capacity(n_steps: usize) -> Self {
        let n_enough = (ENOUGH_S / STEP_S) as usize / STRETCH_STEPS;
        Self {
            candidates: Vec::with_capacity(n_steps / STRIDE_STEPS + 1),
            starts: Vec::with_capacity(n_enough),
        }
    }

    /// The first steps of the cheapest stretches that do not overlap, in the order of time.
    pub(crate) fn run<'a>(
        &mut self,
        n_steps: usize,
        levels_at: impl Fn(usize) -> &'a Levels,
    ) -> &[usize] {
        self.candidates.clear();
        self.starts.clear();
        let n_starts = (n_steps + 1).saturating_sub(STRETCH_STEPS);
        let candidates = (0..n_starts).step_by(STRIDE_STEPS);
        self.candidates
            .extend(candidates.filter_map(|start| {
                Some((cost(start..start + STRETCH_STEPS, &levels_at)?, start))
            }));
        self.candidates.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let Some(&(best, _)) = self.candidates.first() else { return &[] };
        let enough = (ENOUGH_S / STEP_S) as usize / STRETCH_STEPS;
        for &(cost, start) in &self.candidates {
            if cost > best + TOLERANCE_DB || self.starts.len() == enough {
                break;
            }
            if self.starts.iter().all(|other| other.abs_diff(start) >= STRETCH_STEPS) {
                self.starts.push(start);
            }
        }
        self.starts.sort_unstable();
        &self.starts
    }
}

/// Level plus movement; nothing for a stretch that holds digital silence.
fn cost<'a>(steps: Range<usize>, levels_at: &impl Fn(usize) -> &'a Levels) -> Option<f32> {
    let n = steps.len() as f32;
    let (mut level, mut movement) = (0.0, 0.0);
    for step in steps.clone() {
        let step_level = levels_at(step).iter().sum::<f32>() / N_BANDS as f32;
        if step_level < SILENCE_DB {
            return None;
        }
        level += step_level / n;
    }
    for band_idx in 0..N_BANDS {
        let of_band = || steps.clone().map(|step| levels_at(step)[band_idx]);
        let mean = of_band().sum::<f32>() / n;
        let variance = of_band().map(|level| (level - mean).powi(2)).sum::<f32>() / n;
        movement += variance.sqrt() / N_BANDS as f32;
    }
    Some(level + MOVEMENT_WEIGHT * movement)
}
