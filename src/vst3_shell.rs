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
//!   none into the host's run loop ([`view`]), where only a hand on the corner is carried.
//!
//! Without tasks nothing but the main thread ever touches the editor window. On the way this layer
//! reports the latency before the first activation, restarts the host once per new latency mode,
//! and tells the host when a capture changed what would be saved.

mod automation;
mod buses;
mod factory;
mod grip;
mod host;
mod stream;
mod view;

use std::ptr;
use std::sync::Arc;

use nice_plug::wrapper::vst3::Wrapper;
use nice_plug::wrapper::vst3::vst3::Steinberg::Vst::{CString, *};
use nice_plug::wrapper::vst3::vst3::Steinberg::*;
use nice_plug::wrapper::vst3::vst3::{Class, ComRef, ComWrapper};
use quell_formats::state::encode;

use crate::shared::take_last_built;
use crate::vst3_shell::automation::Automation;
use crate::vst3_shell::buses::{Bus, Silence, bus};
use crate::vst3_shell::host::Core;
use crate::vst3_shell::stream::{read_all, write_all};
use crate::vst3_shell::view::View;
use crate::{Quell, state};

/// The object that a host holds.
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
        let shared = take_last_built()?;
        Some(Self { inner, core: Core::new(shared), silence: Silence::new() })
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
        fn getBusInfo(
            media: MediaType,
            dir: BusDirection,
            index: int32,
            bus: *mut BusInfo
        ) -> tresult;
        fn getRoutingInfo(input: *mut RoutingInfo, output: *mut RoutingInfo) -> tresult;
        fn activateBus(media: MediaType, dir: BusDirection, index: int32, state: TBool) -> tresult;
    }

    unsafe fn setActive(&self, state: TBool) -> tresult {
        // SAFETY: as in `pass_on!`.
        let result = unsafe { self.inner.setActive(state) };
        let is_active = state != 0 && result == kResultOk;
        self.core.show_active(is_active);
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
        unsafe { View::around(self.inner.createView(name), &self.core.shared.grip) }
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
        self.core.param(id).map_or(0.0, |control| f64::from(control.normalized()))
    }

    unsafe fn setParamNormalized(&self, id: ParamID, value: ParamValue) -> tresult {
        let is_set = self.core.set(id, value);
        self.core.tell_host();
        if is_set { kResultOk } else { kInvalidArgument }
    }

    unsafe fn setComponentHandler(&self, handler: *mut IComponentHandler) -> tresult {
        // SAFETY: the host passes null or a valid object.
        self.core.set_handler(unsafe { ComRef::from_raw(handler) }.map(|h| h.to_com_ptr()));
        // SAFETY: as in `pass_on!`.
        unsafe { self.inner.setComponentHandler(handler) }
    }
}

impl IAudioProcessorTrait for Shell {
    pass_on! {
        fn getBusArrangement(
            dir: BusDirection,
            index: int32,
            arrangement: *mut SpeakerArrangement
        ) -> tresult;
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
            self.core.set_n_channels(main.count_ones() as u8);
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
        self.core.set_sample_rate_hz(rate_hz);
        // SAFETY: as in `pass_on!`.
        unsafe { self.inner.setupProcessing(setup) }
    }

    unsafe fn process(&self, data: *mut ProcessData) -> tresult {
        if data.is_null() || !self.core.is_set_up() {
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
                .and_then(|automation| {
                    automation.apply(due, |id, value| _ = self.core.set(id, value))
                })
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
        fn getProgramInfo(
            list: ProgramListID,
            index: int32,
            attribute: CString,
            value: *mut String128
        ) -> tresult;
        fn hasProgramPitchNames(list: ProgramListID, index: int32) -> tresult;
        fn getProgramPitchName(
            list: ProgramListID,
            index: int32,
            pitch: int16,
            name: *mut String128
        ) -> tresult;
        fn getSelectedUnit() -> UnitID;
        fn selectUnit(unit: UnitID) -> tresult;
        fn getUnitByBus(
            media: MediaType,
            dir: BusDirection,
            bus: int32,
            channel: int32,
            unit: *mut UnitID
        ) -> tresult;
        fn setUnitProgramData(list_or_unit: int32, index: int32, data: *mut IBStream) -> tresult;
    }
}

#[cfg(test)]
mod tests;
