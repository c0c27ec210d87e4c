//! The two spectrograms, one column a frame.

use quell_core::{FrameView, Tap};

/// Bands of a column.
pub(crate) const N_BANDS: usize = 128;
/// Columns that are kept until somebody takes them; more than a block makes.
const MOST: usize = 256;
/// Level that becomes 0 and level that becomes 255, dB re full scale per 25 Hz.
pub(crate) const RANGE_DB: (f32, f32) = (-115.0, -25.0);
/// Lowest and highest frequency shown.
const HZ: (f32, f32) = (40.0, 20_000.0);

/// Columns that wait to be taken, low bands first: the bands before, then the bands after.
pub(crate) struct Columns {
    bytes: Vec<u8>,
    n_taken: usize,
    /// Upper edge of every band, Hz, up to Nyquist.
    edges_hz: [f32; N_BANDS],
}

impl Columns {
    pub(crate) fn new() -> Self {
        Self { bytes: Vec::with_capacity(MOST * 2 * N_BANDS), n_taken: 0, edges_hz: edges_hz() }
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        (self.bytes.len() - self.n_taken) / (2 * N_BANDS)
    }

    /// Hands out those that wait; they stay where they are until the next frame.
    pub(crate) fn take(&mut self) -> *const u8 {
        let waiting = self.bytes[self.n_taken..].as_ptr();
        self.n_taken = self.bytes.len();
        waiting
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.n_taken = 0;
    }
}

impl Tap for Columns {
    fn frame(&mut self, view: &FrameView) {
        if self.n_taken == self.bytes.len() {
            self.clear();
        }
        // The page stopped taking: what it missed is not drawn.
        if self.bytes.len() + 2 * N_BANDS > self.bytes.capacity() {
            return;
        }
        let start = self.bytes.len();
        self.bytes.resize(start + 2 * N_BANDS, 0);
        let (before, after) = self.bytes[start..].split_at_mut(N_BANDS);
        let n_bins = view.power.len();
        let mut first = 0;
        let bands = self.edges_hz.iter().zip(before.iter_mut().zip(after));
        for (edge_hz, (before, after)) in bands {
            // A band narrower than a bin shows the bin that it lies in.
            let end = ((edge_hz / view.bin_hz + 0.5) as usize).clamp(1, n_bins);
            let bins = first.min(end - 1)..end;
            let (mut power, mut left) = (0.0, 0.0);
            for (bin_power, gain) in view.power[bins.clone()].iter().zip(&view.gain[bins.clone()]) {
                power += bin_power;
                left += bin_power * gain * gain;
            }
            let n = bins.len() as f32;
            (*before, *after) = (byte(power / n), byte(left / n));
            first = end;
        }
    }
}

fn byte(power: f32) -> u8 {
    let level_db = 10.0 * (power + 1e-20).log10();
    // A cast keeps within the byte.
    ((level_db - RANGE_DB.0) / (RANGE_DB.1 - RANGE_DB.0) * 255.0) as u8
}

/// Evenly spaced as pitches are heard: by hertz below about 700 Hz, by octaves above.
fn edges_hz() -> [f32; N_BANDS] {
    let mel = |hz: f32| (1.0 + hz / 700.0).ln();
    std::array::from_fn(|idx| {
        let share = (idx + 1) as f32 / N_BANDS as f32;
        700.0 * ((mel(HZ.0) + share * (mel(HZ.1) - mel(HZ.0))).exp() - 1.0)
    })
}

/// Share of the picture's height at which a frequency stands.
pub(crate) fn height_of(hz: f32) -> f32 {
    let mel = |hz: f32| (1.0 + hz / 700.0).ln();
    (mel(hz) - mel(HZ.0)) / (mel(HZ.1) - mel(HZ.0))
}

#[cfg(test)]
mod tests {
    use quell_core::ProfileSource;

    use super::*;

    #[test]
    fn a_tone_is_bright_where_it_stands_and_dark_where_it_is_taken_away() {
        let mut columns = Columns::new();
        let n_bins = 961;
        let mut power = vec![1e-12; n_bins];
        power[120] = 1e-4;
        let mut gain = vec![1.0; n_bins];
        let show = |columns: &mut Columns, power: &[f32], gain: &[f32]| {
            let noise = vec![0.0; n_bins];
            let source = ProfileSource::Adaptive;
            let view = FrameView {
                bin_hz: 25.0,
                source,
                power,
                noise: &noise,
                threshold: &noise,
                gain,
                number: 0,
                hum: None,
            };
            columns.frame(&view);
        };
        show(&mut columns, &power, &gain);
        gain[120] = 1e-3;
        show(&mut columns, &power, &gain);
        assert_eq!(columns.len(), 2);
        let column = |idx: usize| &columns.bytes[idx * 2 * N_BANDS..][..2 * N_BANDS];
        let band = (height_of(3_000.0) * N_BANDS as f32) as usize;
        let brightest = (0..N_BANDS).max_by_key(|&idx| column(0)[idx]).unwrap();
        assert!(brightest.abs_diff(band) <= 1, "{brightest} instead of {band}");
        assert_eq!(column(0)[brightest], column(0)[N_BANDS + brightest]);
        assert!(column(1)[N_BANDS + brightest] < column(1)[brightest] - 100);
        columns.take();
        assert_eq!(columns.len(), 0);
        for _ in 0..2 * MOST {
            show(&mut columns, &power, &gain);
        }
        assert_eq!(columns.len(), MOST, "no more than there is room for");
    }
}
