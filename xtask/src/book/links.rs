//! Where links of a document lead on the site: to other pages, to pictures that come along, or to
//! the project's files on the web.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use super::Chapter;
use crate::places;

const REPOSITORY: &str = "https://github.com/quell-audio/quell/blob/main/";
const MANUAL: &str = "docs/manual/";

/// The pages with their headings, and the links between them.
pub(super) struct Site {
    folder: PathBuf,
    /// Name of the page that a document becomes, by its path.
    pages: BTreeMap<String, String>,
    /// Anchors by page.
    anchors: BTreeMap<String, BTreeSet<String>>,
    /// From document, to page, to anchor.
    promised: Vec<(String, String, String)>,
    faults: Vec<String>,
}

impl Site {
    pub(super) fn new(chapters: &[Chapter], folder: &Path) -> Self {
        let page = |source: &str| {
            let name = source.strip_prefix(MANUAL).unwrap_or(source);
            format!("{}.html", name.trim_end_matches(".md").replace('/', "-").to_lowercase())
        };
        let pages = chapters.iter().map(|one| (one.source.clone(), page(&one.source))).collect();
        Self {
            folder: folder.to_owned(),
            pages,
            anchors: BTreeMap::new(),
            promised: Vec::new(),
            faults: Vec::new(),
        }
    }

    pub(super) fn page_of(&self, source: &str) -> Option<&str> {
        self.pages.get(source).map(String::as_str)
    }

    /// Notes a heading and returns its anchor, made as the project's host makes them.
    pub(super) fn anchor(&mut self, source: &str, heading: &str) -> String {
        let kept = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
        let plain: String = heading
            .to_lowercase()
            .chars()
            .map(|c| if c == ' ' { '-' } else { c })
            .filter(|&c| kept(c))
            .collect();
        let anchors = self.anchors.entry(source.to_owned()).or_default();
        let mut anchor = plain.clone();
        let mut count = 0;
        while !anchors.insert(anchor.clone()) {
            count += 1;
            anchor = format!("{plain}-{count}");
        }
        anchor
    }

    /// What a link of a document becomes.
    pub(super) fn link(&mut self, source: &str, link: &str) -> String {
        if link.contains("://") || link.starts_with("mailto:") {
            return link.to_owned();
        }
        let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
        let target = if path.is_empty() { source.to_owned() } else { joined(source, path) };
        if let Some(page) = self.page_of(&target).map(str::to_owned) {
            self.promised.push((source.to_owned(), target, anchor.to_owned()));
            let hash = if anchor.is_empty() { "" } else { "#" };
            return format!("{page}{hash}{anchor}");
        }
        // The page that denoises is made beside the manual.
        if target == format!("{MANUAL}../index.html") || target == "web/index.html" {
            return "../index.html".to_owned();
        }
        if !Path::new(&target).exists() {
            self.faults.push(format!("'{source}': '{link}' leads nowhere"));
        }
        format!("{REPOSITORY}{target}")
    }

    /// What the address of a picture becomes, which comes along.
    pub(super) fn picture(&mut self, source: &str, link: &str) -> String {
        if link.contains("://") {
            return link.to_owned();
        }
        let target = joined(source, link);
        let name = target.replace('/', "-");
        if let Err(error) = places::copy_all(Path::new(&target), &self.folder.join(&name)) {
            self.faults.push(format!("'{source}': picture '{link}': {error:#}"));
        }
        name
    }

    /// That every link to a page finds its heading.
    pub(super) fn check(&self) -> Result<()> {
        let mut faults = self.faults.clone();
        for (source, target, anchor) in &self.promised {
            let is_there = self.anchors.get(target).is_some_and(|known| known.contains(anchor));
            if !anchor.is_empty() && !is_there {
                faults.push(format!("'{source}': '{target}' has no heading '#{anchor}'"));
            }
        }
        if faults.is_empty() { Ok(()) } else { bail!("{}", faults.join("\n")) }
    }
}

/// A link of a document as a path from the top of the project.
pub(super) fn joined(source: &str, link: &str) -> String {
    let folder = source.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in link.trim_end_matches('/').split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(folder: &Path) -> Site {
        std::env::set_current_dir(places::root()).unwrap();
        let chapter =
            |source: &str| Chapter { title: String::new(), source: source.into(), depth: 0 };
        Site::new(&[chapter("docs/manual/index.md"), chapter("docs/results.md")], folder)
    }

    #[test]
    fn links_lead_to_pages_to_files_or_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let mut site = site(folder.path());
        let mut link = |link: &str| site.link("docs/manual/index.md", link);
        assert_eq!(link("../results.md#floor"), "docs-results.html#floor");
        assert_eq!(link("../../deny.toml"), format!("{REPOSITORY}deny.toml"));
        assert_eq!(link("https://rustup.rs"), "https://rustup.rs");
        assert_eq!(link("../../web/index.html"), "../index.html");
        assert_eq!(site.anchor("docs/results.md", "Floor"), "floor");
        site.check().unwrap();
        site.link("docs/results.md", "no-such.md");
        site.link("docs/results.md", "#no-such");
        let faults = site.check().unwrap_err().to_string();
        assert!(faults.contains("leads nowhere") && faults.contains("no heading"), "{faults}");
    }

    #[test]
    fn equal_headings_have_anchors_of_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let mut site = site(folder.path());
        assert_eq!(site.anchor("docs/results.md", "What's new, here?"), "whats-new-here");
        assert_eq!(site.anchor("docs/results.md", "Whats new here"), "whats-new-here-1");
    }
}
