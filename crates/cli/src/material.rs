//! `quell noise` and `quell mix`: test material.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;

use crate::metrics::resample::resample;
use crate::synth::{NoiseKind, Synth};
use crate::units::parse_bits;
use quell_audio::{
    Audio, AudioSpec, FileKind, SampleFormat, WriteOptions, Writer, interrupt, read_all, write_all,
};

/// Frames made at a time.
const BLOCK_LEN: usize = 8192;

/// Make noise: white, pink, brown, a band, hum, hiss, crackle
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  quell noise pink -o pink.wav --seconds 30 --level -30
  quell noise band:4000-12000 -o band.wav --rate 96000 --channels 2
  quell noise hum:60 -o hum.flac")]
pub struct NoiseArgs {
    /// white, pink, brown, band:LOW-HIGH (Hz), hum:HZ, hiss or crackle
    #[arg(value_name = "KIND")]
    kind: NoiseKind,
    /// File to write (.wav or .flac)
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    /// Length, seconds
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    /// Sample rate, Hz
    #[arg(long, default_value_t = 48_000, value_parser = clap::value_parser!(u32).range(1_000..=1_600_000))]
    rate: u32,
    /// Channels, each with a noise of its own
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    channels: u16,
    /// RMS level, dBFS
    #[arg(long, default_value_t = -30.0, allow_negative_numbers = true)]
    level: f64,
    /// Equal seeds make equal noise
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Depth: 16, 24, 32 or 32f
    #[arg(long, default_value = "24", value_parser = parse_bits)]
    bits: SampleFormat,
}

/// Runs `quell noise`.
pub fn run_noise(args: &NoiseArgs) -> Result<()> {
    if !(args.seconds > 0.0 && args.seconds < 1e6) {
        bail!("a length of {} seconds cannot be made: choose more than 0", args.seconds);
    }
    if !(-200.0..=0.0).contains(&args.level) {
        bail!("a level of {} dBFS cannot be made: choose -200 to 0", args.level);
    }
    let n_channels = usize::from(args.channels);
    let format = FileKind::of_path(&args.output)?.nearest_format(args.bits);
    let spec = AudioSpec { format, ..AudioSpec::float(args.rate, n_channels) };
    let mut writer = Writer::create(&args.output, &WriteOptions::plain(spec))?;
    let mut synths: Vec<Synth> = (0..n_channels as u64)
        .map(|idx| Synth::new(args.kind, f64::from(args.rate), args.level, args.seed + 1000 * idx))
        .collect();
    let mut block = vec![vec![0.0; BLOCK_LEN]; n_channels];
    let mut n_left = (args.seconds * f64::from(args.rate)).round() as usize;
    while n_left > 0 {
        interrupt::check()?;
        let n = n_left.min(BLOCK_LEN);
        for (synth, channel) in synths.iter_mut().zip(&mut block) {
            synth.fill(&mut channel[..n]);
        }
        let channels: Vec<&[f32]> = block.iter().map(|channel| &channel[..n]).collect();
        writer.write(&channels)?;
        n_left -= n;
    }
    Ok(writer.finish()?)
}

/// Mix speech or music with noise at a given ratio
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  quell mix speech.wav fan.wav --snr 5 -o noisy.wav
  quell mix speech.wav fan.wav --snr 5 --lead 2 -o noisy.wav --clean-out clean.wav
      two seconds of noise alone first; clean.wav is as long, for 'quell compare'")]
pub struct MixArgs {
    /// The wanted sound
    #[arg(value_name = "SPEECH")]
    speech: PathBuf,
    /// The noise; repeated where it is shorter, brought to the rate of the wanted sound
    #[arg(value_name = "NOISE")]
    noise: PathBuf,
    /// File to write (.wav or .flac)
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,
    /// Mean power of the wanted sound over that of the noise, dB
    #[arg(long, value_name = "DB", allow_negative_numbers = true)]
    snr: f64,
    /// Seconds of noise alone before the wanted sound begins
    #[arg(long, value_name = "SECONDS", default_value_t = 0.0)]
    lead: f64,
    /// Also write the wanted sound as it is in the mix
    #[arg(long, value_name = "FILE")]
    clean_out: Option<PathBuf>,
    /// Also write the noise as it is in the mix
    #[arg(long, value_name = "FILE")]
    noise_out: Option<PathBuf>,
}

/// Runs `quell mix`.
pub fn run_mix(args: &MixArgs) -> Result<()> {
    if !((0.0..3600.0).contains(&args.lead) && args.snr.is_finite()) {
        bail!("--lead takes 0 to 3600 seconds and --snr a number of dB");
    }
    let speech = read_all(&args.speech)?;
    let noise = read_all(&args.noise)?;
    let rate_hz = speech.spec.sample_rate_hz;
    let n_lead = (args.lead * f64::from(rate_hz)).round() as usize;
    let mut clean = speech.channels;
    for channel in &mut clean {
        channel.splice(0..0, std::iter::repeat_n(0.0, n_lead));
    }
    let mut noise = fit_noise(&noise, rate_hz, clean.len(), clean[0].len());
    // Where both sound, so that the ratio is the one that is heard.
    let (speech_power, noise_power) = (power(&clean, n_lead), power(&noise, n_lead));
    if speech_power == 0.0 || noise_power == 0.0 {
        let silent = if speech_power == 0.0 { &args.speech } else { &args.noise };
        bail!("'{}' is silent: a ratio needs sound in both", silent.display());
    }
    let noise_gain = (speech_power / noise_power / 10f64.powf(args.snr / 10.0)).sqrt() as f32;
    noise.iter_mut().flatten().for_each(|sample| *sample *= noise_gain);
    let mut mix = clean.clone();
    for (mix, noise) in mix.iter_mut().flatten().zip(noise.iter().flatten()) {
        *mix += noise;
    }
    let gain = gain_below_clipping(&mix, speech.spec.format);
    for sample in mix.iter_mut().chain(&mut clean).chain(&mut noise).flatten() {
        *sample *= gain;
    }
    if gain < 1.0 {
        eprintln!(
            "quell: everything was turned down {:.1} dB to avoid clipping",
            -20.0 * gain.log10()
        );
    }
    for (path, channels) in [
        (Some(&args.output), mix),
        (args.clean_out.as_ref(), clean),
        (args.noise_out.as_ref(), noise),
    ] {
        if let Some(path) = path {
            write_all(path, &Audio { spec: speech.spec, channels })?;
        }
    }
    Ok(())
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
    if format == SampleFormat::Float || peak < 0.999 { 1.0 } else { 0.999 / peak }
}
