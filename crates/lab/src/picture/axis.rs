//! Scales and their ticks.

/// How values are laid out along an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scale {
    /// Equal steps are equally far apart.
    Linear,
    /// Equal steps of hearing are: the ERB rate of Glasberg and Moore (1990), for Hz.
    Hearing,
}

/// An axis: a range of values on a scale.
#[derive(Clone, Copy, Debug)]
pub struct Axis {
    /// Value at the start.
    pub low: f64,
    /// Value at the end.
    pub high: f64,
    /// How values lie between them.
    pub scale: Scale,
}

impl Axis {
    /// A linear axis.
    pub fn linear(low: f64, high: f64) -> Self {
        Self { low, high, scale: Scale::Linear }
    }

    /// A frequency axis that gives every part of hearing its room, up to `high_hz`.
    pub fn hearing(high_hz: f64) -> Self {
        Self { low: 0.0, high: high_hz, scale: Scale::Hearing }
    }

    /// Position of a value, 0 at the start and 1 at the end.
    pub fn position(&self, value: f64) -> f64 {
        let warp = |v: f64| match self.scale {
            Scale::Linear => v,
            Scale::Hearing => erb_rate(v),
        };
        (warp(value) - warp(self.low)) / (warp(self.high) - warp(self.low))
    }

    /// Value at a position.
    pub fn value(&self, position: f64) -> f64 {
        match self.scale {
            Scale::Linear => self.low + (self.high - self.low) * position,
            Scale::Hearing => {
                let (low, high) = (erb_rate(self.low), erb_rate(self.high));
                erb_rate_inverse(low + (high - low) * position)
            }
        }
    }

    /// About `n_wanted` round values within the axis.
    pub fn ticks(&self, n_wanted: usize) -> Vec<f64> {
        let candidates = match self.scale {
            Scale::Linear => return linear_ticks(self.low, self.high, n_wanted),
            Scale::Hearing => {
                [0.0, 125.0, 250.0, 500.0, 1e3, 2e3, 4e3, 8e3, 16e3, 32e3, 64e3, 128e3]
            }
        };
        let is_inside = |v: &f64| (self.low..=self.high * 1.000_1).contains(v);
        candidates.into_iter().filter(is_inside).collect()
    }
}

fn erb_rate(hz: f64) -> f64 {
    21.4 * (1.0 + 0.004_37 * hz).log10()
}

fn erb_rate_inverse(rate: f64) -> f64 {
    (10f64.powf(rate / 21.4) - 1.0) / 0.004_37
}

fn linear_ticks(low: f64, high: f64, n_wanted: usize) -> Vec<f64> {
    let span = high - low;
    if !(span > 0.0 && span.is_finite()) {
        return vec![low];
    }
    let step = nice_step(span / n_wanted.max(1) as f64);
    let first = (low / step - 1e-6).ceil() as i64;
    let last = (high / step + 1e-6).floor() as i64;
    (first..=last).map(|i| i as f64 * step).collect()
}

/// 1, 2 or 5 times a power of ten, at least `step`.
fn nice_step(step: f64) -> f64 {
    let magnitude = 10f64.powf(step.log10().floor());
    let factor = [1.0, 2.0, 5.0].into_iter().find(|f| f * magnitude >= step * 0.999);
    factor.unwrap_or(10.0) * magnitude
}

/// Text of a tick, with as many decimals as `step` needs.
pub(super) fn tick_label(value: f64, step: f64) -> String {
    let n_decimals = (-step.abs().max(1e-9).log10().floor()).clamp(0.0, 6.0) as usize;
    let text = format!("{value:.n_decimals$}");
    if text.trim_start_matches(['-', '0', '.']).is_empty() {
        "0".into()
    } else {
        text.replace('-', "\u{2212}")
    }
}

/// Text of a frequency tick on an axis in kHz.
pub(super) fn khz_label(hz: f64) -> String {
    let khz = hz / 1000.0;
    if khz == khz.round() { format!("{khz:.0}") } else { format!("{khz}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(Axis::linear(0.0, 7.06).ticks(8), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]);
        assert_eq!(Axis::linear(-80.0, 0.0).ticks(5), [-80.0, -60.0, -40.0, -20.0, 0.0]);
        assert_eq!(Axis::hearing(4000.0).ticks(5), [0.0, 125.0, 250.0, 500.0, 1e3, 2e3, 4e3]);
    }

    #[test]
    fn positions_and_values_are_inverse() {
        for axis in [Axis::linear(-3.0, 9.0), Axis::hearing(24_000.0)] {
            for position in [0.0, 0.25, 0.5, 1.0] {
                let back = axis.position(axis.value(position));
                assert!((back - position).abs() < 1e-9, "{axis:?} {position}: {back}");
            }
        }
    }

    #[test]
    fn labels_show_what_differs() {
        assert_eq!(tick_label(0.30000000000000004, 0.1), "0.3");
        assert_eq!(tick_label(-0.0, 0.5), "0");
        assert_eq!(tick_label(20.0, 5.0), "20");
        assert_eq!(tick_label(-20.0, 5.0), "\u{2212}20");
        assert_eq!(khz_label(125.0), "0.125");
        assert_eq!(khz_label(16_000.0), "16");
    }
}
