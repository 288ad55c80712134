//! The confusion matrix, and everything that follows from it alone.

use serde::{Deserialize, Serialize};

use super::Answers;

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
        let mut counts = Confusion::empty(answers.n_classes());
        for ((label, _), predicted) in answers.rows().zip(answers.predicted()) {
            counts.add(label, predicted);
        }
        counts
    }

    pub(super) fn empty(n_classes: usize) -> Self {
        Confusion { rows: vec![vec![0; n_classes]; n_classes] }
    }

    pub(super) fn add(&mut self, label: usize, predicted: usize) {
        self.rows[label][predicted] += 1;
    }

    pub(super) fn clear(&mut self) {
        self.rows.iter_mut().for_each(|row| row.fill(0));
    }

    /// Rows by true class.
    pub fn rows(&self) -> &[Vec<u64>] {
        &self.rows
    }

    /// All photos.
    pub fn images(&self) -> u64 {
        self.rows.iter().flatten().sum()
    }

    /// Share of the photos on the diagonal.
    pub fn accuracy(&self) -> f64 {
        share(self.right(), self.images())
    }

    /// Each class's figures.
    pub fn classes(&self) -> Vec<ClassScore> {
        let predicted = self.predicted();
        let figures = self.rows.iter().enumerate().map(|(class, row)| {
            let (right, support) = (row[class], row.iter().sum());
            ClassScore {
                precision: share(right, predicted[class]),
                recall: share(right, support),
                f1: share(2 * right, predicted[class] + support),
                support,
            }
        });
        figures.collect()
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
        let weights = self.predicted().into_iter().zip(&self.rows);
        self.means(weights.map(|(predicted, row)| u64::from(predicted + row.iter().sum::<u64>() > 0)).collect())
    }

    /// Means weighted by support.
    pub fn weighted_means(&self) -> Means {
        self.means(self.rows.iter().map(|row| row.iter().sum()).collect())
    }

    /// Mean recall of the classes that have a photo.
    pub fn balanced_accuracy(&self) -> f64 {
        self.means(self.rows.iter().map(|row| u64::from(row.iter().any(|count| *count > 0))).collect()).recall
    }

    /// Cohen's kappa (1960): agreement beyond chance, at most 1; NaN where only one class occurs, on both sides.
    pub fn kappa(&self) -> f64 {
        let images = self.images() as f64;
        let by_chance = self.rows.iter().zip(self.predicted()).map(|(row, predicted)| {
            let support: u64 = row.iter().sum();
            support as f64 * predicted as f64
        });
        let by_chance = by_chance.sum::<f64>() / (images * images);
        (self.accuracy() - by_chance) / (1.0 - by_chance)
    }

    fn right(&self) -> u64 {
        self.rows.iter().enumerate().map(|(class, row)| row[class]).sum()
    }

    /// Column sums.
    fn predicted(&self) -> Vec<u64> {
        (0..self.rows.len()).map(|class| self.rows.iter().map(|row| row[class]).sum()).collect()
    }

    fn means(&self, weights: Vec<u64>) -> Means {
        let total = weights.iter().sum::<u64>() as f64;
        let mut means = Means { precision: 0.0, recall: 0.0, f1: 0.0 };
        for (class, weight) in self.classes().iter().zip(&weights) {
            let weight = *weight as f64 / total;
            means.precision += weight * class.precision;
            means.recall += weight * class.recall;
            means.f1 += weight * class.f1;
        }
        means
    }
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
