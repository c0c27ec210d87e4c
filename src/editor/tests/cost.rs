//! What a look at the window costs: layout, shapes and triangles, all but drawing them.
//!
//! `cargo test --release --workspace --lib a_look_costs_little -- --ignored --nocapture`

use std::hint::black_box;
use std::time::Instant;

use egui::{Context, PointerButton, RawInput, Rect, vec2};

use super::*;

/// Where the window is as large as new, points.
const SIZE: egui::Vec2 = vec2(1_000.0, 640.0);
const N_LOOKS: usize = 900;
/// Looks a second while sound flows.
const LOOKS_HZ: f64 = 30.0;
/// Frames of sound between two looks: there are a hundred a second.
const N_FRAMES: usize = 3;
const N_BINS: usize = 961;
/// What half of all looks may take at most, milliseconds.
const MEDIAN_MS: f64 = 4.0;

/// A window without a host's, and without the tree of names that tests look things up in.
struct Bare {
    egui: Context,
    screen: Screen,
    display: FeedEnd,
    /// Powers of some frames of noise with a few notes in it.
    powers: Vec<Vec<f32>>,
    n_played: usize,
    n_looks: usize,
}

impl Bare {
    fn new() -> Self {
        let (shared, _, mut display) = Shared::new();
        display.prepare(&stereo(), 25.0, N_BINS);
        shared.feed.watch(true);
        shared.link.set_profile(Some(Arc::new(print(-70.0))));
        let host = Arc::new(Host::default()) as Arc<dyn GuiContextInner>;
        let screen = Screen::new(shared, GuiContext::new(host), Arc::default());
        let egui = Context::default();
        screen.set_up(&egui);
        let mut random = fastrand::Rng::with_seed(1);
        let mut power = |bin: usize| {
            let note = if bin % 40 == 13 { 1e-3 } else { 0.0 };
            note - 1e-7 * (1.0 - random.f32()).ln()
        };
        let powers = (0..64).map(|_| (0..N_BINS).map(&mut power).collect()).collect();
        Self { egui, screen, display, powers, n_played: 0, n_looks: 0 }
    }

    fn play(&mut self) {
        let (noise, ones, gain) = ([1e-7; N_BINS], [8.0; N_BINS], [0.25; N_BINS]);
        assert!(self.display.look());
        for _ in 0..N_FRAMES {
            self.n_played += 1;
            self.display.frame(&FrameView {
                bin_hz: 25.0,
                source: ProfileSource::Captured,
                power: &self.powers[self.n_played % self.powers.len()],
                noise: &noise,
                threshold: &ones,
                gain: &gain,
                number: self.n_played as u32,
                hum: None,
            });
        }
    }

    /// One look; returns how long it took, milliseconds.
    fn look(&mut self, events: Vec<Event>) -> f64 {
        self.play();
        self.n_looks += 1;
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, SIZE)),
            time: Some(self.n_looks as f64 / LOOKS_HZ),
            events,
            ..RawInput::default()
        };
        let start = Instant::now();
        let mut output = self.egui.run_ui(input, |ui| self.screen.show(ui));
        let triangles =
            self.egui.tessellate(std::mem::take(&mut output.shapes), output.pixels_per_point);
        let took_ms = start.elapsed().as_secs_f64() * 1e3;
        assert!(!black_box(triangles).is_empty());
        // Nobody draws.
        output.textures_delta.clear();
        took_ms
    }

    fn click(&mut self, place: Pos2) {
        let press = |pressed| Event::PointerButton {
            pos: place,
            button: PointerButton::Primary,
            pressed,
            modifiers: Modifiers::NONE,
        };
        for event in [Event::PointerMoved(place), press(true), press(false), Event::PointerGone] {
            self.look(vec![event]);
        }
    }

    /// Median and 99th percentile of many looks, milliseconds.
    fn cost_ms(&mut self) -> (f64, f64) {
        let took_ms = (0..60 + N_LOOKS).map(|_| self.look(Vec::new()));
        let mut took_ms: Vec<_> = took_ms.skip(60).collect();
        took_ms.sort_by(f64::total_cmp);
        (took_ms[N_LOOKS / 2], took_ms[N_LOOKS * 99 / 100])
    }
}

/// Where a thing lies in the window as it is opened.
fn place_of(name: &str) -> Pos2 {
    let table: serde_json::Value =
        serde_json::from_str(include_str!("../../../tests/python/places.json")).unwrap();
    let at = |axis: usize| table["folded"][name][axis].as_f64().unwrap() as f32;
    egui::pos2(at(0), at(1))
}

#[test]
#[ignore = "wants an optimised build and a machine at rest"]
fn a_look_costs_little() {
    println!("a look while sound flows, ms    median    p99");
    for (state, clicked) in
        [("folded", None), ("Expert drawer", Some("Expert")), ("spectrogram", Some("Spectrogram"))]
    {
        let mut window = Bare::new();
        window.look(Vec::new());
        if let Some(name) = clicked {
            window.click(place_of(name));
        }
        let (median_ms, p99_ms) = window.cost_ms();
        println!("{state:28} {median_ms:9.2} {p99_ms:6.2}");
        assert!(median_ms < MEDIAN_MS, "{state}: {median_ms} ms");
    }
}
