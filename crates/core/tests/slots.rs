//! Four prints in a stream: which is in force, and how one becomes another.

use quell_core::slot::N_SLOTS;
use quell_core::{
    Denoiser, Engine, FrameView, LatencyMode, NoiseProfile, ProfileSource, Settings, Tap,
};
use quell_testkit::signals::{rms_db, sine, white};
use quell_testkit::stream::{denoiser, learn, run, run_mono};

const RATE_HZ: f64 = 48_000.0;
const HOP: usize = 480;

fn at(slot: f32) -> Settings {
    Settings { slot, ..Settings::default() }
}

fn print(level_db: f32) -> NoiseProfile {
    NoiseProfile::new(1, 961, vec![level_db; 961], vec![5.57; 961], 2.0).unwrap()
}

/// A stream with prints of these levels, where there are any.
fn stream(levels_db: [Option<f32>; N_SLOTS]) -> Denoiser {
    let mut stream = denoiser(RATE_HZ, 1, LatencyMode::Standard);
    for (slot_idx, level_db) in levels_db.into_iter().enumerate() {
        stream.set_profile_in(slot_idx, level_db.map(print).as_ref());
    }
    stream
}

/// Where the noise was known from, and its mean level, in every frame.
#[derive(Default)]
struct Seen(Vec<(ProfileSource, f32)>);

impl Tap for Seen {
    fn frame(&mut self, view: &FrameView) {
        let sum_db: f32 = view.noise.iter().map(|power| 10.0 * power.log10()).sum();
        self.0.push((view.source, sum_db / view.noise.len() as f32));
    }
}

impl Seen {
    /// One more frame.
    fn frame(&mut self, stream: &mut Denoiser, slot: f32) -> (ProfileSource, f32) {
        stream.process(&mut [&mut [1e-3; HOP]], None, &at(slot), self);
        *self.0.last().unwrap()
    }

    fn levels(&mut self, stream: &mut Denoiser, slot: f32, n: usize) -> Vec<f32> {
        (0..n).map(|_| self.frame(stream, slot).1).collect()
    }
}

#[test]
fn a_jump_is_a_straight_way_in_decibels_and_takes_a_tenth_of_a_second() {
    let mut stream = stream([Some(-90.0), Some(-60.0), None, None]);
    let mut seen = Seen::default();
    let quiet_db = seen.frame(&mut stream, 0.0).1;
    let way = seen.levels(&mut stream, 1.0, 12);
    for (idx, level_db) in way.iter().enumerate() {
        let expected_db = quiet_db + 30.0 * ((idx + 1) as f32 / 10.0).min(1.0);
        assert!((level_db - expected_db).abs() < 0.01, "frame {idx}: {level_db} dB");
    }
    // Half-way stays half-way, and the way back is as long.
    let half = seen.levels(&mut stream, 0.5, 20);
    assert!((half[19] - quiet_db - 15.0).abs() < 0.01, "{half:?}");
    assert!(half.windows(2).all(|pair| pair[1] <= pair[0]), "{half:?}");
}

#[test]
fn automation_slower_than_that_is_followed_at_once() {
    let mut stream = stream([Some(-90.0), Some(-60.0), Some(-70.0), None]);
    let mut seen = Seen::default();
    let quiet_db = seen.frame(&mut stream, 0.0).1;
    for step in 1..=100 {
        let slot = step as f32 / 50.0;
        let over_db = if slot < 1.0 { 30.0 * slot } else { 30.0 - 10.0 * (slot - 1.0) };
        let level_db = seen.frame(&mut stream, slot).1;
        assert!((level_db - quiet_db - over_db).abs() < 0.01, "{slot}: {level_db} dB");
    }
}

#[test]
fn a_jump_does_not_pass_through_the_slots_between() {
    let mut stream = stream([Some(-90.0), Some(-20.0), Some(-20.0), Some(-80.0)]);
    let mut seen = Seen::default();
    let quiet_db = seen.frame(&mut stream, 0.0).1;
    let mut way = seen.levels(&mut stream, 3.0, 5);
    // Another aim on the way.
    way.extend(seen.levels(&mut stream, 0.0, 3));
    way.extend(seen.levels(&mut stream, 3.0, 12));
    for level_db in &way {
        assert!((-0.01..=10.01).contains(&(level_db - quiet_db)), "{way:?}");
    }
    assert!((way[19] - quiet_db - 10.0).abs() < 0.01, "{way:?}");
}

/// Three slots count then; were each weight to go its own way, they would not be 1 in sum.
#[test]
fn another_aim_half_way_is_gone_to_straight() {
    let mut stream = stream([Some(-90.0), None, Some(-40.0), Some(-80.0)]);
    let mut seen = Seen::default();
    let quiet_db = seen.frame(&mut stream, 0.0).1;
    let half_db = seen.levels(&mut stream, 3.0, 5)[4];
    assert!((half_db - quiet_db - 5.0).abs() < 0.01, "{half_db}");
    for (idx, level_db) in seen.levels(&mut stream, 2.0, 12).into_iter().enumerate() {
        let expected_db = half_db + 45.0 * ((idx + 1) as f32 / 10.0).min(1.0);
        assert!((level_db - expected_db).abs() < 0.01, "frame {idx}: {level_db} dB");
    }
}

#[test]
fn another_print_in_the_slot_in_force_is_heard_with_the_next_frame() {
    let mut stream = stream([Some(-90.0), Some(-60.0), None, None]);
    let mut seen = Seen::default();
    let quiet_db = seen.frame(&mut stream, 0.0).1;
    stream.set_profile(Some(&print(-70.0)));
    assert!((seen.frame(&mut stream, 0.0).1 - quiet_db - 20.0).abs() < 0.01);
    let half_db = seen.levels(&mut stream, 0.5, 10)[9];
    assert!((half_db - quiet_db - 25.0).abs() < 0.01);
    stream.set_profile_in(1, Some(&print(-50.0)));
    assert!((seen.frame(&mut stream, 0.5).1 - half_db - 5.0).abs() < 0.01);
}

/// Noise that the one print holds and the other does not; a network knows it without either.
#[test]
fn what_is_left_of_steady_noise_glides_from_one_print_to_the_other() {
    let mut random = fastrand::Rng::with_seed(0x5107);
    let learned = white(&mut random, 96_000, 0.01);
    for engine in [Engine::Gate, Engine::Classic] {
        let mut stream = denoiser(RATE_HZ, 1, LatencyMode::Standard);
        learn(&mut stream, &learned);
        let print = stream.profile().unwrap().clone();
        let mut quieter = print.mean_db().to_vec();
        quieter.iter_mut().for_each(|level| *level -= 40.0);
        let std = print.std_db().to_vec();
        let quieter = NoiseProfile::new(1, print.n_bins(), quieter, std, 2.0).unwrap();
        stream.set_profile_in(1, Some(&quieter));
        let base = Settings { engine, reduction_db: -24.0, ..Settings::default() };
        run_mono(&mut stream, &white(&mut random, 48_000, 0.01), &base);
        // Two seconds from A to B, in steps of a frame.
        let mut out = Vec::new();
        for step in 0..200 {
            let settings = Settings { slot: step as f32 / 200.0, ..base };
            out.extend(run_mono(&mut stream, &white(&mut random, HOP, 0.01), &settings));
        }
        let levels: Vec<_> = out.chunks(HOP * 20).map(rms_db).collect();
        let is_rising = levels.windows(2).all(|pair| pair[1] > pair[0] - 1.0);
        let rise_db = levels[levels.len() - 1] - levels[0];
        assert!(is_rising && rise_db > 12.0, "{engine:?}: {levels:.1?}");
    }
}

/// Largest fourth difference: what a tone of 500 Hz hardly has, and a click is.
fn roughness(sound: &[f32]) -> f32 {
    let fourth = |w: &[f32]| (w[0] - 4.0 * w[1] + 6.0 * w[2] - 4.0 * w[3] + w[4]).abs();
    sound.windows(5).map(fourth).fold(0.0, f32::max)
}

#[test]
fn no_jump_clicks() {
    let tone = sine(RATE_HZ, 500.0, 96_000, 0.1);
    for engine in Engine::ALL {
        for mode in LatencyMode::ALL {
            let mut stream = denoiser(RATE_HZ, 1, mode);
            // The one takes the tone away, the other leaves it.
            stream.set_profile_in(0, Some(&print(-10.0)));
            stream.set_profile_in(3, Some(&print(-120.0)));
            let settings = |slot| Settings { engine, ..at(slot) };
            run_mono(&mut stream, &tone, &settings(3.0));
            let open = run_mono(&mut stream, &tone, &settings(3.0));
            let mut out = Vec::new();
            for (idx, part) in tone.chunks(12_000).enumerate() {
                out.extend(run_mono(&mut stream, part, &settings([0.0, 3.0][idx % 2])));
            }
            let (rough, smooth) = (roughness(&out), roughness(&open));
            assert!(rough < 3.0 * smooth + 1e-6, "{engine:?}, {mode:?}: {rough} over {smooth}");
        }
    }
}

#[test]
fn a_capture_goes_into_the_chosen_slot_and_leaves_the_others_bit_for_bit() {
    let mut random = fastrand::Rng::with_seed(0x5108);
    for chosen in 0..N_SLOTS {
        let levels_db = [Some(-90.0), Some(-80.0), None, Some(-70.0)];
        let mut stream = stream(levels_db);
        let before: Vec<_> = (0..N_SLOTS).map(|idx| stream.profile_in(idx).cloned()).collect();
        // Between two, the nearer one is meant.
        let position = if chosen == 3 { 2.7 } else { chosen as f32 + 0.3 };
        let on = Settings { capture: true, ..at(position) };
        run_mono(&mut stream, &white(&mut random, 48_000, 0.01), &on);
        run_mono(&mut stream, &vec![0.0; HOP], &at(position));
        let captured = stream.take_capture().unwrap().unwrap();
        assert_eq!(captured.slot, chosen);
        let print = captured.print.clone();
        for (idx, before) in before.iter().enumerate() {
            let expected = if idx == chosen { Some(&print) } else { before.as_ref() };
            assert!(stream.profile_in(idx) == expected, "into {chosen}: slot {idx}");
        }
        // What is added joins the print of that slot.
        let adding = Settings { add_to_print: true, ..on };
        run_mono(&mut stream, &white(&mut random, 48_000, 0.01), &adding);
        run_mono(&mut stream, &vec![0.0; HOP], &Settings { capture: false, ..adding });
        let seconds = stream.profile_in(chosen).unwrap().seconds();
        assert!((seconds - 2.0 * print.seconds()).abs() < 0.03, "{seconds} s");
    }
}

#[test]
fn what_was_heard_last_goes_into_the_chosen_slot_too() {
    let mut random = fastrand::Rng::with_seed(0x5109);
    let mut stream = stream([Some(-90.0), None, None, None]);
    run_mono(&mut stream, &white(&mut random, 96_000, 0.01), &at(2.0));
    stream.learn_recent();
    run_mono(&mut stream, &white(&mut random, 96_000, 0.01), &at(2.0));
    assert!(stream.take_capture().unwrap().unwrap().slot == 2);
    assert!(stream.profile_in(2).is_some() && stream.profile_in(1).is_none());
    assert_eq!(stream.profile().unwrap().mean_db()[0], -90.0);
}

fn sound_of(stream: &mut Denoiser, settings: &Settings) -> Vec<f32> {
    let mut random = fastrand::Rng::with_seed(0x510a);
    run_mono(stream, &white(&mut random, 48_000, 0.02), settings)
}

#[test]
fn a_print_sounds_the_same_in_every_slot() {
    let expected = sound_of(&mut stream([Some(-80.0), None, None, None]), &at(0.0));
    for slot_idx in 1..N_SLOTS {
        // The others do not matter.
        let mut levels_db = [Some(-50.0), None, Some(-60.0), Some(-70.0)];
        levels_db[slot_idx] = Some(-80.0);
        let mut stream = stream(levels_db);
        assert!(sound_of(&mut stream, &at(slot_idx as f32)) == expected, "{slot_idx}");
        // Nor does what was in force before a reset.
        sound_of(&mut stream, &at(0.0));
        stream.reset();
        assert!(sound_of(&mut stream, &at(slot_idx as f32)) == expected, "{slot_idx}, reset");
    }
}

#[test]
fn on_an_empty_slot_the_noise_is_followed_and_beside_one_the_other_stays() {
    let mut none = stream([None; N_SLOTS]);
    let followed = sound_of(&mut none, &at(0.0));
    let a_and_d = [Some(-80.0), None, None, Some(-60.0)];
    for slot in [1.0, 1.4, 2.0] {
        assert!(sound_of(&mut stream(a_and_d), &at(slot)) == followed, "{slot}");
    }
    let first = sound_of(&mut stream(a_and_d), &at(0.0));
    assert!(first != followed);
    assert!(sound_of(&mut stream(a_and_d), &at(0.9)) == first);
    let last = sound_of(&mut stream(a_and_d), &at(3.0));
    assert!(sound_of(&mut stream(a_and_d), &at(2.1)) == last && last != first);

    // A print that goes while it is in force makes room for what is beside it, or for nothing.
    let mut stream = stream([Some(-90.0), Some(-60.0), None, None]);
    let mut seen = Seen::default();
    let half_db = seen.frame(&mut stream, 0.5).1;
    stream.set_profile_in(0, None);
    let way = seen.levels(&mut stream, 0.5, 12);
    assert!(way[0] - half_db < 3.1 && (way[11] - half_db - 15.0).abs() < 0.01, "{way:?}");
    stream.set_profile_in(1, None);
    assert_eq!(seen.frame(&mut stream, 0.5).0, ProfileSource::Adaptive);
    stream.set_profile_in(1, Some(&print(-60.0)));
    let (source, level_db) = seen.frame(&mut stream, 0.5);
    assert_eq!(source, ProfileSource::Captured);
    assert!((level_db - way[11]).abs() < 1e-3, "there is nothing to glide from");
}

/// Another place every 3001 samples; each stretch is cut at random.
fn run_through_slots(
    stream: &mut Denoiser,
    sound: &[f32],
    mut len: impl FnMut() -> usize,
) -> Vec<f32> {
    let mut channels = vec![Vec::new()];
    for (idx, part) in sound.chunks(3_001).enumerate() {
        let settings = at([0.0, 1.0, 0.37, 2.0, 1.9, 3.0, 0.0, 2.5][idx % 8]);
        let mut part = [part.to_vec()];
        run(stream, &mut part, &settings, &mut len);
        channels[0].extend_from_slice(&part[0]);
    }
    channels.remove(0)
}

#[test]
fn gliding_does_not_depend_on_the_cutting_into_blocks() {
    let mut random = fastrand::Rng::with_seed(0x510b);
    let sound = white(&mut random, 60_000, 0.02);
    let mut stream = stream([Some(-90.0), Some(-75.0), None, Some(-60.0)]);
    let whole = run_through_slots(&mut stream, &sound, || usize::MAX);
    for longest in [1, 7, 480, 3_000] {
        stream.reset();
        let cut = run_through_slots(&mut stream, &sound, || random.usize(1..=longest));
        assert!(cut == whole, "blocks up to {longest}");
    }
}
