//! The network's kernels for other processors, run by what stands in for them: NEON under QEMU,
//! WebAssembly's SIMD under Node. The network's own golden test goes with them.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::needs;
use crate::steps::{Steps, cargo};

const TESTS: [&str; 3] = [
    "kernels::tests::a_processor_with_one_kernel_uses_it",
    "kernels::tests::every_level_agrees_with_the_scalar_one",
    "unet::tests::every_layer_agrees_with_pytorch",
];
const NEON_TARGET: &str = "aarch64-unknown-linux-gnu";
const SIMD128_TARGET: &str = "wasm32-wasip1";

pub(crate) fn run(steps: &mut Steps) {
    // On such a processor the tests of the workspace have run it.
    if !cfg!(target_arch = "aarch64") {
        steps.run_with("NEON kernel under QEMU", neon_needs, |()| pass(&mut neon()));
    }
    steps.run_with("SIMD128 kernel under Node", simd128_needs, |()| pass(&mut simd128()));
}

fn neon_needs() -> Result<()> {
    needs::packages(&["qemu-user", "gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross"])?;
    needs::target(NEON_TARGET)
}

fn neon() -> Command {
    let mut command = tests(NEON_TARGET);
    command.env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", "aarch64-linux-gnu-gcc").env(
        "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER",
        "qemu-aarch64 -L /usr/aarch64-linux-gnu",
    );
    command
}

fn simd128_needs() -> Result<()> {
    needs::program("node", "nodejs")?;
    needs::target(SIMD128_TARGET)
}

fn simd128() -> Command {
    let mut command = tests(SIMD128_TARGET);
    command
        .env("CARGO_TARGET_WASM32_WASIP1_RUSTFLAGS", "-C target-feature=+simd128")
        // Tests run in the folder of their crate.
        .env("CARGO_TARGET_WASM32_WASIP1_RUNNER", "node --no-warnings ../../xtask/src/wasi.mjs");
    command
}

fn tests(target: &str) -> Command {
    let mut command = cargo(&["test", "--package", "quell-core", "--lib", "--target", target]);
    command.arg("--").args(TESTS);
    command
}

/// Runs the tests, each of which must be there and pass: a filter that finds nothing passes, too.
fn pass(command: &mut Command) -> Result<()> {
    let output = command.stderr(Stdio::inherit()).output().context("cargo cannot be started")?;
    let text = String::from_utf8_lossy(&output.stdout);
    print!("{text}");
    ensure!(output.status.success(), "{}", output.status);
    for test in TESTS {
        ensure!(text.contains(&format!("test {test} ... ok")), "'{test}' did not run");
    }
    Ok(())
}
