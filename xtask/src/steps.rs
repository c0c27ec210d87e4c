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
    pub(crate) fn run(&mut self, name: &str, step: impl FnOnce() -> Result<()>) {
        self.run_with(name, || Ok(()), |()| step());
    }

    /// Does a step that needs something first: what cannot be had makes the step impossible, and
    /// the time to get it is the step's.
    pub(crate) fn run_with<T>(
        &mut self,
        name: &str,
        prepare: impl FnOnce() -> Result<T>,
        step: impl FnOnce(T) -> Result<()>,
    ) {
        println!("\n=== {name}");
        let began = Instant::now();
        let outcome = match prepare().map(step) {
            Ok(Ok(())) => Outcome::Passed,
            Ok(Err(error)) => Outcome::Failed(format!("{error:#}")),
            Err(error) => {
                println!("cannot be run here: {error:#}");
                Outcome::Impossible(format!("{error:#}"))
            }
        };
        self.log.push((name.to_owned(), outcome, began.elapsed().as_secs_f64()));
    }

    /// The closing lines; an error if anything failed.
    pub(crate) fn close(self) -> Result<()> {
        let is_ci = is_ci();
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
                    println!("  NOT RUN {seconds:6.1} s  {name}: {reason}");
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

/// True where nobody is there to be asked.
pub(crate) fn is_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| value == "true")
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_a_step_needs_first_counts_as_its_time_whether_or_not_it_can_be_had() {
        const NEEDED: Duration = Duration::from_millis(30);
        let mut steps = Steps::default();
        let had = || {
            std::thread::sleep(NEEDED);
            Ok(7)
        };
        steps.run_with("had", had, |number| {
            assert_eq!(number, 7);
            Ok(())
        });
        let missing = || -> Result<()> {
            std::thread::sleep(NEEDED);
            bail!("out of stock")
        };
        steps.run_with("missing", missing, |()| unreachable!("it cannot be run"));
        steps.run("broken", || bail!("as it must"));
        let outcomes: Vec<_> = steps.log.iter().map(|(_, outcome, _)| outcome).collect();
        assert!(matches!(
            outcomes[..],
            [Outcome::Passed, Outcome::Impossible(why), Outcome::Failed(_)] if why == "out of stock"
        ));
        assert!(steps.log[..2].iter().all(|(.., seconds)| *seconds >= NEEDED.as_secs_f64()));
        assert!(steps.close().is_err());
    }
}
