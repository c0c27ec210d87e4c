//! The plugins as a host meets them: through pointers.

use core::ffi::{CStr, c_ulong};

use quell_core::{Choice, Denoiser, Engine, LatencyMode, ProfileSource, Settings, StreamSpec};
use quell_ladspa::abi::{AUDIO, CONTROL, Descriptor, Handle, INPUT, OUTPUT};
use quell_ladspa::ladspa_descriptor;

#[global_allocator]
static ALLOCATOR: assert_no_alloc::AllocDisabler = assert_no_alloc::AllocDisabler;

const RATE_HZ: u32 = 44_100;

fn descriptor(n_channels: usize) -> &'static Descriptor {
    // SAFETY: descriptors live as long as the library.
    unsafe { ladspa_descriptor(n_channels as c_ulong - 1).as_ref() }.unwrap()
}

/// An instance with every port connected.
struct Rig {
    descriptor: &'static Descriptor,
    handle: Handle,
    controls: Box<[f32; 4]>,
    latency: Box<f32>,
    n_channels: usize,
}

impl Rig {
    fn new(n_channels: usize, controls: [f32; 4]) -> Self {
        let descriptor = descriptor(n_channels);
        // SAFETY: the plugin's own function.
        let handle = unsafe { descriptor.instantiate.unwrap()(descriptor, RATE_HZ.into()) };
        assert!(!handle.is_null());
        let (controls, latency) = (Box::new(controls), Box::new(-1.0));
        let mut rig = Self { descriptor, handle, controls, latency, n_channels };
        for port in 0..4 {
            let place = &raw mut rig.controls[port];
            rig.connect(port, place);
        }
        let place = &raw mut *rig.latency;
        rig.connect(4 + 2 * n_channels, place);
        // SAFETY: the handle is the plugin's.
        unsafe { descriptor.activate.unwrap()(handle) };
        rig
    }

    fn connect(&self, port: usize, place: *mut f32) {
        // SAFETY: the places outlive the runs.
        unsafe { self.descriptor.connect_port.unwrap()(self.handle, port as c_ulong, place) };
    }

    /// Sound through the plugin, each block in place or into other memory, without an allocation.
    fn play(&self, sound: &mut [Vec<f32>], block: usize, is_in_place: bool) {
        let mut outputs = vec![vec![0.0; block]; self.n_channels];
        let n = sound[0].len();
        let mut start = 0;
        while start < n {
            let len = block.min(n - start);
            for channel in 0..self.n_channels {
                let input = &raw mut sound[channel][start];
                let output = if is_in_place { input } else { outputs[channel].as_mut_ptr() };
                self.connect(4 + channel, input);
                self.connect(4 + self.n_channels + channel, output);
            }
            // SAFETY: every port is connected to `len` samples or a number.
            assert_no_alloc::assert_no_alloc(|| unsafe {
                self.descriptor.run.unwrap()(self.handle, len as c_ulong);
            });
            if !is_in_place {
                for (sound, output) in sound.iter_mut().zip(&outputs) {
                    sound[start..start + len].copy_from_slice(&output[..len]);
                }
            }
            start += len;
        }
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        // SAFETY: nobody uses the handle any more.
        unsafe { self.descriptor.cleanup.unwrap()(self.handle) };
    }
}

fn sound(n_channels: usize) -> Vec<Vec<f32>> {
    let mut random = fastrand::Rng::with_seed(0x1ad);
    (0..n_channels)
        .map(|channel| {
            (0..2 * RATE_HZ as usize)
                .map(|idx| {
                    let tone = (0.06 * (1 + channel) as f32 * idx as f32).sin();
                    let is_on = idx / 9_000 % 2 == 1;
                    0.05 * (random.f32() - 0.5) + if is_on { 0.2 * tone } else { 0.0 }
                })
                .collect()
        })
        .collect()
}

/// What the library itself makes of it.
fn expected(mut sound: Vec<Vec<f32>>, engine: Engine, mode: LatencyMode) -> (Vec<Vec<f32>>, usize) {
    let spec = StreamSpec {
        sample_rate_hz: RATE_HZ.into(),
        n_channels: sound.len(),
        n_noise_channels: 0,
        mode,
    };
    let mut stream = Denoiser::new(spec).unwrap();
    let settings = Settings {
        reduction_db: -14.0,
        sensitivity: 2.0,
        profile_source: ProfileSource::Adaptive,
        engine,
        ..Settings::default()
    };
    let mut io: Vec<&mut [f32]> = sound.iter_mut().map(|channel| &mut channel[..]).collect();
    stream.process(&mut io, None, &settings, &mut ());
    (sound, stream.latency_samples())
}

#[test]
fn it_sounds_like_the_library_bit_for_bit_however_blocks_are_cut_and_where_they_lie() {
    for (n_channels, engine, mode) in [
        (1, Engine::Neural, LatencyMode::Standard),
        (2, Engine::Gate, LatencyMode::Live),
        (2, Engine::Hybrid, LatencyMode::Studio),
    ] {
        let (wanted, latency) = expected(sound(n_channels), engine, mode);
        for (block, is_in_place) in [(256, true), (1_000, false), (5_000, true)] {
            let rig = Rig::new(n_channels, [-14.0, 2.0, engine.idx() as f32, mode.idx() as f32]);
            let mut played = sound(n_channels);
            rig.play(&mut played, block, is_in_place);
            assert!(played == wanted, "{engine:?}, {mode:?}, blocks of {block}");
            assert_eq!(*rig.latency as usize, latency);
        }
    }
}

#[test]
fn another_mode_begins_anew_and_tells_its_delay() {
    let mut rig = Rig::new(1, [-14.0, 2.0, 2.0, 1.0]);
    rig.play(&mut sound(1), 512, true);
    rig.controls[3] = 0.0;
    let mut played = sound(1);
    rig.play(&mut played, 512, true);
    let (wanted, latency) = expected(sound(1), Engine::Neural, LatencyMode::Live);
    assert!(played == wanted && *rig.latency as usize == latency);
}

#[test]
fn senseless_controls_and_missing_ports_are_survived() {
    let rig = Rig::new(2, [f32::NAN, 1e30, -7.0, f32::INFINITY]);
    let mut played = sound(2);
    rig.play(&mut played, 512, true);
    assert!(played.iter().flatten().all(|sample| sample.is_finite()));
    rig.connect(4, core::ptr::null_mut());
    // SAFETY: a port without a place is what is tried here.
    unsafe { rig.descriptor.run.unwrap()(rig.handle, 512) };
    // SAFETY: the plugin's own function.
    let none = unsafe { rig.descriptor.instantiate.unwrap()(rig.descriptor, 1) };
    assert!(none.is_null(), "there is no engine for 1 Hz");
}

#[test]
fn what_a_host_is_told_is_complete() {
    assert!(ladspa_descriptor(2).is_null());
    for n_channels in [1, 2] {
        let descriptor = descriptor(n_channels);
        let n_ports = descriptor.port_count as usize;
        assert_eq!(n_ports, 5 + 2 * n_channels);
        // SAFETY: so many there are.
        let (kinds, names, hints) = unsafe {
            (
                core::slice::from_raw_parts(descriptor.port_descriptors, n_ports),
                core::slice::from_raw_parts(descriptor.port_names, n_ports),
                core::slice::from_raw_parts(descriptor.port_range_hints, n_ports),
            )
        };
        let count = |kind: i32| kinds.iter().filter(|k| **k == kind).count();
        assert_eq!(count(INPUT | CONTROL), 4);
        assert_eq!((count(INPUT | AUDIO), count(OUTPUT | AUDIO)), (n_channels, n_channels));
        assert_eq!(kinds[n_ports - 1], OUTPUT | CONTROL);
        // SAFETY: names end with a zero.
        let last = unsafe { CStr::from_ptr(names[n_ports - 1]) };
        assert_eq!(last, c"latency");
        assert!(hints[..4].iter().all(|hint| hint.lower < hint.upper && hint.hint & 3 == 3));
    }
}
