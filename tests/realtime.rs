//! `process` allocates nothing and makes no system call.
//!
//! The program runs itself again in three roles. `work` is the proof: everything is prepared, then
//! a seccomp filter is put in force that kills the process on any system call but its end, and the
//! plugin works with automation on every block. The other two roles show that the proof proves
//! something: one plants a system call and must be killed, one plants an allocation and must be
//! caught.

use std::process::{Command, ExitCode};

use clack_host::entry::PluginEntry;
use clack_host::events::event_types::ParamValueEvent;
use quell_testkit::allocator::{Counting, n_calls};
use quell_testkit::host::{Buffers, Change, LAYOUTS, Rig, event};
use quell_testkit::signals::even;

#[global_allocator]
static COUNTING: Counting = Counting;

// ---- The work ---------------------------------------------------------------------------------

const BLOCK: usize = 480;
const N_BLOCKS: usize = 150;

/// An instance at work, with everything prepared that it will be fed.
struct Job {
    rig: Rig,
    buffers: Buffers,
    /// Per block.
    events: Vec<Vec<ParamValueEvent>>,
}

fn jobs() -> Vec<Job> {
    // As with a window open: frames and levels are made, and the ring overflows.
    quell::feed::watch_from_the_start();
    // SAFETY: the entry is this very library's own.
    let entry = unsafe { PluginEntry::load_from_raw(&quell::clap_shell::clap_entry, c"/quell") };
    let entry = entry.expect("the entry is valid");
    let mut jobs = Vec::new();
    for mode in ["Live (20 ms)", "Standard (40 ms)", "Studio (80 ms)"] {
        for layout_idx in 0..LAYOUTS.len() {
            for rate_hz in [44_100.0, 96_000.0] {
                jobs.push(job(&entry, mode, layout_idx, rate_hz));
            }
        }
    }
    jobs
}

fn job(entry: &PluginEntry, mode: &str, layout_idx: usize, rate_hz: f64) -> Job {
    let (n_channels, n_noise) = LAYOUTS[layout_idx];
    let mut random = fastrand::Rng::with_seed(layout_idx as u64);
    let mut rig = Rig::new(entry);
    rig.set(&[("Latency", mode)]);
    rig.select_layout(layout_idx);
    rig.activate(rate_hz, BLOCK);
    // Four prints on their way in: the first block takes them.
    let mut state: serde_json::Value = serde_json::from_slice(&rig.save()).expect("JSON");
    let four = include_str!("fixtures/state/v2.json");
    let four: serde_json::Value = serde_json::from_str(four).expect("JSON");
    for name in ["quell_state", "profile", "slots"] {
        state[name] = four[name].clone();
    }
    assert!(rig.load(state.to_string().as_bytes()));
    let n_samples = BLOCK * N_BLOCKS;
    let main = (0..n_channels).map(|_| even(&mut random, n_samples, 0.1)).collect();
    let mut buffers = Buffers::new(main, n_noise);
    buffers.noise.iter_mut().for_each(|channel| *channel = even(&mut random, n_samples, 0.05));
    buffers.main[0][5_000] = f32::NAN;
    let events = (0..N_BLOCKS).map(|idx| events(&mut rig, idx, &mut random)).collect();
    Job { rig, buffers, events }
}

/// Automation of every parameter in every block; capture and bypass on and off; at the end another
/// latency mode, for which the host is asked to restart.
fn events(rig: &mut Rig, block_idx: usize, random: &mut fastrand::Rng) -> Vec<ParamValueEvent> {
    let mut changes = Vec::new();
    for param in rig.params() {
        let share = (random.u64(..) % 1_000) as f64 / 1_000.0;
        let value = match param.name.as_str() {
            "Capture" => f64::from(u8::from((20..80).contains(&block_idx))),
            "Latency" if block_idx < N_BLOCKS - 10 => continue,
            "Bypass" => f64::from(u8::from(block_idx % 8 > 5)),
            _ if block_idx.is_multiple_of(2) => {
                (param.min + (param.max - param.min) * share).round()
            }
            _ => param.min + (param.max - param.min) * share,
        };
        let sample = random.u64(..) as usize % BLOCK;
        changes.push(Change { sample, id: param.id, value: value.min(param.max) });
    }
    changes.sort_by_key(|change| change.sample);
    changes.iter().map(|change| event(change, 0)).collect()
}

fn work(jobs: &mut [Job]) {
    for job in jobs {
        for (block_idx, events) in job.events.iter().enumerate() {
            let start = block_idx * BLOCK;
            job.rig.process(&mut job.buffers, start, start + BLOCK, events);
            if block_idx == N_BLOCKS / 2 {
                job.rig.reset();
            }
        }
    }
}

// ---- Roles ------------------------------------------------------------------------------------

fn allocation_role() -> bool {
    let mut jobs = jobs();
    let n_during_work = n_calls(|| work(&mut jobs));
    let n_planted = n_calls(|| drop(std::hint::black_box(vec![1u8; 64])));
    let n_samples = jobs.len() * N_BLOCKS * BLOCK;
    println!("{n_during_work} allocator calls in {n_samples} samples; planted: {n_planted}");
    n_during_work == 0 && n_planted == 2
}

#[cfg(target_os = "linux")]
mod no_system_calls {
    use std::collections::BTreeMap;
    use std::os::unix::process::ExitStatusExt;

    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};

    use super::*;

    /// Ends the process without anything on the way; the one call the filter lets through.
    fn exit(code: i32) -> ! {
        // SAFETY: the call does not return.
        unsafe { libc::_exit(code) }
    }

    fn forbid_system_calls() {
        let rules = BTreeMap::from([(libc::SYS_exit_group, Vec::new())]);
        let arch = std::env::consts::ARCH.try_into().expect("seccomp knows the architecture");
        let filter =
            SeccompFilter::new(rules, SeccompAction::KillProcess, SeccompAction::Allow, arch);
        let program: BpfProgram = filter.expect("a filter").try_into().expect("a program");
        seccompiler::apply_filter(&program).expect("the filter is in force");
    }

    /// Never returns; the parent looks at how the process ended.
    pub(crate) fn child(role: &str) -> ! {
        let mut jobs = jobs();
        forbid_system_calls();
        work(&mut jobs);
        if role == "planted" {
            // SAFETY: asks for a number and changes nothing.
            unsafe { libc::getppid() };
        }
        exit(0)
    }

    /// True if the work survives the filter and a planted call does not.
    pub(crate) fn check() -> bool {
        let run = |role: &str| {
            let program = std::env::current_exe().expect("this program has a path");
            Command::new(program).arg(format!("--role={role}")).status().expect("it starts")
        };
        let (work, planted) = (run("work"), run("planted"));
        println!("under the filter: {work}; with a planted system call: {planted}");
        work.success() && planted.signal() == Some(libc::SIGSYS)
    }
}

fn main() -> ExitCode {
    #[cfg(target_os = "linux")]
    if let Some(role) = std::env::args().find_map(|a| a.strip_prefix("--role=").map(str::to_owned))
    {
        no_system_calls::child(&role);
    }
    let mut is_good = allocation_role();
    #[cfg(target_os = "linux")]
    {
        is_good &= no_system_calls::check();
    }
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
