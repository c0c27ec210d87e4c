//! What the host answers when the plugin asks for something: it counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use clack_extensions::gui::{GuiSize, HostGui, HostGuiImpl};
use clack_extensions::latency::{HostLatency, HostLatencyImpl};
use clack_extensions::params::{
    HostParams, HostParamsImplMainThread, HostParamsImplShared, ParamClearFlags, ParamRescanFlags,
};
use clack_extensions::preset_discovery::HostPresetLoad;
use clack_extensions::state::{HostState, HostStateImpl};
use clack_host::prelude::*;
use clack_host::utils::ClapId;

/// How often the plugin asked for something.
#[derive(Default)]
pub struct Calls {
    /// To be started anew.
    pub restart: AtomicU32,
    /// To be called on the main thread.
    pub callback: AtomicU32,
    /// To have its state saved.
    pub dirty: AtomicU32,
    /// To have its latency read again.
    pub latency_changed: AtomicU32,
    /// To have its parameters read again.
    pub rescan: AtomicU32,
    /// To know that a preset was loaded.
    pub preset_loaded: AtomicU32,
    /// To show why one was not.
    pub preset_refused: AtomicU32,
    /// To have its window resized: the last size, its width in the upper half.
    pub resize: AtomicU64,
}

impl Calls {
    /// The count, which begins anew.
    pub fn take(counter: &AtomicU32) -> u32 {
        counter.swap(0, Ordering::SeqCst)
    }
}

/// What all threads of the host answer with.
pub struct Shared(pub(super) Arc<Calls>);

impl SharedHandler<'_> for Shared {
    fn request_restart(&self) {
        self.0.restart.fetch_add(1, Ordering::SeqCst);
    }
    fn request_process(&self) {}
    fn request_callback(&self) {
        self.0.callback.fetch_add(1, Ordering::SeqCst);
    }
}

impl HostParamsImplShared for Shared {
    fn request_flush(&self) {}
}

impl HostGuiImpl for Shared {
    fn resize_hints_changed(&self) {}
    fn request_resize(&self, size: GuiSize) -> Result<(), HostError> {
        let size = u64::from(size.width) << 32 | u64::from(size.height);
        self.0.resize.store(size, Ordering::SeqCst);
        Ok(())
    }
    fn request_show(&self) -> Result<(), HostError> {
        Ok(())
    }
    fn request_hide(&self) -> Result<(), HostError> {
        Ok(())
    }
    fn closed(&self, _: bool) {}
}

/// What its main thread answers with.
pub struct MainThread(pub(crate) Arc<Calls>);

impl MainThreadHandler<'_> for MainThread {}

impl HostStateImpl for MainThread {
    fn mark_dirty(&self) {
        self.0.dirty.fetch_add(1, Ordering::SeqCst);
    }
}

impl HostLatencyImpl for MainThread {
    fn changed(&self) {
        self.0.latency_changed.fetch_add(1, Ordering::SeqCst);
    }
}

impl HostParamsImplMainThread for MainThread {
    fn rescan(&self, _: ParamRescanFlags) {
        self.0.rescan.fetch_add(1, Ordering::SeqCst);
    }
    fn clear(&self, _: ClapId, _: ParamClearFlags) {}
}

/// Both.
pub struct Handlers;

impl HostHandlers for Handlers {
    type Shared<'a> = Shared;
    type MainThread<'a> = MainThread;
    type AudioProcessor<'a> = ();

    fn declare_extensions(builder: &mut HostExtensions<Self>, _: &Shared) {
        builder.register::<HostState>().register::<HostLatency>().register::<HostParams>();
        builder.register::<HostGui>().register::<HostPresetLoad>();
    }
}
