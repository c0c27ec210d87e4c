//! What the sound costs and how loud it is, in figures.

use egui::{Align2, Rect, Ui, pos2};

use crate::Shared;
use crate::editor::axes::db_text;
use crate::editor::files::Next;
use crate::editor::theme::Theme;
use crate::editor::widgets::{Label, button, line_of_text};

/// Level below which nothing is said, dBFS.
const LEAST_DBFS: f32 = -90.0;

/// The line; returns what a click leads to.
pub(super) fn show(
    ui: &mut Ui,
    t: &Theme,
    shared: &Shared,
    loudest_dbfs: [f32; 2],
    rect: Rect,
) -> Option<Next> {
    let late_ms = late_ms(shared);
    let name = format!("{late_ms:.0} ms late");
    let place = Rect::from_min_max(pos2(rect.right() - 92.0, rect.top()), rect.max);
    let hint = "The delay, to be entered where picture and sound have to meet (in OBS as the sync \
                offset of the camera). A click copies it.";
    let is_clicked = button(ui, t, place, Label { name: &name, hint }, false, true).clicked();
    let at = pos2(place.left() - 12.0, rect.center().y);
    let width = at.x - rect.left();
    line_of_text(ui, at, Align2::RIGHT_CENTER, &peaks(loudest_dbfs), 13.0, t.dim, width);
    if !is_clicked {
        return None;
    }
    ui.ctx().copy_text(format!("{late_ms:.0}"));
    Some(Next::Say(format!("{late_ms:.0} is on the clipboard: the delay in milliseconds.")))
}

fn peaks(loudest_dbfs: [f32; 2]) -> String {
    let [before, after] = loudest_dbfs.map(|level| match level > LEAST_DBFS {
        true => db_text(level, 0),
        false => "\u{2212}\u{221e} dB".to_owned(),
    });
    format!("Peaks: {before} in, {after} out")
}

/// The running stream's delay; before there is one, that of the mode at a common rate.
fn late_ms(shared: &Shared) -> f32 {
    let (samples, rate_hz) = (shared.link.latency_samples(), shared.feed.sample_rate_hz());
    let (samples, rate_hz) = if samples > 0 && rate_hz > 0.0 {
        (samples, rate_hz)
    } else {
        let rate_hz = 48_000.0f32;
        (shared.params.latency_samples_at(rate_hz.into()), rate_hz)
    };
    samples as f32 / rate_hz * 1000.0
}
