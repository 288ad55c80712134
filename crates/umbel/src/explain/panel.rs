//! The picture for people: a photo, and beside it the maps of some classes.

use std::path::Path;

use image::RgbImage;
use image::imageops::{self, FilterType};

use super::Heatmap;
use crate::Result;
use crate::base::fonts::Fonts;
use crate::report::grid::{self, Cell};

/// The longer side of every picture in the panel is scaled to this.
const SIDE: u32 = 360;
/// Pictures beside each other.
const COLUMNS: usize = 4;

/// Writes the photo under its own caption, and the maps over it under theirs, as a PNG in these fonts.
pub fn write_panel(
    path: &Path,
    photo: &RgbImage,
    caption: &str,
    maps: &[(String, Heatmap)],
    fonts: &Fonts,
) -> Result<()> {
    let scaled = scale(photo);
    let cell = |caption: &str, picture: &RgbImage| Cell {
        caption: caption.to_string(),
        size: SIDE as usize,
        pixels: on_white(picture).into_raw(),
    };
    let mut cells = vec![cell(caption, &scaled)];
    cells.extend(maps.iter().map(|(caption, map)| cell(caption, &map.overlay(&scaled))));
    grid::write_png(path, COLUMNS, &cells, fonts)
}

/// The photo with its longer side as long as the panel's pictures are.
fn scale(photo: &RgbImage) -> RgbImage {
    let (width, height) = photo.dimensions();
    let longer = f64::from(width.max(height).max(1));
    let side = |side: u32| ((f64::from(side) * f64::from(SIDE) / longer).round() as u32).max(1);
    imageops::resize(photo, side(width), side(height), FilterType::CatmullRom)
}

/// In the middle of a white square.
fn on_white(picture: &RgbImage) -> RgbImage {
    let mut square = RgbImage::from_pixel(SIDE, SIDE, image::Rgb([255; 3]));
    let middle = |side: u32| i64::from((SIDE - side) / 2);
    imageops::replace(&mut square, picture, middle(picture.width()), middle(picture.height()));
    square
}
