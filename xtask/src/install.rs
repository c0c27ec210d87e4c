//! `install`: the plugin in the user's folders, and the proof that it works there; `uninstall`
//! takes it away again.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use crate::{bundle, places, presets, proof};

pub(crate) fn run(args: &[String]) -> Result<()> {
    ensure!(args.is_empty(), "install takes no options");
    let began = Instant::now();
    println!("Building Quell: seven minutes on two cores and 1.3 GB the first time, then seconds.");
    // 1. Build and pack.
    let bundles = bundle::run(&[])?;
    // 2. Copy to where hosts look.
    let [clap_folder, vst3_folder] = places::user_plugins()?;
    let clap = put(&bundles.clap, &clap_folder)?;
    let vst3 = put(&bundles.vst3, &vst3_folder)?;
    let preset_folder = places::user_vst3_presets()?;
    presets::write(&preset_folder)?;
    // 3. Load what was installed and let it work.
    println!("\nLoading the installed CLAP and cleaning the bundled recording:");
    proof::run(&places::clap_library(&clap))?;
    // 4. Where to go from here.
    let seconds = seconds_since_start().unwrap_or_else(|| began.elapsed().as_secs());
    println!("\nQuell is installed ({seconds} s, all building included):");
    println!("  CLAP  {}", clap.display());
    println!("  VST3  {}", vst3.display());
    println!("  its presets  {}", presets::folder_under(&preset_folder).display());
    println!("Rescan plugins in your DAW and look for 'Quell'.");
    Ok(())
}

/// Removes what `install` put there, and says what stays.
pub(crate) fn remove(args: &[String]) -> Result<()> {
    ensure!(args.is_empty(), "uninstall takes no options");
    let [clap_folder, vst3_folder] = places::user_plugins()?;
    for bundle in [clap_folder.join("Quell.clap"), vst3_folder.join("Quell.vst3")] {
        if places::remove_all(&bundle)? {
            println!("removed  {}", bundle.display());
        } else {
            println!("not there  {}", bundle.display());
        }
    }
    presets::remove(&places::user_vst3_presets()?)?;
    println!("Your presets and prints stay where you saved them, and target/ with what was built.");
    Ok(())
}

/// Since cargo was called: on Unix it becomes this process once it has built it.
fn seconds_since_start() -> Option<u64> {
    let own = std::process::id().to_string();
    let output = Command::new("ps").args(["-o", "etime=", "-p", &own]).output().ok()?;
    seconds_of(std::str::from_utf8(&output.stdout).ok()?.trim())
}

/// Seconds of `[[days-]hours:]minutes:seconds`.
fn seconds_of(elapsed: &str) -> Option<u64> {
    let (days, clock) = elapsed.split_once('-').unwrap_or(("0", elapsed));
    let parts = clock.split(':').map(|part| part.parse::<u64>().ok());
    let seconds = parts.reduce(|sum, part| Some(60 * sum? + part?))??;
    Some(86_400 * days.parse::<u64>().ok()? + seconds)
}

fn put(bundle: &Path, folder: &Path) -> Result<std::path::PathBuf> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot create '{}'", folder.display()))?;
    let name = bundle.file_name().context("a bundle has a name")?;
    let target = folder.join(name);
    places::copy_all(bundle, &target)?;
    Ok(target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elapsed_times_are_read_in_every_length() {
        assert_eq!(seconds_of("00:07"), Some(7));
        assert_eq!(seconds_of("12:34"), Some(754));
        assert_eq!(seconds_of("01:00:05"), Some(3_605));
        assert_eq!(seconds_of("2-00:00:01"), Some(172_801));
        assert_eq!(seconds_of(""), None);
    }
}
