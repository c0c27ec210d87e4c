//! A zip for Windows, made there or with mingw on Linux.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use super::{VERSION, folder, fresh, put, put_licences, sign};
use crate::steps::{cargo, has_program, sh};
use crate::{bundle, needs};

pub(super) fn packages() -> Result<Vec<PathBuf>> {
    let triple = if cfg!(windows) { "x86_64-pc-windows-msvc" } else { "x86_64-pc-windows-gnu" };
    needs::target(triple)?;
    if !cfg!(windows) {
        needs::program("x86_64-w64-mingw32-gcc", "gcc-mingw-w64-x86-64")?;
    }
    // 1. Build everything at once.
    let base = folder().join("build");
    sh(cargo(&["build", "--release", "--locked", "--lib", "--bin", "quell"])
        .args(["--package", "quell", "--package", "quell-cli", "--target", triple])
        .arg("--target-dir")
        .arg(&base))?;
    let built = base.join(triple).join("release");
    // 2. The bundler would take the program `quell` for the plugin: it sees a folder without it.
    let stage = fresh("plugin-windows")?;
    put(&built.join("quell.dll"), &stage.join(triple).join("release/quell.dll"))?;
    let args = ["--release", "--target", triple].map(str::to_owned);
    let bundles = bundle::pack(&stage, &args, false)?;
    // 3. Pack.
    let name = format!("quell-{VERSION}-windows-x86_64");
    let top = fresh(&name)?;
    let [clap, vst3, quell] = ["Quell.clap", "Quell.vst3", "quell.exe"].map(|name| top.join(name));
    put(&bundles.clap, &clap)?;
    put(&bundles.vst3, &vst3)?;
    put(&built.join("quell.exe"), &quell)?;
    put_licences(&top.join("licences"), triple)?;
    let library = vst3.join("Contents/x86_64-win/Quell.vst3");
    sign::all(&[&clap, &library, &quell])?;
    Ok(vec![zip(&name)?])
}

fn zip(name: &str) -> Result<PathBuf> {
    let python = ["python3", "python"].into_iter().find(|name| has_program(name));
    let package = folder().join(format!("{name}.zip"));
    sh(Command::new(python.context("there is no Python, which packs the zip")?)
        .args(["-m", "zipfile", "-c"])
        .arg(&package)
        .arg(name)
        .current_dir(folder()))?;
    Ok(package)
}
