//! Which photos taught the model of one's own that training starts from: those must not judge what becomes of it. A run's folder tells
//! them, and so do those of the runs that it began with itself; a model file alone tells nothing.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::TrainConfig;
use super::run_folder::RunFolder;
use crate::base::notice::{GoingOn, Notice};
use crate::base::progress::{Event, Interrupt, Observer, Silent};
use crate::data::decode::Limits;
use crate::data::index::with_boxes;
use crate::data::split::{SplitRow, rows};
use crate::data::{Cache, Detections, Index, Part, PrepSpec, Source, Split, SplitMethod};
use crate::pretrained::{Tune, WeightsFrom};
use crate::run::names;
use crate::{Surroundings, get};

/// More runs one upon the other are no longer followed: a link may lead back.
const MOST_RUNS: usize = 64;

/// What the runs behind a model tell.
#[derive(Debug, Default)]
pub(super) struct Lineage {
    runs: Vec<Ancestor>,
    /// Whether more of the network than its last layer learned from photos, as far as is known.
    pub body_learned: bool,
    /// Whether all that taught it is known.
    pub is_known: bool,
}

/// A run behind a model.
#[derive(Debug)]
struct Ancestor {
    rows: Vec<SplitRow>,
    /// Where its photos lay.
    data: PathBuf,
    /// How it took boxes, where its photos were such.
    detections: Detections,
    prep: PrepSpec,
    /// Whether more learned from them than the last layer.
    body_learned: bool,
}

impl Lineage {
    /// That of the model of one's own that training starts from; `None` where it starts from something else.
    pub fn of(config: &TrainConfig) -> Option<Self> {
        config.own_start().map(Self::behind)
    }

    fn behind(from: &WeightsFrom) -> Self {
        let mut lineage = Lineage { is_known: true, ..Lineage::default() };
        let mut next = from.own();
        lineage.is_known = next.is_some();
        while let Some(file) = next.take() {
            let folder = file.parent().unwrap_or(Path::new(""));
            // A model file that bears another name than a run's has come from elsewhere.
            let is_of_run = file.file_name().is_some_and(|name| name == names::MODEL);
            let read = rows(&folder.join(names::SPLIT)).ok().zip(RunFolder::config_in(folder).ok());
            let Some((rows, config)) = read.filter(|_| is_of_run && lineage.runs.len() < MOST_RUNS) else {
                lineage.is_known = false;
                break;
            };
            let body_learned = config.pretrained.is_none() || config.tune != Some(Tune::Head);
            lineage.body_learned |= body_learned;
            next = config.own_start().and_then(WeightsFrom::own);
            lineage.is_known &= config.own_start().is_none() || next.is_some();
            let (data, detections, prep) = (config.data, config.detections, config.prep);
            lineage.runs.push(Ancestor { rows, data, detections, prep, body_learned });
        }
        lineage.body_learned |= !lineage.is_known;
        lineage
    }
}

/// What is known of the photos of a job.
#[derive(Debug)]
pub(super) struct Heritage {
    /// For each photo of the index the part that it was in, the earliest of several; `None`: no run behind the model knew it.
    pub parts: Vec<Option<Part>>,
    pub lineage: Lineage,
}

impl Heritage {
    /// Looks for the photos of these runs among those of the index: by their content, where a run's photos still lie where they lay,
    /// else by their path, or, as photos are moved from one class to another, by their file's name alone where only one has it. So a
    /// new photo may be taken for a known one of the same name, which costs nothing; the reverse would flatter.
    pub fn of(lineage: Lineage, index: &Index, cache: &Cache, surroundings: &Surroundings) -> Self {
        let mut found = Found::new(index, cache);
        lineage.runs.iter().for_each(|run| found.look_for(run, surroundings));
        Heritage { parts: found.parts, lineage }
    }

    /// Photos that were known.
    pub fn known(&self) -> usize {
        self.parts.iter().flatten().count()
    }

    /// Whether the photos are to stay in their parts.
    pub fn holds(&self) -> bool {
        self.lineage.body_learned
    }

    /// Whether the last layer may draw on what it was: where its own photos judge, it may not.
    pub fn may_keep_rows(&self) -> bool {
        self.lineage.body_learned || self.known() == 0
    }

    /// Says what that means for the figures.
    pub fn tell(&self, config: &TrainConfig, index: &Index, split: &Split, observer: &mut dyn Observer) {
        let Some(from) = config.own_start().map(WeightsFrom::to_string) else { return };
        if !self.lineage.is_known {
            observer.event(&Event::Notice(&Notice::GoingOn(GoingOn::UnknownPhotos { from: from.clone() })));
        } else if !self.holds() {
            observer.event(&Event::Notice(&Notice::GoingOn(GoingOn::OnlyLastLayerLearned { from: from.clone() })));
        }
        if self.lineage.runs.is_empty() || !self.holds() {
            return;
        }
        let placed = || split.parts().into_iter().flat_map(|(part, photos)| photos.iter().map(move |at| (part, *at)));
        if config.split == SplitMethod::Stratified && !index.comes_with(Part::Val) {
            let known = placed().filter(|(_, at)| self.parts[*at].is_some()).count();
            let new = placed().count() - known;
            observer.event(&Event::Notice(&Notice::GoingOn(GoingOn::KnownPhotos { from, known, new })));
            return;
        }
        let taught = placed().filter(|(part, at)| *part != Part::Train && self.parts[*at] == Some(Part::Train)).count();
        if taught > 0 {
            observer.event(&Event::Notice(&Notice::GoingOn(GoingOn::TaughtBefore { from, photos: taught })));
        }
    }
}

/// Photos of an index, and how they are found again.
struct Found<'a> {
    index: &'a Index,
    cache: &'a Cache,
    by_path: HashMap<&'a str, usize>,
    by_digest: HashMap<[u8; 32], Vec<usize>>,
    by_name: HashMap<&'a str, Vec<usize>>,
    parts: Vec<Option<Part>>,
}

impl<'a> Found<'a> {
    fn new(index: &'a Index, cache: &'a Cache) -> Self {
        let paths = || index.photos.iter().enumerate().map(|(at, photo)| (at, photo.path.as_str()));
        let (mut by_digest, mut by_name): (HashMap<_, Vec<_>>, HashMap<_, Vec<_>>) = Default::default();
        for (at, path) in paths() {
            by_name.entry(file_name(path)).or_default().push(at);
            if let Some(digest) = cache.digest(at) {
                by_digest.entry(digest).or_default().push(at);
            }
        }
        let by_path = paths().map(|(at, path)| (path, at)).collect();
        Found { index, cache, by_path, by_digest, by_name, parts: vec![None; index.photos.len()] }
    }

    /// Runs come from the nearest to the first.
    fn look_for(&mut self, run: &Ancestor, surroundings: &Surroundings) {
        let nearer = self.parts.clone();
        let root = |data: &Path| data.canonicalize().unwrap_or_else(|_| data.to_owned());
        let same_place = root(&run.data) == root(self.index.source.given());
        let source =
            get::source(&run.data, self.cache.options(), surroundings, &mut Silent, &Interrupt::default()).ok();
        let as_it_was = |source: Source| source.with_detections(&run.detections).cropped_as(&run.prep);
        let source = source.and_then(|source| with_boxes(as_it_was(source)).ok());
        let is_here = |row: &SplitRow| same_place && self.by_path.contains_key(row.path.as_str());
        let digest = |row: &SplitRow| {
            if is_here(row) { None } else { digest_of(source.as_ref()?, &row.path) }
        };
        let digests: Vec<Option<[u8; 32]>> = run.rows.par_iter().map(digest).collect();
        let mut gone = Vec::new();
        for (row, digest) in run.rows.iter().zip(digests) {
            match (digest, self.by_path.get(row.path.as_str())) {
                (Some(digest), _) => {
                    let same = self.by_digest.get(&digest).cloned().unwrap_or_default();
                    same.into_iter().for_each(|at| self.put(at, row.part));
                }
                (None, Some(&at)) => self.put(at, row.part),
                (None, None) => gone.push(row),
            }
        }
        let mut times: HashMap<&str, usize> = HashMap::new();
        run.rows.iter().for_each(|row| *times.entry(file_name(&row.path)).or_default() += 1);
        for row in gone {
            let name = file_name(&row.path);
            // A name such as 001.jpg, which every class has, says nothing.
            if let (1, Some(&[at])) = (times[name], self.by_name.get(name).map(Vec::as_slice)) {
                self.put(at, row.part);
            }
        }
        // A last layer was fitted anew in the next run, where that had the same photos: what they were there is what counts.
        if !run.body_learned {
            self.parts.iter_mut().zip(nearer).for_each(|(part, nearer)| *part = nearer.or(*part));
        }
    }

    /// The earliest part counts: who has trained once has trained.
    fn put(&mut self, at: usize, part: Part) {
        self.parts[at] = Some(self.parts[at].map_or(part, |own| own.min(part)));
    }
}

/// Of a file's content, as the cache has it.
fn digest_of(source: &Source, path: &str) -> Option<[u8; 32]> {
    Some(*blake3::hash(&source.read(path, &Limits::default()).ok()?).as_bytes())
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
