//! Which photos a split keeps on one side because they show the same, and what is worth knowing about that.

use std::collections::BTreeMap;

use super::{Cache, Index, Part, Split};
use crate::Result;
use crate::base::notice::Notice;
use crate::base::progress::Interrupt;

/// A group larger than this that is more than half of a class is no set of copies: the class looks like that (parts
/// before one camera, the frames of one film). Kept together, it could not be divided at all.
const MANY: usize = 8;

/// A photo of the validation or the test part that shows the same as a photo of an earlier part (positions in the index).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Leak {
    pub photo: usize,
    pub part: Part,
    /// The first photo of the earliest part that it shows the same as.
    pub same_as: usize,
    pub same_as_part: Part,
}

/// Groups of photos that show the same (positions rising, two at least).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Together {
    /// Each stays on one side.
    pub groups: Vec<Vec<usize>>,
    /// So large a part of a class that they are divided like any other photos; exact copies stay together all the same.
    pub alike: Vec<Vec<usize>>,
}

impl Together {
    /// Looks for them among the usable photos (the first time that the cache is asked). Fails only where `interrupt` is
    /// requested.
    pub fn of(index: &Index, cache: &Cache, interrupt: &Interrupt) -> Result<Self> {
        let mut in_class = vec![0; index.classes.len()];
        for &position in cache.usable() {
            in_class[index.photos[position].class as usize] += 1;
        }
        let is_what_a_class_looks_like = |group: &Vec<usize>| {
            let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
            group.iter().for_each(|&photo| *counts.entry(index.photos[photo].class).or_default() += 1);
            counts.into_iter().any(|(class, n)| n > MANY && 2 * n > in_class[class as usize])
        };
        let found = cache.look_alikes(interrupt)?.groups.iter().cloned();
        let (alike, groups) = found.partition(is_what_a_class_looks_like);
        Ok(Together { groups, alike })
    }

    /// How many photos are kept together with others.
    pub fn photos(&self) -> usize {
        self.groups.iter().map(Vec::len).sum()
    }

    /// What is worth knowing about how a split that umbel chooses treats them.
    pub fn notices(&self, index: &Index) -> Vec<Notice> {
        let (photos, groups) = (self.photos(), self.groups.len());
        let kept = (groups > 0).then_some(Notice::KeptTogether { photos, groups });
        let divided = self.alike.iter().map(|group| {
            let example = &index.photos[group[0]];
            let class = index.classes[example.class as usize].clone();
            Notice::LookAlike { photos: group.len(), example: example.path.clone(), class }
        });
        kept.into_iter().chain(divided).collect()
    }

    /// Photos of the validation and the test part that show the same as a photo of an earlier part, by group.
    pub fn leaks(&self, index: &Index, split: &Split) -> Vec<Leak> {
        let mut part_of: Vec<Option<Part>> = vec![None; index.photos.len()];
        for (part, positions) in split.parts() {
            positions.iter().for_each(|&position| part_of[position] = Some(part));
        }
        let leaks_in = |group: &Vec<usize>| -> Vec<Leak> {
            let placed = || group.iter().filter_map(|&photo| Some((part_of[photo]?, photo)));
            let Some((same_as_part, same_as)) = placed().min() else { return Vec::new() };
            let later = placed().filter(|(part, _)| *part != same_as_part);
            later.map(|(part, photo)| Leak { photo, part, same_as, same_as_part }).collect()
        };
        self.groups.iter().flat_map(leaks_in).collect()
    }
}
