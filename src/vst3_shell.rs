//! The VST3 entry: a layer between the host and the framework's VST3 wrapper.
//!
//! nice-plug 0.4 posts a task whenever a parameter changes on another thread than the main one. On
//! Linux that task runs on a worker thread and borrows the editor window; if the host opens or
//! closes the editor at that moment, the borrow panics and takes the host with it. It also wakes
//! the worker with a system call from the audio thread, and it drops what a host sets while audio
//! runs. So no parameter change reaches the framework here:
//! - automation is applied by [`Shell::process`], which cuts the block where a value changes;
//! - what the host sets, and what the editor sets, goes straight to the parameters;
//! - state is ours ([`crate::state`]), refused as a whole when damaged;
//! - the editor's window has no callback into the framework ([`crate::editor`]), and the framework
//!   none into the host's run loop ([`view`]).
//!
//! Without tasks nothing but the main thread ever touches the editor window. On the way this layer
//! reports the latency before the first activation, restarts the host once per new latency mode,
//! and tells the host when a capture changed what would be saved.

mod view;

use std::ffi::c_void;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use atomic_float::AtomicF64;
use nice_plug::context::PluginApi;
use nice_plug::context::gui::{GuiContext, GuiContextInner};
use nice_plug::params::Params;
use nice_plug::params::internals::ParamPtr;
use nice_plug::plugin::PluginState;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::{CString, *};
use nice_plug::wrapper::vst3::vst3::Steinberg::*;
use nice_plug::wrapper::vst3::vst3::{Class, ComPtr, ComRef, ComWrapper};
use nice_plug::wrapper::vst3::{PluginInfo, Wrapper};

use quell_formats::state::{MAX_LEN, encode};

use crate::vst3_shell::view::View;
use crate::{Quell, Shared, state};

// ---- Entry points ----------------------------------------------------------------------------

/// Where hosts begin.
#[unsafe(no_mangle)]
pub extern "system" fn GetPluginFactory() -> *mut c_void {
    let factory = ComWrapper::new(Factory { info: PluginInfo::for_plugin::<Quell>() });
    factory.to_com_ptr::<IPluginFactory>().map_or(ptr::null_mut(), |f| f.into_raw().cast())
}

macro_rules! module_entries {
    ($($abi:literal $enter:ident($($arg:ty)?), $leave:ident;)+) => {$(
        /// The library was loaded.
        #[unsafe(no_mangle)]
        pub extern $abi fn $enter($(_: $arg)?) -> bool {
            nice_plug::wrapper::setup_logger::<Quell>();
            true
        }

        /// The library is about to go.
        #[unsafe(no_mangle)]
        pub extern $abi fn $leave() -> bool {
            true
        }
    )+};
}

#[cfg(all(target_family = "unix", not(target_os = "macos")))]
module_entries! { "C" ModuleEntry(*mut c_void), ModuleExit; }
#[cfg(target_os = "macos")]
module_entries! { "C" bundleEntry(*mut c_void), bundleExit; }
#[cfg(target_os = "windows")]
module_entries! { "system" InitDll(), ExitDll; }

struct Factory {
    info: PluginInfo,
}

impl Class for Factory {
    type Interfaces = (IPluginFactory, IPluginFactory2, IPluginFactory3);
}

/// Writes `value` where the host wants it.
///
/// # Safety
/// `target` must be null or valid.
unsafe fn put<T>(target: *mut T, value: T) -> tresult {
    if target.is_null() {
        return kInvalidArgument;
    }
    // SAFETY: the caller's promise.
    unsafe { target.write(value) };
    kResultOk
}

impl IPluginFactoryTrait for Factory {
    unsafe fn getFactoryInfo(&self, info: *mut PFactoryInfo) -> tresult {
        // SAFETY: the host passes valid pointers; so in every function of this file.
        unsafe { put(info, self.info.create_factory_info()) }
    }

    unsafe fn countClasses(&self) -> int32 {
        1
    }

    unsafe fn getClassInfo(&self, index: int32, info: *mut PClassInfo) -> tresult {
        if index != 0 {
            return kInvalidArgument;
        }
        // SAFETY: as above.
        unsafe { put(info, self.info.create_class_info()) }
    }

    unsafe fn createInstance(
        &self,
        class_id: FIDString,
        interface_id: FIDString,
        object: *mut *mut c_void,
    ) -> tresult {
        if class_id.is_null() || interface_id.is_null() || object.is_null() {
            return kInvalidArgument;
        }
        // SAFETY: class ids have 16 bytes.
        if unsafe { &*class_id.cast::<[u8; 16]>() } != self.info.cid {
            return kInvalidArgument;
        }
        let Some(shell) = Shell::new() else { return kResultFalse };
        let shell = ComWrapper::new(shell);
        let Some(unknown) = shell.as_com_ref::<FUnknown>() else { return kNoInterface };
        let unknown = unknown.as_ptr();
        // SAFETY: the pointer is that of a living object, which `queryInterface` shares with the
        // host before ours goes.
        unsafe { ((*(*unknown).vtbl).queryInterface)(unknown, interface_id.cast(), object) }
    }
}

impl IPluginFactory2Trait for Factory {
    unsafe fn getClassInfo2(&self, index: int32, info: *mut PClassInfo2) -> tresult {
        if index != 0 {
            return kInvalidArgument;
        }
        // SAFETY: as above.
        unsafe { put(info, self.info.create_class_info_2()) }
    }
}

impl IPluginFactory3Trait for Factory {
    unsafe fn getClassInfoUnicode(&self, index: int32, info: *mut PClassInfoW) -> tresult {
        if index != 0 {
            return kInvalidArgument;
        }
        // SAFETY: as above.
        unsafe { put(info, self.info.create_class_info_unicode()) }
    }

    unsafe fn setHostContext(&self, _: *mut FUnknown) -> tresult {
        kResultOk
    }
}

// ---- What shell and editor share --------------------------------------------------------------

/// The part of the shell that the editor's thread may use, too.
struct Core {
    shared: Shared,
    /// VST3's ids and the parameters, in the order of the ids. The pointers live as long as
    /// `shared.params`.
    params: Vec<(ParamID, ParamPtr)>,
    handler: Mutex<Option<ComPtr<IComponentHandler>>>,
    /// Bits of the rate of `setupProcessing`, Hz.
    sample_rate_hz: AtomicF64,
    is_active: AtomicBool,
    /// Channels of the main and of the noise input.
    layout: [AtomicU8; 2],
    /// Latency mode that runs or that the host was last asked to restart for.
    known_mode: AtomicU8,
}

/// The id the framework derives from a parameter's name: it is in saved automation, so it must not
/// change (the tests compare).
fn vst3_id(id: &str) -> ParamID {
    let hash = id.bytes().fold(0u32, |h, byte| h.wrapping_mul(31).wrapping_add(u32::from(byte)));
    // The top bit belongs to hosts.
    hash & !(1 << 31)
}

impl Core {
    fn new(shared: Shared) -> Self {
        let mut params: Vec<_> =
            shared.params.param_map().into_iter().map(|(id, p, _)| (vst3_id(&id), p)).collect();
        params.sort_unstable_by_key(|&(id, _)| id);
        Self {
            shared,
            params,
            handler: Mutex::new(None),
            sample_rate_hz: AtomicF64::new(0.0),
            is_active: AtomicBool::new(false),
            layout: [AtomicU8::new(2), AtomicU8::new(2)],
            known_mode: AtomicU8::new(u8::MAX),
        }
    }

    fn param(&self, id: ParamID) -> Option<ParamPtr> {
        let idx = self.params.binary_search_by_key(&id, |&(id, _)| id).ok()?;
        Some(self.params[idx].1)
    }

    fn id_of(&self, param: ParamPtr) -> Option<ParamID> {
        self.params.iter().find(|(_, p)| *p == param).map(|&(id, _)| id)
    }

    /// Sets a parameter; from any thread, as it only stores to atomics.
    fn set(&self, id: ParamID, value: ParamValue) -> bool {
        let Some(param) = self.param(id).filter(|_| value.is_finite()) else { return false };
        // SAFETY: the pointers live as long as `shared.params`, which this object holds.
        unsafe { param._internal_set_normalized_value(value.clamp(0.0, 1.0) as f32) };
        self.shared.feed.request_repaint();
        true
    }

    /// The host's handler, held for one call without keeping the lock.
    fn handler(&self) -> Option<ComPtr<IComponentHandler>> {
        self.handler.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn n_channels(&self) -> [usize; 2] {
        self.layout.each_ref().map(|n| usize::from(n.load(Ordering::Relaxed)))
    }

    fn mode_idx(&self) -> u8 {
        self.shared.params.settings().latency as u8
    }

    /// Tells the host what it has to know. Never on the audio thread.
    fn tell_host(&self) {
        let is_restart_due = self.is_active.load(Ordering::Acquire)
            && self.known_mode.swap(self.mode_idx(), Ordering::AcqRel) != self.mode_idx();
        let is_dirty = self.shared.link.is_dirty();
        if !is_restart_due && !is_dirty {
            return;
        }
        let Some(handler) = self.handler() else { return };
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

    fn latency_samples(&self) -> u32 {
        if self.is_active.load(Ordering::Acquire) {
            return self.shared.link.latency_samples();
        }
        let rate_hz = self.sample_rate_hz.load(Ordering::Relaxed);
        crate::latency_at(rate_hz, self.shared.params.settings().latency)
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

// ---- The object that a host holds --------------------------------------------------------------

struct Shell {
    inner: ComWrapper<Wrapper<Quell>>,
    core: Arc<Core>,
    silence: Silence,
}

impl Class for Shell {
    type Interfaces =
        (IComponent, IEditController, IAudioProcessor, IProcessContextRequirements, IUnitInfo);
}

impl Shell {
    fn new() -> Option<Self> {
        let inner = ComWrapper::new(Wrapper::<Quell>::new());
        let shared = crate::take_last_built()?;
        let core = Arc::new(Core::new(shared));
        core.shared.edits.fill(GuiContext::new(Arc::new(Edits(Arc::downgrade(&core)))));
        Some(Self { inner, core, silence: Silence::new() })
    }
}

/// Functions that the framework's wrapper does alone.
macro_rules! pass_on {
    ($(fn $name:ident($($arg:ident: $ty:ty),*) $(-> $ret:ty)?;)+) => {$(
        unsafe fn $name(&self, $($arg: $ty),*) $(-> $ret)? {
            // SAFETY: the host's promises to us are those we make.
            unsafe { self.inner.$name($($arg),*) }
        }
    )+};
}

impl IPluginBaseTrait for Shell {
    pass_on! {
        fn initialize(context: *mut FUnknown) -> tresult;
        fn terminate() -> tresult;
    }
}

impl IComponentTrait for Shell {
    pass_on! {
        fn getControllerClassId(class_id: *mut TUID) -> tresult;
        fn setIoMode(mode: IoMode) -> tresult;
        fn getBusCount(media: MediaType, dir: BusDirection) -> int32;
        fn getBusInfo(media: MediaType, dir: BusDirection, index: int32, bus: *mut BusInfo) -> tresult;
        fn getRoutingInfo(input: *mut RoutingInfo, output: *mut RoutingInfo) -> tresult;
        fn activateBus(media: MediaType, dir: BusDirection, index: int32, state: TBool) -> tresult;
    }

    unsafe fn setActive(&self, state: TBool) -> tresult {
        // SAFETY: as in `pass_on!`.
        let result = unsafe { self.inner.setActive(state) };
        let is_active = state != 0 && result == kResultOk;
        self.core.known_mode.store(self.core.mode_idx(), Ordering::Release);
        self.core.is_active.store(is_active, Ordering::Release);
        result
    }

    unsafe fn setState(&self, stream: *mut IBStream) -> tresult {
        // SAFETY: the host passes null or a valid stream.
        let Some(bytes) = (unsafe { read_all(stream) }) else { return kResultFalse };
        match state::load(&bytes, &self.core.shared) {
            Ok(()) => {
                self.core.tell_host();
                kResultOk
            }
            Err(error) => {
                nice_plug::prelude::nice_warn!("{error}; the running state was kept");
                kResultFalse
            }
        }
    }

    unsafe fn getState(&self, stream: *mut IBStream) -> tresult {
        let bytes = encode(&state::of(&self.core.shared));
        // SAFETY: the host passes null or a valid stream.
        if unsafe { write_all(stream, &bytes) } { kResultOk } else { kResultFalse }
    }
}

impl IEditControllerTrait for Shell {
    pass_on! {
        fn setComponentState(state: *mut IBStream) -> tresult;
        fn getParameterCount() -> int32;
        fn getParameterInfo(index: int32, info: *mut ParameterInfo) -> tresult;
        fn getParamStringByValue(id: ParamID, value: ParamValue, text: *mut String128) -> tresult;
        fn getParamValueByString(id: ParamID, text: *mut TChar, value: *mut ParamValue) -> tresult;
        fn normalizedParamToPlain(id: ParamID, value: ParamValue) -> ParamValue;
        fn plainParamToNormalized(id: ParamID, value: ParamValue) -> ParamValue;
    }

    unsafe fn createView(&self, name: FIDString) -> *mut IPlugView {
        // SAFETY: as in `pass_on!`; the framework hands over a view that is ours to keep.
        unsafe { View::around(self.inner.createView(name)) }
    }

    /// One object is component and controller, so there is nothing more to store.
    unsafe fn setState(&self, _: *mut IBStream) -> tresult {
        kResultOk
    }

    unsafe fn getState(&self, _: *mut IBStream) -> tresult {
        kResultOk
    }

    unsafe fn getParamNormalized(&self, id: ParamID) -> ParamValue {
        self.core.tell_host();
        // SAFETY: the pointers live as long as `core`.
        self.core.param(id).map_or(0.0, |p| f64::from(unsafe { p.unmodulated_normalized_value() }))
    }

    unsafe fn setParamNormalized(&self, id: ParamID, value: ParamValue) -> tresult {
        let is_set = self.core.set(id, value);
        self.core.tell_host();
        if is_set { kResultOk } else { kInvalidArgument }
    }

    unsafe fn setComponentHandler(&self, handler: *mut IComponentHandler) -> tresult {
        // SAFETY: the host passes null or a valid object.
        let ours = unsafe { ComRef::from_raw(handler) }.map(|handler| handler.to_com_ptr());
        *self.core.handler.lock().unwrap_or_else(PoisonError::into_inner) = ours;
        // SAFETY: as in `pass_on!`.
        unsafe { self.inner.setComponentHandler(handler) }
    }
}

impl IAudioProcessorTrait for Shell {
    pass_on! {
        fn getBusArrangement(dir: BusDirection, index: int32, arrangement: *mut SpeakerArrangement) -> tresult;
        fn canProcessSampleSize(size: int32) -> tresult;
        fn setProcessing(state: TBool) -> tresult;
        fn getTailSamples() -> uint32;
    }

    /// The framework compares the noise input with the main input's channels, so it can only be
    /// asked for layouts where both are alike; a host that leaves the noise input empty gets one
    /// that stays silent.
    unsafe fn setBusArrangements(
        &self,
        inputs: *mut SpeakerArrangement,
        n_inputs: int32,
        outputs: *mut SpeakerArrangement,
        n_outputs: int32,
    ) -> tresult {
        if inputs.is_null() || outputs.is_null() || !(1..=2).contains(&n_inputs) || n_outputs != 1 {
            return kResultFalse;
        }
        // SAFETY: the host passes as many arrangements as it says.
        let (main, noise, mut output) =
            unsafe { (*inputs, if n_inputs == 2 { *inputs.add(1) } else { 0 }, *outputs) };
        let is_alike = noise == 0 || noise.count_ones() == main.count_ones();
        let mut alike = [main; 2];
        // SAFETY: both arrays live until the call returns.
        let result =
            unsafe { self.inner.setBusArrangements(alike.as_mut_ptr(), 2, &raw mut output, 1) };
        if result == kResultOk {
            for n_channels in &self.core.layout {
                n_channels.store(main.count_ones() as u8, Ordering::Relaxed);
            }
        }
        if is_alike && n_inputs == 2 { result } else { kResultFalse }
    }

    unsafe fn getLatencySamples(&self) -> uint32 {
        self.core.latency_samples()
    }

    unsafe fn setupProcessing(&self, setup: *mut ProcessSetup) -> tresult {
        if setup.is_null() {
            return kInvalidArgument;
        }
        // SAFETY: just checked; the host passes a valid setup.
        let (rate_hz, max_block) = unsafe { ((*setup).sampleRate, (*setup).maxSamplesPerBlock) };
        self.silence.prepare(max_block);
        self.core.sample_rate_hz.store(rate_hz, Ordering::Relaxed);
        // SAFETY: as in `pass_on!`.
        unsafe { self.inner.setupProcessing(setup) }
    }

    unsafe fn process(&self, data: *mut ProcessData) -> tresult {
        if data.is_null() || self.core.sample_rate_hz.load(Ordering::Relaxed) == 0.0 {
            return kInvalidArgument;
        }
        // SAFETY: the host passes a valid block; the copy differs in what the framework must not
        // see.
        let mut block = unsafe { *data };
        // SAFETY: null or a valid object during the call.
        let changes = unsafe { ComRef::from_raw(block.inputParameterChanges) };
        block.inputParameterChanges = ptr::null_mut();
        let mut automation = changes.map(Automation::new);
        let n_samples = block.numSamples.max(0);
        let mut start = 0;
        loop {
            // 1. Everything that is due now; all of it where there is no sound to wait for.
            let due = if n_samples == 0 { int32::MAX } else { start };
            let end = automation
                .as_mut()
                .and_then(|automation| automation.apply(&self.core, due))
                .map_or(n_samples, |next| next.min(n_samples));
            // 2. The samples up to the next change.
            // SAFETY: `start..end` lies inside the block.
            let result = unsafe { self.process_part(&block, start, end) };
            if result != kResultOk || end >= n_samples {
                return result;
            }
            start = end;
        }
    }
}

impl Shell {
    /// Processes `start..end` of a block. The framework takes it for granted that every channel of
    /// the layout has memory, so what a host leaves out reads silence.
    unsafe fn process_part(&self, block: &ProcessData, start: int32, end: int32) -> tresult {
        let mut part = *block;
        part.numSamples = end - start;
        let [n_channels, n_noise_channels] = self.core.n_channels();
        let silence = self.silence.of(part.numSamples);
        let (mut inputs, mut output) = (Bus::empty(), Bus::empty());
        let mut noise = Bus::empty();
        // SAFETY: the host passes as many buses as it says, each valid for the whole block.
        unsafe {
            inputs.describe(bus(block.inputs, block.numInputs, 0), n_channels, start, silence);
            noise.describe(bus(block.inputs, block.numInputs, 1), n_noise_channels, start, silence);
            output.describe(bus(block.outputs, block.numOutputs, 0), n_channels, start, None);
        }
        let mut input_buses = [inputs.raw(), noise.raw()];
        let mut output_buses = [output.raw()];
        part.inputs = input_buses.as_mut_ptr();
        part.numInputs = 2;
        part.outputs = output_buses.as_mut_ptr();
        // Without an output there is nothing to do but parameters.
        part.numOutputs = int32::from(output.is_complete());
        // SAFETY: as in `pass_on!`.
        unsafe { self.inner.process(&raw mut part) }
    }
}

impl IProcessContextRequirementsTrait for Shell {
    pass_on! { fn getProcessContextRequirements() -> uint32; }
}

impl IUnitInfoTrait for Shell {
    pass_on! {
        fn getUnitCount() -> int32;
        fn getUnitInfo(index: int32, info: *mut UnitInfo) -> tresult;
        fn getProgramListCount() -> int32;
        fn getProgramListInfo(index: int32, info: *mut ProgramListInfo) -> tresult;
        fn getProgramName(list: ProgramListID, index: int32, name: *mut String128) -> tresult;
        fn getProgramInfo(list: ProgramListID, index: int32, attribute: CString, value: *mut String128) -> tresult;
        fn hasProgramPitchNames(list: ProgramListID, index: int32) -> tresult;
        fn getProgramPitchName(list: ProgramListID, index: int32, pitch: int16, name: *mut String128) -> tresult;
        fn getSelectedUnit() -> UnitID;
        fn selectUnit(unit: UnitID) -> tresult;
        fn getUnitByBus(media: MediaType, dir: BusDirection, bus: int32, channel: int32, unit: *mut UnitID) -> tresult;
        fn setUnitProgramData(list_or_unit: int32, index: int32, data: *mut IBStream) -> tresult;
    }
}

// ---- Automation --------------------------------------------------------------------------------

/// Most parameters that may change in one block; there are fewer.
const MAX_QUEUES: usize = 64;

/// The changes of one block, in the order of time, without a copy of them.
struct Automation<'a> {
    changes: ComRef<'a, IParameterChanges>,
    n_queues: usize,
    /// Points of each queue that were applied.
    n_applied: [int32; MAX_QUEUES],
}

impl<'a> Automation<'a> {
    fn new(changes: ComRef<'a, IParameterChanges>) -> Self {
        // SAFETY: the object is valid while the block is.
        let n_queues = unsafe { changes.getParameterCount() };
        let n_queues = usize::try_from(n_queues).unwrap_or(0).min(MAX_QUEUES);
        Self { changes, n_queues, n_applied: [0; MAX_QUEUES] }
    }

    /// Applies all points up to and including sample `due`; returns where the next one lies.
    fn apply(&mut self, core: &Core, due: int32) -> Option<int32> {
        let mut next = None::<int32>;
        for queue_idx in 0..self.n_queues {
            // SAFETY: the index is below the host's count; the host's objects outlive the block.
            let Some(queue) =
                (unsafe { ComRef::from_raw(self.changes.getParameterData(queue_idx as int32)) })
            else {
                continue;
            };
            // SAFETY: as above.
            let (id, n_points) = unsafe { (queue.getParameterId(), queue.getPointCount()) };
            while self.n_applied[queue_idx] < n_points {
                let (mut offset, mut value) = (0, 0.0);
                // SAFETY: as above.
                let result = unsafe {
                    queue.getPoint(self.n_applied[queue_idx], &raw mut offset, &raw mut value)
                };
                if result == kResultOk && offset > due {
                    next = Some(next.map_or(offset, |next| next.min(offset)));
                    break;
                }
                if result == kResultOk {
                    core.set(id, value);
                }
                self.n_applied[queue_idx] += 1;
            }
        }
        next
    }
}

/// Channels a bus of ours can have.
const MAX_CHANNELS: usize = 2;

/// The host's bus of this index, if there is one.
///
/// # Safety
/// `buses` must be null or hold `n_buses`.
unsafe fn bus<'a>(
    buses: *const AudioBusBuffers,
    n_buses: int32,
    idx: usize,
) -> Option<&'a AudioBusBuffers> {
    let exists = usize::try_from(n_buses).is_ok_and(|n| idx < n) && !buses.is_null();
    // SAFETY: the caller's promise.
    exists.then(|| unsafe { &*buses.add(idx) })
}

/// A bus with the channels of the layout, beginning somewhere in the block.
struct Bus {
    channels: [*mut f32; MAX_CHANNELS],
    n_channels: usize,
}

impl Bus {
    fn empty() -> Self {
        Self { channels: [ptr::null_mut(); MAX_CHANNELS], n_channels: 0 }
    }

    /// Takes the host's channels from sample `start` on, and `silence` for those it left out.
    ///
    /// # Safety
    /// The host's channels must be valid for `start` samples.
    unsafe fn describe(
        &mut self,
        bus: Option<&AudioBusBuffers>,
        n_channels: usize,
        start: int32,
        silence: Option<*mut f32>,
    ) {
        self.n_channels = n_channels.min(MAX_CHANNELS);
        let n_given = bus.map_or(0, |bus| usize::try_from(bus.numChannels).unwrap_or(0));
        for (idx, channel) in self.channels.iter_mut().enumerate().take(self.n_channels) {
            // SAFETY: the host's list has as many channels as it says.
            let given = bus.filter(|_| idx < n_given).and_then(|bus| unsafe {
                let list = bus.__field0.channelBuffers32;
                (!list.is_null()).then(|| *list.add(idx)).filter(|channel| !channel.is_null())
            });
            *channel = match given {
                // SAFETY: the caller's promise.
                Some(given) => unsafe { given.add(start as usize) },
                None => silence.unwrap_or(ptr::null_mut()),
            };
        }
    }

    fn is_complete(&self) -> bool {
        self.channels[..self.n_channels].iter().all(|channel| !channel.is_null())
    }

    /// As the framework takes it; a bus with a channel missing has none.
    fn raw(&mut self) -> AudioBusBuffers {
        // SAFETY: numbers and null pointers.
        let mut raw: AudioBusBuffers = unsafe { std::mem::zeroed() };
        if self.is_complete() {
            raw.numChannels = self.n_channels as int32;
            raw.__field0.channelBuffers32 = self.channels.as_mut_ptr();
        }
        raw
    }
}

/// Silence for channels that a host leaves out; nobody writes to it.
struct Silence {
    /// Replaced while no audio runs; only ever read through `start`.
    memory: Mutex<Vec<f32>>,
    start: AtomicPtr<f32>,
    len: AtomicI32,
}

impl Silence {
    fn new() -> Self {
        Self {
            memory: Mutex::new(Vec::new()),
            start: AtomicPtr::new(ptr::null_mut()),
            len: AtomicI32::new(0),
        }
    }

    /// Makes room for blocks of this length. Allocates.
    fn prepare(&self, len: int32) {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        *memory = vec![0.0; usize::try_from(len).unwrap_or(0)];
        self.start.store(memory.as_mut_ptr(), Ordering::Release);
        self.len.store(len, Ordering::Release);
    }

    /// So many samples of it; nothing where a host exceeds what it announced.
    fn of(&self, len: int32) -> Option<*mut f32> {
        let is_enough = len <= self.len.load(Ordering::Acquire);
        is_enough.then(|| self.start.load(Ordering::Acquire))
    }
}

// ---- Streams -----------------------------------------------------------------------------------

/// # Safety
/// `stream` must be null or valid.
unsafe fn read_all(stream: *mut IBStream) -> Option<Vec<u8>> {
    // SAFETY: the caller's promise.
    let stream = unsafe { ComRef::from_raw(stream) }?;
    let mut bytes = Vec::new();
    let mut chunk = [0u8; 4096];
    loop {
        let mut n = 0;
        // SAFETY: the host writes no further than the length says. Some hosts call the end of the
        // stream an error, so only the count is trusted.
        unsafe { stream.read(chunk.as_mut_ptr().cast(), chunk.len() as int32, &raw mut n) };
        match usize::try_from(n).ok()? {
            0 => return Some(bytes),
            n => bytes.extend_from_slice(chunk.get(..n)?),
        }
        if bytes.len() > MAX_LEN {
            return None;
        }
    }
}

/// # Safety
/// `stream` must be null or valid.
unsafe fn write_all(stream: *mut IBStream, mut bytes: &[u8]) -> bool {
    // SAFETY: the caller's promise.
    let Some(stream) = (unsafe { ComRef::from_raw(stream) }) else { return false };
    while !bytes.is_empty() {
        let mut n = 0;
        let len = int32::try_from(bytes.len()).unwrap_or(int32::MAX);
        // SAFETY: the host reads no further than the length says.
        unsafe { stream.write(bytes.as_ptr().cast_mut().cast(), len, &raw mut n) };
        match usize::try_from(n) {
            Ok(n @ 1..) => bytes = &bytes[n.min(bytes.len())..],
            _ => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests;
