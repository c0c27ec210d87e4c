//! Spectrograms compared as pictures.
//!
//! Levels from the loudest of the clean sound to 80 dB below become grey values from 1 to 0. Mean
//! errors, PSNR and SSIM (Wang et al., 2004; uniform 7 × 7 windows, as scikit-image has them by
//! default) are taken of those. Frames are computed as they are needed, so length costs no memory.

use std::collections::VecDeque;
use std::sync::Arc;

use realfft::num_complex::Complex64;
use realfft::{RealFftPlanner, RealToComplex};

const FFT_LEN: usize = 2048;
const HOP_LEN: usize = 512;
/// Height of the picture, dB.
const RANGE_DB: f64 = 80.0;
/// Side of the windows of SSIM.
const WINDOW: usize = 7;
/// Constants of SSIM for grey values from 0 to 1.
const C1: f64 = 0.01 * 0.01;
const C2: f64 = 0.03 * 0.03;

/// Figures of two spectrograms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct SpectrumFigures {
    /// Root mean square over frequency of the difference of levels, mean over time, dB.
    pub lsd_db: f64,
    /// Mean squared error of the grey values.
    pub mse: f64,
    /// Mean absolute error of the grey values.
    pub mae: f64,
    /// Structural similarity.
    pub ssim: f64,
    /// Peak signal-to-noise ratio, dB.
    pub psnr_db: f64,
}

/// Compares the spectrograms of two sounds of one length; all NaN below one window.
pub(super) fn compare(clean: &[f64], estimate: &[f64]) -> SpectrumFigures {
    let mut analyser = Analyser::new();
    let starts: Vec<usize> =
        (0..(clean.len() + 1).saturating_sub(FFT_LEN)).step_by(HOP_LEN).collect();
    let loudest = starts
        .iter()
        .flat_map(|&start| analyser.power(&clean[start..start + FFT_LEN]))
        .fold(0.0, f64::max);
    let floor = loudest * 10f64.powf(-RANGE_DB / 10.0) + f64::MIN_POSITIVE;
    let grey = |power: Vec<f64>| -> Vec<f64> {
        power.into_iter().map(|p| 10.0 * (p.max(floor) / floor).log10() / RANGE_DB).collect()
    };
    let mut similarity = Similarity::default();
    let (mut lsd, mut square, mut absolute) = (0.0, 0.0, 0.0);
    for &start in &starts {
        let x = grey(analyser.power(&clean[start..start + FFT_LEN]));
        let y = grey(analyser.power(&estimate[start..start + FFT_LEN]));
        let n = x.len() as f64;
        let row_square: f64 = x.iter().zip(&y).map(|(x, y)| (x - y) * (x - y)).sum::<f64>() / n;
        lsd += row_square.sqrt() * RANGE_DB;
        square += row_square;
        absolute += x.iter().zip(&y).map(|(x, y)| (x - y).abs()).sum::<f64>() / n;
        similarity.push(x, y);
    }
    let n = starts.len() as f64;
    let mse = square / n;
    SpectrumFigures {
        lsd_db: lsd / n,
        mse,
        mae: absolute / n,
        ssim: similarity.mean(),
        psnr_db: -10.0 * mse.max(1e-20).log10(),
    }
}

struct Analyser {
    fft: Arc<dyn RealToComplex<f64>>,
    window: Vec<f64>,
    frame: Vec<f64>,
    spectrum: Vec<Complex64>,
    scratch: Vec<Complex64>,
}

impl Analyser {
    fn new() -> Self {
        let fft = RealFftPlanner::<f64>::new().plan_fft_forward(FFT_LEN);
        let hann = |i| 0.5 - 0.5 * (std::f64::consts::TAU * f64::from(i) / FFT_LEN as f64).cos();
        Self {
            window: (0..FFT_LEN as u32).map(hann).collect(),
            frame: fft.make_input_vec(),
            spectrum: fft.make_output_vec(),
            scratch: fft.make_scratch_vec(),
            fft,
        }
    }

    fn power(&mut self, samples: &[f64]) -> Vec<f64> {
        for ((out, sample), weight) in self.frame.iter_mut().zip(samples).zip(&self.window) {
            *out = sample * weight;
        }
        let done =
            self.fft.process_with_scratch(&mut self.frame, &mut self.spectrum, &mut self.scratch);
        debug_assert!(done.is_ok(), "all lengths come from one plan");
        self.spectrum.iter().map(|bin| bin.norm_sqr()).collect()
    }
}

/// Mean structural similarity over all windows that lie inside the picture, row by row.
#[derive(Default)]
struct Similarity {
    rows: VecDeque<(Vec<f64>, Vec<f64>)>,
    sum: f64,
    n: f64,
}

impl Similarity {
    fn push(&mut self, x: Vec<f64>, y: Vec<f64>) {
        self.rows.push_back((x, y));
        if self.rows.len() > WINDOW {
            self.rows.pop_front();
        }
        if self.rows.len() == WINDOW {
            self.add_windows();
        }
    }

    /// All windows whose last row is the newest.
    fn add_windows(&mut self) {
        let n_columns = self.rows[0].0.len();
        // Σx, Σy, Σx², Σy², Σxy of every column of seven.
        let columns: Vec<[f64; 5]> = (0..n_columns)
            .map(|column| {
                let mut sums = [0.0; 5];
                for (x, y) in &self.rows {
                    let (x, y) = (x[column], y[column]);
                    for (sum, value) in sums.iter_mut().zip([x, y, x * x, y * y, x * y]) {
                        *sum += value;
                    }
                }
                sums
            })
            .collect();
        for window in columns.windows(WINDOW) {
            let mut sums = [0.0; 5];
            for column in window {
                for (sum, value) in sums.iter_mut().zip(column) {
                    *sum += value;
                }
            }
            self.sum += similarity_of(sums);
            self.n += 1.0;
        }
    }

    fn mean(&self) -> f64 {
        self.sum / self.n
    }
}

/// The index of one window, with sample covariances.
fn similarity_of(sums: [f64; 5]) -> f64 {
    let n = (WINDOW * WINDOW) as f64;
    let unbiased = n / (n - 1.0);
    let [mean_x, mean_y, square_x, square_y, product] = sums.map(|sum| sum / n);
    let variance_x = unbiased * (square_x - mean_x * mean_x);
    let variance_y = unbiased * (square_y - mean_y * mean_y);
    let covariance = unbiased * (product - mean_x * mean_y);
    let luminance = (2.0 * mean_x * mean_y + C1) / (mean_x * mean_x + mean_y * mean_y + C1);
    let structure = (2.0 * covariance + C2) / (variance_x + variance_y + C2);
    luminance * structure
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sound_is_like_itself() {
        let sound: Vec<f64> = (0..20_000).map(|i| (f64::from(i) * 0.1).sin()).collect();
        let figures = compare(&sound, &sound);
        assert_eq!((figures.mse, figures.mae, figures.lsd_db), (0.0, 0.0, 0.0));
        assert!((figures.ssim - 1.0).abs() < 1e-12);
        assert_eq!(figures.psnr_db, 200.0);
    }
}
