//! The editor's window as a host holds it: the framework's view without its run loop.
//!
//! Given a host's frame, nice-plug 0.4 registers a handler with the host's run loop and opens a
//! pair of sockets for it, which hold themselves alive: 290 KiB and two sockets were lost with
//! every window. The handler carries tasks to the main thread, and of those this plugin has none;
//! so the framework never sees the frame.

use nice_plug::wrapper::vst3::vst3::Steinberg::*;
use nice_plug::wrapper::vst3::vst3::{Class, ComPtr, ComWrapper};
use std::ffi::c_void;

/// The layer in front of the framework's view.
pub(super) struct View {
    inner: ComPtr<IPlugView>,
}

impl Class for View {
    type Interfaces = (IPlugView, IPlugViewContentScaleSupport);
}

impl View {
    /// Wraps what the framework made; nothing where it made nothing.
    ///
    /// # Safety
    /// `inner` must be null or a view whose one reference the caller gives away.
    pub(super) unsafe fn around(inner: *mut IPlugView) -> *mut IPlugView {
        // SAFETY: the caller's promise.
        let Some(inner) = (unsafe { ComPtr::from_raw(inner) }) else {
            return std::ptr::null_mut();
        };
        let view = ComWrapper::new(Self { inner });
        view.to_com_ptr::<IPlugView>().map_or(std::ptr::null_mut(), ComPtr::into_raw)
    }
}

macro_rules! pass_on {
    ($(fn $name:ident($($arg:ident: $ty:ty),*) -> $ret:ty;)+) => {$(
        unsafe fn $name(&self, $($arg: $ty),*) -> $ret {
            // SAFETY: the host's promises to us are those we make.
            unsafe { self.inner.$name($($arg),*) }
        }
    )+};
}

impl IPlugViewTrait for View {
    pass_on! {
        fn isPlatformTypeSupported(type_: FIDString) -> tresult;
        fn attached(parent: *mut c_void, type_: FIDString) -> tresult;
        fn removed() -> tresult;
        fn onWheel(distance: f32) -> tresult;
        fn onKeyDown(key: char16, key_code: int16, modifiers: int16) -> tresult;
        fn onKeyUp(key: char16, key_code: int16, modifiers: int16) -> tresult;
        fn getSize(size: *mut ViewRect) -> tresult;
        fn onSize(new_size: *mut ViewRect) -> tresult;
        fn onFocus(state: TBool) -> tresult;
        fn canResize() -> tresult;
        fn checkSizeConstraint(rect: *mut ViewRect) -> tresult;
    }

    /// The frame is for views that ask for another size or need the host's run loop.
    unsafe fn setFrame(&self, _: *mut IPlugFrame) -> tresult {
        kResultOk
    }
}

impl IPlugViewContentScaleSupportTrait for View {
    unsafe fn setContentScaleFactor(&self, factor: f32) -> tresult {
        let Some(scale) = self.inner.cast::<IPlugViewContentScaleSupport>() else {
            return kNotImplemented;
        };
        // SAFETY: as in `pass_on!`.
        unsafe { scale.setContentScaleFactor(factor) }
    }
}
