//! Output does not depend on how the host cuts the blocks, nor on what ran before a reset.

mod support;

use quell_core::{Engine, LatencyMode, ProfileSource, Settings};
use support::{denoiser, learn, run, sine, white};

fn signal(rng: &mut fastrand::Rng, n: usize) -> Vec<Vec<f32>> {
    let tone = sine(48_000.0, 440.0, n, 0.2);
    (0..2)
        .map(|_| white(rng, n, 0.02).iter().zip(&tone).map(|(noise, tone)| noise + tone).collect())
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
            for stereo_link in [true, false] {
                let settings = Settings { profile_source, stereo_link, ..Settings::default() };
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
                        "{mode:?}, {profile_source:?}, link {stereo_link}, blocks up to {longest}, \
                         seed {seed}"
                    );
                }
            }
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
        for engine in [Engine::Gate, Engine::Classic] {
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
