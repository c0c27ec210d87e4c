//! Which crate of the workspace may use which.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::steps::cargo;

/// A crate, what it is built on, and what its tests use besides.
struct Crate {
    name: &'static str,
    uses: &'static [&'static str],
    tests_use: &'static [&'static str],
}

/// From the lowest to the highest: what a crate is built on stands above it in this list. Tests may
/// look upwards.
const CRATES: &[Crate] = &[
    Crate { name: "quell-core", uses: &[], tests_use: &["quell-testkit"] },
    Crate { name: "quell-files", uses: &[], tests_use: &[] },
    Crate { name: "quell-formats", uses: &["quell-core"], tests_use: &[] },
    Crate { name: "quell-audio", uses: &["quell-files"], tests_use: &["quell-testkit"] },
    Crate { name: "quell-cost", uses: &["quell-core"], tests_use: &[] },
    Crate {
        name: "quell-lab",
        uses: &["quell-audio", "quell-core", "quell-files"],
        tests_use: &[],
    },
    Crate { name: "quell-ladspa", uses: &["quell-core"], tests_use: &[] },
    Crate { name: "quell-testkit", uses: &["quell-core"], tests_use: &[] },
    Crate {
        name: "quell-cli",
        uses: &[
            "quell-audio",
            "quell-core",
            "quell-cost",
            "quell-files",
            "quell-formats",
            "quell-lab",
        ],
        tests_use: &["quell-testkit"],
    },
    Crate { name: "quell-web", uses: &["quell-core", "quell-formats"], tests_use: &[] },
    Crate {
        name: "quell",
        uses: &["quell-audio", "quell-core", "quell-files", "quell-formats"],
        tests_use: &["quell-cli", "quell-testkit"],
    },
    Crate {
        name: "xtask",
        uses: &["quell-audio", "quell-core", "quell-formats", "quell-lab", "quell-testkit"],
        tests_use: &[],
    },
];

/// Names of other crates of the workspace that each one depends on.
#[derive(Default, Debug, PartialEq)]
pub(super) struct Edges {
    built_on: Vec<String>,
    tests_use: Vec<String>,
}

pub(super) fn of_workspace() -> Result<BTreeMap<String, Edges>> {
    let output = cargo(&["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .output()
        .context("cargo cannot be started")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    of_metadata(&serde_json::from_slice(&output.stdout)?)
}

fn of_metadata(metadata: &Value) -> Result<BTreeMap<String, Edges>> {
    let list = |value: &Value| value.as_array().cloned().context("cargo's metadata holds no list");
    let name = |value: &Value| {
        value["name"].as_str().map(str::to_owned).context("cargo's metadata holds no name")
    };
    let mut found = BTreeMap::new();
    for package in list(&metadata["packages"])? {
        let mut edges = Edges::default();
        for dependency in list(&package["dependencies"])? {
            // Only crates of the workspace are named by a path.
            if dependency["path"].is_string() {
                let is_for_tests = dependency["kind"] == "dev";
                let group = if is_for_tests { &mut edges.tests_use } else { &mut edges.built_on };
                group.push(name(&dependency)?);
            }
        }
        edges.built_on.sort();
        edges.tests_use.sort();
        found.insert(name(&package)?, edges);
    }
    Ok(found)
}

pub(super) fn faults(found: &BTreeMap<String, Edges>) -> Vec<String> {
    faults_of(CRATES, found)
}

fn faults_of(declared: &[Crate], found: &BTreeMap<String, Edges>) -> Vec<String> {
    let mut faults = Vec::new();
    for (idx, one) in declared.iter().enumerate() {
        let name = one.name;
        for upward in one.uses.iter().filter(|used| !is_below(&declared[..idx], used)) {
            faults.push(format!("{name}: {upward} does not stand below it (tidy/edges.rs)"));
        }
        let Some(edges) = found.get(name) else {
            faults.push(format!("tidy/edges.rs lists {name}, which the workspace lacks"));
            continue;
        };
        faults.extend(difference(name, "is built on", one.uses, &edges.built_on));
        faults.extend(difference(name, "uses in its tests", one.tests_use, &edges.tests_use));
    }
    for name in found.keys().filter(|name| !is_below(declared, name)) {
        faults.push(format!("{name} has no place in tidy/edges.rs"));
    }
    faults
}

fn is_below(lower: &[Crate], name: &str) -> bool {
    lower.iter().any(|one| one.name == name)
}

fn difference(name: &str, verb: &str, declared: &[&str], found: &[String]) -> Vec<String> {
    let new = found.iter().filter(|used| !declared.contains(&used.as_str()));
    let gone = declared.iter().filter(|used| !found.iter().any(|other| other == *used));
    new.map(|used| format!("{name} {verb} {used}, which tidy/edges.rs does not allow"))
        .chain(gone.map(|used| format!("tidy/edges.rs says that {name} {verb} {used}: no more")))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TWO: &[Crate] = &[
        Crate { name: "low", uses: &[], tests_use: &["high"] },
        Crate { name: "high", uses: &["low"], tests_use: &[] },
    ];

    fn package(name: &str, dependencies: &[(&str, Option<&str>)]) -> Value {
        let dependencies: Vec<_> = dependencies
            .iter()
            .map(|(name, kind)| json!({ "name": name, "kind": kind, "path": "somewhere" }))
            .chain([json!({ "name": "serde", "kind": null })])
            .collect();
        json!({ "name": name, "dependencies": dependencies })
    }

    fn faults_with(declared: &[Crate], packages: &[Value]) -> String {
        faults_of(declared, &of_metadata(&json!({ "packages": packages })).unwrap()).join("\n")
    }

    #[test]
    fn edges_as_declared_are_no_fault_and_others_are() {
        let low = package("low", &[("high", Some("dev"))]);
        let high = package("high", &[("low", None)]);
        assert_eq!(faults_with(TWO, &[low.clone(), high.clone()]), "");
        let upward = package("low", &[("high", None), ("high", Some("dev"))]);
        let faults = faults_with(TWO, &[upward, high.clone()]);
        assert_eq!(faults, "low is built on high, which tidy/edges.rs does not allow");
        let without = package("high", &[]);
        let faults = faults_with(TWO, &[low.clone(), without]);
        assert_eq!(faults, "tidy/edges.rs says that high is built on low: no more");
        let stranger = package("stranger", &[]);
        let faults = faults_with(TWO, &[low.clone(), high, stranger]);
        assert_eq!(faults, "stranger has no place in tidy/edges.rs");
        assert_eq!(faults_with(TWO, &[low]), "tidy/edges.rs lists high, which the workspace lacks");
    }

    #[test]
    fn an_upward_edge_cannot_be_declared() {
        let declared = &[
            Crate { name: "low", uses: &["high"], tests_use: &[] },
            Crate { name: "high", uses: &[], tests_use: &[] },
        ];
        let packages = [package("low", &[("high", None)]), package("high", &[])];
        let faults = faults_with(declared, &packages);
        assert_eq!(faults, "low: high does not stand below it (tidy/edges.rs)");
    }
}
