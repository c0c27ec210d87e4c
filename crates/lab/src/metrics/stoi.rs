//! Short-time objective intelligibility (Taal et al., 2011) and its extension (Jensen and Taal,
//! 2016).
//!
//! Both correlate short stretches of the envelopes of 15 third-octave bands; the first band by band
//! after clipping, the second over all bands at once.

use realfft::RealFftPlanner;

use super::resample::resample;

/// Rate at which the measure is defined, Hz.
const RATE_HZ: u32 = 10_000;
const FRAME_LEN: usize = 256;
const HOP_LEN: usize = FRAME_LEN / 2;
const FFT_LEN: usize = 512;
const N_BANDS: usize = 15;
/// Centre of the lowest band, Hz.
const LOWEST_HZ: f64 = 150.0;
/// Frames in a stretch: 384 ms.
const STRETCH_FRAMES: usize = 30;
/// Frames so far below the loudest are left out, dB.
const DYNAMIC_RANGE_DB: f64 = 40.0;
/// Bound of the signal-to-distortion ratio, dB.
const CLIP_DB: f64 = -15.0;
const EPSILON: f64 = f64::EPSILON;
/// What the reference returns where there is too little speech.
const TOO_SHORT: f64 = 1e-5;

/// STOI and ESTOI of an estimate; both sounds equally long.
pub(super) fn both(clean: &[f64], estimate: &[f64], sample_rate_hz: u32) -> (f64, f64) {
    let clean = resample(clean, sample_rate_hz, RATE_HZ);
    let estimate = resample(estimate, sample_rate_hz, RATE_HZ);
    let (clean, estimate) = without_silence(&clean, &estimate);
    let (clean, estimate) = (band_envelopes(&clean), band_envelopes(&estimate));
    if clean.len() < STRETCH_FRAMES {
        return (TOO_SHORT, TOO_SHORT);
    }
    let (mut stoi, mut estoi) = (0.0, 0.0);
    let stretches = clean.windows(STRETCH_FRAMES).zip(estimate.windows(STRETCH_FRAMES));
    let n_stretches = stretches.len() as f64;
    for (clean, estimate) in stretches {
        stoi += correlate_bands(clean, estimate);
        estoi += correlate_spectra(clean, estimate);
    }
    (stoi / (n_stretches * N_BANDS as f64), estoi / n_stretches)
}

/// The Hann window without its zeros.
fn window() -> Vec<f64> {
    (1..=FRAME_LEN)
        .map(|i| 0.5 - 0.5 * (std::f64::consts::TAU * i as f64 / (FRAME_LEN + 1) as f64).cos())
        .collect()
}

/// Starts of the frames; the reference leaves out one that would end with the last sample.
fn frame_starts(len: usize) -> impl Iterator<Item = usize> {
    (0..len.saturating_sub(FRAME_LEN)).step_by(HOP_LEN)
}

/// Both sounds without the frames in which the clean one is silent, overlapped and added anew.
fn without_silence(clean: &[f64], estimate: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let window = window();
    let level_db = |start: usize| {
        let frame = clean[start..start + FRAME_LEN].iter().zip(&window);
        let energy: f64 = frame.map(|(s, w)| (s * w) * (s * w)).sum();
        20.0 * (energy.sqrt() + EPSILON).log10()
    };
    let levels: Vec<(usize, f64)> =
        frame_starts(clean.len()).map(|start| (start, level_db(start))).collect();
    let loudest = levels.iter().map(|l| l.1).fold(f64::MIN, f64::max);
    let kept: Vec<usize> = levels
        .into_iter()
        .filter(|(_, level)| loudest - DYNAMIC_RANGE_DB - level < 0.0)
        .map(|(start, _)| start)
        .collect();
    let join = |samples: &[f64]| {
        let len = kept.len().checked_sub(1).map_or(0, |last| last * HOP_LEN + FRAME_LEN);
        let mut out = vec![0.0; len];
        for (idx, &start) in kept.iter().enumerate() {
            let frame = samples[start..start + FRAME_LEN].iter().zip(&window);
            for (out, (sample, weight)) in out[idx * HOP_LEN..].iter_mut().zip(frame) {
                *out += sample * weight;
            }
        }
        out
    };
    (join(clean), join(estimate))
}

/// First bin of every third-octave band and the bin after its last.
fn bands() -> [(usize, usize); N_BANDS] {
    let bin_hz = f64::from(RATE_HZ) / FFT_LEN as f64;
    let nearest = |hz: f64| (hz / bin_hz).round() as usize;
    std::array::from_fn(|k| {
        let edge = |offset: f64| LOWEST_HZ * 2f64.powf((2.0 * k as f64 + offset) / 6.0);
        (nearest(edge(-1.0)), nearest(edge(1.0)))
    })
}

/// Magnitude of every band in every frame.
fn band_envelopes(samples: &[f64]) -> Vec<[f64; N_BANDS]> {
    let (window, bands) = (window(), bands());
    let fft = RealFftPlanner::<f64>::new().plan_fft_forward(FFT_LEN);
    let (mut frame, mut spectrum) = (fft.make_input_vec(), fft.make_output_vec());
    let mut scratch = fft.make_scratch_vec();
    frame_starts(samples.len())
        .map(|start| {
            frame.fill(0.0);
            let source = samples[start..start + FRAME_LEN].iter().zip(&window);
            for (out, (sample, weight)) in frame.iter_mut().zip(source) {
                *out = sample * weight;
            }
            let done = fft.process_with_scratch(&mut frame, &mut spectrum, &mut scratch);
            debug_assert!(done.is_ok(), "all lengths come from one plan");
            bands.map(|(first, end)| {
                spectrum[first..end].iter().map(|bin| bin.norm_sqr()).sum::<f64>().sqrt()
            })
        })
        .collect()
}

fn norm(values: &[f64]) -> f64 {
    values.iter().map(|v| v * v).sum::<f64>().sqrt()
}

fn without_mean(values: &mut [f64]) {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    values.iter_mut().for_each(|v| *v -= mean);
}

/// Sum over the bands of the correlation of scaled and clipped envelopes.
fn correlate_bands(clean: &[[f64; N_BANDS]], estimate: &[[f64; N_BANDS]]) -> f64 {
    let clip = 1.0 + 10f64.powf(-CLIP_DB / 20.0);
    (0..N_BANDS)
        .map(|band| {
            let mut x: Vec<f64> = clean.iter().map(|frame| frame[band]).collect();
            let mut y: Vec<f64> = estimate.iter().map(|frame| frame[band]).collect();
            let scale = norm(&x) / (norm(&y) + EPSILON);
            for (y, x) in y.iter_mut().zip(&x) {
                *y = (*y * scale).min(x * clip);
            }
            without_mean(&mut x);
            without_mean(&mut y);
            let dot: f64 = x.iter().zip(&y).map(|(x, y)| x * y).sum();
            dot / ((norm(&x) + EPSILON) * (norm(&y) + EPSILON))
        })
        .sum()
}

/// Mean over the frames of the correlation of spectra, rows and then columns normalised.
fn correlate_spectra(clean: &[[f64; N_BANDS]], estimate: &[[f64; N_BANDS]]) -> f64 {
    let (x, y) = (normalised(clean), normalised(estimate));
    let dot: f64 = x.iter().flatten().zip(y.iter().flatten()).map(|(x, y)| x * y).sum();
    dot / STRETCH_FRAMES as f64
}

/// Every band with mean 0 and norm 1 over time, and then every frame over the bands.
///
/// The reference adds noise of the size of a rounding error so that nothing is divided by zero; a
/// bound does the same without chance.
fn normalised(stretch: &[[f64; N_BANDS]]) -> Vec<[f64; N_BANDS]> {
    let mut out = stretch.to_vec();
    for band in 0..N_BANDS {
        let mut row: Vec<f64> = out.iter().map(|frame| frame[band]).collect();
        without_mean(&mut row);
        let scale = 1.0 / norm(&row).max(EPSILON);
        for (frame, value) in out.iter_mut().zip(&row) {
            frame[band] = value * scale;
        }
    }
    for frame in &mut out {
        without_mean(frame);
        let scale = 1.0 / norm(frame).max(EPSILON);
        frame.iter_mut().for_each(|v| *v *= scale);
    }
    out
}
