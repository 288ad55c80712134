//! Sets that are joined when two members turn out to belong together (union-find).

use std::collections::HashMap;
use std::hash::Hash;

/// Disjoint sets of 0..n; the root of a set is its smallest member.
pub struct Forest(Vec<usize>);

impl Forest {
    pub fn of(n: usize) -> Self {
        Forest((0..n).collect())
    }

    pub fn root(&mut self, mut of: usize) -> usize {
        while self.0[of] != of {
            self.0[of] = self.0[self.0[of]];
            of = self.0[of];
        }
        of
    }

    pub fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b);
    }

    /// Joins all that have the same key; what has none stays alone.
    pub fn join_equal<K: Hash + Eq>(&mut self, keys: impl Iterator<Item = Option<K>>) {
        let mut first: HashMap<K, usize> = HashMap::new();
        for (i, key) in keys.enumerate() {
            let Some(key) = key else { continue };
            let first = *first.entry(key).or_insert(i);
            self.join(first, i);
        }
    }

    /// The sets with more than one member.
    pub fn groups(mut self) -> Vec<Vec<usize>> {
        let mut groups: HashMap<usize, Vec<usize>> = HashMap::new();
        for member in 0..self.0.len() {
            groups.entry(self.root(member)).or_default().push(member);
        }
        groups.into_values().filter(|group| group.len() > 1).collect()
    }
}
