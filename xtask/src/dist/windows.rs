//! A zip and an installer for Windows, made there or with mingw on Linux.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::{VERSION, folder, fresh, put, put_licences, sign, wine};
use crate::steps::{cargo, has_program, sh};
use crate::{bundle, needs, presets};

/// Where VST3 hosts look for presets, under the folders of Windows and in the packages.
pub(super) const PRESETS: &str = "VST3 Presets";

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
    presets::write(&top.join(PRESETS))?;
    put_licences(&top.join("licences"), triple)?;
    let library = vst3.join("Contents/x86_64-win/Quell.vst3");
    sign::all(&[&clap, &library, &quell])?;
    let mut packages = vec![zip(&name)?];
    // 4. The installer, and its trial.
    if cfg!(windows) && !has_program("makensis") {
        println!(
            "NO INSTALLER WAS MADE: makensis (https://nsis.sourceforge.io) is not on the PATH"
        );
        return Ok(packages);
    }
    let installer = installer(&name, &top)?;
    sign::all(&[&installer])?;
    if cfg!(windows) {
        println!("THE INSTALLER WAS NOT TRIED: its trial is for wine, on Linux");
    } else {
        wine::trial(&installer, triple, &base)?;
    }
    packages.push(installer);
    Ok(packages)
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

fn installer(name: &str, stage: &Path) -> Result<PathBuf> {
    if !cfg!(windows) {
        needs::program("makensis", "nsis")?;
    }
    let package = folder().join(format!("{name}-setup.exe"));
    // What the uninstaller deletes by name, as a user's presets may lie beside them.
    let list = folder().join("presets.nsh");
    let folder = presets::folder_under(Path::new("$APPDATA").join(PRESETS).as_path());
    let delete = |file| format!("Delete \"{}\"\n", folder.join(file).display()).replace('/', "\\");
    std::fs::write(&list, presets::file_names().map(delete).collect::<String>())?;
    let define = |name: &str, value: &Path| format!("-D{name}={}", value.display());
    let absolute = |path: &Path| std::path::absolute(path);
    sh(Command::new("makensis")
        .args(["-V2", "-WX", &format!("-DVERSION={VERSION}")])
        // What NSIS itself gives away makes 32-bit installers alone.
        .args((!cfg!(windows)).then_some("-DAMD64"))
        .arg(define("STAGE", &absolute(stage)?))
        .arg(define("PRESET_LIST", &absolute(&list)?))
        .arg(define("OUT", &absolute(&package)?))
        .arg("packaging/windows/quell.nsi"))?;
    Ok(package)
}
