//! Ten seconds of sound as a picture: before, after, what was removed, or before beside after.

use std::collections::VecDeque;

use egui::accesskit::Role;
use egui::{
    Align2, Color32, ColorImage, CursorIcon, Key, Mesh, Painter, Pos2, Rect, Response, Sense,
    Stroke, TextureHandle, TextureId, TextureOptions, Ui, WidgetInfo, pos2, vec2,
};

use crate::columns::N_COLUMNS;
use crate::editor::dials::hold_arrows;
use crate::editor::picture::analysis::{column_at, db};
use crate::editor::picture::axes::{Axes, Range, db_text, hz_text, note_text};
use crate::editor::picture::readout;
use crate::editor::theme::Theme;
use crate::editor::widgets::{font, hand_delta, help};
use crate::feed::Frame;

/// Frames kept: 10.24 s.
const N_FRAMES: usize = 1_024;
const SECONDS: f32 = 10.24;
/// Levels of the least and the greatest shade that is kept, dB re full scale per 25 Hz.
const LEAST_DB: f32 = -140.0;
const MOST_DB: f32 = 0.0;
/// Levels of the darkest and the brightest colour in a new window.
pub(in crate::editor) const COLORS: Range = Range { top_db: -35.0, bottom_db: -125.0 };

/// Text over the picture, and what it stands on: dark, whatever the theme.
const TEXT: Color32 = Color32::from_rgb(0xe6, 0xea, 0xee);
const PLATE: Color32 = Color32::from_rgba_premultiplied(0, 0, 0, 165);

/// Which sound is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::editor) enum Sound {
    Before,
    After,
    Removed,
    /// Before, and after right of a line.
    Both,
}

impl Sound {
    pub(in crate::editor) const ALL: [Self; 4] =
        [Self::Before, Self::After, Self::Removed, Self::Both];

    /// What is drawn, from the left.
    fn parts(self) -> &'static [Self] {
        match self {
            Self::Before => &[Self::Before],
            Self::After => &[Self::After],
            Self::Removed => &[Self::Removed],
            Self::Both => &[Self::Before, Self::After],
        }
    }
}

/// One frame of one sound in 256 shades.
type Shades = [u8; N_COLUMNS];
/// One frame: before, after, removed.
type Shaded = [Shades; 3];

/// A picture of one sound. It is a ring: new frames take the place of the oldest, and it is drawn
/// in two parts.
struct Shown {
    texture: TextureHandle,
    /// Frames that it does not show yet.
    n_new: usize,
}

/// The history and its pictures.
pub(in crate::editor) struct Spectrogram {
    frames: VecDeque<Shaded>,
    /// What came while the picture was frozen.
    waiting: VecDeque<Shaded>,
    is_frozen: bool,
    /// Place in the pictures of the next frame.
    head: usize,
    /// Pictures of the sounds that were looked at.
    pictures: [Option<Shown>; 3],
    colors: Vec<Color32>,
    range: Range,
    /// Where the line between before and after stands, 0 to 1.
    divider: f32,
}

impl Default for Spectrogram {
    fn default() -> Self {
        Self {
            frames: VecDeque::with_capacity(N_FRAMES),
            waiting: VecDeque::new(),
            is_frozen: false,
            head: 0,
            pictures: [None, None, None],
            colors: colors(COLORS),
            range: COLORS,
            divider: 0.5,
        }
    }
}

/// The colour of every shade.
fn colors(range: Range) -> Vec<Color32> {
    let color = |step: u8| {
        let share = (level_db(step) - range.bottom_db) / (range.top_db - range.bottom_db);
        shade(share.clamp(0.0, 1.0))
    };
    (0..=255).map(color).collect()
}

/// From night over teal and amber to white: each step brighter than the one before.
fn shade(share: f32) -> Color32 {
    const STOPS: [(f32, [f32; 3]); 5] = [
        (0.0, [14.0, 16.0, 22.0]),
        (0.35, [18.0, 74.0, 92.0]),
        (0.6, [52.0, 158.0, 140.0]),
        (0.82, [238.0, 178.0, 88.0]),
        (1.0, [255.0, 250.0, 232.0]),
    ];
    let end = STOPS.iter().position(|(at, _)| *at >= share).unwrap_or(4).max(1);
    let ((from, a), (to, b)) = (STOPS[end - 1], STOPS[end]);
    let place = (share - from) / (to - from);
    let [r, g, b] = std::array::from_fn(|idx| (a[idx] + (b[idx] - a[idx]) * place) as u8);
    Color32::from_rgb(r, g, b)
}

fn shades(powers: &[f32; N_COLUMNS]) -> Shades {
    powers.map(|power| {
        let share = (db(power) - LEAST_DB) / (MOST_DB - LEAST_DB);
        (share.clamp(0.0, 1.0) * 255.0).round() as u8
    })
}

/// The level that a shade stands for.
fn level_db(shade: u8) -> f32 {
    LEAST_DB + f32::from(shade) / 255.0 * (MOST_DB - LEAST_DB)
}

impl Spectrogram {
    pub(in crate::editor) fn take(&mut self, frame: &Frame) {
        let shaded = [&frame.input, &frame.output, &frame.removed].map(shades);
        if !self.is_frozen {
            return self.push(shaded);
        }
        if self.waiting.len() == N_FRAMES {
            self.waiting.pop_front();
        }
        self.waiting.push_back(shaded);
    }

    fn push(&mut self, shaded: Shaded) {
        if self.frames.len() == N_FRAMES {
            self.frames.pop_front();
        }
        self.frames.push_back(shaded);
        self.head = (self.head + 1) % N_FRAMES;
        for picture in self.pictures.iter_mut().flatten() {
            picture.n_new = (picture.n_new + 1).min(N_FRAMES);
        }
    }

    /// Keeps still, or takes in what came meanwhile.
    pub(in crate::editor) fn freeze(&mut self, is_frozen: bool) {
        self.is_frozen = is_frozen;
        if !is_frozen {
            for shaded in std::mem::take(&mut self.waiting) {
                self.push(shaded);
            }
        }
    }

    /// Brings the picture of a sound up to date.
    fn picture(&mut self, ui: &Ui, sound: Sound) -> Option<TextureId> {
        let blank = self.colors[0];
        let n_frames = self.frames.len();
        let slot = self.pictures.get_mut(sound as usize)?;
        let shown = slot.get_or_insert_with(|| {
            let blank = ColorImage::filled([N_FRAMES, N_COLUMNS], blank);
            let texture = ui.ctx().load_texture("spectrogram", blank, TextureOptions::LINEAR);
            Shown { texture, n_new: n_frames }
        });
        let n_new = std::mem::take(&mut shown.n_new).min(n_frames);
        let first = (self.head + N_FRAMES - n_new) % N_FRAMES;
        // At most two stretches, as the ring has one end.
        let n_before_end = n_new.min(N_FRAMES - first);
        for (place, skip, n) in [(first, 0, n_before_end), (0, n_before_end, n_new - n_before_end)]
        {
            if n > 0 {
                let image = image(&self.frames, &self.colors, n_frames - n_new + skip, n, sound);
                shown.texture.set_partial([place, 0], image, TextureOptions::LINEAR);
            }
        }
        Some(shown.texture.id())
    }

    /// Draws the sound, scales beside it, and what lies under the pointer.
    pub(in crate::editor) fn show(
        &mut self,
        ui: &Ui,
        t: &Theme,
        rect: Rect,
        sound: Sound,
        max_hz: f32,
    ) {
        let hover = ui.interact(rect, ui.scope_id().with("spectrogram"), Sense::hover());
        let line_x = rect.left() + self.divider * rect.width();
        let places = match sound {
            Sound::Both => [
                Rect::from_min_max(rect.min, pos2(line_x, rect.bottom())),
                Rect::from_min_max(pos2(line_x, rect.top()), rect.max),
            ],
            _ => [rect; 2],
        };
        for (part, place) in sound.parts().iter().zip(places) {
            if let Some(texture) = self.picture(ui, *part) {
                self.paint(&ui.painter_at(place), rect, texture);
            }
        }
        let axes = Axes { rect, max_hz, range: self.range };
        scales(&ui.painter_at(rect), &axes);
        self.color_scale(ui, t, &axes);
        let is_divided = sound == Sound::Both && self.move_divider(ui, rect, line_x);
        if let Some(at) = hover.hover_pos().filter(|_| !is_divided) {
            self.say(ui, &axes, sound, at, line_x);
        }
    }

    fn paint(&self, painter: &Painter, rect: Rect, texture: TextureId) {
        let split = self.head as f32 / N_FRAMES as f32;
        // The oldest begin at the head.
        let middle = rect.left() + rect.width() * (1.0 - split);
        let part = |left: f32, right: f32, from: f32, to: f32| {
            let place = Rect::from_min_max(pos2(left, rect.top()), pos2(right, rect.bottom()));
            let uv = Rect::from_min_max(pos2(from, 0.0), pos2(to, 1.0));
            painter.image(texture, place, uv, Color32::WHITE);
        };
        part(rect.left(), middle, split, 1.0);
        part(middle, rect.right(), 0.0, split);
    }

    /// Which level has which colour; it can be pulled at as the levels of the spectrum.
    fn color_scale(&mut self, ui: &Ui, t: &Theme, axes: &Axes) {
        let range = axes.range_handle(ui, t, COLORS);
        let left = axes.rect.right() + 3.0;
        let bar =
            Rect::from_min_max(pos2(left, axes.rect.top()), pos2(left + 7.0, axes.rect.bottom()));
        let mut mesh = Mesh::default();
        const STEPS: u32 = 32;
        for step in 0..=STEPS {
            let share = step as f32 / STEPS as f32;
            let y = bar.bottom() - share * bar.height();
            mesh.colored_vertex(pos2(bar.left(), y), shade(share));
            mesh.colored_vertex(pos2(bar.right(), y), shade(share));
            if step > 0 {
                let last = 2 * step;
                mesh.add_triangle(last - 2, last - 1, last);
                mesh.add_triangle(last - 1, last, last + 1);
            }
        }
        ui.painter().add(mesh);
        if range != self.range {
            self.range = range;
            self.colors = colors(range);
            for picture in self.pictures.iter_mut().flatten() {
                picture.n_new = self.frames.len();
            }
        }
    }

    /// The line between before and after; true while a hand is on it.
    fn move_divider(&mut self, ui: &Ui, rect: Rect, x: f32) -> bool {
        let place = Rect::from_center_size(pos2(x, rect.center().y), vec2(14.0, rect.height()));
        let id = ui.scope_id().with("divider");
        let response = ui.interact(place, id, Sense::click_and_drag());
        let share = self.divider;
        response.widget_info(|| {
            let mut info = WidgetInfo::labeled(Role::Slider, true, "Line between before and after");
            info.current_text_value = Some(format!("{:.0} %", 100.0 * share));
            info
        });
        if response.clicked() {
            response.request_focus();
        }
        let by_hand = hand_delta(ui, &response).x;
        let moved = by_hand / rect.width().max(1.0) + 0.02 * sideways(ui, &response);
        self.divider = (self.divider + moved).clamp(0.02, 0.98);
        if response.double_clicked() {
            self.divider = 0.5;
        }
        let is_hot = response.hovered() || response.dragged() || response.has_focus();
        let painter = ui.painter_at(rect);
        let (width, color) = if is_hot { (2.5, Color32::WHITE) } else { (1.5, TEXT) };
        painter.vline(x, rect.y_range(), Stroke::new(width, color));
        painter.circle(
            rect.center_top() + vec2(x - rect.center().x, rect.height() * 0.5),
            6.0,
            Color32::from_rgb(0x1b, 0x1f, 0x24),
            Stroke::new(2.0, color),
        );
        for (anchor, by_x, name) in
            [(Align2::RIGHT_TOP, -12.0, "before"), (Align2::LEFT_TOP, 12.0, "after")]
        {
            label(&painter, pos2(x + by_x, rect.top() + 5.0), anchor, name.to_owned());
        }
        help(&response, || {
            "Drag, or use arrows: before to the left, after to the right".to_owned()
        });
        response.on_hover_cursor(CursorIcon::ResizeHorizontal);
        is_hot
    }

    /// Frequency, note, time and level under the pointer.
    fn say(&self, ui: &Ui, axes: &Axes, sound: Sound, at: Pos2, line_x: f32) {
        let rect = axes.rect;
        let hz = axes.hz_at(((rect.bottom() - at.y) / rect.height().max(1.0)).clamp(0.0, 1.0));
        let ago_s = (rect.right() - at.x) / rect.width().max(1.0) * SECONDS;
        let mut rows = vec![
            (hz_text(hz), TEXT),
            (note_text(hz), TEXT),
            (format!("\u{2212}{ago_s:.1} s"), TEXT),
        ];
        let shown = match sound {
            Sound::Both if at.x < line_x => Sound::Before,
            Sound::Both => Sound::After,
            sound => sound,
        };
        let level_db = self.level_db(shown, ago_s, column_at(hz, axes.max_hz));
        rows.extend(level_db.map(|level_db| (db_text(level_db, 0), TEXT)));
        let painter = ui.painter_at(rect);
        painter.hline(rect.x_range(), at.y, Stroke::new(1.0, TEXT.gamma_multiply(0.3)));
        readout::show(ui, Color32::from_rgb(0x13, 0x16, 0x1a), rect, &rows, at);
    }

    /// The level of a sound some seconds ago, if so much was heard.
    fn level_db(&self, sound: Sound, ago_s: f32, column: usize) -> Option<f32> {
        let n_ago = (ago_s / SECONDS * N_FRAMES as f32) as usize;
        let frame = self.frames.get(self.frames.len().checked_sub(n_ago + 1)?)?;
        Some(level_db(frame.get(sound as usize)?[column]))
    }
}

/// Frames as columns of an image, low frequencies at the bottom.
fn image(
    frames: &VecDeque<Shaded>,
    colors: &[Color32],
    first: usize,
    n: usize,
    sound: Sound,
) -> ColorImage {
    let mut pixels = Vec::with_capacity(n * N_COLUMNS);
    for row in (0..N_COLUMNS).rev() {
        for idx in first..first + n {
            pixels.push(colors[usize::from(frames[idx][sound as usize][row])]);
        }
    }
    ColorImage::new([n, N_COLUMNS], pixels)
}

/// Arrows to the right less arrows to the left, while it has the focus.
fn sideways(ui: &Ui, response: &Response) -> f32 {
    if !response.has_focus() {
        return 0.0;
    }
    hold_arrows(ui, response.id);
    ui.input(|input| {
        input.num_presses(Key::ArrowRight) as f32 - input.num_presses(Key::ArrowLeft) as f32
    })
}

fn label(painter: &Painter, at: Pos2, anchor: Align2, name: String) {
    let galley = painter.layout_no_wrap(name, font(12.5), TEXT);
    let place = anchor.anchor_size(at, galley.size());
    painter.rect_filled(place.expand2(vec2(3.0, 0.0)), 2, PLATE);
    painter.galley(place.min, galley, TEXT);
}

/// Frequencies at the left, seconds at the bottom.
fn scales(painter: &Painter, axes: &Axes) {
    let (rect, max_hz) = (axes.rect, axes.max_hz);
    let mut free_below = f32::INFINITY;
    for (hz, name) in [
        (50.0, "50"),
        (100.0, "100"),
        (200.0, "200"),
        (500.0, "500"),
        (1e3, "1k"),
        (2e3, "2k"),
        (5e3, "5k"),
        (1e4, "10k"),
    ] {
        let y = rect.bottom() - axes.share(hz) * rect.height();
        if hz < max_hz && y > rect.top() + 9.0 && y < rect.bottom() - 26.0 && y < free_below {
            label(painter, pos2(rect.left() + 8.0, y), Align2::LEFT_CENTER, format!("{name} Hz"));
            free_below = y - 18.0;
        }
    }
    for seconds in [2u8, 4, 6, 8] {
        let x = rect.right() - rect.width() * f32::from(seconds) / SECONDS;
        let at = pos2(x, rect.bottom() - 4.0);
        label(painter, at, Align2::CENTER_BOTTOM, format!("\u{2212}{seconds} s"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_rise_in_brightness_and_the_history_holds_ten_seconds() {
        let sum = |c: Color32| 2 * u32::from(c.r()) + 5 * u32::from(c.g()) + u32::from(c.b());
        let colors = colors(COLORS);
        for pair in colors.windows(2) {
            assert!(sum(pair[1]) >= sum(pair[0]), "{pair:?}");
        }
        assert!(N_FRAMES as f32 / 100.0 >= 10.0);
    }

    fn frame(power: f32) -> Frame {
        Frame { input: [power; N_COLUMNS], ..Frame::EMPTY }
    }

    #[test]
    fn a_level_is_said_as_it_was_and_freezing_loses_nothing() {
        let mut history = Spectrogram::default();
        for _ in 0..200 {
            history.take(&frame(1e-5));
        }
        history.freeze(true);
        for _ in 0..100 {
            history.take(&frame(1e-8));
        }
        let level = |history: &Spectrogram, ago_s| history.level_db(Sound::Before, ago_s, 9);
        assert!((level(&history, 0.0).unwrap() + 50.0).abs() < 0.3, "it keeps still");
        history.freeze(false);
        assert!((level(&history, 0.5).unwrap() + 80.0).abs() < 0.3);
        assert!((level(&history, 1.5).unwrap() + 50.0).abs() < 0.3, "it goes on where it was");
        assert_eq!(level(&history, 4.0), None, "nothing was heard then");
    }
}
