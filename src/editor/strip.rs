//! The strip at the bottom of the program's own window: which devices sound comes from and goes to,
//! how late it is, and why there is none.

use egui::accesskit::Role;
use egui::{Align2, Color32, ComboBox, CornerRadius, Rect, Ui, WidgetInfo, pos2, vec2};

use crate::editor::theme::{GAP, ROUND, Theme};
use crate::editor::widgets::{Label, button, help, line_of_text};
use crate::standalone::backend::{Format, Wish};
use crate::standalone::desk::{Desk, Shown};

/// Height of one line.
const LINE: f32 = 30.0;
/// Width of the button for recordings.
const OPEN: f32 = 62.0;
/// What may be chosen; the device has the last word.
const RATES_HZ: [u32; 6] = [44_100, 48_000, 88_200, 96_000, 176_400, 192_000];
const BUFFERS: [u32; 8] = [32, 64, 128, 256, 512, 1_024, 2_048, 4_096];

/// Height of the whole strip: another line where something has to be said.
pub(super) fn height(shown: &Shown) -> f32 {
    if shown.error.is_some() || shown.notice.is_some() { 2.0 * LINE } else { LINE }
}

/// Paints the strip and passes on what is chosen in it; returns whether recordings are to be
/// opened.
pub(super) fn show(ui: &mut Ui, t: &Theme, desk: &Desk, shown: &Shown, rect: Rect) -> bool {
    ui.painter().rect_filled(rect, CornerRadius::same(ROUND), t.panel);
    let line = Rect::from_min_size(rect.min, vec2(rect.width(), LINE));
    let place = Rect::from_min_size(line.min + vec2(4.0, 3.0), vec2(OPEN, LINE - 6.0));
    let hint = "Opens recordings: hear them before and after, learn from them, save them clean";
    let label = Label { name: "Open\u{2026}", hint };
    let is_opening = button(ui, t, place, label, false, true).clicked();
    let rest = Rect::from_min_max(pos2(place.right() + 2.0, line.top()), line.max);
    if let Some(wish) = devices(ui, t, shown, rest) {
        desk.order(wish);
    }
    let below = line.translate(vec2(0.0, LINE));
    if let Some(error) = &shown.error {
        let text = format!("No sound: {error}.");
        if message(ui, t, &text, t.error, Some("Retry"), below) {
            desk.order(shown.wish.clone());
        }
    } else if let Some(notice) = &shown.notice
        && message(ui, t, &format!("{notice}."), t.noise, Some("Understood"), below)
    {
        desk.dismiss();
    }
    is_opening
}

/// Four lists and what is true now; returns what was chosen.
fn devices(ui: &mut Ui, t: &Theme, shown: &Shown, rect: Rect) -> Option<Wish> {
    let Shown { wish, devices, format, .. } = shown;
    let wide = (rect.width() * 0.19).clamp(110.0, 230.0);
    let mut left = rect.left() + 4.0;
    let mut place = |width: f32| {
        let place = Rect::from_min_size(pos2(left, rect.top() + 4.0), vec2(width, LINE - 8.0));
        left += width + 6.0;
        place
    };
    let names = |names: &[String]| names.iter().map(|n| (n.clone(), n.clone())).collect::<Vec<_>>();
    let numbers = |all: &[u32], text: fn(u32) -> String| {
        all.iter().map(|&number| (text(number), number)).collect::<Vec<_>>()
    };
    let runs = format.as_ref();
    let now = runs.map(|f| f.input.clone()).or(wish.input.clone());
    let input = list(ui, place(wide), "Input", now, &wish.input, names(&devices.inputs));
    let now = runs.map(|f| f.output.clone()).or(wish.output.clone());
    let output = list(ui, place(wide), "Output", now, &wish.output, names(&devices.outputs));
    let now = runs.map(|f| f.rate_hz).or(wish.rate_hz).map(rate_text);
    let rate = list(ui, place(88.0), "Rate", now, &wish.rate_hz, numbers(&RATES_HZ, rate_text));
    let now = runs.and_then(|f| f.buffer_frames).or(wish.buffer_frames).map(buffer_text);
    let choices = numbers(&BUFFERS, buffer_text);
    let buffer = list(ui, place(118.0), "Buffer", now, &wish.buffer_frames, choices);
    if let Some(format) = runs {
        say_state(ui, t, shown, format, Rect::from_min_max(pos2(left, rect.top()), rect.max));
    }
    let mut chosen = wish.clone();
    match (input, output, rate, buffer) {
        (None, None, None, None) => return None,
        (Some(input), ..) => chosen.input = input,
        (_, Some(output), ..) => chosen.output = output,
        (_, _, Some(rate_hz), _) => chosen.rate_hz = rate_hz,
        (.., Some(frames)) => chosen.buffer_frames = frames,
    }
    Some(chosen)
}

fn rate_text(hz: u32) -> String {
    format!("{} kHz", f64::from(hz) / 1_000.0)
}

fn buffer_text(frames: u32) -> String {
    format!("{frames} frames")
}

/// One list; its first entry leaves the choice to the system.
fn list<T: Clone + PartialEq>(
    ui: &mut Ui,
    rect: Rect,
    label: &str,
    now: Option<String>,
    wish: &Option<T>,
    choices: Vec<(String, T)>,
) -> Option<Option<T>> {
    let shown = now.unwrap_or_else(|| label.to_owned());
    let mut place = ui.new_child(egui::UiBuilder::new().max_rect(rect).id_salt(label));
    let list = ComboBox::from_id_salt(label).width(rect.width()).truncate();
    let mut chosen = None;
    let response = list.selected_text(&shown).show_ui(&mut place, |ui| {
        if ui.selectable_label(wish.is_none(), "As the system has it").clicked() {
            chosen = Some(None);
            ui.close();
        }
        for (name, choice) in choices {
            if ui.selectable_label(wish.as_ref() == Some(&choice), name).clicked() {
                chosen = Some(Some(choice));
                ui.close();
            }
        }
    });
    let name = format!("{label}: {shown}");
    help(&response.response, || name.clone());
    response.response.accessible_name(name);
    chosen
}

/// How late the sound is, what was lost, and what may howl.
fn say_state(ui: &Ui, t: &Theme, shown: &Shown, format: &Format, rect: Rect) {
    let at = pos2(rect.right() - GAP, rect.center().y);
    let gaps = match shown.n_gaps {
        0 => String::new(),
        1 => ", 1 gap".to_owned(),
        n => format!(", {n} gaps"),
    };
    let late = format!("{:.0} ms in all{gaps}", shown.delay_s * 1_000.0);
    let width = rect.width() - GAP;
    let place = line_of_text(ui, at, Align2::RIGHT_CENTER, &late, 13.0, t.dim, width);
    if format.may_feed_back {
        let at = pos2(place.left() - GAP, at.y);
        let width = at.x - rect.left();
        let text = "Use headphones: loudspeakers howl";
        line_of_text(ui, at, Align2::RIGHT_CENTER, text, 13.0, t.noise, width);
    }
}

/// A sentence, with its remedy as a button; returns whether that was clicked.
fn message(
    ui: &mut Ui,
    t: &Theme,
    text: &str,
    color: Color32,
    remedy: Option<&str>,
    rect: Rect,
) -> bool {
    let mut right = rect.right() - 3.0;
    let mut is_clicked = false;
    if let Some(name) = remedy {
        let size = vec2(26.0 + 7.0 * name.len() as f32, rect.height() - 6.0);
        let place = Rect::from_min_size(pos2(right - size.x, rect.top() + 3.0), size);
        let label = Label { name, hint: text };
        is_clicked = button(ui, t, place, label, false, true).clicked();
        right = place.left() - 6.0;
    }
    let at = pos2(rect.left() + GAP + 20.0, rect.center().y);
    ui.painter().circle_filled(pos2(rect.left() + GAP + 5.0, at.y), 5.0, color);
    let width = right - at.x - GAP;
    let place = line_of_text(ui, at, Align2::LEFT_CENTER, text, 15.0, t.text, width);
    let response = ui.interact(place, ui.scope_id().with("sound"), egui::Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
    help(&response, || text.to_owned());
    is_clicked
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::editor::theme;
    use egui_kittest::Harness;
    use egui_kittest::kittest::Queryable;

    fn bench(change: impl FnOnce(&mut Shown)) -> (Harness<'static>, Desk) {
        let desk = Desk::default();
        desk.show(|shown| {
            shown.devices.inputs = vec!["Scarlett".to_owned(), "Webcam".to_owned()];
            change(shown);
        });
        let seen = desk.clone();
        let harness = Harness::builder()
            .with_size(vec2(1_000.0, 200.0))
            .with_context_setup(theme::install_font)
            .build_ui(move |ui| {
                let t = Theme::of(false);
                let shown = seen.look();
                let rect = Rect::from_min_size(ui.max_rect().min, vec2(960.0, height(&shown)));
                show(ui, &t, &seen, &shown, rect);
            });
        (harness, desk)
    }

    #[test]
    fn no_sound_is_said_and_retry_asks_for_the_same_again() {
        let wish = Wish { rate_hz: Some(96_000), ..Wish::default() };
        let (mut harness, desk) = bench(|shown| {
            shown.error = Some("there is no input: plug one in".to_owned());
            shown.wish = wish.clone();
        });
        harness.get_by_label("No sound: there is no input: plug one in.");
        harness.get_by_label("Retry").click();
        harness.run();
        assert_eq!(desk.take_order(), Some(wish));
    }

    #[test]
    fn a_chosen_device_is_ordered_and_the_rest_stays() {
        let (mut harness, desk) = bench(|shown| shown.wish.buffer_frames = Some(64));
        harness.get_by_value("Input").click();
        harness.run();
        harness.get_by_label("Webcam").click();
        harness.run();
        let input = Some("Webcam".to_owned());
        let expected = Wish { input, buffer_frames: Some(64), ..Wish::default() };
        assert_eq!(desk.take_order(), Some(expected));
    }

    #[test]
    fn a_file_that_was_set_aside_is_said_until_it_is_understood() {
        let (mut harness, desk) = bench(|shown| shown.notice = Some("it was damaged".to_owned()));
        harness.get_by_label("it was damaged.");
        harness.get_by_label("Understood").click();
        harness.run();
        assert_eq!(desk.look().notice, None);
        assert_eq!(desk.take_order(), None);
    }
}
