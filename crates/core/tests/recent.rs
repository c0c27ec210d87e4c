//! What was heard in the last seconds, learned afterwards; captures that are added.

use quell_core::{
    CaptureRefusal, Denoiser, FrameView, LatencyMode, NoiseProfile, Settings, Tap, Verdict,
};
use quell_testkit::signals::{sine, white};
use quell_testkit::stream::{denoiser, run_mono};

const RATE_HZ: f64 = 48_000.0;
const SECOND: usize = 48_000;

/// Noise of −50 dBFS all the way, and notes over it: a pause from second 4 to 6.
fn scene(rng: &mut fastrand::Rng) -> Vec<f32> {
    let mut sound = white(rng, 10 * SECOND, 0.003_16);
    for note in (0..40).filter(|note| !(16..24).contains(note)) {
        let hz = 200.0 + 37.0 * f64::from(note);
        let start = note as usize * SECOND / 4;
        for (sample, tone) in sound[start..].iter_mut().zip(sine(RATE_HZ, hz, 10_000, 0.1)) {
            *sample += tone;
        }
    }
    sound
}

/// The end of what is being learned, after at most a second of silence.
fn end(stream: &mut Denoiser) -> Result<(NoiseProfile, bool), CaptureRefusal> {
    for _ in 0..100 {
        run_mono(stream, &[0.0; 480], &Settings::default());
        if let Some(end) = stream.take_capture() {
            return end.map(|captured| (captured.print.clone(), captured.is_in_force));
        }
    }
    panic!("it goes on for ever");
}

fn mean_db(print: &NoiseProfile) -> f32 {
    print.mean_db().iter().sum::<f32>() / print.n_bins() as f32
}

#[test]
fn noise_that_was_heard_is_learned_afterwards_though_the_transport_stands() {
    let mut rng = fastrand::Rng::with_seed(0x70);
    let sound = scene(&mut rng);
    let mut stream = denoiser(RATE_HZ, 1, LatencyMode::Standard);
    run_mono(&mut stream, &sound, &Settings::default());
    // The transport stops: a minute of silence, and a reset.
    run_mono(&mut stream, &vec![0.0; 60 * SECOND], &Settings::default());
    stream.reset();
    stream.learn_recent();
    let (print, is_in_force) = end(&mut stream).unwrap();
    assert!(is_in_force && stream.profile() == Some(&print));
    assert_eq!(print.about().verdict, Some(Verdict::Steady));
    assert!((0.9..2.6).contains(&print.seconds()), "{} s", print.seconds());
    let alone = quell_core::learn_noise(&[sound[4 * SECOND..6 * SECOND].to_vec()], RATE_HZ);
    let difference = mean_db(&print) - mean_db(&alone.unwrap());
    assert!(difference.abs() < 0.5, "{difference} dB from the noise alone");
}

#[test]
fn what_holds_no_noise_says_so_and_keeps_the_print() {
    let mut rng = fastrand::Rng::with_seed(0x71);
    let mut stream = denoiser(RATE_HZ, 1, LatencyMode::Standard);
    let refusal = |stream: &mut Denoiser| {
        stream.learn_recent();
        end(stream).unwrap_err()
    };
    assert_eq!(refusal(&mut stream), CaptureRefusal::NothingSteady, "nothing was heard");
    run_mono(&mut stream, &white(&mut rng, SECOND / 4, 0.01), &Settings::default());
    assert_eq!(refusal(&mut stream), CaptureRefusal::NothingSteady, "too little");
    run_mono(&mut stream, &white(&mut rng, 21 * SECOND, 1e-5), &Settings::default());
    assert_eq!(refusal(&mut stream), CaptureRefusal::NothingSteady, "nothing audible");
    assert!(stream.profile().is_none());
    // Only the last seconds count, and only they are there.
    run_mono(&mut stream, &white(&mut rng, 21 * SECOND, 0.01), &Settings::default());
    stream.learn_recent();
    let (print, _) = end(&mut stream).unwrap();
    assert!((print.about().level_dbfs.unwrap() + 40.0).abs() < 0.3, "{:?}", print.about());
    assert!((print.seconds() - 4.0).abs() < 0.01, "{} s", print.seconds());
}

#[test]
fn a_stretch_that_somebody_chose_is_learned_and_nothing_else() {
    let mut rng = fastrand::Rng::with_seed(0x75);
    // Hiss at −40 dBFS for 3 s, at −60 dBFS for 3 s, and 2 s of silence.
    let mut sound = white(&mut rng, 3 * SECOND, 0.01);
    sound.extend(white(&mut rng, 3 * SECOND, 0.001));
    sound.extend(vec![0.0; 2 * SECOND]);
    let mut stream = denoiser(RATE_HZ, 1, LatencyMode::Standard);
    let mut shown = Vec::new();
    struct Numbers<'a>(&'a mut Vec<(u32, f32)>);
    impl Tap for Numbers<'_> {
        fn frame(&mut self, view: &FrameView) {
            self.0.push((view.number, view.power.iter().sum()));
        }
    }
    for block in sound.chunks(480) {
        let io = &mut [&mut block.to_vec()[..]];
        stream.process(io, None, &Settings::default(), &mut Numbers(&mut shown));
    }
    // A display knows the frames by their numbers: those of the first hiss and of the second.
    let mut loud = shown.iter().filter(|(_, power)| *power > 1e-5);
    let (first, last) = (loud.next().unwrap().0, loud.next_back().unwrap().0);
    assert!(last.abs_diff(first).abs_diff(300) <= 5, "{first} to {last}");
    let mut level_of = |frames: std::ops::Range<u32>| {
        stream.learn_stretch(frames);
        end(&mut stream).map(|(print, is_in_force)| {
            assert!(is_in_force);
            (print.about().level_dbfs.unwrap().round(), (print.seconds() * 10.0).round() / 10.0)
        })
    };
    assert_eq!(level_of(first + 100..first + 200), Ok((-40.0, 1.0)));
    assert_eq!(level_of(last + 60..last + 260), Ok((-60.0, 2.0)));
    let refused = level_of(first..first + 10);
    assert!(matches!(refused, Err(CaptureRefusal::TooShort { .. })), "{refused:?}");
    assert_eq!(level_of(last + 340..last + 480), Err(CaptureRefusal::Silent));
    assert_eq!(level_of(9_000..9_100), Err(CaptureRefusal::Silent), "nobody has heard it");
    // Speech or notes would only be offered, as from any capture; the print in force is kept.
    assert!((stream.profile().unwrap().about().level_dbfs.unwrap() + 60.0).abs() < 0.5);
}

#[test]
fn a_switch_does_the_same_and_the_cut_into_blocks_does_not_matter() {
    let mut rng = fastrand::Rng::with_seed(0x72);
    let sound = scene(&mut rng);
    let asked_at = 8 * SECOND + 123;
    let print_of = |mut next: Box<dyn FnMut() -> usize>| {
        let mut stream = denoiser(RATE_HZ, 1, LatencyMode::Standard);
        let mut start = 0;
        while start < sound.len() {
            let to_switch = if start < asked_at { asked_at - start } else { usize::MAX };
            let end = (start + next()).min(sound.len()).min(start.saturating_add(to_switch));
            let use_recent = start >= asked_at;
            let settings = Settings { use_recent, ..Settings::default() };
            stream.process(&mut [&mut sound[start..end].to_vec()], None, &settings, &mut ());
            start = end;
        }
        assert!(stream.take_capture().is_some(), "once, though it stays on");
        stream.profile().unwrap().clone()
    };
    let expected = print_of(Box::new(|| 512));
    let mut lengths = fastrand::Rng::with_seed(0x73);
    assert_eq!(print_of(Box::new(move || lengths.usize(1..3_000))), expected);
    assert_eq!(print_of(Box::new(|| 1)), expected);
}

#[test]
fn a_capture_that_is_added_counts_by_its_length() {
    let mut rng = fastrand::Rng::with_seed(0x74);
    let (long, short) = (white(&mut rng, 3 * SECOND, 0.01), white(&mut rng, SECOND, 0.02));
    let capture = |stream: &mut Denoiser, noise: &[f32], add_to_print: bool| {
        let settings = Settings { capture: true, add_to_print, ..Settings::default() };
        run_mono(stream, noise, &settings);
        run_mono(stream, &[0.0; 480], &Settings { capture: false, ..settings });
        stream.take_capture().unwrap().unwrap().print.clone()
    };
    let mut stream = denoiser(RATE_HZ, 1, LatencyMode::Standard);
    let first = capture(&mut stream, &long, true);
    assert!((first.seconds() - 3.0).abs() < 0.02, "there was nothing to add to");
    let both = capture(&mut stream, &short, true);
    assert!((both.seconds() - 4.0).abs() < 0.03, "{} s", both.seconds());
    // A quarter of the time at 6 dB more.
    let rise_db = mean_db(&both) - mean_db(&first);
    assert!((rise_db - 1.5).abs() < 0.2, "{rise_db} dB");
    assert!((both.about().level_dbfs.unwrap() + 37.6).abs() < 0.3, "{:?}", both.about());
    assert_eq!(stream.profile(), Some(&both));
    // As the command line pools.
    let alone = |noise: &[f32]| quell_core::learn_noise(&[noise.to_vec()], RATE_HZ).unwrap();
    let pooled = alone(&long).pooled_with(&alone(&short)).unwrap();
    assert!((mean_db(&pooled) - mean_db(&both)).abs() < 0.2);
    // What is no noise is offered alone.
    let tone = capture(&mut stream, &sine(RATE_HZ, 900.0, SECOND, 0.1), true);
    assert!((tone.seconds() - 1.0).abs() < 0.02 && stream.profile() == Some(&both));
    let replaced = capture(&mut stream, &short, false);
    assert!((replaced.seconds() - 1.0).abs() < 0.02);
}
