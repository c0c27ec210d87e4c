//! `quell denoise`.

mod args;
mod common;
mod job;
mod noise;
mod plan;
mod report;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::{Result, anyhow};
use quell_audio::interrupt;
use rayon::prelude::*;

use crate::progress::Progress;
use common::Common;
use plan::{Job, Plan};
use report::FileReport;

pub use args::DenoiseArgs;

/// Denoises every input.
pub fn run(args: &DenoiseArgs) -> Result<()> {
    args.check()?;
    let common = Common::new(args)?;
    let Plan { jobs, skipped } = plan::plan(args)?;
    if let (Some(line), false) = (report::skipped_line(&skipped), args.quiet) {
        eprintln!("{line}");
    }
    if args.dry_run {
        return plan::print(&jobs, &common);
    }
    let n_threads = args.jobs.unwrap_or(0);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build()?;
    let progress = Progress::new(|| plan::total_ms(&jobs), args.quiet || args.json);
    let started = Instant::now();
    let results = pool.install(|| run_all(&jobs, &common, &progress));
    progress.finish();
    if args.json {
        println!("{:#}", report::to_json(&common, &jobs, &skipped, &results, started.elapsed()));
    }
    tell_failures(results)
}

fn run_all(jobs: &[Job], common: &Common, progress: &Progress) -> Vec<Result<FileReport>> {
    let n_done = AtomicUsize::new(0);
    jobs.par_iter()
        .map(|job| {
            interrupt::check()?;
            let done = job::run(job, common, progress);
            let n_done = n_done.fetch_add(1, Ordering::Relaxed) + 1;
            if let Ok(report) = &done {
                progress.say(&report.line(n_done, jobs.len()));
            }
            done
        })
        .collect()
}

/// One file fails with its own words; of many, each says its own and the sum comes last.
fn tell_failures(results: Vec<Result<FileReport>>) -> Result<()> {
    interrupt::check()?;
    let n_files = results.len();
    let mut errors: Vec<anyhow::Error> = results.into_iter().filter_map(Result::err).collect();
    if n_files == 1 || errors.is_empty() {
        return errors.pop().map_or(Ok(()), Err);
    }
    for error in &errors {
        eprintln!("quell: {error:#}");
    }
    match errors.len() {
        n_failed if n_failed == n_files => {
            Err(anyhow!("all {n_files} files failed; nothing was written"))
        }
        n_failed => Err(anyhow!("{n_failed} of {n_files} files failed; the others were written")),
    }
}
