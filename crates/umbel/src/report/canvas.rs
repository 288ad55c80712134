//! One drawing as SVG and as PNG: what every figure here is written with.

use std::path::{Path, PathBuf};
use std::sync::Once;

use plotters::coord::Shift;
use plotters::prelude::{DrawingArea, DrawingBackend, IntoDrawingArea, RGBColor, SVGBackend, WHITE};
use plotters::style::{FontStyle, IntoFont, TextStyle, register_font};
use tiny_skia::Pixmap;

use super::ink::{COLORS, GRID};
use super::pixels::{LINE_HEIGHT, Pixels};
use super::text;
use crate::base::atomic;
use crate::base::fonts::{self, Fonts};
use crate::{Error, Result};

/// Drawn this many times larger than shown, as plotters' coordinates are whole numbers and lines need finer ones.
pub const FINE: u32 = 3;

/// Words and axes.
pub const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
/// Ticks and notes.
pub const SOFT_INK: RGBColor = RGBColor(0x55, 0x55, 0x55);

const FAMILY: &str = "sans-serif";

/// Why plotters could not draw.
pub type Failure<DB> = plotters::prelude::DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>;

/// Something that can be drawn.
pub trait Drawing {
    /// Width and height in pixels.
    fn size(&self) -> (u32, u32);
    /// Draws onto an area [`FINE`] times as large as [`Drawing::size`].
    fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> std::result::Result<(), Failure<DB>>;
}

/// A font of `size` pixels to the em.
pub fn font(size: f64, color: RGBColor) -> TextStyle<'static> {
    static REGISTERED: Once = Once::new();
    // The only failure is a damaged font, and this one is part of the program.
    REGISTERED.call_once(|| drop(register_font(FAMILY, FontStyle::Normal, fonts::BUILT_IN)));
    (FAMILY, size * f64::from(FINE) * LINE_HEIGHT).into_font().color(&color)
}

/// Writes `<stem>.svg` and `<stem>.png` into `folder` (atomically) and gives their paths. The folder must exist. The figure is laid out
/// for each: words of an SVG are drawn by its reader's fonts, those of a PNG here, by `fonts`.
pub fn write<D: Drawing>(
    folder: &Path,
    stem: &str,
    fonts: &Fonts,
    figure: impl Fn(&Fonts) -> D,
) -> Result<Vec<PathBuf>> {
    let (svg_path, png_path) = (folder.join(format!("{stem}.svg")), folder.join(format!("{stem}.png")));
    let svg = svg(&figure(&Fonts::of_the_reader())).map_err(|error| drawing(&svg_path, error))?;
    let png = png(&figure(fonts), fonts).map_err(|error| drawing(&png_path, error))?;
    atomic::write_bytes(&svg_path, svg.as_bytes())?;
    atomic::write_bytes(&png_path, &png)?;
    Ok(vec![svg_path, png_path])
}

/// The figure for an HTML page, whose style sheet names the colors: `--paper`, `--ink`, `--soft`, `--grid`, and `--c0` to
/// `--c6` of the lines, so that they follow light, dark and print. It takes the width that it is given.
pub fn inline_svg(figure: &impl Drawing) -> Result<String> {
    let drawn = svg(figure).map_err(|error| drawing(Path::new("the page's figure"), error))?;
    let (width, height) = figure.size();
    let size = format!("width=\"{width}\" height=\"{height}\"");
    // Only attributes have quotes: those of texts are escaped.
    let named = [(WHITE, "paper"), (INK, "ink"), (SOFT_INK, "soft"), (GRID, "grid")];
    let lines = ["c0", "c1", "c2", "c3", "c4", "c5", "c6"];
    let colors = named.into_iter().chain(COLORS.into_iter().zip(lines));
    let start = drawn.find("<svg").unwrap_or(0);
    Ok(colors.fold(drawn[start..].replacen(&size, "aria-hidden=\"true\"", 1), |text, (RGBColor(r, g, b), name)| {
        text.replace(&format!("\"#{r:02X}{g:02X}{b:02X}\""), &format!("\"var(--{name})\""))
    }))
}

type AnyError = Box<dyn std::error::Error + Send + Sync>;

fn drawing(path: &Path, error: AnyError) -> Error {
    umbel_predict::Error::Io { action: "draw", path: path.to_owned(), source: std::io::Error::other(error) }.into()
}

fn svg(figure: &impl Drawing) -> std::result::Result<String, AnyError> {
    let (width, height) = figure.size();
    let (wide, high) = (width * FINE, height * FINE);
    let mut text = String::new();
    figure.draw(&SVGBackend::with_string(&mut text, (wide, high)).into_drawing_area())?;
    // Drawn larger for finer coordinates, shown at its proper size: the viewBox stays as it was drawn.
    let (drawn, shown) =
        (format!("width=\"{wide}\" height=\"{high}\""), format!("width=\"{width}\" height=\"{height}\""));
    Ok(text.replacen(&drawn, &shown, 1))
}

fn png(figure: &impl Drawing, fonts: &Fonts) -> std::result::Result<Vec<u8>, AnyError> {
    let (width, height) = figure.size();
    let mut pixmap = Pixmap::new(width, height).ok_or("the picture is too large")?;
    figure.draw(&Pixels::new(&mut pixmap, FINE, fonts).into_drawing_area())?;
    let picture = text::to_rgb(&pixmap).ok_or("the picture is too large")?;
    let mut bytes = Vec::new();
    picture.write_with_encoder(image::codecs::png::PngEncoder::new(&mut bytes))?;
    Ok(bytes)
}
