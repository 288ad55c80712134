//! What the probabilities themselves are worth: loss, Brier score, calibration error.

use serde::Serialize;

use super::{Answers, most_likely};

/// Bins of the calibration error, of equal width.
pub const BINS: usize = 15;

/// The answers whose confidence lies in one bin: above `low`, up to `high`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[allow(missing_docs)]
pub struct Bin {
    pub low: f64,
    pub high: f64,
    pub images: usize,
    /// Mean confidence; 0 where the bin is empty.
    pub confidence: f64,
    /// Share that is right; 0 where the bin is empty.
    pub accuracy: f64,
}

impl Answers<'_> {
    /// Share of the photos whose class is among the `k` most likely; of equals, the first classes count as more likely.
    pub fn top_k_accuracy(&self, k: usize) -> f64 {
        let ahead = |label: usize, row: &[f64]| {
            row.iter()
                .enumerate()
                .filter(|(class, p)| **p > row[label] || (**p == row[label] && *class < label))
                .count()
        };
        self.mean(|label, row| f64::from(u8::from(ahead(label, row) < k)))
    }

    /// Mean negative logarithm of the true class's probability (a probability of 0 counts as the smallest number).
    pub fn loss(&self) -> f64 {
        self.mean(|label, row| -row[label].max(f64::MIN_POSITIVE).ln())
    }

    /// The same as the unweighted mean over the classes that have a photo.
    pub fn balanced_loss(&self) -> f64 {
        let mut sums = vec![(0.0, 0usize); self.n_classes()];
        for (label, row) in self.rows() {
            sums[label].0 -= row[label].max(f64::MIN_POSITIVE).ln();
            sums[label].1 += 1;
        }
        let means = || sums.iter().filter(|(_, photos)| *photos > 0).map(|(sum, photos)| sum / *photos as f64);
        means().sum::<f64>() / means().count() as f64
    }

    /// The Brier score (1950): squared differences to the truth summed over the classes, mean over the photos; 0 to 2.
    pub fn brier(&self) -> f64 {
        self.mean(|label, row| {
            let squares = row.iter().enumerate().map(|(class, p)| (p - f64::from(u8::from(class == label))).powi(2));
            squares.sum()
        })
    }

    /// The answers by confidence: [`BINS`] bins from 0 to 1.
    pub fn bins(&self) -> Vec<Bin> {
        let mut bins: Vec<Bin> = (0..BINS)
            .map(|k| Bin { low: k as f64 / BINS as f64, high: (k + 1) as f64 / BINS as f64, ..Bin::default() })
            .collect();
        for (label, row) in self.rows() {
            let predicted = most_likely(row);
            let confidence = row[predicted];
            let k = bins.iter().position(|bin| confidence <= bin.high).unwrap_or(BINS - 1);
            bins[k].images += 1;
            bins[k].confidence += confidence;
            bins[k].accuracy += f64::from(u8::from(predicted == label));
        }
        for bin in &mut bins {
            bin.confidence /= bin.images.max(1) as f64;
            bin.accuracy /= bin.images.max(1) as f64;
        }
        bins
    }

    /// Expected calibration error (Guo et al., 2017): how far confidence and accuracy lie apart, mean over the photos.
    pub fn ece(&self) -> f64 {
        let gaps = self.bins().into_iter().map(|bin| bin.images as f64 * (bin.confidence - bin.accuracy).abs());
        gaps.sum::<f64>() / self.images() as f64
    }

    fn mean(&self, value: impl Fn(usize, &[f64]) -> f64) -> f64 {
        self.rows().map(|(label, row)| value(label, row)).sum::<f64>() / self.images() as f64
    }
}
