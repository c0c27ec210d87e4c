//! `dist`: what is given away. Packages for this system, with licences and checksums, each
//! installed and used once before anybody else does.

mod audio_unit;
mod installed;
mod linux;
mod mac;
mod notices;
mod registry;
mod sign;
mod symbols;
mod version;
mod windows;
mod wine;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::places;
use crate::steps::has_program;

pub(crate) use linux::{Linux, linux};

/// Of every package.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What is installed beside the programs, by its name there.
const LICENCES: [(&str, &str); 6] = [
    ("LICENSE-MIT", "LICENSE-MIT"),
    ("LICENSE-APACHE", "LICENSE-APACHE"),
    ("crates/core/assets/LICENCE.md", "weights.md"),
    ("crates/core/assets/MODEL_CARD.md", "MODEL_CARD.md"),
    ("crates/lab/assets/SourceSansPro-OFL.txt", "SourceSansPro-OFL.txt"),
    ("crates/cli/assets/ATTRIBUTION.md", "demo-recording.md"),
];

pub(crate) fn run(args: &[String]) -> Result<()> {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let (tag, what) = match args[..] {
        ["--tag", tag, ref what @ ..] => (Some(tag), what),
        ref what => (None, what),
    };
    if let Some(tag) = tag {
        version::check(tag, VERSION, &std::fs::read_to_string("CHANGELOG.md")?)?;
    }
    let make: fn() -> Result<Vec<PathBuf>> = match *what {
        ["--registry", folder] => {
            println!("{}", registry::write(Path::new(folder))?.display());
            return Ok(());
        }
        ["--audio-unit"] if cfg!(target_os = "macos") => audio_unit::packages,
        ["--audio-unit"] => bail!("an Audio Unit can be made on macOS only"),
        ["--windows"] => windows::packages,
        [] if cfg!(windows) => windows::packages,
        [] if cfg!(target_os = "macos") => mac::packages,
        [] => || Ok(linux()?.packages),
        _ => bail!(
            "dist knows --windows, --audio-unit or --registry FOLDER, after --tag TAG, not {args:?}"
        ),
    };
    println!("Building the packages of Quell {VERSION}: minutes the first time.");
    checksums(&make()?)
}

/// Where packages end, and what they are made of.
fn folder() -> PathBuf {
    places::target().join("dist")
}

/// A new, empty folder of this name there.
fn fresh(name: &str) -> Result<PathBuf> {
    let folder = folder().join(name);
    places::remove_all(&folder)?;
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("cannot create '{}'", folder.display()))?;
    Ok(folder)
}

/// Copies a file or a folder, and makes the folder it goes into.
fn put(from: &Path, to: &Path) -> Result<()> {
    let folder = to.parent().context("a file stands in a folder")?;
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot create '{}'", folder.display()))?;
    places::copy_all(from, to)
}

/// Licences of Quell, its weights, its font, its recording, and of everything that is linked.
fn put_licences(folder: &Path, target: &str) -> Result<()> {
    for (from, name) in LICENCES {
        put(Path::new(from), &folder.join(name))?;
    }
    let notices = notices::text(&["quell", "quell-cli", "quell-ladspa"], target)?;
    std::fs::write(folder.join("THIRD-PARTY.txt"), notices)?;
    Ok(())
}

/// One line a package, as `sha256sum --check` reads them, beside it.
fn checksums(packages: &[PathBuf]) -> Result<()> {
    let (program, more): (_, &[&str]) =
        if has_program("sha256sum") { ("sha256sum", &[]) } else { ("shasum", &["-a", "256"]) };
    println!("\nPackages in {}:", folder().display());
    for package in packages {
        let name = package.file_name().context("a package has a name")?;
        let output = Command::new(program).args(more).arg(name).current_dir(folder()).output()?;
        ensure!(output.status.success(), "{program} fails for '{}'", package.display());
        let name = name.to_string_lossy();
        std::fs::write(folder().join(format!("{name}.sha256")), &output.stdout)?;
        let mib = std::fs::metadata(package)?.len() as f64 / f64::from(1 << 20);
        println!("  {mib:5.1} MiB  {name}");
    }
    println!("and {}, for open-audio-stack", registry::write(&folder())?.display());
    Ok(())
}
