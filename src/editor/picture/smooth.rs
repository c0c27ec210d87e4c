//! Curves that an eye can follow: without cusps where a column shows no bin of its own, without
//! flicker where it shows many.

use quell_core::config::PROFILE_BIN_HZ;

use crate::columns::{MIN_HZ, N_COLUMNS, columns};

/// One value a column.
pub(in crate::editor) type Levels = [f32; N_COLUMNS];

/// Weights of a column and of its neighbours at either side, where all are drawn evenly: a sixth of
/// an octave in all.
const WEIGHTS: [f32; 3] = [3.0 / 9.0, 2.0 / 9.0, 1.0 / 9.0];
/// Columns over which the evenness comes in.
const FADE: f32 = 8.0;

/// A bin, or a few of them, and the column that shows it.
#[derive(Clone, Copy, Debug)]
struct Knot {
    column: usize,
    /// Where its frequency lies, in columns; the middle of the first is 0.
    place: f32,
}

/// How the columns up to a frequency lie to the bins.
#[derive(Clone, Debug)]
pub(in crate::editor) struct Smooth {
    max_hz: f32,
    /// Bins in the columns below `n_sparse`, and the first two above.
    knots: Vec<Knot>,
    /// Up to here there are columns between bins.
    n_sparse: usize,
}

impl Smooth {
    pub(in crate::editor) fn new(max_hz: f32) -> Self {
        let bin_hz = PROFILE_BIN_HZ as f32;
        let n_bins = (max_hz / bin_hz) as usize + 1;
        let place_of = |bin: f32| {
            let share = (bin * bin_hz / MIN_HZ).ln() / (max_hz / MIN_HZ).ln();
            share * N_COLUMNS as f32 - 0.5
        };
        let mut knots = Vec::new();
        let mut n_sparse = 0;
        for (column, shown) in columns(max_hz, bin_hz, n_bins).enumerate() {
            let bins = shown.bins();
            if bins.is_empty() {
                n_sparse = column + 1;
            } else {
                let middle = (bins.start + bins.end - 1) as f32 / 2.0;
                knots.push(Knot { column, place: place_of(middle) });
            }
        }
        let n_below = knots.iter().filter(|knot| knot.column < n_sparse).count();
        knots.truncate(n_below + 2);
        Self { max_hz, knots, n_sparse }
    }

    /// Follows a stream of another rate.
    pub(in crate::editor) fn follow(&mut self, max_hz: f32) {
        if self.max_hz != max_hz {
            *self = Self::new(max_hz);
        }
    }

    /// Powers as levels that can be drawn, dB.
    pub(in crate::editor) fn levels(&self, powers: &Levels) -> Levels {
        let mut levels_db = self.even(powers).map(super::analysis::db);
        self.through_bins(&mut levels_db);
        levels_db
    }

    /// The same for what is in dB already.
    pub(in crate::editor) fn even_levels(&self, levels_db: &mut Levels) {
        *levels_db = self.even(levels_db);
        self.through_bins(levels_db);
    }

    /// Draws the columns between bins anew: a curve that goes through the bins at their own
    /// frequencies, rises where they rise and falls where they fall.
    pub(in crate::editor) fn through_bins(&self, levels: &mut Levels) {
        let knots = &self.knots;
        if knots.len() < 2 {
            return;
        }
        let at: Vec<(f32, f32)> =
            knots.iter().map(|knot| (knot.place, levels[knot.column])).collect();
        let slopes = slopes(&at);
        let mut next = 1;
        for (column, level) in levels[..self.n_sparse].iter_mut().enumerate() {
            let place = column as f32;
            while next + 1 < at.len() && at[next].0 < place {
                next += 1;
            }
            let ends = [(at[next - 1], slopes[next - 1]), (at[next], slopes[next])];
            *level = hermite(ends, place);
        }
    }

    /// Evens out what columns with several bins show: there noise flickers, and no tone is lost, as
    /// what a column loses its neighbours gain.
    fn even(&self, values: &Levels) -> Levels {
        let mut evened = *values;
        for (column, value) in evened.iter_mut().enumerate().skip(self.n_sparse) {
            let share = ((column - self.n_sparse) as f32 / FADE).min(1.0);
            let of = |away: isize| {
                let beside = column.saturating_add_signed(away);
                values[beside.clamp(self.n_sparse, N_COLUMNS - 1)]
            };
            let sides = (1..=2).map(|away| WEIGHTS[away as usize] * (of(away) + of(-away)));
            let mean = WEIGHTS[0] * *value + sides.sum::<f32>();
            *value += share * (mean - *value);
        }
        evened
    }
}

/// The slope at every knot such that no curve between two of them leaves their range (Steffen
/// 1990); level at the first, below which there is nothing.
fn slopes(at: &[(f32, f32)]) -> Vec<f32> {
    let secant = |idx: usize| (at[idx + 1].1 - at[idx].1) / (at[idx + 1].0 - at[idx].0);
    let width = |idx: usize| at[idx + 1].0 - at[idx].0;
    let inner = |idx: usize| {
        let (before, after) = (secant(idx - 1), secant(idx));
        let (left, right) = (width(idx - 1), width(idx));
        let mean = (before * right + after * left) / (left + right);
        let least = before.abs().min(after.abs()).min(0.5 * mean.abs());
        (before.signum() + after.signum()) * least
    };
    let last = at.len() - 1;
    let slope = |idx: usize| match idx {
        0 => 0.0,
        idx if idx == last => secant(idx - 1),
        idx => inner(idx),
    };
    (0..at.len()).map(slope).collect()
}

/// The cubic between two points with their slopes; level before the first.
fn hermite([((x0, y0), m0), ((x1, y1), m1)]: [((f32, f32), f32); 2], x: f32) -> f32 {
    let width = x1 - x0;
    let t = ((x - x0) / width).clamp(0.0, 1.0);
    let (a, b) = (m0 * width, m1 * width);
    let rise = y1 - y0;
    // Written as a distance from the first point, so that equal points give exactly their level.
    y0 + t * (a + t * (3.0 * rise - 2.0 * a - b + t * (a + b - 2.0 * rise)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Levels as the feed shows bins: the bin's own where a column has one, a line between else.
    fn shown(smooth: &Smooth, of_bin: impl Fn(usize) -> f32) -> Levels {
        let n_bins = (smooth.max_hz / 25.0) as usize + 1;
        let mut levels = columns(smooth.max_hz, 25.0, n_bins).map(|column| column.mean(&of_bin));
        std::array::from_fn(|_| levels.next().unwrap())
    }

    #[test]
    fn the_bass_goes_through_its_bins_and_never_beyond_them() {
        for max_hz in [4_000.0, 22_050.0, 24_000.0] {
            let smooth = Smooth::new(max_hz);
            let of_bin = |bin: usize| -60.0 - 23.0 * ((bin * 7 % 5) as f32) + bin as f32 * 0.1;
            let mut levels = shown(&smooth, of_bin);
            let before = levels;
            smooth.through_bins(&mut levels);
            let at: Vec<_> = smooth.knots.iter().map(|k| (k.place, before[k.column])).collect();
            let slopes = slopes(&at);
            for idx in 1..at.len() {
                let ends = [(at[idx - 1], slopes[idx - 1]), (at[idx], slopes[idx])];
                assert!((hermite(ends, at[idx].0) - at[idx].1).abs() < 1e-3, "through the bin");
                let (low, high) = (at[idx - 1].1.min(at[idx].1), at[idx - 1].1.max(at[idx].1));
                let rises = at[idx].1 >= at[idx - 1].1;
                let mut last = at[idx - 1].1;
                for step in 1..=50 {
                    let place = at[idx - 1].0 + (at[idx].0 - at[idx - 1].0) * step as f32 / 50.0;
                    let level = hermite(ends, place);
                    assert!(level >= low - 1e-3 && level <= high + 1e-3, "no overshoot");
                    let is_onward = if rises { level >= last - 1e-3 } else { level <= last + 1e-3 };
                    assert!(is_onward, "{max_hz}: it turns between two bins");
                    last = level;
                }
            }
            for column in smooth.n_sparse..N_COLUMNS {
                assert_eq!(levels[column], before[column], "the rest is as it was");
            }
        }
    }

    #[test]
    fn a_bin_stands_in_the_bass_where_its_frequency_is() {
        let smooth = Smooth::new(24_000.0);
        let mut levels = shown(&smooth, |bin| if bin == 4 { -30.0 } else { -90.0 });
        smooth.through_bins(&mut levels);
        let loudest = (0..N_COLUMNS).max_by(|&a, &b| levels[a].total_cmp(&levels[b])).unwrap();
        let hz = super::super::analysis::column_hz(loudest, 24_000.0);
        assert!((hz / 100.0 - 1.0).abs() < 0.015, "{hz} Hz");
        assert!((levels[loudest] + 30.0).abs() < 1.5, "{}", levels[loudest]);
    }

    #[test]
    fn evenness_keeps_the_power_and_leaves_the_bass_alone() {
        let smooth = Smooth::new(24_000.0);
        let flat = smooth.even(&[0.25; N_COLUMNS]);
        assert!(flat.iter().all(|&power| (power - 0.25).abs() < 1e-6));
        let mut tone = [0.0; N_COLUMNS];
        tone[220] = 9.0;
        let evened = smooth.even(&tone);
        assert!((evened.iter().sum::<f32>() - 9.0).abs() < 1e-4);
        assert_eq!((evened[220], evened[221], evened[222]), (3.0, 2.0, 1.0));
        let mut bass = [0.0; N_COLUMNS];
        bass[50] = 1.0;
        assert_eq!(smooth.even(&bass), bass);
    }
}
