//! A stream, as an audio callback runs it: blocks of 64 frames, a capture while it plays, and a
//! look at what each frame does.
//!
//! `cargo run -p quell-core --example live`

use quell_core::{Denoiser, FrameView, LatencyMode, Settings, StreamSpec, Tap};

const RATE_HZ: f64 = 48_000.0;
const BLOCK_LEN: usize = 64;

/// Sees every frame on the audio thread, so it only adds up.
#[derive(Default)]
struct Powers {
    before: f64,
    after: f64,
}

impl Tap for Powers {
    fn frame(&mut self, view: &FrameView) {
        for (&power, &gain) in view.power.iter().zip(view.gain) {
            self.before += f64::from(power);
            self.after += f64::from(power * gain * gain);
        }
    }
}

fn main() -> Result<(), quell_core::BuildError> {
    // 1. Before the callback starts: all memory is allocated here.
    let mut denoiser = Denoiser::new(StreamSpec {
        sample_rate_hz: RATE_HZ,
        n_channels: 2,
        n_noise_channels: 0,
        mode: LatencyMode::Live,
    })?;
    println!("latency {} samples", denoiser.latency_samples());

    let mut random = fastrand::Rng::with_seed(1);
    let (mut left, mut right) = ([0.0f32; BLOCK_LEN], [0.0f32; BLOCK_LEN]);
    let mut settings = Settings::default();
    for second in 0..4 {
        // 2. What a user does, from one block to the next: Capture is on in the first second.
        settings.capture = second == 0;
        let mut powers = Powers::default();
        // 3. The callback: in place, and nothing that could wait.
        for _ in 0..RATE_HZ as usize / BLOCK_LEN {
            for sample in left.iter_mut().chain(&mut right) {
                *sample = 0.02 * (random.f32() - 0.5);
            }
            denoiser.process(&mut [&mut left, &mut right], None, &settings, &mut powers);
        }
        let down_db = 10.0 * (powers.before / powers.after.max(1e-20)).log10();
        println!("second {second}: noise down {down_db:.1} dB");
        // 4. What became of the capture, told once.
        match denoiser.take_capture() {
            Some(Ok(captured)) => println!("a print of {:.1} s", captured.print.seconds()),
            Some(Err(reason)) => println!("no print: {reason}"),
            None => {}
        }
    }
    Ok(())
}
