//! The 128 bands that the network sees, at any bin spacing.
//!
//! 80 single bins, 25 Hz apart, below 2 kHz; then 48 equal steps on the ERB-number scale of
//! Glasberg and Moore (1990) to 24 kHz. `training/quell_training/geometry.py` computes the same
//! table.

/// Bands of a frame.
pub const N_BANDS: usize = 128;
/// Bands that are one bin each.
const N_SINGLE: usize = 80;
/// Distance of the single bins, Hz.
const SINGLE_HZ: f64 = 25.0;
/// Upper end of the last band, Hz.
const TOP_HZ: f64 = 24_000.0;
/// Weight of the past in the gain of bins above the last band, per frame.
const ABOVE_TOP_SMOOTHING: f32 = 0.7;

/// Which bins each band covers, and how gains go back to bins.
pub struct BandTable {
    /// First bin of every band and one past the last, cut off at Nyquist.
    edges: [usize; N_BANDS + 1],
    /// Where each bin up to the last band lies between two band centres.
    places: Vec<Place>,
    n_bins: usize,
    /// Gain of the bins above the last band.
    above_top: f32,
}

#[derive(Clone, Copy)]
struct Place {
    below: u8,
    above: u8,
    /// Weight of the upper band.
    share: f32,
}

impl BandTable {
    /// The table for spectra of `n_bins` bins that lie `bin_hz` apart.
    pub fn new(n_bins: usize, bin_hz: f64) -> Self {
        let edges = edges(n_bins, bin_hz);
        let places = places(&edges);
        Self { edges, places, n_bins, above_top: 1.0 }
    }

    /// First bin of every band and one past the last.
    pub fn edges(&self) -> &[usize; N_BANDS + 1] {
        &self.edges
    }

    /// Forgets the past.
    pub fn reset(&mut self) {
        self.above_top = 1.0;
    }

    /// Goes on from where another table is.
    pub(super) fn continue_from(&mut self, other: &Self) {
        self.above_top = other.above_top;
    }

    /// Writes the mean power of each band's bins; bands above Nyquist read zero.
    pub fn mean_power(&self, power: &[f32], bands: &mut [f32; N_BANDS]) {
        debug_assert_eq!(power.len(), self.n_bins);
        for (band, edge) in bands.iter_mut().zip(self.edges.windows(2)) {
            let bins = power.get(edge[0]..edge[1]).unwrap_or_default();
            *band =
                if bins.is_empty() { 0.0 } else { bins.iter().sum::<f32>() / bins.len() as f32 };
        }
    }

    /// Writes a gain for every bin: linear between band centres; above the last band, the smoothed
    /// minimum of the top two bands.
    pub fn to_bins(&mut self, bands: &[f32; N_BANDS], gain: &mut [f32]) {
        for (gain, place) in gain.iter_mut().zip(&self.places) {
            let (below, above) = (bands[place.below as usize], bands[place.above as usize]);
            *gain = below + place.share * (above - below);
        }
        let lowest = bands[N_BANDS - 2].min(bands[N_BANDS - 1]);
        self.above_top = lowest + ABOVE_TOP_SMOOTHING * (self.above_top - lowest);
        if let Some(above) = gain.get_mut(self.places.len()..) {
            above.fill(self.above_top);
        }
    }
}

fn edges(n_bins: usize, bin_hz: f64) -> [usize; N_BANDS + 1] {
    let erb_number = |hz: f64| 21.4 * (1.0 + 0.00437 * hz).log10();
    let low = erb_number(N_SINGLE as f64 * SINGLE_HZ);
    let high = erb_number(TOP_HZ);
    let n_wide = N_BANDS - N_SINGLE;
    core::array::from_fn(|band| {
        let hz = match band.checked_sub(N_SINGLE) {
            None => band as f64 * SINGLE_HZ,
            Some(step) => {
                let erb = low + (high - low) * step as f64 / n_wide as f64;
                (10f64.powf(erb / 21.4) - 1.0) / 0.00437
            }
        };
        let nearest = (hz / bin_hz + 0.5).floor() as usize;
        // The last band includes the bin at 24 kHz.
        (nearest + usize::from(band == N_BANDS)).min(n_bins)
    })
}

/// Bins below the first centre take the first band, bins above the last one present the last.
fn places(edges: &[usize; N_BANDS + 1]) -> Vec<Place> {
    let present: Vec<(u8, f64)> = edges
        .windows(2)
        .enumerate()
        .filter(|(_, edge)| edge[0] < edge[1])
        .map(|(band, edge)| (band as u8, (edge[0] + edge[1] - 1) as f64 / 2.0))
        .collect();
    let last = present.len().saturating_sub(1);
    (0..edges[N_BANDS])
        .map(|bin| {
            let above = present.partition_point(|(_, centre)| *centre < bin as f64).min(last);
            let below = above.saturating_sub(1);
            let (below_band, low) = present[below];
            let (above_band, high) = present[above];
            let width = (high - low).max(f64::MIN_POSITIVE);
            let share = ((bin as f64 - low) / width).clamp(0.0, 1.0) as f32;
            Place { below: below_band, above: above_band, share }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_cover_every_bin_once() {
        let table = BandTable::new(961, 25.0);
        assert_eq!((table.edges[0], table.edges[N_SINGLE], table.edges[N_BANDS]), (0, 80, 961));
        assert!(table.edges.windows(2).all(|edge| edge[0] < edge[1]));
    }

    #[test]
    fn equal_gains_stay_equal_at_every_rate() {
        for (n_bins, bin_hz) in [(161, 25.0), (883, 25.0), (961, 25.0), (3841, 25.0), (500, 25.3)] {
            let mut table = BandTable::new(n_bins, bin_hz);
            let mut gain = vec![f32::NAN; n_bins];
            table.above_top = 0.25;
            table.to_bins(&[0.25; N_BANDS], &mut gain);
            assert!(gain.iter().all(|g| *g == 0.25), "{n_bins} bins of {bin_hz} Hz");
        }
    }

    #[test]
    fn bands_above_nyquist_are_silent() {
        let table = BandTable::new(321, 25.0);
        let mut bands = [f32::NAN; N_BANDS];
        table.mean_power(&[2.0; 321], &mut bands);
        assert!(bands[..N_SINGLE].iter().all(|power| *power == 2.0));
        let first_absent = table.edges.partition_point(|edge| *edge < 321);
        assert!(first_absent < N_BANDS);
        assert!(bands[first_absent..].iter().all(|power| *power == 0.0));
    }
}
