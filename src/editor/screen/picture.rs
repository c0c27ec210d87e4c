//! The picture, and what has to be said over it.

use std::borrow::Cow;

use egui::{Align2, CornerRadius, Rect, Ui, pos2, vec2};
use quell_core::{Monitor, ProfileSource};

use super::Screen;
use crate::editor::picture::{Scene, solo};
use crate::editor::theme;
use crate::editor::widgets::{font, line_of_text};
use crate::state;

/// Without a frame for so long the picture stands still, seconds.
pub(super) const STILL_S: f64 = 0.7;

impl Screen {
    pub(super) fn picture(&mut self, ui: &mut Ui, rect: Rect) {
        let t = self.theme;
        // Hosts may make a window smaller than they were told to.
        if rect.width() < 240.0 || rect.height() < 46.0 {
            self.shared.ears.hear_only(None);
            return;
        }
        ui.painter().rect_filled(rect, CornerRadius::same(theme::ROUND), t.panel);
        let inside = rect.shrink(1.0);
        let source = self.source(self.shared.link.in_force().is_some());
        let Self { picture, edits, shared, analysis, .. } = self;
        let scene = &mut Scene { theme: &t, edits, shared, analysis, source };
        picture.show(ui, scene, inside);
        if let Some(text) = self.banner(ui.input(|input| input.time)) {
            self.show_banner(ui, inside, &text);
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
    fn banner(&self, now_s: f64) -> Option<Cow<'static, str>> {
        let settings = self.shared.params.settings();
        let is_still = self.analysis.has_sound && now_s - self.seen.1 > STILL_S;
        if let Some(band_hz) = self.shared.ears.only() {
            return Some(solo::banner(&band_hz).into());
        }
        let text = match (settings.bypass, settings.monitor) {
            (true, _) => Some("Bypass: you hear the sound as it came"),
            _ if is_still => Some("No sound comes in: the picture shows the last of it"),
            (false, Monitor::Removed) => Some("You hear what is taken away"),
            (false, Monitor::Denoised) => None,
        };
        text.map(Cow::Borrowed)
    }

    fn show_banner(&self, ui: &Ui, rect: Rect, text: &str) {
        let (t, painter) = (&self.theme, ui.painter_at(rect));
        let galley = painter.layout_no_wrap(text.to_owned(), font(14.0), t.text);
        let at = pos2(rect.center().x, rect.top() + 40.0);
        let place = Align2::CENTER_TOP.anchor_size(at, galley.size());
        painter.rect_filled(place.expand2(vec2(12.0, 6.0)), CornerRadius::same(4), t.raised);
        painter.galley(place.min, galley, t.text);
    }
}
