//! Photos in the order of each class's probability, as far as one class against the rest needs it: only the probabilities of a class's
//! own photos part the others, of which those between two of them are counted.

use rayon::prelude::*;

use super::Answers;

/// Photos that follow each other when they are taken by falling probability: of one probability, or between two of the class's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Group {
    /// Photos of the class; they share one probability, also with the others of their group.
    pub own: usize,
    pub others: usize,
}

/// Photos that are counted at a time.
const BLOCK: usize = 256;

/// What parts the photos of one class.
struct Class {
    /// Of its own photos, each once, the highest first.
    probabilities: Vec<f64>,
    /// How many of its photos have each.
    own: Vec<usize>,
    /// Where its counts begin: above the first, at the first, between the first and the second, ...
    start: usize,
}

impl Answers<'_> {
    /// For each class, groups of photos, the highest probability first; all others in one group where no photo is of the class.
    pub(super) fn groups(&self) -> Vec<Vec<Group>> {
        let classes = self.classes();
        let n_counts = classes.last().map_or(0, |class| class.start + class.places());
        let rows: Vec<(usize, &[f64])> = self.rows().collect();
        let count = |block: &[(usize, &[f64])]| {
            let mut counts = vec![0usize; n_counts];
            for (label, row) in block {
                for (k, (class, p)) in classes.iter().zip(*row).enumerate() {
                    if k != *label {
                        counts[class.start + class.place(*p)] += 1;
                    }
                }
            }
            counts
        };
        // Whole numbers: however the sums come together, they are the same.
        let add = |mut sum: Vec<usize>, own: Vec<usize>| {
            sum.iter_mut().zip(own).for_each(|(sum, own)| *sum += own);
            sum
        };
        let counts = rows.par_chunks(BLOCK).map(count).reduce(|| vec![0; n_counts], add);
        classes.iter().map(|class| class.groups(&counts)).collect()
    }

    fn classes(&self) -> Vec<Class> {
        let mut all = vec![Vec::new(); self.n_classes()];
        self.rows().for_each(|(label, row)| all[label].push(row[label]));
        let mut start = 0;
        let class = |mut all: Vec<f64>| {
            all.sort_by(|a, b| b.total_cmp(a));
            let equals = || all.chunk_by(|a, b| a == b);
            let class = Class {
                probabilities: equals().map(|own| own[0]).collect(),
                own: equals().map(<[f64]>::len).collect(),
                start,
            };
            start += class.places();
            class
        };
        all.into_iter().map(class).collect()
    }
}

impl Class {
    fn places(&self) -> usize {
        2 * self.probabilities.len() + 1
    }

    fn place(&self, p: f64) -> usize {
        let higher = self.probabilities.partition_point(|own| *own > p);
        let is_equal = self.probabilities.get(higher).is_some_and(|own| *own == p);
        2 * higher + usize::from(is_equal)
    }

    fn groups(&self, counts: &[usize]) -> Vec<Group> {
        let of_place = |place: usize| Group {
            own: if place % 2 == 1 { self.own[place / 2] } else { 0 },
            others: counts[self.start + place],
        };
        (0..self.places()).map(of_place).filter(|group| group.own + group.others > 0).collect()
    }
}
