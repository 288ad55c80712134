//! Which photos are worth a look: the worst mistakes, the least sure answers, and the most typical photos of a class. All
//! give positions among the photos, so that whoever asks can name and show them.

use super::{Answers, most_likely};

impl Answers<'_> {
    /// The photos that were answered wrongly, the highest loss (the lowest probability of the true class) first; at most
    /// `most`. Of equals, in their order.
    pub fn worst_mistakes(&self, most: usize) -> Vec<usize> {
        let wrong = self.rows().enumerate().filter(|(_, (label, row))| most_likely(row) != *label);
        lowest(wrong.map(|(place, (label, row))| (row[label], place)), most)
    }

    /// The photos whose two most likely classes lie closest together, right or wrong; at most `most`. None where there
    /// is one class only.
    pub fn least_sure(&self, most: usize) -> Vec<usize> {
        lowest(self.rows().enumerate().filter_map(|(place, (_, row))| Some((margin(row)?, place))), most)
    }

    /// The photos of `class` that were answered rightly, the surest first; at most `most`.
    pub fn most_typical(&self, class: usize, most: usize) -> Vec<usize> {
        let right = self.rows().enumerate().filter(|(_, (label, row))| *label == class && most_likely(row) == class);
        lowest(right.map(|(place, (_, row))| (-row[class], place)), most)
    }
}

/// How far the most likely class is ahead of the second.
fn margin(row: &[f64]) -> Option<f64> {
    let first = most_likely(row);
    let others = row.iter().enumerate().filter(|(class, _)| *class != first).map(|(_, p)| *p);
    let second = others.fold(None, |best: Option<f64>, p| Some(best.map_or(p, |best| best.max(p))))?;
    Some(row[first] - second)
}

/// The places of the lowest values.
fn lowest(values: impl Iterator<Item = (f64, usize)>, most: usize) -> Vec<usize> {
    let mut values: Vec<(f64, usize)> = values.collect();
    values.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    values.into_iter().take(most).map(|(_, place)| place).collect()
}
