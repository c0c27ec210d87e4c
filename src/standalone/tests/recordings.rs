//! Recordings in the program: heard, learned from, and saved as the command line would.

use std::path::PathBuf;

use quell_audio::{Audio, AudioSpec, read_all, write_all};
use quell_core::{Treatment, Verdict, denoise};
use quell_testkit::signals::{error_db, rms_db, seeded, sine, white};

use super::*;
use crate::standalone::librarian::Librarian;
use crate::standalone::shelf::{Fate, Order};

/// Two seconds of noise, then a second with a tone over it, in stereo.
fn noisy(rate_hz: u32) -> Audio {
    let n_frames = 3 * rate_hz as usize;
    let tone = sine(rate_hz.into(), 440.0, n_frames, 0.3);
    let mut random = seeded(5);
    let mut channel = || {
        let noise = white(&mut random, n_frames, 0.01);
        let is_tone = |at: usize| f32::from(u8::from(at >= 2 * rate_hz as usize));
        (0..n_frames).map(|at| noise[at] + is_tone(at) * tone[at]).collect()
    };
    Audio { spec: AudioSpec::float(rate_hz, 2), channels: vec![channel(), channel()] }
}

struct Room {
    program: Program,
    librarian: Librarian,
    folder: tempfile::TempDir,
}

fn room(rate_hz: u32) -> Room {
    let folder = tempfile::tempdir().unwrap();
    let mut program = program(folder.path(), Fake::at(rate_hz), Wish::default());
    program.host.start().unwrap();
    let librarian = Librarian::new(&program.desk, program.shared.clone());
    Room { program, librarian, folder }
}

impl Room {
    fn file(&self, name: &str, audio: &Audio) -> PathBuf {
        let path = self.folder.path().join(name);
        write_all(&path, audio).unwrap();
        path
    }

    fn order(&mut self, order: Order) {
        self.program.desk.shelf.order(order);
        self.librarian.tick();
    }

    /// Plays what lies on the deck while a microphone hums, both channels.
    fn hear(&self, n_frames: usize) -> [Vec<f32>; 2] {
        let mut heard = [Vec::new(), Vec::new()];
        let mut behind = self.program.fake.0.lock().unwrap();
        let player = behind.player.as_mut().expect("it was started");
        for _ in 0..n_frames.div_ceil(BLOCK) {
            let (mut left, mut right) = (vec![0.7; BLOCK], vec![0.7; BLOCK]);
            player.play(&mut [&mut left, &mut right]);
            heard[0].append(&mut left);
            heard[1].append(&mut right);
        }
        heard
    }

    fn fate(&self, idx: usize) -> Fate {
        self.program.desk.shelf.look().entries[idx].fate.clone()
    }

    fn learn(&mut self, from_s: f64, to_s: f64) -> Result<NoiseProfile, String> {
        self.order(Order::Learn(from_s..to_s));
        self.program.desk.shelf.take_learned().expect("something was learned")
    }
}

#[test]
fn the_recording_is_heard_in_the_place_of_the_microphone_and_as_it_is() {
    let mut room = room(48_000);
    let audio = noisy(48_000);
    let path = room.file("voice.wav", &audio);
    room.program.shared.params[BYPASS].set_plain(1.0);
    room.order(Order::Open(vec![path]));
    assert_eq!(room.fate(0), Fate::Open);
    // What the microphone said before is under way still.
    room.hear(4_800);
    assert_eq!(rms_db(&room.hear(4_800)[0]).max(-200.0), -200.0, "it does not play by itself");
    let deck = Arc::clone(&room.program.desk.deck);
    deck.play(true);
    let heard = room.hear(4 * 48_000);
    for (heard, recorded) in heard.iter().zip(&audio.channels) {
        assert!(heard[1_920..].starts_with(recorded));
        assert!(heard[1_920 + recorded.len()..].iter().all(|sample| *sample == 0.0));
    }
    assert!(!deck.is_playing(), "it has come to its end");
    room.order(Order::Close);
    room.hear(4_800);
    assert_eq!(room.hear(BLOCK)[0][0], 0.7, "the microphone is heard again");
}

#[test]
fn what_is_saved_is_what_the_command_line_would_write() {
    let mut room = room(44_100);
    let audio = noisy(48_000);
    let path = room.file("voice.wav", &audio);
    room.order(Order::Open(vec![path]));
    let print = room.learn(0.0, 2.0).unwrap();
    assert_eq!(print.about().verdict, Some(Verdict::Steady));
    room.program.shared.link.edit_profile(Some(Arc::new(print.clone())));
    room.program.shared.params[REDUCTION].set_plain(-20.0);
    // What is listened to is no part of what is saved.
    room.program.shared.params[BYPASS].set_plain(1.0);
    let to = room.folder.path().join("clean.wav");
    room.order(Order::Save(to.clone()));
    assert_eq!(room.fate(0), Fate::Saved(to.clone()));
    let mut settings = room.program.shared.params.settings();
    settings.bypass = false;
    let treatment =
        Treatment { settings: &settings, mode: settings.latency, profile: Some(&print) };
    let expected = denoise(&audio.channels, 48_000.0, &treatment).unwrap();
    let saved = read_all(&to).unwrap();
    assert_eq!((saved.spec, saved.channels), (audio.spec, expected));
    let noise_db = rms_db(&read_all(&to).unwrap().channels[0][24_000..90_000]);
    assert!((noise_db + 60.0).abs() < 2.0, "20 dB less of -40: {noise_db}");
}

#[test]
fn a_recording_of_another_rate_plays_as_long_and_goes_on_where_it_was() {
    let mut room = room(48_000);
    let tone = vec![sine(44_100.0, 440.0, 3 * 44_100, 0.3)];
    let path = room.file("tone.wav", &Audio { spec: AudioSpec::float(44_100, 1), channels: tone });
    room.program.shared.params[BYPASS].set_plain(1.0);
    room.order(Order::Open(vec![path]));
    let deck = Arc::clone(&room.program.desk.deck);
    deck.play(true);
    room.hear(19 * BLOCK);
    let heard = room.hear(140_000);
    assert_eq!(heard[0], heard[1], "one channel is heard on both sides");
    let expected = sine(48_000.0, 440.0, 140_000, 0.3);
    // Of what was heard before, 1,920 frames were the silence under way.
    let error_db = error_db(&heard[0][..100_000], &expected[19 * BLOCK - 1_920..][..100_000]);
    assert!(error_db < -80.0, "{error_db}");
    assert!(!deck.is_playing(), "three seconds are over");
    // A device of another rate: half of the way stays half of the way.
    deck.go_to(72_000);
    room.program.desk.order(Wish { rate_hz: Some(96_000), ..Wish::default() });
    room.program.host.tick();
    room.librarian.tick();
    assert_eq!(deck.at(), 144_000);
    assert_eq!(room.program.desk.shelf.look().on_deck.unwrap().stream_hz, 96_000.0);
}

#[test]
fn several_are_saved_beside_themselves_and_what_fails_is_named() {
    let mut room = room(48_000);
    let audio = noisy(48_000);
    let (one, two) = (room.file("one.wav", &audio), room.file("two.flac", &audio));
    let broken = room.folder.path().join("broken.wav");
    fs::write(&broken, "no sound").unwrap();
    let before = room.file("one-clean.wav", &audio);
    room.order(Order::Open(vec![one, broken, two]));
    room.order(Order::SaveAll);
    let saved = |name: &str| Fate::Saved(room.folder.path().join(name));
    assert_eq!(room.fate(0), saved("one-clean-2.wav"));
    assert_eq!(room.fate(2), saved("two-clean.flac"));
    let Fate::Failed(why) = room.fate(1) else { panic!("{:?}", room.fate(1)) };
    assert!(why.contains("broken.wav"), "{why}");
    assert_eq!(read_all(&before).unwrap(), audio, "what was there stays");
    assert!(!room.program.desk.shelf.look().is_saving);
}

#[test]
fn who_closes_the_program_waits_for_no_file_and_finds_none_half_written() {
    let mut room = room(48_000);
    let path = room.file("voice.wav", &noisy(48_000));
    room.order(Order::Open(vec![path.clone(), path]));
    room.program.desk.shelf.order(Order::SaveAll);
    room.program.desk.shelf.end();
    room.order(Order::SaveAll);
    assert_eq!((room.fate(0), room.fate(1)), (Fate::Open, Fate::Waiting));
    let names = fs::read_dir(room.folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(names.into_iter().all(|name| !name.to_string_lossy().contains("clean")));
}

#[test]
fn what_gives_no_print_is_said_with_its_reason() {
    let mut room = room(48_000);
    let mut audio = noisy(48_000);
    audio.channels.iter_mut().for_each(|channel| channel[96_000..].fill(0.0));
    let path = room.file("voice.wav", &audio);
    room.order(Order::Open(vec![path]));
    let error = room.learn(2.2, 2.9).unwrap_err();
    assert!(error.contains("Nothing was learned"), "{error}");
    let error = room.learn(0.0, 0.05).unwrap_err();
    assert!(error.contains("Nothing was learned"), "{error}");
}
