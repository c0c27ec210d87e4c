//! The window's content and where everything in it lies.

mod layout;
mod picture;

use std::path::Path;
use std::sync::{Arc, Mutex};

use egui::{Align2, CentralPanel, Color32, Event, Frame, Id, Key, Modifiers, Rect, Ui, pos2, vec2};
use nice_plug::context::gui::GuiContext;
use quell_core::{Choice, Engine, Monitor, ProfileSource, Settings, Verdict};
#[cfg(test)]
use quell_formats::state::State;
use quell_formats::state::Window;

use layout::{CLOSE, cut_bottom};
use picture::STILL_S;

use crate::Shared;
use crate::bridge::News;
use crate::editor::capture::{Doing, Press};
use crate::editor::corner::Corner;
use crate::editor::drawers::Drawer;
use crate::editor::edits::Edits;
use crate::editor::files::{Dialog, Next, Purpose};
use crate::editor::history::Memory;
use crate::editor::listen::HeldKey;
use crate::editor::meters::Meters;
use crate::editor::picture::Picture;
use crate::editor::picture::analysis::Analysis;
use crate::editor::recording::Hands;
use crate::editor::status::{self, Known, Remedy};
use crate::editor::theme::{self, Theme};
use crate::editor::widgets::{InUse, font};
use crate::editor::{controls, dialogs, listen, prints, recording, strip};
use crate::feed::Watch;
use crate::params::ENGINE;
use crate::standalone::desk::Desk;
use crate::standalone::shelf::clean_name;

/// Time between two looks while meters fall, seconds. While sound flows the feed asks for looks.
const LOOK_S: f32 = 0.033;
/// Time between two looks while nothing moves: a host may change a parameter without a word.
const REST_S: f32 = 4.0;
/// How long a message stays, seconds.
const NOTE_S: f64 = 6.0;
/// The same of why a capture gave nothing.
const REFUSED_S: f64 = 20.0;

/// Everything one window shows.
pub(super) struct Screen {
    shared: Shared,
    edits: Edits,
    theme: Theme,
    analysis: Analysis,
    picture: Picture,
    meters: Meters,
    load: Watch,
    drawer: Option<Drawer>,
    held_key: Option<HeldKey>,
    dialog: Option<Dialog>,
    press: Press,
    corner: Corner,
    /// Time from which on there was an error in the status line.
    refused_s: Option<f64>,
    note: Option<(String, f64)>,
    /// Frames and time at the last one, to see whether sound flows.
    seen: (u64, f64),
    /// Where devices and recordings are chosen, in the program of its own.
    desk: Option<Desk>,
    recording: recording::View,
}

impl Drop for Screen {
    /// A window that closes under a finger lets go, and what only it can end has ended.
    fn drop(&mut self) {
        self.shared.link.hold_capture(false);
        self.shared.ears.hear_only(None);
    }
}

impl Screen {
    pub(super) fn new(shared: Shared, context: GuiContext, memory: Arc<Mutex<Memory>>) -> Self {
        let theme = Theme::of(shared.session.window().is_light);
        Self {
            edits: Edits::new(shared.clone(), context, memory),
            theme,
            shared,
            analysis: Analysis::default(),
            picture: Picture::default(),
            meters: Meters::default(),
            load: Watch::default(),
            drawer: None,
            held_key: None,
            dialog: None,
            press: Press::default(),
            corner: Corner::default(),
            refused_s: None,
            note: None,
            seen: (0, f64::MIN),
            desk: None,
            recording: recording::View::default(),
        }
    }

    /// The same with a strip for devices.
    pub(super) fn with_desk(mut self, desk: Option<Desk>) -> Self {
        self.desk = desk;
        self
    }

    /// Once per window.
    pub(super) fn set_up(&self, egui: &egui::Context) {
        theme::install_font(egui);
        self.theme.apply(egui);
        // Ctrl and plus would ask the host for another size.
        egui.options_mut(|options| options.zoom_with_keyboard = false);
    }

    /// What the window is cleared to: the bytes of the colour as shares, which is how it is drawn.
    pub(super) fn ground(&self) -> egui::Rgba {
        let [r, g, b, _] = self.theme.ground.to_array().map(|byte| f32::from(byte) / 255.0);
        egui::Rgba::from_rgb(r, g, b)
    }

    /// One look.
    pub(super) fn show(&mut self, ui: &mut Ui) {
        let now_s = ui.input(|input| input.time);
        self.edits.now_s = now_s;
        self.take_frames(now_s);
        self.edits.watch_capture();
        self.age_refusal(now_s);
        self.shortcuts(ui);
        // The window is cleared to the ground's colour: a fill would paint every pixel twice.
        CentralPanel::default().frame(Frame::NONE).show(ui, |ui| self.lay_out(ui));
        if let Some(dialog) = self.dialog.take() {
            let (edits, desk) = (&mut self.edits, self.desk.as_ref());
            self.dialog = dialogs::show(ui, &self.theme, dialog, edits, &self.shared, desk);
        }
        if let Some(text) = self.edits.unread.take() {
            self.say(ui, text);
        }
        self.message(ui, now_s);
        let is_flowing = now_s - self.seen.1 < 0.1;
        // Until it is said that no sound comes.
        let is_waiting = now_s - self.seen.1 < 2.0 * STILL_S;
        let is_moving = self.meters.is_moving() || self.note.is_some() || is_waiting;
        let seconds = match (is_flowing, is_moving) {
            (true, _) => 4.0 * LOOK_S,
            (false, true) => LOOK_S,
            (false, false) => REST_S,
        };
        ui.ctx().request_repaint_after(std::time::Duration::from_secs_f32(seconds));
    }

    #[cfg(test)]
    pub(super) fn load_for_test(&mut self, preset: &State) {
        self.edits.load("test", preset);
    }

    /// The levels that the picture shows.
    #[cfg(test)]
    pub(super) fn shown_for_test(&self) -> &Analysis {
        self.picture.shown(&self.analysis)
    }

    #[cfg(test)]
    pub(super) fn status_for_test(&self) -> String {
        self.status().text
    }

    #[cfg(test)]
    pub(super) fn message_for_test(&self) -> Option<&str> {
        self.note.as_ref().map(|(text, _)| text.as_str())
    }

    fn take_frames(&mut self, now_s: f64) {
        let (analysis, picture) = (&mut self.analysis, &mut self.picture);
        let is_capturing = self.shared.link.progress().is_some();
        self.shared.feed.drain(|frame| {
            analysis.take(frame);
            picture.take(frame, is_capturing);
        });
        analysis.mark_change(self.shared.link.noise_change().is_some());
        if analysis.n_frames != self.seen.0 {
            self.seen = (analysis.n_frames, now_s);
        }
        self.meters.take(self.shared.feed.levels(), now_s);
    }

    /// An error is said for a while; then what is in use matters more.
    fn age_refusal(&mut self, now_s: f64) {
        let is_refused = matches!(self.shared.link.news(), Some(News::Refused(_)));
        let since_s = *self.refused_s.get_or_insert(now_s);
        self.refused_s = self.refused_s.filter(|_| is_refused);
        if is_refused && now_s - since_s > REFUSED_S {
            self.shared.link.forget_news();
        }
    }

    /// What only the program of its own has, at the bottom; takes its room from `all`.
    fn program(&mut self, ui: &mut Ui, all: &mut Rect) {
        let Some(desk) = self.desk.clone() else { return };
        if desk.is_closing() {
            ui.ctx().send_viewport_cmd(egui::ViewportCommand::Close);
        }
        let mut take = |height: f32| cut_bottom(all, height, CLOSE);
        let shown = desk.look();
        if strip::show(ui, &self.theme, &desk, &shown, take(strip::height(&shown))) {
            self.dialog = Some(Dialog::new(Purpose::OpenRecording));
        }
        let shelved = desk.shelf.look();
        let Some(entry) = shelved.entry() else { return self.recording.forget() };
        let hands = Hands { desk: &desk, shown: &shelved };
        let rect = take(recording::HEIGHT);
        // Names on it stand elsewhere in the window, too.
        let own = egui::UiBuilder::new().id_salt("recording").max_rect(rect);
        let panel = &mut ui.new_child(own);
        match self.recording.show(panel, &self.theme, &hands, rect) {
            Some(recording::Request::Save) => {
                let clean = clean_name(&entry.path);
                let name = clean.file_name().unwrap_or_default().to_string_lossy().into_owned();
                let folder = clean.parent().unwrap_or(Path::new("")).to_owned();
                self.dialog = Some(Dialog::at(Purpose::SaveRecording, folder, name));
            }
            None => {}
        }
        self.take_learned(ui, &desk);
    }

    /// What was learned from a stretch: in force if it was noise, and else on offer.
    fn take_learned(&mut self, ui: &Ui, desk: &Desk) {
        match desk.shelf.take_learned() {
            Some(Ok(print)) => {
                let is_noise = print.about().verdict.is_none_or(Verdict::is_noise);
                let print = Arc::new(print);
                match is_noise {
                    true => self.edits.use_print(Some(print)),
                    false => self.shared.link.offer(print),
                }
            }
            Some(Err(error)) => self.say(ui, format!("{error}.")),
            None => {}
        }
    }

    /// What is to be said about the noise now.
    fn status(&self) -> status::Line {
        let link = &self.shared.link;
        status::line(&Known {
            doing: Doing::of(&self.edits, &self.shared),
            is_held: link.is_capture_held(),
            news: link.news(),
            change: link.noise_change(),
            print: &link.in_force(),
            settings: &self.shared.params.settings(),
            source: self.analysis.source,
            is_noise_silent: self.analysis.is_noise_silent(),
        })
    }

    fn follow_remedy(&mut self, remedy: Remedy) {
        let link = Arc::clone(&self.shared.link);
        match remedy {
            Remedy::Capture | Remedy::CaptureAgain => self.edits.start_capture(),
            Remedy::UseRecent => self.edits.use_recent(),
            Remedy::Stop => self.edits.stop_capture(),
            Remedy::UseAnyway => {
                if let Some(News::Offered(offered)) = link.news() {
                    self.edits.use_print(Some(offered));
                }
            }
            Remedy::KeepAsItIs => link.forget_news(),
            Remedy::Follow => self.edits.choose_source(ProfileSource::Adaptive),
            Remedy::UsePrint => self.edits.choose_source(ProfileSource::Captured),
            Remedy::UseNeural => {
                self.edits.choose(&self.shared.params[ENGINE], Engine::Neural.idx());
            }
        }
    }

    /// Where the noise is known from in fact; before sound came, from where it will be.
    fn in_use(&self) -> InUse {
        let Settings { engine, latency, profile_source, .. } = self.shared.params.settings();
        let will_be = match profile_source {
            ProfileSource::Captured if self.shared.link.in_force().is_none() => {
                ProfileSource::Adaptive
            }
            source => source,
        };
        let source = self.analysis.source.unwrap_or(will_be);
        let is_noise_known = source != ProfileSource::Adaptive;
        InUse { engine, mode: latency, is_noise_known }
    }

    /// The controls, which show what becomes of the noise.
    fn controls(&mut self, ui: &mut Ui, rect: Rect) -> Option<controls::Request> {
        let settings = self.shared.params.settings();
        let is_plain = !settings.bypass && settings.monitor == Monitor::Denoised;
        let noise_dbfs = self.analysis.noise_dbfs().filter(|_| is_plain).map(|[before, after]| {
            // What the output holds of it: with the mix, and with the gain.
            let gain = 10f32.powf((after - before).min(0.0) / 20.0);
            let mixed = 1.0 - settings.mix * (1.0 - gain);
            [before, before + 20.0 * mixed.log10() + settings.output_gain_db]
        });
        let (in_use, drawer) = (self.in_use(), self.drawer);
        let state = controls::State { noise_dbfs, in_use, drawer };
        let press = &mut self.press;
        controls::show(ui, &self.theme, &mut self.edits, &self.shared, press, state, rect)
    }

    fn follow_controls(&mut self, ui: &Ui, request: controls::Request) {
        match request {
            controls::Request::Next(next) => self.follow(ui, Some(next)),
            controls::Request::Drawer(drawer) => self.drawer = drawer,
        }
    }

    fn set_look(&mut self, ui: &Ui, window: Window) {
        self.theme = Theme::of(window.is_light);
        self.theme.apply(ui.ctx());
        self.shared.session.set_window(window);
    }

    // ---- Files, keys, messages ----------------------------------------------------------------

    fn say(&mut self, ui: &Ui, text: String) {
        self.note = Some((text, ui.input(|input| input.time)));
    }

    fn follow(&mut self, ui: &Ui, next: Option<Next>) {
        match next {
            Some(Next::Open(dialog)) => self.dialog = Some(dialog),
            Some(Next::Say(text)) => self.say(ui, text),
            None => {}
        }
    }

    fn shortcuts(&mut self, ui: &Ui) {
        if ui.ctx().egui_wants_keyboard_input() || self.dialog.is_some() {
            return;
        }
        let (is_undo, is_redo, pasted) = ui.input_mut(|input| {
            // As each key was pressed: all may be up again by now.
            let shift = Modifiers::COMMAND | Modifiers::SHIFT;
            let is_redo =
                input.consume_key(shift, Key::Z) | input.consume_key(Modifiers::COMMAND, Key::Y);
            let is_undo = input.consume_key(Modifiers::COMMAND, Key::Z);
            // The window delivers what is pasted as text.
            let pasted = input.events.iter().find_map(|event| match event {
                Event::Text(text) | Event::Paste(text) if text.trim_start().starts_with('{') => {
                    Some(text.clone())
                }
                _ => None,
            });
            (is_undo, is_redo, pasted)
        });
        listen::keys(ui, &mut self.edits, &self.shared, &mut self.held_key);
        if is_undo {
            self.edits.undo();
        }
        if is_redo {
            self.edits.redo();
        }
        if let Some(text) = pasted {
            let next = prints::paste(&mut self.edits, &text);
            self.follow(ui, next);
        }
    }

    /// What went wrong, for a while, over the picture.
    fn message(&mut self, ui: &Ui, now_s: f64) {
        let Some((text, since_s)) = &self.note else { return };
        let t = self.theme;
        let all = ui.ctx().content_rect();
        let layer = egui::LayerId::new(egui::Order::Foreground, Id::unique("quell note"));
        let painter = ui.ctx().layer_painter(layer);
        let width = (all.width() * 0.6).min(620.0);
        let galley = painter.layout(text.clone(), font(14.0), t.text, width);
        let place =
            Align2::CENTER_TOP.anchor_size(pos2(all.center().x, all.top() + 96.0), galley.size());
        painter.rect_filled(place.expand2(vec2(12.0, 8.0)), 6, t.raised);
        painter.galley(place.min, galley, Color32::PLACEHOLDER);
        if now_s - since_s > NOTE_S {
            self.note = None;
        }
    }
}
