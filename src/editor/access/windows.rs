//! UI Automation: a window answers when it is asked what it is.
//!
//! Nobody has tried this with a reader yet. So it stands in no window's way but where a reader has
//! told the system that it is there before the window opens.

use accesskit_windows::{HWND, SubclassingAdapter};
use egui::accesskit::{ActivationHandler, TreeUpdate};
use nice_plug_egui::baseview::WindowContext;
use raw_window_handle::{HasWindowHandle, RawWindowHandle};
use windows::Win32::Foundation::HMODULE;
use windows::Win32::System::LibraryLoader::{
    GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS, GET_MODULE_HANDLE_EX_FLAG_PIN, GetModuleHandleExW,
};
use windows::Win32::UI::WindowsAndMessaging::{
    SPI_GETSCREENREADER, SYSTEM_PARAMETERS_INFO_UPDATE_FLAGS, SystemParametersInfoW,
};
use windows::core::{BOOL, PCWSTR};

use crate::editor::access::Handlers;

pub(super) struct Adapter(SubclassingAdapter);

impl Adapter {
    /// baseview makes a window's content before it shows the window, as this wants it.
    pub(super) fn new(window: &WindowContext, handlers: impl Fn() -> Handlers) -> Option<Self> {
        if !is_reader_there() {
            return None;
        }
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

/// Whether a reader has told the system of itself.
fn is_reader_there() -> bool {
    let (mut is_there, no_flags) = (BOOL(0), SYSTEM_PARAMETERS_INFO_UPDATE_FLAGS(0));
    let place = Some((&raw mut is_there).cast());
    // SAFETY: with this action the system writes one such value to the place, a variable's.
    let asked = unsafe { SystemParametersInfoW(SPI_GETSCREENREADER, 0, place, no_flags) };
    asked.is_ok() && is_there.as_bool()
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
