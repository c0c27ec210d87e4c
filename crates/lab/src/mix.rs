//! A wanted sound and a noise, mixed at a ratio.

use quell_audio::{Audio, SampleFormat};

use crate::metrics::resample::resample;

/// Peak that a mix of whole numbers is turned down to.
const PEAK_LIMIT: f32 = 0.999;

/// Which of two sounds is silent, so that there is no ratio of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silent {
    /// The wanted sound.
    Clean,
    /// The noise.
    Noise,
}

impl std::fmt::Display for Silent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let which = if *self == Self::Clean { "the wanted sound" } else { "the noise" };
        write!(f, "{which} is silent: a ratio needs sound in both")
    }
}

impl std::error::Error for Silent {}

/// A mix and its parts, equally long.
#[derive(Clone, Debug, PartialEq)]
pub struct Mix {
    /// Both together.
    pub sum: Audio,
    /// The wanted sound as it is in the mix.
    pub clean: Audio,
    /// The noise as it is in the mix.
    pub noise: Audio,
    /// What everything was multiplied by to stay below full scale; 1 where it did.
    pub gain: f32,
}

/// Mixes a wanted sound with a noise, `snr_db` below it, after `lead_s` seconds of noise alone.
///
/// The noise is brought to the rate and channels of the wanted sound and repeated to its length.
pub fn mix(clean: Audio, noise: &Audio, snr_db: f64, lead_s: f64) -> Result<Mix, Silent> {
    let spec = clean.spec;
    let rate_hz = spec.sample_rate_hz;
    let n_lead = (lead_s * f64::from(rate_hz)).round() as usize;
    let mut clean = clean.channels;
    for channel in &mut clean {
        channel.splice(0..0, std::iter::repeat_n(0.0, n_lead));
    }
    let mut noise = fit_noise(noise, rate_hz, clean.len(), clean[0].len());
    // Where both sound, so that the ratio is the one that is heard.
    let (clean_power, noise_power) = (power(&clean, n_lead), power(&noise, n_lead));
    if clean_power == 0.0 {
        return Err(Silent::Clean);
    }
    if noise_power == 0.0 {
        return Err(Silent::Noise);
    }
    let noise_gain = (clean_power / noise_power / 10f64.powf(snr_db / 10.0)).sqrt() as f32;
    noise.iter_mut().flatten().for_each(|sample| *sample *= noise_gain);
    let mut sum = clean.clone();
    for (sum, noise) in sum.iter_mut().flatten().zip(noise.iter().flatten()) {
        *sum += noise;
    }
    let gain = gain_below_clipping(&sum, spec.format);
    for sample in sum.iter_mut().chain(&mut clean).chain(&mut noise).flatten() {
        *sample *= gain;
    }
    let [sum, clean, noise] = [sum, clean, noise].map(|channels| Audio { spec, channels });
    Ok(Mix { sum, clean, noise, gain })
}

/// The noise at another rate, repeated to a length, on as many channels.
fn fit_noise(noise: &Audio, rate_hz: u32, n_channels: usize, n_frames: usize) -> Vec<Vec<f32>> {
    let at_rate = |samples: &[f32]| -> Vec<f32> {
        if noise.spec.sample_rate_hz == rate_hz {
            return samples.to_vec();
        }
        let samples: Vec<f64> = samples.iter().map(|&s| f64::from(s)).collect();
        let out = resample(&samples, noise.spec.sample_rate_hz, rate_hz);
        out.into_iter().map(|s| s as f32).collect()
    };
    let sources: Vec<Vec<f32>> = match n_channels {
        1 => vec![at_rate(&noise.mono())],
        _ => noise.channels.iter().map(|channel| at_rate(channel)).collect(),
    };
    (0..n_channels)
        .map(|idx| sources[idx % sources.len()].iter().copied().cycle().take(n_frames).collect())
        .collect()
}

/// Mean square of all channels from a frame on.
fn power(channels: &[Vec<f32>], first: usize) -> f64 {
    let n = channels.iter().map(|channel| channel.len() - first).sum::<usize>().max(1);
    let samples = channels.iter().flat_map(|channel| &channel[first..]);
    samples.map(|&s| f64::from(s) * f64::from(s)).sum::<f64>() / n as f64
}

/// 1, or what keeps the loudest sample of a file of whole numbers below full scale.
fn gain_below_clipping(channels: &[Vec<f32>], format: SampleFormat) -> f32 {
    let peak = channels.iter().flatten().fold(0.0f32, |peak, sample| peak.max(sample.abs()));
    if format == SampleFormat::Float || peak < PEAK_LIMIT { 1.0 } else { PEAK_LIMIT / peak }
}
