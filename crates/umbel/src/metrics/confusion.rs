//! The confusion matrix, and everything that follows from it alone.

use serde::{Deserialize, Serialize};

use super::Answers;
use super::tally::Tally;

/// Counts of photos by true class (row) and predicted class (column).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Confusion {
    rows: Vec<Vec<u64>>,
}

/// One class's figures. What would be divided by 0 is 0, as with scikit-learn's `zero_division=0`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ClassScore {
    /// Of the photos that were taken for this class, the share that is of it.
    pub precision: f64,
    /// Of the photos of this class, the share that was taken for it.
    pub recall: f64,
    /// Harmonic mean of both.
    pub f1: f64,
    /// Photos of this class.
    pub support: u64,
}

/// Means over the classes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Means {
    pub precision: f64,
    pub recall: f64,
    pub f1: f64,
}

/// Photos of one class that were taken for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Mistake {
    pub class: usize,
    pub taken_for: usize,
    pub images: u64,
    /// All photos of the class.
    pub of: u64,
}

impl Confusion {
    /// Counts the answers.
    pub fn new(answers: &Answers<'_>) -> Self {
        let n_classes = answers.n_classes();
        let mut rows = vec![vec![0; n_classes]; n_classes];
        for ((label, _), predicted) in answers.rows().zip(answers.predicted()) {
            rows[label][predicted] += 1;
        }
        Confusion { rows }
    }

    /// Rows by true class.
    pub fn rows(&self) -> &[Vec<u64>] {
        &self.rows
    }

    /// All photos.
    pub fn images(&self) -> u64 {
        self.tally().images()
    }

    /// Share of the photos on the diagonal.
    pub fn accuracy(&self) -> f64 {
        self.tally().accuracy()
    }

    /// Each class's figures.
    pub fn classes(&self) -> Vec<ClassScore> {
        self.tally().scores().collect()
    }

    /// All kinds of mistakes that were made: the most frequent first, of equally frequent ones that of the smallest class.
    pub fn mistakes(&self) -> Vec<Mistake> {
        let of_row = |(class, row): (usize, &Vec<u64>)| {
            let of = row.iter().sum();
            let mistakes = row.iter().enumerate().map(move |(taken_for, images)| Mistake {
                class,
                taken_for,
                images: *images,
                of,
            });
            mistakes.filter(|own| own.images > 0 && own.class != own.taken_for).collect::<Vec<_>>()
        };
        let mut mistakes: Vec<Mistake> = self.rows.iter().enumerate().flat_map(of_row).collect();
        mistakes.sort_by_key(|own| (std::cmp::Reverse(own.images), own.of, own.class, own.taken_for));
        mistakes
    }

    /// Unweighted means over the classes that have a photo or were predicted for one (scikit-learn's `macro`).
    pub fn macro_means(&self) -> Means {
        self.tally().macro_means()
    }

    /// Means weighted by support.
    pub fn weighted_means(&self) -> Means {
        self.tally().weighted_means()
    }

    /// Mean recall of the classes that have a photo.
    pub fn balanced_accuracy(&self) -> f64 {
        self.tally().balanced_accuracy()
    }

    /// Cohen's kappa (1960): agreement beyond chance, at most 1; NaN where only one class occurs, on both sides.
    pub fn kappa(&self) -> f64 {
        let tally = self.tally();
        let images = tally.images() as f64;
        let by_chance = tally.by_chance() / (images * images);
        (tally.accuracy() - by_chance) / (1.0 - by_chance)
    }

    /// What everything but the mistakes follows from.
    pub(super) fn tally(&self) -> Tally {
        let mut tally = Tally::empty(self.rows.len());
        for (label, row) in self.rows.iter().enumerate() {
            let said = row.iter().enumerate().filter(|(_, images)| **images > 0);
            said.for_each(|(predicted, images)| tally.add(label, predicted, *images));
        }
        tally
    }
}
