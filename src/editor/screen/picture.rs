//! The picture: spectrum or spectrogram, and what has to be said over it.

use std::sync::Arc;

use egui::{Align2, CornerRadius, Rect, Sense, Ui, pos2, vec2};
use quell_core::{Monitor, ProfileSource};

use super::Screen;
use crate::editor::axes::Axes;
use crate::editor::nodes;
use crate::editor::spectrogram::Sound;
use crate::editor::spectrum::{self, Curves};
use crate::editor::theme;
use crate::editor::widgets::{Label, font, line_of_text, segments};
use crate::state;

/// Without a frame for so long the picture stands still, seconds.
pub(super) const STILL_S: f64 = 0.7;

impl Screen {
    pub(super) fn picture(&mut self, ui: &mut Ui, rect: Rect) {
        let t = self.theme;
        // Hosts may make a window smaller than they were told to.
        if rect.width() < 240.0 || rect.height() < 46.0 {
            return;
        }
        ui.painter().rect_filled(rect, CornerRadius::same(theme::ROUND), t.panel);
        let inside = rect.shrink(1.0);
        match self.sound {
            None => self.spectrum(ui, inside),
            Some(sound) => {
                let max_hz = self.analysis.max_hz;
                self.spectrogram.show(ui, &t, inside, sound, max_hz);
            }
        }
        self.tabs(ui, inside);
        if let Some(text) = self.banner(ui.input(|input| input.time)) {
            self.show_banner(ui, inside, text);
        }
        if let Some(notice) = state::model_notice(&self.shared) {
            let at = pos2(inside.left() + 10.0, inside.top() + 46.0);
            line_of_text(
                ui,
                at,
                Align2::LEFT_CENTER,
                &notice,
                14.0,
                t.noise,
                inside.width() - 20.0,
            );
        }
    }

    fn spectrum(&mut self, ui: &mut Ui, rect: Rect) {
        let t = self.theme;
        let params = Arc::clone(&self.shared.params);
        let settings = params.settings();
        let print = self.shared.link.profile();
        let source = self.source(print.is_some());
        let print = print.filter(|_| source == ProfileSource::Captured);
        let axes = Axes { rect, max_hz: self.analysis.max_hz };
        let curves = Curves::new(
            &self.analysis,
            &mut self.print_columns,
            print.as_ref(),
            settings.sensitivity,
            settings.curve,
        );
        let painter = ui.painter_at(rect);
        axes.paint(&painter, &t);
        spectrum::paint(&painter, &t, &axes, &curves);
        axes.label(&painter, &t);
        spectrum::legend(ui, &t, rect, source);
        if curves.input.is_none() {
            let at = pos2(rect.center().x, rect.top() + rect.height() * 0.78);
            let text = "Play something: the spectrum appears here";
            line_of_text(ui, at, Align2::CENTER_CENTER, text, 15.0, t.dim, rect.width());
        }
        let hover = ui.interact(rect, ui.scope_id().with("picture"), Sense::hover());
        let is_held = nodes::nodes(ui, &t, &mut self.edits, &params, &axes, &curves);
        if let Some(at) = hover.hover_pos().filter(|_| !is_held) {
            spectrum::readout(ui, &t, &axes, &curves, at);
        }
    }

    /// Where the noise is known from: as the engine says, or before it has run, as it will.
    fn source(&self, has_print: bool) -> ProfileSource {
        let wanted = self.shared.params.settings().profile_source;
        let is_following = wanted == ProfileSource::Captured && !has_print;
        match self.analysis.source {
            // The engine hears of a print only while sound runs.
            Some(ProfileSource::Sidechain) if wanted == ProfileSource::Sidechain => wanted,
            _ if wanted == ProfileSource::Adaptive || is_following => ProfileSource::Adaptive,
            Some(_) if wanted == ProfileSource::Sidechain && !has_print => ProfileSource::Adaptive,
            Some(_) if wanted == ProfileSource::Sidechain => ProfileSource::Captured,
            _ => wanted,
        }
    }

    /// What has to be said over the picture, which else would be misread.
    fn banner(&self, now_s: f64) -> Option<&'static str> {
        let settings = self.shared.params.settings();
        let is_still = self.analysis.has_sound && now_s - self.seen.1 > STILL_S;
        match (settings.bypass, settings.monitor) {
            (true, _) => Some("Bypass: you hear the sound as it came"),
            _ if is_still => Some("No sound comes in: the picture shows the last of it"),
            (false, Monitor::Removed) => Some("You hear what is taken away"),
            (false, Monitor::Denoised) => None,
        }
    }

    fn show_banner(&self, ui: &Ui, rect: Rect, text: &str) {
        let (t, painter) = (&self.theme, ui.painter_at(rect));
        let galley = painter.layout_no_wrap(text.to_owned(), font(14.0), t.text);
        let at = pos2(rect.center().x, rect.top() + 40.0);
        let place = Align2::CENTER_TOP.anchor_size(at, galley.size());
        painter.rect_filled(place.expand2(vec2(12.0, 6.0)), CornerRadius::same(4), t.raised);
        painter.galley(place.min, galley, t.text);
    }

    fn tabs(&mut self, ui: &mut Ui, rect: Rect) {
        let t = self.theme;
        let sounds = [
            Label { name: "Before", hint: "The sound as it came in" },
            Label { name: "After", hint: "What remains of it" },
            Label {
                name: "Removed",
                hint: "What was taken away: words or notes here mean too much",
            },
        ];
        if let Some(sound) = self.sound {
            let place = Rect::from_min_size(rect.min + vec2(6.0, 6.0), vec2(210.0, 24.0));
            let chosen = Sound::ALL.iter().position(|other| *other == sound).unwrap_or(0);
            if let Some(idx) = segments(ui, &t, place, &sounds, Some(chosen)) {
                self.sound = Some(Sound::ALL[idx]);
            }
        }
        let pictures = [
            Label { name: "Spectrum", hint: "What there is now, over frequency" },
            Label { name: "Spectrogram", hint: "The last ten seconds" },
        ];
        let min = pos2(rect.right() - 186.0, rect.top() + 6.0);
        let place = Rect::from_min_size(min, vec2(180.0, 24.0));
        match segments(ui, &t, place, &pictures, Some(usize::from(self.sound.is_some()))) {
            Some(0) => self.sound = None,
            Some(_) => self.sound = self.sound.or(Some(Sound::After)),
            None => {}
        }
    }
}
