//! What every job on a folder of photos begins with: the photos, the network for their classes, the cache.

use std::mem::{self, Discriminant};
use std::sync::Arc;
use std::time::Instant;

use super::architecture::Started;
use super::heritage::{Heritage, Lineage};
use super::within::within;
use super::{TrainConfig, architecture, auto, balance, which};
use crate::base::notice::Notice;
use crate::base::progress::{Event, Interrupt, Observer, Silent};
use crate::base::remark::Remark;
use crate::base::threads;
use crate::data::plan::Action;
use crate::data::{Cache, Dataset, DoubtfulDepth, Index, Plan, Split, Together};
use crate::model_file::StartedFrom;
use crate::nn::Model;
use crate::run::LeakRow;
use crate::{Error, Result, Surroundings, data, get};

/// Remarks of one kind that are told; a check tells all of them.
const REMARKS_TOLD: usize = 5;

/// A job's settings and what they came to.
pub(super) struct Job<'a> {
    /// As they were given, or, where the recipe goes by the photos, as it decided.
    pub config: TrainConfig,
    /// The text of the network's TOML file, where it is one.
    pub toml: Option<&'a str>,
    pub surroundings: &'a Surroundings,
    /// Whose weights training starts from.
    pub started_from: Option<StartedFrom>,
    /// Which classes have their row of the last layer from the model that training starts from, where that may have a say.
    pub kept: Vec<bool>,
    /// What that model knows of these photos.
    pub heritage: Option<Heritage>,
    pub index: Index,
    pub cache: Arc<Cache>,
}

impl<'a> Job<'a> {
    /// Looks for the photos, builds the network and the model that training starts from (so that nothing is decoded for one
    /// that cannot be), and decodes the photos.
    pub fn prepare(
        config: &TrainConfig,
        toml: Option<&'a str>,
        surroundings: &'a Surroundings,
        observer: &mut dyn Observer,
        interrupt: &Interrupt,
    ) -> Result<(Self, Model)> {
        let (start, undecided) = (Instant::now(), config.undecided.clone().unwrap_or_default());
        let source = get::source(&config.data, &config.cache_options(surroundings), surroundings, observer, interrupt)?;
        let source = source.with_detections(&config.detections).cropped_as(&config.prep);
        let index = Index::list(source, config.split.listing(), observer, interrupt)?;
        let index = heed_plan(config, index, observer)?;
        let config = which::chosen(config.clone(), &undecided, &index, surroundings, (observer, interrupt))?;
        let lineage = Lineage::of(&config);
        let config = auto::decided(&config, &index, lineage.as_ref(), observer);
        let found = index.classes.len();
        observer.event(&Event::Found { files: index.photos.len(), classes: &index.classes });
        let architecture = architecture::build(&config, toml, found)?;
        let mut started = architecture::model(&config, architecture, &index.classes, observer)?;
        let options = config.cache_options(surroundings);
        let (index, cache) = Cache::of_usable(index, &config.prep, &options, observer, interrupt)?;
        tell(&index, &cache, observer);
        if let Some(notice) = surroundings.fonts.numbered(&index.classes) {
            observer.event(&Event::Notice(&notice));
        }
        if index.classes.len() != found {
            let architecture = architecture::build(&config, toml, index.classes.len())?;
            started = architecture::model(&config, architecture, &index.classes, &mut Silent)?;
        }
        let cache = Arc::new(cache);
        if let Some(problem) = cache.problems().first().filter(|_| config.strict) {
            return Err(data::Error::BadPicture { path: problem.path.clone(), detail: problem.detail.clone() }.into());
        }
        let heritage = lineage.map(|lineage| Heritage::of(lineage, &index, &cache, surroundings));
        let Started { model, from: started_from, mut kept } = started;
        if !heritage.as_ref().is_some_and(Heritage::may_keep_rows) {
            kept.clear();
        }
        let mut job = Job { config, toml, surroundings, started_from, kept, heritage, index, cache };
        let model = within(&mut job, model, (&undecided, start), observer, interrupt)?;
        Ok((job, model))
    }

    /// The photos of one run, divided.
    pub fn data(&self, split: Split) -> Data<'_> {
        Data { index: &self.index, cache: self.cache.clone(), split }
    }
}

/// The folder's contents as the plan has them, where there is one.
fn heed_plan(config: &TrainConfig, index: Index, observer: &mut dyn Observer) -> Result<Index> {
    let Some(file) = &config.plan else { return Ok(index) };
    let plan = Plan::read(file)?;
    let index = plan.apply(index, file)?;
    let of = |action| plan.rows.iter().filter(|row| row.action == action).count();
    let (left_out, relabeled) = (of(Action::LeaveOut), of(Action::Relabel));
    observer.event(&Event::Notice(&Notice::Planned { left_out, relabeled }));
    Ok(index)
}

/// Says what is worth knowing about the folder.
fn tell(index: &Index, cache: &Cache, observer: &mut dyn Observer) {
    let mut told: Vec<(Discriminant<Remark>, usize)> = Vec::new();
    for remark in &index.remarks {
        let kind = mem::discriminant(remark);
        let at = told.iter().position(|(known, _)| *known == kind).unwrap_or_else(|| {
            told.push((kind, 0));
            told.len() - 1
        });
        told[at].1 += 1;
        if told[at].1 <= REMARKS_TOLD {
            observer.event(&Event::Notice(&Notice::Data(remark.clone())));
        }
    }
    let untold = told.iter().map(|(_, times)| times.saturating_sub(REMARKS_TOLD)).sum();
    if untold > 0 {
        observer.event(&Event::Notice(&Notice::MoreRemarks { untold, data: index.root().to_owned() }));
    }
    if let Some(doubt) = cache.doubtful_depth() {
        let DoubtfulDepth { photos, ref example, low, high, white } = *doubt;
        let (example, looks_like) = (example.clone(), doubt.looks_like().name());
        observer.event(&Event::Notice(&Notice::DoubtfulDepth { photos, example, low, high, white, looks_like }));
    }
    for notice in balance::notices(index, cache) {
        observer.event(&Event::Notice(&notice));
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
    let options = config.cache_options(surroundings);
    Ok(Arc::new(Cache::open(index, &config.prep, &options, observer, interrupt)?))
}

/// Photos, decoded and divided.
pub(super) struct Data<'a> {
    pub index: &'a Index,
    pub cache: Arc<Cache>,
    pub split: Split,
}

impl Data<'_> {
    /// Photos of the later parts that show the same as one of an earlier part.
    pub fn leaks(&self, together: &Together) -> Vec<LeakRow> {
        together.leaks(self.index, &self.split).iter().map(|leak| LeakRow::of(leak, self.index)).collect()
    }

    /// The photos at these positions.
    pub fn dataset(&self, positions: &[usize]) -> Dataset {
        Dataset::new(self.index, self.cache.clone(), positions)
    }
}

/// Runs `work` with so many threads (0: one per core). Results are the same for any number.
pub(super) fn in_pool<T: Send>(n_threads: usize, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    if n_threads == 0 {
        threads::ready()?;
        return work();
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build();
    pool.map_err(|error| Error::Threads { threads: n_threads, detail: error.to_string() })?.install(work)
}
