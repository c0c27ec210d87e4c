//! `picture`: what ffmpeg's filters make of grain on generated clips, as a table. From it come the
//! strengths of `quell denoise --picture`.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use quell_audio::video::Picture;

use crate::steps::sh;
use crate::{needs, places};

/// What is filmed: hard edges that move, detail that grows, soft shapes under a moving camera.
const CLIPS: [(&str, &str); 3] = [
    ("edges", "testsrc2=size=640x360:rate=24"),
    ("detail", "mandelbrot=size=640x360:rate=24:start_scale=0.02:end_scale=0.005:end_pts=200"),
    (
        "soft",
        "gradients=size=800x450:rate=24:speed=0.01:n=6:seed=5,noise=alls=60:all_seed=7,\
         gblur=sigma=4,eq=contrast=1.4,crop=640:360:x='80+60*sin(t)':y='45+40*cos(t*1.3)'",
    ),
];
/// Greatest change of a pixel by grain, of 255.
const GRAINS: [u32; 3] = [6, 12, 24];
const N_FRAMES: &str = "48";

const FILTERS: [&str; 13] = [
    "null",
    "hqdn3d=4",
    "hqdn3d=8",
    "hqdn3d=16",
    "hqdn3d=24",
    "hqdn3d=32",
    "atadenoise",
    "atadenoise=0a=0.1:0b=0.2:1a=0.1:1b=0.2:2a=0.1:2b=0.2:s=9",
    "atadenoise=0a=0.3:0b=0.3:1a=0.3:1b=0.3:2a=0.3:2b=0.3:s=9",
    "nlmeans=s=1.5:p=5:r=9",
    "nlmeans=s=3:p=5:r=9",
    "nlmeans=s=6:p=5:r=9",
    "nlmeans=s=10:p=5:r=9",
];

/// Against the clean clip.
#[derive(Clone, Copy, Default)]
struct Likeness {
    psnr_db: f64,
    ssim: f64,
}

pub(crate) fn run(args: &[String]) -> Result<()> {
    ensure!(args.is_empty(), "picture takes no options");
    needs::ffmpeg()?;
    let folder = places::target().join("picture");
    std::fs::create_dir_all(&folder)?;
    for (name, source) in CLIPS {
        let clean = clip(&folder, name, 0);
        ffmpeg(&["-f", "lavfi", "-i", source, "-frames:v", N_FRAMES], "format=yuv420p", &clean)?;
        let clean = clean.to_string_lossy();
        for grain in GRAINS {
            let noise = format!("noise=alls={grain}:allf=t:all_seed=3");
            ffmpeg(&["-i", &clean], &noise, &clip(&folder, name, grain))?;
        }
    }
    let head: Vec<_> = GRAINS.iter().map(|grain| format!("grain ±{grain}: PSNR, SSIM")).collect();
    println!("| filter | {} | frames/s | |\n|---|{}---|---|", head.join(" | "), "---|".repeat(3));
    let bare_s = seconds_of_a_core(&folder, FILTERS[0])?;
    for filter in FILTERS {
        let mut row = format!("| `{filter}` |");
        for grain in GRAINS {
            let Likeness { psnr_db, ssim } = mean_likeness(&folder, filter, grain)?;
            row += &format!(" {psnr_db:.1} dB, {ssim:.3} |");
        }
        let seconds = seconds_of_a_core(&folder, filter)? - bare_s;
        let speed = N_FRAMES.parse::<f64>()? / seconds.max(1e-3);
        row += &if filter == FILTERS[0] { " |".to_owned() } else { format!(" {speed:.0} |") };
        let chosen = Picture::ALL.into_iter().find(|picture| picture.filter() == filter);
        println!("{row} {} |", chosen.map_or("", Picture::id));
    }
    Ok(())
}

fn clip(folder: &Path, name: &str, grain: u32) -> PathBuf {
    folder.join(format!("{name}-{grain}.mkv"))
}

fn ffmpeg(input: &[&str], filter: &str, output: &Path) -> Result<()> {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-nostdin", "-y"]).args(input);
    sh(command.args(["-vf", filter, "-c:v", "ffv1"]).arg(output))
}

fn mean_likeness(folder: &Path, filter: &str, grain: u32) -> Result<Likeness> {
    let mut mean = Likeness::default();
    for (name, _) in CLIPS {
        let graph = format!(
            "[0:v]{filter},split[a][b];[1:v]split[c][d];[a][c]psnr[e];[b][d]ssim[f];\
             [e]nullsink;[f]null"
        );
        let mut command = Command::new("ffmpeg");
        command.args(["-hide_banner", "-nostdin", "-i"]).arg(clip(folder, name, grain));
        command.arg("-i").arg(clip(folder, name, 0));
        command.args(["-lavfi", &graph, "-f", "null", "-"]);
        let said = said(&mut command)?;
        mean.psnr_db += figure(&said, "average:")? / CLIPS.len() as f64;
        mean.ssim += figure(&said, "All:")? / CLIPS.len() as f64;
    }
    Ok(mean)
}

/// The processor's time for one clip, decoding included.
fn seconds_of_a_core(folder: &Path, filter: &str) -> Result<f64> {
    let mut command = Command::new("ffmpeg");
    command.args(["-hide_banner", "-nostdin", "-benchmark", "-threads", "1"]);
    command.args(["-filter_threads", "1", "-i"]).arg(clip(folder, CLIPS[1].0, GRAINS[1]));
    let said = said(command.args(["-vf", filter, "-f", "null", "-"]))?;
    figure(&said, "utime=")
}

fn said(command: &mut Command) -> Result<String> {
    let output = command.output().context("ffmpeg cannot be started")?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(output.status.success(), "{text}");
    Ok(text)
}

/// The number behind a name.
fn figure(said: &str, name: &str) -> Result<f64> {
    let after = said.split(name).nth(1).with_context(|| format!("no {name} in:\n{said}"))?;
    let number = after.split(|c: char| !(c.is_ascii_digit() || c == '.')).next().unwrap_or("");
    number.parse().with_context(|| format!("no number behind {name}"))
}
