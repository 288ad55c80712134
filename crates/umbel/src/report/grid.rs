//! A grid of pictures with captions, as PNG (the tutorial's look at the data).

use std::path::Path;

use crate::Result;

/// One cell: `size * size` RGB bytes and a caption (may be empty).
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Cell {
    pub caption: String,
    pub size: usize,
    pub pixels: Vec<u8>,
}

/// Writes the cells, `columns` to a row, with captions in the font that ships inside the program.
pub fn write_png(path: &Path, columns: usize, cells: &[Cell]) -> Result<()> {
    todo!()
}
