//! A drawing made of SVG elements, saved as SVG or rendered to PNG.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use resvg::{tiny_skia, usvg};

use super::axis::Axis;
use super::error::PictureError;

/// The only font: part of the program, so that no picture depends on what a system has installed.
const FONT: &[u8] = include_bytes!("../../assets/SourceSansPro-Regular.ttf");
const FONT_FAMILY: &str = "Source Sans Pro";

/// Ink of text and axes.
pub(super) const INK: &str = "#222222";
/// Ink of grid lines.
pub(super) const GRID: &str = "#d9d9d9";
/// Size of tick labels, pixels.
pub(super) const SMALL: f64 = 22.0;
/// Size of axis labels and panel titles, pixels.
pub(super) const MEDIUM: f64 = 25.0;
/// Size of the title, pixels.
pub(super) const LARGE: f64 = 32.0;

/// Which point of a text stands at its position.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Anchor {
    /// Its left end.
    Start,
    /// Its middle.
    Middle,
    /// Its right end.
    End,
}

/// A rectangle, pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Frame {
    /// Left edge.
    pub x: f64,
    /// Top edge.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

/// Pixels and where they go.
struct Image {
    frame: Frame,
    pixmap: tiny_skia::Pixmap,
}

/// A picture under construction.
pub(super) struct Figure {
    width: u32,
    height: u32,
    /// Lie under everything else.
    images: Vec<Image>,
    /// SVG elements.
    body: String,
}

impl Figure {
    /// A white sheet, pixels.
    pub(super) fn new(width: u32, height: u32) -> Self {
        Self { width, height, images: Vec::new(), body: String::new() }
    }

    fn add(&mut self, element: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = self.body.write_fmt(element);
        self.body.push('\n');
    }

    /// A straight line.
    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), ink: &str, width: f64) {
        self.add(format_args!(
            "<line x1=\"{:.2}\" y1=\"{:.2}\" x2=\"{:.2}\" y2=\"{:.2}\" stroke=\"{ink}\" \
             stroke-width=\"{width}\"/>",
            from.0, from.1, to.0, to.1
        ));
    }

    /// An open line through points.
    pub(super) fn polyline(&mut self, points: &[(f64, f64)], ink: &str, width: f64) {
        let mut text = String::new();
        for (x, y) in points {
            let _ = write!(text, "{x:.2},{y:.2} ");
        }
        self.add(format_args!(
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{ink}\" stroke-width=\"{width}\" \
             stroke-linejoin=\"round\"/>",
            text.trim_end()
        ));
    }

    /// A filled area bounded by points.
    pub(super) fn polygon(&mut self, points: &[(f64, f64)], fill: &str, opacity: f64) {
        let mut text = String::new();
        for (x, y) in points {
            let _ = write!(text, "{x:.2},{y:.2} ");
        }
        self.add(format_args!(
            "<polygon points=\"{}\" fill=\"{fill}\" fill-opacity=\"{opacity}\"/>",
            text.trim_end()
        ));
    }

    /// The outline of a rectangle.
    pub(super) fn outline(&mut self, frame: Frame) {
        let Frame { x, y, width, height } = frame;
        self.add(format_args!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"none\" \
             stroke=\"{INK}\" stroke-width=\"1.5\"/>"
        ));
    }

    /// A line of text; `y` is its base line.
    pub(super) fn text(&mut self, x: f64, y: f64, size: f64, anchor: Anchor, text: &str) {
        self.place_text(x, y, size, anchor, "", text);
    }

    /// A line of text that reads upwards, centred.
    pub(super) fn text_upwards(&mut self, x: f64, y: f64, size: f64, text: &str) {
        let turn = format!(" transform=\"rotate(-90 {x:.2} {y:.2})\"");
        self.place_text(x, y, size, Anchor::Middle, &turn, text);
    }

    fn place_text(&mut self, x: f64, y: f64, size: f64, anchor: Anchor, turn: &str, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let text = escape(text);
        self.add(format_args!(
            "<text x=\"{x:.2}\" y=\"{y:.2}\" font-family=\"{FONT_FAMILY}, sans-serif\" \
             font-size=\"{size}\" text-anchor=\"{anchor}\" fill=\"{INK}\"{turn}>{text}</text>"
        ));
    }

    /// RGB pixels, rows from the top, stretched over a rectangle; they lie under everything else.
    pub(super) fn pixels(
        &mut self,
        frame: Frame,
        rgb: &[u8],
        n_columns: usize,
    ) -> Result<(), PictureError> {
        let n_rows = rgb.len() / 3 / n_columns.max(1);
        let mut pixmap = pixmap(n_columns as u32, n_rows as u32)?;
        for (out, rgb) in pixmap.data_mut().chunks_exact_mut(4).zip(rgb.chunks_exact(3)) {
            out.copy_from_slice(&[rgb[0], rgb[1], rgb[2], 255]);
        }
        self.images.push(Image { frame, pixmap });
        Ok(())
    }

    /// Ticks, labels and title of the horizontal axis under a frame.
    pub(super) fn bottom_axis(
        &mut self,
        frame: Frame,
        axis: &Axis,
        ticks: &[(f64, String)],
        title: &str,
    ) {
        let bottom = frame.y + frame.height;
        for (value, label) in ticks {
            let x = frame.x + axis.position(*value) * frame.width;
            self.line((x, bottom), (x, bottom + 7.0), INK, 1.5);
            self.text(x, bottom + 7.0 + SMALL, SMALL, Anchor::Middle, label);
        }
        let middle = frame.x + frame.width / 2.0;
        self.text(middle, bottom + 16.0 + SMALL + MEDIUM, MEDIUM, Anchor::Middle, title);
    }

    /// Ticks, labels and title of the vertical axis left of a frame.
    pub(super) fn left_axis(
        &mut self,
        frame: Frame,
        axis: &Axis,
        ticks: &[(f64, String)],
        title: &str,
    ) {
        for (value, label) in ticks {
            let y = frame.y + (1.0 - axis.position(*value)) * frame.height;
            self.line((frame.x - 7.0, y), (frame.x, y), INK, 1.5);
            self.text(frame.x - 12.0, y + SMALL * 0.34, SMALL, Anchor::End, label);
        }
        self.text_upwards(frame.x - 82.0, frame.y + frame.height / 2.0, MEDIUM, title);
    }

    /// The elements over the images as an SVG document, after `under`.
    fn svg_over(&self, under: &str) -> String {
        let (width, height) = (self.width, self.height);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\">\n{under}{}</svg>\n",
            self.body
        )
    }

    /// The whole drawing as SVG text, images embedded.
    pub(super) fn to_svg(&self) -> Result<String, PictureError> {
        let mut under = "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n".to_owned();
        for Image { frame, pixmap } in &self.images {
            let data = base64::engine::general_purpose::STANDARD.encode(png(pixmap)?);
            let Frame { x, y, width, height } = frame;
            let _ = writeln!(
                under,
                "<image x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" \
                 preserveAspectRatio=\"none\" href=\"data:image/png;base64,{data}\"/>"
            );
        }
        Ok(self.svg_over(&under))
    }

    fn to_png(&self) -> Result<Vec<u8>, PictureError> {
        let mut sheet = pixmap(self.width, self.height)?;
        sheet.fill(tiny_skia::Color::WHITE);
        for Image { frame, pixmap } in &self.images {
            let stretch = tiny_skia::Transform::from_row(
                frame.width as f32 / pixmap.width() as f32,
                0.0,
                0.0,
                frame.height as f32 / pixmap.height() as f32,
                frame.x as f32,
                frame.y as f32,
            );
            let paint = tiny_skia::PixmapPaint::default();
            sheet.draw_pixmap(0, 0, pixmap.as_ref(), &paint, stretch, None);
        }
        let mut options = usvg::Options::default();
        let fonts = Arc::make_mut(&mut options.fontdb);
        fonts.load_font_data(FONT.to_vec());
        fonts.set_sans_serif_family(FONT_FAMILY);
        let tree =
            usvg::Tree::from_str(&self.svg_over(""), &options).map_err(PictureError::render)?;
        resvg::render(&tree, tiny_skia::Transform::identity(), &mut sheet.as_mut());
        png(&sheet)
    }

    /// Writes the drawing in the format of its name.
    pub(super) fn save(&self, path: &Path) -> Result<(), PictureError> {
        let bytes = match PictureKind::of_path(path)? {
            PictureKind::Png => self.to_png()?,
            PictureKind::Svg => self.to_svg()?.into_bytes(),
        };
        Ok(quell_files::write_whole(path, &bytes)?)
    }
}

/// A format of pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureKind {
    /// Pixels.
    Png,
    /// Lines and letters.
    Svg,
}

impl PictureKind {
    /// The format that the ending of a file name stands for.
    pub fn of_path(path: &Path) -> Result<Self, PictureError> {
        let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        match ending.as_str() {
            "png" => Ok(Self::Png),
            "svg" => Ok(Self::Svg),
            _ => Err(PictureError::Ending(path.to_owned())),
        }
    }
}

fn pixmap(width: u32, height: u32) -> Result<tiny_skia::Pixmap, PictureError> {
    tiny_skia::Pixmap::new(width, height).ok_or(PictureError::Size(width, height))
}

fn png(pixmap: &tiny_skia::Pixmap) -> Result<Vec<u8>, PictureError> {
    pixmap.encode_png().map_err(PictureError::render)
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
