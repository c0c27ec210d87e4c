//! A document as a page.

use anyhow::{Context, Result, anyhow};
use pulldown_cmark::{CodeBlockKind, CowStr, Event, Options, Parser, Tag, TagEnd, html};
use quell_core::settings::row::Kind;
use quell_core::settings::{Setting, TABLE};

use super::links::Site;
use super::sound::Studio;
use super::{Chapter, read};

/// The page's text as HTML. Three kinds of code blocks are replaced: `sound EXAMPLE FLAGS` by the
/// example before and after, `setting ID` by what the core's table says of a setting, and
/// `section DOCUMENT HEADING` by that part of another document.
pub(super) fn body(
    text: &str,
    source: &str,
    site: &mut Site,
    studio: &mut Studio,
) -> Result<String> {
    let text = with_names(text)?;
    let mut events = Vec::new();
    let mut parser = Parser::new_ext(&text, Options::ENABLE_TABLES);
    while let Some(event) = parser.next() {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(ref info))) if is_ours(info) => {
                let made =
                    replaced(info, source, site, studio).with_context(|| info.to_string())?;
                for inner in parser.by_ref() {
                    if matches!(inner, Event::End(TagEnd::CodeBlock)) {
                        break;
                    }
                }
                events.push(Event::Html(made.into()));
            }
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                let dest_url = site.link(source, &dest_url).into();
                events.push(Event::Start(Tag::Link { link_type, dest_url, title, id }));
            }
            Event::Start(Tag::Image { link_type, dest_url, title, id }) => {
                let dest_url = site.picture(source, &dest_url).into();
                events.push(Event::Start(Tag::Image { link_type, dest_url, title, id }));
            }
            other => events.push(other),
        }
    }
    name_headings(&mut events, source, site);
    let mut out = String::new();
    html::push_html(&mut out, events.into_iter());
    // A table may be wider than the screen.
    Ok(out.replace("<table>", "<div class=\"wide\"><table>").replace("</table>", "</table></div>"))
}

fn is_ours(info: &str) -> bool {
    ["sound ", "setting ", "section "].iter().any(|word| info.starts_with(word))
}

fn replaced(info: &str, source: &str, site: &mut Site, studio: &mut Studio) -> Result<String> {
    let (kind, rest) = info.split_once(' ').context("a kind and what it is of")?;
    match kind {
        "sound" => studio.figure(rest),
        "setting" => setting(rest),
        _ => {
            let (document, heading) = rest.split_once(' ').context("a document and a heading")?;
            let target = super::links::joined(source, document);
            let part = section(&read(std::path::Path::new(&target))?, heading)?;
            body(&part, &target, site, studio)
        }
    }
}

/// What stands under a heading of a document, up to the next of its rank.
fn section(text: &str, heading: &str) -> Result<String> {
    let level = |line: &str| line.len() - line.trim_start_matches('#').len();
    let is_it = |line: &&str| level(line) > 0 && line.trim_start_matches('#').trim() == heading;
    let first = text.lines().find(is_it).with_context(|| format!("no heading '{heading}'"))?;
    let rank = level(first);
    let lines = text.lines().skip_while(|line| *line != first).skip(1);
    let part: Vec<_> = lines.take_while(|line| !(1..=rank).contains(&level(line))).collect();
    Ok(part.join("\n"))
}

fn setting(id: &str) -> Result<String> {
    let row = row(id)?;
    let range = match row.kind {
        Kind::Number(number) => {
            format!("{} to {}", number.unit.short(number.min), number.unit.short(number.max))
        }
        Kind::Switch => "on or off".to_owned(),
        Kind::Choice(variants) => {
            variants.iter().map(|one| one.name).collect::<Vec<_>>().join(", ")
        }
    };
    let parts =
        [("Range", range), ("Default", row.default_text()), ("What it does", row.explained())];
    let lines = parts.map(|(name, value)| format!("<dt>{name}</dt><dd>{}</dd>", escaped(&value)));
    Ok(format!("<dl class=\"setting\">{}</dl>\n", lines.concat()))
}

/// Adds what the document does not describe; nodes of the threshold count as one.
pub(super) fn complete(text: &mut String) {
    let is_node = |id: &str| id.starts_with("thr_");
    for row in TABLE {
        let block = format!("```setting {}\n", row.id);
        if !is_node(row.id) && !text.contains(&block) {
            *text += &format!("\n## {}\n\n{block}```\n", row.name);
        }
    }
}

/// Names of settings for their ids, as in `{setting:floor}`.
fn with_names(text: &str) -> Result<String> {
    let mut parts = text.split("{setting:");
    let mut named = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (id, rest) = part.split_once('}').context("'{setting:' is not closed")?;
        named += row(id)?.name;
        named += rest;
    }
    Ok(named)
}

fn row(id: &str) -> Result<&'static Setting> {
    let found = TABLE.iter().find(|row| row.id == id);
    found.ok_or_else(|| anyhow!("no setting is called '{id}'"))
}

/// Gives every heading its anchor.
fn name_headings(events: &mut [Event<'_>], source: &str, site: &mut Site) {
    for idx in 0..events.len() {
        if !matches!(events[idx], Event::Start(Tag::Heading { .. })) {
            continue;
        }
        let text: String = events[idx..]
            .iter()
            .take_while(|event| !matches!(event, Event::End(TagEnd::Heading(_))))
            .filter_map(|event| match event {
                Event::Text(text) | Event::Code(text) => Some(&**text),
                _ => None,
            })
            .collect();
        let anchor = site.anchor(source, &text);
        if let Event::Start(Tag::Heading { id, .. }) = &mut events[idx] {
            *id = Some(CowStr::from(anchor));
        }
    }
}

pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The whole page: list of pages, text, and the ways to the pages beside it.
pub(super) fn framed(chapter: &Chapter, chapters: &[Chapter], site: &Site, body: &str) -> String {
    let link = |one: &Chapter, said: &str| {
        let page = site.page_of(&one.source).unwrap_or_default();
        let here = if one.source == chapter.source { " aria-current=\"page\"" } else { "" };
        format!("<a href=\"{page}\"{here}>{}</a>", escaped(said))
    };
    let list: String = chapters
        .iter()
        .map(|one| format!("<li class=\"depth-{}\">{}</li>\n", one.depth, link(one, &one.title)))
        .collect();
    let at = chapters.iter().position(|one| one.source == chapter.source).unwrap_or_default();
    let beside = |idx: Option<usize>, arrow: &str| {
        idx.and_then(|idx| chapters.get(idx))
            .map_or(String::new(), |one| link(one, &format!("{arrow} {}", one.title)))
    };
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title} - Quell</title>\n\
         <link rel=\"icon\" href=\"../icon.svg\" type=\"image/svg+xml\">\n\
         <link rel=\"stylesheet\" href=\"style.css\">\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#text\">To the text</a>\n\
         <nav aria-label=\"Pages\"><p><a href=\"index.html\"><strong>Quell</strong></a></p>\n\
         <p><a class=\"try\" href=\"../index.html\">Try it in this browser</a></p>\n\
         <ul>\n{list}</ul></nav>\n<main id=\"text\">\n{body}\n\
         <p class=\"beside\"><span>{before}</span><span>{after}</span></p>\n</main>\n</body>\n\
         </html>\n",
        title = escaped(&chapter.title),
        before = beside(at.checked_sub(1), "\u{2190}"),
        after = beside(Some(at + 1), "\u{2192}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_ends_where_the_next_of_its_rank_begins() {
        let text = "# A\none\n## B\ntwo\n### C\nthree\n## D\nfour\n";
        assert_eq!(section(text, "B").unwrap(), "two\n### C\nthree");
        assert_eq!(section(text, "D").unwrap(), "four");
        assert!(section(text, "E").is_err());
    }

    #[test]
    fn a_setting_is_told_from_the_table_and_none_is_forgotten() {
        let told = setting("mix").unwrap();
        assert!(told.contains("0 % to 100 %") && told.contains("<dt>Default</dt>"), "{told}");
        assert!(setting("no-such").is_err());
        let mut text = "# Controls\n\n```setting floor\n```\n".to_owned();
        complete(&mut text);
        for row in TABLE.iter().filter(|row| !row.id.starts_with("thr_")) {
            let block = format!("```setting {}\n", row.id);
            assert_eq!(text.matches(&block).count(), 1, "{}", row.id);
        }
        assert_eq!(with_names("a {setting:floor} b").unwrap(), "a Reduction b");
        assert!(with_names("{setting:no-such}").is_err());
    }
}
