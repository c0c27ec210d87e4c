//! `bundle`: the release plugin, packed as CLAP and VST3.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::places;

/// The two bundles.
pub(crate) struct Bundles {
    pub(crate) clap: PathBuf,
    pub(crate) vst3: PathBuf,
}

/// Builds and packs; `args` go to cargo.
///
/// The library is built in a folder of its own. The bundler packs any program that bears the
/// package's name, and the command line tool is called `quell`, too: here it never meets it.
pub(crate) fn run(args: &[String]) -> Result<Bundles> {
    // One for each target, or the bundles of one would delete those of the other.
    let base = match target_of(args) {
        Some(target) => places::target().join("plugin").join(target),
        None => places::target().join("plugin"),
    };
    // 1. Build the library and nothing else.
    let status = Command::new(env!("CARGO"))
        .args(["build", "--release", "--package", "quell", "--lib", "--target-dir"])
        .arg(&base)
        .args(args)
        .status()
        .context("cargo cannot be started")?;
    ensure!(status.success(), "the plugin does not build");
    // 2. Pack it.
    let mut bundle_args = vec!["--release".to_owned()];
    bundle_args.extend_from_slice(args);
    pack(&base, &bundle_args, false)
}

/// Packs what was built in cargo's folder `base` into an empty one; `universal` joins the libraries
/// of both kinds of Mac.
pub(crate) fn pack(base: &Path, args: &[String], universal: bool) -> Result<Bundles> {
    let folder = base.join("bundled");
    if folder.exists() {
        std::fs::remove_dir_all(&folder).context("cannot clear the last bundles")?;
    }
    nice_plug_xtask::bundle(base, "quell", args, universal)?;
    // Two plugins and nothing else.
    let mut found: Vec<_> = std::fs::read_dir(&folder)?
        .map(|entry| entry.map(|entry| entry.file_name().to_string_lossy().into_owned()))
        .collect::<Result<_, _>>()?;
    found.sort();
    ensure!(
        found == ["Quell.clap", "Quell.vst3"],
        "the bundler packed {found:?} instead of a CLAP and a VST3 plugin"
    );
    Ok(Bundles { clap: folder.join("Quell.clap"), vst3: folder.join("Quell.vst3") })
}

/// The target that arguments for cargo name.
fn target_of(args: &[String]) -> Option<&str> {
    let mut args = args.iter().map(String::as_str);
    args.find_map(|arg| match arg {
        "--target" => Some(None),
        _ => arg.strip_prefix("--target=").map(Some),
    })?
    .or_else(|| args.next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_found_in_both_ways_of_writing_it() {
        let target = |args: &[&str]| {
            let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
            target_of(&args).map(str::to_owned)
        };
        assert_eq!(target(&["--locked", "--target", "a-b-c"]).as_deref(), Some("a-b-c"));
        assert_eq!(target(&["--target=a-b-c", "--locked"]).as_deref(), Some("a-b-c"));
        assert_eq!(target(&["--locked"]), None);
        assert_eq!(target(&["--target"]), None);
    }
}
