//! The command line as a whole: its commands, and how their failures are told.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::denoise;

/// Takes noise out of recordings, with the same sound as the Quell plugin.
#[derive(Parser, Debug)]
#[command(name = "quell", version, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    Denoise(denoise::DenoiseArgs),
}

/// Runs the program; every failure becomes one line on stderr.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // Nothing can be done about a terminal that cannot be written to.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let done = match cli.command {
        Command::Denoise(args) => denoise::run(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("quell: {error:#}");
            ExitCode::FAILURE
        }
    }
}
