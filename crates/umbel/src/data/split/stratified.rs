//! The default split: class shares kept, and exact duplicates on one side, since a photo that was trained on measures
//! nothing.

use std::collections::HashMap;

use super::{Cache, Index, Split};
use crate::base::random::{Purpose, Stream};

/// A photo and its exact copies within one class.
type Group = Vec<usize>;

/// Splits the usable photos class by class, each under a stream of its own.
pub fn split(index: &Index, cache: &Cache, val_fraction: f64, seed: u64) -> Split {
    let mut split = Split::default();
    let by_class = groups(index, cache, &mut split.train);
    for (class, groups) in by_class.into_iter().enumerate() {
        let mut random = Stream::new(seed, Purpose::Split, class as u64, 0);
        divide(groups, val_fraction, &mut random, &mut split);
    }
    split
}

/// Each class's groups, in the order of their first photos. Copies across classes go straight to training: one of their
/// labels is wrong, so a measurement on them would be too.
fn groups(index: &Index, cache: &Cache, train: &mut Vec<usize>) -> Vec<Vec<Group>> {
    let mut by_digest: HashMap<[u8; 32], usize> = HashMap::new();
    let mut groups: Vec<Group> = Vec::new();
    for &position in cache.usable() {
        let Some(digest) = cache.digest(position) else {
            continue;
        };
        let group = *by_digest.entry(digest).or_insert_with(|| {
            groups.push(Group::new());
            groups.len() - 1
        });
        groups[group].push(position);
    }
    let mut by_class = vec![Vec::new(); index.classes.len()];
    for group in groups {
        let class = index.photos[group[0]].class;
        if group.iter().all(|&position| index.photos[position].class == class) {
            by_class[class as usize].push(group);
        } else {
            train.extend(group);
        }
    }
    by_class
}

/// Deals one class's groups out: the rounded share validates, or as near under it as the groups allow, but at least one
/// group on either side where there are two.
fn divide(mut groups: Vec<Group>, val_fraction: f64, random: &mut Stream, split: &mut Split) {
    random.shuffle(&mut groups);
    let photos: usize = groups.iter().map(Vec::len).sum();
    let target = ((photos as f64 * val_fraction).round() as usize).max(1);
    // The last group in a shuffled order is as good as any to be kept for training.
    let Some(kept) = groups.pop() else { return };
    split.train.extend(kept);
    let (mut taken, mut left) = (0, Vec::new());
    for group in groups {
        if taken + group.len() <= target {
            taken += group.len();
            split.val.extend(group);
        } else {
            left.push(group);
        }
    }
    if taken == 0 && !left.is_empty() {
        // Every group is larger than the share: one validates all the same, the smallest.
        let smallest = (0..left.len()).min_by_key(|&i| left[i].len()).unwrap_or(0);
        split.val.extend(left.swap_remove(smallest));
    }
    split.train.extend(left.into_iter().flatten());
}
