//! `quell compare`.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow};
use clap::Args;
use serde_json::{Value, json};

use quell_audio::{Audio, read_all};
use quell_lab::metrics::{Figures, Mismatch, compare};

const EXAMPLES: &str = "\
Examples:
  quell compare clean.wav noisy.wav denoised.wav
  quell compare clean.wav out/*.wav --skip 2 --csv > figures.csv

What the figures mean (higher is better, but for lsd, mse and mae):
  si_sdr  signal over distortion after the best scaling, dB     stoi, estoi  intelligibility, 0 to 1
  snr     signal over error, dB                                 lsd          distance of spectra, dB
  segsnr  mean of the SNR of 30 ms frames within -10 to 35, dB
  mse, mae, ssim, psnr  of the spectrograms as pictures: 80 dB from black to white";

/// Compare recordings with a clean one, in figures
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct CompareArgs {
    /// The clean recording
    #[arg(value_name = "CLEAN")]
    clean: PathBuf,
    /// Recordings to compare with it: noisy ones, denoised ones
    #[arg(required = true, value_name = "OTHER")]
    others: Vec<PathBuf>,
    /// Leave out the first seconds, e.g. a lead-in of noise alone
    #[arg(long, value_name = "SECONDS", default_value_t = 0.0)]
    skip: f64,
    /// Print JSON
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print CSV
    #[arg(long)]
    csv: bool,
}

/// Runs `quell compare`.
pub fn run(args: &CompareArgs) -> Result<()> {
    let clean = read_all(&args.clean)?;
    let mut rows = Vec::new();
    for path in &args.others {
        rows.push((path, compare_file(args, &clean, path)?));
    }
    if args.json {
        let rows: Value = rows.iter().map(|(path, figures)| to_json(path, figures)).collect();
        println!("{rows:#}");
    } else if args.csv {
        println!("file,{}", Figures::NAMES.join(","));
        for (path, figures) in rows {
            let values: Vec<_> = figures.values().iter().map(|v| format!("{v:.6}")).collect();
            println!(
                "\"{}\",{}",
                path.display().to_string().replace('"', "\"\""),
                values.join(",")
            );
        }
    } else {
        print_table(&rows);
    }
    Ok(())
}

fn compare_file(args: &CompareArgs, clean: &Audio, path: &Path) -> Result<Figures> {
    let other = read_all(path)?;
    let (clean_name, name) = (args.clean.display(), path.display());
    let figures = compare(clean, &other, args.skip).map_err(|mismatch| {
        let is_short = matches!(mismatch, Mismatch::TooShort { .. });
        let advice = if is_short { " (lower --skip)" } else { "" };
        anyhow!("'{name}' {mismatch}{advice}")
    })?;
    if clean.n_frames() != other.n_frames() {
        eprintln!("quell: '{name}' is not as long as '{clean_name}': the shorter counts");
    }
    Ok(figures)
}

fn to_json(path: &Path, figures: &Figures) -> Value {
    let mut row = serde_json::Map::new();
    row.insert("file".into(), json!(path.to_string_lossy()));
    for (name, value) in Figures::NAMES.iter().zip(figures.values()) {
        row.insert((*name).into(), json!(value));
    }
    row.into()
}

fn print_table(rows: &[(&PathBuf, Figures)]) {
    let names: Vec<String> = rows.iter().map(|(path, _)| path.display().to_string()).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0).max(4);
    let heads = ["si_sdr", "snr", "segsnr", "lsd", "stoi", "estoi", "mse", "mae", "ssim", "psnr"];
    let decimals = [2, 2, 2, 2, 3, 3, 4, 4, 3, 2];
    println!("{:width$} {}", "file", heads.map(|head| format!("{head:>7}")).join(" "));
    for (name, (_, figures)) in names.iter().zip(rows) {
        let values = figures.values();
        let cells: Vec<_> =
            values.iter().zip(decimals).map(|(value, n)| format!("{value:>7.n$}")).collect();
        println!("{name:width$} {}", cells.join(" "));
    }
}
