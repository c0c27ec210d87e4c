//! What the print in force is: its name, verdict, age and shape.

use egui::{Align2, CornerRadius, Rect, Shape, Stroke, Ui, pos2};
use quell_core::config::PROFILE_BIN_HZ;
use quell_core::{NoiseProfile, Verdict};

use crate::Shared;
use crate::editor::axes::db_text;
use crate::editor::theme::{GAP, Theme};
use crate::editor::widgets::line_of_text;

/// Frequencies and levels at the edges of the small curve.
const CURVE_HZ: (f32, f32) = (50.0, 16_000.0);
const CURVE_DB: (f32, f32) = (-130.0, -30.0);

pub(super) fn show(ui: &Ui, t: &Theme, shared: &Shared, rect: Rect) {
    let print = shared.link.in_force();
    let width = (rect.width() * 0.4).min(220.0);
    let curve = Rect::from_min_max(rect.min, pos2(rect.left() + width, rect.bottom()));
    ui.painter().rect_filled(curve, CornerRadius::same(3), t.ground);
    let at = pos2(curve.right() + GAP, rect.top());
    let room = rect.right() - at.x;
    let Some(print) = print else {
        let text = "No print: the noise is followed";
        line_of_text(ui, at, Align2::LEFT_TOP, text, 14.0, t.dim, room);
        return;
    };
    paint_curve(ui, t, &print, curve);
    let about = print.about();
    let name = if about.name.is_empty() { "Captured here" } else { about.name.as_str() };
    let when = about.made_unix_s.map_or(String::new(), |made| format!(", {}", date(made)));
    let level =
        about.level_dbfs.map_or(String::new(), |level| format!(", {}FS", db_text(level, 0)));
    let channels = match print.n_channels() {
        1 => "mono".to_owned(),
        n => format!("{n} channels"),
    };
    let lines = [
        (name.to_owned(), 15.0, t.text),
        (format!("{:.1} s, {}{level}", print.seconds(), verdict(about.verdict)), 13.0, t.text),
        (format!("{channels}{when}"), 13.0, t.dim),
    ];
    for (idx, (text, size, color)) in lines.iter().enumerate() {
        let at = pos2(at.x, at.y + 22.0 * idx as f32);
        line_of_text(ui, at, Align2::LEFT_TOP, text, *size, *color, room);
    }
}

fn verdict(verdict: Option<Verdict>) -> &'static str {
    match verdict {
        Some(Verdict::Steady) => "steady",
        Some(Verdict::Varying) => "pulsing",
        Some(Verdict::Speech) => "of speech or music",
        Some(Verdict::Tone) => "a tone",
        Some(Verdict::Clipped) => "clipped",
        None => "of unknown kind",
    }
}

/// Mean level over frequency, of the first channel.
fn paint_curve(ui: &Ui, t: &Theme, print: &NoiseProfile, rect: Rect) {
    const N_POINTS: usize = 96;
    let octaves = CURVE_HZ.1 / CURVE_HZ.0;
    let levels = &print.mean_db()[..print.n_bins()];
    let point = |idx: usize| {
        let share = idx as f32 / (N_POINTS - 1) as f32;
        let [from, to] = [-0.5, 0.5].map(|half| {
            let share = (idx as f32 + half) / (N_POINTS - 1) as f32;
            (CURVE_HZ.0 * octaves.powf(share) / PROFILE_BIN_HZ as f32).round() as usize
        });
        let first = from.min(levels.len() - 1);
        let bins = &levels[first..to.clamp(first + 1, levels.len())];
        let level_db = bins.iter().sum::<f32>() / bins.len() as f32;
        let height = ((level_db - CURVE_DB.0) / (CURVE_DB.1 - CURVE_DB.0)).clamp(0.0, 1.0);
        pos2(rect.left() + share * rect.width(), rect.bottom() - height * rect.height())
    };
    let points = (0..N_POINTS).map(point).collect();
    ui.painter_at(rect).add(Shape::line(points, Stroke::new(1.6, t.noise)));
}

/// A day as `2026-11-30`, in UTC.
fn date(unix_s: u64) -> String {
    const DAY_S: u64 = 86_400;
    // Days since the first of March of the year 0, of which 400 years have 146,097.
    let days = unix_s / DAY_S + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    format!("{}-{month:02}-{day:02}", era * 400 + year + next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        for (unix_s, day) in [
            (0, "1970-01-01"),
            (951_782_400, "2000-02-29"),
            (1_798_675_199, "2026-12-30"),
            (1_798_675_200, "2026-12-31"),
            (4_107_542_400, "2100-03-01"),
        ] {
            assert_eq!(date(unix_s), day);
        }
    }
}
