//! The editor: a plain window with every parameter.
//!
//! It depends on parameters and bridge only, and it is told nothing: it looks, thirty times a
//! second. So no message has to reach it from another thread.

mod controls;

use std::error::Error;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use egui::{Align, CentralPanel, Layout, RichText, Ui};
use nice_plug::context::gui::GuiContext;
use nice_plug::editor::dpi::{LogicalSize, NativeSize};
use nice_plug::editor::{Editor, HostMethods, ParentWindowHandle, ResizeHint, SpawnedEditor};
use nice_plug_egui::baseview::HandlerError;
use nice_plug_egui::{
    EguiEditor, EguiEditorHandle, EguiEditorState, EguiNiceSettings, Frame, NiceEguiApp,
    RepaintNotifier, create_egui_editor,
};
use quell_core::CaptureStatus;

use crate::Shared;
use crate::editor::controls::Controls;

/// Size of the window, logical pixels.
const SIZE: LogicalSize<f32> = LogicalSize { width: 790.0, height: 448.0 };
/// Time between two looks at the plugin.
const FRAME_TIME: Duration = Duration::from_millis(33);

/// Where a shell leaves its own way for edits to the host; else the framework's is taken.
#[derive(Clone, Default)]
pub struct EditsSlot(Arc<OnceLock<GuiContext>>);

impl EditsSlot {
    /// Fills the slot, once.
    pub fn fill(&self, context: GuiContext) {
        drop(self.0.set(context));
    }
}

/// The editor of one instance; windows come and go.
pub struct QuellEditor {
    inner: EguiEditor<App>,
    edits: EditsSlot,
}

impl QuellEditor {
    /// An editor without a window.
    pub fn new(shared: Shared) -> Option<Self> {
        let edits = shared.edits.clone();
        let settings = EguiNiceSettings::new().with_tile("Quell");
        let state = EguiEditorState::from_size(SIZE, 1.0);
        let app = App { shared, context: None };
        let inner = create_egui_editor(state, RepaintNotifier::default(), settings, app)?;
        Some(Self { inner, edits })
    }
}

impl Editor for QuellEditor {
    type Handle = EguiEditorHandle;

    /// The window gets no way to call back into the host's main thread: its size is fixed, so it
    /// has nothing to say, and such a call could meet the host in the middle of closing it.
    fn spawn(
        &self,
        parent: Option<ParentWindowHandle>,
        wait_for_parent: bool,
        fallback_scale_factor: Option<f64>,
        gui_context: GuiContext,
        _host: Option<HostMethods>,
    ) -> Result<SpawnedEditor<Self::Handle>, Box<dyn Error>> {
        let gui_context = self.edits.0.get().cloned().unwrap_or(gui_context);
        self.inner.spawn(parent, wait_for_parent, fallback_scale_factor, gui_context, None)
    }

    fn size(&self) -> NativeSize<u32> {
        self.inner.size()
    }

    fn resize_hint(&self) -> ResizeHint {
        self.inner.resize_hint()
    }

    unsafe fn assume_standalone_in_process(&self) {
        // SAFETY: the same promise, passed on.
        unsafe { self.inner.assume_standalone_in_process() };
    }
}

/// What a window shows.
struct App {
    shared: Shared,
    context: Option<GuiContext>,
}

impl NiceEguiApp for App {
    fn build(
        &mut self,
        egui: egui::Context,
        context: GuiContext,
        _: &mut Frame,
    ) -> Result<(), HandlerError> {
        controls::style(&egui);
        self.context = Some(context);
        Ok(())
    }

    fn ui(&mut self, ui: &mut Ui, _: &mut Frame) {
        let Some(context) = &self.context else { return };
        let controls = Controls { setter: context.param_setter() };
        CentralPanel::default().show(ui, |ui| {
            self.header(ui, &controls);
            self.capture(ui, &controls);
            ui.columns_const(|[left, right]| {
                self.sound(left, &controls);
                self.mask(right, &controls);
            });
        });
        ui.ctx().request_repaint_after(FRAME_TIME);
    }
}

impl App {
    fn header(&self, ui: &mut Ui, controls: &Controls) {
        ui.horizontal(|ui| {
            ui.label(RichText::new("Quell").size(22.0).strong());
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                controls.toggle(ui, &self.shared.params.bypass, "Bypass");
                let samples = self.shared.link.latency_samples();
                if samples > 0 {
                    ui.label(format!("{samples} samples latency"));
                }
            });
        });
        ui.add_space(4.0);
    }

    fn capture(&self, ui: &mut Ui, controls: &Controls) {
        let link = &self.shared.link;
        ui.horizontal(|ui| {
            let is_on = self.shared.params.capture.value();
            let name = if is_on { "Stop capture" } else { "Capture noise" };
            controls.big_toggle(ui, &self.shared.params.capture, name);
            if ui.add_enabled(link.profile().is_some(), egui::Button::new("Forget")).clicked() {
                link.forget_profile();
            }
            ui.label(self.status());
        });
        if let Some(notice) = crate::state::model_notice(&self.shared.params, link) {
            ui.label(notice);
        }
    }

    /// What became of the last capture, in words.
    fn status(&self) -> String {
        let link = &self.shared.link;
        match (link.status(), link.profile()) {
            // What was loaded with a project was not captured in this session.
            (CaptureStatus::Idle, Some(profile)) => {
                format!("noise print of {:.1} s loaded", profile.seconds())
            }
            (CaptureStatus::Idle | CaptureStatus::Captured { .. }, None) => {
                "no noise print yet: adapting to the signal".to_owned()
            }
            (status, _) => status.to_string(),
        }
    }

    /// What one reaches for, in the left column.
    fn sound(&self, ui: &mut Ui, controls: &Controls) {
        let p = &self.shared.params;
        controls.section(ui, "Amount", |ui| {
            controls.slider(ui, &p.reduction);
            controls.slider(ui, &p.sensitivity);
            controls.slider(ui, &p.floor);
            controls.choice(ui, &p.monitor);
            controls.slider(ui, &p.mix);
            controls.slider(ui, &p.gain);
        });
        controls.section(ui, "Engine", |ui| {
            controls.choice(ui, &p.engine);
            controls.choice(ui, &p.source);
            controls.choice(ui, &p.latency);
            controls.switch(ui, &p.stereo_link);
        });
    }

    /// How the mask is made, in the right column.
    fn mask(&self, ui: &mut Ui, controls: &Controls) {
        let p = &self.shared.params;
        controls.section(ui, "Mask", |ui| {
            controls.slider(ui, &p.knee);
            controls.slider(ui, &p.freq_smoothing);
            controls.slider(ui, &p.time_smoothing);
            controls.slider(ui, &p.attack);
            controls.slider(ui, &p.release);
            controls.slider(ui, &p.artifact_control);
            controls.slider(ui, &p.transient_protection);
        });
        controls.section(ui, "Threshold", |ui| {
            for (_, offset) in p.nodes() {
                controls.slider(ui, offset);
            }
        });
    }
}
