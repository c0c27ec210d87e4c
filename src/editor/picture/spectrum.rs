//! The picture that explains itself: input, output, what lies between, the gain that makes it, the
//! noise and the threshold.

use std::sync::Arc;

use egui::{Align2, Color32, Mesh, Painter, Pos2, Shape, Stroke, pos2};
use quell_core::config::{GAUSSIAN_LOG_BIAS_DB, PROFILE_BIN_HZ};
use quell_core::{NoiseProfile, ThresholdCurve};

use crate::columns::{N_COLUMNS, columns};
use crate::editor::picture::analysis::{Analysis, column_at, column_hz};
use crate::editor::picture::axes::{Axes, db_text, plate};
use crate::editor::picture::legend::{Curve, Legend};
use crate::editor::picture::smooth::{Levels, Smooth};
use crate::editor::theme::{Theme, faded};
use crate::editor::widgets::font;

/// Where the threshold is drawn while neither sound nor print says where it is, dB.
const IDLE_THRESHOLD_DB: f32 = -80.0;
/// The gain's scale: so far down it goes over this share of the height.
const GAIN_BOTTOM_DB: f32 = -60.0;
const GAIN_SHARE: f32 = 0.4;
/// Columns to either side over which the level under a node is averaged.
const REACH: usize = 3;

/// Everything drawn, dB per column.
pub(in crate::editor) struct Curves {
    pub(in crate::editor) input: Option<Levels>,
    pub(in crate::editor) output: Levels,
    /// What the mask does: output over input.
    pub(in crate::editor) gain: Option<Levels>,
    /// Input over the last seconds.
    average: Option<Levels>,
    /// The highest levels of input and output.
    peaks: Option<[Levels; 2]>,
    pub(in crate::editor) noise: Option<Levels>,
    pub(in crate::editor) threshold: Levels,
    /// The threshold without the nodes' shift.
    pub(in crate::editor) base: Levels,
    /// Whether the engine goes by the threshold itself: to a network it is no more than a hint.
    pub(in crate::editor) is_threshold_exact: bool,
    /// That shift.
    shift: Levels,
    pub(in crate::editor) max_hz: f32,
}

/// The print on the picture's columns, made again only when it changes.
#[derive(Default)]
pub(in crate::editor) struct PrintColumns {
    of: Option<(Arc<NoiseProfile>, f32)>,
    mean_db: Vec<f32>,
    std_db: Vec<f32>,
}

impl PrintColumns {
    fn follow(&mut self, print: &Arc<NoiseProfile>, max_hz: f32, smooth: &Smooth) {
        let is_same =
            |(old, old_hz): &(Arc<NoiseProfile>, f32)| Arc::ptr_eq(old, print) && *old_hz == max_hz;
        if self.of.as_ref().is_some_and(is_same) {
            return;
        }
        let even = |values: &[f32]| {
            let mut levels = resample(values, print.n_bins(), max_hz);
            smooth.even_levels(&mut levels);
            levels.to_vec()
        };
        self.mean_db = even(print.mean_db());
        self.std_db = even(print.std_db());
        self.of = Some((Arc::clone(print), max_hz));
    }
}

/// Means per column of bins 25 Hz apart; channels count alike, the top bin stands for all above.
fn resample(values: &[f32], n_bins: usize, max_hz: f32) -> Levels {
    let n_channels = (values.len() / n_bins.max(1)).max(1);
    let bin = |idx: usize| {
        let channels = (0..n_channels).map(|channel| values[channel * n_bins + idx]);
        channels.sum::<f32>() / n_channels as f32
    };
    let mut shown = columns(max_hz, PROFILE_BIN_HZ as f32, n_bins);
    std::array::from_fn(|_| shown.next().map_or(0.0, |column| column.mean(bin)))
}

impl Curves {
    /// From what is heard, and from the print where it is in force.
    pub(in crate::editor) fn new(
        analysis: &Analysis,
        columns: &mut PrintColumns,
        print: Option<&Arc<NoiseProfile>>,
        sensitivity: f32,
        curve: ThresholdCurve,
    ) -> Self {
        let max_hz = analysis.max_hz;
        let shift: Levels = std::array::from_fn(|idx| curve.offset_db_at(column_hz(idx, max_hz)));
        let mut base = [IDLE_THRESHOLD_DB; N_COLUMNS];
        let mut noise = None;
        if let Some(print) = print {
            columns.follow(print, max_hz, analysis.smooth());
            let (mean_db, std_db) = (&columns.mean_db, &columns.std_db);
            noise = Some(std::array::from_fn(|idx| mean_db[idx] + GAUSSIAN_LOG_BIAS_DB));
            base = std::array::from_fn(|idx| mean_db[idx] + sensitivity * std_db[idx]);
        } else if analysis.has_sound {
            noise = Some(analysis.noise_db());
            let threshold = analysis.threshold_db();
            base = std::array::from_fn(|idx| threshold[idx] - shift[idx]);
        }
        let input = analysis.has_sound.then(|| analysis.input_db());
        let output = analysis.output_db();
        let gain_of =
            |input: Levels| std::array::from_fn(|idx| (output[idx] - input[idx]).min(0.0));
        Self {
            gain: input.map(gain_of),
            input,
            output,
            average: analysis.has_sound.then(|| analysis.average_db()),
            peaks: analysis.peaks_db(),
            noise,
            threshold: std::array::from_fn(|idx| base[idx] + shift[idx]),
            base,
            shift,
            is_threshold_exact: true,
            max_hz,
        }
    }

    /// Stands on another base, as long as a hand holds a node over it.
    pub(in crate::editor) fn rest_on(&mut self, base: &Levels) {
        self.base = *base;
        self.threshold = std::array::from_fn(|idx| base[idx] + self.shift[idx]);
    }

    /// Level of the threshold around a frequency without the nodes' shift, dB.
    pub(in crate::editor) fn base_db(&self, hz: f32) -> f32 {
        base_db(&self.base, hz, self.max_hz)
    }
}

/// The mean of a base around a frequency, dB.
pub(in crate::editor) fn base_db(base: &Levels, hz: f32, max_hz: f32) -> f32 {
    let middle = column_at(hz, max_hz);
    let columns = middle.saturating_sub(REACH)..(middle + REACH + 1).min(N_COLUMNS);
    let n = columns.len() as f32;
    base[columns].iter().sum::<f32>() / n
}

/// Draws curves and area, as far as the legend has them on.
pub(in crate::editor) fn paint(
    painter: &Painter,
    t: &Theme,
    axes: &Axes,
    curves: &Curves,
    legend: &Legend,
    is_hovered: bool,
) {
    let points = |levels: &Levels| -> Vec<Pos2> {
        let at = |(idx, level): (usize, &f32)| pos2(axes.column_x(idx), axes.y(*level));
        levels.iter().enumerate().map(at).collect()
    };
    let line = |levels: &Levels, width: f32, color: Color32| {
        painter.add(Shape::line(points(levels), Stroke::new(width, color)));
    };
    let is_on = |curve: Curve| legend.is_on(curve);
    if let Some(average) = curves.average.as_ref().filter(|_| is_on(Curve::Input)) {
        line(average, 2.5, faded(t.input, 0.2));
    }
    if let Some(input) = &curves.input {
        let (above, below) = (points(input), points(&curves.output));
        if is_on(Curve::Output) {
            painter.add(area(&below, axes.rect.bottom(), faded(t.output, 0.13)));
        }
        if is_on(Curve::Removed) {
            painter.add(between(&above, &below, faded(t.removed, 0.42)));
        }
        if is_on(Curve::Input) {
            painter.add(Shape::line(above, Stroke::new(1.2, t.input)));
        }
        if is_on(Curve::Output) {
            painter.add(Shape::line(below, Stroke::new(1.8, t.output)));
        }
    }
    if let Some(noise) = curves.noise.as_ref().filter(|_| is_on(Curve::Noise)) {
        line(noise, 1.4, t.noise);
    }
    if let Some([input, output]) = &curves.peaks {
        for (peaks, color, curve) in
            [(input, t.input, Curve::Input), (output, t.output, Curve::Output)]
        {
            if is_on(curve) {
                line(peaks, 1.0, faded(color, 0.75));
            }
        }
    }
    if is_on(Curve::Threshold) {
        let (width, color) = match curves.is_threshold_exact {
            true => (1.4, t.threshold),
            false => (1.0, faded(t.threshold, 0.4)),
        };
        let threshold = points(&curves.threshold);
        painter.extend(Shape::dashed_line(&threshold, Stroke::new(width, color), 5.0, 3.0));
    }
    if let Some(gain) = curves.gain.as_ref().filter(|_| is_on(Curve::Gain)) {
        paint_gain(painter, t, axes, gain);
        if is_hovered {
            label_gain(painter, t, axes);
        }
    }
}

/// The gain hangs from the top: no gain is the upper edge.
fn gain_y(axes: &Axes, gain_db: f32) -> f32 {
    let share = (gain_db / GAIN_BOTTOM_DB).clamp(0.0, 1.0);
    axes.rect.top() + share * GAIN_SHARE * axes.rect.height()
}

fn paint_gain(painter: &Painter, t: &Theme, axes: &Axes, gain: &Levels) {
    let top = axes.rect.top();
    let at = |(idx, gain_db): (usize, &f32)| pos2(axes.column_x(idx), gain_y(axes, *gain_db));
    let below: Vec<_> = gain.iter().enumerate().map(at).collect();
    let above: Vec<_> = below.iter().map(|point| pos2(point.x, top)).collect();
    painter.add(between(&above, &below, faded(t.gain, 0.1)));
    painter.add(Shape::line(below, Stroke::new(1.4, t.gain)));
}

/// The gain's own scale. It stands over the curves, and so only while somebody looks closely.
fn label_gain(painter: &Painter, t: &Theme, axes: &Axes) {
    let marks: &[f32] = if axes.rect.height() < 160.0 { &[-30.0] } else { &[-20.0, -40.0] };
    for &gain_db in marks {
        let at = pos2(axes.rect.left() + 5.0, gain_y(axes, gain_db));
        let galley = painter.layout_no_wrap(db_text(gain_db, 0), font(11.0), t.gain);
        let place = Align2::LEFT_CENTER.anchor_size(at, galley.size());
        plate(painter, t, place);
        painter.galley(place.min, galley, t.gain);
    }
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
        assert_eq!(curves.gain, None, "without sound there is nothing that it was done to");
        assert!(curves.input.is_none());
    }
}
