//! Parts that pictures are put together from.

use super::axis::{Axis, khz_label, tick_label};
use super::colour;
use super::error::PictureError;
use super::figure::{self, Anchor, Figure, Frame, LARGE, MEDIUM, SMALL};
use super::spectrogram::{Spectrogram, paint};

/// Levels shown below the loudest, dB.
const RANGE_DB: f64 = 80.0;

/// Lowest and highest sample of every column of pixels.
pub(super) fn waveform_panel(figure: &mut Figure, frame: Frame, samples: &[f32]) {
    let peak = samples.iter().filter(|s| s.is_finite()).fold(1e-4f32, |p, s| p.max(s.abs()));
    // A round limit that the loudest sample just fits under.
    let limit = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0]
        .into_iter()
        .find(|&limit| limit >= peak)
        .unwrap_or(peak.ceil());
    let axis = Axis::linear(-f64::from(limit), f64::from(limit));
    let y_of = |value: f32| frame.y + (1.0 - axis.position(value.into())) * frame.height;
    let n_columns = frame.width as usize;
    let (mut upper, mut lower) = (Vec::new(), Vec::new());
    for column in 0..n_columns {
        let edge = |c: usize| c * samples.len() / n_columns;
        let stretch =
            &samples[edge(column)..edge(column + 1).max(edge(column) + 1).min(samples.len())];
        let (low, high) =
            stretch.iter().fold((f32::MAX, f32::MIN), |(low, high), &s| (low.min(s), high.max(s)));
        if low <= high {
            let x = frame.x + column as f64 + 0.5;
            upper.push((x, y_of(high)));
            lower.push((x, y_of(low) + 1.0));
        }
    }
    lower.reverse();
    figure.polygon(&[upper, lower].concat(), "#5b3fb0", 1.0);
    figure.outline(frame);
    let ticks = axis.ticks(4);
    let step = if ticks.len() > 1 { ticks[1] - ticks[0] } else { 1.0 };
    let ticks: Vec<_> = ticks.into_iter().map(|t| (t, tick_label(t, step))).collect();
    figure.left_axis(frame, &axis, &ticks, "Amplitude");
}

/// Writes the title and returns where the room below it begins.
pub(super) fn title_row(figure: &mut Figure, title: &str) -> f64 {
    figure.text(120.0, 52.0, LARGE, Anchor::Start, title);
    70.0
}

/// Frames one above the other, with room for a heading each and one time axis at the bottom.
pub(super) fn stack(top: f64, height: f64, n_panels: usize) -> Vec<Frame> {
    let (heading, bottom) = (48.0, 85.0);
    let each = (height - top - bottom) / n_panels as f64;
    (0..n_panels)
        .map(|idx| Frame {
            x: 120.0,
            y: (top + heading + idx as f64 * each).round(),
            width: 1290.0,
            height: (each - heading).round(),
        })
        .collect()
}

/// From 80 dB under the loudest level, rounded up to 5 dB, to that level.
pub(super) fn level_range(loudest_db: f32) -> (f64, f64) {
    let high = (f64::from(loudest_db) / 5.0).ceil().max(-24.0) * 5.0;
    (high - RANGE_DB, high)
}

pub(super) fn spectrogram_panel(
    figure: &mut Figure,
    frame: Frame,
    grid: &Spectrogram,
    nyquist_hz: f64,
    range_db: (f64, f64),
) -> Result<(), PictureError> {
    let axis = Axis::hearing(nyquist_hz);
    let height = frame.height as usize;
    let pixels = paint(&grid.level_db, grid.n_bins, grid.bin_hz, &axis, height, range_db);
    figure.pixels(frame, &pixels, grid.n_columns)?;
    frequency_axis(figure, frame, &axis);
    Ok(())
}

/// The outline of a panel with frequencies on its left.
pub(super) fn frequency_axis(figure: &mut Figure, frame: Frame, axis: &Axis) {
    figure.outline(frame);
    // Where a panel is low, the lowest octaves would stand on each other.
    let least_hz = if frame.height < 250.0 { 500.0 } else { 125.0 };
    let ticks = axis.ticks(8).into_iter().filter(|&hz| hz == 0.0 || hz >= least_hz);
    let ticks: Vec<_> = ticks.map(|hz| (hz, khz_label(hz))).collect();
    figure.left_axis(frame, axis, &ticks, "Frequency (kHz)");
}

pub(super) fn time_axis(figure: &mut Figure, frame: Frame, seconds: f64) {
    let axis = Axis::linear(0.0, seconds.max(1e-6));
    let ticks = axis.ticks(10);
    let step = if ticks.len() > 1 { ticks[1] - ticks[0] } else { 1.0 };
    let ticks: Vec<_> = ticks.into_iter().map(|t| (t, tick_label(t, step))).collect();
    figure.bottom_axis(frame, &axis, &ticks, "Time (s)");
}

/// A bar that tells which colour is which value, labelled on its right.
pub(super) fn colour_bar(
    figure: &mut Figure,
    frame: Frame,
    range: (f64, f64),
    title: &str,
) -> Result<(), PictureError> {
    let n_rows = 256;
    let pixels: Vec<u8> = (0..n_rows)
        .flat_map(|row| colour::heat(1.0 - f64::from(row) / f64::from(n_rows - 1)))
        .collect();
    figure.pixels(frame, &pixels, 1)?;
    figure.outline(frame);
    let axis = Axis::linear(range.0, range.1);
    let ticks = axis.ticks(9);
    let step = if ticks.len() > 1 { ticks[1] - ticks[0] } else { 1.0 };
    let right = frame.x + frame.width;
    for tick in ticks {
        let y = frame.y + (1.0 - axis.position(tick)) * frame.height;
        figure.line((right, y), (right + 7.0, y), figure::INK, 1.5);
        figure.text(right + 12.0, y + SMALL * 0.34, SMALL, Anchor::Start, &tick_label(tick, step));
    }
    figure.text_upwards(right + 98.0, frame.y + frame.height / 2.0, MEDIUM, title);
    Ok(())
}
