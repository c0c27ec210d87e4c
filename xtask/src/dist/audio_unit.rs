//! The CLAP as an Audio Unit, through clap-wrapper: an experiment, not run by its authors, who
//! have no Mac.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::{VERSION, folder, fresh, mac, put, put_licences, sign};
use crate::places;
use crate::steps::sh;

/// What hosts know it by: type, subtype and maker, as `packaging/mac/CMakeLists.txt` has them.
const CODES: [&str; 3] = ["aufx", "Quel", "Quel"];

pub(super) fn packages() -> Result<Vec<PathBuf>> {
    let top = fresh(&format!("quell-{VERSION}-macos-audio-unit"))?;
    let unit = top.join("Quell.component");
    put(&wrapped(&mac::bundles()?.clap)?, &unit)?;
    put_licences(&top.join("licences"), mac::TARGETS[1])?;
    // From the inside outwards: what encloses a signed bundle seals its signature.
    sign::all(&[&unit.join("Contents/PlugIns/Quell.clap"), &unit])?;
    trial(&unit)?;
    Ok(vec![mac::zip(&top)?])
}

/// The unit around the CLAP, where CMake leaves it.
fn wrapped(clap: &Path) -> Result<PathBuf> {
    let build = folder().join("audio-unit");
    let define = |name: &str, value: &str| format!("-D{name}={value}");
    let clap = std::path::absolute(clap)?;
    sh(Command::new("cmake")
        .args(["-S", "packaging/mac", "-DCMAKE_BUILD_TYPE=Release", "-B"])
        .arg(&build)
        .arg(define("QUELL_VERSION", VERSION))
        .arg(define("QUELL_CLAP", &clap.to_string_lossy())))?;
    sh(Command::new("cmake").args(["--parallel", "--build"]).arg(&build))?;
    Ok(build.join("Quell.component"))
}

/// What Apple's own check says of it. It sees nothing but what is installed.
fn trial(unit: &Path) -> Result<()> {
    let home = std::env::home_dir().context("there is no home folder")?;
    let installed = home.join("Library/Audio/Plug-Ins/Components/Quell.component");
    ensure!(!installed.exists(), "'{}' is in the way of the trial", installed.display());
    put(unit, &installed)?;
    let outcome = sh(Command::new("auval").arg("-v").args(CODES));
    places::remove_all(&installed)?;
    outcome
}
