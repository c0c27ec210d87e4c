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
    log: Vec<Done>,
}

struct Done {
    name: String,
    outcome: Outcome,
    seconds: f64,
    /// Processor time over time: what a step that leaves cores idle could share with another.
    n_cores: Option<f64>,
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
        let (began, cpu_before_s) = (Instant::now(), cpu_of_children_s());
        let outcome = match prepare().map(step) {
            Ok(Ok(())) => Outcome::Passed,
            Ok(Err(error)) => Outcome::Failed(format!("{error:#}")),
            Err(error) => {
                println!("cannot be run here: {error:#}");
                Outcome::Impossible(format!("{error:#}"))
            }
        };
        let seconds = began.elapsed().as_secs_f64();
        let cpu_s = cpu_of_children_s().zip(cpu_before_s).map(|(after, before)| after - before);
        let n_cores = cpu_s.map(|cpu_s| cpu_s / seconds);
        self.log.push(Done { name: name.to_owned(), outcome, seconds, n_cores });
    }

    /// The closing lines; an error if anything failed.
    pub(crate) fn close(self) -> Result<()> {
        let is_ci = is_ci();
        println!("\n=== summary");
        let (mut n_passed, mut n_failed, mut n_impossible) = (0, 0, 0);
        for Done { name, outcome, seconds, n_cores } in &self.log {
            let cores = n_cores.map_or(String::new(), |n| format!("{n:4.1} cores  "));
            match outcome {
                Outcome::Passed => {
                    n_passed += 1;
                    println!("  passed  {seconds:6.1} s  {cores}{name}");
                }
                Outcome::Failed(reason) => {
                    n_failed += 1;
                    println!("  FAILED  {seconds:6.1} s  {cores}{name}: {reason}");
                }
                Outcome::Impossible(reason) => {
                    n_impossible += 1;
                    println!("  NOT RUN {seconds:6.1} s  {cores}{name}: {reason}");
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

/// Processor time of all programs that were started and have ended, where Linux tells it.
fn cpu_of_children_s() -> Option<f64> {
    /// Of the table that `proc(5)` describes, on every machine.
    const TICKS_PER_S: f64 = 100.0;
    let line = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The program's name may hold blanks. User's and system's time are the 16th and 17th field.
    let mut fields = line.rsplit_once(')')?.1.split_whitespace().skip(13);
    let mut ticks = || fields.next()?.parse::<f64>().ok();
    Some((ticks()? + ticks()?) / TICKS_PER_S)
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
        let outcomes: Vec<_> = steps.log.iter().map(|done| &done.outcome).collect();
        assert!(matches!(
            outcomes[..],
            [Outcome::Passed, Outcome::Impossible(why), Outcome::Failed(_)] if why == "out of stock"
        ));
        assert!(steps.log[..2].iter().all(|done| done.seconds >= NEEDED.as_secs_f64()));
        assert!(steps.close().is_err());
    }

    /// The system counts what all programs of a process computed, so this is measured in a
    /// process of its own, where no other test runs programs.
    #[cfg(target_os = "linux")]
    #[test]
    fn what_a_program_computed_is_told_apart_from_what_it_waited() {
        const IS_ALONE: &str = "QUELL_TEST_IS_ALONE";
        const NAME: &str =
            "steps::tests::what_a_program_computed_is_told_apart_from_what_it_waited";
        if std::env::var_os(IS_ALONE).is_none() {
            let program = std::env::current_exe().unwrap();
            let output = Command::new(program).args(["--exact", NAME]).env(IS_ALONE, "1").output();
            let said = String::from_utf8(output.unwrap().stdout).unwrap();
            assert!(said.contains("1 passed; 0 failed"), "{said}");
            return;
        }
        let n_cores = |script: &str| {
            let mut steps = Steps::default();
            steps.run("step", || sh(Command::new("sh").args(["-c", script])));
            steps.log[0].n_cores.unwrap()
        };
        assert!(n_cores("i=0; while [ $i -lt 300000 ]; do i=$((i + 1)); done") > 0.1);
        assert!(n_cores("sleep 0.3") < 0.1);
    }
}
