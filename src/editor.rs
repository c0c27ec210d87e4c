//! The editor: what people see of Quell.
//!
//! It depends on parameters, bridge, ears, feed, grip, columns, session and state only, and is told
//! nothing: it looks, while something moves thirty times a second. So no message has to reach it
//! from another thread.
//!
//! Each window has a screen of its own ([`screen`]); what outlives a window ([`history`]) belongs
//! to the instance.

#[cfg(any(target_os = "linux", target_os = "windows"))]
mod access;
mod bottom;
mod capture;
mod clipboard;
mod controls;
mod corner;
mod dialogs;
mod dials;
mod drawers;
#[cfg(target_os = "linux")]
mod drivers;
mod edits;
mod figures;
mod files;
mod header;
mod history;
mod listen;
mod meters;
mod picture;
pub(crate) mod places;
mod presets;
mod print_card;
mod prints;
mod recording;
mod screen;
mod status;
mod strip;
mod theme;
mod widgets;
mod window;

use std::error::Error;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use atomic_float::AtomicF64;
use egui::Ui;
use nice_plug::context::gui::GuiContext;
use nice_plug::editor::dpi::{LogicalSize, NativeSize, Size};
use nice_plug::editor::{
    Editor, EditorHandle, HostMethods, Modifiers, ParentWindowHandle, ResizeHint, SpawnedEditor,
    VirtualKeyCode,
};
use nice_plug_egui::baseview::{self, HandlerError, WindowSize};
use nice_plug_egui::{
    EguiEditor, EguiEditorHandle, EguiEditorState, EguiNiceSettings, Frame, NiceEguiApp,
    create_egui_editor,
};
use quell_formats::state::Window;

use crate::Shared;
use crate::editor::history::Memory;
use crate::editor::picture::axes;
use crate::editor::screen::Screen;
use crate::editor::window::{Life, OwnWindow, life};
use crate::standalone::desk::Desk;

/// The editor of one instance; windows come and go.
pub struct QuellEditor {
    shared: Shared,
    memory: Arc<Mutex<Memory>>,
    /// Physical pixels per logical one: what the last window had.
    scale: Arc<AtomicF64>,
    /// Where the window has a strip for devices.
    desk: Option<Desk>,
}

impl QuellEditor {
    /// An editor without a window.
    pub fn new(shared: Shared) -> Option<Self> {
        let memory = Arc::default();
        Some(Self { shared, memory, scale: Arc::new(AtomicF64::new(1.0)), desk: None })
    }

    /// One that has a strip for devices, too.
    pub fn for_program(shared: Shared, desk: Desk) -> Option<Self> {
        Some(Self { desk: Some(desk), ..Self::new(shared)? })
    }

    fn hint() -> ResizeHint {
        let size = |(width, height): (u16, u16)| {
            Some(LogicalSize { width: f32::from(width), height: f32::from(height) })
        };
        ResizeHint::resizable().with_min_max_logical_size(size(Window::MIN), size(Window::MAX))
    }

    fn logical_size(&self) -> LogicalSize<f32> {
        let window = self.shared.session.window();
        LogicalSize { width: f32::from(window.width), height: f32::from(window.height) }
    }

    /// The framework's editor, made for one window: it cannot be told another size later.
    fn window(&self, life: Life) -> Option<EguiEditor<App>> {
        let settings = EguiNiceSettings::new().with_tile("Quell").with_resize_hint(Self::hint());
        let state = EguiEditorState::from_size(self.logical_size(), 1.0);
        let app = App {
            shared: self.shared.clone(),
            memory: Arc::clone(&self.memory),
            scale: Arc::clone(&self.scale),
            desk: self.desk.clone(),
            life,
            screen: None,
            #[cfg(any(target_os = "linux", target_os = "windows"))]
            access: None,
            size: None,
            zoom: 1.0,
            is_rescaled: false,
        };
        create_egui_editor(state, self.shared.feed.repaint().clone(), settings, app)
    }
}

impl Editor for QuellEditor {
    type Handle = Handle;

    /// The window gets no way to call back into the host's main thread: such a call could meet the
    /// host in the middle of closing it. What it wants waits for that thread in [`crate::grip`].
    fn spawn(
        &self,
        parent: Option<ParentWindowHandle>,
        wait_for_parent: bool,
        fallback_scale_factor: Option<f64>,
        gui_context: GuiContext,
        _host: Option<HostMethods>,
    ) -> Result<SpawnedEditor<Self::Handle>, Box<dyn Error>> {
        let gui_context = self.shared.edits.get().cloned().unwrap_or(gui_context);
        let (life, end) = life();
        let window = self.window(life).ok_or("the editor cannot be made")?;
        let spawned =
            window.spawn(parent, wait_for_parent, fallback_scale_factor, gui_context, None)?;
        self.shared.feed.watch(true);
        let handle = Handle { inner: spawned.handle, shared: self.shared.clone() };
        Ok(SpawnedEditor { handle, window: OwnWindow::new(spawned.window, end) })
    }

    fn size(&self) -> NativeSize<u32> {
        let scale = self.scale.load(Ordering::Relaxed);
        NativeSize::from_size(Size::Logical(self.logical_size().cast()), scale)
    }

    fn resize_hint(&self) -> ResizeHint {
        Self::hint()
    }

    unsafe fn assume_standalone_in_process(&self) {
        // SAFETY: the same promise, passed on.
        unsafe { baseview::assume_standalone_in_process() };
    }
}

/// An open window. With it ends the flow of frames.
pub struct Handle {
    inner: EguiEditorHandle,
    shared: Shared,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.feed.watch(false);
    }
}

impl EditorHandle for Handle {
    type Window = OwnWindow;
    type Error = baseview::Error;

    fn run_until_closed(window: Self::Window) -> Result<(), Self::Error> {
        window.take().map_or(Ok(()), EguiEditorHandle::run_until_closed)
    }

    fn set_parent(
        &self,
        parent: ParentWindowHandle,
        window: &Self::Window,
    ) -> Result<(), Self::Error> {
        window.with(|window| self.inner.set_parent(parent, window)).unwrap_or(Ok(()))
    }

    fn show(&self, window: &Self::Window) -> Result<(), Self::Error> {
        window.with(|window| self.inner.show(window)).unwrap_or(Ok(()))
    }

    fn hide(&self, window: &Self::Window) -> Result<(), Self::Error> {
        window.with(|window| self.inner.hide(window)).unwrap_or(Ok(()))
    }

    fn host_main_thread_callback(&self, window: &Self::Window) {
        window.with(|window| self.inner.host_main_thread_callback(window));
    }

    fn set_size(&self, size: NativeSize<u32>, window: &Self::Window) -> Result<(), Self::Error> {
        window.with(|window| self.inner.set_size(size, window)).unwrap_or(Ok(()))
    }

    fn set_fallback_scale_factor(
        &self,
        scale_factor: f64,
        window: &Self::Window,
    ) -> Result<(), Self::Error> {
        let set = |window: &_| self.inner.set_fallback_scale_factor(scale_factor, window);
        window.with(set).unwrap_or(Ok(()))
    }

    fn adjust_size(&self, size: NativeSize<u32>, window: &Self::Window) -> Option<NativeSize<u32>> {
        window.with(|window| self.inner.adjust_size(size, window)).flatten()
    }

    fn on_virtual_key_from_host(
        &self,
        key: VirtualKeyCode,
        is_down: bool,
        held: Modifiers,
    ) -> bool {
        self.inner.on_virtual_key_from_host(key, is_down, held)
    }

    fn state_changed(&self) {
        self.inner.state_changed();
    }

    fn param_value_changed(&self, id: &str, normalized_value: f32) {
        self.inner.param_value_changed(id, normalized_value);
    }

    fn param_modulation_changed(&self, id: &str, modulation_offset: f32) {
        self.inner.param_modulation_changed(id, modulation_offset);
    }
}

/// A window whose size stays for so long is not being dragged, seconds.
const REST_S: f64 = 0.25;

/// A screen inside a real window.
struct App {
    shared: Shared,
    memory: Arc<Mutex<Memory>>,
    scale: Arc<AtomicF64>,
    desk: Option<Desk>,
    life: Life,
    screen: Option<Screen>,
    /// What tells screen readers of the window; gone before it.
    #[cfg(any(target_os = "linux", target_os = "windows"))]
    access: Option<access::Access>,
    /// The window's size, logical pixels, and since when it has had it, seconds.
    size: Option<(egui::Vec2, f64)>,
    /// How large everything is drawn.
    zoom: f32,
    /// The scale that was set comes into force with this look.
    is_rescaled: bool,
}

impl App {
    /// Draws everything larger in a larger window, or as large as it was asked for, once the hand
    /// that changes its size has come to rest. The window itself keeps its size, logical pixels.
    fn scale(&mut self, egui: &egui::Context, size: egui::Vec2) {
        let (now, now_s) = (egui.zoom_factor(), egui.input(|input| input.time));
        self.zoom = now;
        if std::mem::take(&mut self.is_rescaled) {
            // Told nothing, the framework would make the window larger by as much, now that the
            // scale is in force.
            egui.send_viewport_cmd(egui::ViewportCommand::InnerSize(size / now));
        }
        match self.size {
            Some((last, _)) if (last - size).length() < 1.0 => {}
            None => self.size = Some((size, f64::MIN)),
            Some(_) => self.size = Some((size, now_s)),
        }
        let points = |length: f32| length.round().clamp(0.0, f32::from(u16::MAX)) as u16;
        let (width, height) = (points(size.x), points(size.y));
        let wanted = Window { width, height, ..self.shared.session.window() }.scale();
        if (wanted - now).abs() < 0.001 {
            return;
        }
        // A resting pointer is known in points, which must not change under a hand on the grip.
        let is_held = egui.input(|input| input.pointer.any_down());
        let has_stayed = self.size.is_some_and(|(_, since_s)| now_s - since_s >= REST_S);
        if is_held || !has_stayed {
            egui.request_repaint_after(std::time::Duration::from_secs_f64(REST_S));
        } else {
            egui.set_zoom_factor(wanted);
            self.is_rescaled = true;
        }
    }

    fn note_scale(&self, scale: f64) {
        if scale.is_finite() && scale > 0.0 {
            self.scale.store(scale, Ordering::Relaxed);
        }
    }
}

impl NiceEguiApp for App {
    fn build(
        &mut self,
        egui: egui::Context,
        context: GuiContext,
        frame: &mut Frame,
    ) -> Result<(), HandlerError> {
        self.life.begin();
        #[cfg(target_os = "linux")]
        drivers::keep_loaded();
        self.note_scale(frame.baseview_window().scale_factor());
        let screen = Screen::new(self.shared.clone(), context, Arc::clone(&self.memory))
            .with_desk(self.desk.clone());
        screen.set_up(&egui);
        self.screen = Some(screen);
        #[cfg(any(target_os = "linux", target_os = "windows"))]
        {
            let repaint = self.shared.feed.repaint().clone();
            self.access = Some(access::Access::new(&egui, frame.baseview_window(), repaint));
        }
        Ok(())
    }

    fn ui(&mut self, ui: &mut Ui, frame: &mut Frame) {
        let size = frame.baseview_window().size().logical;
        self.scale(ui.ctx(), egui::vec2(size.width as f32, size.height as f32));
        if let Some(screen) = &mut self.screen {
            frame.set_clear_color(screen.ground());
            screen.show(ui);
        }
    }

    /// The host dragged the window; the size is kept with the project.
    fn resized(&mut self, size: WindowSize) {
        // It comes as if everything that is drawn larger were pixels of the system's.
        let scale = size.scale_factor / f64::from(self.zoom);
        self.note_scale(scale);
        let points = |pixels: u32| (f64::from(pixels) / scale).round().clamp(0.0, 65_535.0) as u16;
        let (width, height) = (points(size.physical.width), points(size.physical.height));
        let window = Window { width, height, ..self.shared.session.window() };
        self.shared.session.set_window(window.in_range());
    }
}

#[cfg(test)]
mod tests;
