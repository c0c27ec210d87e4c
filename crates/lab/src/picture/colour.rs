//! A perceptually even colour map, computed instead of tabulated.
//!
//! A straight line in the lightness of Oklab (Ottosson, 2020) with a turning hue: equal steps of
//! level look equally far apart, in print without colours and to colour-blind readers too.

/// Lightness of the darkest and the lightest colour.
const LIGHTNESS: (f64, f64) = (0.10, 0.97);
/// Hue of both ends, degrees in Oklab: from indigo over magenta and orange to pale yellow.
const HUE_DEGREES: (f64, f64) = (285.0, 465.0);
/// Chroma in the middle of the map; it falls to both ends.
const CHROMA: f64 = 0.20;

/// Colour of a level between 0 (dark) and 1 (light), sRGB.
pub(super) fn heat(level: f64) -> [u8; 3] {
    let level = if level.is_nan() { 0.0 } else { level.clamp(0.0, 1.0) };
    let lightness = LIGHTNESS.0 + (LIGHTNESS.1 - LIGHTNESS.0) * level;
    let hue = (HUE_DEGREES.0 + (HUE_DEGREES.1 - HUE_DEGREES.0) * level).to_radians();
    let mut chroma = CHROMA * (std::f64::consts::PI * level).sin().max(0.0).powf(0.7);
    // Give up chroma, never lightness, where the screen cannot show both.
    loop {
        let linear = oklab_to_linear(lightness, chroma * hue.cos(), chroma * hue.sin());
        let is_shown = linear.iter().all(|c| (-1e-4..=1.0001).contains(c));
        if is_shown || chroma < 1e-3 {
            return linear.map(encode_srgb);
        }
        chroma *= 0.97;
    }
}

/// The map as 256 entries.
pub(super) fn heat_table() -> Vec<[u8; 3]> {
    (0..256).map(|i| heat(f64::from(i) / 255.0)).collect()
}

fn oklab_to_linear(lightness: f64, a: f64, b: f64) -> [f64; 3] {
    let l = (lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
    let m = (lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
    let s = (lightness - 0.089_484_177_5 * a - 1.291_485_548_0 * b).powi(3);
    [
        4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s,
        -1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s,
        -0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701_0 * s,
    ]
}

fn encode_srgb(linear: f64) -> u8 {
    let linear = linear.clamp(0.0, 1.0);
    let encoded =
        if linear <= 0.003_130_8 { 12.92 * linear } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 };
    (encoded * 255.0).round() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lightness of Oklab from sRGB, by the inverse matrices.
    fn lightness(rgb: [u8; 3]) -> f64 {
        let [r, g, b] = rgb.map(|c| {
            let c = f64::from(c) / 255.0;
            if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        });
        let l = (0.412_221_470_8 * r + 0.536_332_536_3 * g + 0.051_445_992_9 * b).cbrt();
        let m = (0.211_903_498_2 * r + 0.680_699_545_1 * g + 0.107_396_956_6 * b).cbrt();
        let s = (0.088_302_461_9 * r + 0.281_718_837_6 * g + 0.629_978_700_5 * b).cbrt();
        0.210_454_255_3 * l + 0.793_617_785_0 * m - 0.004_072_046_8 * s
    }

    #[test]
    fn lightness_rises_in_even_steps() {
        let table = heat_table();
        let mean_step = (LIGHTNESS.1 - LIGHTNESS.0) / 255.0;
        for eight in table.windows(9).step_by(4) {
            let step = (lightness(eight[8]) - lightness(eight[0])) / 8.0;
            assert!((step / mean_step - 1.0).abs() < 0.2, "step {step}, mean {mean_step}");
        }
    }
}
