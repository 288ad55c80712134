//! What must not be torn apart: photos that show the same, and photos of one group. A split deals out whole units.

use std::collections::{BTreeSet, HashMap};

use super::{Cache, Index, Together};
use crate::data::likeness::Forest;

/// Photos that go to one side together, rising.
pub type Unit = Vec<usize>;

/// The units of some photos.
#[derive(Debug, Default)]
pub struct Units {
    /// To be dealt out, in the order of their first photos.
    pub free: Vec<Unit>,
    /// Photos that train whatever the split: units in which photos that show the same lie in different classes. One of
    /// their labels is wrong, so a measurement on them would be too.
    pub train: Vec<usize>,
}

impl Units {
    /// The units of `candidates` (rising). `keys` gives each candidate's group; without it, only photos that show the
    /// same are joined, and boxes on one picture, which show the same place at the same time.
    pub fn new(
        index: &Index,
        cache: &Cache,
        candidates: &[usize],
        keys: Option<&[String]>,
        together: &Together,
    ) -> Self {
        let class = |i: usize| index.photos[candidates[i]].class;
        let mut union = Forest::of(candidates.len());
        // By digest, too: exact copies stay together even where their look-alikes are too many to be kept so.
        union.join_equal(candidates.iter().map(|&position| cache.digest(position)));
        for group in &together.groups {
            let members: Vec<usize> = group.iter().filter_map(|photo| candidates.binary_search(photo).ok()).collect();
            members.windows(2).for_each(|pair| union.join(pair[0], pair[1]));
        }
        let conflicts: Vec<usize> = (0..candidates.len()).filter(|&i| class(union.root(i)) != class(i)).collect();
        if let Some(keys) = keys {
            union.join_equal(keys.iter().map(Some));
        }
        if index.source.has_boxes() {
            let picture = |&position: &usize| index.source.picture_of(&index.photos[position].path);
            union.join_equal(candidates.iter().map(|position| Some(picture(position))));
        }
        let conflicts: BTreeSet<usize> = conflicts.into_iter().map(|i| union.root(i)).collect();
        let mut unit_of_root: HashMap<usize, usize> = HashMap::new();
        let mut units = Units::default();
        for (i, &position) in candidates.iter().enumerate() {
            let root = union.root(i);
            if conflicts.contains(&root) {
                units.train.push(position);
                continue;
            }
            let unit = *unit_of_root.entry(root).or_insert_with(|| {
                units.free.push(Unit::new());
                units.free.len() - 1
            });
            units.free[unit].push(position);
        }
        units
    }

    /// Sends a unit that is a class's only one to training: a class that was never trained on cannot be measured.
    pub fn keep_only_ones(&mut self, index: &Index) {
        let classes_of = |unit: &Unit| -> BTreeSet<u32> { unit.iter().map(|&i| index.photos[i].class).collect() };
        let mut units_of_class: HashMap<u32, usize> = HashMap::new();
        for class in self.free.iter().flat_map(classes_of) {
            *units_of_class.entry(class).or_default() += 1;
        }
        let holds_only_one = |unit: &Unit| classes_of(unit).iter().any(|class| units_of_class[class] == 1);
        let (kept, free): (Vec<Unit>, Vec<Unit>) = std::mem::take(&mut self.free).into_iter().partition(holds_only_one);
        self.free = free;
        self.train.extend(kept.into_iter().flatten());
    }
}
