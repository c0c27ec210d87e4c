//! Spectrograms as grids of levels, and as pixels.

use quell_core::{BuildError, Geometry};
use realfft::RealFftPlanner;

use super::axis::Axis;
use super::colour;

/// Windows averaged per column where a column stands for more time than a window.
const MAX_FRAMES_PER_COLUMN: usize = 8;
/// Lowest level that is told apart, dB.
const SILENCE_DB: f32 = -200.0;

/// Level over time and frequency.
pub struct Spectrogram {
    /// Distance of two bins, Hz.
    pub bin_hz: f64,
    /// Bins per column.
    pub n_bins: usize,
    /// Columns over the whole sound.
    pub n_columns: usize,
    /// Level, `[column][bin]`, dB; a sine of full scale reads 0.
    pub level_db: Vec<f32>,
}

impl Spectrogram {
    /// Analyses `samples` into `n_columns` columns, with the window that the engine uses.
    pub fn compute(
        samples: &[f32],
        sample_rate_hz: f64,
        n_columns: usize,
    ) -> Result<Self, BuildError> {
        let geometry = Geometry::for_rate(sample_rate_hz)?;
        let (frame_len, n_bins) = (geometry.frame_len, geometry.n_bins());
        let window: Vec<f32> = (0..frame_len)
            .map(|i| {
                let phase = std::f64::consts::TAU * i as f64 / frame_len as f64;
                (0.5 - 0.5 * phase.cos()) as f32
            })
            .collect();
        let scale = 2.0 / window.iter().sum::<f32>();
        let fft = RealFftPlanner::new().plan_fft_forward(frame_len);
        let (mut frame, mut spectrum) = (fft.make_input_vec(), fft.make_output_vec());
        let mut scratch = fft.make_scratch_vec();
        let column_len = samples.len() as f64 / n_columns as f64;
        let n_frames = ((column_len / geometry.hop_len as f64).ceil() as usize)
            .clamp(1, MAX_FRAMES_PER_COLUMN);

        let mut level_db = Vec::with_capacity(n_columns * n_bins);
        let mut power = vec![0.0f32; n_bins];
        for column_idx in 0..n_columns {
            power.fill(0.0);
            for frame_idx in 0..n_frames {
                let share = (frame_idx as f64 + 0.5) / n_frames as f64;
                let centre = ((column_idx as f64 + share) * column_len) as i64;
                cut_window(samples, centre - frame_len as i64 / 2, &window, &mut frame);
                let done = fft.process_with_scratch(&mut frame, &mut spectrum, &mut scratch);
                debug_assert!(done.is_ok(), "all lengths come from one plan");
                for (power, bin) in power.iter_mut().zip(&spectrum) {
                    *power += bin.norm_sqr() * scale * scale / n_frames as f32;
                }
            }
            level_db.extend(power.iter().map(|&p| power_to_db(p)));
        }
        Ok(Self { bin_hz: geometry.bin_hz(), n_bins, n_columns, level_db })
    }

    /// The level that only a ten-thousandth of the grid exceeds, dB.
    pub fn peak_db(&self) -> f32 {
        let mut levels = self.level_db.clone();
        let rank = levels.len().saturating_sub(1 + levels.len() / 10_000);
        if levels.is_empty() {
            return SILENCE_DB;
        }
        *levels.select_nth_unstable_by(rank, f32::total_cmp).1
    }
}

fn power_to_db(power: f32) -> f32 {
    if power > 0.0 && power.is_finite() {
        (10.0 * power.log10()).max(SILENCE_DB)
    } else {
        SILENCE_DB
    }
}

/// Copies the samples from `start` on under the window; silence where there are none.
fn cut_window(samples: &[f32], start: i64, window: &[f32], frame: &mut [f32]) {
    for (offset, (out, weight)) in frame.iter_mut().zip(window).enumerate() {
        let sample = usize::try_from(start + offset as i64).ok().and_then(|idx| samples.get(idx));
        *out = sample.filter(|s| s.is_finite()).map_or(0.0, |sample| sample * weight);
    }
}

/// Pixels of a grid `[column][bin]`: one column of pixels per column of the grid, rows from the
/// top.
///
/// Where several bins share a row their mean is shown; where a bin spans rows it is interpolated.
pub fn paint(
    values: &[f32],
    n_bins: usize,
    bin_hz: f64,
    axis: &Axis,
    height: usize,
    colour_range: (f64, f64),
) -> Vec<u8> {
    let n_columns = values.len() / n_bins;
    let table = colour::heat_table();
    let rows: Vec<(f64, f64)> = (0..height)
        .map(|row| {
            let edge = |r: usize| axis.value(1.0 - r as f64 / height as f64) / bin_hz;
            (edge(row + 1), edge(row))
        })
        .collect();
    let mut pixels = vec![0u8; n_columns * height * 3];
    for (column_idx, column) in values.chunks_exact(n_bins).enumerate() {
        for (row, &(low, high)) in rows.iter().enumerate() {
            let value = f64::from(mean_between(column, low, high));
            let level = (value - colour_range.0) / (colour_range.1 - colour_range.0);
            let rgb = table[(level.clamp(0.0, 1.0) * 255.0).round() as usize];
            let at = (row * n_columns + column_idx) * 3;
            pixels[at..at + 3].copy_from_slice(&rgb);
        }
    }
    pixels
}

/// Mean of the bins between two fractional positions, or the interpolated value where there is
/// none.
fn mean_between(column: &[f32], low: f64, high: f64) -> f32 {
    let (first, last) = (low.ceil() as usize, high.floor() as usize);
    if last > first {
        let bins = &column[first.min(column.len() - 1)..=last.min(column.len() - 1)];
        return bins.iter().sum::<f32>() / bins.len() as f32;
    }
    let middle = (0.5 * (low + high)).clamp(0.0, (column.len() - 1) as f64);
    let below = middle.floor() as usize;
    let above = (below + 1).min(column.len() - 1);
    column[below] + (column[above] - column[below]) * (middle - below as f64) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sine_of_full_scale_reads_0_db_in_its_bin() {
        let sine: Vec<f32> =
            (0..48_000).map(|i| (std::f32::consts::TAU * 1000.0 * i as f32 / 48e3).sin()).collect();
        let grid = Spectrogram::compute(&sine, 48_000.0, 10).unwrap();
        let column = &grid.level_db[5 * grid.n_bins..6 * grid.n_bins];
        assert!(column[40].abs() < 0.1, "{}", column[40]);
        assert!(column[60] < -80.0, "{}", column[60]);
    }

    #[test]
    fn nothing_at_all_is_silence() {
        let grid = Spectrogram::compute(&[], 48_000.0, 4).unwrap();
        assert!(grid.level_db.iter().all(|&l| l == SILENCE_DB));
        let grid = Spectrogram::compute(&[f32::NAN; 100], 8_000.0, 4).unwrap();
        assert!(grid.level_db.iter().all(|&l| l == SILENCE_DB));
    }
}
