//! The editor driven as a person would: by names, pointer and keys, without a window.

mod access;
mod cost;

use std::sync::Mutex as StdMutex;

use egui::{Event, Key, Modifiers, Pos2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use nice_plug::context::PluginApi;
use nice_plug::context::gui::GuiContextInner;
use nice_plug::params::internals::ParamPtr;
use nice_plug::plugin::PluginState;
use quell_core::settings::table::place_of;
use quell_core::{
    About, CaptureProgress, CaptureRefusal, Captured, Choice, Denoiser, Engine, FrameView,
    LatencyMode, Monitor, NoiseChange, NoiseProfile, ProfileSource, Settings, StreamSpec, Tap,
    ThresholdCurve, Verdict,
};
use quell_formats::presets::FACTORY;
use quell_formats::state::decode;

use super::*;
use crate::bridge::AudioEnd;
use crate::columns::N_COLUMNS;
use crate::feed::FeedEnd;
use crate::params::{CAPTURE, ENGINE, QuellParams, REDUCTION, SLOT, SOURCE};
use crate::standalone::shelf::{Entry, Fate, N_PEAKS, OnDeck, Order};

const LATENCY: usize = place_of("latency");

// ---- A host ------------------------------------------------------------------------------------

/// Sets parameters at once, as a host does while audio runs, and notes every gesture.
#[derive(Default)]
struct Host {
    gestures: StdMutex<Vec<&'static str>>,
}

impl Host {
    fn note(&self, what: &'static str) {
        self.gestures.lock().unwrap().push(what);
    }
}

impl GuiContextInner for Host {
    fn plugin_api(&self) -> PluginApi {
        PluginApi::Clap
    }

    unsafe fn raw_begin_set_parameter(&self, _: ParamPtr) {
        self.note("begin");
    }

    unsafe fn raw_set_parameter_normalized(&self, param: ParamPtr, value: f32) {
        // SAFETY: the editor passes pointers of the parameters that the test holds.
        unsafe { param._internal_set_normalized_value(value) };
        self.note("set");
    }

    unsafe fn raw_end_set_parameter(&self, _: ParamPtr) {
        self.note("end");
    }

    fn get_state(&self) -> PluginState {
        unreachable!("the editor has no use for the framework's state")
    }

    fn set_state(&self, _: PluginState) {}

    fn request_restart(&self) {}
}

/// An instance with its editor on a screen of its own.
struct Bench {
    harness: Harness<'static, Screen>,
    shared: Shared,
    audio: AudioEnd,
    display: FeedEnd,
    host: Arc<Host>,
    /// Where the frames that are played say that the noise is known from.
    source: ProfileSource,
    /// Power of their noise in each bin.
    noise: f32,
    n_played: u32,
    /// Power of their sound in each bin.
    power: f32,
}

fn bench() -> Bench {
    bench_of(1000.0, 640.0)
}

fn bench_of(width: f32, height: f32) -> Bench {
    bench_with(width, height, None)
}

fn bench_with(width: f32, height: f32, desk: Option<Desk>) -> Bench {
    let (shared, audio, mut display) = Shared::new();
    display.prepare(&stereo(), 25.0, 961);
    shared.feed.watch(true);
    let host = Arc::new(Host::default());
    let context = GuiContext::new(Arc::clone(&host) as Arc<dyn GuiContextInner>);
    let screen = Screen::new(shared.clone(), context, Arc::default()).with_desk(desk);
    let light = theme::Theme::of(shared.session.window().is_light);
    let harness = Harness::builder()
        .with_size(vec2(width, height))
        .with_context_setup(move |egui| {
            theme::install_font(egui);
            light.apply(egui);
        })
        .build_ui_state(|ui, screen: &mut Screen| screen.show(ui), screen);
    let mut bench = Bench {
        harness,
        shared,
        audio,
        display,
        host,
        source: ProfileSource::Adaptive,
        noise: 1e-7,
        n_played: 0,
        power: 1e-6,
    };
    bench.steps(3);
    bench
}

/// The stream whose frames are played.
fn stereo() -> StreamSpec {
    let mode = quell_core::LatencyMode::Standard;
    StreamSpec { sample_rate_hz: 48_000.0, n_channels: 2, n_noise_channels: 0, mode }
}

fn print(level_db: f32) -> NoiseProfile {
    NoiseProfile::new(1, 961, vec![level_db; 961], vec![5.5; 961], 2.0).unwrap()
}

/// A share of the range and back may cost the last bits.
fn near(a: f32, b: f32) -> bool {
    (a - b).abs() < 1e-3
}

impl Bench {
    fn steps(&mut self, n: usize) {
        self.harness.run_steps(n);
    }

    fn click(&mut self, name: &str) {
        self.harness.get_by_label(name).click();
        // Apart from the click before, or the two are a double click.
        self.steps(30);
    }

    fn p(&self) -> &QuellParams {
        &self.shared.params
    }

    fn settings(&self) -> Settings {
        self.p().settings()
    }

    fn level(&self) -> Option<f32> {
        self.shared.link.profile().map(|profile| profile.mean_db()[0])
    }

    fn levels(&self) -> [Option<f32>; 4] {
        self.shared.link.profiles().map(|print| print.map(|print| print.mean_db()[0]))
    }

    /// A frame of sound on its way to the window.
    fn play(&mut self, n_frames: usize) {
        let (power, gain, ones) = (vec![self.power; 961], vec![0.25; 961], vec![1.0; 961]);
        let noise = vec![self.noise; 961];
        assert!(self.display.look());
        for _ in 0..n_frames {
            self.n_played += 1;
            self.display.frame(&FrameView {
                bin_hz: 25.0,
                source: self.source,
                power: &power,
                noise: &noise,
                threshold: &ones,
                gain: &gain,
                number: self.n_played,
                hum: None,
            });
        }
    }

    /// More sound than waits for a window that does not look.
    fn play_long(&mut self) {
        for _ in 0..10 {
            self.play(40);
            self.steps(1);
        }
    }

    fn drag(&mut self, from: Pos2, to: Pos2) {
        self.harness.hover_at(from);
        self.steps(1);
        self.harness.drag_at(from);
        self.steps(1);
        for step in 1..=4u8 {
            let at = from + (to - from) * f32::from(step) / 4.0;
            self.harness.event(Event::PointerMoved(at));
            self.steps(1);
        }
        self.harness.drop_at(to);
        self.steps(30);
    }
}

// ---- What it must do --------------------------------------------------------------------------

#[test]
fn clicking_capture_sets_the_parameter() {
    let mut bench = bench();
    bench.click("Capture noise");
    assert!(bench.p()[CAPTURE].is_on());
    bench.click("Stop capture");
    assert!(!bench.p()[CAPTURE].is_on());
    let gestures = bench.host.gestures.lock().unwrap().clone();
    assert_eq!(gestures, ["begin", "set", "end", "begin", "set", "end"]);
}

/// The threshold per bin as the engine computes it from these settings and this print.
fn engine_threshold_db(settings: &Settings, print: &NoiseProfile) -> Vec<f32> {
    struct Seen(Vec<f32>);
    impl Tap for Seen {
        fn frame(&mut self, view: &FrameView) {
            let bins = view.noise.iter().zip(view.threshold);
            self.0 = bins.map(|(noise, over)| 10.0 * (noise * over).log10()).collect();
        }
    }
    let spec = StreamSpec {
        sample_rate_hz: 48_000.0,
        n_channels: 1,
        n_noise_channels: 0,
        mode: LatencyMode::Standard,
    };
    let mut denoiser = Denoiser::new(spec).unwrap();
    denoiser.set_profile(Some(print));
    let mut seen = Seen(Vec::new());
    denoiser.process(&mut [&mut [0.0; 4_800]], None, settings, &mut seen);
    seen.0
}

#[test]
fn dragging_a_node_bends_the_threshold_that_the_engine_uses() {
    let mut bench = bench();
    bench.shared.link.set_profile(Some(Arc::new(print(-80.0))));
    bench.steps(2);
    let before = engine_threshold_db(&bench.settings(), &print(-80.0));
    let at = bench.harness.get_by_label("Threshold node 6").rect().center();
    bench.drag(at, at + vec2(10.0, -40.0));
    let (hz, offset_db) =
        (bench.settings().curve.nodes[5].hz, bench.settings().curve.nodes[5].offset_db);
    assert!(hz > 7_100.0 && offset_db > 5.0, "{hz} Hz, {offset_db} dB");
    let after = engine_threshold_db(&bench.settings(), &print(-80.0));
    // Beyond the last node the whole shift acts, below the one before it none.
    assert!((after[800] - before[800] - offset_db).abs() < 0.01, "{}", after[800] - before[800]);
    assert!((after[20] - before[20]).abs() < 1e-3);

    bench.click("Undo");
    let (ours, flat) = (bench.settings().curve, ThresholdCurve::default());
    for (node, default) in ours.nodes.iter().zip(flat.nodes) {
        assert!((node.hz / default.hz - 1.0).abs() < 1e-5, "one gesture is one step: {ours:?}");
        assert!(node.offset_db.abs() < 1e-5, "one gesture is one step: {ours:?}");
    }
    bench.click("Redo");
    assert!((bench.settings().curve.nodes[5].offset_db - offset_db).abs() < 1e-3);
}

#[test]
fn arrows_move_a_node_and_a_dial() {
    let mut bench = bench();
    bench.harness.get_by_label("Threshold node 2").focus();
    bench.steps(2);
    bench.harness.key_press(Key::ArrowUp);
    bench.steps(2);
    bench.harness.key_press(Key::ArrowUp);
    bench.steps(2);
    assert!(
        (bench.settings().curve.nodes[1].offset_db - 1.0).abs() < 0.01,
        "{}",
        bench.settings().curve.nodes[1].offset_db
    );
    let before = bench.settings().sensitivity;
    bench.harness.get_by_label("Sensitivity").focus();
    bench.steps(2);
    bench.harness.key_press(Key::ArrowDown);
    bench.steps(2);
    assert!(bench.settings().sensitivity < before);
}

#[test]
fn who_hears_the_window_sets_a_dial_in_its_unit() {
    let mut bench = bench();
    let mut heard = |ask: &dyn Fn(&egui_kittest::Node)| {
        ask(&bench.harness.get_by_label("Reduction"));
        bench.steps(2);
        let node = bench.harness.get_by_label("Reduction").accesskit_node();
        assert_eq!(node.min_numeric_value().zip(node.max_numeric_value()), Some((-100.0, 0.0)));
        let heard = node.numeric_value().unwrap() as f32;
        assert!(near(heard, bench.settings().reduction_db), "{heard}");
        heard.round()
    };
    assert_eq!(heard(&|dial| dial.set_value_accesskit(-18.0)), -18.0);
    assert_eq!(heard(&|dial| dial.set_text_value_accesskit("-30 dB")), -30.0);
    // More of it is below.
    assert_eq!(heard(&|dial| dial.increment_accesskit()), -32.0);
    assert_eq!(heard(&|dial| dial.decrement_accesskit()), -30.0);
}

#[test]
fn tab_goes_through_the_controls() {
    let mut bench = bench();
    let mut reached = Vec::new();
    let names = ["Capture noise", "Reduction", "Sensitivity", "Anything", "Voice", "Music", "Hum"];
    let later =
        ["Print", "Expert", "Original", "Clean", "Removed", "Threshold node 1", "Undo", "Look"];
    for _ in 0..60 {
        bench.harness.key_press(Key::Tab);
        bench.steps(2);
        for name in names.into_iter().chain(later) {
            if bench.harness.get_by_label(name).is_focused() && !reached.contains(&name) {
                reached.push(name);
            }
        }
    }
    assert_eq!(reached[..names.len()], names, "one stop each, in the order of use");
    for name in later {
        assert!(reached.contains(&name) || name == "Undo", "{name}: {reached:?}");
    }
}

fn type_value(bench: &mut Bench, name: &str, text: &str) {
    bench.harness.get_by_label(name).focus();
    bench.steps(2);
    bench.harness.key_press(Key::Enter);
    bench.steps(3);
    bench.harness.event(Event::Text(text.to_owned()));
    bench.steps(2);
    bench.harness.key_press(Key::Enter);
    bench.steps(3);
}

#[test]
fn a_typed_value_is_set_and_nonsense_changes_nothing() {
    for text in ["-12 dB", "\u{2212}12 dB", "-12"] {
        let mut bench = bench();
        type_value(&mut bench, "Reduction", text);
        assert_eq!(bench.settings().reduction_db, -12.0, "{text}");
        assert_eq!(bench.harness.state().message_for_test(), None, "{text}");
        type_value(&mut bench, "Reduction", "loud");
        assert_eq!(bench.settings().reduction_db, -12.0);
        let said = bench.harness.state().message_for_test().unwrap();
        assert!(said.starts_with("Reduction: 'loud' is not a number"), "{said}");
        bench.click("Undo");
        let back = bench.settings().reduction_db - Settings::default().reduction_db;
        assert!(back.abs() < 1e-3, "{back}");
    }
}

#[test]
fn the_corner_asks_for_the_size_under_the_hand_where_somebody_carries_it() {
    const NAME: &str = "Size of the window";
    for zoom in [1.0, 1.25] {
        let mut bench = bench();
        bench.harness.ctx.set_zoom_factor(zoom);
        bench.steps(3);
        assert!(bench.harness.query_by_label(NAME).is_none(), "a grip that nobody answers");
        bench.shared.grip.offer(|| {});
        bench.steps(2);
        let from = bench.harness.get_by_label(NAME).rect().center();
        let size = bench.harness.ctx.content_rect().size() * zoom;
        let mut ask = |by: egui::Vec2| {
            bench.drag(from, from + by / zoom);
            bench.shared.grip.take()
        };
        // The host of this test never follows, so each hand begins at the same size.
        let wanted = |by: egui::Vec2| (size + by).round();
        for by in [vec2(110.0, 45.0), vec2(-90.0, -35.0)] {
            let wanted = wanted(by);
            let [width, height] = ask(by).expect("a wish");
            let off = (vec2(width as f32, height as f32) - wanted).abs();
            assert!(off.max_elem() <= 1.0, "{width} x {height} at {zoom}, wanted {wanted}");
        }
        assert_eq!(ask(vec2(-2_000.0, -2_000.0)), Some([750, 480]));
        assert_eq!(ask(vec2(9_000.0, 9_000.0)), Some([2_400, 1_536]));
        assert_eq!(ask(vec2(0.0, 0.0)), None, "a hand that rests wants nothing");
    }
}

#[test]
fn a_hand_that_leaves_the_window_for_a_moment_keeps_the_corner() {
    let mut bench = bench();
    bench.shared.grip.offer(|| {});
    bench.steps(2);
    let size = bench.harness.ctx.content_rect().size();
    let from = bench.harness.get_by_label("Size of the window").rect().center();
    bench.harness.drag_at(from);
    bench.steps(1);
    let outside = from + vec2(60.0, 40.0);
    for event in [Event::PointerMoved(outside), Event::PointerGone, Event::PointerMoved(outside)] {
        bench.harness.event(event);
        bench.steps(1);
    }
    let wanted = size + vec2(60.0, 40.0);
    assert_eq!(bench.shared.grip.take(), Some([wanted.x as u32, wanted.y as u32]));
    let further = outside + vec2(50.0, 0.0);
    bench.harness.event(Event::PointerMoved(further));
    bench.steps(1);
    let wanted = wanted + vec2(50.0, 0.0);
    assert_eq!(bench.shared.grip.take(), Some([wanted.x as u32, wanted.y as u32]));
    bench.harness.drop_at(further);
    bench.steps(2);
}

#[test]
fn dragging_wheel_and_ctrl_click_work_on_a_dial() {
    let mut bench = bench();
    let at = bench.harness.get_by_label("Reduction").rect().center();
    bench.drag(at, at + vec2(0.0, 45.0));
    let dragged = bench.p()[REDUCTION].plain();
    assert!((-20.0..-10.0).contains(&dragged), "down is less: {dragged} dB");
    let gestures = bench.host.gestures.lock().unwrap().clone();
    assert_eq!(gestures.iter().filter(|what| **what == "begin").count(), 1, "{gestures:?}");
    assert_eq!((gestures[0], gestures[gestures.len() - 1]), ("begin", "end"));
    bench.harness.get_by_label("Reduction").click_modifiers(Modifiers::COMMAND);
    bench.steps(30);
    assert!(near(bench.settings().reduction_db, Settings::default().reduction_db));
    bench.harness.get_by_label("Reduction").focus();
    bench.harness.key_press(Key::ArrowUp);
    bench.steps(3);
    assert!(near(bench.settings().reduction_db, -42.0), "up is more");
}

#[test]
fn what_does_nothing_is_hidden_and_named() {
    let mut bench = bench();
    bench.click("Expert");
    let said = |bench: &Bench, name: &str| {
        let value = bench.harness.get_by_label(name).value();
        value.unwrap_or_else(|| panic!("{name} says no value"))
    };
    bench.p()[ENGINE].set_plain(Engine::Gate as u8 as f32);
    bench.steps(2);
    let is_there = |bench: &Bench, name: &str| bench.harness.query_by_label(name).is_some();
    assert!(!is_there(&bench, "Knee") && !is_there(&bench, "Time smoothing"));
    assert_eq!(said(&bench, "Transients"), "100 %");
    bench.p()[ENGINE].set_plain(Engine::Classic as u8 as f32);
    bench.steps(2);
    assert_eq!(said(&bench, "Knee"), "6 dB");
    assert!(!is_there(&bench, "Transients") && is_there(&bench, "Time smoothing"));
    bench.harness.get_by_label("Expert").hover();
    bench.steps(3);
    let is_said = |text: &str| bench.harness.query_by_label_contains(text).is_some();
    assert!(is_said("hidden now, as they do nothing: Smoothing") || is_said("Transients)"));
    bench.p()[ENGINE].set_plain(Engine::Gate as u8 as f32);
    bench.steps(2);
    bench.harness.get_by_label("Transients").focus();
    bench.steps(2);
    bench.harness.key_press(Key::ArrowDown);
    bench.steps(2);
    assert!(bench.settings().transient_protection < 1.0);
}

#[test]
fn the_line_says_what_the_noise_input_brings() {
    let mut bench = bench();
    bench.p()[SOURCE].set_plain(ProfileSource::Sidechain.idx() as f32);
    bench.steps(2);
    let said = |bench: &Bench| bench.harness.state().status_for_test();
    assert_eq!(said(&bench), "The noise input says what noise is.");
    bench.play(3);
    bench.steps(2);
    let followed = "No noise input is connected: Quell follows the noise by itself.";
    assert_eq!(said(&bench), followed, "the engine says that it is not connected");
    bench.source = ProfileSource::Sidechain;
    bench.play(3);
    bench.steps(2);
    assert_eq!(said(&bench), "The noise input says what noise is.");
    bench.noise = 0.0;
    bench.play(3);
    bench.steps(2);
    assert_eq!(said(&bench), "The noise input is silent: nothing is taken away.");
}

#[test]
fn presets_load_leave_the_print_alone_and_can_be_undone() {
    let mut bench = bench();
    bench.shared.link.set_profile(Some(Arc::new(print(-70.0))));
    bench.click("\u{203a}");
    assert_eq!(bench.p()[REDUCTION].plain(), -20.0, "Voice");
    assert_eq!(bench.level(), Some(-70.0));
    bench.click("Undo");
    let mut back = bench.settings();
    // A share of the range and back may cost the last bits.
    assert!((back.reduction_db - Settings::default().reduction_db).abs() < 1e-3);
    back.reduction_db = Settings::default().reduction_db;
    assert_eq!(back, Settings::default());
    bench.click("Preset: Presets");
    bench.click("Cassette");
    assert!(near(bench.settings().reduction_db, -16.0));
    assert_eq!(bench.level(), Some(-70.0));
}

#[test]
fn a_preset_sets_what_the_command_line_reads_in_it() {
    let mut bench = bench();
    for preset in FACTORY {
        let state = decode(preset.text.as_bytes()).unwrap();
        bench.harness.state_mut().load_for_test(&state);
        // A share of the range and back may cost the last bits.
        for row in quell_core::settings::TABLE {
            let (our, their) = (row.plain(&bench.settings()), row.plain(&state.settings()));
            let is_near = (our - their).abs() <= 1e-3 * their.abs().max(1.0);
            assert!(is_near, "{}, {}: {our} {their}", preset.name, row.id);
        }
        // The latency belongs to the session unless a preset names it.
        bench.p()[LATENCY].set_plain(LatencyMode::Standard.idx() as f32);
    }
}

#[test]
fn an_edited_preset_is_marked_and_undo_brings_its_name_back() {
    let mut bench = bench();
    bench.click("\u{203a}");
    assert!(bench.harness.query_by_label("Preset: Voice").is_some());
    type_value(&mut bench, "Sensitivity", "2");
    assert!(bench.harness.query_by_label("Preset: Voice *").is_some());
    bench.click("\u{203a}");
    assert!(bench.harness.query_by_label("Preset: Music").is_some());
    bench.click("Undo");
    assert!(bench.harness.query_by_label("Preset: Voice *").is_some());
    bench.click("Undo");
    assert!(bench.harness.query_by_label("Preset: Voice").is_some());
    bench.click("\u{2039}");
    assert!(bench.harness.query_by_label("Preset: Default").is_some());
    assert!((bench.settings().reduction_db + 40.0).abs() < 1e-3);
    assert_eq!(bench.settings().engine, Engine::DEFAULT);
}

#[test]
fn undo_knows_which_of_a_and_b_is_heard() {
    let mut bench = bench();
    bench.shared.link.set_profile(Some(Arc::new(print(-70.0))));
    bench.click("B");
    type_value(&mut bench, "Reduction", "-12");
    bench.shared.link.set_profile(Some(Arc::new(print(-50.0))));
    bench.click("A");
    assert_eq!((bench.level(), near(bench.settings().reduction_db, -40.0)), (Some(-70.0), true));
    bench.click("Undo");
    assert_eq!((bench.level(), near(bench.settings().reduction_db, -12.0)), (Some(-50.0), true));
    // B is lit again, so its copy goes to A, and A is what B holds now.
    bench.click("Copy B\u{203a}A");
    bench.click("A");
    assert!(near(bench.settings().reduction_db, -12.0));
}

/// Saves what is heard under a path, through the list of presets.
fn save_as(bench: &mut Bench, list: &str, path: &std::path::Path) {
    bench.click(list);
    bench.click("Save as\u{2026}");
    bench.harness.event(Event::Text(path.display().to_string()));
    bench.steps(2);
    bench.harness.key_press(Key::Enter);
    bench.steps(30);
}

#[test]
fn a_saved_preset_holds_no_monitor_and_is_only_replaced_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.json");
    let mut bench = bench();
    bench.click("Removed");
    assert_eq!(bench.settings().monitor, Monitor::Removed);
    save_as(&mut bench, "Preset: Presets", &path);
    let first = std::fs::read(&path).unwrap();
    assert_eq!(decode(&first).unwrap().settings().monitor, Monitor::Denoised);
    type_value(&mut bench, "Reduction", "-12");
    save_as(&mut bench, "Preset: mine *", &path);
    assert_eq!(std::fs::read(&path).unwrap(), first, "it is there, and was good");
    bench.click("Replace");
    assert_eq!(decode(&std::fs::read(&path).unwrap()).unwrap().settings().reduction_db, -12.0);
    assert!(bench.harness.query_by_label("Preset: mine").is_some());
    // Loading one leaves what is listened to as it is.
    bench.click("\u{203a}");
    assert_eq!(bench.settings().monitor, Monitor::Removed);
}

#[test]
fn presets_are_found_by_a_part_of_their_name_and_favourites_come_first() {
    let home = tempfile::tempdir().unwrap();
    let names = |bench: &Bench| {
        let all = ["Default", "Voice", "Cassette", "Vinyl", "Field recording"];
        all.into_iter()
            .filter(|name| bench.harness.query_all_by_label(name).count() > 0)
            .collect::<Vec<_>>()
    };
    places::tests::with_home(home.path(), || {
        let mut bench = bench();
        bench.click("Preset: Presets");
        assert_eq!(names(&bench).len(), 5);
        bench.harness.event(Event::Text("ass".to_owned()));
        bench.steps(3);
        // The row of materials holds one of these names, too.
        assert_eq!(names(&bench), ["Voice", "Cassette"], "by any part");
        bench.click("Favourite: Cassette");
        bench.harness.key_press(Key::Escape);
        bench.steps(3);
        bench.click("Preset: Presets");
        let top = |name: &str| bench.harness.get_by_label(name).rect().top();
        assert!(top("Cassette") < top("Default"), "favourites stand above");
        bench.click("Favourite: Cassette");
        bench.steps(3);
        let top = |name: &str| bench.harness.get_by_label(name).rect().top();
        assert!(top("Cassette") > top("Default"), "and can be let go");
    });
}

#[test]
fn a_material_is_a_preset_that_can_be_undone() {
    let mut bench = bench();
    bench.click("Music");
    assert!(near(bench.settings().reduction_db, -24.0));
    assert_eq!(bench.settings().engine, Engine::Hybrid);
    bench.click("Hum");
    assert_eq!(bench.settings().engine, Engine::Gate);
    let is_lit = |bench: &Bench, name: &str| {
        bench.harness.get_by_label(name).accesskit_node().toggled()
            == Some(egui::accesskit::Toggled::True)
    };
    assert!(is_lit(&bench, "Hum") && !is_lit(&bench, "Music"));
    bench.p()[ENGINE].set_plain(Engine::Classic.idx() as f32);
    bench.steps(2);
    assert!(!is_lit(&bench, "Hum"), "with another engine it is something else");
    bench.p()[ENGINE].set_plain(Engine::Gate.idx() as f32);
    bench.click("Undo");
    bench.click("Undo");
    assert!(near(bench.settings().reduction_db, -40.0));
    assert_eq!(bench.settings().engine, Engine::Neural);
}

#[test]
fn the_history_names_what_was_done_and_takes_back_down_to_a_step() {
    let mut bench = bench();
    type_value(&mut bench, "Reduction", "-12");
    bench.click("Music");
    type_value(&mut bench, "Sensitivity", "2");
    bench.click("History");
    for name in ["Sensitivity: 2.00", "Preset: Music", "Reduction: \u{2212}12.0 dB"] {
        assert!(bench.harness.query_by_label(name).is_some(), "{name}");
    }
    bench.click("Preset: Music");
    assert!(near(bench.settings().reduction_db, -12.0));
    assert!(near(bench.settings().sensitivity, 1.5));
    assert_eq!(bench.settings().engine, Engine::Neural);
}

#[test]
fn keys_choose_what_is_heard_and_a_held_one_lets_go() {
    let mut bench = bench();
    bench.harness.key_press(Key::Num3);
    bench.steps(2);
    assert_eq!(bench.settings().monitor, Monitor::Removed);
    bench.harness.key_press(Key::Num2);
    bench.steps(2);
    assert_eq!(bench.settings().monitor, Monitor::Denoised);
    bench.harness.key_down(Key::Num1);
    bench.steps(60);
    assert!(bench.settings().bypass, "while it is held");
    // X11 repeats a held key as up and down.
    let turned = |pressed| Event::Key {
        key: Key::Num1,
        physical_key: None,
        pressed,
        repeat: false,
        modifiers: Modifiers::NONE,
    };
    for _ in 0..3 {
        bench.harness.input_mut().events.extend([turned(false), turned(true)]);
        bench.steps(1);
        assert!(bench.settings().bypass, "while it repeats");
    }
    bench.harness.key_up(Key::Num1);
    bench.steps(2);
    assert!(!bench.settings().bypass, "and no longer");
}

#[test]
fn the_bottom_line_says_what_the_pointer_is_on_and_nothing_covers_a_value() {
    let mut bench = bench();
    let is_said =
        |bench: &Bench, text: &str| bench.harness.query_all_by_label_contains(text).count();
    bench.harness.get_by_label("Reduction").hover();
    // Long enough for what would open over it.
    bench.steps(90);
    assert_eq!(is_said(&bench, "Reduction: How far the noise"), 1, "and nowhere else");
    bench.harness.get_by_label("Sensitivity").hover();
    bench.steps(3);
    assert_eq!(is_said(&bench, "Reduction: How far"), 0);
    assert_eq!(is_said(&bench, "Sensitivity: How far"), 1);
}

#[test]
fn a_and_b_hold_two_settings() {
    let mut bench = bench();
    bench.click("B");
    type_value(&mut bench, "Reduction", "-12");
    bench.click("A");
    assert!((bench.settings().reduction_db + 40.0).abs() < 1e-3);
    bench.click("B");
    assert!((bench.settings().reduction_db + 12.0).abs() < 1e-3);
    bench.click("Copy B\u{203a}A");
    bench.click("A");
    assert!((bench.settings().reduction_db + 12.0).abs() < 1e-3);
}

#[test]
fn a_broken_print_shows_an_error_and_keeps_the_old_one() {
    let mut bench = bench();
    bench.shared.link.set_profile(Some(Arc::new(print(-70.0))));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("broken.json");
    std::fs::write(&file, "{\"format\": \"quell-noise-profile\", \"version\": 1}").unwrap();
    bench.click("Print");
    bench.click("Load");
    bench.harness.event(Event::Text(file.display().to_string()));
    bench.steps(2);
    bench.harness.key_press(Key::Enter);
    bench.steps(4);
    let error = bench.harness.get_by_label_contains("The print in use was kept");
    assert!(error.rect().is_positive());
    assert_eq!(bench.level(), Some(-70.0));
    // A good one takes its place.
    std::fs::write(&file, prints::to_text(&print(-55.0))).unwrap();
    bench.harness.get_by_role(egui::accesskit::Role::TextInput).click();
    bench.steps(2);
    bench.harness.key_press(Key::Enter);
    bench.steps(4);
    assert_eq!(bench.level(), Some(-55.0));
    bench.click("Undo");
    assert_eq!(bench.level(), Some(-70.0));
}

#[test]
fn prints_are_pasted_cleared_and_come_back() {
    let mut bench = bench();
    bench.harness.event(Event::Text(prints::to_text(&print(-61.0))));
    bench.steps(2);
    assert_eq!(bench.level(), Some(-61.0));
    bench.harness.event(Event::Text("{\"nonsense\": 1}".to_owned()));
    bench.steps(2);
    assert_eq!(bench.level(), Some(-61.0));
    bench.click("Print");
    bench.click("Clear");
    assert_eq!(bench.level(), None);
    bench.harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    bench.steps(3);
    assert_eq!(bench.level(), Some(-61.0));
    assert!(bench.shared.link.is_dirty(), "the host learns that the project changed");
}

/// The end of a capture as the audio thread tells it.
fn end_capture(bench: &mut Bench, level_db: f32, verdict: Verdict, before: Option<ProfileSource>) {
    let mut captured = print(level_db);
    *captured.about_mut() =
        About { level_dbfs: Some(-38.4), verdict: Some(verdict), ..About::default() };
    let is_in_force = verdict.is_noise();
    if before.is_some() {
        bench.p()[SOURCE].set_plain(ProfileSource::Captured.idx() as f32);
    }
    bench.audio.tell(Ok(Captured {
        print: &captured,
        is_in_force,
        slot: bench.shared.link.slot(),
        source_before: before,
    }));
    bench.steps(2);
}

impl Bench {
    fn status(&self) -> String {
        self.harness.state().status_for_test()
    }

    fn capture_switch(&self) -> bool {
        self.p()[CAPTURE].is_on()
    }
}

#[test]
fn every_capture_is_a_step_and_what_was_no_noise_is_offered() {
    let mut bench = bench();
    bench.audio.prepare(1, 961);
    assert!(bench.status().starts_with("Following the noise by itself. Capture 2 s"));
    // One that automation began counts as one of the window's.
    end_capture(&mut bench, -60.0, Verdict::Steady, Some(ProfileSource::Adaptive));
    assert_eq!(bench.level(), Some(-60.0));
    assert_eq!(bench.status(), "Noise print: 2.0 s, steady, \u{2212}38 dBFS.");
    end_capture(&mut bench, -20.0, Verdict::Speech, None);
    assert_eq!(bench.level(), Some(-60.0), "the good one stays");
    assert_eq!(bench.status(), "That was speech or music. Your old print is still in use.");
    bench.click("Use it anyway");
    assert_eq!(bench.level(), Some(-20.0));
    assert!(bench.status().contains("of speech or music"), "{}", bench.status());
    bench.click("Undo");
    assert_eq!(bench.level(), Some(-60.0));
    assert_eq!(bench.status(), "Noise print: 2.0 s, steady, \u{2212}38 dBFS.", "its own verdict");
    // Print and source are one step.
    bench.click("Undo");
    assert_eq!(bench.level(), None);
    assert_eq!(bench.settings().profile_source, ProfileSource::Adaptive);
    bench.click("Redo");
    assert_eq!(bench.level(), Some(-60.0));
    assert_eq!(bench.settings().profile_source, ProfileSource::Captured);
}

#[test]
fn a_slot_is_chosen_by_hand_and_everything_by_hand_is_about_it() {
    let mut bench = bench();
    bench.audio.prepare(1, 961);
    bench.click("Print");
    end_capture(&mut bench, -60.0, Verdict::Steady, None);
    bench.host.gestures.lock().unwrap().clear();
    bench.click("Print B");
    assert_eq!(*bench.host.gestures.lock().unwrap(), ["begin", "set", "end"]);
    assert_eq!((bench.settings().slot, bench.level()), (1.0, None));
    assert!(bench.status().starts_with("Following the noise"), "{}", bench.status());
    // 1. Captured, pasted, cleared; the other stays.
    end_capture(&mut bench, -50.0, Verdict::Steady, None);
    assert_eq!(bench.levels(), [Some(-60.0), Some(-50.0), None, None]);
    bench.click("Print C");
    bench.harness.event(Event::Text(prints::to_text(&print(-40.0))));
    bench.steps(2);
    assert_eq!(bench.levels(), [Some(-60.0), Some(-50.0), Some(-40.0), None]);
    bench.click("Print A");
    bench.click("Clear");
    assert_eq!(bench.levels(), [None, Some(-50.0), Some(-40.0), None]);
    // 2. Each step is undone where it was made, whichever is chosen by then.
    bench.click("Print D");
    for expected in [
        (0.0, [None, Some(-50.0), Some(-40.0), None]),
        (0.0, [Some(-60.0), Some(-50.0), Some(-40.0), None]),
        (2.0, [Some(-60.0), Some(-50.0), Some(-40.0), None]),
        (2.0, [Some(-60.0), Some(-50.0), None, None]),
        (1.0, [Some(-60.0), Some(-50.0), None, None]),
        (1.0, [Some(-60.0), None, None, None]),
        (0.0, [Some(-60.0), None, None, None]),
        (0.0, [None; 4]),
    ] {
        bench.click("Undo");
        let slot = bench.settings().slot;
        assert!(near(slot, expected.0) && bench.levels() == expected.1, "{slot}, {expected:?}");
    }
    for _ in 0..8 {
        bench.click("Redo");
    }
    assert_eq!(bench.levels(), [None, Some(-50.0), Some(-40.0), None]);
    assert!(near(bench.settings().slot, 3.0));
    // 3. Between two, the nearer one is meant, and what is heard is said.
    bench.p()[SLOT].set_plain(1.25);
    bench.steps(2);
    assert!(bench.status().contains("B \u{2192} C 25 %"), "{}", bench.status());
    bench.click("Clear");
    assert_eq!(bench.levels(), [None, None, Some(-40.0), None]);
}

#[test]
fn a_and_b_hold_all_prints_and_leave_the_slot_alone() {
    let mut bench = bench();
    bench.click("Print");
    bench.shared.link.set_profiles([-60.0, -50.0, -40.0, -30.0].map(|l| Some(Arc::new(print(l)))));
    bench.click("B");
    bench.click("Print C");
    bench.click("Clear");
    bench.click("A");
    assert_eq!(bench.levels(), [-60.0, -50.0, -40.0, -30.0].map(Some));
    assert!(near(bench.settings().slot, 2.0));
    bench.click("Undo");
    assert_eq!(bench.levels(), [Some(-60.0), Some(-50.0), None, Some(-30.0)]);
}

#[test]
fn what_was_offered_can_be_left_and_errors_go_with_the_next_capture() {
    let mut bench = bench();
    bench.audio.prepare(1, 961);
    end_capture(&mut bench, -20.0, Verdict::Clipped, None);
    assert!(bench.status().contains("clipped"), "{}", bench.status());
    bench.click("Keep as it is");
    assert_eq!(bench.level(), None);
    assert!(bench.status().starts_with("Following the noise"), "{}", bench.status());
    bench.audio.tell(Err(CaptureRefusal::Silent));
    bench.steps(2);
    assert!(bench.status().starts_with("That was silence"), "{}", bench.status());
    bench.click("Capture again");
    assert!(bench.capture_switch());
    assert!(bench.status().starts_with("The capture waits"), "{}", bench.status());
    let progress = CaptureProgress { seconds: 1.5, usable_s: 1.2 };
    bench.audio.show_progress(Some(progress));
    bench.steps(2);
    assert!(bench.status().contains("1.2 of 2.0 s"), "{}", bench.status());
    // Its end turns the switch off again, as nobody else turned it on.
    end_capture(&mut bench, -60.0, Verdict::Varying, None);
    assert!(!bench.capture_switch());
    assert!(bench.status().contains("pulsing"), "{}", bench.status());
    // One that others turned on is theirs.
    bench.p()[CAPTURE].set_plain(1.0);
    end_capture(&mut bench, -61.0, Verdict::Steady, None);
    assert!(bench.capture_switch());
}

#[test]
fn the_last_seconds_are_asked_for_and_what_is_captured_can_be_added() {
    let mut bench = bench();
    bench.audio.prepare(1, 961);
    bench.click("Use the last seconds");
    assert!(bench.status().starts_with("Looking for noise"), "{}", bench.status());
    assert!(bench.audio.take_recent() && !bench.audio.take_recent());
    bench.audio.tell(Err(CaptureRefusal::NothingSteady));
    bench.steps(2);
    assert!(bench.status().contains("no half second"), "{}", bench.status());
    bench.click("Print");
    bench.click("Use last seconds");
    assert!(bench.audio.take_recent());
    end_capture(&mut bench, -60.0, Verdict::Steady, None);
    assert!(bench.status().starts_with("Noise print"), "{}", bench.status());
    bench.click("Add to print");
    assert!(bench.settings().add_to_print);
    bench.click("Undo");
    assert_eq!(bench.level(), None, "the switch is no step, the print is");
}

#[test]
fn a_print_that_fits_no_more_is_named_with_two_remedies() {
    let mut bench = bench();
    bench.audio.prepare(1, 961);
    end_capture(&mut bench, -60.0, Verdict::Steady, None);
    let change = |low_hz, high_hz| Some(NoiseChange { change_db: -9.2, low_hz, high_hz });
    bench.audio.show_change(change(Some(5_025.0), None));
    assert_eq!(bench.status(), "The noise has changed: \u{2212}9 dB above 5 kHz.");
    bench.audio.show_change(change(Some(150.0), Some(800.0)));
    bench.steps(2);
    assert_eq!(bench.status(), "The noise has changed: \u{2212}9 dB from 150 Hz to 800 Hz.");
    bench.click("Follow it");
    assert_eq!(bench.settings().profile_source, ProfileSource::Adaptive);
    assert_eq!(bench.level(), Some(-60.0), "the print is kept");
    assert!(bench.status().contains("your print is kept"), "{}", bench.status());
    bench.click("Undo");
    assert!(bench.status().starts_with("The noise has changed"));
    bench.click("Undo");
    assert_eq!(bench.level(), None);
}

#[test]
fn a_held_button_captures_until_it_is_let_go() {
    let mut bench = bench();
    bench.audio.prepare(1, 961);
    let at = bench.harness.get_by_label("Capture noise").rect().center();
    bench.harness.hover_at(at);
    bench.steps(1);
    bench.harness.drag_at(at);
    bench.steps(1);
    assert!(bench.capture_switch() && bench.shared.link.is_capture_held());
    bench.steps(120);
    assert!(bench.capture_switch() && bench.shared.link.is_capture_held(), "it is held still");
    bench.harness.drop_at(at);
    bench.steps(3);
    assert!(!bench.capture_switch() && !bench.shared.link.is_capture_held());
    // Let go at once, it goes on by itself.
    bench.click("Capture noise");
    assert!(bench.capture_switch() && !bench.shared.link.is_capture_held());
    bench.click("Stop capture");
    assert!(!bench.capture_switch());
}

#[test]
fn choices_monitor_and_bypass_reach_their_parameters() {
    let mut bench = bench();
    bench.click("Removed");
    assert_eq!(bench.settings().monitor, Monitor::Removed);
    bench.click("Original");
    assert!(bench.settings().bypass);
    bench.click("Expert");
    bench.click("Engine");
    bench.click("Classic");
    assert_eq!(bench.settings().engine, Engine::Classic);
    bench.click("Stereo link");
    assert!(!bench.settings().stereo_link);
    bench.click("Remove hum");
    assert!(!bench.settings().remove_hum);
}

#[test]
fn choosing_an_engine_changes_nothing_else() {
    let mut bench = bench();
    type_value(&mut bench, "Reduction", "-12");
    let before = bench.settings();
    bench.click("Expert");
    bench.click("Engine");
    bench.click("Gate");
    assert_eq!(bench.settings(), Settings { engine: Engine::Gate, ..before });
    bench.click("Undo");
    assert_eq!(bench.settings(), before);
}

#[test]
fn the_pictures_take_every_size_sound_and_theme() {
    for (width, height) in
        [(750.0, 480.0), (1000.0, 640.0), (2400.0, 1536.0), (300.0, 120.0), (1.0, 1.0)]
    {
        let mut bench = bench_of(width, height);
        bench.play(30);
        bench.steps(2);
        if width < 700.0 {
            continue;
        }
        for name in ["Look", "Light", "Spectrogram", "Before", "After", "Both", "Expert", "Print"] {
            bench.click(name);
            bench.play(40);
            bench.steps(2);
        }
        assert!(bench.shared.session.window().is_light);
    }
}

/// What is always there, and what the drawers hold.
const ALWAYS: [&str; 21] = [
    "A",
    "B",
    "Undo",
    "Redo",
    "History",
    "Look",
    "Capture noise",
    "Reduction",
    "Sensitivity",
    "Anything",
    "Voice",
    "Music",
    "Hum",
    "Print",
    "Expert",
    "Original",
    "Clean",
    "Removed",
    "Same loudness",
    "Spectrum",
    "Spectrogram",
];
const EXPERT: [&str; 13] = [
    "Engine",
    "Latency",
    "Noise from",
    "Mix",
    "Output gain",
    "Attack",
    "Release",
    "Smoothing",
    "Amount",
    "Transients",
    "Artifact control",
    "Stereo link",
    "Remove hum",
];
/// What else may be there.
const MORE_EXPERT: [&str; 3] = ["Knee", "Time smoothing", "Room tone"];
const PRINT: [&str; 10] = [
    "Print A",
    "Print B",
    "Print D",
    "Use last seconds",
    "Add to print",
    "Clear",
    "Copy",
    "Paste",
    "Save",
    "Load",
];

#[test]
fn nothing_overlaps_at_any_size() {
    for (width, height) in [(750.0, 480.0), (1000.0, 640.0), (1600.0, 900.0)] {
        let mut bench = bench_of(width, height);
        let all = egui::Rect::from_min_size(Pos2::ZERO, vec2(width, height));
        bench.p()[ENGINE].set_plain(Engine::Gate as u8 as f32);
        for (drawer, own) in [("Expert", &EXPERT[..]), ("Print", &PRINT[..])] {
            bench.click(drawer);
            let names: Vec<_> = ALWAYS.iter().chain(own).copied().collect();
            nothing_overlaps(&bench, &names, width, all);
        }
    }
}

fn nothing_overlaps(bench: &Bench, names: &[&str], width: f32, all: egui::Rect) {
    let rect = |name: &&str| (name.to_string(), bench.harness.get_by_label(name).rect());
    let rects: Vec<_> = names.iter().map(rect).collect();
    for (idx, (name, rect)) in rects.iter().enumerate() {
        assert!(all.contains_rect(*rect), "{name} lies outside at {width}: {rect}");
        for (other, place) in &rects[idx + 1..] {
            let common = rect.intersect(*place);
            let is_apart = common.width() <= 0.5 || common.height() <= 0.5;
            assert!(is_apart, "{name} and {other} overlap at {width}: {rect} {place}");
        }
    }
}

/// What the harness leaves free around everything, points.
const MARGIN: f32 = 8.0;

/// Middles of what bears these names.
fn middles(bench: &Bench, names: &[&str]) -> serde_json::Value {
    let middle = |name: &&str| {
        let at = bench.harness.get_by_label(name).rect().center();
        ((*name).to_owned(), serde_json::json!([(at.x - MARGIN).round(), (at.y - MARGIN).round()]))
    };
    names.iter().map(middle).collect::<serde_json::Map<_, _>>().into()
}

/// Scripts with a real mouse look up here where to click. After a change of the layout:
/// `QUELL_UPDATE_PLACES=1 cargo test --workspace --lib the_hand_knows`.
#[test]
fn the_hand_knows_where_things_are() {
    const BESIDE_RECORDINGS: [&str; 8] = [
        "Capture noise",
        "Original",
        "Clean",
        "Same loudness",
        "Play",
        "Learn noise",
        "Save\u{2026}",
        "Open\u{2026}",
    ];
    let mut table = serde_json::Map::new();
    let (width, height) = (1_000.0 + 2.0 * MARGIN, 640.0 + 2.0 * MARGIN);
    let mut bench = bench_of(width, height);
    let mut folded = middles(&bench, &ALWAYS);
    for (name, label) in [
        ("Copy A\u{203a}B", "Copy A\u{203a}B"),
        ("Presets", "Preset: Presets"),
        ("Next preset", "\u{203a}"),
        ("Reduction, value", "Value of Reduction"),
        ("status line", bench.status().as_str()),
    ] {
        folded[name] = middles(&bench, &[label])[label].clone();
    }
    // What lies beside the levels and over the last seconds is where the spectrum is drawn.
    let levels = bench.harness.get_by_label("Range of levels").rect();
    let strip = bench.harness.get_by_label("Last ten seconds").rect();
    let of = |edges: &[f32]| edges.iter().map(|at| (at - MARGIN).round()).collect::<Vec<_>>();
    folded["spectrum"] = of(&[strip.left(), levels.top(), strip.right(), levels.bottom()]).into();
    folded["last seconds"] = of(&[strip.left(), strip.right(), strip.center().y]).into();
    folded["levels, low"] = of(&[levels.center().x, levels.bottom() - 12.0]).into();
    table.insert("folded".to_owned(), folded);
    bench.click("Print");
    table.insert("Print".to_owned(), middles(&bench, &[&ALWAYS[..], &PRINT].concat()));
    bench.click("Expert");
    for engine in Engine::ALL {
        bench.p()[ENGINE].set_plain(engine.idx() as f32);
        bench.steps(2);
        let is_there = |name: &&&str| bench.harness.query_by_label(name).is_some();
        let all = ALWAYS.iter().chain(&EXPERT).chain(&MORE_EXPERT);
        let names: Vec<_> = all.filter(is_there).copied().collect();
        table.insert(format!("Expert, {}", engine.name()), middles(&bench, &names));
    }
    let home = tempfile::tempdir().unwrap();
    places::tests::with_home(home.path(), || {
        let presets = places::presets().unwrap();
        std::fs::create_dir_all(&presets).unwrap();
        for (state, preset) in [("presets", None), ("presets with one", Some("Tape.json"))] {
            if let Some(preset) = preset {
                std::fs::write(presets.join(preset), "{}").unwrap();
            }
            let mut bench = bench_of(width, height);
            bench.click("Preset: Presets");
            table.insert(state.to_owned(), middles(&bench, &["Save as\u{2026}"]));
        }
    });
    let mut look = bench_of(width, height);
    look.click("Look");
    table.insert("look".to_owned(), middles(&look, &["Dark", "Light", "200 %"]));
    let live = bench_with(width, height, Some(Desk::default()));
    let names = ["Capture noise", "Original", "Clean", "Open\u{2026}"];
    table.insert("live".to_owned(), middles(&live, &names));
    let (with_recordings, _) = with_recordings_in(width, height, 1);
    let wave = with_recordings.harness.get_by_label_contains("0.wav").rect();
    let mut of_program = middles(&with_recordings, &BESIDE_RECORDINGS);
    of_program["waveform"] =
        serde_json::json!([wave.left(), wave.right(), wave.center().y].map(|at| at - MARGIN));
    table.insert("with recordings".to_owned(), of_program);
    let text = format!("{}\n", serde_json::to_string_pretty(&table).unwrap());
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/places.json");
    if std::env::var_os("QUELL_UPDATE_PLACES").is_some() {
        std::fs::write(file, &text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(file).unwrap(), text, "see above");
}

#[test]
fn a_window_at_rest_asks_for_a_look_now_and_then() {
    let mut bench = bench();
    bench.steps(60);
    let delay = |bench: &Bench| {
        bench.harness.output().viewport_output.values().next().unwrap().repaint_delay
    };
    assert!(delay(&bench).as_secs_f32() > 0.9, "{:?}", delay(&bench));
    bench.play(3);
    bench.steps(1);
    assert!(delay(&bench).as_secs_f32() < 0.2, "{:?}", delay(&bench));
}

/// The whole of a frame but drawing it: layout, shapes, triangles.
#[test]
fn a_frame_is_cheap() {
    let mut bench = bench();
    bench.shared.link.set_profile(Some(Arc::new(print(-70.0))));
    let egui = bench.harness.ctx.clone();
    let mut worst = std::time::Duration::ZERO;
    let began = std::time::Instant::now();
    const N: u32 = 60;
    for _ in 0..N {
        bench.play(3);
        let start = std::time::Instant::now();
        bench.steps(1);
        let shapes = bench.harness.output().shapes.clone();
        let n_triangles = egui.tessellate(shapes, 1.0).len();
        assert!(n_triangles > 0);
        worst = worst.max(start.elapsed());
    }
    let mean_ms = began.elapsed().as_secs_f64() * 1e3 / f64::from(N);
    println!("a frame: {mean_ms:.2} ms on average, {worst:?} at worst ({N_COLUMNS} columns)");
    // Unoptimised code on a busy machine; tests/cost.rs has the figure of the release.
    assert!(mean_ms < 40.0, "{mean_ms} ms");
}

// ---- The picture -------------------------------------------------------------------------------

/// Presses a node, moves it while sound plays whose noise is so loud by then, and lets go; how far
/// the node was from the pointer at worst, and its shift.
fn drag_a_node(noise: f32, by: egui::Vec2, modifiers: Modifiers) -> (f32, f32) {
    let mut bench = bench();
    bench.play_long();
    let node = |bench: &Bench| bench.harness.get_by_label("Threshold node 3").rect().center();
    let at = node(&bench);
    bench.harness.hover_at(at);
    bench.steps(1);
    bench.harness.drag_at(at);
    bench.steps(1);
    bench.noise = noise;
    bench.harness.event_modifiers(Event::PointerMoved(at), modifiers);
    let mut worst = 0.0f32;
    for step in 1..=8u8 {
        bench.play(20);
        let to = at + by * f32::from(step) / 8.0;
        bench.harness.event_modifiers(Event::PointerMoved(to), modifiers);
        bench.steps(2);
        worst = worst.max((node(&bench) - to).length());
    }
    // A hand may move and let go between two looks.
    let far = if modifiers.is_none() { vec2(0.0, -10.0) } else { egui::Vec2::ZERO };
    bench.harness.input_mut().events.push(Event::PointerMoved(at + by + far));
    bench.harness.drop_at(at + by + far);
    bench.steps(3);
    let offset_db = bench.settings().curve.nodes[2].offset_db;
    bench.click("Undo");
    let back = bench.settings().curve.nodes[2];
    assert!(
        near(back.offset_db, 0.0) && (back.hz / 500.0 - 1.0).abs() < 1e-3,
        "one step: {back:?}"
    );
    (worst, offset_db)
}

#[test]
fn a_held_node_is_where_the_pointer_is_whatever_the_sound_does() {
    let by = vec2(70.0, -36.0);
    let (worst, calm_db) = drag_a_node(1e-7, by, Modifiers::NONE);
    assert!(worst < 0.6, "{worst} points away");
    let per_point = calm_db / 46.0;
    assert!((0.3..0.6).contains(&per_point), "{calm_db} dB of 46 points");
    let (worst, stormy_db) = drag_a_node(1e-5, by, Modifiers::NONE);
    assert!(worst < 0.6, "{worst} points away though the noise rises");
    assert!((calm_db - stormy_db).abs() < 0.2, "{calm_db} dB, {stormy_db} dB");
    let (_, fine_db) = drag_a_node(1e-7, by, Modifiers::SHIFT);
    assert!((fine_db - 6.0 * per_point).abs() < 0.3, "a sixth of 36 points: {fine_db} dB");
}

#[test]
fn a_node_takes_the_wheel_typed_values_and_its_default_back() {
    let mut bench = bench();
    let node = |bench: &Bench| bench.settings().curve.nodes[3];
    let at = bench.harness.get_by_label("Threshold node 4").rect().center();
    bench.harness.hover_at(at);
    bench.steps(2);
    bench.harness.event(Event::MouseWheel {
        unit: egui::MouseWheelUnit::Line,
        delta: vec2(0.0, 2.0),
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Unknown,
        modifiers: Modifiers::NONE,
    });
    bench.steps(40);
    assert!((node(&bench).offset_db - 2.0).abs() < 0.1, "{:?}", node(&bench));
    for (text, hz, offset_db) in
        [("+6", 1_200.0, 6.0), ("-12 dB", 1_200.0, -12.0), ("2.5 kHz", 2_500.0, -12.0)]
    {
        type_value(&mut bench, "Threshold node 4", text);
        let now = node(&bench);
        assert!((now.hz / hz - 1.0).abs() < 1e-3 && near(now.offset_db, offset_db), "{now:?}");
    }
    type_value(&mut bench, "Threshold node 4", "loud");
    let said = bench.harness.state().message_for_test().unwrap_or_default().to_owned();
    assert!(said.contains("'loud' is not a number"), "{said}");
    assert!(near(node(&bench).offset_db, -12.0));
    // A right click opens the box; its button brings both back, as one step.
    bench.harness.get_by_label("Threshold node 4").click_secondary();
    bench.steps(30);
    bench.click("Default");
    assert!(near(node(&bench).offset_db, 0.0) && (node(&bench).hz / 1_200.0 - 1.0).abs() < 1e-3);
    bench.harness.key_press(Key::Escape);
    bench.steps(3);
    assert!(bench.harness.query_by_label("Default").is_none());
    bench.click("Undo");
    assert!(near(node(&bench).offset_db, -12.0) && (node(&bench).hz / 2_500.0 - 1.0).abs() < 1e-3);
}

#[test]
fn a_nodes_band_is_heard_alone_while_its_box_is_open() {
    let mut bench = bench();
    let only = |bench: &Bench| bench.shared.ears.only();
    let open = |bench: &mut Bench| {
        bench.harness.get_by_label("Threshold node 4").click_secondary();
        bench.steps(30);
    };
    open(&mut bench);
    assert_eq!(only(&bench), None);
    bench.click("Solo");
    let band_hz = only(&bench).expect("a band");
    assert!(band_hz.contains(&1_200.0) && !band_hz.contains(&500.0), "{band_hz:?}");
    assert!(!band_hz.contains(&3_000.0), "{band_hz:?}");
    // It goes where the node goes.
    let hz = bench.shared.params.nodes()[3].0;
    hz.set_normalized(hz.normalize(1_500.0));
    bench.steps(3);
    assert!(only(&bench).is_some_and(|moved| moved != band_hz));
    bench.harness.key_press(Key::Escape);
    bench.steps(3);
    assert_eq!(only(&bench), None, "it ends with the box");
    open(&mut bench);
    bench.click("Solo");
    bench.click("Spectrogram");
    assert_eq!(only(&bench), None, "no box, no solo");
    bench.click("Spectrum");
    open(&mut bench);
    bench.click("Solo");
    assert!(only(&bench).is_some());
    let Bench { harness, shared, .. } = bench;
    drop(harness);
    assert_eq!(shared.ears.only(), None, "a window that closes lets everything be heard");
}

#[test]
fn a_name_in_the_legend_takes_its_curve_away_and_brings_it_back() {
    let mut bench = bench();
    bench.play(30);
    let n_triangles = |bench: &mut Bench| {
        // What the pointer is on is explained, and looks otherwise.
        bench.harness.hover_at(egui::pos2(2.0, 2.0));
        bench.steps(2);
        let egui = bench.harness.ctx.clone();
        let shapes = bench.harness.output().shapes.clone();
        let n = |primitive: egui::ClippedPrimitive| match primitive.primitive {
            egui::epaint::Primitive::Mesh(mesh) => mesh.indices.len(),
            egui::epaint::Primitive::Callback(_) => 0,
        };
        egui.tessellate(shapes, 1.0).into_iter().map(n).sum::<usize>()
    };
    for name in ["input", "denoised", "removed", "gain", "noise, followed", "threshold"] {
        let all = n_triangles(&mut bench);
        bench.click(&format!("Show {name}"));
        let without = n_triangles(&mut bench);
        assert!(without + 500 < all, "{name}: {all} to {without}");
        bench.click(&format!("Show {name}"));
        assert!(n_triangles(&mut bench) + 200 > all, "{name} is back");
    }
}

#[test]
fn a_frozen_picture_keeps_still_while_the_sound_goes_on() {
    let mut bench = bench();
    bench.play_long();
    let level = |bench: &Bench| bench.harness.state().shown_for_test().input_db()[200];
    assert!((level(&bench) + 60.0).abs() < 0.1);
    bench.harness.key_press(Key::F);
    bench.steps(2);
    let frozen = level(&bench);
    assert!((frozen + 60.0).abs() < 0.1, "as it was: {frozen} dB");
    bench.power = 1e-4;
    bench.play_long();
    assert_eq!(level(&bench), frozen, "it keeps still");
    bench.click("Freeze");
    assert!((level(&bench) + 40.0).abs() < 0.1, "and is up to date at once");
    bench.harness.key_press(Key::P);
    bench.steps(2);
    bench.power = 1e-8;
    bench.play_long();
    let peak = bench.harness.state().shown_for_test().peaks_db().expect("peaks are held")[0][200];
    assert!((level(&bench) + 80.0).abs() < 0.1 && (peak + 40.0).abs() < 0.1, "{peak}");
    bench.click("Peak hold");
    assert!(bench.harness.state().shown_for_test().peaks_db().is_none());
}

#[test]
fn the_range_of_levels_is_pulled_and_comes_back() {
    let mut bench = bench();
    let range = |bench: &Bench| bench.harness.get_by_label("Range of levels").value().unwrap();
    let default = range(&bench);
    let place = bench.harness.get_by_label("Range of levels").rect();
    let low = egui::pos2(place.center().x, place.bottom() - 12.0);
    bench.drag(low, low - vec2(0.0, 500.0));
    assert!(range(&bench).ends_with("\u{2212}130 dB"), "{}", range(&bench));
    bench.drag(low, low + vec2(0.0, 900.0));
    assert!(range(&bench).ends_with("\u{2212}60 dB"), "{}", range(&bench));
    let high = egui::pos2(place.center().x, place.top() + 12.0);
    bench.drag(high, high + vec2(0.0, 600.0));
    assert!(range(&bench).starts_with("0 dB"), "{}", range(&bench));
    bench.harness.get_by_label("Range of levels").focus();
    bench.steps(2);
    bench.harness.key_press(Key::ArrowDown);
    bench.steps(2);
    assert!(range(&bench).ends_with("\u{2212}65 dB"), "{}", range(&bench));
    bench.harness.get_by_label("Range of levels").click_modifiers(Modifiers::COMMAND);
    bench.steps(3);
    assert_eq!(range(&bench), default);
}

#[test]
fn a_stretch_of_the_last_seconds_is_learned_by_dragging_over_it() {
    let mut bench = bench();
    bench.audio.prepare(1, 961);
    for _ in 0..30 {
        bench.play(40);
        bench.steps(1);
    }
    let place = bench.harness.get_by_label("Last ten seconds").rect();
    let at = |share: f32| egui::pos2(place.left() + share * place.width(), place.center().y);
    bench.drag(at(0.25), at(0.5));
    let stretch = bench.audio.take_stretch().expect("it is asked for");
    // 1,200 frames were played, of which the last 1,024 are shown.
    assert!(stretch.start.abs_diff(1_200 - 768) <= 4, "{stretch:?}");
    assert!(stretch.end.abs_diff(1_200 - 512) <= 4, "{stretch:?}");
    assert!(bench.audio.take_stretch().is_none());
    end_capture(&mut bench, -60.0, Verdict::Steady, None);
    assert_eq!(bench.level(), Some(-60.0));
    bench.click("Undo");
    assert_eq!(bench.level(), None);
    // By keys: the last two seconds, one step earlier.
    bench.harness.get_by_label("Last ten seconds").focus();
    bench.steps(2);
    for key in [Key::ArrowLeft, Key::Enter] {
        bench.harness.key_press(key);
        bench.steps(2);
    }
    assert_eq!(bench.audio.take_stretch(), Some(990..1_190));
    // Escape leaves it.
    bench.harness.key_press(Key::ArrowLeft);
    bench.steps(2);
    bench.harness.key_press(Key::Escape);
    bench.steps(2);
    bench.harness.get_by_label("Last ten seconds").focus();
    bench.harness.key_press(Key::Enter);
    bench.steps(2);
    assert!(bench.audio.take_stretch().is_none());
}

// ---- Recordings in the program of its own ------------------------------------------------------

fn with_recordings(n: usize) -> (Bench, Desk) {
    with_recordings_in(1_000.0, 640.0, n)
}

fn with_recordings_in(width: f32, height: f32, n: usize) -> (Bench, Desk) {
    let desk = Desk::default();
    desk.shelf.show(|shown| {
        let entry = |idx| Entry { path: format!("/music/{idx}.wav").into(), fate: Fate::Waiting };
        shown.entries = (0..n).map(entry).collect();
        let peaks = Arc::new(vec![[-0.5, 0.5]; N_PEAKS]);
        shown.on_deck = Some(OnDeck { seconds: 10.0, peaks, stream_hz: 48_000.0 });
    });
    (bench_with(width, height, Some(desk.clone())), desk)
}

#[test]
fn of_a_recording_three_sounds_are_heard_as_loud_as_one_likes() {
    let (mut bench, desk) = with_recordings(1);
    bench.click("Original");
    assert!(bench.settings().bypass);
    bench.click("Removed");
    let settings = bench.settings();
    assert_eq!((settings.bypass, settings.monitor), (false, Monitor::Removed));
    bench.click("Clean");
    assert_eq!(bench.settings().monitor, Monitor::Denoised);
    bench.click("Same loudness");
    assert!(bench.shared.ears.is_even());
    bench.click("Play");
    assert!(desk.deck.is_playing());
    bench.click("Pause");
    assert!(!desk.deck.is_playing());
    bench.harness.key_press(Key::Space);
    bench.steps(3);
    assert!(desk.deck.is_playing(), "Space does the same");
    bench.click("Close");
    assert_eq!(desk.shelf.next_order(), Some(Order::Close));
    assert!(bench.harness.query_by_label("Save all").is_none(), "there is only one");
}

#[test]
fn a_click_on_the_waveform_goes_there_and_a_drag_chooses_what_is_learned() {
    let (mut bench, desk) = with_recordings(1);
    let wave = bench.harness.get_by_label_contains("0.wav").rect();
    let at = |share: f32| egui::pos2(wave.left() + share * wave.width(), wave.center().y);
    bench.harness.drag_at(at(0.25));
    bench.steps(2);
    bench.harness.drop_at(at(0.25));
    bench.steps(30);
    assert!((desk.deck.at() as f32 / 48_000.0 - 2.5).abs() < 0.05, "{}", desk.deck.at());
    bench.click("Learn noise");
    assert_eq!(desk.shelf.next_order(), None, "nothing is chosen");
    bench.harness.drag_at(at(0.2));
    bench.steps(2);
    bench.harness.hover_at(at(0.3));
    bench.steps(2);
    bench.harness.drop_at(at(0.4));
    bench.steps(30);
    bench.click("Learn noise");
    let Some(Order::Learn(stretch)) = desk.shelf.next_order() else { panic!("nothing is learned") };
    assert!((stretch.start - 2.0).abs() < 0.05 && (stretch.end - 4.0).abs() < 0.05, "{stretch:?}");
    // What comes back is in force, and a step of the history; what is no noise is only offered.
    desk.shelf.say_learned(Ok(print(-50.0)));
    bench.steps(3);
    assert!(near(bench.level().unwrap(), -50.0));
    let mut speech = print(-20.0);
    speech.about_mut().verdict = Some(Verdict::Speech);
    desk.shelf.say_learned(Ok(speech));
    bench.steps(3);
    assert!(near(bench.level().unwrap(), -50.0), "the print of before is in use");
    bench.harness.get_by_label("Use it anyway");
    bench.click("Undo");
    assert_eq!(bench.level(), None);
}

#[test]
fn several_recordings_are_gone_through_and_saved_together() {
    let (mut bench, desk) = with_recordings(3);
    let arrows = bench.harness.get_all_by_label("\u{203a}");
    let lowest = arrows.max_by(|a, b| a.rect().top().total_cmp(&b.rect().top()));
    lowest.expect("the panel's own").click();
    bench.steps(30);
    assert_eq!(desk.shelf.next_order(), Some(Order::Choose(1)));
    bench.click("Save all");
    assert_eq!(desk.shelf.next_order(), Some(Order::SaveAll));
    desk.shelf.show(|shown| {
        shown.is_saving = true;
        shown.entries[1].fate = Fate::Saving(0.37);
    });
    bench.steps(3);
    bench.click("Stop");
    assert!(desk.shelf.take_stop());
}
