//! A grid of pictures with captions, as PNG (the tutorial's look at the data).

use std::path::Path;

use image::RgbImage;
use image::imageops::{self, FilterType};
use tiny_skia::{Color, FillRule, Paint, Pixmap, Shader, Transform};

use super::text;
use crate::base::atomic;
use crate::base::fonts::Fonts;
use crate::{Error, Result};

/// Smaller pictures are enlarged to this, so that there is something to see and room for a name.
const SMALLEST: usize = 180;
/// Larger pictures are reduced to this.
const LARGEST: usize = 512;
const GAP: u32 = 14;
const CAPTION: u32 = 26;
const LETTERS: f32 = 15.0;
/// A grid of more pixels than this is refused: it is a mistake, not a picture.
const MAX_PIXELS: u64 = 200_000_000;

/// One cell: `size * size` RGB bytes and a caption (may be empty).
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Cell {
    pub caption: String,
    pub size: usize,
    pub pixels: Vec<u8>,
}

/// Writes the cells, `columns` to a row, with captions in these fonts. Captions that are too long are cut in the middle.
pub fn write_png(path: &Path, columns: usize, cells: &[Cell], fonts: &Fonts) -> Result<()> {
    let picture = draw(columns, cells, fonts)?;
    let mut bytes = Vec::new();
    picture.write_with_encoder(image::codecs::png::PngEncoder::new(&mut bytes)).map_err(|error| {
        umbel_predict::Error::Io { action: "encode", path: path.to_owned(), source: std::io::Error::other(error) }
    })?;
    Ok(atomic::write_bytes(path, &bytes)?)
}

fn draw(columns: usize, cells: &[Cell], fonts: &Fonts) -> Result<RgbImage> {
    if columns == 0 || cells.is_empty() {
        return Err(setting(
            "the grid",
            format!("{columns} columns for {} pictures", cells.len()),
            "at least one of each",
        ));
    }
    let largest = cells.iter().map(|cell| cell.size).max().unwrap_or(0);
    let side = largest.clamp(SMALLEST, LARGEST) as u32;
    let caption = if cells.iter().any(|cell| !cell.caption.is_empty()) { CAPTION } else { 0 };
    let columns = columns.min(cells.len());
    let rows = cells.len().div_ceil(columns);
    let extent = |count: usize, step: u32| count as u64 * u64::from(step) + u64::from(GAP);
    let (step_x, step_y) = (side + GAP, side + GAP + caption);
    let (width, height) = (extent(columns, step_x), extent(rows, step_y));
    if width.saturating_mul(height) > MAX_PIXELS {
        let expected = format!("at most {} megapixels: fewer pictures", MAX_PIXELS / 1_000_000);
        return Err(setting("the grid", format!("{width} x {height} pixels"), &expected));
    }
    // Both fit, as their product does and neither is 0.
    let mut picture = RgbImage::from_pixel(width as u32, height as u32, image::Rgb([255; 3]));
    for (index, cell) in cells.iter().enumerate() {
        let (column, row) = ((index % columns) as u32, (index / columns) as u32);
        let (x, y) = (GAP + column * step_x, GAP + row * step_y);
        imageops::replace(&mut picture, &fit(cell, side)?, i64::from(x), i64::from(y + caption));
        if let Some(words) = draw_caption(&cell.caption, (side, caption), fonts) {
            imageops::replace(&mut picture, &words, i64::from(x), i64::from(y));
        }
    }
    Ok(picture)
}

/// The caption, centered on a white strip; `None` where there is nothing to see.
fn draw_caption(caption: &str, (width, height): (u32, u32), fonts: &Fonts) -> Option<RgbImage> {
    let words = text::shorten(caption, LETTERS, width as f32, fonts);
    let left = (width as f32 - text::width(&words, LETTERS, fonts)) / 2.0;
    let outlines = text::path(&words, LETTERS, fonts)?;
    let mut strip = Pixmap::new(width, height)?;
    strip.fill(Color::WHITE);
    let ink = Paint { shader: Shader::SolidColor(Color::from_rgba8(0x22, 0x22, 0x22, 255)), ..Paint::default() };
    strip.fill_path(&outlines, &ink, FillRule::Winding, Transform::from_translate(left, height as f32 - 9.0), None);
    text::to_rgb(&strip)
}

/// The cell's picture, `side` by `side`.
fn fit(cell: &Cell, side: u32) -> Result<RgbImage> {
    let wrong = || {
        let came = format!("{} bytes for a side of {}", cell.pixels.len(), cell.size);
        setting("a picture of the grid", came, "side x side x 3 bytes, the side at least 1")
    };
    let own = u32::try_from(cell.size).ok().filter(|own| *own > 0).ok_or_else(wrong)?;
    // `from_raw` takes a longer buffer, too.
    if cell.pixels.len() as u64 != u64::from(own).saturating_mul(u64::from(own)).saturating_mul(3) {
        return Err(wrong());
    }
    let picture = RgbImage::from_raw(own, own, cell.pixels.clone()).ok_or_else(wrong)?;
    Ok(match own {
        _ if own == side => picture,
        // Very small pictures keep their pixels visible: enlarging must not invent what the network never sees.
        _ if own < side / 3 => imageops::resize(&picture, side, side, FilterType::Nearest),
        _ => imageops::resize(&picture, side, side, FilterType::CatmullRom),
    })
}

fn setting(what: &str, value: String, expected: &str) -> Error {
    umbel_predict::Error::Setting { setting: what.to_string(), value, expected: expected.to_string() }.into()
}
