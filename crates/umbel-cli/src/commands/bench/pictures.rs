//! Batches to measure with: one batch of noise over and over, or drawn flowers through the cache and the augmenting
//! loader, as in training.

use std::sync::Arc;

use tempfile::TempDir;
use umbel::base::augmentation::AugmentLayer;
use umbel::base::progress::{Interrupt, Silent};
use umbel::base::random::{Purpose, Stream};
use umbel::data::augment::Policy;
use umbel::data::{Batch, Cache, CacheOptions, Dataset, Index, Loader, LoaderOptions, PrepSpec};
use umbel::demo;

use super::SEED;
use crate::args::BenchArgs;

/// Enough that starting a pass over the pictures weighs little.
const BATCHES_PER_EPOCH: usize = 16;

/// Where the batches come from.
pub enum Pictures {
    /// The same batch again and again.
    Fixed(Option<Batch>),
    /// Made by a loader while the engine computes.
    Loaded(Box<Feed>),
}

impl Pictures {
    /// By the flags: noise, or with `--augment` a loader with the network's augmentation.
    pub fn new(args: &BenchArgs, layers: Vec<AugmentLayer>) -> anyhow::Result<Self> {
        if args.augment {
            return Ok(Pictures::Loaded(Box::new(Feed::new(args, &layers)?)));
        }
        let size = args.image_size as usize;
        let mut random = Stream::new(SEED, Purpose::Demo, 0, 0);
        let images = (0..args.batch * size * size * 3).map(|_| random.below(256) as f32).collect();
        let labels = (0..args.batch).map(|_| random.below(args.classes) as u32).collect();
        Ok(Pictures::Fixed(Some(Batch { images, labels, ..Batch::default() })))
    }

    /// The next full batch.
    pub fn take(&mut self) -> umbel::Result<Batch> {
        match self {
            Pictures::Fixed(batch) => Ok(batch.take().expect("given back after every step")),
            Pictures::Loaded(feed) => feed.next(),
        }
    }

    /// Hands the batch back for reuse.
    pub fn give_back(&mut self, batch: Batch) {
        match self {
            Pictures::Fixed(place) => *place = Some(batch),
            Pictures::Loaded(feed) => feed.loader.recycle(batch),
        }
    }
}

/// A loader that begins a new epoch whenever one ends.
pub struct Feed {
    dataset: Dataset,
    options: LoaderOptions,
    loader: Loader,
    classes: u32,
    // Holds the cache that the dataset reads; removed last.
    _folder: TempDir,
}

impl Feed {
    fn new(args: &BenchArgs, layers: &[AugmentLayer]) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let photos = folder.path().join("photos");
        let per_class = (args.batch * BATCHES_PER_EPOCH).div_ceil(demo::CLASSES.len());
        demo::write_folder(&photos, per_class, args.image_size, SEED)?;
        let index = Index::scan(&photos)?;
        let prep = PrepSpec { image_size: args.image_size, ..PrepSpec::default() };
        let cache =
            CacheOptions { folder: folder.path().join("cache"), max_bytes: u64::MAX, ..CacheOptions::default() };
        let cache = Cache::open(&index, &prep, &cache, &mut Silent, &Interrupt::default())?;
        let positions: Vec<usize> = cache.usable().iter().copied().take(args.batch * BATCHES_PER_EPOCH).collect();
        let dataset = Dataset::new(&index, Arc::new(cache), &positions);
        let options = LoaderOptions {
            batch: args.batch,
            seed: SEED,
            shuffle: true,
            augment: Policy::new(layers),
            ..LoaderOptions::default()
        };
        let loader = Loader::new(&dataset, options.clone());
        Ok(Feed { dataset, options, loader, classes: args.classes as u32, _folder: folder })
    }

    fn next(&mut self) -> umbel::Result<Batch> {
        let batch = self.loader.next().unwrap_or_else(|| {
            self.options.epoch += 1;
            self.loader = Loader::new(&self.dataset, self.options.clone());
            self.loader.next().expect("an epoch has batches")
        });
        let mut batch = batch?;
        for label in &mut batch.labels {
            *label %= self.classes;
        }
        Ok(batch)
    }
}
