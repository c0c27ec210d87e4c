//! Proof of an installed plugin: it is loaded as a host loads it, captures the noise at the start
//! of a recording, and cleans the recording.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use clack_host::entry::PluginEntry;
use quell_audio::{Audio, AudioSpec};
use quell_lab::picture;
use quell_testkit::host::{Buffers, Rig};
use quell_testkit::signals::rms_db;

use crate::places;

pub(crate) const RECORDING: &str = "crates/cli/assets/fan_and_voice.flac";
/// The part of the recording with noise alone that is captured, seconds.
const CAPTURE_S: (f64, f64) = (0.1, 1.8);
/// The part of it that is measured; apart from the edges, where windows reach into the voice.
const MEASURE_S: (f64, f64) = (0.3, 1.7);
/// Least noise drop that counts as working, dB: a third of what the defaults reach.
const LEAST_DROP_DB: f64 = 6.0;
/// Samples per block, as in most hosts.
const BLOCK: usize = 512;

pub(crate) fn run(library: &Path) -> Result<()> {
    let recording = quell_audio::read_all(Path::new(RECORDING))?;
    let rate_hz = f64::from(recording.spec.sample_rate_hz);
    let at = |seconds: f64| (seconds * rate_hz) as usize;
    // 1. Load, as a host does while it scans, and once more to stay.
    let began = Instant::now();
    // SAFETY: the library was built from this project a moment ago.
    drop(unsafe { PluginEntry::load(library) }.context("the installed CLAP does not load")?);
    let scan_ms = began.elapsed().as_secs_f64() * 1e3;
    // SAFETY: as above.
    let entry =
        unsafe { PluginEntry::load(library) }.context("the installed CLAP does not load")?;
    let began = Instant::now();
    let mut rig = Rig::new(&entry);
    let instance_ms = began.elapsed().as_secs_f64() * 1e3;
    rig.select_layout(4);
    rig.activate(rate_hz, BLOCK);
    let latency = rig.latency();
    // 2. First time through: learn the noise by the Capture parameter.
    let capture = [
        rig.change(at(CAPTURE_S.0), "Capture", "On"),
        rig.change(at(CAPTURE_S.1), "Capture", "Off"),
    ];
    rig.play(&[recording.channels[0][..at(CAPTURE_S.1) + BLOCK].to_vec()], &capture);
    // 3. Second time: clean all of it, and the latency's worth of silence to push the end out.
    rig.reset();
    let mut padded = recording.channels[0].clone();
    padded.resize(padded.len() + latency, 0.0);
    let mut buffers = Buffers::new(vec![padded], 0);
    let began = Instant::now();
    rig.render(&mut buffers, &[BLOCK], &[]);
    let took_s = began.elapsed().as_secs_f64();
    let cleaned = buffers.output[0][latency..].to_vec();
    // 4. Measure and show.
    let before_db = noise_db(&recording.channels[0], rate_hz);
    let after_db = noise_db(&cleaned, rate_hz);
    let folder = places::proof();
    write(&folder, &recording, cleaned)?;
    println!(
        "  noise      {before_db:.1} dBFS -> {after_db:.1} dBFS: {:.1} dB less",
        before_db - after_db
    );
    println!("  latency    {latency} samples = {:.1} ms", latency as f64 / rate_hz * 1e3);
    println!(
        "  speed      {:.2} s of sound in {:.0} ms: {:.0} times faster than it plays",
        recording.seconds(),
        took_s * 1e3,
        recording.seconds() / took_s
    );
    println!("  loading    {scan_ms:.1} ms to scan, {instance_ms:.1} ms for an instance");
    println!("  listen     {}", folder.join("before.wav").display());
    println!("             {}", folder.join("after.wav").display());
    println!("  look       {}", folder.join("before_after.png").display());
    ensure_drop(before_db - after_db, "the installed plugin")
}

/// Level of the part of the recording that holds noise alone, dBFS.
pub(crate) fn noise_db(channel: &[f32], rate_hz: f64) -> f64 {
    let at = |seconds: f64| (seconds * rate_hz) as usize;
    rms_db(&channel[at(MEASURE_S.0)..at(MEASURE_S.1)])
}

/// An error where less noise went than what works takes away.
pub(crate) fn ensure_drop(drop_db: f64, what: &str) -> Result<()> {
    ensure!(
        drop_db >= LEAST_DROP_DB,
        "{what} took away {drop_db:.1} dB of noise, at least {LEAST_DROP_DB} were expected"
    );
    Ok(())
}

/// Before, after and a picture of both.
fn write(folder: &Path, recording: &Audio, cleaned: Vec<f32>) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    let spec = AudioSpec::float(recording.spec.sample_rate_hz, 1);
    let before = recording.channels[0].clone();
    picture::before_after(
        &folder.join("before_after.png"),
        &before,
        &cleaned,
        f64::from(spec.sample_rate_hz),
        "Quell: a fan behind a voice",
    )?;
    quell_audio::write_all(&folder.join("before.wav"), &Audio { spec, channels: vec![before] })?;
    quell_audio::write_all(&folder.join("after.wav"), &Audio { spec, channels: vec![cleaned] })?;
    Ok(())
}
