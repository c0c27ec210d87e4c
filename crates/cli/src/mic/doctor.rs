//! `quell mic --doctor`: what a microphone called Quell needs, and what to do where it is missing.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Result, anyhow, bail};

use super::graph::Graph;

const LIBRARY: &str = "libquell_ladspa.so";
/// PipeWire's programs that are run.
const PROGRAMS: [&str; 4] = ["pipewire", "pw-cli", "pw-dump", "pw-record"];

/// One thing that is needed: what there is, or what is missing and what to do.
type Finding = Result<String>;

/// Looks for everything and says what it found.
pub(super) fn run(library: Option<&Path>, source: Option<&str>) -> Result<()> {
    let mut findings = vec![
        runtime_folder(),
        programs(),
        module(),
        self::library(library).map(|path| format!("Quell's LADSPA plugin: '{}'", path.display())),
    ];
    match Graph::read() {
        Err(error) => findings.push(Err(anyhow!(
            "{error}: start it, for example with 'systemctl --user start pipewire wireplumber'"
        ))),
        Ok(graph) => {
            findings.push(Ok("PipeWire runs".to_owned()));
            findings.push(session_manager(&graph));
            findings.push(graph.source(source).map(|source| {
                format!("the microphone: '{}' ({})", source.description, source.name)
            }));
        }
    }
    let n_missing = findings.iter().filter(|finding| finding.is_err()).count();
    for finding in findings {
        match finding {
            Ok(what) => println!("ok       {what}"),
            Err(error) => println!("MISSING  {error:#}"),
        }
    }
    match n_missing {
        0 => Ok(()),
        1 => bail!("one thing is missing for a microphone called Quell"),
        n => bail!("{n} things are missing for a microphone called Quell"),
    }
}

fn runtime_folder() -> Finding {
    match std::env::var_os("XDG_RUNTIME_DIR") {
        Some(folder) => Ok(format!("a session of a user ('{}')", Path::new(&folder).display())),
        None => Err(anyhow!("XDG_RUNTIME_DIR is not set: run this in the session of a user")),
    }
}

fn programs() -> Finding {
    let starts = |program: &&str| {
        let mut command = Command::new(program);
        command.arg("--help").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok()
    };
    let missing: Vec<_> = PROGRAMS.iter().filter(|program| !starts(program)).copied().collect();
    if missing.is_empty() {
        return Ok(format!("PipeWire's programs: {}", PROGRAMS.join(", ")));
    }
    Err(anyhow!(
        "{} cannot be started: install PipeWire (Debian and Ubuntu: 'sudo apt install pipewire \
         pipewire-bin wireplumber')",
        missing.join(", ")
    ))
}

fn session_manager(graph: &Graph) -> Finding {
    if graph.has_session_manager {
        return Ok("a session manager, which connects programs to microphones".to_owned());
    }
    Err(anyhow!(
        "no session manager runs, so nothing would be connected: install WirePlumber and start \
         it, for example with 'systemctl --user start wireplumber'"
    ))
}

/// The part of PipeWire that hosts plugins.
fn module() -> Finding {
    const MODULE: &str = "libpipewire-module-filter-chain.so";
    let named = std::env::var_os("PIPEWIRE_MODULE_DIR").map(PathBuf::from);
    let places = named.into_iter().chain(library_folders().map(|f| f.join("pipewire-0.3")));
    match places.map(|folder| folder.join(MODULE)).find(|path| path.is_file()) {
        Some(path) => Ok(format!("PipeWire's filter chain: '{}'", path.display())),
        None => Err(anyhow!(
            "PipeWire's filter chain ({MODULE}) is not there: install PipeWire's modules (Debian \
             and Ubuntu: 'sudo apt install libpipewire-0.3-modules')"
        )),
    }
}

/// Where systems keep libraries, those of other processors among them.
fn library_folders() -> impl Iterator<Item = PathBuf> {
    let fixed = ["/usr/lib64", "/usr/lib", "/usr/local/lib"].map(PathBuf::from);
    let deeper = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    fixed.into_iter().chain(deeper.map(|entry| entry.path()))
}

/// Quell's LADSPA plugin: the one that was named, or the first in the usual places.
pub(super) fn library(named: Option<&Path>) -> Result<PathBuf> {
    if let Some(path) = named {
        // PipeWire looks for a name without a folder in places of its own.
        return path
            .canonicalize()
            .map_err(|error| anyhow!("'{}' is not there ({error})", path.display()));
    }
    let path = std::env::var_os("LADSPA_PATH").unwrap_or_default();
    let program = std::env::current_exe().ok();
    let beside = program.iter().filter_map(|program| program.parent());
    let beside = beside.flat_map(|folder| [folder.to_owned(), folder.join("../lib/ladspa")]);
    let home = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".ladspa"));
    let places = std::env::split_paths(&path)
        .chain(beside)
        .chain(home)
        .chain(library_folders().map(|folder| folder.join("ladspa")));
    let found = places.map(|folder| folder.join(LIBRARY)).find(|path| path.is_file());
    found.ok_or_else(|| {
        anyhow!(
            "Quell's LADSPA plugin ({LIBRARY}) is not there: build it with 'cargo build --release \
             -p quell-ladspa' and copy it into ~/.ladspa, or name it with --library"
        )
    })
}
