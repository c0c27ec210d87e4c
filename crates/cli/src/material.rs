//! `quell noise` and `quell mix`: test material.

use std::path::PathBuf;

use anyhow::{Result, anyhow, bail};
use clap::Args;
use quell_audio::{
    AudioSpec, FileKind, SampleFormat, WriteOptions, Writer, interrupt, read_all, write_all,
};
use quell_core::settings::Unit;
use quell_lab::mix::{Silent, mix};
use quell_lab::synth::{NoiseKind, Synth};

use crate::overwrite::Overwrite;
use crate::units::parse_bits;

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
    #[arg(value_name = "KIND", value_parser = parse_noise)]
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
    #[command(flatten)]
    overwrite: Overwrite,
}

/// Runs `quell noise`.
pub fn run_noise(args: &NoiseArgs) -> Result<()> {
    if !(args.seconds > 0.0 && args.seconds < 1e6) {
        bail!("a length of {} seconds cannot be made: choose more than 0", args.seconds);
    }
    if !(-200.0..=0.0).contains(&args.level) {
        bail!("a level of {} dBFS cannot be made: choose -200 to 0", args.level);
    }
    args.overwrite.allow([args.output.as_path()])?;
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
    #[command(flatten)]
    overwrite: Overwrite,
}

/// Runs `quell mix`.
pub fn run_mix(args: &MixArgs) -> Result<()> {
    if !((0.0..3600.0).contains(&args.lead) && args.snr.is_finite()) {
        bail!("--lead takes 0 to 3600 seconds and --snr a number of dB");
    }
    let parts = [&args.clean_out, &args.noise_out].into_iter().flatten();
    args.overwrite.allow(parts.chain([&args.output]).map(PathBuf::as_path))?;
    let (speech, noise) = (read_all(&args.speech)?, read_all(&args.noise)?);
    let mix = mix(speech, &noise, args.snr, args.lead).map_err(|silent| {
        let path = if silent == Silent::Clean { &args.speech } else { &args.noise };
        anyhow!("'{}' is silent: a ratio needs sound in both", path.display())
    })?;
    if mix.gain < 1.0 {
        eprintln!(
            "quell: everything was turned down {:.1} dB to avoid clipping",
            -20.0 * mix.gain.log10()
        );
    }
    write_all(&args.output, &mix.sum)?;
    for (path, part) in [(&args.clean_out, &mix.clean), (&args.noise_out, &mix.noise)] {
        if let Some(path) = path {
            write_all(path, part)?;
        }
    }
    Ok(())
}

/// Parses a kind of noise.
fn parse_noise(text: &str) -> Result<NoiseKind, String> {
    let hint = "expected white, pink, brown, band:LOW-HIGH, hum:HZ, hiss or crackle";
    let (name, value) = text.split_once(':').map_or((text, None), |(n, v)| (n, Some(v)));
    let hz = |text: &str| {
        let value = Unit::Hertz.parse(text).ok().map(f64::from);
        value.filter(|hz| *hz > 0.0).ok_or(hint)
    };
    Ok(match (name, value) {
        ("white", None) => NoiseKind::White,
        ("pink", None) => NoiseKind::Pink,
        ("brown", None) => NoiseKind::Brown,
        ("hiss", None) => NoiseKind::Hiss,
        ("crackle", None) => NoiseKind::Crackle,
        ("hum", None) => NoiseKind::Hum(50.0),
        ("hum", Some(value)) => NoiseKind::Hum(hz(value)?),
        ("band", Some(value)) => {
            let (low, high) = value.split_once('-').ok_or(hint)?;
            let (low, high) = (hz(low)?, hz(high)?);
            if high <= low {
                return Err("the upper frequency must be above the lower".into());
            }
            NoiseKind::Band(low, high)
        }
        _ => return Err(hint.into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_parsed_or_refused() {
        assert_eq!(parse_noise("band:4 kHz-12000"), Ok(NoiseKind::Band(4_000.0, 12_000.0)));
        assert_eq!(parse_noise("hum:60"), Ok(NoiseKind::Hum(60.0)));
        for bad in ["grey", "band", "band:5", "band:9-2", "hum:0", "white:3"] {
            assert!(parse_noise(bad).is_err(), "{bad}");
        }
    }
}
