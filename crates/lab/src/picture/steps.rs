//! Every step from a noisy recording to a clean one, in one picture.

use std::path::Path;

use quell_core::config::PROFILE_BIN_HZ;
use quell_core::{NoiseProfile, Settings};

use super::axis::{Axis, khz_label, tick_label};
use super::error::PictureError;
use super::figure::{self, Anchor, Figure, Frame, MEDIUM, SMALL};
use super::panels::{
    colour_bar, frequency_axis, level_range, spectrogram_panel, time_axis, title_row,
};
use super::recorder::Frames;
use super::smoothing;
use super::spectrogram::{Spectrogram, paint};

/// Inks of the curves.
pub(super) const MEAN_INK: &str = "#5b3fb0";
const THRESHOLD_INK: &str = "#d1495b";

/// All that is drawn.
pub struct Steps<'a> {
    /// Rate of signal and recovered, Hz.
    pub sample_rate_hz: f64,
    /// The noise that was learned from.
    pub noise: &'a [f32],
    /// Its rate, Hz.
    pub noise_rate_hz: f64,
    /// What was learned.
    pub profile: &'a NoiseProfile,
    /// The recording.
    pub signal: &'a [f32],
    /// What came out.
    pub recovered: &'a [f32],
    /// What happened between them.
    pub frames: Frames,
    /// Settings of the engine.
    pub settings: &'a Settings,
    /// Whether the mask is smoothed to both sides of a frame.
    pub has_look_ahead: bool,
}

/// Rooms under a panel with an axis of its own, and under one that goes on below, pixels.
const AXIS_ROOM: f64 = 130.0;
const HEADING_ROOM: f64 = 46.0;

/// A picture that grows downwards, panel by panel.
struct Sheet {
    figure: Figure,
    y: f64,
    n_panels: usize,
}

impl Sheet {
    /// The place of the next panel under its numbered heading.
    fn panel(&mut self, height: f64, room: f64, heading: &str) -> Frame {
        let frame = Frame { x: 120.0, y: self.y, width: 1290.0, height };
        self.y += height + room;
        self.n_panels += 1;
        let text = format!("{}  {heading}", self.n_panels);
        self.figure.text(frame.x, frame.y - 12.0, MEDIUM, Anchor::Start, &text);
        frame
    }
}

/// Draws all steps from top to bottom.
pub fn draw_steps(path: &Path, title: &str, steps: &Steps) -> Result<(), PictureError> {
    let smoothing = smoothing::curves(steps.settings, steps.has_look_ahead);
    let height = if smoothing.is_empty() { 2330 } else { 2660 };
    let mut figure = Figure::new(1600, height);
    let y = title_row(&mut figure, title) + 44.0;
    let mut sheet = Sheet { figure, y, n_panels: 0 };
    let nyquist_hz = steps.sample_rate_hz / 2.0;
    let grid_of = |sound: &[f32], rate_hz: f64| Spectrogram::compute(sound, rate_hz, 1290);
    let signal_grid = grid_of(steps.signal, steps.sample_rate_hz)?;
    let range_db = level_range(signal_grid.peak_db());

    let noise = sheet.panel(240.0, AXIS_ROOM, "The noise that was learned from");
    let noise_grid = grid_of(steps.noise, steps.noise_rate_hz)?;
    let noise_top_hz = steps.noise_rate_hz / 2.0;
    levels(&mut sheet.figure, noise, &noise_grid, noise_top_hz, range_db)?;
    time_axis(&mut sheet.figure, noise, steps.noise.len() as f64 / steps.noise_rate_hz);

    let heading = "Its mean and spread, and the threshold, by frequency";
    let statistics = sheet.panel(300.0, AXIS_ROOM, heading);
    draw_statistics(&mut sheet.figure, statistics, steps, nyquist_hz);
    if !smoothing.is_empty() {
        let frame = sheet.panel(200.0, AXIS_ROOM, "How the mask is smoothed");
        smoothing::draw(&mut sheet.figure, frame, &smoothing);
    }

    let signal = sheet.panel(290.0, HEADING_ROOM, "The recording");
    levels(&mut sheet.figure, signal, &signal_grid, nyquist_hz, range_db)?;
    let mask = sheet.panel(290.0, HEADING_ROOM, "The mask: what is let through");
    draw_mask(&mut sheet.figure, mask, &steps.frames, nyquist_hz)?;
    let recovered = sheet.panel(290.0, HEADING_ROOM, "What is recovered");
    let grid = grid_of(steps.recovered, steps.sample_rate_hz)?;
    levels(&mut sheet.figure, recovered, &grid, nyquist_hz, range_db)?;
    let removed = sheet.panel(290.0, 0.0, "What was taken away");
    let difference: Vec<f32> =
        steps.signal.iter().zip(steps.recovered).map(|(signal, kept)| signal - kept).collect();
    let grid = grid_of(&difference, steps.sample_rate_hz)?;
    levels(&mut sheet.figure, removed, &grid, nyquist_hz, range_db)?;
    time_axis(&mut sheet.figure, removed, steps.signal.len() as f64 / steps.sample_rate_hz);
    sheet.figure.save(path)
}

/// A spectrogram and the scale of its colours.
fn levels(
    figure: &mut Figure,
    frame: Frame,
    grid: &Spectrogram,
    top_hz: f64,
    range_db: (f64, f64),
) -> Result<(), PictureError> {
    spectrogram_panel(figure, frame, grid, top_hz, range_db)?;
    colour_bar(figure, bar_beside(frame), range_db, "Level (dBFS)")
}

fn draw_mask(
    figure: &mut Figure,
    frame: Frame,
    frames: &Frames,
    nyquist_hz: f64,
) -> Result<(), PictureError> {
    let axis = Axis::hearing(nyquist_hz);
    let gains = columns(&frames.gain, frames.n_bins, frame.width as usize);
    let n_rows = frame.height as usize;
    let pixels = paint(&gains, frames.n_bins, frames.bin_hz, &axis, n_rows, (0.0, 1.0));
    figure.pixels(frame, &pixels, gains.len() / frames.n_bins)?;
    frequency_axis(figure, frame, &axis);
    colour_bar(figure, bar_beside(frame), (0.0, 1.0), "Gain")
}

fn bar_beside(frame: Frame) -> Frame {
    Frame { x: 1440.0, width: 28.0, ..frame }
}

/// Frames averaged into columns, or repeated where there are fewer frames than columns.
fn columns(values: &[f32], n_bins: usize, n_columns: usize) -> Vec<f32> {
    let n_frames = values.len() / n_bins;
    let mut out = Vec::with_capacity(n_columns * n_bins);
    for column in 0..n_columns {
        let edge = |c: usize| c * n_frames / n_columns;
        let first = edge(column).min(n_frames.saturating_sub(1));
        let end = edge(column + 1).max(first + 1).min(n_frames);
        let share = 1.0 / (end - first) as f32;
        for bin in 0..n_bins {
            let sum: f32 = (first..end).map(|frame| values[frame * n_bins + bin]).sum();
            out.push(sum * share);
        }
    }
    out
}

/// Mean, mean ± standard deviation and threshold over frequency.
fn draw_statistics(figure: &mut Figure, frame: Frame, steps: &Steps, nyquist_hz: f64) {
    let n_bins = steps.profile.n_bins();
    let top_hz = nyquist_hz.min((n_bins - 1) as f64 * PROFILE_BIN_HZ);
    let x_axis = Axis::hearing(nyquist_hz);
    let threshold_db: Vec<f64> =
        steps.frames.threshold.iter().map(|&p| 10.0 * f64::from(p.max(1e-20)).log10()).collect();
    let mean_db = |bin: usize| f64::from(steps.profile.mean_db()[bin]);
    let std_db = |bin: usize| f64::from(steps.profile.std_db()[bin]);
    let bins: Vec<usize> =
        (1..n_bins).filter(|&bin| bin as f64 * PROFILE_BIN_HZ <= top_hz).collect();
    let highest = threshold_db.iter().skip(1).copied().fold(f64::MIN, f64::max);
    let lowest = bins.iter().map(|&bin| mean_db(bin) - std_db(bin)).fold(f64::MAX, f64::min);
    let round = |value: f64, up: f64| ((value + up) / 10.0).floor() * 10.0;
    let y_axis = Axis::linear(round(lowest.max(highest - 120.0), 0.0), round(highest, 10.0));

    for tick in y_axis.ticks(6) {
        let y = frame.y + (1.0 - y_axis.position(tick)) * frame.height;
        figure.line((frame.x, y), (frame.x + frame.width, y), figure::GRID, 1.0);
    }
    let point = |hz: f64, db: f64| {
        let y = (1.0 - y_axis.position(db)).clamp(0.0, 1.0);
        (frame.x + x_axis.position(hz) * frame.width, frame.y + y * frame.height)
    };
    let of_profile = |level: &dyn Fn(usize) -> f64| -> Vec<(f64, f64)> {
        bins.iter().map(|&bin| point(bin as f64 * PROFILE_BIN_HZ, level(bin))).collect()
    };
    let upper = of_profile(&|bin| mean_db(bin) + std_db(bin));
    let mut lower = of_profile(&|bin| mean_db(bin) - std_db(bin));
    lower.reverse();
    figure.polygon(&[upper, lower].concat(), MEAN_INK, 0.2);
    figure.polyline(&of_profile(&mean_db), MEAN_INK, 2.0);
    let threshold: Vec<(f64, f64)> = threshold_db
        .iter()
        .enumerate()
        .skip(1)
        .map(|(bin, &db)| point(bin as f64 * steps.frames.bin_hz, db))
        .collect();
    figure.polyline(&threshold, THRESHOLD_INK, 2.0);

    figure.outline(frame);
    let ticks: Vec<_> = x_axis.ticks(8).into_iter().map(|hz| (hz, khz_label(hz))).collect();
    figure.bottom_axis(frame, &x_axis, &ticks, "Frequency (kHz)");
    let ticks: Vec<_> = y_axis.ticks(6).into_iter().map(|db| (db, tick_label(db, 10.0))).collect();
    figure.left_axis(frame, &y_axis, &ticks, "dB per 25 Hz");
    let sensitivity =
        format!("threshold: mean + {} standard deviations", steps.settings.sensitivity);
    legend(
        figure,
        frame,
        &[(MEAN_INK, "mean ± standard deviation"), (THRESHOLD_INK, &sensitivity)],
    );
}

/// Lines and their names in the upper right corner of a panel.
fn legend(figure: &mut Figure, frame: Frame, entries: &[(&str, &str)]) {
    let x = frame.x + frame.width - 16.0;
    for (idx, (ink, name)) in entries.iter().enumerate() {
        let y = frame.y + 30.0 + idx as f64 * 30.0;
        figure.line((x - 40.0, y - 7.0), (x, y - 7.0), ink, 3.0);
        figure.text(x - 50.0, y, SMALL, Anchor::End, name);
    }
}
