//! `tidy`: what neither the compiler nor clippy holds: crate edges, licences, where `unsafe`
//! stands, what the core leaves alone, widths, lengths, one convention for modules, invariants with
//! their tests.

mod edges;
mod invariants;
mod licences;
mod sources;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};

use crate::places;
use sources::Source;

pub(crate) fn run(args: &[String]) -> Result<()> {
    ensure!(args.is_empty(), "tidy takes no options");
    let root = places::root();
    let sources = read_sources(root)?;
    let width = sources::width(&read(&root.join("rustfmt.toml"))?)?;
    let mut faults = edges::faults(&edges::of_workspace()?);
    faults.extend(sources::faults(&sources, width)?);
    faults.extend(invariants::faults(&read(&root.join("ARCHITECTURE.md"))?, root));
    faults.extend(licences::faults(&read(&root.join("deny.toml"))?)?);
    if faults.is_empty() {
        println!("{} files of Rust are tidy", sources.len());
        return Ok(());
    }
    bail!("{}", faults.join("\n"))
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read '{}'", path.display()))
}

/// Every file of Rust in the project, by its path from the top.
fn read_sources(root: &Path) -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(root.join(&folder))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = folder.join(&name);
            if entry.file_type()?.is_dir() {
                // Git's folder, what cargo builds, and folders of tools.
                if !name.starts_with('.') && name != "target" {
                    folders.push(path);
                }
            } else if name.ends_with(".rs") {
                let text = read(&root.join(&path))?;
                sources.push(Source { path: path.to_string_lossy().replace('\\', "/"), text });
            }
        }
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(sources)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_at_any_depth_and_not_among_what_cargo_built() {
        let folder = tempfile::tempdir().unwrap();
        for path in ["a.rs", "b/c/d.rs", "target/e.rs", ".git/f.rs", "b/notes.md"] {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "// here").unwrap();
        }
        let found = read_sources(folder.path()).unwrap();
        let found: Vec<_> = found.iter().map(|source| source.path.as_str()).collect();
        assert_eq!(found, ["a.rs", "b/c/d.rs"]);
    }
}
