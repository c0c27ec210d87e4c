//! Output does not depend on how the host cuts the blocks, nor on what ran before a reset.

mod support;

use quell_core::{LatencyMode, ProfileSource, Settings};
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
    for mode in LatencyMode::ALL {
        let mut fresh = denoiser(48_000.0, 2, mode);
        let mut expected = input.clone();
        run(&mut fresh, &mut expected, &Settings::default(), || 256);

        let mut used = denoiser(48_000.0, 2, mode);
        let loud =
            Settings { mix: 0.3, output_gain_db: 12.0, stereo_link: false, ..Settings::default() };
        run(&mut used, &mut signal(&mut rng, 12_345), &loud, || 100);
        used.reset();
        let mut actual = input.clone();
        run(&mut used, &mut actual, &Settings::default(), || 256);
        assert!(actual == expected, "{mode:?}");
    }
}
