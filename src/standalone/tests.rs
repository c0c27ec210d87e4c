//! The program with a backend that plays when it is told to.

mod recordings;

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use quell_core::{LatencyMode, NoiseProfile};

use crate::params::{BYPASS, REDUCTION};
use crate::standalone::backend::{Backend, Devices, Format, NoSound, Wish};
use crate::standalone::desk::Desk;
use crate::standalone::host::Host;
use crate::standalone::kept::Kept;
use crate::standalone::player::Player;
use crate::{Quell, Shared};

/// Frames of a block.
const BLOCK: usize = 256;

/// What stands behind the backend: a device that may be pulled out.
#[derive(Default)]
struct Room {
    player: Option<Player>,
    /// Rate of the device, Hz; 0 where there is none.
    rate_hz: u32,
    n_starts: usize,
    is_pulled: bool,
}

#[derive(Clone, Default)]
struct Fake(Arc<Mutex<Room>>);

impl Fake {
    fn at(rate_hz: u32) -> Self {
        let fake = Self::default();
        fake.0.lock().unwrap().rate_hz = rate_hz;
        fake
    }

    /// Plays a sound through both channels; silence where there is no player.
    fn play(&self, sound: &[f32]) -> Vec<f32> {
        let mut room = self.0.lock().unwrap();
        let mut out = Vec::new();
        for block in sound.chunks(BLOCK) {
            let (mut left, mut right) = (block.to_vec(), block.to_vec());
            room.player.as_mut().expect("it was started").play(&mut [&mut left, &mut right]);
            assert_eq!(left, right);
            out.append(&mut left);
        }
        out
    }

    /// Frames that an impulse takes.
    fn delay(&self) -> usize {
        let mut sound = vec![0.0; 40 * BLOCK];
        sound[1_000] = 0.5;
        let out = self.play(&sound);
        let heard = out.iter().enumerate().filter(|(_, sample)| **sample != 0.0);
        let [(at, sample)] = heard.collect::<Vec<_>>()[..] else { panic!("one impulse") };
        assert_eq!(*sample, 0.5);
        at - 1_000
    }
}

impl Backend for Fake {
    fn devices(&mut self) -> Result<Devices, NoSound> {
        Ok(Devices { inputs: vec!["Microphone".to_owned()], outputs: vec!["Speakers".to_owned()] })
    }

    fn start(&mut self, wish: &Wish, player: Player) -> Result<Format, NoSound> {
        let mut room = self.0.lock().unwrap();
        if room.rate_hz == 0 {
            return Err(NoSound("there is no input: plug one in".to_owned()));
        }
        room.player = Some(player);
        room.n_starts += 1;
        Ok(Format {
            input: wish.input.clone().unwrap_or("Microphone".to_owned()),
            output: "Speakers".to_owned(),
            rate_hz: wish.rate_hz.unwrap_or(room.rate_hz),
            n_channels: 2,
            buffer_frames: Some(BLOCK as u32),
            may_feed_back: true,
        })
    }

    fn stop(&mut self) {
        self.0.lock().unwrap().player = None;
    }

    fn trouble(&mut self) -> Option<NoSound> {
        let is_pulled = std::mem::take(&mut self.0.lock().unwrap().is_pulled);
        is_pulled.then(|| NoSound("the input has gone: plug it in".to_owned()))
    }

    fn delay_s(&self) -> f64 {
        0.01
    }

    fn n_gaps(&self) -> u64 {
        0
    }
}

struct Program {
    host: Host<Fake>,
    fake: Fake,
    shared: Shared,
    desk: Desk,
}

fn program(folder: &Path, fake: Fake, wish: Wish) -> Program {
    let (engine, desk) = (Box::<Quell>::default(), Desk::default());
    let shared = engine.shared().clone();
    let kept = Kept::in_folder(folder).unwrap();
    let host = Host::new(fake.clone(), kept, wish, engine, desk.clone());
    Program { host, fake, shared, desk }
}

impl Program {
    fn choose(&self, mode: LatencyMode) {
        let latency = self.shared.params.iter().find(|control| control.row().id == "latency");
        latency.unwrap().set_plain(mode as u8 as f32);
    }

    /// Ticks and blocks until nothing changes hands any more.
    fn settle(&mut self) {
        for _ in 0..3 {
            self.host.tick();
            self.fake.play(&[0.0; BLOCK]);
        }
    }
}

#[test]
fn another_latency_mode_changes_the_true_delay_while_devices_run_on() {
    for (rate_hz, delays) in [(48_000, [960, 1_920, 3_840]), (44_100, [882, 1_764, 3_528])] {
        let folder = tempfile::tempdir().unwrap();
        let mut program = program(folder.path(), Fake::at(rate_hz), Wish::default());
        program.shared.params[BYPASS].set_plain(1.0);
        program.host.start().unwrap();
        let modes = [LatencyMode::Live, LatencyMode::Standard, LatencyMode::Studio];
        for (mode, delay) in modes.into_iter().zip(delays).chain([(modes[0], delays[0])]) {
            program.choose(mode);
            program.settle();
            assert_eq!(program.fake.delay(), delay, "{rate_hz} Hz, {mode:?}");
            assert_eq!(program.shared.link.latency_samples() as usize, delay);
            program.host.tick();
            let expected_s = delay as f64 / f64::from(rate_hz) + 0.01;
            assert!((program.desk.look().delay_s - expected_s).abs() < 1e-9);
        }
        assert_eq!(program.fake.0.lock().unwrap().n_starts, 1);
    }
}

#[test]
fn print_settings_and_devices_are_there_again() {
    let folder = tempfile::tempdir().unwrap();
    let print = NoiseProfile::new(2, 5, vec![-60.0; 10], vec![5.5; 10], 2.25).unwrap();
    let wish = Wish { input: Some("Micro".to_owned()), rate_hz: Some(44_100), ..Wish::default() };
    let mut first = program(folder.path(), Fake::at(48_000), wish.clone());
    first.host.start().unwrap();
    first.shared.params[REDUCTION].set_plain(-31.5);
    first.shared.link.edit_profile(Some(Arc::new(print.clone())));
    first.host.end().unwrap();

    let asked = Wish { buffer_frames: Some(64), ..Wish::default() };
    let mut second = program(folder.path(), Fake::at(48_000), asked);
    second.host.start().unwrap();
    assert_eq!(second.shared.params[REDUCTION].plain(), -31.5);
    assert_eq!(second.shared.link.profile().as_deref(), Some(&print));
    let shown = second.desk.look();
    assert_eq!(shown.wish, Wish { buffer_frames: Some(64), ..wish });
    assert_eq!(shown.format.unwrap().rate_hz, 44_100);
    assert_eq!(shown.notice, None);
}

#[test]
fn a_damaged_file_is_named_and_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("standalone.json");
    for (bytes, aside) in [
        (&b"{ \"quell_standalone\": 1, \"sta"[..], "standalone.damaged.json"),
        (b"{ \"quell_standalone\": 1, \"state\": {} }", "standalone.damaged-1.json"),
        (b"[]", "standalone.damaged-2.json"),
    ] {
        fs::write(&path, bytes).unwrap();
        let mut program = program(folder.path(), Fake::at(48_000), Wish::default());
        let notice = program.desk.look().notice.unwrap();
        assert!(notice.contains("standalone.json'") && notice.contains(aside), "{notice}");
        assert_eq!(fs::read(folder.path().join(aside)).unwrap(), bytes);
        program.host.start().unwrap();
        program.host.end().unwrap();
        assert!(fs::read_to_string(&path).unwrap().contains("\"quell_state\""));
    }
}

#[test]
fn what_cannot_be_read_is_set_aside_and_not_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("standalone.json");
    fs::create_dir(&path).unwrap();
    fs::write(path.join("mine.txt"), "good").unwrap();
    let program = program(folder.path(), Fake::at(48_000), Wish::default());
    let notice = program.desk.look().notice.unwrap();
    assert!(notice.contains("standalone.damaged.json"), "{notice}");
    let aside = folder.path().join("standalone.damaged.json/mine.txt");
    assert_eq!(fs::read_to_string(aside).unwrap(), "good");
    program.host.end().unwrap();
    assert!(path.is_file());
}

#[test]
fn a_file_is_written_only_when_something_has_changed() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = program(folder.path(), Fake::at(48_000), Wish::default());
    let path = folder.path().join("standalone.json");
    assert!(program.host.keep());
    fs::remove_file(&path).unwrap();
    assert!(program.host.keep() && !path.exists());
    program.shared.params[REDUCTION].set_plain(-12.0);
    assert!(program.host.keep() && path.exists());
}

#[test]
fn what_cannot_be_kept_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = program(folder.path(), Fake::at(48_000), Wish::default());
    fs::create_dir(folder.path().join("standalone.json")).unwrap();
    assert!(!program.host.keep());
    let error = program.host.end().unwrap_err();
    assert!(error.contains("standalone.json") && error.contains("is a folder"), "{error}");
}

#[test]
fn a_second_program_begins_alike_keeps_nothing_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = program(folder.path(), Fake::at(48_000), Wish::default());
    first.shared.params[REDUCTION].set_plain(-31.5);
    assert!(first.host.keep());
    assert_eq!(first.desk.look().notice, None);
    let mut second = program(folder.path(), Fake::at(48_000), Wish::default());
    let notice = second.desk.look().notice.unwrap();
    assert!(notice.contains("runs already") && notice.contains("QUELL_HOME"), "{notice}");
    assert_eq!(second.shared.params[REDUCTION].plain(), -31.5);
    second.shared.params[REDUCTION].set_plain(-6.0);
    assert!(second.host.keep());
    second.host.end().unwrap();
    let path = folder.path().join("standalone.json");
    assert!(fs::read_to_string(&path).unwrap().contains("-31.5"));
    // What the first one is in the middle of writing is no damage.
    fs::write(&path, "{").unwrap();
    let third = program(folder.path(), Fake::at(48_000), Wish::default());
    assert!(third.desk.look().notice.unwrap().contains("runs already"));
    assert!(path.exists());
    first.host.end().unwrap();
}

#[test]
fn without_a_device_it_says_so_and_starts_when_there_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = program(folder.path(), Fake::at(0), Wish::default());
    let error = program.host.start().unwrap_err();
    assert_eq!(error.to_string(), "no sound: there is no input: plug one in");
    assert_eq!(program.desk.look().error.as_deref(), Some("there is no input: plug one in"));
    program.fake.0.lock().unwrap().rate_hz = 48_000;
    program.desk.order(program.desk.look().wish);
    program.settle();
    let shown = program.desk.look();
    assert_eq!((shown.error, shown.format.unwrap().rate_hz), (None, 48_000));
}

#[test]
fn a_device_that_goes_away_is_missed_and_another_rate_is_told_to_the_engine() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = program(folder.path(), Fake::at(48_000), Wish::default());
    program.shared.params[BYPASS].set_plain(1.0);
    program.host.start().unwrap();
    program.settle();
    program.fake.0.lock().unwrap().is_pulled = true;
    program.host.tick();
    let shown = program.desk.look();
    assert_eq!(shown.error.as_deref(), Some("the input has gone: plug it in"));
    assert_eq!(shown.format, None);
    program.desk.order(Wish { rate_hz: Some(44_100), ..Wish::default() });
    program.settle();
    assert_eq!(program.shared.feed.sample_rate_hz(), 44_100.0);
    assert_eq!(program.fake.delay(), 1_764);
}

#[test]
fn a_rate_without_an_engine_is_named_and_the_instance_comes_home() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = program(folder.path(), Fake::at(48_000), Wish::default());
    program.desk.order(Wish { rate_hz: Some(1), ..Wish::default() });
    program.host.tick();
    let error = program.desk.look().error.unwrap();
    assert!(error.contains("1 Hz") && error.contains("--rate"), "{error}");
    program.desk.order(Wish::default());
    program.settle();
    assert_eq!(program.desk.look().error, None);
}
