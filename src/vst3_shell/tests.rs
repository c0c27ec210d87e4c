//! The VST3 object, called as a host calls it.

use super::host::vst3_id;
use super::*;

/// Changes of one parameter in one block.
struct Queue {
    id: ParamID,
    points: Vec<(int32, f64)>,
}

impl Class for Queue {
    type Interfaces = (IParamValueQueue,);
}

impl IParamValueQueueTrait for Queue {
    unsafe fn getParameterId(&self) -> ParamID {
        self.id
    }

    unsafe fn getPointCount(&self) -> int32 {
        self.points.len() as int32
    }

    unsafe fn getPoint(&self, index: int32, offset: *mut int32, value: *mut f64) -> tresult {
        let Some(&point) = self.points.get(index as usize) else { return kInvalidArgument };
        // SAFETY: the caller passes valid pointers.
        unsafe { (*offset, *value) = point };
        kResultOk
    }

    unsafe fn addPoint(&self, _: int32, _: f64, _: *mut int32) -> tresult {
        kNotImplemented
    }
}

/// Changes of all parameters in one block.
struct Changes(Vec<ComWrapper<Queue>>);

impl Class for Changes {
    type Interfaces = (IParameterChanges,);
}

impl IParameterChangesTrait for Changes {
    unsafe fn getParameterCount(&self) -> int32 {
        self.0.len() as int32
    }

    unsafe fn getParameterData(&self, index: int32) -> *mut IParamValueQueue {
        let queue = self.0.get(index as usize).and_then(|q| q.as_com_ref::<IParamValueQueue>());
        queue.map_or(ptr::null_mut(), |queue| queue.as_ptr())
    }

    unsafe fn addParameterData(&self, _: *const ParamID, _: *mut int32) -> *mut IParamValueQueue {
        ptr::null_mut()
    }
}

const MAX_BLOCK: int32 = 1024;

fn running_shell() -> ComWrapper<Shell> {
    let shell = ComWrapper::new(Shell::new().expect("an instance"));
    // SAFETY: nothing is asked of the pointers but to be valid for the call.
    unsafe {
        let mut setup: ProcessSetup = std::mem::zeroed();
        setup.sampleRate = 48_000.0;
        setup.maxSamplesPerBlock = MAX_BLOCK;
        assert_eq!(shell.setupProcessing(&raw mut setup), kResultOk);
        assert_eq!(shell.setActive(1), kResultOk);
        assert_eq!(shell.setProcessing(1), kResultOk);
    }
    shell
}

/// Processes stereo in place, with one input bus and, if asked, changes.
fn process(shell: &Shell, left: &mut [f32], right: &mut [f32], changes: Option<&Changes>) {
    let changes = changes.map(|changes| {
        let copy = changes.0.iter().map(|q| Queue { id: q.id, points: q.points.clone() });
        ComWrapper::new(Changes(copy.map(ComWrapper::new).collect()))
    });
    let mut channels = [left.as_mut_ptr(), right.as_mut_ptr()];
    // SAFETY: all pointers are valid until the call returns.
    unsafe {
        let mut bus: AudioBusBuffers = std::mem::zeroed();
        bus.numChannels = 2;
        bus.__field0.channelBuffers32 = channels.as_mut_ptr();
        let (mut inputs, mut outputs) = ([bus], [bus]);
        let mut data: ProcessData = std::mem::zeroed();
        data.numSamples = left.len() as int32;
        data.numInputs = 1;
        data.inputs = inputs.as_mut_ptr();
        data.numOutputs = 1;
        data.outputs = outputs.as_mut_ptr();
        if let Some(changes) = changes.as_ref().and_then(|c| c.as_com_ref::<IParameterChanges>()) {
            data.inputParameterChanges = changes.as_ptr();
        }
        assert_eq!(shell.process(&raw mut data), kResultOk);
    }
}

fn queue(id: &str, points: &[(int32, f64)]) -> ComWrapper<Queue> {
    ComWrapper::new(Queue { id: vst3_id(id), points: points.to_vec() })
}

#[test]
fn ids_are_the_frameworks() {
    let shell = Shell::new().expect("an instance");
    // SAFETY: the pointers are valid during the calls.
    unsafe {
        let n_params = shell.getParameterCount();
        assert_eq!(n_params as usize, shell.core.shared.params.iter().count());
        for index in 0..n_params {
            let mut info: ParameterInfo = std::mem::zeroed();
            assert_eq!(shell.getParameterInfo(index, &raw mut info), kResultOk);
            let control = shell.core.param(info.id).expect("an id of ours");
            assert_eq!(f64::from(control.default_normalized()), info.defaultNormalizedValue);
            // Some hosts, Ardour among them, show nothing else.
            let id = control.row().id;
            assert!(
                info.flags & ParameterInfo_::ParameterFlags_::kCanAutomate as int32 != 0,
                "{id}"
            );
        }
    }
}

#[test]
fn automation_lands_on_its_sample_and_in_order() {
    let shell = running_shell();
    let latency = shell.core.latency_samples() as usize;
    let (mut left, mut right) = (vec![0.25; MAX_BLOCK as usize], vec![0.25; MAX_BLOCK as usize]);
    // 1. Bypass until the sound has arrived: the output is the input.
    for _ in 0..latency / left.len() + 2 {
        left.fill(0.25);
        right.fill(0.25);
        process(&shell, &mut left, &mut right, Some(&Changes(vec![queue("bypass", &[(0, 1.0)])])));
    }
    assert!(left.iter().all(|&s| s == 0.25));
    // 2. Two parameters, four points: what counts is the last value, from its sample on.
    left.fill(0.25);
    right.fill(0.25);
    let changes = Changes(vec![
        queue("gain", &[(100, 0.9), (700, 0.0)]),
        queue("bypass", &[(300, 1.0), (700, 0.0)]),
        queue("mix", &[(650, 0.0)]),
    ]);
    process(&shell, &mut left, &mut right, Some(&changes));
    let first = left.iter().position(|&s| s != 0.25);
    assert_eq!(first, Some(700));
    assert_eq!(left, right);
    let settings = shell.core.shared.params.settings();
    assert_eq!((settings.output_gain_db, settings.mix, settings.bypass), (-24.0, 0.0, false));
}

#[test]
fn changes_without_samples_count_too() {
    let shell = running_shell();
    let changes = Changes(vec![queue("reduction", &[(0, 0.25), (5, 0.5)])]);
    process(&shell, &mut [], &mut [], Some(&changes));
    assert_eq!(shell.core.shared.params.settings().amount, 0.5);
}

#[test]
fn a_parameter_set_while_audio_runs_is_known_at_once() {
    let shell = running_shell();
    // SAFETY: plain values.
    unsafe {
        assert_eq!(shell.setParamNormalized(vst3_id("bypass"), 1.0), kResultOk);
        assert_eq!(shell.getParamNormalized(vst3_id("bypass")), 1.0);
        assert_eq!(shell.setParamNormalized(vst3_id("no such"), 1.0), kInvalidArgument);
        assert_eq!(shell.setParamNormalized(vst3_id("bypass"), f64::NAN), kInvalidArgument);
    }
}

#[test]
fn latency_is_known_before_activation_and_constant_after() {
    let shell = ComWrapper::new(Shell::new().expect("an instance"));
    // SAFETY: nothing is asked of the pointer but to be valid for the call.
    unsafe {
        let mut setup: ProcessSetup = std::mem::zeroed();
        setup.sampleRate = 96_000.0;
        setup.maxSamplesPerBlock = MAX_BLOCK;
        shell.setupProcessing(&raw mut setup);
        assert_eq!(shell.getLatencySamples(), 3_840);
        shell.setActive(1);
        // Studio is the last of the three modes.
        shell.setParamNormalized(vst3_id("latency"), 1.0);
        assert_eq!(shell.getLatencySamples(), 3_840);
        shell.setActive(0);
        assert_eq!(shell.getLatencySamples(), 7_680);
    }
}
