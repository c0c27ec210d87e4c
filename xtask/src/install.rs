//! `install`: the plugin in the user's folders, and the proof that it works there.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use crate::{bundle, places, proof};

pub(crate) fn run(args: &[String]) -> Result<()> {
    ensure!(args.is_empty(), "install takes no options");
    let began = Instant::now();
    // 1. Build and pack.
    let bundles = bundle::run(&[])?;
    // 2. Copy to where hosts look.
    let [clap_folder, vst3_folder] = places::user_plugins()?;
    let clap = put(&bundles.clap, &clap_folder)?;
    let vst3 = put(&bundles.vst3, &vst3_folder)?;
    // 3. Load what was installed and let it work.
    println!("\nLoading the installed CLAP and cleaning the bundled recording:");
    proof::run(&places::clap_library(&clap))?;
    // 4. Where to go from here.
    println!("\nQuell is installed ({:.0} s):", began.elapsed().as_secs_f64());
    println!("  CLAP  {}", clap.display());
    println!("  VST3  {}", vst3.display());
    println!("Rescan plugins in your DAW and look for 'Quell'.");
    Ok(())
}

fn put(bundle: &Path, folder: &Path) -> Result<std::path::PathBuf> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot create '{}'", folder.display()))?;
    let name = bundle.file_name().context("a bundle has a name")?;
    let target = folder.join(name);
    places::copy_all(bundle, &target)?;
    Ok(target)
}
