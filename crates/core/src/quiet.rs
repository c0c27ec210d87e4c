//! Finding the stretches of a recording that hold nothing but noise. May allocate, unlike the
//! stream itself.

mod search;

use std::sync::Arc;

use realfft::num_complex::Complex32;
use realfft::{RealFftPlanner, RealToComplex};

use crate::geometry::{BuildError, Geometry};
use crate::profile::NoiseProfile;
use crate::verdict::Verdict;
pub(crate) use search::{Bands, INAUDIBLE_DBFS, Levels, N_BANDS, STEP_S, STRETCH_STEPS, Search};

/// A part of a recording, seconds from its start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    /// Where it begins.
    pub start_s: f64,
    /// Where it ends.
    pub end_s: f64,
}

/// Why what was found is no noise to go by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NotNoise {
    /// No half second of it is steady.
    Nowhere,
    /// The calmest half seconds are speech or music.
    Speech,
    /// Nobody hears it.
    Inaudible {
        /// Its level, dBFS.
        level_dbfs: f32,
    },
}

impl core::fmt::Display for NotNoise {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Nowhere => write!(f, "there is no half second of steady noise"),
            Self::Speech => write!(f, "the quietest stretches hold speech or music"),
            Self::Inaudible { level_dbfs } => {
                write!(f, "there are stretches without any audible noise ({level_dbfs:.0} dBFS)")
            }
        }
    }
}

impl core::error::Error for NotNoise {}

/// Whether what was learned from the quietest stretches is noise that a print should be made of.
pub fn accept_as_noise(print: &NoiseProfile) -> Result<(), NotNoise> {
    if print.judge() == Verdict::Speech {
        return Err(NotNoise::Speech);
    }
    let level_dbfs = print.about().level_dbfs.unwrap_or_default();
    if level_dbfs < INAUDIBLE_DBFS {
        return Err(NotNoise::Inaudible { level_dbfs });
    }
    Ok(())
}

/// Looks for noise in a recording that comes in blocks.
pub struct QuietFinder {
    analyser: BandAnalyser,
    step_len: usize,
    /// Sum of the channels, from the next step on.
    mono: Vec<f32>,
    /// Level of every band at every step, dB.
    levels: Vec<Levels>,
}

impl QuietFinder {
    /// For sound of this rate.
    pub fn new(sample_rate_hz: f64) -> Result<Self, BuildError> {
        Ok(Self {
            analyser: BandAnalyser::new(sample_rate_hz)?,
            step_len: (STEP_S * sample_rate_hz).round().max(1.0) as usize,
            mono: Vec::new(),
            levels: Vec::new(),
        })
    }

    /// Takes in a block, `[channel][frame]`.
    pub fn push<C: AsRef<[f32]>>(&mut self, block: &[C]) {
        let n_frames = block.iter().map(|channel| channel.as_ref().len()).min().unwrap_or(0);
        let sum = |i: usize| block.iter().map(|channel| channel.as_ref()[i]).sum::<f32>();
        self.mono.extend((0..n_frames).map(sum));
        let frame_len = self.analyser.frame_len();
        let mut start = 0;
        while start + frame_len <= self.mono.len() {
            self.levels.push(self.analyser.levels(&self.mono[start..start + frame_len]));
            start += self.step_len;
        }
        self.mono.drain(..start.min(self.mono.len()));
    }

    /// The quietest steady stretches, in the order of time; none where there is no such.
    pub fn finish(self) -> Vec<Stretch> {
        choose(&self.levels)
    }
}

struct BandAnalyser {
    fft: Arc<dyn RealToComplex<f32>>,
    window: Vec<f32>,
    frame: Vec<f32>,
    spectrum: Vec<Complex32>,
    scratch: Vec<Complex32>,
    bands: Bands,
}

impl BandAnalyser {
    fn new(rate_hz: f64) -> Result<Self, BuildError> {
        let geometry = Geometry::for_rate(rate_hz)?;
        let n = geometry.frame_len;
        let fft = RealFftPlanner::new().plan_fft_forward(n);
        let hann = |i| 0.5 - 0.5 * (std::f32::consts::TAU * i as f32 / n as f32).cos();
        Ok(Self {
            window: (0..n).map(hann).collect(),
            frame: fft.make_input_vec(),
            spectrum: fft.make_output_vec(),
            scratch: fft.make_scratch_vec(),
            fft,
            bands: Bands::new(geometry.bin_hz(), geometry.n_bins()),
        })
    }

    fn frame_len(&self) -> usize {
        self.window.len()
    }

    fn levels(&mut self, samples: &[f32]) -> Levels {
        for ((out, sample), weight) in self.frame.iter_mut().zip(samples).zip(&self.window) {
            *out = if sample.is_finite() { sample * weight } else { 0.0 };
        }
        let done =
            self.fft.process_with_scratch(&mut self.frame, &mut self.spectrum, &mut self.scratch);
        debug_assert!(done.is_ok(), "all lengths come from one plan");
        let scale = 2.0 / self.window.len() as f32;
        self.bands.levels(|bin_idx| self.spectrum[bin_idx].norm_sqr() * scale * scale)
    }
}

/// The cheapest stretches that do not overlap, joined where they touch.
fn choose(levels: &[Levels]) -> Vec<Stretch> {
    let mut search = Search::with_capacity(levels.len());
    let mut ranges: Vec<Stretch> = Vec::new();
    for &start in search.run(levels.len(), |step| &levels[step]) {
        let start_s = start as f64 * STEP_S;
        let end_s = (start + STRETCH_STEPS) as f64 * STEP_S;
        match ranges.last_mut().filter(|last| last.end_s + 1e-9 >= start_s) {
            Some(last) => last.end_s = end_s,
            None => ranges.push(Stretch { start_s, end_s }),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::search::ENOUGH_S;
    use super::*;

    /// Levels with a little movement, `loud` while something sounds.
    fn levels(loud: impl Fn(usize) -> bool) -> Vec<[f32; N_BANDS]> {
        (0..500)
            .map(|i| {
                let base = if loud(i) { -40.0 + (i % 7) as f32 * 5.0 } else { -70.0 };
                std::array::from_fn(|band| base + ((i * 31 + band * 17) % 5) as f32 * 0.5)
            })
            .collect()
    }

    #[test]
    fn the_pause_is_found_and_nothing_else() {
        let ranges = choose(&levels(|i| !(200..275).contains(&i)));
        assert_eq!(ranges.len(), 1, "{ranges:?}");
        assert!(ranges[0].start_s >= 4.0 - 1e-9 && ranges[0].end_s <= 5.5 + 1e-9, "{ranges:?}");
        assert!(ranges[0].end_s - ranges[0].start_s >= 0.5 - 1e-9);
    }

    #[test]
    fn no_more_than_enough_is_taken() {
        let ranges = choose(&levels(|_| false));
        let total: f64 = ranges.iter().map(|r| r.end_s - r.start_s).sum();
        assert!((total - ENOUGH_S).abs() < 1e-9, "{total}");
    }

    #[test]
    fn digital_silence_is_no_noise() {
        let mut levels = levels(|_| false);
        for step in &mut levels[100..] {
            *step = [-200.0; N_BANDS];
        }
        let ranges = choose(&levels);
        assert!(ranges.iter().all(|range| range.end_s <= 2.0 + 1e-9), "{ranges:?}");
        assert!(choose(&[[-200.0; N_BANDS]; 100]).is_empty());
        assert!(choose(&[[-70.0; N_BANDS]; 10]).is_empty(), "too short");
    }
}
