//! The editor's window as a host holds it: the framework's view without its run loop.
//!
//! Given a host's frame, nice-plug 0.4 registers a handler with the host's run loop and opens a
//! pair of sockets for it, which hold themselves alive: 290 KiB and two sockets were lost with
//! every window. The handler carries tasks to the main thread, and of those this plugin has none;
//! so the framework never sees the frame. What the window itself wants of it is another size.

use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::sync::Arc;

use nice_plug::wrapper::vst3::vst3::Steinberg::*;
use nice_plug::wrapper::vst3::vst3::{Class, ComPtr, ComRef, ComWrapper};

use crate::grip::Grip;
use crate::vst3_shell::grip::Carrier;

/// The layer in front of the framework's view.
pub(super) struct View {
    inner: ComPtr<IPlugView>,
    /// This very object as the host holds it; not counted, or it would hold itself alive.
    itself: Cell<*mut IPlugView>,
    frame: RefCell<Option<ComPtr<IPlugFrame>>>,
    grip: Arc<Grip>,
    /// There while the window is open, in a host that can resize it.
    carrier: RefCell<Option<Carrier>>,
}

impl Class for View {
    type Interfaces = (IPlugView, IPlugViewContentScaleSupport);
}

impl View {
    /// Wraps what the framework made; nothing where it made nothing.
    ///
    /// # Safety
    /// `inner` must be null or a view whose one reference the caller gives away.
    pub(super) unsafe fn around(inner: *mut IPlugView, grip: &Arc<Grip>) -> *mut IPlugView {
        // SAFETY: the caller's promise.
        let Some(inner) = (unsafe { ComPtr::from_raw(inner) }) else {
            return std::ptr::null_mut();
        };
        let view = ComWrapper::new(Self {
            inner,
            itself: Cell::new(std::ptr::null_mut()),
            frame: RefCell::default(),
            grip: Arc::clone(grip),
            carrier: RefCell::default(),
        });
        let itself = view.to_com_ptr::<IPlugView>().map_or(std::ptr::null_mut(), ComPtr::into_raw);
        view.itself.set(itself);
        itself
    }

    /// Carries the window's wishes to the host, where there is a way.
    fn carry(&self) {
        let frame = self.frame.borrow().clone();
        // SAFETY: the carrier is dropped with this object, at the latest.
        let made = frame.and_then(|frame| unsafe {
            Carrier::new(frame, self.itself.get(), Arc::clone(&self.grip))
        });
        drop(self.carrier.replace(made));
    }

    /// Does it no longer.
    fn stop_carrying(&self) {
        drop(self.carrier.take());
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
        fn onWheel(distance: f32) -> tresult;
        fn onKeyDown(key: char16, key_code: int16, modifiers: int16) -> tresult;
        fn onKeyUp(key: char16, key_code: int16, modifiers: int16) -> tresult;
        fn getSize(size: *mut ViewRect) -> tresult;
        fn onSize(new_size: *mut ViewRect) -> tresult;
        fn onFocus(state: TBool) -> tresult;
        fn canResize() -> tresult;
        fn checkSizeConstraint(rect: *mut ViewRect) -> tresult;
    }

    unsafe fn attached(&self, parent: *mut c_void, type_: FIDString) -> tresult {
        // SAFETY: as in `pass_on!`.
        let result = unsafe { self.inner.attached(parent, type_) };
        if result == kResultOk {
            self.carry();
        }
        result
    }

    unsafe fn removed(&self) -> tresult {
        self.stop_carrying();
        // SAFETY: as in `pass_on!`.
        unsafe { self.inner.removed() }
    }

    /// Kept from the framework, which would register itself with it.
    unsafe fn setFrame(&self, frame: *mut IPlugFrame) -> tresult {
        // SAFETY: the host passes null or a valid object.
        let frame = unsafe { ComRef::from_raw(frame) }.map(|frame| frame.to_com_ptr());
        if frame.is_none() {
            self.stop_carrying();
        }
        *self.frame.borrow_mut() = frame;
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
