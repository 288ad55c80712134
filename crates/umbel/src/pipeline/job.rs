//! What every job on a folder of photos begins with: the photos, the network for their classes, the cache.

use std::sync::Arc;

use super::{TrainConfig, architecture};
use crate::base::notice::Notice;
use crate::base::progress::{Event, Interrupt, Observer};
use crate::data::{Cache, Dataset, DoubtfulDepth, Index, Split};
use crate::nn::Model;
use crate::{Error, Result, Surroundings, data};

/// A job's settings and what they came to.
pub(super) struct Job<'a> {
    pub config: &'a TrainConfig,
    /// The text of the network's TOML file, where it is one.
    pub toml: Option<&'a str>,
    pub surroundings: &'a Surroundings,
    pub index: Index,
    pub cache: Arc<Cache>,
}

impl<'a> Job<'a> {
    /// Looks for the photos, builds the network and the model that training starts from (so that nothing is decoded for one
    /// that cannot be), and decodes the photos.
    pub fn prepare(
        config: &'a TrainConfig,
        toml: Option<&'a str>,
        surroundings: &'a Surroundings,
        observer: &mut dyn Observer,
        interrupt: &Interrupt,
    ) -> Result<(Self, Model)> {
        let index = Index::scan(&config.data)?;
        observer.event(&Event::Found { files: index.photos.len(), classes: &index.classes });
        let architecture = architecture::build(config, toml, index.classes.len())?;
        let model = architecture::model(config, architecture, observer)?;
        let cache = open_cache(config, surroundings, &index, observer, interrupt)?;
        if let Some(doubt) = cache.doubtful_depth() {
            let DoubtfulDepth { photos, ref example, low, high, white } = *doubt;
            let (example, looks_like) = (example.clone(), doubt.looks_like().name());
            observer.event(&Event::Notice(&Notice::DoubtfulDepth { photos, example, low, high, white, looks_like }));
        }
        if let Some(problem) = cache.problems().first().filter(|_| config.strict) {
            return Err(data::Error::BadPicture { path: problem.path.clone(), detail: problem.detail.clone() }.into());
        }
        Ok((Job { config, toml, surroundings, index, cache }, model))
    }

    /// The photos of one run, divided.
    pub fn data(&self, split: Split) -> Data<'_> {
        Data { index: &self.index, cache: self.cache.clone(), split }
    }
}

/// The photos, decoded.
pub(super) fn open_cache(
    config: &TrainConfig,
    surroundings: &Surroundings,
    index: &Index,
    observer: &mut dyn Observer,
    interrupt: &Interrupt,
) -> Result<Arc<Cache>> {
    let options = config.cache_options(&surroundings.cache);
    Ok(Arc::new(Cache::open(index, &config.prep, &options, observer, interrupt)?))
}

/// Photos, decoded and divided.
pub(super) struct Data<'a> {
    pub index: &'a Index,
    pub cache: Arc<Cache>,
    pub split: Split,
}

impl Data<'_> {
    /// The photos at these positions.
    pub fn dataset(&self, positions: &[usize]) -> Dataset {
        Dataset::new(self.index, self.cache.clone(), positions)
    }
}

/// Runs `work` with so many threads (0: one per core). Results are the same for any number.
pub(super) fn in_pool<T: Send>(threads: usize, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    if threads == 0 {
        return work();
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map_err(|error| Error::Threads { threads, detail: error.to_string() })?.install(work)
}
