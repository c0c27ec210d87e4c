//! The picture that explains itself: input, output, what lies between, the noise and the threshold.

use std::sync::Arc;

use egui::{
    Align2, Color32, CornerRadius, Mesh, Painter, Pos2, Rect, Shape, Stroke, Ui, pos2, vec2,
};
use quell_core::config::{GAUSSIAN_LOG_BIAS_DB, PROFILE_BIN_HZ};
use quell_core::{NoiseProfile, ProfileSource, ThresholdCurve};

use crate::columns::{N_COLUMNS, columns};
use crate::editor::analysis::{Analysis, column_at, column_hz};
use crate::editor::axes::{Axes, db_text, hz_text};
use crate::editor::theme::{Theme, faded};
use crate::editor::widgets::font;

type Levels = [f32; N_COLUMNS];

/// Where the threshold is drawn while neither sound nor print says where it is, dB.
const IDLE_THRESHOLD_DB: f32 = -80.0;

/// Everything drawn, dB per column.
pub(super) struct Curves {
    pub(super) input: Option<Levels>,
    pub(super) output: Levels,
    pub(super) noise: Option<Levels>,
    pub(super) threshold: Levels,
    pub(super) curve: ThresholdCurve,
    pub(super) max_hz: f32,
}

/// The print on the picture's columns, made again only when it changes.
#[derive(Default)]
pub(super) struct PrintColumns {
    of: Option<(Arc<NoiseProfile>, f32)>,
    mean_db: Vec<f32>,
    std_db: Vec<f32>,
}

impl PrintColumns {
    fn follow(&mut self, print: &Arc<NoiseProfile>, max_hz: f32) {
        let is_same =
            |(old, old_hz): &(Arc<NoiseProfile>, f32)| Arc::ptr_eq(old, print) && *old_hz == max_hz;
        if self.of.as_ref().is_some_and(is_same) {
            return;
        }
        self.mean_db = resample(print.mean_db(), print.n_bins(), max_hz);
        self.std_db = resample(print.std_db(), print.n_bins(), max_hz);
        self.of = Some((Arc::clone(print), max_hz));
    }
}

/// Means per column of bins 25 Hz apart; channels count alike, the top bin stands for all above.
fn resample(values: &[f32], n_bins: usize, max_hz: f32) -> Vec<f32> {
    let n_channels = (values.len() / n_bins.max(1)).max(1);
    let bin = |idx: usize| {
        let channels = (0..n_channels).map(|channel| values[channel * n_bins + idx]);
        channels.sum::<f32>() / n_channels as f32
    };
    columns(max_hz, PROFILE_BIN_HZ as f32, n_bins).map(|column| column.mean(bin)).collect()
}

impl Curves {
    /// From what is heard, and from the print where it is in force.
    pub(super) fn new(
        analysis: &Analysis,
        columns: &mut PrintColumns,
        print: Option<&Arc<NoiseProfile>>,
        sensitivity: f32,
        curve: ThresholdCurve,
    ) -> Self {
        let max_hz = analysis.max_hz;
        let mut threshold = [IDLE_THRESHOLD_DB; N_COLUMNS];
        let mut noise = None;
        if let Some(print) = print {
            columns.follow(print, max_hz);
            noise = Some(std::array::from_fn(|idx| columns.mean_db[idx] + GAUSSIAN_LOG_BIAS_DB));
            threshold =
                std::array::from_fn(|idx| columns.mean_db[idx] + sensitivity * columns.std_db[idx]);
        } else if analysis.has_sound {
            noise = Some(analysis.noise_db());
            threshold = analysis.threshold_db();
        }
        if print.is_some() || !analysis.has_sound {
            for (idx, level_db) in threshold.iter_mut().enumerate() {
                *level_db += curve.offset_db_at(column_hz(idx, max_hz));
            }
        }
        Self {
            input: analysis.has_sound.then(|| analysis.input_db()),
            output: analysis.output_db(),
            noise,
            threshold,
            curve,
            max_hz,
        }
    }

    /// Level of the threshold around a frequency without the curve's shift, dB.
    pub(super) fn base_db(&self, hz: f32) -> f32 {
        const REACH: usize = 10;
        let middle = column_at(hz, self.max_hz);
        let columns = middle.saturating_sub(REACH)..(middle + REACH + 1).min(N_COLUMNS);
        let n = columns.len() as f32;
        let level =
            |idx: usize| self.threshold[idx] - self.curve.offset_db_at(column_hz(idx, self.max_hz));
        columns.map(level).sum::<f32>() / n
    }
}

/// Draws curves and area.
pub(super) fn paint(painter: &Painter, t: &Theme, axes: &Axes, curves: &Curves) {
    let points = |levels: &Levels| -> Vec<Pos2> {
        let at = |(idx, level): (usize, &f32)| axes.at(column_hz(idx, curves.max_hz), *level);
        levels.iter().enumerate().map(at).collect()
    };
    if let Some(input) = &curves.input {
        let (above, below) = (points(input), points(&curves.output));
        painter.add(area(&below, axes.rect.bottom(), faded(t.output, 0.13)));
        painter.add(between(&above, &below, faded(t.removed, 0.42)));
        painter.add(Shape::line(above, Stroke::new(1.2, t.input)));
        painter.add(Shape::line(below, Stroke::new(1.8, t.output)));
    }
    if let Some(noise) = &curves.noise {
        painter.add(Shape::line(points(noise), Stroke::new(1.4, t.noise)));
    }
    let threshold = points(&curves.threshold);
    painter.extend(Shape::dashed_line(&threshold, Stroke::new(1.4, t.threshold), 5.0, 3.0));
}

/// The strip between two curves over the same columns.
fn between(above: &[Pos2], below: &[Pos2], color: Color32) -> Shape {
    let mut mesh = Mesh::default();
    for (idx, (above, below)) in above.iter().zip(below).enumerate() {
        mesh.colored_vertex(*above, color);
        mesh.colored_vertex(pos2(below.x, below.y.max(above.y)), color);
        if idx > 0 {
            let last = 2 * idx as u32;
            mesh.add_triangle(last - 2, last - 1, last);
            mesh.add_triangle(last - 1, last, last + 1);
        }
    }
    Shape::mesh(mesh)
}

/// The area between a curve and the ground.
fn area(curve: &[Pos2], bottom: f32, color: Color32) -> Shape {
    let ground: Vec<_> = curve.iter().map(|point| pos2(point.x, bottom)).collect();
    between(curve, &ground, color)
}

/// Names of what is drawn, in its colours.
pub(super) fn legend(ui: &Ui, t: &Theme, rect: Rect, source: ProfileSource) {
    let noise = match source {
        ProfileSource::Captured => "noise print",
        ProfileSource::Adaptive => "noise, followed",
        ProfileSource::Sidechain => "noise input",
    };
    let mut x = rect.left() + 10.0;
    for (name, color, is_area) in [
        ("input", t.input, false),
        ("denoised", t.output, false),
        ("removed", t.removed, true),
        (noise, t.noise, false),
        ("threshold", t.threshold, false),
    ] {
        let y = rect.top() + 17.0;
        let swatch =
            Rect::from_center_size(pos2(x + 7.0, y), vec2(14.0, if is_area { 10.0 } else { 3.0 }));
        let fill = if is_area { faded(color, 0.55) } else { color };
        ui.painter().rect_filled(swatch, CornerRadius::same(1), fill);
        let at = pos2(x + 19.0, y);
        let text = ui.painter().text(at, Align2::LEFT_CENTER, name, font(12.5), color);
        x = text.right() + 12.0;
    }
}

/// What lies under the pointer, in numbers.
pub(super) fn readout(ui: &Ui, t: &Theme, axes: &Axes, curves: &Curves, at: Pos2) {
    let hz = axes.hz(at.x);
    let idx = column_at(hz, curves.max_hz);
    let painter = ui.painter();
    painter.vline(at.x, axes.rect.y_range(), Stroke::new(1.0, faded(t.text, 0.35)));
    let mut rows = vec![(hz_text(hz), t.text)];
    if let Some(input) = &curves.input {
        let removed = (curves.output[idx] - input[idx]).min(0.0);
        rows.push((format!("input {}", db_text(input[idx], 0)), t.input));
        rows.push((format!("denoised {}", db_text(curves.output[idx], 0)), t.output));
        rows.push((format!("removed {}", db_text(removed, 1)), t.removed));
    }
    if let Some(noise) = &curves.noise {
        rows.push((format!("noise {}", db_text(noise[idx], 0)), t.noise));
    }
    rows.push((format!("threshold {}", db_text(curves.threshold[idx], 0)), t.threshold));
    let size = vec2(132.0, rows.len() as f32 * 16.0 + 10.0);
    let is_right = at.x + size.x + 24.0 > axes.rect.right();
    let x = if is_right { at.x - size.x - 12.0 } else { at.x + 12.0 };
    let y = (at.y - size.y / 2.0).clamp(
        axes.rect.top() + 30.0,
        (axes.rect.bottom() - size.y - 20.0).max(axes.rect.top() + 30.0),
    );
    let place = Rect::from_min_size(pos2(x, y), size);
    painter.rect_filled(place, CornerRadius::same(4), t.ground);
    for (row, (text, color)) in rows.iter().enumerate() {
        let at = place.min + vec2(8.0, 5.0 + row as f32 * 16.0);
        painter.text(at, Align2::LEFT_TOP, text, font(12.5), *color);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_print_keeps_its_level_on_the_columns() {
        let flat = resample(&[-60.0; 961 * 2], 961, 24_000.0);
        assert!(flat.iter().all(|&level| (level + 60.0).abs() < 1e-3));
        let mut one = vec![-90.0; 961];
        one[40] = -50.0;
        let columns = resample(&one, 961, 24_000.0);
        let loudest = (0..N_COLUMNS).max_by(|&a, &b| columns[a].total_cmp(&columns[b])).unwrap();
        assert!((column_hz(loudest, 24_000.0) / 1_000.0 - 1.0).abs() < 0.03);
    }

    #[test]
    fn the_threshold_of_a_print_follows_sensitivity_and_nodes() {
        let print =
            NoiseProfile::new(1, 961, vec![-90.0; 961], vec![5.0; 961], 1.0).map(Arc::new).unwrap();
        let curve = ThresholdCurve::from_three(0.0, 0.0, 12.0);
        let mut columns = PrintColumns::default();
        let analysis = Analysis::default();
        let curves = Curves::new(&analysis, &mut columns, Some(&print), 2.0, curve);
        assert!((curves.threshold[0] + 80.0).abs() < 1e-3);
        assert!((curves.threshold[N_COLUMNS - 1] + 68.0).abs() < 1e-3);
        assert!((curves.base_db(10_000.0) + 80.0).abs() < 1e-3);
        assert!(curves.input.is_none());
    }
}
