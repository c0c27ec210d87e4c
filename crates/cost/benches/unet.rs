//! What a frame of the network costs at each level of the kernels:
//! `cargo bench -p quell-cost --bench unet`.
//!
//! Without `--bench` (as under `cargo test --benches`) it runs briefly, to prove that it runs.

use std::hint::black_box;
use std::time::Instant;

use quell_core::kernels::{Kernel, Level};
use quell_core::unet::{Noise, SHIPPED_WEIGHTS, UNet, Weights};
use quell_cost::Times;

const N_BINS: usize = 961;
/// Time between two frames, seconds.
const HOP_S: f64 = 0.01;

fn main() {
    let n_frames = if std::env::args().any(|arg| arg == "--bench") { 20_000 } else { 50 };
    let weights = Weights::parse(SHIPPED_WEIGHTS).expect("the shipped weights");
    println!("µs a frame, 48 kHz mono       median    p99    max   share of a core");
    for kernel in Level::ALL.into_iter().rev().filter_map(Kernel::new) {
        let mut net = UNet::new(&weights, N_BINS, 25.0, kernel).expect("the shipped weights");
        let times = Times::new(time_frames(&mut net, n_frames), HOP_S * n_frames as f64);
        println!(
            "{:<28} {:>7.1} {:>6.1} {:>6.1}   {:>6.3} %",
            format!("{:?}", kernel.level()),
            times.within_us(0.5),
            times.within_us(0.99),
            times.within_us(1.0),
            times.within_us(0.5) / (HOP_S * 1e6) * 100.0
        );
    }
}

fn time_frames(net: &mut UNet<'_>, n_frames: usize) -> Vec<f64> {
    let mut random = fastrand::Rng::with_seed(1);
    let frames: Vec<Vec<f32>> =
        (0..64).map(|_| (0..N_BINS).map(|_| 1e-6 * random.f32()).collect()).collect();
    let (print, mut gain) = (vec![4e-7; N_BINS], vec![0.0; N_BINS]);
    (0..n_frames)
        .map(|idx| {
            let start = Instant::now();
            net.estimate(black_box(&frames[idx % 64]), Noise::Captured(&print), &mut gain);
            black_box(&gain);
            start.elapsed().as_secs_f64()
        })
        .collect()
}
