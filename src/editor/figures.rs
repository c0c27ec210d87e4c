//! What the sound costs and how loud it is, in figures.

use egui::accesskit::Role;
use egui::{Align2, CornerRadius, Rect, Sense, Ui, WidgetInfo, pos2};

use crate::Shared;
use crate::editor::axes::db_text;
use crate::editor::files::Next;
use crate::editor::theme::Theme;
use crate::editor::widgets::{Label, button, help, line_of_text};

/// Level below which nothing is said, dBFS.
const LEAST_DBFS: f32 = -90.0;

/// Share of what goes from which its being voice is worth a look.
const MUCH: f32 = 0.2;
/// Room for what is said of it.
const RISK_WIDTH: f32 = 130.0;

/// What the figures say.
#[derive(Clone, Copy)]
pub(super) struct Heard {
    /// Of input and output in the last moments.
    pub(super) loudest_dbfs: [f32; 2],
    /// How much of what goes is likely voice or tone, 0 to 1.
    pub(super) at_risk: Option<f32>,
}

/// How much of what goes may be wanted, as a bar and a figure, where there is room.
fn risk(ui: &mut Ui, t: &Theme, share: f32, rect: Rect) {
    if rect.width() < RISK_WIDTH {
        return;
    }
    let color = if share >= MUCH { t.noise } else { t.dim };
    let text = format!("Voice in it: {:.0} %", share * 100.0);
    let place = Rect::from_min_max(pos2(rect.right() - RISK_WIDTH, rect.top()), rect.max);
    let at = pos2(place.right(), rect.center().y - 3.0);
    line_of_text(ui, at, Align2::RIGHT_CENTER, &text, 13.0, color, RISK_WIDTH);
    let y = rect.center().y + 9.0;
    let bar = |width: f32| {
        Rect::from_min_max(pos2(place.left() + 22.0, y), pos2(place.left() + 22.0 + width, y + 3.0))
    };
    let whole = RISK_WIDTH - 22.0;
    ui.painter().rect_filled(bar(whole), CornerRadius::same(1), t.line);
    ui.painter().rect_filled(bar(whole * share), CornerRadius::same(1), color);
    let response = ui.interact(place, ui.scope_id().with("risk"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &text));
    help(&response, || {
        "How much of what is taken away stands so far over the noise that it is likely voice or a \
         tone. Much of it: lower Reduction or Sensitivity, or capture a better print."
            .to_owned()
    });
}

/// The line; returns what a click leads to.
pub(super) fn show(
    ui: &mut Ui,
    t: &Theme,
    shared: &Shared,
    heard: Heard,
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
    let peaks = peaks(heard.loudest_dbfs);
    let shown = line_of_text(ui, at, Align2::RIGHT_CENTER, &peaks, 13.0, t.dim, width);
    if let Some(share) = heard.at_risk {
        let at = pos2(shown.left() - 14.0, at.y);
        risk(ui, t, share, Rect::from_min_max(rect.min, pos2(at.x, rect.bottom())));
    }
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
