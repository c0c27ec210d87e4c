//! The columns of a display: evenly spaced over log frequency, each with the bins that it shows.

use std::ops::Range;

/// Columns of a display, evenly spaced over log frequency.
pub const N_COLUMNS: usize = 256;
/// Left edge of the first column, Hz.
pub const MIN_HZ: f32 = 20.0;
/// Right edge of the last column, Hz, where the rate reaches that far.
pub const MAX_HZ: f32 = 24_000.0;
/// The columns up to a frequency, for bins so far apart.
pub fn columns(max_hz: f32, bin_hz: f32, n_bins: usize) -> impl Iterator<Item = Column> {
    let edge = move |idx: usize| {
        let share = idx as f32 / N_COLUMNS as f32;
        MIN_HZ * (max_hz / MIN_HZ).powf(share) / bin_hz
    };
    (0..N_COLUMNS).map(move |idx| Column::between(edge(idx), edge(idx + 1), n_bins))
}

/// Bins of a column.
#[derive(Clone, Copy)]
pub struct Column {
    start: usize,
    end: usize,
    /// The top bin, which stands for all above.
    last: usize,
    /// Where the column is narrower than a bin: place between `start` and the next bin.
    share: f32,
}

impl Column {
    /// The column between two edges in bins.
    fn between(from: f32, to: f32, n_bins: usize) -> Self {
        let last = n_bins - 1;
        let start = (from.ceil() as usize).min(last);
        let end = (to.ceil() as usize).min(n_bins);
        if end > start {
            return Self { start, end, last, share: 0.0 };
        }
        let middle = (from + to) / 2.0;
        let below = (middle.floor() as usize).min(last);
        Self { start: below, end: below, last, share: middle - below as f32 }
    }

    /// The bins whose mean it shows; none where it lies between two.
    pub fn bins(&self) -> Range<usize> {
        self.start..self.end
    }

    /// Mean of what `value` gives for the column's bins.
    pub fn mean(&self, value: impl Fn(usize) -> f32) -> f32 {
        if self.end > self.start {
            let sum: f32 = (self.start..self.end).map(&value).sum();
            return sum / (self.end - self.start) as f32;
        }
        let (below, above) = (value(self.start), value((self.start + 1).min(self.last)));
        below + (above - below) * self.share
    }
}
