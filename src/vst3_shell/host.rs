//! What the shell and the editor share: parameters by their VST3 ids, the host's handler, and what
//! the host has to be told.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use atomic_float::AtomicF64;
use nice_plug::context::PluginApi;
use nice_plug::context::gui::{GuiContext, GuiContextInner};
use nice_plug::params::internals::ParamPtr;
use nice_plug::plugin::PluginState;
use nice_plug::wrapper::vst3::vst3::ComPtr;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::*;
use nice_plug::wrapper::vst3::vst3::Steinberg::*;

use crate::Shared;
use crate::params::Control;

/// The part of the shell that the editor's thread may use, too.
pub(super) struct Core {
    pub(super) shared: Shared,
    /// VST3's ids and the parameters' places in the table, in the order of the ids.
    ids: Vec<(ParamID, usize)>,
    handler: Mutex<Option<ComPtr<IComponentHandler>>>,
    /// Rate of `setupProcessing`, Hz.
    sample_rate_hz: AtomicF64,
    is_active: AtomicBool,
    /// Channels of the main and of the noise input.
    layout: [AtomicU8; 2],
    /// Latency mode that runs or that the host was last asked to restart for.
    known_mode: AtomicU8,
}

/// The id the framework derives from a parameter's name: it is in saved automation, so it must not
/// change (the tests compare).
pub(super) fn vst3_id(id: &str) -> ParamID {
    let hash = id.bytes().fold(0u32, |h, byte| h.wrapping_mul(31).wrapping_add(u32::from(byte)));
    // The top bit belongs to hosts.
    hash & !(1 << 31)
}

impl Core {
    pub(super) fn new(shared: Shared) -> Arc<Self> {
        let id = |control: &Control| (vst3_id(control.row().id), control.place());
        let mut ids: Vec<_> = shared.params.iter().map(id).collect();
        ids.sort_unstable();
        let core = Arc::new(Self {
            shared,
            ids,
            handler: Mutex::new(None),
            sample_rate_hz: AtomicF64::new(0.0),
            is_active: AtomicBool::new(false),
            layout: [AtomicU8::new(2), AtomicU8::new(2)],
            known_mode: AtomicU8::new(u8::MAX),
        });
        core.shared.edits.fill(GuiContext::new(Arc::new(Edits(Arc::downgrade(&core)))));
        core
    }

    pub(super) fn param(&self, id: ParamID) -> Option<&Control> {
        let idx = self.ids.binary_search_by_key(&id, |&(id, _)| id).ok()?;
        Some(&self.shared.params[self.ids[idx].1])
    }

    fn id_of(&self, param: ParamPtr) -> Option<ParamID> {
        let control = self.shared.params.iter().find(|control| control.ptr() == param)?;
        Some(vst3_id(control.row().id))
    }

    /// Sets a parameter; from any thread, as it only stores to atomics.
    pub(super) fn set(&self, id: ParamID, value: ParamValue) -> bool {
        let Some(control) = self.param(id).filter(|_| value.is_finite()) else { return false };
        control.set_normalized(value.clamp(0.0, 1.0) as f32);
        self.shared.feed.request_repaint();
        true
    }

    pub(super) fn set_handler(&self, handler: Option<ComPtr<IComponentHandler>>) {
        *self.handler.lock().unwrap_or_else(PoisonError::into_inner) = handler;
    }

    /// The host's handler, held for one call without keeping the lock.
    fn handler(&self) -> Option<ComPtr<IComponentHandler>> {
        self.handler.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn n_channels(&self) -> [usize; 2] {
        self.layout.each_ref().map(|n| usize::from(n.load(Ordering::Relaxed)))
    }

    pub(super) fn set_n_channels(&self, n_channels: u8) {
        self.layout.iter().for_each(|bus| bus.store(n_channels, Ordering::Relaxed));
    }

    pub(super) fn set_sample_rate_hz(&self, sample_rate_hz: f64) {
        self.sample_rate_hz.store(sample_rate_hz, Ordering::Relaxed);
    }

    /// Whether the host has said what the stream is like.
    pub(super) fn is_set_up(&self) -> bool {
        self.sample_rate_hz.load(Ordering::Relaxed) != 0.0
    }

    /// A stream began, in the mode that is set now, or ended.
    pub(super) fn show_active(&self, is_active: bool) {
        self.known_mode.store(self.mode_idx(), Ordering::Release);
        self.is_active.store(is_active, Ordering::Release);
    }

    fn mode_idx(&self) -> u8 {
        self.shared.params.settings().latency as u8
    }

    /// Tells the host what it has to know. Never on the audio thread.
    pub(super) fn tell_host(&self) {
        let is_restart_due = self.is_active.load(Ordering::Acquire)
            && self.known_mode.swap(self.mode_idx(), Ordering::AcqRel) != self.mode_idx();
        let is_dirty = self.shared.link.is_dirty();
        if !is_restart_due && !is_dirty {
            return;
        }
        let Some(handler) = self.handler() else { return };
        if is_dirty && self.shared.link.take_source_change() {
            // SAFETY: the host's object is alive while we hold it.
            unsafe { handler.restartComponent(RestartFlags_::kParamValuesChanged as int32) };
        }
        if is_dirty
            && self.shared.link.take_dirty()
            && let Some(handler) = handler.cast::<IComponentHandler2>()
        {
            // SAFETY: the host's object is alive while we hold it.
            unsafe { handler.setDirty(1) };
        }
        if is_restart_due {
            // SAFETY: as above.
            unsafe { handler.restartComponent(RestartFlags_::kLatencyChanged as int32) };
        }
    }

    pub(super) fn latency_samples(&self) -> u32 {
        if self.is_active.load(Ordering::Acquire) {
            return self.shared.link.latency_samples();
        }
        let rate_hz = self.sample_rate_hz.load(Ordering::Relaxed);
        self.shared.params.latency_samples_at(rate_hz)
    }
}

/// The editor's way to the host.
struct Edits(Weak<Core>);

impl Edits {
    /// Calls the host with the id of a parameter.
    fn with_host(
        &self,
        param: ParamPtr,
        call: impl FnOnce(&Core, ParamID, Option<ComPtr<IComponentHandler>>),
    ) {
        let Some(core) = self.0.upgrade() else { return };
        let Some(id) = core.id_of(param) else { return };
        let handler = core.handler();
        call(&core, id, handler);
    }
}

impl GuiContextInner for Edits {
    fn plugin_api(&self) -> PluginApi {
        PluginApi::Vst3
    }

    unsafe fn raw_begin_set_parameter(&self, param: ParamPtr) {
        self.with_host(param, |_, id, handler| {
            // SAFETY: the host's object is alive while we hold it.
            handler.map(|handler| unsafe { handler.beginEdit(id) });
        });
    }

    unsafe fn raw_set_parameter_normalized(&self, param: ParamPtr, value: f32) {
        self.with_host(param, |core, id, handler| {
            core.set(id, f64::from(value));
            // SAFETY: as above.
            handler.map(|handler| unsafe { handler.performEdit(id, f64::from(value)) });
        });
    }

    unsafe fn raw_end_set_parameter(&self, param: ParamPtr) {
        self.with_host(param, |core, id, handler| {
            // SAFETY: as above.
            handler.map(|handler| unsafe { handler.endEdit(id) });
            core.tell_host();
        });
    }

    /// State goes through [`crate::state`]; the editor has no use for the framework's form of it.
    fn get_state(&self) -> PluginState {
        PluginState {
            version: String::new(),
            params: Default::default(),
            fields: Default::default(),
        }
    }

    fn set_state(&self, _: PluginState) {}

    fn request_restart(&self) {
        if let Some(core) = self.0.upgrade() {
            core.tell_host();
        }
    }
}
