//! What lies under the pointer, in words.

use egui::{Align2, Color32, CornerRadius, Pos2, Rect, Stroke, Ui, pos2, vec2};
use quell_core::Hum;

use crate::editor::picture::analysis::column_at;
use crate::editor::picture::axes::{Axes, db_text, hz_text, note_text, plate};
use crate::editor::picture::spectrum::Curves;
use crate::editor::theme::{Theme, faded};
use crate::editor::widgets::font;

/// Distance of two lines of text, points.
const LINE: f32 = 16.0;

/// Lines of text in their colours.
pub(in crate::editor) type Rows = Vec<(String, Color32)>;

/// All curves at the pointer's frequency.
pub(in crate::editor) fn spectrum(ui: &Ui, t: &Theme, axes: &Axes, curves: &Curves, at: Pos2) {
    let hz = axes.hz(at.x);
    let idx = column_at(hz, curves.max_hz);
    ui.painter().vline(at.x, axes.rect.y_range(), Stroke::new(1.0, faded(t.text, 0.35)));
    let mut rows = vec![(hz_text(hz), t.text), (note_text(hz), t.dim)];
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
    show(ui, t.ground, axes.rect, &rows, at);
}

/// Rows on a plate beside the pointer.
pub(in crate::editor) fn show(ui: &Ui, ground: Color32, rect: Rect, rows: &Rows, at: Pos2) {
    let painter = ui.painter();
    let lines: Vec<_> = rows
        .iter()
        .map(|(text, color)| painter.layout_no_wrap(text.clone(), font(12.5), *color))
        .collect();
    let width = lines.iter().map(|line| line.size().x).fold(0.0, f32::max) + 16.0;
    let size = vec2(width, lines.len() as f32 * LINE + 9.0);
    let is_right = at.x + size.x + 24.0 > rect.right();
    let x = if is_right { at.x - size.x - 12.0 } else { at.x + 12.0 };
    let top = rect.top() + 4.0;
    let y = (at.y - size.y / 2.0).clamp(top, (rect.bottom() - size.y - 4.0).max(top));
    let place = Rect::from_min_size(pos2(x, y), size);
    painter.rect_filled(place, CornerRadius::same(4), ground);
    for (row, line) in lines.into_iter().enumerate() {
        painter.galley(place.min + vec2(8.0, 4.0 + row as f32 * LINE), line, Color32::PLACEHOLDER);
    }
}

/// Length of the marks of hum, points.
const TICK: f32 = 9.0;

/// That hum is being taken away, and where it was; `bottom` is where text may end.
pub(in crate::editor) fn hum(
    ui: &Ui,
    t: &Theme,
    axes: &Axes,
    curves: &Curves,
    hum: Hum,
    bottom: f32,
) {
    let painter = ui.painter_at(axes.rect);
    for hz in hum.harmonics().map(|harmonic| harmonic as f32 * hum.hz) {
        // They hang over the sound where it was taken out of.
        let level_db = curves.input.as_ref().map(|input| input[column_at(hz, axes.max_hz)]);
        let y = axes.y(level_db.unwrap_or(axes.range.bottom_db)) - 4.0;
        let marks = egui::Rangef::new(y - TICK, y);
        painter.vline(axes.x(hz), marks, Stroke::new(1.6, t.noise));
    }
    let galley = painter.layout_no_wrap(hum_text(hum), font(12.5), t.noise);
    let at = pos2(axes.rect.left() + 6.0, bottom - 9.0);
    let place = Align2::LEFT_BOTTOM.anchor_size(at, galley.size());
    plate(&painter, t, place);
    painter.galley(place.min, galley, t.noise);
}

fn hum_text(hum: Hum) -> String {
    let (hz, n_harmonics) = (hum.hz, hum.harmonics().count());
    let harmonics = if n_harmonics == 1 { "harmonic" } else { "harmonics" };
    format!("Hum {hz:.1} Hz, {n_harmonics} {harmonics}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hum_is_said_in_words() {
        let said = |hz, steady| hum_text(Hum { hz, steady });
        assert_eq!(said(50.03, 0b1_1111_1111), "Hum 50.0 Hz, 9 harmonics");
        assert_eq!(said(60.0, 0b100), "Hum 60.0 Hz, 1 harmonic");
    }
}
