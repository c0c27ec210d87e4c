//! `process` allocates nothing and makes no system call.
//!
//! Allocation: a guarding allocator aborts the test. System calls: this binary starts itself again
//! as a child that puts itself under a seccomp filter and processes; the kernel kills it on the
//! first system call but the one that ends it. A second child makes a system call on purpose, so
//! that a filter that does nothing cannot pass.

use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use quell_core::{
    Denoiser, Engine, FrameView, LatencyMode, Monitor, NoiseProfile, ProfileSource, Settings,
    StreamSpec, Tap, ThresholdCurve,
};
use quell_testkit::signals::{hum, rms_db, white};
use quell_testkit::stream::{denoiser, hum_only};

#[global_allocator]
static GUARD: AllocDisabler = AllocDisabler;

/// Keeps a number of every frame, as an editor would.
#[derive(Default)]
struct Peek {
    n_frames: usize,
    gain_sum: f32,
}

impl Tap for Peek {
    fn frame(&mut self, view: &FrameView) {
        self.n_frames += 1;
        self.gain_sum += view.gain.iter().sum::<f32>();
    }
}

/// A stream with everything it will be asked to do prepared beforehand.
struct Scene {
    stream: Denoiser,
    left: Vec<f32>,
    right: Vec<f32>,
    noise: Vec<f32>,
    profile: NoiseProfile,
    other: NoiseProfile,
    settings: Vec<Settings>,
    tap: Peek,
}

impl Scene {
    fn new(sample_rate_hz: f64, n_channels: usize, mode: LatencyMode) -> Self {
        let mut rng = fastrand::Rng::with_seed(0x56);
        let spec = StreamSpec { sample_rate_hz, n_channels, n_noise_channels: n_channels, mode };
        let n = sample_rate_hz as usize;
        let n_bins = 1921;
        let (mean_db, std_db) = (vec![-80.0; n_bins], vec![5.6; n_bins]);
        Self {
            stream: Denoiser::new(spec).expect("a valid spec"),
            left: white(&mut rng, n, 0.1),
            right: white(&mut rng, n, 0.1),
            noise: white(&mut rng, n, 0.05),
            other: NoiseProfile::new(1, n_bins, vec![-60.0; n_bins], std_db.clone(), 2.0)
                .expect("valid numbers"),
            profile: NoiseProfile::new(1, n_bins, mean_db, std_db, 2.0).expect("valid numbers"),
            settings: automation(),
            tap: Peek::default(),
        }
    }

    /// One second of audio in blocks that change their size, with settings that change every block,
    /// profile changes and a reset in the middle.
    fn play(&mut self) {
        let n = self.left.len();
        let is_stereo = self.stream.spec().n_channels == 2;
        let (mut start, mut block_idx) = (0, 0);
        while start < n {
            let end = n.min(start + [1, 32, 63, 480, 1024, 5000][block_idx % 6]);
            let settings = self.settings[block_idx % self.settings.len()];
            let noise = [&self.noise[start..end]];
            let noise: Option<&[&[f32]]> = (block_idx % 5 != 0).then_some(&noise);
            let left = &mut self.left[start..end];
            if is_stereo {
                let io = &mut [left, &mut self.right[start..end]];
                self.stream.process(io, noise, &settings, &mut self.tap);
            } else {
                self.stream.process(&mut [left], noise, &settings, &mut self.tap);
            }
            match block_idx {
                20 => self.stream.set_profile(Some(&self.profile)),
                // From here on there is something to glide between.
                25 => self.stream.set_profile_in(1, Some(&self.other)),
                30 => self.stream.set_profile_in(3, Some(&self.profile)),
                40 => self.stream.set_profile(None),
                60 => self.stream.reset(),
                _ => {}
            }
            start = end;
            block_idx += 1;
        }
    }
}

/// Two seconds of hum, which is found and subtracted on the way.
struct HumScene {
    stream: Denoiser,
    sound: Vec<f32>,
    settings: Settings,
}

impl HumScene {
    fn new(sample_rate_hz: f64, mode: LatencyMode) -> Self {
        let sound = hum(sample_rate_hz, 50.02, 2 * sample_rate_hz as usize, 0.1);
        Self { stream: denoiser(sample_rate_hz, 1, mode), sound, settings: hum_only() }
    }

    fn play(&mut self) {
        for block in self.sound.chunks_mut(480) {
            self.stream.process(&mut [block], None, &self.settings, &mut ());
        }
    }

    /// True if it went.
    fn is_quiet(&self) -> bool {
        let n = self.sound.len();
        rms_db(&self.sound[n - n / 8..]) < rms_db(&self.sound[n / 8..n / 4]) - 20.0
    }
}

/// Every engine, source, output and switch, and numbers at both ends of their range.
fn automation() -> Vec<Settings> {
    let base = Settings::default();
    let mut all = Vec::new();
    for profile_source in
        [ProfileSource::Captured, ProfileSource::Adaptive, ProfileSource::Sidechain]
    {
        for capture in [true, false] {
            // Long enough in a row that a capture is completed now and then.
            for step in 0..40 {
                all.push(Settings {
                    engine: Engine::ALL[step / 5 % 4],
                    profile_source,
                    capture,
                    use_recent: !capture,
                    add_to_print: capture,
                    slot: [0.0, 0.3, 1.0, 3.0, 1.7, 2.0, 0.6][step % 7],
                    stereo_link: step % 3 != 0,
                    remove_hum: step < 35,
                    monitor: [Monitor::Denoised, Monitor::Removed][step % 2],
                    bypass: step % 7 == 0,
                    amount: step as f32 / 40.0,
                    sensitivity: step as f32 / 10.0 - 1.0,
                    knee_db: (step % 13) as f32,
                    room_tone_db: -1.5 * step as f32,
                    freq_smoothing_hz: (step * 25) as f32,
                    time_smoothing_ms: step as f32,
                    attack_ms: (step % 5) as f32 * 10.0,
                    release_ms: (step % 4) as f32 * 50.0,
                    curve: ThresholdCurve::from_three(step as f32 - 20.0, 3.0, -(step as f32)),
                    mix: (step % 11) as f32 / 10.0,
                    output_gain_db: step as f32 - 20.0,
                    ..base
                });
            }
        }
    }
    all
}

const SCENES: [(f64, usize); 5] =
    [(8_000.0, 1), (44_100.0, 2), (48_000.0, 1), (48_000.0, 2), (192_000.0, 2)];

#[test]
fn process_allocates_nothing() {
    for (rate_hz, n_channels) in SCENES {
        for mode in LatencyMode::ALL {
            let mut scene = Scene::new(rate_hz, n_channels, mode);
            assert_no_alloc(|| scene.play());
            assert!(scene.tap.n_frames > 90, "{rate_hz} Hz, {mode:?}: {}", scene.tap.n_frames);
            assert!(scene.tap.gain_sum.is_finite());
            let mut scene = HumScene::new(rate_hz, mode);
            assert_no_alloc(|| scene.play());
            assert!(scene.is_quiet(), "{rate_hz} Hz, {mode:?}");
        }
    }
}

#[cfg(target_os = "linux")]
mod system_calls {
    use super::*;
    use std::collections::BTreeMap;
    use std::os::unix::process::ExitStatusExt;
    use std::process::{Command, ExitStatus};

    const ROLE: &str = "QUELL_SECCOMP_CHILD";

    fn run_child(role: &str, test_name: &str) -> ExitStatus {
        Command::new(std::env::current_exe().expect("the path of this test"))
            .args([test_name, "--exact", "--test-threads=1", "--nocapture"])
            .env(ROLE, role)
            .status()
            .expect("this test starts itself")
    }

    /// From here on every system call but the last one kills the process.
    fn forbid_system_calls() {
        use seccompiler::{SeccompAction, SeccompFilter, TargetArch};
        let arch: TargetArch = std::env::consts::ARCH.try_into().expect("a known processor");
        let only_exit = BTreeMap::from([(libc::SYS_exit_group, vec![])]);
        let filter =
            SeccompFilter::new(only_exit, SeccompAction::KillProcess, SeccompAction::Allow, arch);
        let program: seccompiler::BpfProgram =
            filter.and_then(TryInto::try_into).expect("a valid filter");
        seccompiler::apply_filter(&program).expect("the kernel takes the filter");
    }

    fn exit_now(code: i32) -> ! {
        // SAFETY: `_exit` takes no pointers and never returns.
        unsafe { libc::_exit(code) }
    }

    #[test]
    fn process_makes_no_system_call() {
        const NAME: &str = "system_calls::process_makes_no_system_call";
        match std::env::var(ROLE).as_deref() {
            Ok("process") => {
                let mut scenes: Vec<Scene> = SCENES
                    .iter()
                    .flat_map(|&(rate_hz, n)| LatencyMode::ALL.map(|m| Scene::new(rate_hz, n, m)))
                    .collect();
                let mut hums: Vec<HumScene> =
                    LatencyMode::ALL.iter().map(|&mode| HumScene::new(48_000.0, mode)).collect();
                forbid_system_calls();
                scenes.iter_mut().for_each(Scene::play);
                hums.iter_mut().for_each(HumScene::play);
                let n_frames: usize = scenes.iter().map(|s| s.tap.n_frames).min().unwrap_or(0);
                let is_done = n_frames > 90 && hums.iter().all(HumScene::is_quiet);
                exit_now(if is_done { 0 } else { 1 });
            }
            Ok("offend") => {
                forbid_system_calls();
                std::thread::sleep(std::time::Duration::from_millis(1));
                exit_now(0);
            }
            _ => {
                let offender = run_child("offend", NAME);
                assert_eq!(
                    offender.signal(),
                    Some(libc::SIGSYS),
                    "the filter must bite: {offender}"
                );
                let honest = run_child("process", NAME);
                assert!(honest.success(), "a system call in process: {honest}");
            }
        }
    }
}
