//! Which photos train, which validate (and which test).

mod balance;
mod file;
mod folds;
mod group;
mod held;
mod keras;
mod options;
mod stratified;
mod together;
mod units;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Cache, Index, Listing, Part};
use crate::base::notice::Notice;
use crate::base::progress::Interrupt;
use crate::{Result, data};
pub use file::{SplitRow, rows};
pub use folds::RANGE as FOLDS;
pub use group::GroupBy;
pub use keras::keras_permutation;
pub use options::{PART, SplitOptions};
pub use together::{Leak, Together};
use units::Units;

impl SplitMethod {
    /// Which files are photos for it: Keras' split is one of Keras' listing.
    pub fn listing(&self) -> Listing {
        match self {
            SplitMethod::Keras => Listing::Keras,
            SplitMethod::Stratified | SplitMethod::File(_) => Listing::Photos,
        }
    }
}

/// How the split is made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SplitMethod {
    /// Every class in the same proportion; photos that show the same (exact and near duplicates), and boxes on one picture, on one side.
    ///
    /// A class with two usable photos or more has at least one on each side, unless all are copies of one another; a
    /// class with a single photo trains on it and is not validated. Copies that lie in different classes (so that one
    /// label must be wrong) train, and are never measured on. Near duplicates that are nine photos or more and more than
    /// half of a class are taken for what the class looks like, and divided ([`Together`]).
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
    /// Where no part validates: parts of the training part, each of which is judged by what the others taught. A photo that is in
    /// none trains in each.
    pub folds: Vec<Vec<usize>>,
}

impl Split {
    /// Splits the usable photos in two, as [`Split::with`] does.
    pub fn make(method: &SplitMethod, index: &Index, cache: &Cache, val_fraction: f64, seed: u64) -> Result<Self> {
        let options = SplitOptions { method: method.clone(), val: val_fraction, seed, ..SplitOptions::default() };
        Split::with(&options, index, cache)
    }

    /// Splits the usable photos. Photos that show the same are looked for once ([`Cache::look_alikes`]). Fails where a part that was asked for would be empty, where fewer than two classes have
    /// a usable photo, where a photo is in no group, and where a file or setting cannot be used.
    ///
    /// Data that come divided (`train/`, `val/`, `test/`, or a table with a column of parts) stay so; where they have no
    /// validation part, it is taken from what they have for training. A split file goes before everything else.
    pub fn with(options: &SplitOptions, index: &Index, cache: &Cache) -> Result<Self> {
        Split::with_held(options, index, cache, &[])
    }

    /// The same, where photos that umbel divides and that were in a part before (`parts`: of each photo of the index) stay there, with
    /// all that show the same; the others are divided as ever.
    pub fn with_held(options: &SplitOptions, index: &Index, cache: &Cache, parts: &[Option<Part>]) -> Result<Self> {
        check_classes(index, cache)?;
        options.check(index)?;
        let holds = held::counts(&options.method, index, parts);
        let split = match &options.method {
            SplitMethod::File(path) => file::read(path, index)?,
            _ if index.comes_with(Part::Val) => Split::given(index),
            SplitMethod::Keras => keras::split(index, options.val, options.seed)?,
            SplitMethod::Stratified => {
                let (test, candidates) = candidates(index, cache);
                let shares = [options.val, options.test.unwrap_or(0.0)];
                let mut units = units(options, index, cache, &candidates)?;
                let held = if holds { held::held(&mut units, parts) } else { Split::default() };
                // Boxes of several classes may lie on one picture.
                let mut split = if options.group_by.is_some() || index.source.has_boxes() {
                    by_group(index, units, shares, options.seed)
                } else {
                    stratified::split(index, units, shares, options.seed)
                };
                split.train.extend(held.train);
                split.val.extend(held.val);
                split.test.extend(test.into_iter().chain(held.test));
                split
            }
        };
        let way_out = if holds { held::WAY_OUT } else { options.way_out() };
        split.checked((options, way_out), cache)
    }

    /// The splits of k-fold cross-validation: each photo validates in one of them. Duplicates and groups stay
    /// together, class shares are kept as nearly as these allow, and a test part (asked for, or given by the data) is the
    /// same in all. What would be a class's only unit trains in every fold, and so do copies that lie in different classes.
    pub fn folds(options: &SplitOptions, folds: usize, index: &Index, cache: &Cache) -> Result<Vec<Self>> {
        check_classes(index, cache)?;
        options.check_for_folds(index)?;
        let (mut test, mut candidates) = candidates(index, cache);
        if let Some(share) = options.test {
            // The share is one of all photos, and what is no test part is divided among the folds.
            let units = units(options, index, cache, &candidates)?;
            let cut = by_group(index, units, [share, 0.0], options.seed);
            (test, candidates) = (cut.val, cut.train);
            candidates.sort_unstable();
        }
        let units = units(options, index, cache, &candidates)?;
        let splits = folds::splits(index, units, test, folds, options.seed)?;
        splits.into_iter().map(|split| split.checked((options, options.way_out()), cache)).collect()
    }

    /// [`Split::with`], but every photo trains that would have validated, and is judged by [`Split::folds`] instead: five of
    /// them, fewer only where there are fewer units. (A class that is smaller than five is in fewer of them, which costs its photos
    /// nothing: each is judged by all others but those of its fold.) Where the validation part is given, by the data, a file or
    /// Keras' shuffle, it stays.
    pub fn judged_by_folds(options: &SplitOptions, index: &Index, cache: &Cache) -> Result<Self> {
        let split = Split::with(options, index, cache)?;
        if options.method != SplitMethod::Stratified || index.comes_with(Part::Val) {
            return Ok(split);
        }
        let mut pool = [split.train.as_slice(), &split.val].concat();
        pool.sort_unstable();
        let units = units(options, index, cache, &pool)?;
        let folds = folds::judging(index, units, &pool, options.seed);
        if folds.len() < *FOLDS.start() {
            return Ok(split);
        }
        Ok(Split { train: pool, val: Vec::new(), test: split.test, folds })
    }

    /// Only usable photos, in order; no part that is needed is empty.
    fn checked(mut self, (options, way_out): (&SplitOptions, &'static str), cache: &Cache) -> Result<Self> {
        for part in [&mut self.train, &mut self.val, &mut self.test].into_iter().chain(&mut self.folds) {
            part.retain(|&position| cache.is_usable(position));
            part.sort_unstable();
        }
        self.folds.retain(|fold| !fold.is_empty());
        for (part, positions) in self.parts() {
            let needed = match part {
                Part::Train => true,
                Part::Val => self.folds.is_empty(),
                Part::Test => options.test.is_some(),
            };
            if needed && positions.is_empty() {
                return Err(data::Error::EmptyPart { part: part.noun(), photos: cache.usable().len(), way_out }.into());
            }
        }
        Ok(self)
    }

    /// The parts that the data come with; empty where they come undivided.
    pub fn given(index: &Index) -> Self {
        let of = |part| index.parts.iter().flatten().enumerate().filter(move |(_, of)| **of == part).map(|(i, _)| i);
        let [train, val, test] = [Part::Train, Part::Val, Part::Test].map(|part| of(part).collect());
        Split { train, val, test, folds: Vec::new() }
    }

    /// Reads path,class,part as it stands: whether the photos named there can be decoded is not asked.
    pub fn read(path: &Path, index: &Index) -> Result<Self> {
        let mut split = file::read(path, index)?;
        for part in [&mut split.train, &mut split.val, &mut split.test].into_iter().chain(&mut split.folds) {
            part.sort_unstable();
        }
        Ok(split)
    }

    /// Writes path,class,part (atomically), sorted by path; where there are folds, the fold of each photo too.
    pub fn write(&self, path: &Path, index: &Index) -> Result<()> {
        file::write(path, index, self)
    }

    /// The parts with their names.
    pub fn parts(&self) -> [(Part, &[usize]); 3] {
        [(Part::Train, &self.train), (Part::Val, &self.val), (Part::Test, &self.test)]
    }

    /// [`Notice::ClassMissing`] for each class that a part (other than an empty one) has no photo of.
    pub fn missing_classes(&self, index: &Index) -> Vec<Notice> {
        let mut missing = Vec::new();
        for (part, positions) in self.parts() {
            let present: BTreeSet<u32> = positions.iter().map(|&position| index.photos[position].class).collect();
            let absent = index.classes.iter().enumerate().filter(|(class, _)| !present.contains(&(*class as u32)));
            let absent = absent.filter(|_| !present.is_empty());
            missing.extend(absent.map(|(_, class)| Notice::ClassMissing { class: class.clone(), part }));
        }
        missing
    }
}

/// The test part that the data come with, and the usable photos that are to be divided.
fn candidates(index: &Index, cache: &Cache) -> (Vec<usize>, Vec<usize>) {
    let test = Split::given(index).test;
    let free = cache.usable().iter().copied().filter(|position| test.binary_search(position).is_err()).collect();
    (test, free)
}

fn units(options: &SplitOptions, index: &Index, cache: &Cache, candidates: &[usize]) -> Result<Units> {
    let keys = options.group_by.as_ref().map(|group_by| group_by.keys(index, candidates)).transpose()?;
    let together = Together::of(index, cache, &Interrupt::default())?;
    Ok(Units::new(index, cache, candidates, keys.as_deref(), &together))
}

/// Whole units to parts, class shares kept as well as these allow.
fn by_group(index: &Index, mut units: Units, [val, test]: [f64; 2], seed: u64) -> Split {
    units.keep_only_ones(index);
    let shares = [1.0 - val - test, val, test];
    let parts = if test > 0.0 { 3 } else { 2 };
    let assigned = balance::assign(index, &units.free, &shares[..parts], seed);
    let mut split = Split { train: units.train, ..Split::default() };
    for (unit, part) in units.free.into_iter().zip(assigned) {
        [&mut split.train, &mut split.val, &mut split.test][part].extend(unit);
    }
    split
}

/// A network that tells classes apart needs two of them.
fn check_classes(index: &Index, cache: &Cache) -> Result<()> {
    let classes: BTreeSet<u32> = cache.usable().iter().map(|&position| index.photos[position].class).collect();
    if classes.len() >= 2 {
        return Ok(());
    }
    let first = cache.problems().iter().find(|problem| index.photos.iter().any(|photo| photo.path == problem.path));
    Err(data::Error::NothingUsable {
        photos: index.photos.len(),
        usable: cache.usable().len(),
        classes: classes.len(),
        first: first.map(|problem| (problem.path.clone(), problem.detail.clone())),
    }
    .into())
}
