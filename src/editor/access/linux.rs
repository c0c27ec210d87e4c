//! AT-SPI: a window tells of itself on D-Bus.
//!
//! With the first adapter of a process begin two threads, which last as long as the process: they
//! hear on the bus whether a screen reader is there. A host that unloads the plugin would take
//! their code from under them, so the library stays loaded then.

use std::ffi::{CStr, c_void};
use std::path::Path;
use std::sync::OnceLock;

use egui::accesskit::{Role, TreeUpdate};
use nice_plug_egui::baseview::WindowContext;

use crate::editor::access::Handlers;

pub(super) struct Adapter(accesskit_unix::Adapter);

impl Adapter {
    /// None without a bus, or where the library cannot be kept loaded.
    pub(super) fn new(_: &WindowContext, handlers: impl Fn() -> Handlers) -> Option<Self> {
        let may_begin = has_session_bus() && keep_loaded();
        may_begin.then(|| Self(accesskit_unix::Adapter::new(handlers(), handlers(), handlers())))
    }

    pub(super) fn set_focus(&mut self, has_focus: bool) {
        self.0.update_window_focus_state(has_focus);
    }

    pub(super) fn tell(&mut self, mut tree: TreeUpdate) -> impl FnOnce() + use<> {
        // AT-SPI has numbers for the values of sliders and no words.
        for (_, node) in tree.nodes.iter_mut().filter(|(_, node)| node.role() == Role::Slider) {
            if let Some(words) = node.value().map(str::to_owned) {
                node.set_description(words);
            }
        }
        self.0.update_if_active(|| tree);
        || ()
    }
}

/// Where a session's bus is, as D-Bus itself looks for it.
fn has_session_bus() -> bool {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR");
    std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_some_and(|address| !address.is_empty())
        || runtime.is_some_and(|folder| Path::new(&folder).join("bus").exists())
}

/// Keeps the library that holds this code loaded to the end of the process; false where that
/// fails. A program cannot be unloaded.
fn keep_loaded() -> bool {
    static IS_KEPT: OnceLock<bool> = OnceLock::new();
    *IS_KEPT.get_or_init(|| {
        let Some(own) = object_at(keep_loaded as *const c_void) else { return false };
        // SAFETY: reads a figure that the kernel gave the process.
        let headers = unsafe { libc::getauxval(libc::AT_PHDR) };
        let program = object_at(headers as *const c_void);
        if program.is_some_and(|program| program.dli_fbase == own.dli_fbase) {
            return true;
        }
        // SAFETY: the name is the loader's own string; the library is loaded already, so none of
        // its code runs, and the handle is never closed, which is the point.
        let handle = unsafe {
            let flags = libc::RTLD_LAZY | libc::RTLD_NOLOAD | libc::RTLD_NODELETE;
            libc::dlopen(CStr::from_ptr(own.dli_fname).as_ptr(), flags)
        };
        !handle.is_null()
    })
}

/// The program or library that is loaded at an address.
fn object_at(address: *const c_void) -> Option<libc::Dl_info> {
    let mut info = std::mem::MaybeUninit::<libc::Dl_info>::zeroed();
    // SAFETY: it looks the address up, whatever it is, and fills the struct where it finds it; all
    // zeros are a struct of null pointers.
    let (found, info) = unsafe { (libc::dladdr(address, info.as_mut_ptr()), info.assume_init()) };
    (found != 0 && !info.dli_fname.is_null()).then_some(info)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_needs_not_be_kept_and_a_library_is_told_from_it() {
        assert!(keep_loaded());
        let own = object_at(keep_loaded as *const c_void).unwrap();
        let other = object_at(libc::malloc as *const c_void).unwrap();
        assert_ne!(own.dli_fbase, other.dli_fbase);
    }
}
