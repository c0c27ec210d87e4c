//! Output does not depend on how the host cuts the blocks, nor on what ran before a reset.

use quell_core::{Engine, LatencyMode, ProfileSource, Settings};
use quell_testkit::signals::{sine, white};
use quell_testkit::stream::{denoiser, learn, run};

/// Noise under a tone, with a gap after which the noise is louder, so that what follows it has to
/// find it anew.
fn signal(rng: &mut fastrand::Rng, n: usize) -> Vec<Vec<f32>> {
    let tone = sine(48_000.0, 440.0, n, 0.2);
    let loudness = |idx: usize| match idx * 6 / n {
        0 | 1 => 0.1,
        2 => 0.0,
        _ => 1.0,
    };
    (0..2)
        .map(|_| {
            let sound =
                white(rng, n, 0.02).into_iter().zip(&tone).map(|(noise, tone)| noise + tone);
            sound.enumerate().map(|(idx, sample)| sample * loudness(idx)).collect()
        })
        .collect()
}

#[test]
fn any_cutting_into_blocks_gives_the_same_bits() {
    let seed = 0x52_u64;
    let mut rng = fastrand::Rng::with_seed(seed);
    let input = signal(&mut rng, 60_000);
    let noise = white(&mut rng, 48_000, 0.02);
    for mode in LatencyMode::ALL {
        for profile_source in [ProfileSource::Captured, ProfileSource::Adaptive] {
            for (engine, stereo_link) in
                Engine::ALL.into_iter().flat_map(|engine| [(engine, true), (engine, false)])
            {
                let settings =
                    Settings { engine, profile_source, stereo_link, ..Settings::default() };
                let mut stream = denoiser(48_000.0, 2, mode);
                learn(&mut stream, &noise);
                let mut whole = input.clone();
                run(&mut stream, &mut whole, &settings, || usize::MAX);
                for longest in [1, 7, 64, 1_000, 16_384] {
                    stream.reset();
                    let mut cut = input.clone();
                    run(&mut stream, &mut cut, &settings, || rng.usize(1..=longest));
                    assert!(
                        cut == whole,
                        "{engine:?}, {mode:?}, {profile_source:?}, link {stereo_link}, blocks up \
                         to {longest}, seed {seed}"
                    );
                }
            }
        }
    }
}

/// Other engines, and the mask linked or not, at fixed samples; each stretch is cut at random.
fn run_through_switches(
    stream: &mut quell_core::Denoiser,
    channels: &mut [Vec<f32>],
    mut block_len: impl FnMut() -> usize,
) {
    let n = channels[0].len();
    for (idx, start) in (0..n).step_by(5_003).enumerate() {
        let settings = Settings {
            engine: Engine::ALL[[0, 2, 3, 1, 2, 0, 3, 2][idx % 8]],
            stereo_link: idx % 3 != 1,
            ..Settings::default()
        };
        let mut part: Vec<Vec<f32>> =
            channels.iter().map(|c| c[start..n.min(start + 5_003)].to_vec()).collect();
        run(stream, &mut part, &settings, &mut block_len);
        for (channel, part) in channels.iter_mut().zip(&part) {
            channel[start..start + part.len()].copy_from_slice(part);
        }
    }
}

#[test]
fn switching_engines_does_not_depend_on_the_cutting_either() {
    let seed = 0x5a_u64;
    let mut rng = fastrand::Rng::with_seed(seed);
    let input = signal(&mut rng, 60_000);
    let noise = white(&mut rng, 48_000, 0.02);
    for mode in LatencyMode::ALL {
        let mut stream = denoiser(48_000.0, 2, mode);
        learn(&mut stream, &noise);
        let mut whole = input.clone();
        run_through_switches(&mut stream, &mut whole, || usize::MAX);
        for longest in [7, 480, 5_000] {
            stream.reset();
            let mut cut = input.clone();
            run_through_switches(&mut stream, &mut cut, || rng.usize(1..=longest));
            assert!(cut == whole, "{mode:?}, blocks up to {longest}, seed {seed}");
        }
    }
}

#[test]
fn a_reset_stream_sounds_like_a_new_one() {
    let mut rng = fastrand::Rng::with_seed(0x53);
    let input = signal(&mut rng, 30_000);
    // A print far below the signal: the mask is open, so the floor hides no difference.
    let mut listener = denoiser(48_000.0, 1, LatencyMode::Standard);
    learn(&mut listener, &white(&mut rng, 48_000, 0.002));
    let profile = listener.profile().cloned();
    assert!(profile.is_some());
    for mode in LatencyMode::ALL {
        for engine in Engine::ALL {
            // Slow enough that whatever a smoother keeps is still heard after the reset.
            let settings =
                Settings { engine, attack_ms: 300.0, release_ms: 300.0, ..Settings::default() };
            let mut fresh = denoiser(48_000.0, 2, mode);
            fresh.set_profile(profile.as_ref());
            let mut expected = input.clone();
            run(&mut fresh, &mut expected, &settings, || 256);

            let mut used = denoiser(48_000.0, 2, mode);
            used.set_profile(profile.as_ref());
            let before = Settings { mix: 0.3, output_gain_db: 12.0, ..settings };
            let mut loud = signal(&mut rng, 12_345);
            loud.iter_mut().flatten().for_each(|sample| *sample *= 4.0);
            run(&mut used, &mut loud, &before, || 100);
            used.reset();
            let mut actual = input.clone();
            run(&mut used, &mut actual, &settings, || 256);
            assert!(actual == expected, "{mode:?}, {engine:?}");
        }
    }
}
