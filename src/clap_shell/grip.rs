//! The window's wish for another size. It comes from the window's thread; the host is asked on its
//! main thread, on which it also closes windows: so neither meets the other half-way.

use clap_sys::ext::gui::{CLAP_EXT_GUI, clap_plugin_gui};
use clap_sys::host::clap_host;

use super::Shell;

/// The host, for one function of it that may be called on any thread.
struct Waker(*const clap_host);

// SAFETY: only `request_callback` is called, which CLAP allows on every thread; the shell takes the
// waker back (`withdraw`) before the host is gone.
unsafe impl Send for Waker {}

impl Waker {
    fn wake(&self) {
        // SAFETY: as said above.
        unsafe {
            if let Some(request_callback) = (*self.0).request_callback {
                request_callback(self.0);
            }
        }
    }
}

/// Offers to carry wishes where the host takes such requests.
///
/// # Safety
/// The host must be valid until the grip is withdrawn.
pub(super) unsafe fn offer(shell: &Shell) {
    // SAFETY: the extension's table lives as long as the host.
    let gui = unsafe { shell.host_ext.get().gui.as_ref() };
    if gui.is_some_and(|gui| gui.request_resize.is_some()) {
        let waker = Waker(shell.host);
        shell.shared.grip.offer(move || waker.wake());
    }
}

/// Asks the host for the size that was wished for, and takes it.
///
/// # Safety
/// On the main thread only.
pub(super) unsafe fn follow(shell: &Shell) {
    let Some([width, height]) = shell.shared.grip.take() else { return };
    // SAFETY: as in `offer`; the framework's table lives as long as its plugin.
    unsafe {
        let ask = shell.host_ext.get().gui.as_ref().and_then(|gui| gui.request_resize);
        let is_followed = ask.is_some_and(|ask| ask(shell.host, width, height));
        shell.shared.grip.answer(is_followed);
        if !is_followed {
            return;
        }
        // The host has made room, and need not say so. A window that is gone meanwhile says no.
        let extension = (*shell.inner).get_extension;
        let gui = extension.map(|get| get(shell.inner, CLAP_EXT_GUI.as_ptr()));
        let gui = gui.and_then(|gui| gui.cast::<clap_plugin_gui>().as_ref());
        if let Some(set_size) = gui.and_then(|gui| gui.set_size) {
            set_size(shell.inner, width, height);
        }
    }
}
