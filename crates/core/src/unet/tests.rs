//! Agreement with PyTorch, layer by layer, and of all kernels with one another.

use super::*;
use crate::kernels::Level;

const N_BINS: usize = 961;
const N_FRAMES: usize = 6;
/// A print of hiss.
const HISS: Noise<'static> = Noise::Captured(&[1e-7; N_BINS]);
/// What one step of a state, tipped by a rounding, makes of a gain: 0.02, measured.
const GAIN_TOLERANCE: f32 = 0.03;

/// Weights and golden vectors: those that ship, those of a small network with two memories of the
/// whole frame and a slow level, and those of the folder in `QUELL_GOLDEN_DIR`, where the
/// training's own test puts what it has just exported.
fn files() -> Vec<(Vec<u8>, Vec<u8>)> {
    let root = env!("CARGO_MANIFEST_DIR");
    let fixtures = format!("{root}/../../tests/fixtures/unet");
    let pair = |folder: &str| (format!("{folder}/unet.quell"), format!("{folder}/golden.quell"));
    let shipped = (format!("{root}/assets/unet.quell"), format!("{fixtures}/golden.quell"));
    let mut paths = vec![shipped, pair(&format!("{fixtures}/two_memories"))];
    paths.extend(std::env::var("QUELL_GOLDEN_DIR").ok().map(|folder| pair(&folder)));
    let read = |path: &str| std::fs::read(path).unwrap_or_else(|e| panic!("{path}: {e}"));
    paths.iter().map(|(weights, golden)| (read(weights), read(golden))).collect()
}

fn net<'w>(weights: &Weights<'w>, kernel: Kernel) -> UNet<'w> {
    UNet::new(weights, N_BINS, 25.0, kernel).unwrap()
}

/// Weights with two memories of the whole frame and a slow level.
const TWO_MEMORIES: &[u8] =
    include_bytes!("../../../../tests/fixtures/unet/two_memories/unet.quell");

/// Frames of noise with a tone that comes and goes.
fn random_frames(n_frames: usize, seed: u64) -> Vec<Vec<f32>> {
    let mut random = fastrand::Rng::with_seed(seed);
    (0..n_frames)
        .map(|frame| {
            let mut power: Vec<f32> =
                (0..N_BINS).map(|_| -1e-7 * (1.0 - random.f32()).ln()).collect();
            if frame % 40 < 20 {
                power[frame % 300..][..5].fill(1e-3);
            }
            power
        })
        .collect()
}

/// Largest difference, and how many bytes differ at all.
fn compare_bytes(actual: &[u8], expected: &[u8]) -> (u8, usize) {
    assert_eq!(actual.len(), expected.len());
    let differences = actual.iter().zip(expected).map(|(a, e)| a.abs_diff(*e));
    (differences.clone().max().unwrap_or(0), differences.filter(|d| *d > 0).count())
}

#[test]
fn every_layer_agrees_with_pytorch() {
    for (weights, golden) in files() {
        layers_agree(&Weights::parse(&weights).unwrap(), &Weights::parse(&golden).unwrap());
    }
}

fn layers_agree(weights: &Weights, golden: &Weights) {
    let power = golden.floats("power", [N_FRAMES, N_BINS]).unwrap();
    let print = golden.floats("print", [1, N_BINS]).unwrap();
    let inputs = golden.floats("inputs", [N_FRAMES, N_BANDS * N_INPUTS]).unwrap();
    let d1 = golden.floats("layer.d1", [N_FRAMES, N_BANDS * 8]).unwrap();
    let gains = golden.floats("gains", [N_FRAMES, N_BANDS]).unwrap();
    let mut net = net(weights, Kernel::best());
    let mut gain = vec![0.0; N_BINS];
    for frame in 0..N_FRAMES {
        net.estimate(&power[frame * N_BINS..][..N_BINS], Noise::Captured(&print), &mut gain);
        let b = &net.buffers;
        let row = |values: &[f32], width: usize| values[frame * width..][..width].to_vec();
        for (a, e) in b.inputs.inner().iter().zip(row(&inputs, N_BANDS * N_INPUTS)) {
            assert!((a - e).abs() < 1e-4, "frame {frame}: input {a}, expected {e}");
        }
        let layers: [(&'static str, &[u8]); 11] = [
            ("layer.e1", b.e1.inner()),
            ("layer.e2", b.e2.inner()),
            ("layer.e3", b.e3.inner()),
            ("layer.e4", &b.e4),
            ("layer.t1", &b.time1),
            ("layer.g", &b.whole),
            ("layer.t2", b.time2.inner()),
            ("layer.d3", &b.d3),
            ("layer.j3", b.join3.inner()),
            ("layer.d2", &b.d2),
            ("layer.j2", b.join2.inner()),
        ];
        for (name, actual) in layers {
            let expected = golden.bytes(name, [N_FRAMES, actual.len()]).unwrap();
            let (largest, n_different) =
                compare_bytes(actual, &expected[frame * actual.len()..][..actual.len()]);
            // A rounding of the input may tip a byte, and a tipped byte some of the next layer; a
            // tipped state lives on in the frames that follow.
            let share = if frame < 2 { 20 } else { 6 };
            assert!(largest <= 2, "frame {frame}, {name}: {largest} steps off");
            assert!(
                n_different * share <= actual.len(),
                "frame {frame}, {name}: {n_different} differ"
            );
        }
        for (a, e) in b.d1.iter().zip(row(&d1, N_BANDS * 8)) {
            assert!((a - e).abs() < 0.05, "frame {frame}: d1 {a}, expected {e}");
        }
        for (band, (a, e)) in net.gains.iter().zip(row(&gains, N_BANDS)).enumerate() {
            assert!(
                (a - e).abs() < GAIN_TOLERANCE,
                "frame {frame}, band {band}: gain {a}, expected {e}"
            );
        }
    }
}

#[test]
fn the_network_without_a_level_of_the_noise_agrees_with_pytorch() {
    for (weights, golden) in files() {
        gains_agree(&Weights::parse(&weights).unwrap(), &Weights::parse(&golden).unwrap());
    }
}

fn gains_agree(weights: &Weights, golden: &Weights) {
    let power = golden.floats("power", [N_FRAMES, N_BINS]).unwrap();
    let inputs = golden.floats("inputs_absent", [N_FRAMES, N_BANDS * N_INPUTS]).unwrap();
    let gains = golden.floats("gains_absent", [N_FRAMES, N_BANDS]).unwrap();
    let mut net = net(weights, Kernel::best());
    let mut gain = vec![0.0; N_BINS];
    for frame in 0..N_FRAMES {
        net.estimate(&power[frame * N_BINS..][..N_BINS], Noise::Absent, &mut gain);
        let expected = &inputs[frame * N_BANDS * N_INPUTS..][..N_BANDS * N_INPUTS];
        for (a, e) in net.buffers.inputs.inner().iter().zip(expected) {
            assert!((a - e).abs() < 1e-3, "frame {frame}: input {a}, expected {e}");
        }
        for (a, e) in net.gains.iter().zip(&gains[frame * N_BANDS..]) {
            assert!((a - e).abs() < GAIN_TOLERANCE, "frame {frame}: gain {a}, expected {e}");
        }
    }
}

#[test]
fn the_band_table_is_that_of_the_training() {
    for (_, golden) in files() {
        let golden = Weights::parse(&golden).unwrap();
        let edges = golden.floats("edges", [1, N_BANDS + 1]).unwrap();
        let table = BandTable::new(N_BINS, 25.0);
        assert_eq!(table.edges().map(|edge| edge as f32).to_vec(), edges);
    }
}

#[test]
fn every_level_gives_the_same_gains_bit_for_bit() {
    let weights = Weights::parse(SHIPPED_WEIGHTS).unwrap();
    let frames = random_frames(100, 11);
    let run = |level| {
        let mut net = net(&weights, Kernel::new(level)?);
        let mut gain = vec![0.0; N_BINS];
        let mut all = Vec::new();
        for power in &frames {
            net.estimate(power, HISS, &mut gain);
            all.extend(gain.iter().map(|g| g.to_bits()));
        }
        Some(all)
    };
    let scalar = run(Level::Scalar).unwrap();
    for level in Level::ALL {
        if let Some(actual) = run(level) {
            assert_eq!(actual, scalar, "{level:?}");
        }
    }
}

#[test]
fn a_print_of_gaussian_noise_gives_its_power() {
    let mut random = fastrand::Rng::with_seed(4);
    let levels = (0..100_000).map(|_| 10.0 * (-1e-6 * (1.0 - random.f64()).ln()).log10());
    let mean_db = levels.sum::<f64>() / 1e5;
    let mut power = [0.0];
    print_power(&[mean_db as f32], &mut power);
    assert!((power[0] / 1e-6 - 1.0).abs() < 0.02, "{} instead of 1e-6", power[0]);
}

#[test]
fn reset_forgets_everything() {
    for weights in [SHIPPED_WEIGHTS, TWO_MEMORIES] {
        forgets_everything(&Weights::parse(weights).unwrap());
    }
}

fn forgets_everything(weights: &Weights) {
    let frames = random_frames(30, 5);
    let mut used = net(weights, Kernel::best());
    let mut fresh = net(weights, Kernel::best());
    let (mut a, mut b) = (vec![0.0; N_BINS], vec![0.0; N_BINS]);
    for power in random_frames(50, 6) {
        used.estimate(&power, Noise::Absent, &mut a);
    }
    used.reset();
    for power in &frames {
        used.estimate(power, HISS, &mut a);
        fresh.estimate(power, HISS, &mut b);
        assert_eq!(a, b);
    }
}

#[test]
fn hostile_spectra_leave_no_trace_in_the_gains() {
    let weights = Weights::parse(SHIPPED_WEIGHTS).unwrap();
    let mut net = net(&weights, Kernel::best());
    let mut gain = vec![0.0; N_BINS];
    let print = vec![f32::NAN; N_BINS];
    for power in [0.0, f32::NAN, f32::INFINITY, f32::MAX, f32::MIN_POSITIVE, -1.0, 1e-6] {
        for noise in [Noise::Captured(&print), HISS, Noise::Absent] {
            net.estimate(&vec![power; N_BINS], noise, &mut gain);
            assert!(gain.iter().all(|g| (0.0..=1.0).contains(g)), "power {power}");
        }
    }
    for _ in 0..400 {
        net.estimate(&vec![1e-9; N_BINS], HISS, &mut gain);
    }
    assert!(net.buffers.inputs.inner().iter().all(|v| v.is_finite()));
}

#[test]
fn any_number_of_bins_gets_gains() {
    let weights = Weights::parse(SHIPPED_WEIGHTS).unwrap();
    for (n_bins, bin_hz) in [(21, 25.0), (161, 25.0), (883, 25.0), (1921, 25.0), (3841, 25.1)] {
        let mut net = UNet::new(&weights, n_bins, bin_hz, Kernel::best()).unwrap();
        let mut gain = vec![f32::NAN; n_bins];
        net.estimate(&vec![1e-6; n_bins], Noise::Absent, &mut gain);
        assert!(gain.iter().all(|g| (0.0..=1.0).contains(g)), "{n_bins} bins");
    }
}

#[test]
fn estimate_allocates_nothing() {
    let weights = Weights::parse(SHIPPED_WEIGHTS).unwrap();
    let mut net = net(&weights, Kernel::best());
    let mut gain = vec![0.0; N_BINS];
    let power = vec![1e-6; N_BINS];
    assert_no_alloc::assert_no_alloc(|| {
        for _ in 0..50 {
            net.estimate(&power, Noise::Captured(&power), &mut gain);
        }
        net.reset();
    });
}

#[test]
fn memory_fades_after_long_silence_and_long_noise() {
    const FRAMES_PER_S: usize = 100;
    let weights = Weights::parse(SHIPPED_WEIGHTS).unwrap();
    let mut used = net(&weights, Kernel::best());
    let mut fresh = net(&weights, Kernel::best());
    let (mut a, mut b) = (vec![0.0; N_BINS], vec![0.0; N_BINS]);
    let loud = random_frames(FRAMES_PER_S, 8);
    let silence = vec![0.0; N_BINS];
    for idx in 0..60 * FRAMES_PER_S {
        used.estimate(&loud[idx % loud.len()], HISS, &mut a);
        assert!(a.iter().all(|g| (0.0..=1.0).contains(g)), "frame {idx}");
    }
    for _ in 0..5 * 60 * FRAMES_PER_S {
        used.estimate(&silence, HISS, &mut a);
    }
    let mut differences = random_frames(60 * FRAMES_PER_S, 9).into_iter().map(|power| {
        used.estimate(&power, HISS, &mut a);
        fresh.estimate(&power, HISS, &mut b);
        a.iter().zip(&b).map(|(a, b)| f64::from((a - b).abs())).sum::<f64>() / N_BINS as f64
    });
    let mut mean_of = |seconds: usize| {
        let n_frames = seconds * FRAMES_PER_S;
        differences.by_ref().take(n_frames).sum::<f64>() / n_frames as f64
    };
    // States are rounded to 127 steps, so that two of them may stay some steps apart for good. What
    // they do to a mask begins with 0.72 in the first second and is 0.016 on average over the
    // second ten, 0.006 over the sixth, measured.
    let (_start, early, _between, late) = (mean_of(10), mean_of(10), mean_of(30), mean_of(10));
    assert!(early < 0.03, "gains differ by {early} on average, ten to twenty seconds later");
    assert!(late < 0.01, "gains differ by {late} on average, fifty to sixty seconds later");
}

#[test]
fn no_forged_file_panics_or_makes_gains_that_are_none() {
    let seed = 21;
    let mut random = fastrand::Rng::with_seed(seed);
    let frames = random_frames(3, 2);
    let mut gain = vec![0.0; N_BINS];
    let mut n_accepted = 0;
    for round in 0..200 {
        let mut file = [SHIPPED_WEIGHTS, TWO_MEMORIES][round % 2].to_vec();
        for _ in 0..random.usize(1..20) {
            let at = random.usize(24..file.len());
            file[at] = random.u8(..);
        }
        let hash = weights::fnv1a(&file[24..]);
        file[16..24].copy_from_slice(&hash.to_le_bytes());
        let Ok(weights) = Weights::parse(&file) else { continue };
        let Ok(mut net) = UNet::new(&weights, N_BINS, 25.0, Kernel::best()) else { continue };
        n_accepted += 1;
        for power in &frames {
            net.estimate(power, HISS, &mut gain);
            let is_sound = gain.iter().all(|g| (0.0..=1.0).contains(g));
            assert!(is_sound, "seed {seed}, round {round}");
        }
    }
    assert!(n_accepted > 20, "only {n_accepted} forged files were accepted");
}

#[test]
fn the_identity_in_the_header_is_that_of_the_weights() {
    assert_eq!(Weights::parse(SHIPPED_WEIGHTS).unwrap().identity(), SHIPPED_IDENTITY);
}

#[test]
fn a_network_goes_on_from_another_as_if_it_were_the_same() {
    for weights in [SHIPPED_WEIGHTS, TWO_MEMORIES] {
        goes_on(&Weights::parse(weights).unwrap());
    }
}

fn goes_on(weights: &Weights) {
    let frames = random_frames(300, 7);
    let mut first = net(weights, Kernel::best());
    let mut second = net(weights, Kernel::best());
    let (mut gain, mut other_gain) = (vec![0.0; N_BINS], vec![0.0; N_BINS]);
    for frame in &frames[..200] {
        first.estimate(frame, HISS, &mut gain);
    }
    second.continue_from(&first);
    for frame in &frames[200..] {
        first.estimate(frame, HISS, &mut gain);
        second.estimate(frame, HISS, &mut other_gain);
        assert!(gain == other_gain);
    }
}
