//! A list of things to do, each of which passes, fails or cannot be done here.

use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

/// How a step ended.
pub(crate) enum Outcome {
    Passed,
    Failed(String),
    /// It cannot be done on this machine; in CI that is a failure.
    Impossible(String),
}

/// Steps so far.
#[derive(Default)]
pub(crate) struct Steps {
    log: Vec<(String, Outcome, f64)>,
}

impl Steps {
    /// Does a step and says how it went.
    pub(crate) fn run(&mut self, name: &str, step: impl FnOnce() -> Result<()>) -> bool {
        println!("\n=== {name}");
        let began = Instant::now();
        let outcome = match step() {
            Ok(()) => Outcome::Passed,
            Err(error) => Outcome::Failed(format!("{error:#}")),
        };
        let is_passed = matches!(outcome, Outcome::Passed);
        self.log.push((name.to_owned(), outcome, began.elapsed().as_secs_f64()));
        is_passed
    }

    /// Notes a step that cannot be done here, and why.
    pub(crate) fn cannot(&mut self, name: &str, reason: &str) {
        println!("\n=== {name}\ncannot be run here: {reason}");
        self.log.push((name.to_owned(), Outcome::Impossible(reason.to_owned()), 0.0));
    }

    /// The closing lines; an error if anything failed.
    pub(crate) fn close(self) -> Result<()> {
        let is_ci = std::env::var_os("CI").is_some_and(|value| value == "true");
        println!("\n=== summary");
        let (mut n_passed, mut n_failed, mut n_impossible) = (0, 0, 0);
        for (name, outcome, seconds) in &self.log {
            match outcome {
                Outcome::Passed => {
                    n_passed += 1;
                    println!("  passed  {seconds:6.1} s  {name}");
                }
                Outcome::Failed(reason) => {
                    n_failed += 1;
                    println!("  FAILED  {seconds:6.1} s  {name}: {reason}");
                }
                Outcome::Impossible(reason) => {
                    n_impossible += 1;
                    println!("  NOT RUN           {name}: {reason}");
                }
            }
        }
        if n_impossible > 0 {
            println!(
                "{n_impossible} could not be run{}",
                if is_ci { ", which CI must" } else { "" }
            );
        }
        if is_ci {
            n_failed += n_impossible;
        }
        println!("{n_passed} passed, {n_failed} failed");
        if n_failed > 0 {
            bail!("{n_failed} of {} steps failed", self.log.len());
        }
        Ok(())
    }
}

/// Runs a command to its end; anything but success is an error.
pub(crate) fn sh(command: &mut Command) -> Result<()> {
    let line = format!("{command:?}");
    let status = command.status().with_context(|| format!("{line} cannot be started"))?;
    if !status.success() {
        bail!("{line}: {status}");
    }
    Ok(())
}

/// Cargo in the project, with these arguments.
pub(crate) fn cargo(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO"));
    command.args(args);
    command
}

/// True if a program of this name starts.
pub(crate) fn has_program(name: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|folder| {
            folder.join(name).is_file() || folder.join(format!("{name}.exe")).is_file()
        })
    })
}
