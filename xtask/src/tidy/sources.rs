//! Files of Rust: width, length, place in the module tree, `unsafe`, and what the core leaves
//! alone.

use anyhow::{Context, Result, anyhow};
use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A file of the project.
pub(super) struct Source {
    /// From the top of the project, with slashes.
    pub(super) path: String,
    pub(super) text: String,
}

/// Files with lines that are too wide for now. A file without any has to leave the list.
const WIDE_FILES: &[&str] = &[
    "crates/cli/src/material.rs",
    "crates/cli/src/plot.rs",
    "crates/core/src/denoiser.rs",
    "crates/core/src/denoiser/noise.rs",
    "crates/core/src/mask.rs",
];
/// Lines that a file outside tests may have.
const MOST_LINES: usize = 450;
/// Files that are longer for now. A file that is not, any more, has to leave the list.
const LONG_FILES: &[&str] = &[];
/// Files that hold `unsafe`: the kernels, the borders of plugin and page, and tests that
/// load a plugin or replace the allocator.
const UNSAFE_FILES: &[&str] = &[
    "crates/core/src/kernels.rs",
    "crates/core/src/kernels/neon.rs",
    "crates/core/src/kernels/simd128.rs",
    "crates/core/src/kernels/x86_64.rs",
    "crates/core/tests/realtime.rs",
    "crates/ladspa/src/abi.rs",
    "crates/ladspa/src/instance.rs",
    "crates/ladspa/src/lib.rs",
    "crates/ladspa/tests/host.rs",
    "crates/testkit/examples/clap_trial.rs",
    "crates/testkit/src/allocator.rs",
    "crates/web/src/lib.rs",
    "src/clap_shell.rs",
    "src/clap_shell/discovery.rs",
    "src/clap_shell/grip.rs",
    "src/clap_shell/presets.rs",
    "src/clap_shell/stream.rs",
    "src/editor.rs",
    "src/editor/access/linux.rs",
    "src/editor/access/windows.rs",
    "src/editor/drivers.rs",
    "src/editor/edits.rs",
    "src/editor/tests.rs",
    "src/feed/load.rs",
    "src/params.rs",
    "src/standalone/edits.rs",
    "src/standalone/jack.rs",
    "src/vst3_shell.rs",
    "src/vst3_shell/automation.rs",
    "src/vst3_shell/buses.rs",
    "src/vst3_shell/factory.rs",
    "src/vst3_shell/grip.rs",
    "src/vst3_shell/host.rs",
    "src/vst3_shell/stream.rs",
    "src/vst3_shell/tests.rs",
    "src/vst3_shell/view.rs",
    "tests/clap_host.rs",
    "tests/realtime.rs",
    "tests/twin.rs",
    "tests/windows.rs",
    "xtask/src/proof.rs",
];
/// The core performs no input or output and starts no thread.
const CORE: &str = "crates/core/src/";
const NOT_IN_CORE: [&str; 4] = ["fs", "net", "process", "thread"];

/// The width that the formatter keeps where it can.
pub(super) fn width(rustfmt: &str) -> Result<usize> {
    let value = rustfmt.lines().find_map(|line| line.strip_prefix("max_width = "));
    value.context("rustfmt.toml sets no max_width")?.parse().context("max_width is no number")
}

pub(super) fn faults(sources: &[Source], width: usize) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    let (mut wide, mut long, mut holding_unsafe) = (Vec::new(), Vec::new(), Vec::new());
    for source in sources {
        let path = &*source.path;
        faults.extend(mod_file(source));
        let tokens = source.tokens()?;
        if path.starts_with(CORE) && !is_test(path) {
            let used = in_core(tokens.clone());
            faults.extend(used.map(|module| format!("{path}: the core uses std::{module}")));
        }
        wide.extend(wide_line(source, width).map(|at| (path, at)));
        long.extend(is_long(source).then(|| (path, format!("has over {MOST_LINES} lines"))));
        holding_unsafe.extend(holds_unsafe(tokens).then(|| (path, "holds `unsafe`".to_owned())));
    }
    faults.extend(against_list(&wide, WIDE_FILES, "WIDE_FILES"));
    faults.extend(against_list(&long, LONG_FILES, "LONG_FILES"));
    faults.extend(against_list(&holding_unsafe, UNSAFE_FILES, "UNSAFE_FILES"));
    Ok(faults)
}

impl Source {
    fn tokens(&self) -> Result<TokenStream> {
        self.text.parse().map_err(|error| anyhow!("{}: {error}", self.path))
    }
}

fn is_test(path: &str) -> bool {
    path.split('/').any(|part| part == "tests" || part == "tests.rs")
}

fn is_long(source: &Source) -> bool {
    !is_test(&source.path) && source.text.lines().count() > MOST_LINES
}

/// The first line that is too wide.
fn wide_line(source: &Source, width: usize) -> Option<String> {
    let mut lengths = source.text.lines().map(|line| line.chars().count());
    let idx = lengths.position(|length| length > width)?;
    Some(format!("has more than {width} characters in line {}", idx + 1))
}

/// A module with parts is `name.rs` beside `name/`.
fn mod_file(source: &Source) -> Option<String> {
    let folder = source.path.strip_suffix("/mod.rs")?;
    Some(format!("{}: should be '{folder}.rs'", source.path))
}

/// What is against a list, both ways: files found and not listed, listed and not found.
fn against_list(found: &[(&str, String)], listed: &[&str], list: &str) -> Vec<String> {
    let new = found.iter().filter(|(path, _)| !listed.contains(path));
    let gone = listed.iter().filter(|path| !found.iter().any(|(other, _)| other == *path));
    new.map(|(path, what)| format!("{path} {what} (tidy/sources.rs, {list})"))
        .chain(gone.map(|path| format!("{path} has no place in {list} of tidy/sources.rs")))
        .collect()
}

fn holds_unsafe(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(word) => word == "unsafe",
        TokenTree::Group(group) => holds_unsafe(group.stream()),
        _ => false,
    })
}

/// Modules of the standard library that the core should not use, except in its unit tests.
fn in_core(tokens: TokenStream) -> impl Iterator<Item = &'static str> {
    let words = words(tokens);
    NOT_IN_CORE.into_iter().filter(move |module| {
        words.windows(3).enumerate().any(|(idx, three)| {
            three[0] == "std"
                && three[1] == "::"
                && (three[2] == *module
                    || three[2] == "{" && names_of(&words[idx + 3..]).any(|name| name == *module))
        })
    })
}

/// The first names of a group's paths: `fs` and `io` of `fs, io::{self, Read}}`.
fn names_of(words: &[String]) -> impl Iterator<Item = &str> {
    let mut depth = 0_u32;
    let mut is_first = true;
    words.iter().map_while(move |word| {
        let is_name = is_first && depth == 0;
        is_first = word == ",";
        match word.as_str() {
            "{" => depth += 1,
            "}" => depth = depth.checked_sub(1)?,
            _ => {}
        }
        Some(if is_name { word.as_str() } else { "" })
    })
}

/// Names, braces, commas and double colons in order, without what is compiled for tests alone.
fn words(tokens: TokenStream) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut is_for_tests = false;
    for token in tokens {
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket => {
                is_for_tests |= group.stream().to_string().replace(' ', "") == "cfg(test)";
                words.extend(self::words(group.stream()));
            }
            TokenTree::Group(group) => {
                let is_body = group.delimiter() == Delimiter::Brace;
                if !(is_body && std::mem::take(&mut is_for_tests)) {
                    words.push("{".to_owned());
                    words.extend(self::words(group.stream()));
                    words.push("}".to_owned());
                }
            }
            TokenTree::Ident(word) => words.push(word.to_string()),
            TokenTree::Punct(mark) if mark.as_char() == ';' => {
                is_for_tests = false;
                words.push(";".to_owned());
            }
            TokenTree::Punct(mark) if mark.as_char() == ':' => match words.last_mut() {
                Some(last) if last == ":" => *last = "::".to_owned(),
                _ => words.push(":".to_owned()),
            },
            TokenTree::Punct(mark) => words.push(mark.to_string()),
            TokenTree::Literal(_) => words.push("literal".to_owned()),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str, text: &str) -> Source {
        Source { path: path.to_owned(), text: text.to_owned() }
    }

    fn used_in_core(text: &str) -> Vec<&'static str> {
        in_core(text.parse().unwrap()).collect()
    }

    #[test]
    fn the_core_is_caught_with_files_threads_sockets_and_processes() {
        for (text, module) in [
            ("fn f() { std::fs::read(\"a\"); }", "fs"),
            ("use std::{cell::Cell, thread};", "thread"),
            ("use ::std::net::{TcpStream, UdpSocket};", "net"),
            ("m! { [std :: process::exit(1)] }", "process"),
            ("#[cfg(test)] mod tests { fn f() {} } use std::{self, io, fs::File};", "fs"),
            ("#[cfg(test)] use a::B; fn f() { std::thread::yield_now() }", "thread"),
        ] {
            assert_eq!(used_in_core(text), [module], "{text}");
        }
        for text in [
            "// std::fs\nfn process() { self.process(\"std::fs\") }",
            "use std::{cell::{Cell, fs}, mem};",
            "fn f() { a::fs::b() }",
            "#[cfg(test)] mod tests { fn f() { std::fs::read(\"a\"); } }",
        ] {
            assert_eq!(used_in_core(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn unsafe_is_found_in_code_and_not_in_words_about_it() {
        let holds = |text: &str| holds_unsafe(text.parse().unwrap());
        assert!(holds("fn f() { loop { unsafe { g() } } }"));
        assert!(holds("unsafe impl Send for A {}"));
        assert!(!holds("//! unsafe\n#![allow(unsafe_code)]\nconst A: &str = r#\"unsafe\"#;"));
    }

    #[test]
    fn lists_are_exact_both_ways() {
        let found = ["a.rs", "b.rs"].map(|path| (path, "is odd".to_owned()));
        assert_eq!(
            against_list(&found, &["b.rs", "c.rs"], "ODD"),
            ["a.rs is odd (tidy/sources.rs, ODD)", "c.rs has no place in ODD of tidy/sources.rs"]
        );
    }

    #[test]
    fn a_project_with_every_fault_is_told_each() {
        let sources = [
            source("crates/core/src/a.rs", "use std::fs;"),
            source("src/b/mod.rs", "fn f() { unsafe { g() } }"),
            source("src/c.rs", "// too wide"),
            source("src/d.rs", &"//\n".repeat(MOST_LINES + 1)),
        ];
        let faults = faults(&sources, 10).unwrap();
        for (path, fault) in [
            ("crates/core/src/a.rs:", "the core uses std::fs"),
            ("src/b/mod.rs:", "should be 'src/b.rs'"),
            ("src/b/mod.rs", "holds `unsafe`"),
            ("src/c.rs", "has more than 10 characters in line 1"),
            ("src/d.rs", "has over 450 lines"),
        ] {
            let start = format!("{path} {fault}");
            assert!(faults.iter().any(|line| line.starts_with(&start)), "{start}: {faults:?}");
        }
    }

    #[test]
    fn width_counts_characters_and_comes_from_the_formatter() {
        let width = width("max_width = 6\nuse_small_heuristics = \"Max\"\n").unwrap();
        let file = source("src/a.rs", "// äöü\n// long\n");
        let fault = wide_line(&file, width).unwrap();
        assert_eq!(fault, "has more than 6 characters in line 2");
        assert_eq!(wide_line(&file, 7), None);
        assert!(super::width("tab_spaces = 4").is_err());
    }

    #[test]
    fn length_is_counted_outside_tests() {
        let long = |path: &str, n_lines: usize| is_long(&source(path, &"//\n".repeat(n_lines)));
        assert!(long("src/a.rs", MOST_LINES + 1) && !long("src/a.rs", MOST_LINES));
        assert!(!long("tests/a.rs", MOST_LINES + 1) && !long("src/a/tests.rs", MOST_LINES + 1));
    }

    #[test]
    fn a_module_is_a_file_beside_its_folder() {
        let fault = |path: &str| mod_file(&source(path, ""));
        assert_eq!(fault("src/a/mod.rs").unwrap(), "src/a/mod.rs: should be 'src/a.rs'");
        assert_eq!(fault("src/a.rs"), None);
    }
}
