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
    /// Hairlines, and what the pointer is on.
    pub(super) line: Color32,
    /// Outlines of what can be used, and tracks: 3:1 against all that lies beside them.
    pub(super) edge: Color32,
    pub(super) text: Color32,
    /// Names and captions.
    pub(super) dim: Color32,
    /// The colour of Capture, and of nothing else that can be pressed.
    pub(super) accent: Color32,
    /// Text on the accent.
    pub(super) on_accent: Color32,
    /// The light that says 'this is on'.
    pub(super) selected: Color32,
    /// Text on it.
    pub(super) on_selected: Color32,
    pub(super) input: Color32,
    pub(super) output: Color32,
    pub(super) noise: Color32,
    pub(super) threshold: Color32,
    pub(super) removed: Color32,
    /// What the mask does.
    pub(super) gain: Color32,
    pub(super) error: Color32,
}

impl Theme {
    /// For what does nothing now: no light, and text no brighter than captions.
    pub(super) fn idle(&self) -> Self {
        let (selected, raised) = (self.edge, self.panel);
        Self { edge: self.line, selected, raised, text: self.dim, ..*self }
    }
}

pub(super) const DARK: Theme = Theme {
    is_light: false,
    ground: Color32::from_rgb(0x13, 0x16, 0x1a),
    panel: Color32::from_rgb(0x1b, 0x1f, 0x24),
    raised: Color32::from_rgb(0x2a, 0x30, 0x37),
    line: Color32::from_rgb(0x36, 0x3d, 0x45),
    edge: Color32::from_rgb(0x6f, 0x7a, 0x86),
    text: Color32::from_rgb(0xe6, 0xea, 0xee),
    dim: Color32::from_rgb(0xa4, 0xae, 0xb8),
    accent: Color32::from_rgb(0x4f, 0xc3, 0xb3),
    on_accent: Color32::from_rgb(0x0c, 0x1a, 0x18),
    selected: Color32::from_rgb(0xd3, 0xda, 0xe1),
    on_selected: Color32::from_rgb(0x14, 0x18, 0x1c),
    input: Color32::from_rgb(0xa9, 0xb4, 0xc0),
    output: Color32::from_rgb(0x4f, 0xb8, 0xf5),
    noise: Color32::from_rgb(0xf2, 0xd7, 0x5c),
    threshold: Color32::from_rgb(0xff, 0xff, 0xff),
    removed: Color32::from_rgb(0xf0, 0x80, 0x3c),
    gain: Color32::from_rgb(0x84, 0x78, 0xfc),
    error: Color32::from_rgb(0xff, 0x8f, 0x8f),
};

pub(super) const LIGHT: Theme = Theme {
    is_light: true,
    ground: Color32::from_rgb(0xe9, 0xec, 0xef),
    panel: Color32::from_rgb(0xfb, 0xfc, 0xfd),
    raised: Color32::from_rgb(0xe3, 0xe7, 0xeb),
    line: Color32::from_rgb(0xc9, 0xd0, 0xd6),
    edge: Color32::from_rgb(0x70, 0x7c, 0x88),
    text: Color32::from_rgb(0x1a, 0x20, 0x26),
    dim: Color32::from_rgb(0x4a, 0x56, 0x62),
    accent: Color32::from_rgb(0x07, 0x6b, 0x60),
    on_accent: Color32::from_rgb(0xff, 0xff, 0xff),
    selected: Color32::from_rgb(0x33, 0x3c, 0x45),
    on_selected: Color32::from_rgb(0xff, 0xff, 0xff),
    input: Color32::from_rgb(0x66, 0x72, 0x7f),
    output: Color32::from_rgb(0x0a, 0x55, 0xa8),
    noise: Color32::from_rgb(0x5a, 0x47, 0x00),
    threshold: Color32::from_rgb(0x10, 0x15, 0x1a),
    removed: Color32::from_rgb(0xc4, 0x50, 0x0c),
    gain: Color32::from_rgb(0x9c, 0x30, 0xe8),
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
        visuals.selection.bg_fill = self.selected;
        visuals.selection.stroke = Stroke::new(1.0, self.on_selected);
        visuals.hyperlink_color = self.text;
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
            state.bg_stroke = Stroke::new(1.0, self.edge);
            state.corner_radius = CornerRadius::same(4);
            state.expansion = 0.0;
        }
        states.noninteractive.bg_stroke = Stroke::new(1.0, self.line);
        states.active.bg_stroke = Stroke::new(1.0, self.text);
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

    /// Shares of light, without the curve that screens have.
    fn linear(color: Color32) -> [f32; 3] {
        [color.r(), color.g(), color.b()].map(|byte| {
            let c = f32::from(byte) / 255.0;
            if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        })
    }

    fn times(matrix: [[f32; 3]; 3], v: [f32; 3]) -> [f32; 3] {
        matrix.map(|row| row[0] * v[0] + row[1] * v[1] + row[2] * v[2])
    }

    /// Contrast as the Web Content Accessibility Guidelines define it.
    fn contrast(a: Color32, b: Color32) -> f32 {
        let luminance = |color| times([[0.2126, 0.7152, 0.0722]; 3], linear(color))[0];
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    fn all_reach(least: f32, pairs: impl Fn(Theme) -> Vec<(&'static str, Color32, Color32)>) {
        for t in [DARK, LIGHT] {
            for (name, above, below) in pairs(t) {
                let ratio = contrast(above, below);
                assert!(ratio >= least, "{name}, light {}: {ratio:.2}", t.is_light);
            }
        }
    }

    #[test]
    fn all_text_can_be_read() {
        all_reach(4.5, |t| {
            vec![
                ("text on panel", t.text, t.panel),
                ("text on ground", t.text, t.ground),
                ("text on buttons", t.text, t.raised),
                ("text on hovered buttons", t.text, t.line),
                ("captions on panel", t.dim, t.panel),
                ("captions on ground", t.dim, t.ground),
                ("text on accent", t.on_accent, t.accent),
                ("text on what is on", t.on_selected, t.selected),
                ("errors on panel", t.error, t.panel),
                ("errors on ground", t.error, t.ground),
                ("input's name", t.input, t.panel),
                ("output's name", t.output, t.panel),
                ("noise's name", t.noise, t.panel),
                ("threshold's name", t.threshold, t.panel),
                ("removed's name", t.removed, t.panel),
                ("gain's name", t.gain, t.panel),
            ]
        });
    }

    #[test]
    fn what_can_be_used_stands_out_from_what_lies_beside_it() {
        all_reach(3.0, |t| {
            vec![
                ("buttons on panel", t.edge, t.panel),
                ("buttons on ground", t.edge, t.ground),
                ("outline of buttons", t.edge, t.raised),
                ("what is on", t.selected, t.raised),
                ("a dial's hand", t.text, t.raised),
                ("Capture", t.accent, t.panel),
                ("focus on panel", t.text, t.panel),
                ("focus on ground", t.text, t.ground),
            ]
        });
        // A dial's arc lies on its track, and is thicker too.
        all_reach(2.5, |t| vec![("arc on track", t.selected, t.edge)]);
    }

    /// What people see who lack one of three kinds of cones (Machado, Oliveira and Fernandes 2009),
    /// of light.
    const EYES: [(&str, [[f32; 3]; 3]); 4] = [
        ("all cones", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
        (
            "no long waves",
            [
                [0.152_286, 1.052_583, -0.204_868],
                [0.114_503, 0.786_281, 0.099_216],
                [-0.003_882, -0.048_116, 1.051_998],
            ],
        ),
        (
            "no middle waves",
            [
                [0.367_322, 0.860_646, -0.227_968],
                [0.280_085, 0.672_501, 0.047_413],
                [-0.011_820, 0.042_940, 0.968_881],
            ],
        ),
        (
            "no short waves",
            [
                [1.255_528, -0.076_749, -0.178_779],
                [-0.078_411, 0.930_809, 0.147_602],
                [0.004_733, 0.691_367, 0.303_900],
            ],
        ),
    ];

    /// A place in Ottosson's OKLab, where distances are alike to the eye: from black to white is 1.
    fn place(light: [f32; 3]) -> [f32; 3] {
        const TO_CONES: [[f32; 3]; 3] = [
            [0.412_221_46, 0.536_332_55, 0.051_445_995],
            [0.211_903_5, 0.680_699_5, 0.107_396_96],
            [0.088_302_46, 0.281_718_85, 0.629_978_7],
        ];
        const TO_LAB: [[f32; 3]; 3] = [
            [0.210_454_26, 0.793_617_8, -0.004_072_047],
            [1.977_998_5, -2.428_592_2, 0.450_593_7],
            [0.025_904_037, 0.782_771_77, -0.808_675_77],
        ];
        times(TO_LAB, times(TO_CONES, light.map(|share| share.clamp(0.0, 1.0))).map(f32::cbrt))
    }

    #[test]
    fn curves_are_told_apart_by_all_eyes() {
        for t in [DARK, LIGHT] {
            let curves = [
                ("input", t.input),
                ("output", t.output),
                ("noise", t.noise),
                ("removed", t.removed),
                ("threshold", t.threshold),
                ("gain", t.gain),
            ];
            for (eyes, matrix) in EYES {
                let seen = |color| place(times(matrix, linear(color)));
                let distance = |a: Color32, b: Color32| {
                    let (a, b) = (seen(a), seen(b));
                    (0..3).map(|idx| (a[idx] - b[idx]).powi(2)).sum::<f32>().sqrt()
                };
                for (idx, (a_name, a)) in curves.into_iter().enumerate() {
                    for (b_name, b) in curves.into_iter().skip(idx + 1) {
                        let d = distance(a, b);
                        assert!(d >= 0.075, "{a_name}, {b_name}, {eyes}: {d:.3} {}", t.is_light);
                    }
                }
                let d = distance(t.removed, t.output);
                assert!(d >= 0.2, "what goes and what stays, {eyes}: {d:.3} {}", t.is_light);
            }
        }
    }
}
