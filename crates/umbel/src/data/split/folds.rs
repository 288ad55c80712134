//! k-fold cross-validation: every photo validates once, in the fold that the others train for. And the folds that judge what is
//! trained on all photos.

use std::collections::BTreeSet;

use super::units::{Unit, Units};
use super::{Index, Split, balance};
use crate::Result;

/// Fewest and most folds: two is the least that makes sense, and more than a hundred is a slip of the finger.
pub const RANGE: std::ops::RangeInclusive<usize> = 2..=100;

/// The splits of `folds` folds. `test` is the same in all of them.
pub fn splits(index: &Index, mut units: Units, test: Vec<usize>, folds: usize, seed: u64) -> Result<Vec<Split>> {
    units.keep_only_ones(index);
    if !RANGE.contains(&folds) || units.free.len() < folds {
        let most = units.free.len().min(*RANGE.end());
        let expected = match most {
            0 | 1 => "left out for these photos: too few can change sides (the only one of a class stays in training, copies \
                      and groups stay together)"
                .to_string(),
            _ => format!("from {} to {most} for these photos (copies and groups stay together)", RANGE.start()),
        };
        return Err(
            umbel_predict::Error::Setting { setting: "folds".into(), value: folds.to_string(), expected }.into()
        );
    }
    let fold_of = balance::assign(index, &units.free, &vec![1.0 / folds as f64; folds], seed);
    let make = |fold| {
        let mut split = Split { train: units.train.clone(), test: test.clone(), ..Split::default() };
        for (unit, &of) in units.free.iter().zip(&fold_of) {
            if of == fold { &mut split.val } else { &mut split.train }.extend(unit);
        }
        split
    };
    Ok((0..folds).map(make).collect())
}

/// Folds that judge one model.
const JUDGING: usize = 5;

/// The folds that judge photos which all train: as many as [`JUDGING`], or as there are units. A unit that holds a photo of a class
/// which the rest of `pool` hasn't is in none: nobody could tell that class. Neither are copies that lie in different classes.
pub fn judging(index: &Index, mut units: Units, pool: &[usize], seed: u64) -> Vec<Vec<usize>> {
    units.keep_only_ones(index);
    let folds = JUDGING.min(units.free.len());
    if folds < *RANGE.start() {
        return Vec::new();
    }
    let fold_of = balance::assign(index, &units.free, &vec![1.0 / folds as f64; folds], seed);
    let class = |photo: &usize| index.photos[*photo].class;
    let of_fold = |fold: usize| {
        let own: Vec<&Unit> =
            units.free.iter().zip(&fold_of).filter(|(_, of)| **of == fold).map(|(unit, _)| unit).collect();
        let left_out: BTreeSet<&usize> = own.iter().copied().flatten().collect();
        let known: BTreeSet<u32> = pool.iter().filter(|photo| !left_out.contains(photo)).map(class).collect();
        let can_be_judged = |unit: &&Unit| unit.iter().all(|photo| known.contains(&class(photo)));
        let mut photos: Vec<usize> = own.into_iter().filter(can_be_judged).flatten().copied().collect();
        photos.sort_unstable();
        photos
    };
    (0..folds).map(of_fold).filter(|fold| !fold.is_empty()).collect()
}
