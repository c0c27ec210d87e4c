//! The invariants that ARCHITECTURE.md lists, each with the tests that hold it.

use std::path::Path;

/// The section with the list: one line an invariant, which names its tests in backticks as
/// `path/file.rs` or `path/file.rs::function`, or, of the page's, `path/file.mjs::name`.
const SECTION: &str = "## What never happens";

pub(super) fn faults(architecture: &str, root: &Path) -> Vec<String> {
    let section = architecture.lines().skip_while(|line| *line != SECTION).skip(1);
    let section = section.take_while(|line| !line.starts_with("## "));
    let invariants: Vec<_> = section.filter_map(|line| line.strip_prefix("- ")).collect();
    if invariants.is_empty() {
        return vec![format!("ARCHITECTURE.md has no list under '{SECTION}'")];
    }
    invariants.into_iter().flat_map(|invariant| faults_of_one(invariant, root)).collect()
}

fn faults_of_one(invariant: &str, root: &Path) -> Vec<String> {
    let title = invariant.split("**").nth(1).unwrap_or(invariant);
    let quoted = invariant.split('`').skip(1).step_by(2);
    let tests: Vec<_> = quoted
        .map(|quote| quote.split_once("::").unwrap_or((quote, "")))
        .filter(|(file, _)| file.contains('/') && (file.ends_with(".rs") || file.ends_with(".mjs")))
        .collect();
    if tests.is_empty() {
        return vec![format!("ARCHITECTURE.md names no test for '{title}'")];
    }
    tests
        .into_iter()
        .filter_map(|(file, function)| fault_of_test(file, function, root))
        .map(|fault| format!("ARCHITECTURE.md, '{title}': {fault}"))
        .collect()
}

fn fault_of_test(file: &str, function: &str, root: &Path) -> Option<String> {
    let Ok(text) = std::fs::read_to_string(root.join(file)) else {
        return Some(format!("there is no '{file}'"));
    };
    if !function.is_empty() {
        let fault = format!("'{file}' has no test '{function}'");
        return (!has_test(&text, function)).then_some(fault);
    }
    // A file of tests marks them, or brings its own `main`.
    let holds_tests = text.contains("#[test]") || text.contains("fn main()");
    (!holds_tests).then(|| format!("'{file}' holds no test"))
}

/// A function that is marked as a test, or the `main` of a test without a harness; of the page's
/// tests, a method that is called so.
fn has_test(text: &str, function: &str) -> bool {
    if text.contains(&format!("async \"{function}\"(page)")) {
        return true;
    }
    let head = format!("fn {function}(");
    let lines: Vec<_> = text.lines().map(str::trim_start).collect();
    lines.iter().enumerate().filter(|(_, line)| line.starts_with(&head)).any(|(idx, _)| {
        let mut above = lines[..idx].iter().rev().take_while(|line| line.starts_with("#["));
        function == "main" || above.any(|line| *line == "#[test]")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults_with(list: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("tests")).unwrap();
        let write = |path: &str, text: &str| {
            std::fs::write(folder.path().join(path), text).unwrap();
        };
        write("tests/a.rs", "#[test]\nfn it_holds() {}");
        write("tests/b.rs", "fn helper() {}\n#[test]\n#[ignore]\nfn it_lasts() {}");
        write("tests/c.rs", "fn helper() {}");
        let page = format!("# Page\n\n{SECTION}\n\nA word.\n\n{list}\n## Next\n\n- more\n");
        faults(&page, folder.path()).join("\n")
    }

    #[test]
    fn an_invariant_names_a_test_that_is_there() {
        let sound = "- **One**: `process`, `tests/a.rs`.\n- **Two**: `tests/b.rs::it_lasts`.\n";
        assert_eq!(faults_with(sound), "");
        for (faulty, fault) in [
            ("- **One**: `process`.\n", "ARCHITECTURE.md names no test for 'One'"),
            ("- **One**: `tests/d.rs`.\n", "ARCHITECTURE.md, 'One': there is no 'tests/d.rs'"),
            ("- **One**: `tests/c.rs`.\n", "ARCHITECTURE.md, 'One': 'tests/c.rs' holds no test"),
            (
                "- **One**: `tests/b.rs::helper`.\n",
                "ARCHITECTURE.md, 'One': 'tests/b.rs' has no test 'helper'",
            ),
            ("", "ARCHITECTURE.md has no list under '## What never happens'"),
        ] {
            assert_eq!(faults_with(faulty), fault);
        }
    }
}
