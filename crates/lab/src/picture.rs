//! Pictures of sound: spectrograms and curves with axes, as PNG or SVG.

mod axis;
mod colour;
mod error;
mod figure;
mod panels;
mod recorder;
mod smoothing;
pub mod spectrogram;
mod steps;

use std::path::Path;

use figure::{Anchor, Figure, Frame, MEDIUM};
use panels::{
    colour_bar, level_range, spectrogram_panel, stack, time_axis, title_row, waveform_panel,
};
use spectrogram::Spectrogram;

pub use error::PictureError;
pub use figure::PictureKind;
pub use recorder::{Frames, Recorder};
pub use steps::{Steps, draw_steps};

/// Draws the spectrograms of a sound before and after, one above the other on one scale.
///
/// The ending of `path` chooses PNG or SVG.
pub fn before_after(
    path: &Path,
    before: &[f32],
    after: &[f32],
    sample_rate_hz: f64,
    title: &str,
) -> Result<(), PictureError> {
    let panels = [("Before", before), ("After", after)];
    let mut figure = Figure::new(1600, 1100);
    let seconds = before.len().max(after.len()) as f64 / sample_rate_hz;
    let top = title_row(&mut figure, title);
    let frames = stack(top, 1100.0, panels.len());
    let grids = panels
        .iter()
        .zip(&frames)
        .map(|((_, samples), frame)| {
            Spectrogram::compute(samples, sample_rate_hz, frame.width as usize)
        })
        .collect::<Result<Vec<_>, _>>()?;
    let loudest_db = grids.iter().map(Spectrogram::peak_db).fold(f32::MIN, f32::max);
    let range_db = level_range(loudest_db);
    for ((grid, frame), (name, _)) in grids.iter().zip(&frames).zip(&panels) {
        spectrogram_panel(&mut figure, *frame, grid, sample_rate_hz / 2.0, range_db)?;
        figure.text(frame.x, frame.y - 10.0, MEDIUM, Anchor::Start, name);
    }
    let last = frames[frames.len() - 1];
    time_axis(&mut figure, last, seconds);
    let bar = Frame {
        x: 1440.0,
        y: frames[0].y,
        width: 28.0,
        height: last.y + last.height - frames[0].y,
    };
    colour_bar(&mut figure, bar, range_db, "Level (dBFS)")?;
    figure.save(path)
}

/// Draws waveform and spectrogram of a sound.
pub fn overview(
    path: &Path,
    samples: &[f32],
    sample_rate_hz: f64,
    title: &str,
) -> Result<(), PictureError> {
    let mut figure = Figure::new(1600, 1000);
    let seconds = samples.len() as f64 / sample_rate_hz;
    let top = title_row(&mut figure, title);
    let wave = Frame { x: 120.0, y: top + 40.0, width: 1290.0, height: 220.0 };
    waveform_panel(&mut figure, wave, samples);
    figure.text(wave.x, wave.y - 10.0, MEDIUM, Anchor::Start, "Waveform");
    let y = wave.y + wave.height + 60.0;
    let frame = Frame { y, height: 1000.0 - 85.0 - y, ..wave };
    let grid = Spectrogram::compute(samples, sample_rate_hz, frame.width as usize)?;
    let range_db = level_range(grid.peak_db());
    spectrogram_panel(&mut figure, frame, &grid, sample_rate_hz / 2.0, range_db)?;
    figure.text(frame.x, frame.y - 10.0, MEDIUM, Anchor::Start, "Spectrogram");
    time_axis(&mut figure, frame, seconds);
    let bar = Frame { x: 1440.0, width: 28.0, ..frame };
    colour_bar(&mut figure, bar, range_db, "Level (dBFS)")?;
    figure.save(path)
}
