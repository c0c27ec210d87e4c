//! UI Automation: a window answers when it is asked what it is.

use accesskit_windows::{HWND, SubclassingAdapter};
use egui::accesskit::{ActivationHandler, TreeUpdate};
use nice_plug_egui::baseview::WindowContext;
use raw_window_handle::{HasWindowHandle, RawWindowHandle};
use windows::Win32::Foundation::HMODULE;
use windows::Win32::System::LibraryLoader::{
    GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, GET_MODULE_HANDLE_EX_FLAG_PIN, GetModuleHandleExW,
};
use windows::core::PCWSTR;

use crate::editor::access::Handlers;

pub(super) struct Adapter(SubclassingAdapter);

impl Adapter {
    /// baseview makes a window's content before it shows the window, as this wants it.
    pub(super) fn new(window: &WindowContext, handlers: impl Fn() -> Handlers) -> Option<Self> {
        let RawWindowHandle::Win32(handle) = window.window_handle().ok()?.as_raw() else {
            return None;
        };
        let window = HWND(handle.hwnd.get() as *mut _);
        Some(Self(SubclassingAdapter::new(window, Listened(handlers()), handlers())))
    }

    /// The adapter sees the window's focus itself.
    pub(super) fn set_focus(&mut self, _: bool) {}

    pub(super) fn tell(&mut self, tree: TreeUpdate) -> impl FnOnce() + use<> {
        let events = self.0.update_if_active(|| tree);
        || events.into_iter().for_each(|events| events.raise())
    }
}

/// Whoever asks keeps objects of ours, also when the window is gone: from then on the library stays
/// loaded.
struct Listened(Handlers);

impl ActivationHandler for Listened {
    fn request_initial_tree(&mut self) -> Option<TreeUpdate> {
        keep_loaded();
        self.0.request_initial_tree()
    }
}

fn keep_loaded() {
    let flags = GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS;
    let mut module = HMODULE::default();
    // SAFETY: with this flag the name is an address in the module, here a function's; the handle
    // is written to a variable that outlives the call, and left alone.
    let kept = unsafe { GetModuleHandleExW(flags, PCWSTR(keep_loaded as *const u16), &mut module) };
    drop(kept);
}
