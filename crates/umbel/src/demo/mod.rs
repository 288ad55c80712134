//! Five kinds of flower, drawn by umbel itself: petal counts, shapes, colours, backgrounds, sizes and angles vary, so
//! that it takes a look at the shape, not at the colour, to tell them apart.

use std::path::Path;

use crate::Result;

/// Class names, sorted.
pub const CLASSES: [&str; 5] = ["daisy", "dandelion", "roses", "sunflowers", "tulips"];

/// Draws one flower, `size` x `size`; the same (seed, class, number) gives the same picture.
pub fn draw(class: usize, seed: u64, number: u64, size: u32) -> image::RgbImage {
    todo!()
}

/// Writes `per_class` pictures of each class into `folder/<class>/<number>.png` or `.jpg`.
pub fn write_folder(folder: &Path, per_class: usize, size: u32, seed: u64) -> Result<()> {
    todo!()
}
