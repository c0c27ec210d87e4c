//! Examples before and after, made by the command line as a reader would, with players and
//! pictures.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use quell_audio::read_all;
use quell_lab::picture;
use tiny_skia::{FilterQuality, Pixmap, PixmapPaint, Transform};

use super::page::escaped;
use crate::steps::sh;
use crate::{places, sounds};

/// Makes sounds into a folder, each once.
pub(super) struct Studio {
    folder: PathBuf,
    /// Whether pictures are made, too.
    draws: bool,
    /// Names by what was asked for.
    made: BTreeMap<String, String>,
}

impl Studio {
    pub(super) fn new(folder: &Path, draws: bool) -> Result<Self> {
        let folder = folder.join("sounds");
        sounds::write(&folder)?;
        Ok(Self { folder, draws, made: BTreeMap::new() })
    }

    pub(super) fn n_sounds(&self) -> usize {
        self.made.len()
    }

    /// An example by its id, and flags of `quell denoise`: players, the picture and the command.
    pub(super) fn figure(&mut self, order: &str) -> Result<String> {
        let order = order.trim();
        let (id, flags) = order.split_once(' ').unwrap_or((order, ""));
        let known = sounds::EXAMPLES.iter().any(|example| example.id == id);
        ensure!(known, "no example is called '{id}'");
        let name = match self.made.get(order) {
            Some(name) => name.clone(),
            None => self.make(id, flags).with_context(|| format!("'{order}'"))?,
        };
        self.made.insert(order.to_owned(), name.clone());
        let command = format!("quell denoise {id}.flac -o clean.flac {flags}");
        let command = escaped(command.trim());
        let player = |what: &str, file: &str| {
            format!(
                "<label>{what}<audio controls preload=\"none\" src=\"sounds/{file}.flac\"></audio>\
                 </label>"
            )
        };
        Ok(format!(
            "<figure><img src=\"sounds/{name}.png\" loading=\"lazy\" width=\"800\" height=\"550\" \
             alt=\"Spectrograms before and after\">\n<div class=\"players\">{}{}</div>\n\
             <figcaption><code>{command}</code></figcaption></figure>\n",
            player("Before", id),
            player("After", &name)
        ))
    }

    fn make(&self, id: &str, flags: &str) -> Result<String> {
        let plain = |c: char| if c.is_alphanumeric() { c } else { '-' };
        let name: String = format!("{id} {flags}").trim().chars().map(plain).collect();
        let name = format!("{name}-clean");
        let [before, after] = [id, &name].map(|stem| self.folder.join(format!("{stem}.flac")));
        let quell = places::target().join("debug/quell");
        sh(Command::new(quell)
            .args(["denoise", "--quiet", "--force"])
            .arg(&before)
            .arg("-o")
            .arg(&after)
            .args(flags.split_whitespace()))?;
        if !self.draws {
            return Ok(name);
        }
        let (before, after) = (read_all(&before)?, read_all(&after)?);
        let rate_hz = f64::from(before.spec.sample_rate_hz);
        let path = self.folder.join(format!("{name}.png"));
        let title = if flags.is_empty() { "as it comes" } else { flags };
        picture::before_after(&path, &before.mono(), &after.mono(), rate_hz, title)?;
        halve(&path)?;
        Ok(name)
    }
}

/// Makes a picture half as wide and high: as large as the page shows it, and a quarter to load.
fn halve(path: &Path) -> Result<()> {
    let whole = Pixmap::load_png(path)?;
    let (width, height) = (whole.width() / 2, whole.height() / 2);
    let mut half = Pixmap::new(width, height).context("the picture is empty")?;
    let paint = PixmapPaint { quality: FilterQuality::Bilinear, ..PixmapPaint::default() };
    half.draw_pixmap(0, 0, whole.as_ref(), &paint, Transform::from_scale(0.5, 0.5), None);
    Ok(half.save_png(path)?)
}
