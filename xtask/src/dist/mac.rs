//! A zip for both kinds of Mac. Not run by its authors, who have none.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use super::{VERSION, folder, fresh, put, put_licences, sign};
use crate::steps::{cargo, sh};
use crate::{bundle, needs, presets};

const TARGETS: [&str; 2] = ["x86_64-apple-darwin", "aarch64-apple-darwin"];

pub(super) fn packages() -> Result<Vec<PathBuf>> {
    let base = folder().join("build");
    // Apart from the program, which the bundler would take for the plugin.
    let base_of_cli = folder().join("build-cli");
    for target in TARGETS {
        needs::target(target)?;
        let build = ["build", "--release", "--locked", "--target", target, "--package"];
        sh(cargo(&build).args(["quell", "--lib", "--target-dir"]).arg(&base))?;
        sh(cargo(&build).args(["quell-cli", "--target-dir"]).arg(&base_of_cli))?;
    }
    let bundles = bundle::pack(&base, &["--release".into()], true)?;
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
    let package = folder().join(format!("{name}.zip"));
    sh(Command::new("ditto").args(["-c", "-k", "--keepParent"]).arg(&top).arg(&package))?;
    Ok(vec![package])
}
