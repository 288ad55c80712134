//! A look at the data before any training: nine photos with their classes, or nine augmented versions of one, as the
//! network would see them.

use std::path::{Path, PathBuf};

use image::RgbImage;

use crate::base::augmentation::AugmentLayer;
use crate::base::fonts::Fonts;
use crate::base::random::{Purpose, Stream};
use crate::data::augment::Policy;
use crate::data::decode::{self, DecodeError, Limits, Reading};
use crate::data::{Index, PrepSpec};
use crate::report::grid::{self, Cell};
use crate::{Error, Result, data};

/// Pictures in a preview, and how many stand beside each other.
const PICTURES: usize = 9;
const COLUMNS: usize = 3;

/// Writes nine photos of the folder, picked at random under `seed` and prepared as the network takes them, with their
/// class names, as a PNG. Photos that cannot be read are passed over; a folder of fewer than nine gives what there is.
/// Returns the photos shown, as paths relative to the folder. A class whose name the fonts do not draw goes by its number.
pub fn preview_folder(index: &Index, prep: &PrepSpec, seed: u64, out: &Path, fonts: &Fonts) -> Result<Vec<String>> {
    prep.validate()?;
    let mut readable = Readable::new(index, prep, seed);
    let (mut shown, mut cells, labels) = (Vec::new(), Vec::new(), fonts.labels(&index.classes));
    while cells.len() < PICTURES
        && let Some((position, picture)) = readable.next()
    {
        let photo = &index.photos[position];
        let caption = labels.get(photo.class as usize).cloned().unwrap_or_default();
        cells.push(Cell { caption, size: prep.image_size as usize, pixels: prep.apply(&picture) });
        shown.push(photo.path.clone());
    }
    if cells.is_empty() {
        return Err(readable.none());
    }
    grid::write_png(out, COLUMNS, &cells, fonts)?;
    Ok(shown)
}

/// Writes nine versions of one photo, each prepared as the network takes it and augmented by `layers`, as a PNG; without layers,
/// where all nine would be the same, one.
pub fn preview_augmented(
    picture: &RgbImage,
    prep: &PrepSpec,
    layers: &[AugmentLayer],
    seed: u64,
    out: &Path,
) -> Result<()> {
    prep.validate()?;
    let (size, prepared, policy) = (prep.image_size as usize, prep.apply(picture), Policy::new(layers));
    let mut augmented = vec![0.0; prepared.len()];
    let versions = if layers.is_empty() { 1 } else { PICTURES };
    let cells: Vec<Cell> = (0..versions)
        .map(|version| {
            let mut random = Stream::new(seed, Purpose::Augment, 0, version as u64);
            policy.apply(size, &prepared, &mut random, &mut augmented);
            let pixels = augmented.iter().map(|value| value.round().clamp(0.0, 255.0) as u8).collect();
            Cell { caption: String::new(), size, pixels }
        })
        .collect();
    grid::write_png(out, COLUMNS, &cells, &Fonts::built_in())
}

/// A photo of the folder, picked at random under `seed`, that can be read under `prep`, and where it lies: for [`preview_augmented`].
pub fn pick_photo(index: &Index, prep: &PrepSpec, seed: u64) -> Result<(PathBuf, RgbImage)> {
    let mut readable = Readable::new(index, prep, seed);
    let picked = readable.next();
    let found = |(position, picture): (usize, RgbImage)| (index.source.path(&index.photos[position].path), picture);
    picked.map(found).ok_or_else(|| readable.none())
}

/// The folder's photos in random order, decoded; those that cannot be are passed over, the first of them remembered.
struct Readable<'a> {
    index: &'a Index,
    reading: Reading,
    order: std::vec::IntoIter<usize>,
    first_problem: Option<(String, DecodeError)>,
}

impl<'a> Readable<'a> {
    fn new(index: &'a Index, prep: &PrepSpec, seed: u64) -> Self {
        let mut order: Vec<usize> = (0..index.photos.len()).collect();
        Stream::new(seed, Purpose::Preview, 0, 0).shuffle(&mut order);
        Readable { index, reading: prep.reading(), order: order.into_iter(), first_problem: None }
    }

    /// The error that says that there is no readable photo at all.
    fn none(&self) -> Error {
        let first = self.first_problem.as_ref().map(|(path, error)| (path.clone(), error.detail.clone()));
        data::Error::NothingUsable { photos: self.index.photos.len(), usable: 0, classes: 0, first }.into()
    }
}

impl Iterator for Readable<'_> {
    type Item = (usize, RgbImage);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let position = self.order.next()?;
            let path = &self.index.photos[position].path;
            let limits = Limits::default();
            let read = self.index.source.read(path, &limits);
            match read.and_then(|bytes| decode::decode_as(&bytes, &limits, self.reading)) {
                Ok(decoded) => return Some((position, decoded.photo)),
                Err(error) if self.first_problem.is_none() => self.first_problem = Some((path.clone(), error)),
                Err(_) => {}
            }
        }
    }
}
