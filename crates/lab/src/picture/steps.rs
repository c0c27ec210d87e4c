//! Every step from a noisy recording to a clean one, in one picture.

use std::path::Path;

use quell_core::config::{HOPS_PER_WINDOW, PROFILE_BIN_HZ, WINDOW_S};
use quell_core::{Engine, NoiseProfile, Settings};

use super::axis::{Axis, khz_label, tick_label};
use super::error::PictureError;
use super::figure::{self, Anchor, Figure, Frame, MEDIUM, SMALL};
use super::panels::{
    colour_bar, frequency_axis, level_range, spectrogram_panel, time_axis, title_row,
};
use super::recorder::Frames;
use super::spectrogram::{Spectrogram, paint};

/// Inks of the curves.
const MEAN_INK: &str = "#5b3fb0";
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

/// Draws all steps from top to bottom.
pub fn draw_steps(path: &Path, title: &str, steps: &Steps) -> Result<(), PictureError> {
    let height = 2660;
    let mut figure = Figure::new(1600, height);
    let mut y = title_row(&mut figure, title) + 44.0;
    let mut next = |panel_height: f64, room: f64| {
        let frame = Frame { x: 120.0, y, width: 1290.0, height: panel_height };
        y += panel_height + room;
        frame
    };
    let nyquist_hz = steps.sample_rate_hz / 2.0;
    let seconds = steps.signal.len() as f64 / steps.sample_rate_hz;
    let (axis_room, heading_room) = (130.0, 46.0);

    let noise = next(240.0, axis_room);
    let statistics = next(300.0, axis_room);
    let smoothing = next(200.0, axis_room);
    let [signal, mask, masked] = [0; 3].map(|_| next(290.0, heading_room));
    let recovered = next(290.0, 0.0);

    let signal_grid =
        Spectrogram::compute(steps.signal, steps.sample_rate_hz, signal.width as usize)?;
    let range_db = level_range(signal_grid.peak_db());
    heading(&mut figure, noise, "1  The noise that was learned from");
    let noise_grid = Spectrogram::compute(steps.noise, steps.noise_rate_hz, noise.width as usize)?;
    spectrogram_panel(&mut figure, noise, &noise_grid, steps.noise_rate_hz / 2.0, range_db)?;
    time_axis(&mut figure, noise, steps.noise.len() as f64 / steps.noise_rate_hz);
    level_bar(&mut figure, noise, range_db)?;

    heading(&mut figure, statistics, "2  Its mean and spread, and the threshold, by frequency");
    draw_statistics(&mut figure, statistics, steps, nyquist_hz);
    heading(&mut figure, smoothing, "3  How the mask is smoothed");
    draw_smoothing(&mut figure, smoothing, steps);

    heading(&mut figure, signal, "4  The recording");
    spectrogram_panel(&mut figure, signal, &signal_grid, nyquist_hz, range_db)?;
    level_bar(&mut figure, signal, range_db)?;

    heading(&mut figure, mask, "5  The mask: what is let through");
    let axis = Axis::hearing(nyquist_hz);
    let gains = columns(&steps.frames.gain, steps.frames.n_bins, mask.width as usize);
    let pixels = paint(
        &gains,
        steps.frames.n_bins,
        steps.frames.bin_hz,
        &axis,
        mask.height as usize,
        (0.0, 1.0),
    );
    figure.pixels(mask, &pixels, gains.len() / steps.frames.n_bins)?;
    frequency_axis(&mut figure, mask, &axis);
    colour_bar(&mut figure, bar_beside(mask), (0.0, 1.0), "Gain")?;

    heading(&mut figure, masked, "6  The recording under the mask");
    let masked_grid = masked_grid(&steps.frames, masked.width as usize);
    spectrogram_panel(&mut figure, masked, &masked_grid, nyquist_hz, range_db)?;
    level_bar(&mut figure, masked, range_db)?;

    heading(&mut figure, recovered, "7  What is recovered");
    let recovered_grid =
        Spectrogram::compute(steps.recovered, steps.sample_rate_hz, recovered.width as usize)?;
    spectrogram_panel(&mut figure, recovered, &recovered_grid, nyquist_hz, range_db)?;
    level_bar(&mut figure, recovered, range_db)?;
    time_axis(&mut figure, recovered, seconds);
    figure.save(path)
}

fn heading(figure: &mut Figure, frame: Frame, text: &str) {
    figure.text(frame.x, frame.y - 12.0, MEDIUM, Anchor::Start, text);
}

fn bar_beside(frame: Frame) -> Frame {
    Frame { x: 1440.0, width: 28.0, ..frame }
}

fn level_bar(figure: &mut Figure, frame: Frame, range_db: (f64, f64)) -> Result<(), PictureError> {
    colour_bar(figure, bar_beside(frame), range_db, "Level (dBFS)")
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

/// Signal times mask as the engine saw them, on the scale of a spectrogram.
fn masked_grid(frames: &Frames, n_columns: usize) -> Spectrogram {
    let power: Vec<f32> =
        frames.power.iter().zip(&frames.gain).map(|(power, gain)| power * gain * gain).collect();
    // Power per 25 Hz times this is the square of the amplitude of a sine in its bin: a Hann window
    // spreads noise over 1.5 bins, and a sine has half of its amplitude at negative frequencies.
    let scale = 4.0 * 1.5 * frames.bin_hz as f32 / PROFILE_BIN_HZ as f32;
    let n_columns = n_columns.min(power.len() / frames.n_bins).max(1);
    let level_db = columns(&power, frames.n_bins, n_columns)
        .into_iter()
        .map(|p| 10.0 * (p * scale).max(1e-20).log10())
        .collect();
    Spectrogram { bin_hz: frames.bin_hz, n_bins: frames.n_bins, n_columns, level_db }
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

/// The weights that a bin's neighbours in frequency and in time have.
fn draw_smoothing(figure: &mut Figure, frame: Frame, steps: &Steps) {
    let left = Frame { width: frame.width * 0.47, ..frame };
    let right = Frame { x: frame.x + frame.width * 0.53, ..left };
    let settings = steps.settings;
    let half_hz = f64::from(settings.freq_smoothing_hz) / 2.0;
    let triangle = |half: f64| move |x: f64| (1.0 - x.abs() / half.max(1e-9)).max(0.0);
    let reach_hz = half_hz.max(PROFILE_BIN_HZ) * 1.3;
    weight_panel(figure, left, reach_hz, &triangle(half_hz), "Distance in frequency (Hz)");

    let hop_ms = 1000.0 * WINDOW_S / HOPS_PER_WINDOW as f64;
    let time_ms = f64::from(settings.time_smoothing_ms);
    let (attack_ms, release_ms) = (f64::from(settings.attack_ms), f64::from(settings.release_ms));
    let title = "Distance in time (ms)";
    if steps.has_look_ahead {
        let half_ms = time_ms + hop_ms;
        weight_panel(figure, right, half_ms * 1.3, &triangle(half_ms), title);
        return;
    }
    // Without look-ahead the classic engine uses the smoothing time as a release.
    let is_classic = settings.engine == Engine::Classic;
    let release_ms = if is_classic { release_ms.max(time_ms) } else { release_ms };
    if attack_ms + release_ms <= 0.0 {
        figure.outline(right);
        let (x, y) = (right.x + right.width / 2.0, right.y + right.height / 2.0);
        figure.text(x, y, MEDIUM, Anchor::Middle, "in this mode every frame stands for itself");
        return;
    }
    let decay = |ms: f64, time_ms: f64| if time_ms > 0.0 { (-ms / time_ms).exp() } else { 0.0 };
    let follow = move |ms: f64| {
        if ms < 0.0 {
            decay(-ms, attack_ms)
        } else {
            decay(ms, release_ms).max(f64::from(ms == 0.0))
        }
    };
    weight_panel(figure, right, attack_ms.max(release_ms) * 3.0, &follow, title);
}

/// A curve of weights around zero.
fn weight_panel(
    figure: &mut Figure,
    frame: Frame,
    reach: f64,
    weight: &dyn Fn(f64) -> f64,
    title: &str,
) {
    let (x_axis, y_axis) = (Axis::linear(-reach, reach), Axis::linear(0.0, 1.1));
    let points: Vec<(f64, f64)> = (0..=400)
        .map(|i| {
            let position = f64::from(i) / 400.0;
            let y = 1.0 - y_axis.position(weight(x_axis.value(position)));
            (frame.x + position * frame.width, frame.y + y * frame.height)
        })
        .collect();
    figure.polyline(&points, MEAN_INK, 2.5);
    figure.outline(frame);
    let ticks = x_axis.ticks(6);
    let step = if ticks.len() > 1 { ticks[1] - ticks[0] } else { 1.0 };
    let ticks: Vec<_> = ticks.into_iter().map(|t| (t, tick_label(t, step))).collect();
    figure.bottom_axis(frame, &x_axis, &ticks, title);
    let ticks: Vec<_> = [0.0, 0.5, 1.0].map(|t| (t, tick_label(t, 0.5))).to_vec();
    figure.left_axis(frame, &y_axis, &ticks, "");
    figure.text(frame.x + 14.0, frame.y + 30.0, SMALL, Anchor::Start, "weight");
}
