//! The entry for the registry of the Open Audio Stack, from which package managers for plugins
//! install: `index.yaml`, in the form that <https://github.com/open-audio-stack> checks.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::VERSION;

const HOME: &str = "https://github.com/quell-audio/quell";
const IMAGE: &str = "https://open-audio-stack.github.io/open-audio-stack-registry/plugins/\
                     quell-audio/quell/quell.jpg";
const DESCRIPTION: &str = "Takes hiss, hum, fans and room noise out of sound while it plays, and \
                           leaves the rest alone.";
const TAGS: [&str; 5] = ["Restoration", "Noise Reduction", "Denoise", "Voice", "Effect"];
/// No field is longer; notes of changes may be twice as long.
const MAX_LEN: usize = 256;

/// What the registry wants to know of a package, by how its name ends.
struct Kind {
    ending: &'static str,
    system: &'static str,
    architectures: &'static [&'static str],
    is_installer: bool,
}

const fn kind(
    ending: &'static str,
    system: &'static str,
    architectures: &'static [&'static str],
    is_installer: bool,
) -> Kind {
    Kind { ending, system, architectures, is_installer }
}

const KINDS: [Kind; 7] = [
    kind("-linux-x86_64.tar.gz", "linux", &["x64"], false),
    kind("-linux-aarch64.tar.gz", "linux", &["arm64"], false),
    kind("_amd64.deb", "linux", &["x64"], true),
    kind("_arm64.deb", "linux", &["arm64"], true),
    kind("-macos-universal.zip", "mac", &["arm64", "x64"], false),
    kind("-windows-x86_64.zip", "win", &["x64"], false),
    kind("-windows-x86_64-setup.exe", "win", &["x64"], true),
];

/// Writes the entry of all packages of this version in a folder, each with its checksum beside it.
pub(super) fn write(folder: &Path) -> Result<PathBuf> {
    let changes = changes(&std::fs::read_to_string("CHANGELOG.md")?)?;
    let entry = entry(&files(folder)?, &changes, &date()?)?;
    let path = folder.join("index.yaml");
    std::fs::write(&path, entry).with_context(|| format!("cannot write '{}'", path.display()))?;
    Ok(path)
}

/// Of the commit that was built.
fn date() -> Result<String> {
    let output = Command::new("git")
        .args(["log", "-1", "--date=format-local:%Y-%m-%dT%H:%M:%SZ", "--format=%cd"])
        .env("TZ", "UTC")
        .output()
        .context("git cannot be started")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// The packages as parts of the entry, in the order of the kinds.
fn files(folder: &Path) -> Result<Vec<String>> {
    let mut files = Vec::new();
    for kind in &KINDS {
        let names = ["quell-", "quell_"].map(|start| format!("{start}{VERSION}{}", kind.ending));
        for name in names {
            let Ok(metadata) = std::fs::metadata(folder.join(&name)) else { continue };
            let sum = std::fs::read_to_string(folder.join(format!("{name}.sha256")))
                .with_context(|| format!("'{name}' has no checksum"))?;
            let sum = sum.split_whitespace().next().unwrap_or_default();
            files.push(file(kind, &name, metadata.len(), sum)?);
        }
    }
    Ok(files)
}

fn file(kind: &Kind, name: &str, n_bytes: u64, sum: &str) -> Result<String> {
    let is_sum = sum.len() == 64 && sum.bytes().all(|byte| byte.is_ascii_hexdigit());
    ensure!(is_sum, "the checksum of '{name}' is '{sum}'");
    let architectures: String =
        kind.architectures.iter().map(|name| format!("      - {name}\n")).collect();
    let (system, form) = (kind.system, if kind.is_installer { "installer" } else { "archive" });
    Ok(format!(
        "  - systems:
      - type: {system}
    architectures:
{architectures}    contains:
      - clap
      - vst3
    type: {form}
    size: {n_bytes}
    sha256: '{sum}'
    url: {HOME}/releases/download/v{VERSION}/{name}
"
    ))
}

fn entry(files: &[String], changes: &str, date: &str) -> Result<String> {
    ensure!(!files.is_empty(), "there are no packages of version {VERSION}");
    for text in [DESCRIPTION, HOME, IMAGE, date].iter().chain(&TAGS) {
        ensure!(!text.is_empty() && text.len() <= MAX_LEN, "'{text}' is too long for the registry");
    }
    ensure!(changes.len() <= 2 * MAX_LEN, "the notes of changes are too long for the registry");
    let tags: String = TAGS.iter().map(|tag| format!("  - {tag}\n")).collect();
    let changes: String = changes.lines().map(|line| format!("  {line}\n")).collect();
    Ok(format!(
        "name: Quell
author: The Quell authors
description: {DESCRIPTION}
license: mit
type: effect
tags:
{tags}url: {HOME}
image: {IMAGE}
date: '{date}'
changes: |
{changes}files:
{}",
        files.concat()
    ))
}

/// What this version changed, as far as it fits: the first points of its section, or of what is not
/// released yet.
fn changes(changelog: &str) -> Result<String> {
    let start = |name: &str| changelog.find(&format!("## [{name}]"));
    let start = start(VERSION).or_else(|| start("Unreleased")).context("CHANGELOG.md is empty")?;
    let section = changelog[start..].lines().skip(1).take_while(|line| !line.starts_with("## "));
    let mut text = String::new();
    for line in section.filter(|line| line.starts_with("- ")) {
        if text.len() + line.len() + 1 > 2 * MAX_LEN {
            break;
        }
        text += line;
        text += "\n";
    }
    ensure!(!text.is_empty(), "CHANGELOG.md has no point that fits into the registry");
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_package_of_this_version_is_in_the_entry_with_its_size_and_sum() {
        let folder = tempfile::tempdir().unwrap();
        assert!(entry(&files(folder.path()).unwrap(), "- a", "now").is_err(), "there are none");
        let names = [
            format!("quell-{VERSION}-linux-x86_64.tar.gz"),
            format!("quell_{VERSION}_amd64.deb"),
            format!("quell-{VERSION}-windows-x86_64-setup.exe"),
            "quell-0.0.9-macos-universal.zip".to_owned(),
        ];
        for name in &names {
            std::fs::write(folder.path().join(name), "package").unwrap();
        }
        assert!(files(folder.path()).is_err(), "a package without its sum");
        for name in &names {
            let sum = format!("{}  {name}\n", "0f".repeat(32));
            std::fs::write(folder.path().join(format!("{name}.sha256")), sum).unwrap();
        }
        let entry = entry(&files(folder.path()).unwrap(), "- a\n- b\n", "now").unwrap();
        assert_eq!(entry.matches("    size: 7\n").count(), 3, "{entry}");
        for part in [
            "changes: |\n  - a\n  - b\nfiles:\n  - systems:\n      - type: linux\n",
            &format!("    type: installer\n    size: 7\n    sha256: '{}'\n", "0f".repeat(32)),
            &format!("/releases/download/v{VERSION}/quell_{VERSION}_amd64.deb\n"),
        ] {
            assert!(entry.contains(part), "no {part} in {entry}");
        }
    }

    #[test]
    fn only_as_many_points_as_fit_are_taken_and_none_of_older_versions() {
        let long = "x".repeat(2 * MAX_LEN - 12);
        let text =
            format!("## [Unreleased]\n\n### Added\n\n- a\n- {long}\n- b\n\n## [0.0.1]\n- c\n");
        assert_eq!(changes(&text).unwrap(), format!("- a\n- {long}\n- b\n"));
        let longer = text.replace("- a", "- aaaaaaaaa");
        assert_eq!(changes(&longer).unwrap(), "- aaaaaaaaa\n");
        assert!(changes("## [Unreleased]\n\n## [0.0.1]\n- c\n").is_err());
    }
}
