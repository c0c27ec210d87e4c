//! Whether the crates could be published: packed as cargo would upload them, unpacked, and
//! type-checked with nothing else of the project around them.
//!
//! `cargo publish --workspace --dry-run` builds them, too, but with all that they depend on, anew:
//! minutes. Here the profiles are the project's, so what lints have compiled is taken again.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use toml::Table;

use crate::places;
use crate::steps::{cargo, sh};

/// What a package says of itself in the registry.
const FIELDS: [&str; 7] =
    ["description", "license", "repository", "authors", "keywords", "categories", "rust_version"];

/// The step of `cargo xtask test`.
pub(crate) fn check() -> Result<()> {
    let names = published()?;
    // 1. Pack, in a folder of its own, so that nothing older is taken for new.
    let base = places::target().join("publish");
    places::remove_all(&base)?;
    sh(cargo(&["package", "--no-verify", "--allow-dirty", "--locked", "--quiet", "--target-dir"])
        .arg(&base)
        .args(names.iter().flat_map(|name| ["--package", name])))?;
    // 2. Unpack.
    let folders: Vec<PathBuf> =
        names.iter().map(|name| unpack(&base, name)).collect::<Result<_>>()?;
    // 3. Check, with the project's lock, so that nothing but the folders differs.
    let top = base.join("alone");
    let root = std::fs::read_to_string("Cargo.toml")?.parse().context("Cargo.toml is not TOML")?;
    std::fs::write(top.join("Cargo.toml"), workspace(&root, &names, &folders)?.to_string())?;
    std::fs::copy("Cargo.lock", top.join("Cargo.lock"))?;
    sh(cargo(&["check", "--workspace", "--offline", "--target-dir"])
        .arg(std::path::absolute(places::target())?)
        .current_dir(&top))
}

/// The packages that may be published, which have to say what the registry shows.
fn published() -> Result<Vec<String>> {
    let output = cargo(&["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .output()
        .context("cargo cannot be started")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    published_of(&serde_json::from_slice(&output.stdout)?)
}

fn published_of(metadata: &Value) -> Result<Vec<String>> {
    let packages = metadata["packages"].as_array().context("cargo's metadata holds no list")?;
    // A list of registries, which is empty where the package stays at home.
    let may_go = |package: &&Value| package["publish"].as_array().is_none_or(|to| !to.is_empty());
    let mut names = Vec::new();
    for package in packages.iter().filter(may_go) {
        let name = package["name"].as_str().context("a package has no name")?;
        let is_empty = |value: &Value| {
            value.as_str().is_none_or(str::is_empty) && value.as_array().is_none_or(Vec::is_empty)
        };
        let missing: Vec<_> = FIELDS.iter().filter(|field| is_empty(&package[**field])).collect();
        ensure!(missing.is_empty(), "{name} is to be published and lacks {missing:?}");
        ensure!(!package["metadata"]["docs"]["rs"].is_null(), "{name} tells docs.rs nothing");
        names.push(name.to_owned());
    }
    ensure!(!names.is_empty(), "no package may be published");
    Ok(names)
}

fn unpack(base: &Path, name: &str) -> Result<PathBuf> {
    let folder = base.join("alone");
    std::fs::create_dir_all(&folder)?;
    let packed = format!("{name}-{}", env!("CARGO_PKG_VERSION"));
    let package = base.join("package").join(format!("{packed}.crate"));
    sh(Command::new("tar").arg("-xzf").arg(package).arg("-C").arg(&folder))?;
    Ok(PathBuf::from(packed))
}

/// A workspace of the unpacked folders alone, which finds each of them where it would look into the
/// registry.
fn workspace(root: &Table, names: &[String], folders: &[PathBuf]) -> Result<Table> {
    let text = |path: &Path| toml::Value::from(path.to_string_lossy().into_owned());
    let members: toml::value::Array = folders.iter().map(|folder| text(folder)).collect();
    let resolver = root["workspace"].get("resolver").context("the workspace has no resolver")?;
    let place = |folder| Table::from_iter([("path".to_owned(), text(folder))]);
    let patches = names.iter().zip(folders).map(|(name, folder)| (name.clone(), place(folder)));
    let patches: Table = patches.map(|(name, place)| (name, place.into())).collect();
    let profile = root.get("profile").context("there is no profile")?;
    Ok(Table::from_iter([
        (
            "workspace".to_owned(),
            Table::from_iter([
                ("members".to_owned(), members.into()),
                ("resolver".to_owned(), resolver.clone()),
            ])
            .into(),
        ),
        ("profile".to_owned(), profile.clone()),
        ("patch".to_owned(), Table::from_iter([("crates-io".to_owned(), patches.into())]).into()),
    ]))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn package(name: &str) -> Value {
        json!({
            "name": name, "publish": null, "description": "D", "license": "MIT",
            "repository": "R", "authors": ["A"], "keywords": ["k"], "categories": ["c"],
            "rust_version": "1.95", "metadata": { "docs": { "rs": {} } },
        })
    }

    #[test]
    fn what_may_be_published_says_all_that_the_registry_shows() {
        let mut home = package("home");
        home["publish"] = json!([]);
        home["description"] = Value::Null;
        let all = |packages: &[Value]| published_of(&json!({ "packages": packages }));
        assert_eq!(all(&[home.clone(), package("a")]).unwrap(), ["a"]);
        assert!(all(&[home]).is_err());
        for field in FIELDS {
            let mut lacking = package("a");
            lacking[field] = if lacking[field].is_array() { json!([]) } else { json!("") };
            let error = all(&[lacking]).unwrap_err().to_string();
            assert!(error.contains(field), "{error}");
        }
        let mut silent = package("a");
        silent["metadata"] = Value::Null;
        assert!(all(&[silent]).unwrap_err().to_string().contains("docs.rs"));
    }

    #[test]
    fn the_folders_are_found_instead_of_the_registry_and_built_as_the_project_is() {
        let root = "workspace.resolver = '3'\n[profile.dev]\nopt-level = 1".parse().unwrap();
        let made = workspace(&root, &["a".to_owned()], &["a-1.0.0".into()]).unwrap();
        assert_eq!(made["patch"]["crates-io"]["a"]["path"].as_str(), Some("a-1.0.0"));
        assert_eq!(made["workspace"]["members"][0].as_str(), Some("a-1.0.0"));
        assert_eq!(made["profile"]["dev"]["opt-level"].as_integer(), Some(1));
    }
}
