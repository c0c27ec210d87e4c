//! Ten seconds of sound as a picture: before, after, or what was removed.

use std::collections::VecDeque;

use egui::{Align2, Color32, ColorImage, Rect, TextureHandle, TextureOptions, Ui, pos2, vec2};

use crate::columns::N_COLUMNS;
use crate::editor::analysis::db;
use crate::editor::axes::Axes;
use crate::editor::theme::Theme;
use crate::editor::widgets::font;
use crate::feed::Frame;

/// Frames kept: 10.24 s.
const N_FRAMES: usize = 1_024;
/// Levels of the darkest and the brightest colour, dB re full scale per 25 Hz.
const DARK_DB: f32 = -125.0;
const BRIGHT_DB: f32 = -35.0;

/// Which sound is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sound {
    Before,
    After,
    Removed,
}

impl Sound {
    pub(super) const ALL: [Self; 3] = [Self::Before, Self::After, Self::Removed];
}

/// One frame of one sound in 256 shades.
type Shades = [u8; N_COLUMNS];

/// The history and its picture. The picture is a ring: new frames take the place of the oldest, and
/// it is drawn in two parts.
pub(super) struct Spectrogram {
    frames: VecDeque<[Shades; 3]>,
    /// Place in the picture of the next frame.
    head: usize,
    /// Frames that the picture does not show yet.
    n_new: usize,
    picture: Option<(TextureHandle, Sound)>,
    colors: Vec<Color32>,
}

impl Default for Spectrogram {
    fn default() -> Self {
        Self {
            frames: VecDeque::with_capacity(N_FRAMES),
            head: 0,
            n_new: 0,
            picture: None,
            colors: (0..=255).map(shade).collect(),
        }
    }
}

/// From night over teal and amber to white: each step brighter than the one before.
fn shade(step: u8) -> Color32 {
    const STOPS: [(f32, [f32; 3]); 5] = [
        (0.0, [14.0, 16.0, 22.0]),
        (0.35, [18.0, 74.0, 92.0]),
        (0.6, [52.0, 158.0, 140.0]),
        (0.82, [238.0, 178.0, 88.0]),
        (1.0, [255.0, 250.0, 232.0]),
    ];
    let share = f32::from(step) / 255.0;
    let end = STOPS.iter().position(|(at, _)| *at >= share).unwrap_or(4).max(1);
    let ((from, a), (to, b)) = (STOPS[end - 1], STOPS[end]);
    let place = (share - from) / (to - from);
    let [r, g, b] = std::array::from_fn(|idx| (a[idx] + (b[idx] - a[idx]) * place) as u8);
    Color32::from_rgb(r, g, b)
}

fn shades(powers: &[f32; N_COLUMNS]) -> Shades {
    powers.map(|power| {
        let share = (db(power) - DARK_DB) / (BRIGHT_DB - DARK_DB);
        (share.clamp(0.0, 1.0) * 255.0) as u8
    })
}

impl Spectrogram {
    pub(super) fn take(&mut self, frame: &Frame) {
        if self.frames.len() == N_FRAMES {
            self.frames.pop_front();
        }
        self.frames.push_back([&frame.input, &frame.output, &frame.removed].map(shades));
        self.head = (self.head + 1) % N_FRAMES;
        self.n_new = (self.n_new + 1).min(N_FRAMES);
    }

    /// Brings the picture up to date.
    fn picture(&mut self, ui: &Ui, sound: Sound) -> &TextureHandle {
        let is_current = self.picture.as_ref().is_some_and(|(_, shown)| *shown == sound);
        if !is_current {
            self.n_new = self.frames.len();
            let blank = ColorImage::filled([N_FRAMES, N_COLUMNS], self.colors[0]);
            let texture = ui.ctx().load_texture("spectrogram", blank, TextureOptions::LINEAR);
            self.picture = Some((texture, sound));
        }
        let n_new = std::mem::take(&mut self.n_new);
        let first = (self.head + N_FRAMES - n_new) % N_FRAMES;
        // At most two stretches, as the ring has one end.
        let n_before_end = n_new.min(N_FRAMES - first);
        for (place, skip, n) in [(first, 0, n_before_end), (0, n_before_end, n_new - n_before_end)]
        {
            if n > 0 {
                let image = self.image(self.frames.len() - n_new + skip, n, sound);
                if let Some((texture, _)) = &mut self.picture {
                    texture.set_partial([place, 0], image, TextureOptions::LINEAR);
                }
            }
        }
        let Some((texture, _)) = &self.picture else { unreachable!("it was made above") };
        texture
    }

    /// Frames as columns of an image, low frequencies at the bottom.
    fn image(&self, first: usize, n: usize, sound: Sound) -> ColorImage {
        let mut pixels = Vec::with_capacity(n * N_COLUMNS);
        for row in (0..N_COLUMNS).rev() {
            for idx in first..first + n {
                pixels.push(self.colors[usize::from(self.frames[idx][sound as usize][row])]);
            }
        }
        ColorImage::new([n, N_COLUMNS], pixels)
    }

    pub(super) fn show(&mut self, ui: &Ui, t: &Theme, rect: Rect, sound: Sound, max_hz: f32) {
        let head = self.head;
        let texture = self.picture(ui, sound).id();
        let split = head as f32 / N_FRAMES as f32;
        let painter = ui.painter_at(rect);
        // The oldest begin at the head.
        let middle = rect.left() + rect.width() * (1.0 - split);
        let part = |left: f32, right: f32, from: f32, to: f32| {
            let place = Rect::from_min_max(pos2(left, rect.top()), pos2(right, rect.bottom()));
            let uv = Rect::from_min_max(pos2(from, 0.0), pos2(to, 1.0));
            painter.image(texture, place, uv, Color32::WHITE);
        };
        part(rect.left(), middle, split, 1.0);
        part(middle, rect.right(), 0.0, split);
        scales(&painter, t, rect, max_hz);
    }
}

/// Frequencies at the left, seconds at the bottom; on dark, whatever the theme.
fn scales(painter: &egui::Painter, _: &Theme, rect: Rect, max_hz: f32) {
    let axes = Axes { rect, max_hz };
    let text = Color32::from_rgb(0xe6, 0xea, 0xee);
    let plate = Color32::from_black_alpha(150);
    let label = |at, anchor: Align2, name: String| {
        let galley = painter.layout_no_wrap(name, font(12.5), text);
        let place = anchor.anchor_size(at, galley.size());
        painter.rect_filled(place.expand2(vec2(3.0, 0.0)), 2, plate);
        painter.galley(place.min, galley, text);
    };
    for (hz, name) in
        [(100.0, "100"), (500.0, "500"), (1e3, "1k"), (2e3, "2k"), (5e3, "5k"), (1e4, "10k")]
    {
        let y = rect.bottom() - axes.share(hz) * rect.height();
        if hz < max_hz && y > rect.top() + 36.0 && y < rect.bottom() - 10.0 {
            label(pos2(rect.left() + 8.0, y), Align2::LEFT_CENTER, format!("{name} Hz"));
        }
    }
    for seconds in [2u8, 4, 6, 8] {
        let x = rect.right() - rect.width() * f32::from(seconds) / 10.24;
        label(pos2(x, rect.bottom() - 4.0), Align2::CENTER_BOTTOM, format!("\u{2212}{seconds} s"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_rise_in_brightness_and_the_history_holds_ten_seconds() {
        let sum = |c: Color32| 2 * u32::from(c.r()) + 5 * u32::from(c.g()) + u32::from(c.b());
        for step in 1..=255u8 {
            assert!(sum(shade(step)) >= sum(shade(step - 1)), "{step}");
        }
        assert!(N_FRAMES as f32 / 100.0 >= 10.0);
    }
}
