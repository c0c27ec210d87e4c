//! A zip for both kinds of Mac. Not run by its authors, who have none.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::{VERSION, folder, fresh, put, put_licences, sign};
use crate::bundle::{self, Bundles};
use crate::steps::{cargo, sh};
use crate::{needs, presets};

pub(super) const TARGETS: [&str; 2] = ["x86_64-apple-darwin", "aarch64-apple-darwin"];

pub(super) fn packages() -> Result<Vec<PathBuf>> {
    let bundles = bundles()?;
    // Apart from the program, which the bundler would take for the plugin.
    let base_of_cli = folder().join("build-cli");
    for target in TARGETS {
        sh(build(target, &["quell-cli", "--target-dir"]).arg(&base_of_cli))?;
    }
    let name = format!("quell-{VERSION}-macos-universal");
    let top = fresh(&name)?;
    let [clap, vst3, quell] = ["Quell.clap", "Quell.vst3", "quell"].map(|name| top.join(name));
    put(&bundles.clap, &clap)?;
    put(&bundles.vst3, &vst3)?;
    let programs = TARGETS.map(|target| base_of_cli.join(target).join("release/quell"));
    sh(Command::new("lipo").args(["-create", "-output"]).arg(&quell).args(programs))?;
    presets::write(&top.join("Presets"))?;
    put_licences(&top.join("licences"), TARGETS[1])?;
    sign::all(&[&clap, &vst3, &quell])?;
    Ok(vec![zip(&top)?])
}

/// The plugin for both kinds of Mac.
pub(super) fn bundles() -> Result<Bundles> {
    let base = folder().join("build");
    for target in TARGETS {
        needs::target(target)?;
        sh(build(target, &["quell", "--lib", "--target-dir"]).arg(&base))?;
    }
    bundle::pack(&base, &["--release".into()], true)
}

fn build(target: &str, package: &[&str]) -> Command {
    let mut command = cargo(&["build", "--release", "--locked", "--target", target, "--package"]);
    command.args(package);
    command
}

/// Packs a folder as macOS does, which keeps links and signatures.
pub(super) fn zip(top: &Path) -> Result<PathBuf> {
    let mut package = top.as_os_str().to_owned();
    package.push(".zip");
    sh(Command::new("ditto").args(["-c", "-k", "--keepParent"]).arg(top).arg(&package))?;
    Ok(package.into())
}
