//! The window's wish for another size, carried by a timer of the host's own run loop: VST3 has no
//! other way to the host's thread, and only hosts on Linux have this one.

use std::sync::Arc;

use nice_plug::wrapper::vst3::vst3::Steinberg::Linux::*;
use nice_plug::wrapper::vst3::vst3::Steinberg::*;
use nice_plug::wrapper::vst3::vst3::{Class, ComPtr, ComWrapper};

use crate::grip::Grip;

/// Time between two looks for a wish: a hand should not feel it.
const LOOK_MS: u64 = 20;

/// Carries wishes for as long as it is kept. To be dropped on the host's thread.
pub(super) struct Carrier {
    run_loop: ComPtr<IRunLoop>,
    timer: ComPtr<ITimerHandler>,
    grip: Arc<Grip>,
}

impl Carrier {
    /// Nothing where the host has no run loop to share.
    ///
    /// # Safety
    /// `view` must be valid for as long as the carrier is kept.
    pub(super) unsafe fn new(
        frame: ComPtr<IPlugFrame>,
        view: *mut IPlugView,
        grip: Arc<Grip>,
    ) -> Option<Self> {
        let run_loop = frame.cast::<IRunLoop>()?;
        let timer = ComWrapper::new(Timer { frame, view, grip: Arc::clone(&grip) });
        let timer = timer.to_com_ptr::<ITimerHandler>()?;
        // SAFETY: the timer lives until `drop` has taken it back.
        let result = unsafe { run_loop.registerTimer(timer.as_ptr(), LOOK_MS) };
        if result != kResultOk {
            return None;
        }
        grip.offer(|| {});
        Some(Self { run_loop, timer, grip })
    }
}

impl Drop for Carrier {
    fn drop(&mut self) {
        self.grip.withdraw();
        // SAFETY: it was registered, and is alive.
        unsafe { self.run_loop.unregisterTimer(self.timer.as_ptr()) };
    }
}

struct Timer {
    frame: ComPtr<IPlugFrame>,
    view: *mut IPlugView,
    grip: Arc<Grip>,
}

impl Class for Timer {
    type Interfaces = (ITimerHandler,);
}

impl ITimerHandlerTrait for Timer {
    unsafe fn onTimer(&self) {
        let Some([width, height]) = self.grip.take() else { return };
        // Copies: a host may take the view apart meanwhile, and this with it.
        let (frame, view, grip) = (self.frame.clone(), self.view, Arc::clone(&self.grip));
        let mut size = ViewRect { left: 0, top: 0, right: width as int32, bottom: height as int32 };
        // SAFETY: we are on the host's thread, and the view is the one that it holds.
        grip.answer(unsafe { frame.resizeView(view, &raw mut size) } == kResultOk);
    }
}
