//! The default split: class shares kept, and duplicates on one side, since a photo that was trained on measures
//! nothing.

use super::units::{Unit, Units};
use super::{Index, Split};
use crate::base::random::{Purpose, Stream};

/// Splits units of one class each, class by class, each under a stream of its own.
pub fn split(index: &Index, units: Units, [val, test]: [f64; 2], seed: u64) -> Split {
    let mut split = Split { train: units.train, ..Split::default() };
    let mut by_class = vec![Vec::new(); index.classes.len()];
    for unit in units.free {
        by_class[index.photos[unit[0]].class as usize].push(unit);
    }
    for (class, units) in by_class.into_iter().enumerate() {
        let mut random = Stream::new(seed, Purpose::Split, class as u64, 0);
        divide(units, [val, test], &mut random, &mut split);
    }
    split
}

/// Deals one class's units out. Validation takes its share first, then testing, so that a test part does not change
/// which photos validate.
fn divide(mut units: Vec<Unit>, [val, test]: [f64; 2], random: &mut Stream, split: &mut Split) {
    random.shuffle(&mut units);
    let photos: usize = units.iter().map(Vec::len).sum();
    // The last unit in a shuffled order is as good as any to be kept for training.
    let Some(kept) = units.pop() else { return };
    split.train.extend(kept);
    let share = |fraction: f64| ((photos as f64 * fraction).round() as usize).max(1);
    let left = take(units, share(val), &mut split.val);
    let left = if test > 0.0 { take(left, share(test), &mut split.test) } else { left };
    split.train.extend(left.into_iter().flatten());
}

/// Moves units to a part: `target` photos, or as near under it as the units allow, but at least one unit where there is
/// one. Gives the others back.
fn take(units: Vec<Unit>, target: usize, part: &mut Vec<usize>) -> Vec<Unit> {
    let (mut taken, mut left) = (0, Vec::new());
    for unit in units {
        if taken + unit.len() <= target {
            taken += unit.len();
            part.extend(unit);
        } else {
            left.push(unit);
        }
    }
    if taken == 0 && !left.is_empty() {
        // Every unit is larger than the share: one goes all the same, the smallest.
        let smallest = (0..left.len()).min_by_key(|&i| left[i].len()).unwrap_or(0);
        part.extend(left.swap_remove(smallest));
    }
    left
}
