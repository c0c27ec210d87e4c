//! The picture: spectrum or spectrogram with their axes, and what a hand can do in it.
//!
//! What it remembers (which curves are on, the range of levels, what is frozen) lives as long as
//! the window.

pub(in crate::editor) mod analysis;
pub(in crate::editor) mod axes;
mod legend;
mod node_box;
mod nodes;
mod readout;
mod smooth;
pub(in crate::editor) mod solo;
mod spectrogram;
mod spectrum;
mod timeline;

use egui::accesskit::Role;
use egui::{Align2, CornerRadius, Key, Modifiers, Rect, Sense, Ui, WidgetInfo, pos2, vec2};
use quell_core::{Engine, ProfileSource};

use crate::Shared;
use crate::editor::edits::Edits;
use crate::editor::picture::analysis::Analysis;
use crate::editor::picture::axes::{Axes, HZ_HEIGHT, LEVELS_WIDTH, Range};
use crate::editor::picture::legend::Legend;
use crate::editor::picture::nodes::Hand;
use crate::editor::picture::spectrogram::{Sound, Spectrogram};
use crate::editor::picture::spectrum::{Curves, PrintColumns};
use crate::editor::picture::timeline::Timeline;
use crate::editor::theme::Theme;
use crate::editor::widgets::{Label, focus_ring, help, line_of_text, outline, segments};
use crate::feed::Frame;

/// Height of the line with legend and views.
const HEAD: f32 = 34.0;
/// A picture lower than this has its frequencies inside.
const LOW: f32 = 200.0;
/// Height of the last ten seconds, and of the window that has room for them.
const STRIP: f32 = 46.0;
const STRIP_FROM: f32 = 520.0;
/// Width of the two views, and of the sounds of the spectrogram.
const VIEWS: f32 = 180.0;
const SOUNDS: f32 = 250.0;

/// What is said of the spectrum.
const HELP: &str = "What comes in, what remains, and between them what is taken away; the gain \
    that does it hangs from the top. Names switch curves; F freezes, P holds peaks";

/// What the picture is drawn from, and where edits go.
pub(in crate::editor) struct Scene<'a> {
    pub(in crate::editor) theme: &'a Theme,
    pub(in crate::editor) edits: &'a mut Edits,
    pub(in crate::editor) shared: &'a Shared,
    pub(in crate::editor) analysis: &'a mut Analysis,
    /// Where the noise is known from.
    pub(in crate::editor) source: ProfileSource,
}

/// What the picture of one window remembers.
#[derive(Default)]
pub(in crate::editor) struct Picture {
    spectrogram: Spectrogram,
    timeline: Timeline,
    print_columns: PrintColumns,
    /// The spectrogram's sound; none while the spectrum is shown.
    sound: Option<Sound>,
    legend: Legend,
    range: Range,
    /// What stood when the picture was frozen.
    frozen: Option<Box<Analysis>>,
    hand: Hand,
}

impl Picture {
    /// A frame of the feed.
    pub(in crate::editor) fn take(&mut self, frame: &Frame, is_capturing: bool) {
        self.spectrogram.take(frame);
        self.timeline.take(frame, is_capturing);
    }

    /// What is drawn of what is heard: the last of it, or what it was when the picture was frozen.
    #[cfg(test)]
    pub(in crate::editor) fn shown<'a>(&'a self, now: &'a Analysis) -> &'a Analysis {
        self.frozen.as_deref().unwrap_or(now)
    }

    pub(in crate::editor) fn is_frozen(&self) -> bool {
        self.frozen.is_some()
    }

    pub(in crate::editor) fn show(&mut self, ui: &mut Ui, scene: &mut Scene, rect: Rect) {
        let mut rect = rect;
        let is_high = ui.ctx().content_rect().height() >= STRIP_FROM;
        if is_high && rect.height() > LOW {
            let top = rect.bottom() - STRIP;
            let right = rect.right() - LEVELS_WIDTH;
            let strip = Rect::from_min_max(pos2(rect.left(), top), pos2(right, rect.bottom()));
            self.timeline.show(ui, scene.theme, scene.edits, strip);
            rect.max.y = top - 4.0;
        }
        let head = Rect::from_min_max(rect.min, pos2(rect.right(), rect.top() + HEAD));
        let is_low = rect.height() < LOW;
        let bottom = rect.bottom() - if is_low { 0.0 } else { HZ_HEIGHT };
        let plot = Rect::from_min_max(
            pos2(rect.left(), head.bottom()),
            pos2(rect.right() - LEVELS_WIDTH, bottom.max(head.bottom() + 10.0)),
        );
        self.keys(ui, scene.analysis);
        let legend = self.head(ui, scene, head);
        match self.sound {
            None => {
                self.legend.show(ui, scene.theme, legend, scene.source);
                self.spectrum(ui, scene, plot, is_low);
            }
            Some(sound) => {
                scene.shared.ears.hear_only(None);
                let plot = Rect::from_min_max(plot.min, pos2(plot.right(), rect.bottom()));
                let max_hz = scene.analysis.max_hz;
                self.spectrogram.show(ui, scene.theme, plot, sound, max_hz);
            }
        }
    }

    fn spectrum(&mut self, ui: &mut Ui, scene: &mut Scene, rect: Rect, is_low: bool) {
        let t = *scene.theme;
        let params = &scene.shared.params;
        let settings = params.settings();
        let is_captured = scene.source == ProfileSource::Captured;
        let print = scene.shared.link.in_force().filter(|_| is_captured);
        let analysis = self.frozen.as_deref().unwrap_or(scene.analysis);
        let axes = Axes { rect, max_hz: analysis.max_hz, range: self.range };
        let mut curves = Curves::new(
            analysis,
            &mut self.print_columns,
            print.as_ref(),
            settings.sensitivity,
            settings.curve,
        );
        curves.is_threshold_exact = match settings.engine {
            Engine::Neural => false,
            // Without a print it is the network alone.
            Engine::Hybrid => is_captured,
            _ => true,
        };
        if let Some(base) = self.hand.base() {
            curves.rest_on(base);
        }
        let painter = ui.painter_at(rect);
        axes.paint(&painter, &t);
        let hover = ui.interact(rect, ui.scope_id().with("picture"), Sense::hover());
        let is_hovered = hover.contains_pointer();
        spectrum::paint(&painter, &t, &axes, &curves, &self.legend, is_hovered);
        axes.label_hz(ui.painter(), &t, is_low);
        if let Some(hum) = analysis.hum {
            let bottom = rect.bottom() - if is_low { 18.0 } else { 0.0 };
            readout::hum(ui, &t, &axes, &curves, hum, bottom);
        }
        if curves.input.is_none() {
            let at = pos2(rect.center().x, rect.top() + rect.height() * 0.78);
            let text = "Play something: the spectrum appears here";
            line_of_text(ui, at, Align2::CENTER_CENTER, text, 15.0, t.dim, rect.width());
        }
        self.range = axes.range_handle(ui, &t, Range::default());
        if let Some(band_hz) = scene.shared.ears.only() {
            solo::shade(&painter, &t, &axes, &band_hz);
        }
        let is_held = nodes::nodes(ui, &t, scene.edits, params, &axes, &curves, &mut self.hand);
        scene.shared.ears.hear_only(self.hand.solo().map(|node| solo::band_of(params, node)));
        if !is_held {
            help(&hover, || HELP.to_owned());
        }
        if let Some(at) = hover.hover_pos().filter(|_| !is_held) {
            readout::spectrum(ui, &t, &axes, &curves, at);
        }
    }

    // ---- The line above ------------------------------------------------------------------------

    /// Views, and what keeps the picture still; the room that is left for the legend.
    fn head(&mut self, ui: &mut Ui, scene: &mut Scene, rect: Rect) -> Rect {
        let views = Rect::from_min_size(
            pos2(rect.right() - VIEWS - 6.0, rect.top() + 6.0),
            vec2(VIEWS, 24.0),
        );
        let sounds = Rect::from_min_size(rect.min + vec2(6.0, 6.0), vec2(SOUNDS, 24.0));
        self.views(ui, scene.theme, views, sounds);
        let side = vec2(24.0, 24.0);
        let freeze = Rect::from_min_size(views.min - vec2(side.x + 6.0, 0.0), side);
        let hint = "Freeze: the picture keeps still, the sound goes on (key F)";
        let label = Label { name: "Freeze", hint };
        if icon(ui, scene.theme, freeze, label, self.is_frozen(), Icon::Pause) {
            self.freeze(scene.analysis);
        }
        let mut left = freeze.left();
        if self.sound.is_none() {
            let hold = freeze.translate(vec2(-side.x - 4.0, 0.0));
            let is_on = scene.analysis.is_holding_peaks();
            let hint = "Peak hold: thin lines stay at the highest levels since you asked (key P)";
            let label = Label { name: "Peak hold", hint };
            if icon(ui, scene.theme, hold, label, is_on, Icon::Peak) {
                scene.analysis.hold_peaks(!is_on);
            }
            left = hold.left();
        }
        Rect::from_min_max(rect.min + vec2(10.0, 6.0), pos2(left - 8.0, rect.top() + 30.0))
    }

    fn views(&mut self, ui: &mut Ui, t: &Theme, place: Rect, sounds_place: Rect) {
        let views = [
            Label { name: "Spectrum", hint: "What there is now, over frequency" },
            Label { name: "Spectrogram", hint: "The last ten seconds" },
        ];
        match segments(ui, t, place, &views, Some(usize::from(self.sound.is_some()))) {
            Some(0) => self.sound = None,
            Some(_) => self.sound = self.sound.or(Some(Sound::After)),
            None => {}
        }
        let Some(sound) = self.sound else { return };
        let sounds = [
            Label { name: "Before", hint: "The sound as it came in" },
            Label { name: "After", hint: "What remains of it" },
            Label {
                name: "Removed",
                hint: "What was taken away: words or notes here mean too much",
            },
            Label { name: "Both", hint: "Before, and after right of a line that you can drag" },
        ];
        let chosen = Sound::ALL.iter().position(|other| *other == sound).unwrap_or(0);
        if let Some(idx) = segments(ui, t, sounds_place, &sounds, Some(chosen)) {
            self.sound = Some(Sound::ALL[idx]);
        }
    }

    // ---- Freeze and peaks ----------------------------------------------------------------------

    fn keys(&mut self, ui: &Ui, analysis: &mut Analysis) {
        if ui.ctx().egui_wants_keyboard_input() {
            return;
        }
        let (is_freeze, is_peaks) = ui.input_mut(|input| {
            let mut pressed = |key| input.consume_key(Modifiers::NONE, key);
            (pressed(Key::F), pressed(Key::P))
        });
        if is_freeze {
            self.freeze(analysis);
        }
        if is_peaks {
            analysis.hold_peaks(!analysis.is_holding_peaks());
        }
    }

    /// Freezes, or lets go.
    fn freeze(&mut self, analysis: &Analysis) {
        self.frozen = match self.frozen {
            Some(_) => None,
            None => Some(Box::new(analysis.clone())),
        };
        self.spectrogram.freeze(self.is_frozen());
    }
}

/// What a small switch shows.
#[derive(Clone, Copy)]
enum Icon {
    Pause,
    Peak,
}

/// A small switch with a drawing instead of a name; true when it was clicked.
fn icon(ui: &Ui, t: &Theme, rect: Rect, label: Label, is_on: bool, icon: Icon) -> bool {
    let response = ui.interact(rect, ui.scope_id().with(label.name), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_on, label.name));
    let (fill, ink) = match (is_on, response.hovered()) {
        (true, _) => (t.selected, t.on_selected),
        (false, true) => (t.line, t.text),
        (false, false) => (t.raised, t.text),
    };
    let painter = ui.painter();
    outline(painter, t, rect, true);
    painter.rect_filled(rect, CornerRadius::same(4), fill);
    let at = |x: f32, y: f32| rect.center() + vec2(x, y);
    let bar = |left: f32, top: f32, right: f32, bottom: f32| {
        let place = Rect::from_min_max(at(left, top), at(right, bottom));
        painter.rect_filled(place, CornerRadius::ZERO, ink);
    };
    match icon {
        Icon::Pause => [-5.0, 2.0].into_iter().for_each(|x| bar(x, -5.5, x + 3.0, 5.5)),
        Icon::Peak => {
            bar(-7.0, -6.5, 7.0, -5.0);
            for (x, top) in [(-6.0, 1.0), (-1.5, -3.0), (3.0, 2.5)] {
                bar(x, top, x + 3.0, 6.5);
            }
        }
    }
    focus_ring(painter, t, rect, response.has_focus());
    help(&response, || label.hint.to_owned());
    response.clicked()
}
