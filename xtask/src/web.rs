//! `web`: the page that denoises in a browser, as a folder that any server can offer.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::steps::{Steps, cargo, sh};
use crate::{book, needs, places, serve, sounds};

const TARGET: &str = "wasm32-unknown-unknown";
const PAGE: &str = "web";
const PORT: u16 = 8000;
/// Files that the page loads when it is opened: no more than this, so that it opens at once.
const MOST_BYTES: u64 = 2_500_000;

pub(crate) fn run(args: &[String]) -> Result<()> {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        [] => site().map(|_| ()),
        ["--serve"] => offer(&site()?, PORT),
        ["--serve", port] => offer(&site()?, port.parse().context("the port is a number")?),
        ["--test"] => test(&build()?, &[]),
        // Minutes that CI does not spend: a whole one of live sound.
        ["--test", "--minute"] => test(&build()?, &["--minute"]),
        _ => bail!("web takes --serve [PORT], --test or --test --minute"),
    }
}

/// The step of `cargo xtask test`.
pub(crate) fn step(steps: &mut Steps) {
    steps.run_with("the page in Chromium", needs_of_test, |()| test(&build()?, &[]));
}

fn needs_of_test() -> Result<()> {
    needs::target(TARGET)?;
    needs::program("node", "nodejs")?;
    needs::program("chromium", "chromium")
}

// ---- Building --------------------------------------------------------------------------------

/// The page and the manual beside it.
fn site() -> Result<PathBuf> {
    let folder = build()?;
    book::build(true)?;
    Ok(folder)
}

/// Builds the page into a folder and returns it.
pub(crate) fn build() -> Result<PathBuf> {
    needs::target(TARGET)?;
    let folder = places::target().join("web");
    std::fs::create_dir_all(&folder)?;
    sh(cargo(&["build", "--release", "--package", "quell-web", "--target", TARGET])
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", "-C target-feature=+simd128"))?;
    let built = places::target().join(TARGET).join("release/quell_web.wasm");
    places::copy_all(&built, &folder.join("quell.wasm"))?;
    let mut names = vec!["quell.wasm".to_owned()];
    for entry in std::fs::read_dir(PAGE)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            places::copy_all(&entry.path(), &folder.join(entry.file_name()))?;
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    sounds::write(&folder.join("sounds"))?;
    names.sort();
    let n_bytes = list_files(&folder, names)?;
    println!("{}: {:.2} MB to load, and the examples", folder.display(), n_bytes as f64 / 1e6);
    if n_bytes > MOST_BYTES {
        bail!("the page loads {n_bytes} bytes: more than {MOST_BYTES}");
    }
    Ok(folder)
}

/// Writes what the service worker keeps, and returns how many bytes that are.
fn list_files(folder: &Path, names: Vec<String>) -> Result<u64> {
    let mut hasher = DefaultHasher::new();
    let mut n_bytes = 0;
    let kept: Vec<String> = names
        .into_iter()
        .filter(|name| name != "sw.js")
        .chain(["sounds/examples.json".to_owned(), "sounds/ATTRIBUTION.txt".to_owned()])
        .collect();
    for name in &kept {
        let bytes = std::fs::read(folder.join(name))?;
        n_bytes += bytes.len() as u64;
        (name, bytes).hash(&mut hasher);
    }
    let list = serde_json::to_string(&[vec!["./".to_owned()], kept].concat())?;
    let build = format!("{:016x}", hasher.finish());
    std::fs::write(
        folder.join("files.js"),
        format!("const BUILD = \"{build}\";\nconst FILES = {list};\n"),
    )?;
    Ok(n_bytes)
}

// ---- Serving and testing --------------------------------------------------------------------

fn offer(folder: &Path, port: u16) -> Result<()> {
    let server = serve::listen(port)?;
    println!("http://localhost:{port}/ (Ctrl-C ends it)");
    serve::answer(&server, folder);
    Ok(())
}

/// Drives a real browser over the page, and compares what comes out with the command line.
fn test(folder: &Path, options: &[&str]) -> Result<()> {
    // Built for speed: the page is compared with it, not timed against it.
    sh(&mut cargo(&["build", "--workspace", "--bin", "quell"]))?;
    let server = serve::listen(0)?;
    let port = server.local_addr()?.port();
    let served = folder.to_owned();
    std::thread::spawn(move || serve::answer(&server, &served));
    let quell = places::target().join("debug").join("quell");
    let pictures = places::proof().join("web");
    std::fs::create_dir_all(&pictures)?;
    sh(Command::new("node")
        .arg("web/tests/run.mjs")
        .args(options)
        .env("QUELL_PAGE", format!("http://localhost:{port}/"))
        .env("QUELL", quell)
        .env("QUELL_PICTURES", pictures))
}
