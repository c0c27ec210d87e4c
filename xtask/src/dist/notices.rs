//! The notices that others ask for: who wrote what is linked, under which licence, with its text,
//! and where the source of what is under the MPL is.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use spdx::{Expression, ParseMode};

use crate::steps::cargo;

/// How files begin that hold licences.
const NAMES: [&str; 6] = ["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE"];

/// One package that is linked.
struct Work {
    title: String,
    licence: String,
    repository: String,
    texts: Vec<String>,
}

/// All notices for these packages of the workspace, built for this target.
pub(super) fn text(roots: &[&str], target: &str) -> Result<String> {
    let mut args = vec!["metadata", "--format-version", "1", "--locked"];
    // The program of its own among them.
    args.extend(["--features", "standalone", "--filter-platform", target]);
    let output = cargo(&args).output().context("cargo cannot be started")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let works: Vec<Work> =
        linked(&metadata, roots)?.into_iter().map(work).collect::<Result<_>>()?;
    ensure!(!works.is_empty(), "nothing of others is linked, says cargo");
    Ok(page(&works))
}

/// Packages of others that the roots link, by name.
fn linked<'a>(metadata: &'a Value, roots: &[&str]) -> Result<Vec<&'a Value>> {
    let list = |value: &'a Value| value.as_array().context("cargo's metadata is not what it was");
    let nodes = list(&metadata["resolve"]["nodes"])?;
    let nodes: HashMap<_, _> = nodes.iter().map(|node| (node["id"].as_str(), node)).collect();
    let packages = list(&metadata["packages"])?;
    let is_root = |package: &&Value| roots.iter().any(|root| package["name"] == *root);
    let mut open: Vec<_> = packages.iter().filter(is_root).map(|p| p["id"].as_str()).collect();
    ensure!(open.len() == roots.len(), "the workspace lacks one of {roots:?}");
    let mut found = BTreeSet::new();
    while let Some(id) = open.pop() {
        if found.insert(id) {
            let node = nodes.get(&id).with_context(|| format!("{id:?} is not resolved"))?;
            let deps = list(&node["deps"])?.iter().filter(|dep| is_linked(dep));
            open.extend(deps.map(|dep| dep["pkg"].as_str()));
        }
    }
    let is_of_others = |package: &&Value| !package["source"].is_null();
    let is_found = |package: &&Value| found.contains(&package["id"].as_str());
    let mut works: Vec<_> = packages.iter().filter(is_of_others).filter(is_found).collect();
    works.sort_by_key(|package| package["name"].as_str());
    Ok(works)
}

/// Not only for tests and build scripts.
fn is_linked(dep: &Value) -> bool {
    dep["dep_kinds"].as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind["kind"].is_null()))
}

fn work(package: &Value) -> Result<Work> {
    let field = |name: &str| package[name].as_str().unwrap_or_default().to_owned();
    let title = format!("{} {}", field("name"), field("version"));
    let licence = field("license");
    let folder = field("manifest_path");
    let folder = Path::new(&folder).parent().context("a package has a folder")?;
    let mut texts = files(folder)?;
    if texts.is_empty() {
        let names = package["authors"].as_array().into_iter().flatten();
        let authors: Vec<_> = names.filter_map(Value::as_str).collect();
        texts = standard_texts(&licence, &authors.join(", "))
            .with_context(|| format!("{title} brings no licence"))?;
    }
    Ok(Work { title, licence, repository: field("repository"), texts })
}

/// The licences that a package brings.
fn files(folder: &Path) -> Result<Vec<String>> {
    let entries =
        std::fs::read_dir(folder).with_context(|| format!("cannot read '{}'", folder.display()))?;
    let mut paths: Vec<_> = entries.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>()?;
    paths.sort();
    let is_licence = |path: &&std::path::PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_uppercase();
        path.is_file() && NAMES.iter().any(|start| name.starts_with(start))
    };
    let texts = paths.iter().filter(is_licence).map(|path| {
        let bytes = std::fs::read(path)?;
        Ok(String::from_utf8_lossy(&bytes).replace('\r', "").trim().to_owned())
    });
    texts.collect()
}

/// For a package that brings none: what its licences say, and who wrote it.
fn standard_texts(licence: &str, authors: &str) -> Result<Vec<String>> {
    let expression = Expression::parse_mode(licence, ParseMode::LAX)
        .map_err(|error| anyhow::anyhow!("'{licence}' is no licence: {error}"))?;
    let ids: Vec<_> = expression.requirements().filter_map(|r| r.req.license.id()).collect();
    ensure!(!ids.is_empty(), "'{licence}' names no licence");
    let by = if authors.is_empty() { String::new() } else { format!("By {authors}.\n\n") };
    Ok(ids.iter().map(|id| format!("{by}{}", id.text().trim())).collect())
}

/// Each text once, under the names of all that bring it.
fn page(works: &[Work]) -> String {
    let mut page = "Works of others in Quell\n========================\n\n".to_owned();
    for work in works {
        page += &format!("{} ({}) {}\n", work.title, work.licence, work.repository);
    }
    page += "Rust's standard library (MIT OR Apache-2.0) https://github.com/rust-lang/rust\n";
    let is_mpl = |work: &&Work| work.licence.contains("MPL");
    if works.iter().any(|work| is_mpl(&work)) {
        page += "\nUnder the Mozilla Public License 2.0, unchanged; their source is free at:\n\n";
        for work in works.iter().filter(is_mpl) {
            page += &format!("{}: {}\n", work.title, work.repository);
        }
    }
    let mut by_text: BTreeMap<String, (&str, Vec<&str>)> = BTreeMap::new();
    for work in works {
        for text in &work.texts {
            let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
            by_text.entry(words).or_insert((text, Vec::new())).1.push(&work.title);
        }
    }
    for (text, titles) in by_text.values() {
        page += &format!("\n{}\n{}\n\n{text}\n", "-".repeat(80), titles.join(", "));
    }
    page
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn package(folder: &Path, name: &str, licence: &str) -> Value {
        json!({
            "name": name, "version": "1.0.0", "license": licence, "authors": ["Ada"],
            "repository": format!("https://example.com/{name}"), "id": name,
            "source": "registry", "manifest_path": folder.join("Cargo.toml"),
        })
    }

    #[test]
    fn a_text_that_two_bring_stands_once_under_both_names() {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        std::fs::write(folders[0].path().join("LICENSE-MIT"), "Do what\r\nyou like.").unwrap();
        std::fs::write(folders[1].path().join("license.txt"), "Do what you\nlike.\n").unwrap();
        std::fs::write(folders[1].path().join("README.md"), "no licence").unwrap();
        let works = [(0, "a"), (1, "b")]
            .map(|(i, name)| work(&package(folders[i].path(), name, "MIT")).unwrap());
        let page = page(&works);
        assert!(page.contains("a 1.0.0, b 1.0.0\n\nDo what\nyou like."), "{page}");
        assert!(!page.contains("no licence") && !page.contains("Mozilla"), "{page}");
    }

    #[test]
    fn who_brings_no_text_gets_that_of_every_licence_and_who_brings_no_licence_fails() {
        let folder = tempfile::tempdir().unwrap();
        let page = page(&[work(&package(folder.path(), "a", "MIT/MPL-2.0")).unwrap()]);
        for part in ["By Ada.", "Permission is hereby granted", "a 1.0.0: https://example.com/a"] {
            assert!(page.contains(part), "no '{part}' in {page}");
        }
        assert!(work(&package(folder.path(), "a", "")).is_err());
    }

    #[test]
    fn what_only_tests_and_build_scripts_need_is_not_linked() {
        let folder = Path::new("/");
        let mut root = package(folder, "root", "MIT");
        root["source"] = Value::Null;
        let dep = |name: &str, kind: Value| json!({ "pkg": name, "dep_kinds": [{ "kind": kind }] });
        let node = |name: &str, deps: Vec<Value>| json!({ "id": name, "deps": deps });
        let metadata = json!({
            "packages": [root, package(folder, "b", "MIT"), package(folder, "a", "MIT"),
                package(folder, "test", "MIT"), package(folder, "build", "MIT")],
            "resolve": { "nodes": [
                node("root", vec![dep("b", Value::Null), dep("test", json!("dev"))]),
                node("b", vec![dep("a", Value::Null), dep("build", json!("build"))]),
                node("a", vec![]), node("test", vec![]), node("build", vec![]),
            ] },
        });
        let names: Vec<_> =
            linked(&metadata, &["root"]).unwrap().iter().map(|p| p["name"].clone()).collect();
        assert_eq!(names, ["a", "b"]);
        assert!(linked(&metadata, &["root", "lost"]).is_err());
    }

    #[test]
    fn every_system_has_its_notices() {
        for (target, own) in [
            ("x86_64-unknown-linux-gnu", "alsa "),
            ("x86_64-pc-windows-msvc", "windows "),
            ("aarch64-apple-darwin", "coreaudio-rs "),
        ] {
            let text = text(&["quell", "quell-cli"], target).unwrap();
            assert!(text.contains(&format!("\n{own}")), "{target} lacks {own}");
        }
    }
}
