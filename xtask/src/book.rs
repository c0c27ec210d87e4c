//! `book`: the manual as pages beside the page that denoises, with sounds made on the way. They are
//! Markdown in `docs/manual`, in the order of its `SUMMARY.md`; other documents of the project are
//! pages, too. A link that leads nowhere is an error.

mod links;
mod page;
mod sound;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use pulldown_cmark::{Event, Parser, Tag, TagEnd};

use crate::places;
use crate::steps::{Steps, cargo, sh};
use links::Site;
use sound::Studio;

const SUMMARY: &str = "docs/manual/SUMMARY.md";
/// Where every setting is described.
const CONTROLS: &str = "docs/manual/controls.md";
const STYLE: &str = "docs/manual/style.css";

/// A page of the manual.
struct Chapter {
    /// As the list of pages calls it.
    title: String,
    /// Its source, from the top of the project, with slashes.
    source: String,
    /// How deep it stands in the list; 0 is the top.
    depth: usize,
}

pub(crate) fn run(args: &[String]) -> Result<()> {
    ensure!(args.is_empty(), "book takes no options");
    build(true).map(|_| ())
}

/// The step of `cargo xtask test`: pages, links and sounds; pictures of the sounds take longest and
/// prove nothing.
pub(crate) fn step(steps: &mut Steps) {
    steps.run("the manual and its links", || build(false).map(|_| ()));
}

/// Writes the manual and returns its folder.
pub(crate) fn build(draws: bool) -> Result<PathBuf> {
    // Debug: its sound is the same, and the tests have built it already.
    sh(&mut cargo(&["build", "--workspace", "--bin", "quell"]))?;
    let folder = places::target().join("web/manual");
    std::fs::create_dir_all(&folder)?;
    let chapters = chapters(&read(Path::new(SUMMARY))?)?;
    let mut site = Site::new(&chapters, &folder);
    let mut studio = Studio::new(&folder, draws)?;
    for chapter in &chapters {
        let mut text = read(Path::new(&chapter.source))?;
        if chapter.source == CONTROLS {
            page::complete(&mut text);
        }
        let html = page::body(&text, &chapter.source, &mut site, &mut studio)
            .with_context(|| format!("'{}'", chapter.source))?;
        let name = site.page_of(&chapter.source).context("a chapter has a page")?.to_owned();
        std::fs::write(folder.join(name), page::framed(chapter, &chapters, &site, &html))?;
    }
    site.check()?;
    places::copy_all(Path::new(STYLE), &folder.join("style.css"))?;
    println!("{}: {} pages, {} sounds", folder.display(), chapters.len(), studio.n_sounds());
    Ok(folder)
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("cannot read '{}'", path.display()))
}

/// The links of the list, in order.
fn chapters(summary: &str) -> Result<Vec<Chapter>> {
    let mut chapters: Vec<Chapter> = Vec::new();
    let (mut depth, mut is_in_link) = (0, false);
    for event in Parser::new(summary) {
        match event {
            Event::Start(Tag::List(_)) => depth += 1,
            Event::End(TagEnd::List(_)) => depth -= 1,
            Event::Start(Tag::Link { dest_url, .. }) => {
                is_in_link = true;
                let source = links::joined(SUMMARY, &dest_url);
                ensure!(Path::new(&source).is_file(), "{SUMMARY} lists '{source}': there is none");
                let depth = usize::max(depth, 1) - 1;
                chapters.push(Chapter { title: String::new(), source, depth });
            }
            Event::End(TagEnd::Link) => is_in_link = false,
            Event::Text(text) | Event::Code(text) if is_in_link => {
                chapters.last_mut().context("a link has begun")?.title += &text;
            }
            _ => {}
        }
    }
    ensure!(!chapters.is_empty(), "{SUMMARY} lists no pages");
    Ok(chapters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_gives_titles_sources_and_depths() {
        std::env::set_current_dir(places::root()).unwrap();
        let list =
            "# Manual\n\n- [One](index.md)\n- [Two](controls.md)\n  - [Map](../../README.md)\n";
        let found = chapters(list).unwrap();
        let told: Vec<_> = found.iter().map(|one| (&*one.title, &*one.source, one.depth)).collect();
        assert_eq!(
            told,
            [
                ("One", "docs/manual/index.md", 0),
                ("Two", "docs/manual/controls.md", 0),
                ("Map", "README.md", 1)
            ]
        );
        assert!(chapters("- [Gone](no-such.md)").is_err());
    }
}
