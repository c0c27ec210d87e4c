//! Whether everything that is linked or run to build has a licence that `deny.toml` allows, comes
//! from the public registry, and is wanted in a version that somebody chose.
//!
//! The same table is `cargo deny`'s, whose advisories need a network; this part needs none.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use spdx::{Expression, ParseMode};

use crate::steps::cargo;

/// Where packages may come from.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// The licences that `deny.toml` allows, as cargo-deny reads them.
fn allowed(deny_toml: &str) -> Result<Vec<String>> {
    let table: toml::Table = deny_toml.parse().context("deny.toml is not TOML")?;
    let list = table.get("licenses").and_then(|licenses| licenses.get("allow"));
    let list = list.and_then(toml::Value::as_array).context("deny.toml allows no licences")?;
    list.iter()
        .map(|name| name.as_str().map(str::to_owned).context("a licence in deny.toml is no text"))
        .collect()
}

/// What is wrong with the packages that cargo would build.
pub(super) fn faults(deny_toml: &str) -> Result<Vec<String>> {
    let output = cargo(&["metadata", "--format-version", "1", "--locked"])
        .output()
        .context("cargo cannot be started")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let packages = metadata["packages"].as_array().context("cargo's metadata holds no list")?;
    let allowed = allowed(deny_toml)?;
    Ok(packages.iter().flat_map(|package| faults_of(package, &allowed)).collect())
}

fn faults_of(package: &Value, allowed: &[String]) -> Vec<String> {
    let name = package["name"].as_str().unwrap_or("a package without a name");
    let mut faults = Vec::new();
    match package["license"].as_str() {
        None => faults.push(format!("{name} names no licence")),
        Some(licence) if !is_allowed(licence, allowed) => {
            faults.push(format!("{name}: deny.toml does not allow '{licence}'"));
        }
        Some(_) => {}
    }
    let is_ours = package["source"].is_null();
    if !is_ours && package["source"] != REGISTRY {
        faults.push(format!("{name} comes from {}, not from the registry", package["source"]));
    }
    if is_ours {
        let wildcards = package["dependencies"].as_array().into_iter().flatten();
        for dependency in wildcards.filter(|d| d["req"] == "*" && !d["path"].is_string()) {
            faults.push(format!("{name} wants any version of {}", dependency["name"]));
        }
    }
    faults
}

/// Whether the expression can be met with licences of the list.
fn is_allowed(licence: &str, allowed: &[String]) -> bool {
    // Some packages still write 'MIT/Apache-2.0'.
    Expression::parse_mode(licence, ParseMode::LAX).is_ok_and(|expression| {
        expression.evaluate(|wanted| allowed.iter().any(|name| *name == wanted.to_string()))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(licence: Value, source: Value, wanted: &str) -> Vec<String> {
        let allowed = ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned);
        let dependencies = json!([{ "name": "other", "req": wanted }]);
        let package = json!({
            "name": "it", "license": licence, "source": source, "dependencies": dependencies,
        });
        faults_of(&package, &allowed)
    }

    #[test]
    fn licences_are_read_as_what_they_say() {
        for good in [
            "MIT",
            "MIT/Apache-2.0",
            "GPL-3.0 OR MIT",
            "MIT AND (Apache-2.0 OR GPL-2.0)",
            "Apache-2.0 WITH LLVM-exception",
        ] {
            assert!(found(json!(good), json!(REGISTRY), "1").is_empty(), "{good}");
        }
        for bad in ["GPL-3.0", "MIT AND GPL-3.0", "whatever", ""] {
            assert_eq!(found(json!(bad), json!(REGISTRY), "1").len(), 1, "{bad}");
        }
        assert_eq!(found(Value::Null, json!(REGISTRY), "1"), ["it names no licence"]);
    }

    #[test]
    fn other_sources_and_any_version_are_faults() {
        assert_eq!(found(json!("MIT"), json!("git+https://example.com/x"), "1").len(), 1);
        assert_eq!(found(json!("MIT"), Value::Null, "*").len(), 1);
        assert!(found(json!("MIT"), json!(REGISTRY), "*").is_empty(), "others answer for theirs");
    }

    #[test]
    fn the_table_is_the_one_that_cargo_deny_reads() {
        assert_eq!(allowed("[licenses]\nallow = [\"MIT\"]").unwrap(), ["MIT"]);
        assert!(allowed("[licenses]\n").is_err());
    }
}
