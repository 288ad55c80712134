//! A part of a folder, ready to be loaded: what Keras calls the result of `image_dataset_from_directory`.

use std::path::Path;
use std::sync::Arc;

use super::{Cache, CacheOptions, Index, PrepSpec, Source, Split, SplitMethod};
use crate::Result;
use crate::base::progress::{Interrupt, Silent};

/// Some photos of one cache, with their labels.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// The prepared pixels, shared by all parts.
    pub cache: Arc<Cache>,
    /// Class names; labels index into them.
    pub classes: Arc<[String]>,
    /// Positions in the index and labels, in the split's order.
    pub samples: Arc<[(usize, u32)]>,
    /// Paths relative to the folder, one for each sample.
    pub paths: Arc<[String]>,
}

impl Dataset {
    /// How many photos.
    pub fn len(&self) -> usize {
        self.samples.len()
    }
    /// The class of each photo, by its place among the classes.
    pub fn labels(&self) -> Vec<u32> {
        self.samples.iter().map(|(_, label)| *label).collect()
    }
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }
    /// Class names, in the order of the labels.
    pub fn class_names(&self) -> &[String] {
        &self.classes
    }
    /// How the photos were prepared.
    pub fn prep(&self) -> &PrepSpec {
        self.cache.prep()
    }
    /// Height and width of the photos.
    pub fn image_size(&self) -> usize {
        self.prep().image_size as usize
    }
    /// The prepared pixels (RGB bytes) and the label of sample `index`, in the dataset's order.
    ///
    /// # Errors
    /// Those of [`Cache::image`].
    ///
    /// # Panics
    /// Where `index` is not below [`Dataset::len`].
    pub fn picture(&self, index: usize) -> Result<(Vec<u8>, usize)> {
        let (position, label) = self.samples[index];
        Ok((self.cache.image(position)?.unwrap_or_default(), label as usize))
    }
    /// The dataset of some positions of an index. Photos that the cache could not use are left out.
    pub fn new(index: &Index, cache: Arc<Cache>, positions: &[usize]) -> Self {
        let usable = || positions.iter().filter(|&&position| cache.is_usable(position));
        let samples = usable().map(|&position| (position, index.photos[position].class)).collect();
        let paths = usable().map(|&position| index.photos[position].path.clone()).collect();
        Dataset { samples, paths, classes: index.classes.as_slice().into(), cache }
    }
}

/// Options of [`image_dataset_from_directory`]; the defaults are the tutorial's.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct DatasetOptions {
    pub validation_split: f64,
    pub seed: u64,
    pub split: SplitMethod,
    pub prep: PrepSpec,
    pub cache: CacheOptions,
}

impl Default for DatasetOptions {
    fn default() -> Self {
        DatasetOptions {
            validation_split: 0.2,
            seed: 123,
            split: SplitMethod::default(),
            prep: PrepSpec::default(),
            cache: CacheOptions::default(),
        }
    }
}

/// Reads a folder with one sub-folder per class and gives its training and validation parts. Prints nothing; what could
/// not be used is in the cache's [`problems`](Cache::problems).
pub fn image_dataset_from_directory(folder: &Path, options: &DatasetOptions) -> Result<(Dataset, Dataset)> {
    let interrupt = Interrupt::default();
    let source = Source::open(folder, &options.cache, &mut Silent, &interrupt)?.cropped_as(&options.prep);
    let index = Index::list(source, options.split.listing(), &mut Silent, &interrupt)?;
    let (index, cache) = Cache::of_usable(index, &options.prep, &options.cache, &mut Silent, &interrupt)?;
    let split = Split::make(&options.split, &index, &cache, options.validation_split, options.seed)?;
    let cache = Arc::new(cache);
    Ok((Dataset::new(&index, cache.clone(), &split.train), Dataset::new(&index, cache, &split.val)))
}
