//! The `quell` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    quell_cli::cli::run(std::env::args_os())
}
