//! All figures of one comparison.

use super::{image, stoi, waveform};

/// All figures of one comparison.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figures {
    /// Scale-invariant signal-to-distortion ratio, dB.
    pub si_sdr_db: f64,
    /// Signal-to-noise ratio, dB.
    pub snr_db: f64,
    /// Mean of the signal-to-noise ratios of 30 ms frames, dB.
    pub seg_snr_db: f64,
    /// Log-spectral distance, dB.
    pub lsd_db: f64,
    /// Short-time objective intelligibility, 0 to 1.
    pub stoi: f64,
    /// Extended short-time objective intelligibility, 0 to 1.
    pub estoi: f64,
    /// Mean squared error of the spectrograms.
    pub mse: f64,
    /// Mean absolute error of the spectrograms.
    pub mae: f64,
    /// Structural similarity of the spectrograms, 0 to 1.
    pub ssim: f64,
    /// Peak signal-to-noise ratio of the spectrograms, dB.
    pub psnr_db: f64,
}

impl Figures {
    /// Names of the figures, in the order of [`Self::values`].
    pub const NAMES: [&'static str; 10] = [
        "si_sdr_db",
        "snr_db",
        "seg_snr_db",
        "lsd_db",
        "stoi",
        "estoi",
        "mse",
        "mae",
        "ssim",
        "psnr_db",
    ];

    /// Compares an estimate with the clean sound; both equally long.
    pub fn of(clean: &[f32], estimate: &[f32], sample_rate_hz: u32) -> Self {
        let clean: Vec<f64> = clean.iter().map(|&s| f64::from(s)).collect();
        let estimate: Vec<f64> = estimate.iter().map(|&s| f64::from(s)).collect();
        let (stoi, estoi) = stoi::both(&clean, &estimate, sample_rate_hz);
        let spectra = image::compare(&clean, &estimate);
        Self {
            si_sdr_db: waveform::si_sdr_db(&clean, &estimate),
            snr_db: waveform::snr_db(&clean, &estimate),
            seg_snr_db: waveform::seg_snr_db(&clean, &estimate, sample_rate_hz),
            lsd_db: spectra.lsd_db,
            stoi,
            estoi,
            mse: spectra.mse,
            mae: spectra.mae,
            ssim: spectra.ssim,
            psnr_db: spectra.psnr_db,
        }
    }

    /// The figures in a row.
    pub fn values(&self) -> [f64; 10] {
        [
            self.si_sdr_db,
            self.snr_db,
            self.seg_snr_db,
            self.lsd_db,
            self.stoi,
            self.estoi,
            self.mse,
            self.mae,
            self.ssim,
            self.psnr_db,
        ]
    }

    /// Mean of several, figure by figure.
    pub fn mean(all: &[Self]) -> Self {
        let n = all.len().max(1) as f64;
        let mut sum = [0.0; 10];
        for figures in all {
            for (sum, value) in sum.iter_mut().zip(figures.values()) {
                *sum += value / n;
            }
        }
        let [si_sdr_db, snr_db, seg_snr_db, lsd_db, stoi, estoi, mse, mae, ssim, psnr_db] = sum;
        Self { si_sdr_db, snr_db, seg_snr_db, lsd_db, stoi, estoi, mse, mae, ssim, psnr_db }
    }
}
