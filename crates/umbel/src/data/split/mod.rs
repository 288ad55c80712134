//! Which photos train, which validate (and which test).

mod file;
mod keras;
mod stratified;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Cache, Index};
use crate::{Error, Result};
pub use keras::keras_permutation;

/// A part of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Part {
    Train,
    Val,
    Test,
}

/// How the split is made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SplitMethod {
    /// Every class in the same proportion; exact duplicates on one side.
    ///
    /// A class with two usable photos or more has at least one on each side, unless all are copies of one another; a
    /// class with a single photo trains on it and is not validated. Copies that lie in different classes (so that one
    /// label must be wrong) train, and are never measured on.
    #[default]
    Stratified,
    /// The files that Keras' `image_dataset_from_directory` picks for the same seed.
    ///
    /// Keras lists .bmp, .gif, .jpeg, .jpg and .png; photos with other extensions are in neither part. It lists files
    /// that cannot be decoded too: these take their place in the shuffle here as well, and are then left out.
    Keras,
    /// Read from a split.csv. Photos that it does not name are in no part.
    File(PathBuf),
}

/// Positions in `index.photos`, rising in each part, so that a split that was written and read back is the same.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Split {
    pub train: Vec<usize>,
    pub val: Vec<usize>,
    pub test: Vec<usize>,
}

impl Split {
    /// Splits the usable photos. Fails where a part would be empty (for testing, it may be), where fewer than two
    /// classes have a usable photo, and where a file or setting cannot be used. `val_fraction` and `seed` mean
    /// nothing to a split that is read from a file.
    pub fn make(method: &SplitMethod, index: &Index, cache: &Cache, val_fraction: f64, seed: u64) -> Result<Self> {
        check_classes(index, cache)?;
        if !matches!(method, SplitMethod::File(_)) {
            check_fraction(val_fraction)?;
        }
        let mut split = match method {
            SplitMethod::Stratified => stratified::split(index, cache, val_fraction, seed),
            SplitMethod::Keras => keras::split(index, val_fraction, seed)?,
            SplitMethod::File(path) => file::read(path, index)?,
        };
        for part in [&mut split.train, &mut split.val, &mut split.test] {
            part.retain(|&position| cache.image(position).is_some());
            part.sort_unstable();
        }
        for (part, positions) in [("training", &split.train), ("validation", &split.val)] {
            if positions.is_empty() {
                return Err(Error::EmptyPart { part, photos: cache.usable().len(), way_out: way_out(method) });
            }
        }
        Ok(split)
    }

    /// Reads path,class,part as it stands: whether the photos named there can be decoded is not asked.
    pub fn read(path: &Path, index: &Index) -> Result<Self> {
        let mut split = file::read(path, index)?;
        for part in [&mut split.train, &mut split.val, &mut split.test] {
            part.sort_unstable();
        }
        Ok(split)
    }

    /// Writes path,class,part (atomically), sorted by path.
    pub fn write(&self, path: &Path, index: &Index) -> Result<()> {
        file::write(path, index, self)
    }

    /// The parts with their names.
    pub fn parts(&self) -> [(Part, &[usize]); 3] {
        [(Part::Train, &self.train), (Part::Val, &self.val), (Part::Test, &self.test)]
    }
}

fn check_fraction(val_fraction: f64) -> Result<()> {
    if val_fraction > 0.0 && val_fraction < 1.0 {
        return Ok(());
    }
    Err(Error::Setting {
        setting: "the validation split".to_string(),
        value: val_fraction.to_string(),
        expected: "between 0 and 1, such as 0.2".to_string(),
    })
}

/// A network that tells classes apart needs two of them.
fn check_classes(index: &Index, cache: &Cache) -> Result<()> {
    let classes: BTreeSet<u32> = cache.usable().iter().map(|&position| index.photos[position].class).collect();
    if classes.len() >= 2 {
        return Ok(());
    }
    let first = cache.problems().iter().find(|problem| index.photos.iter().any(|photo| photo.path == problem.path));
    Err(Error::NothingUsable {
        photos: index.photos.len(),
        usable: cache.usable().len(),
        classes: classes.len(),
        first: first.map(|problem| (problem.path.clone(), problem.detail.clone())),
    })
}

fn way_out(method: &SplitMethod) -> &'static str {
    match method {
        SplitMethod::Stratified => "add pictures, or choose another validation split",
        SplitMethod::Keras => {
            "Keras reads .bmp, .gif, .jpeg, .jpg and .png and rounds down; add pictures, raise the validation split, or \
             split stratified"
        }
        SplitMethod::File(_) => "name pictures of that part in the split file (parts are train, val and test)",
    }
}
