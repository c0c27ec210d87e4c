//! What the sound costs and how loud it is, in figures.

use egui::accesskit::Role;
use egui::{Align2, CornerRadius, Rect, Sense, Ui, WidgetInfo, pos2, vec2};

use crate::Shared;
use crate::editor::axes::db_text;
use crate::editor::files::Next;
use crate::editor::theme::Theme;
use crate::editor::widgets::{Label, button, help, line_of_text};

/// Level below which nothing is said, dBFS.
const LEAST_DBFS: f32 = -90.0;
/// The same of loudness, LUFS: the standard's own gate.
const LEAST_LUFS: f32 = -70.0;
/// Share of what goes from which its being voice is worth a look.
const MUCH: f32 = 0.2;
/// Distance of two figures.
const GAP: f32 = 14.0;

/// What the figures say.
#[derive(Clone, Copy)]
pub(super) struct Heard {
    /// Of input and output in the last moments.
    pub(super) loudest_dbfs: [f32; 2],
    /// The same over the last seconds.
    pub(super) loudness_lufs: [f32; 2],
    /// How much of what goes is likely voice or tone, 0 to 1.
    pub(super) at_risk: Option<f32>,
    /// Share of a core's time that the sound takes.
    pub(super) load: Option<f32>,
}

/// One of them: what it says, and what that means.
struct Figure {
    text: String,
    help: &'static str,
    width: f32,
    /// How much of a bar under it is filled, and whether that is much.
    bar: Option<(f32, bool)>,
}

impl Figure {
    fn load(share: f32) -> Self {
        let text = format!("CPU {:.1} %", share * 100.0);
        let help = "Share of the time of one processor core that Quell takes of the host's audio \
                    thread, with everything, over the last second.";
        Self { text, help, width: 74.0, bar: None }
    }

    fn peaks(loudest_dbfs: [f32; 2]) -> Self {
        let text = format!("Peak {} dB", change(loudest_dbfs, LEAST_DBFS, 0));
        let help = "The highest peaks of what came in and what goes out, in the last moments.";
        Self { text, help, width: 122.0, bar: None }
    }

    fn loudness(loudness_lufs: [f32; 2]) -> Self {
        let text = format!("LUFS {}", change(loudness_lufs, LEAST_LUFS, 1));
        let help = "Loudness of what came in and what goes out over the last seconds, as EBU R 128 \
                    weighs it.";
        Self { text, help, width: 122.0, bar: None }
    }

    fn risk(share: f32) -> Self {
        let text = format!("Voice in it: {:.0} %", share * 100.0);
        let help = "How much of what is taken away stands so far over the noise that it is likely \
                    voice or a tone. Much of it: lower Reduction or Sensitivity, or capture a \
                    better print.";
        Self { text, help, width: 112.0, bar: Some((share, share >= MUCH)) }
    }

    fn show(&self, ui: &mut Ui, t: &Theme, name: &str, place: Rect) {
        let is_much = self.bar.is_some_and(|(_, is_much)| is_much);
        let color = if is_much { t.noise } else { t.dim };
        let lift = if self.bar.is_some() { 3.0 } else { 0.0 };
        let at = pos2(place.right(), place.center().y - lift);
        line_of_text(ui, at, Align2::RIGHT_CENTER, &self.text, 13.0, color, place.width());
        if let Some((share, _)) = self.bar {
            let left = pos2(place.left() + 4.0, place.center().y + 9.0);
            let whole = place.right() - left.x;
            for (width, color) in [(whole, t.line), (whole * share, color)] {
                let bar = Rect::from_min_size(left, vec2(width, 3.0));
                ui.painter().rect_filled(bar, CornerRadius::same(1), color);
            }
        }
        let response = ui.interact(place, ui.scope_id().with(name), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &self.text));
        help(&response, || self.help.to_owned());
    }
}

/// The line, the delay at its right end; returns what a click leads to.
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
    // From right to left as far as there is room; a narrow window has the first of them.
    let figures = [
        ("peaks", Some(Figure::peaks(heard.loudest_dbfs))),
        ("risk", heard.at_risk.map(Figure::risk)),
        ("load", heard.load.map(Figure::load)),
        ("loudness", Some(Figure::loudness(heard.loudness_lufs))),
    ];
    let mut right = place.left() - GAP;
    for (name, figure) in figures {
        let Some(figure) = figure.filter(|figure| right - figure.width >= rect.left()) else {
            continue;
        };
        let left = right - figure.width;
        let place = Rect::from_min_max(pos2(left, rect.top()), pos2(right, rect.bottom()));
        figure.show(ui, t, name, place);
        right = left - GAP;
    }
    if !is_clicked {
        return None;
    }
    ui.ctx().copy_text(format!("{late_ms:.0}"));
    Some(Next::Say(format!("{late_ms:.0} is on the clipboard: the delay in milliseconds.")))
}

/// Before and after; what is hardly there as nothing.
fn change(levels: [f32; 2], least: f32, n_digits: usize) -> String {
    let [before, after] = levels.map(|level| match level > least {
        true => db_text(level, n_digits).trim_end_matches(" dB").to_owned(),
        false => "\u{2212}\u{221e}".to_owned(),
    });
    format!("{before} \u{2192} {after}")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_said_as_before_and_after() {
        let peaks = Figure::peaks([-6.2, -200.0]).text;
        assert_eq!(peaks, "Peak \u{2212}6 \u{2192} \u{2212}\u{221e} dB");
        let loudness = Figure::loudness([-23.04, -24.26]).text;
        assert_eq!(loudness, "LUFS \u{2212}23.0 \u{2192} \u{2212}24.3");
        assert_eq!(Figure::load(0.0042).text, "CPU 0.4 %");
    }
}
