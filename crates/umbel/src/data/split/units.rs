//! What must not be torn apart: exact copies of a photo, and photos of one group. A split deals out whole units.

use std::collections::{BTreeSet, HashMap};
use std::hash::Hash;

use super::{Cache, Index};

/// Photos that go to one side together, rising.
pub type Unit = Vec<usize>;

/// The units of some photos.
#[derive(Debug, Default)]
pub struct Units {
    /// To be dealt out, in the order of their first photos.
    pub free: Vec<Unit>,
    /// Photos that train whatever the split: units in which copies of one photo lie in different classes. One of their
    /// labels is wrong, so a measurement on them would be too.
    pub train: Vec<usize>,
}

impl Units {
    /// The units of `candidates` (rising). `keys` gives each candidate's group; without it, only copies are joined.
    pub fn new(index: &Index, cache: &Cache, candidates: &[usize], keys: Option<&[String]>) -> Self {
        let digests: Vec<Option<[u8; 32]>> = candidates.iter().map(|&position| cache.digest(position)).collect();
        let mut union = Union::new(candidates.len());
        let conflicts = union.join_copies(&digests, |i| index.photos[candidates[i]].class);
        if let Some(keys) = keys {
            union.join_equal(keys.iter().map(Some));
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

/// Disjoint sets of 0..n; the root of a set is its smallest member.
struct Union {
    parent: Vec<usize>,
}

impl Union {
    fn new(n: usize) -> Self {
        Union { parent: (0..n).collect() }
    }

    fn root(&mut self, mut i: usize) -> usize {
        while self.parent[i] != i {
            self.parent[i] = self.parent[self.parent[i]];
            i = self.parent[i];
        }
        i
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.parent[a.max(b)] = a.min(b);
    }

    /// Joins all that have the same key; what has none stays alone.
    fn join_equal<K: Hash + Eq>(&mut self, keys: impl Iterator<Item = Option<K>>) {
        let mut first: HashMap<K, usize> = HashMap::new();
        for (i, key) in keys.enumerate() {
            let Some(key) = key else { continue };
            let first = *first.entry(key).or_insert(i);
            self.join(first, i);
        }
    }

    /// Joins copies, and names one member of each set of copies that lies in more than one class.
    fn join_copies(&mut self, digests: &[Option<[u8; 32]>], class: impl Fn(usize) -> u32) -> Vec<usize> {
        self.join_equal(digests.iter().copied());
        (0..digests.len()).filter(|&i| class(self.root(i)) != class(i)).collect()
    }
}
