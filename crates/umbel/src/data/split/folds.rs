//! k-fold cross-validation: every photo validates once, in the fold that the others train for.

use super::units::Units;
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
