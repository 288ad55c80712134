//! Which photos train, which validate (and which test).

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Cache, Index};
use crate::Result;

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
    #[default]
    Stratified,
    /// The files that Keras' `image_dataset_from_directory` picks for the same seed.
    Keras,
    /// Read from a split.csv.
    File(PathBuf),
}

/// Positions in `index.photos`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Split {
    pub train: Vec<usize>,
    pub val: Vec<usize>,
    pub test: Vec<usize>,
}

impl Split {
    /// Splits the usable photos. Fails where a part would be empty.
    pub fn make(method: &SplitMethod, index: &Index, cache: &Cache, val_fraction: f64, seed: u64) -> Result<Self> {
        todo!()
    }
    /// Writes path,class,part (atomically), sorted by path.
    pub fn write(&self, path: &Path, index: &Index) -> Result<()> {
        todo!()
    }
}

/// Keras' order of `n` files: numpy's legacy `RandomState(seed).shuffle`. The last `int(val_fraction * n)` validate.
pub fn keras_permutation(n: usize, seed: u32) -> Vec<usize> {
    todo!()
}
