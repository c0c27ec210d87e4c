//! Colours, sizes and type of the window, dark and light.

use std::sync::Arc;

use egui::{
    Color32, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Stroke, TextStyle, Vec2,
    Visuals,
};

/// Distance between blocks, and from the window's edge.
pub(super) const GAP: f32 = 10.0;
/// Roundness of blocks.
pub(super) const ROUND: u8 = 6;

const FONT: &[u8] = include_bytes!("../../crates/lab/assets/SourceSansPro-Regular.ttf");

/// The colours of one appearance. Text colours stand at 4.5:1 or more against what they are put on;
/// a test measures it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Theme {
    pub(super) is_light: bool,
    /// Behind everything.
    pub(super) ground: Color32,
    /// Blocks on the ground.
    pub(super) panel: Color32,
    /// Buttons on blocks.
    pub(super) raised: Color32,
    /// Hairlines and tracks.
    pub(super) line: Color32,
    pub(super) text: Color32,
    /// Names and captions.
    pub(super) dim: Color32,
    /// The one colour that says 'this is on' and 'this is yours'.
    pub(super) accent: Color32,
    /// Text on the accent.
    pub(super) on_accent: Color32,
    pub(super) input: Color32,
    pub(super) output: Color32,
    pub(super) noise: Color32,
    pub(super) threshold: Color32,
    pub(super) removed: Color32,
    pub(super) error: Color32,
}

impl Theme {
    /// For what does nothing now: no accent, and text no brighter than captions.
    pub(super) fn idle(&self) -> Self {
        Self { accent: self.line, text: self.dim, raised: self.panel, ..*self }
    }
}

pub(super) const DARK: Theme = Theme {
    is_light: false,
    ground: Color32::from_rgb(0x13, 0x16, 0x1a),
    panel: Color32::from_rgb(0x1b, 0x1f, 0x24),
    raised: Color32::from_rgb(0x2a, 0x30, 0x37),
    line: Color32::from_rgb(0x36, 0x3d, 0x45),
    text: Color32::from_rgb(0xe6, 0xea, 0xee),
    dim: Color32::from_rgb(0xa4, 0xae, 0xb8),
    accent: Color32::from_rgb(0x4f, 0xc3, 0xb3),
    on_accent: Color32::from_rgb(0x0c, 0x1a, 0x18),
    input: Color32::from_rgb(0x9a, 0xa9, 0xbb),
    output: Color32::from_rgb(0x5f, 0xd9, 0xc7),
    noise: Color32::from_rgb(0xe5, 0xa3, 0x4f),
    threshold: Color32::from_rgb(0xf3, 0xe4, 0xb5),
    removed: Color32::from_rgb(0xe0, 0x6c, 0x7c),
    error: Color32::from_rgb(0xff, 0x8f, 0x8f),
};

pub(super) const LIGHT: Theme = Theme {
    is_light: true,
    ground: Color32::from_rgb(0xe9, 0xec, 0xef),
    panel: Color32::from_rgb(0xfb, 0xfc, 0xfd),
    raised: Color32::from_rgb(0xe3, 0xe7, 0xeb),
    line: Color32::from_rgb(0xc9, 0xd0, 0xd6),
    text: Color32::from_rgb(0x1a, 0x20, 0x26),
    dim: Color32::from_rgb(0x4a, 0x56, 0x62),
    accent: Color32::from_rgb(0x07, 0x6b, 0x60),
    on_accent: Color32::from_rgb(0xff, 0xff, 0xff),
    input: Color32::from_rgb(0x5c, 0x6b, 0x7d),
    output: Color32::from_rgb(0x07, 0x7a, 0x6d),
    noise: Color32::from_rgb(0x9a, 0x58, 0x05),
    threshold: Color32::from_rgb(0x6b, 0x57, 0x12),
    removed: Color32::from_rgb(0xc2, 0x3b, 0x50),
    error: Color32::from_rgb(0xad, 0x1f, 0x2d),
};

impl Theme {
    pub(super) fn of(is_light: bool) -> Self {
        if is_light { LIGHT } else { DARK }
    }

    /// Puts the theme in force for egui's own widgets.
    pub(super) fn apply(&self, egui: &egui::Context) {
        egui.set_theme(if self.is_light { egui::Theme::Light } else { egui::Theme::Dark });
        egui.set_visuals(self.visuals());
        egui.global_style_mut(|style| {
            style.spacing.item_spacing = Vec2::new(6.0, 6.0);
            style.spacing.button_padding = Vec2::new(8.0, 3.0);
            style.spacing.interact_size.y = 24.0;
            for (name, size) in [
                (TextStyle::Body, 14.0),
                (TextStyle::Button, 14.0),
                (TextStyle::Small, 12.5),
                (TextStyle::Heading, 18.0),
                (TextStyle::Monospace, 14.0),
            ] {
                style.text_styles.insert(name, FontId::proportional(size));
            }
        });
    }

    fn visuals(&self) -> Visuals {
        let mut visuals = if self.is_light { Visuals::light() } else { Visuals::dark() };
        visuals.override_text_color = None;
        visuals.panel_fill = self.ground;
        visuals.window_fill = self.panel;
        visuals.window_stroke = Stroke::new(1.0, self.line);
        visuals.extreme_bg_color = self.ground;
        visuals.selection.bg_fill = self.accent;
        visuals.selection.stroke = Stroke::new(1.0, self.on_accent);
        visuals.hyperlink_color = self.accent;
        let states = &mut visuals.widgets;
        for (state, fill, text) in [
            (&mut states.noninteractive, self.panel, self.dim),
            (&mut states.inactive, self.raised, self.text),
            (&mut states.hovered, self.line, self.text),
            (&mut states.active, self.line, self.text),
            (&mut states.open, self.raised, self.text),
        ] {
            state.bg_fill = fill;
            state.weak_bg_fill = fill;
            state.fg_stroke = Stroke::new(1.0, text);
            state.bg_stroke = Stroke::NONE;
            state.corner_radius = CornerRadius::same(4);
            state.expansion = 0.0;
        }
        states.noninteractive.bg_stroke = Stroke::new(1.0, self.line);
        states.active.bg_stroke = Stroke::new(1.0, self.accent);
        states.hovered.bg_stroke = Stroke::new(1.0, self.line);
        visuals
    }
}

/// One font for everything, the same in every host; it has the typographic minus and fractions.
pub(super) fn install_font(egui: &egui::Context) {
    const NAME: &str = "Source Sans Pro";
    let mut fonts = FontDefinitions::empty();
    fonts.font_data.insert(NAME.to_owned(), Arc::new(FontData::from_static(FONT)));
    for family in [FontFamily::Proportional, FontFamily::Monospace] {
        fonts.families.insert(family, vec![NAME.to_owned()]);
    }
    egui.set_fonts(fonts);
}

/// A colour with another opacity, 0 to 1.
pub(super) fn faded(color: Color32, opacity: f32) -> Color32 {
    color.gamma_multiply(opacity)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Contrast as the Web Content Accessibility Guidelines define it.
    fn contrast(a: Color32, b: Color32) -> f32 {
        let luminance = |color: Color32| {
            let linear = |byte: u8| {
                let c = f32::from(byte) / 255.0;
                if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
            };
            0.2126 * linear(color.r()) + 0.7152 * linear(color.g()) + 0.0722 * linear(color.b())
        };
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn all_text_can_be_read() {
        for t in [DARK, LIGHT] {
            let pairs = [
                ("text on panel", t.text, t.panel),
                ("text on ground", t.text, t.ground),
                ("text on buttons", t.text, t.raised),
                ("text on hovered buttons", t.text, t.line),
                ("captions on panel", t.dim, t.panel),
                ("captions on ground", t.dim, t.ground),
                ("text on accent", t.on_accent, t.accent),
                ("accent on panel", t.accent, t.panel),
                ("errors on panel", t.error, t.panel),
                ("errors on ground", t.error, t.ground),
                ("input's name", t.input, t.panel),
                ("output's name", t.output, t.panel),
                ("noise's name", t.noise, t.panel),
                ("threshold's name", t.threshold, t.panel),
                ("removed's name", t.removed, t.panel),
            ];
            for (name, above, below) in pairs {
                let ratio = contrast(above, below);
                assert!(ratio >= 4.5, "{name}, light {}: {ratio:.2}", t.is_light);
            }
        }
    }
}
