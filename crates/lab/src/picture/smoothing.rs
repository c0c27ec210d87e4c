//! How a mask is smoothed: the weights of a bin's neighbours in frequency and in time.

use quell_core::config::{HOPS_PER_WINDOW, PROFILE_BIN_HZ, WINDOW_S};
use quell_core::{Engine, Settings};

use super::axis::{Axis, tick_label};
use super::figure::{Anchor, Figure, Frame, SMALL};
use super::steps::MEAN_INK;

/// Weights by distance.
pub(super) struct Curve {
    title: &'static str,
    /// Distance up to which it is drawn.
    reach: f64,
    weight: Box<dyn Fn(f64) -> f64>,
}

/// Those that these settings have; none where every bin of every frame stands for itself.
pub(super) fn curves(settings: &Settings, has_look_ahead: bool) -> Vec<Curve> {
    let time = if has_look_ahead { both_sides(settings) } else { past(settings) };
    over_frequency(settings).into_iter().chain(time).collect()
}

fn triangle(half: f64) -> Box<dyn Fn(f64) -> f64> {
    Box::new(move |x: f64| (1.0 - x.abs() / half).max(0.0))
}

/// The gate averages its neighbourhood evenly, the classic mask with a triangle; a network has
/// smoothed as it likes.
fn over_frequency(settings: &Settings) -> Option<Curve> {
    let half_hz = f64::from(settings.freq_smoothing_hz) / 2.0;
    let weight: Box<dyn Fn(f64) -> f64> = match settings.engine {
        Engine::Neural => return None,
        Engine::Classic => triangle(half_hz.max(1e-9)),
        Engine::Gate | Engine::Hybrid => Box::new(move |x| f64::from(x.abs() <= half_hz)),
    };
    let reach = half_hz.max(PROFILE_BIN_HZ) * 1.3;
    Some(Curve { title: "Distance in frequency (Hz)", reach, weight })
}

const IN_TIME: &str = "Distance in time (ms)";

fn both_sides(settings: &Settings) -> Option<Curve> {
    let time_ms = f64::from(settings.time_smoothing_ms);
    let hop_ms = 1000.0 * WINDOW_S / HOPS_PER_WINDOW as f64;
    let half_ms = time_ms + hop_ms;
    let weight = triangle(half_ms);
    (time_ms >= hop_ms).then(|| Curve { title: IN_TIME, reach: half_ms * 1.3, weight })
}

/// Without look-ahead the classic engine uses the smoothing time as a release.
fn past(settings: &Settings) -> Option<Curve> {
    let (attack_ms, release_ms) = (f64::from(settings.attack_ms), f64::from(settings.release_ms));
    let is_classic = settings.engine == Engine::Classic;
    let time_ms = if is_classic { f64::from(settings.time_smoothing_ms) } else { 0.0 };
    let release_ms = release_ms.max(time_ms);
    let decay = |ms: f64, time_ms: f64| if time_ms > 0.0 { (-ms / time_ms).exp() } else { 0.0 };
    let weight = move |ms: f64| {
        if ms < 0.0 {
            decay(-ms, attack_ms)
        } else {
            decay(ms, release_ms).max(f64::from(ms == 0.0))
        }
    };
    let reach = attack_ms.max(release_ms) * 3.0;
    (reach > 0.0).then(|| Curve { title: IN_TIME, reach, weight: Box::new(weight) })
}

/// Draws one curve over the whole width, or two beside each other.
pub(super) fn draw(figure: &mut Figure, frame: Frame, curves: &[Curve]) {
    let share = if curves.len() > 1 { 0.47 } else { 1.0 };
    for (idx, curve) in curves.iter().enumerate() {
        let x = frame.x + frame.width * (1.0 - share) * idx as f64;
        draw_curve(figure, Frame { x, width: frame.width * share, ..frame }, curve);
    }
}

fn draw_curve(figure: &mut Figure, frame: Frame, curve: &Curve) {
    let (x_axis, y_axis) = (Axis::linear(-curve.reach, curve.reach), Axis::linear(0.0, 1.1));
    let points: Vec<(f64, f64)> = (0..=400)
        .map(|i| {
            let position = f64::from(i) / 400.0;
            let y = 1.0 - y_axis.position((curve.weight)(x_axis.value(position)));
            (frame.x + position * frame.width, frame.y + y * frame.height)
        })
        .collect();
    figure.polyline(&points, MEAN_INK, 2.5);
    figure.outline(frame);
    let ticks = x_axis.ticks(6);
    let step = if ticks.len() > 1 { ticks[1] - ticks[0] } else { 1.0 };
    let ticks: Vec<_> = ticks.into_iter().map(|t| (t, tick_label(t, step))).collect();
    figure.bottom_axis(frame, &x_axis, &ticks, curve.title);
    let ticks: Vec<_> = [0.0, 0.5, 1.0].map(|t| (t, tick_label(t, 0.5))).to_vec();
    figure.left_axis(frame, &y_axis, &ticks, "");
    figure.text(frame.x + 14.0, frame.y + 30.0, SMALL, Anchor::Start, "weight");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_smooths_is_drawn_and_as_it_smooths() {
        for (engine, in_standard, in_studio) in [
            (Engine::Gate, 1, 2),
            (Engine::Classic, 2, 2),
            (Engine::Neural, 0, 1),
            (Engine::Hybrid, 1, 2),
        ] {
            let mut settings = Settings { freq_smoothing_hz: 600.0, ..Settings::default() };
            settings.engine = engine;
            assert_eq!(curves(&settings, false).len(), in_standard, "{engine:?}");
            assert_eq!(curves(&settings, true).len(), in_studio, "{engine:?}");
        }
        let mut settings = Settings { freq_smoothing_hz: 600.0, ..Settings::default() };
        settings.engine = Engine::Gate;
        let at = |settings: &Settings, hz: f64| (curves(settings, false)[0].weight)(hz);
        assert_eq!(
            [at(&settings, 0.0), at(&settings, 150.0), at(&settings, 301.0)],
            [1.0, 1.0, 0.0]
        );
        settings.engine = Engine::Classic;
        assert_eq!(
            [at(&settings, 0.0), at(&settings, 150.0), at(&settings, 301.0)],
            [1.0, 0.5, 0.0]
        );
        settings.engine = Engine::Neural;
        settings.release_ms = 100.0;
        assert_eq!(curves(&settings, false).len(), 1);
    }
}
