//! Tarball and Debian package, built against an old GLIBC so that they run on what people have.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use super::{VERSION, folder, fresh, installed, put, put_licences, symbols};
use crate::steps::sh;
use crate::{bundle, needs, places, presets};

/// The oldest GLIBC that runs Quell: Debian 11, Ubuntu 20.04.
const GLIBC: (u32, u32) = (2, 31);
const ID: &str = "io.github.quell_audio.quell";

/// What was made.
pub(crate) struct Linux {
    pub(crate) packages: Vec<PathBuf>,
    /// The plugins as they are in the packages.
    pub(crate) bundles: bundle::Bundles,
    /// The program of its own, as it is there.
    pub(crate) program: PathBuf,
}

/// Builds, packs, reads the symbols, installs and uses.
pub(crate) fn linux() -> Result<Linux> {
    ensure!(cfg!(target_os = "linux"), "packages for Linux are made on Linux");
    needs::packages(&["binutils", "desktop-file-utils", "appstream", "ladspa-sdk"])?;
    needs::sound_headers()?;
    let triple = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let built = build(&triple)?;
    for file in ["quell", "libquell.so", "libquell_ladspa.so"] {
        symbols::check(&built.join(file), GLIBC, &[])?;
    }
    symbols::check(&built.join("quell-standalone"), GLIBC, &["libasound.so.2"])?;
    let bundles = bundles(&built, &triple)?;
    let root = fresh("deb")?;
    tree(&root.join("usr"), &built, &bundles, &triple)?;
    let packages = vec![tarball(&root.join("usr"))?, deb(&root)?];
    installed::tarball(&packages[0])?;
    installed::deb(&packages[1])?;
    Ok(Linux { packages, bundles, program: built.join("quell-standalone") })
}

/// Everything at once, so that nothing is built twice. The program is linked with this machine's
/// ALSA, which wants a newer GLIBC than the program does: that is its own affair.
fn build(triple: &str) -> Result<PathBuf> {
    let python = needs::packaging_python()?;
    let programs = python.parent().context("Python stands in a folder")?;
    let old_path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::iter::once(programs.to_owned()).chain(std::env::split_paths(&old_path));
    let target_dir = folder().join("build");
    let (major, minor) = GLIBC;
    sh(Command::new(programs.join("cargo-zigbuild"))
        .args(["zigbuild", "--release", "--locked", "--lib", "--bin", "quell"])
        .args(["--bin", "quell-standalone", "--features", "quell/standalone"])
        .args(["--package", "quell", "--package", "quell-cli", "--package", "quell-ladspa"])
        .args(["--target", &format!("{triple}.{major}.{minor}"), "--target-dir"])
        .arg(&target_dir)
        .env("RUSTFLAGS", "-C link-arg=-Wl,--allow-shlib-undefined")
        .env("PATH", std::env::join_paths(path)?))?;
    Ok(target_dir.join(triple).join("release"))
}

/// The bundler would take the program `quell` for the plugin: it sees a folder without it.
fn bundles(built: &Path, triple: &str) -> Result<bundle::Bundles> {
    let stage = fresh("plugin")?;
    put(&built.join("libquell.so"), &stage.join(triple).join("release/libquell.so"))?;
    bundle::pack(&stage, &["--release".into(), "--target".into(), triple.into()], false)
}

/// What lies under `/usr` once it is installed.
fn tree(usr: &Path, built: &Path, bundles: &bundle::Bundles, triple: &str) -> Result<()> {
    let share = usr.join("share");
    let quell = usr.join("bin/quell");
    // 1. Programs and plugins.
    put(&built.join("quell"), &quell)?;
    put(&built.join("quell-standalone"), &usr.join("bin/quell-standalone"))?;
    put(&bundles.clap, &usr.join("lib/clap/Quell.clap"))?;
    put(&bundles.vst3, &usr.join("lib/vst3/Quell.vst3"))?;
    put(&built.join("libquell_ladspa.so"), &usr.join("lib/ladspa/libquell_ladspa.so"))?;
    presets::write(&share.join("vst3/presets"))?;
    // 2. What the program says of itself.
    sh(Command::new(&quell).args(["man", "--output"]).arg(share.join("man/man1")))?;
    sh(Command::new("gzip").args(["-9", "-n", "-r"]).arg(share.join("man")))?;
    for (shell, file) in [
        ("bash", "bash-completion/completions/quell"),
        ("zsh", "zsh/vendor-completions/_quell"),
        ("fish", "fish/vendor_completions.d/quell.fish"),
    ] {
        let output = Command::new(&quell).args(["completions", shell]).output()?;
        ensure!(output.status.success(), "`quell completions {shell}` fails");
        let file = share.join(file);
        std::fs::create_dir_all(file.parent().context("a file stands in a folder")?)?;
        std::fs::write(file, &output.stdout)?;
    }
    // 3. What desktops and people read.
    let entry = share.join(format!("applications/{ID}.desktop"));
    let metainfo = share.join(format!("metainfo/{ID}.metainfo.xml"));
    put(&Path::new("packaging/linux").join(format!("{ID}.desktop")), &entry)?;
    put(&Path::new("packaging/linux").join(format!("{ID}.metainfo.xml")), &metainfo)?;
    sh(Command::new("desktop-file-validate").arg(&entry))?;
    sh(Command::new("appstreamcli").args(["validate", "--no-net"]).arg(&metainfo))?;
    let doc = share.join("doc/quell");
    put(Path::new("README.md"), &doc.join("README.md"))?;
    put(Path::new("packaging/linux/copyright"), &doc.join("copyright"))?;
    put_licences(&doc.join("licences"), triple)?;
    // 4. For everybody to read, whatever the mask of this machine is.
    sh(Command::new("chmod").args(["-R", "u=rwX,go=rX"]).arg(usr))
}

fn tarball(usr: &Path) -> Result<PathBuf> {
    let name = format!("quell-{VERSION}-linux-{}", std::env::consts::ARCH);
    let top = fresh(&name)?;
    for part in ["bin", "lib", "share"] {
        places::copy_all(&usr.join(part), &top.join(part))?;
    }
    places::copy_all(Path::new("packaging/linux/install.sh"), &top.join("install.sh"))?;
    let package = folder().join(format!("{name}.tar.gz"));
    sh(Command::new("tar")
        .args(["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "-czf"])
        .arg(&package)
        .arg("-C")
        .arg(folder())
        .arg(&name))?;
    Ok(package)
}

fn deb(root: &Path) -> Result<PathBuf> {
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => bail!("Debian's name for {other} is not known here"),
    };
    let output = Command::new("du").args(["-sk", "usr"]).current_dir(root).output()?;
    let kib = String::from_utf8(output.stdout)?;
    let kib = kib.split_whitespace().next().context("du says nothing")?;
    let control = std::fs::read_to_string("packaging/linux/control")?
        .replace("@VERSION@", VERSION)
        .replace("@ARCHITECTURE@", architecture)
        .replace("@GLIBC@", &format!("{}.{}", GLIBC.0, GLIBC.1))
        .replace("@KIB@", kib);
    std::fs::create_dir_all(root.join("DEBIAN"))?;
    std::fs::write(root.join("DEBIAN/control"), control)?;
    sh(Command::new("chmod").arg("u=rwx,go=rx").args([root, &root.join("DEBIAN")]))?;
    let package = folder().join(format!("quell_{VERSION}_{architecture}.deb"));
    sh(Command::new("dpkg-deb")
        .args(["--root-owner-group", "-Zxz", "--build"])
        .arg(root)
        .arg(&package))?;
    Ok(package)
}
