//! The command line as a whole: its commands, and how their failures are told.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

#[cfg(target_os = "linux")]
use crate::mic;
use crate::{bench, compare, demo, denoise, interrupt, material, plot, profile, shell};

/// Takes noise out of recordings, with the same sound as the Quell plugin.
#[derive(Parser, Debug)]
#[command(
    name = "quell",
    version,
    max_term_width = 100,
    after_help = "\
Begin with:
  quell demo                                  hear and see what it does
  quell denoise talk.wav -o clean.wav         find the noise and take it out
  quell denoise --help                        everything else, with examples"
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    Denoise(Box<denoise::DenoiseArgs>),
    Profile(profile::ProfileArgs),
    Plot(Box<plot::PlotArgs>),
    #[cfg(target_os = "linux")]
    Mic(mic::MicArgs),
    Compare(compare::CompareArgs),
    Mix(material::MixArgs),
    Noise(material::NoiseArgs),
    Bench(bench::BenchArgs),
    Demo(demo::DemoArgs),
    Completions(shell::CompletionsArgs),
    Man(shell::ManArgs),
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
    interrupt::listen();
    let done = match cli.command {
        Command::Denoise(args) => denoise::run(&args),
        Command::Profile(args) => profile::run(&args),
        Command::Plot(args) => plot::run(&args),
        #[cfg(target_os = "linux")]
        Command::Mic(args) => mic::run(&args),
        Command::Compare(args) => compare::run(&args),
        Command::Mix(args) => material::run_mix(&args),
        Command::Noise(args) => material::run_noise(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Demo(args) => demo::run(&args),
        Command::Completions(args) => shell::run_completions(&args, &mut Cli::command()),
        Command::Man(args) => shell::run_man(&args, Cli::command()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("quell: {error:#}");
            if quell_audio::interrupt::is_requested() {
                ExitCode::from(130)
            } else {
                ExitCode::FAILURE
            }
        }
    }
}
