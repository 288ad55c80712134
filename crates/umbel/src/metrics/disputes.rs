//! Which labels are probably wrong, by confident learning (Northcutt, Jiang and Chuang, "Confident Learning: Estimating
//! Uncertainty in Dataset Labels", JAIR 70, 2021).

use super::Answers;

/// A label that the answers dispute.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Dispute {
    /// Of the photo, in the answers.
    pub row: usize,
    /// The class that the photo is said to be of, and its probability.
    pub given: usize,
    pub given_probability: f64,
    /// The class that it rather is of, and its probability.
    pub suggested: usize,
    pub suggested_probability: f64,
}

impl Dispute {
    /// The normalized margin: probability of the given class minus that of the suggested one, -1 to 0. The lower, the
    /// surer the dispute.
    pub fn margin(&self) -> f64 {
        self.given_probability - self.suggested_probability
    }
}

impl Answers<'_> {
    /// The disputed labels, the surest first (by margin, then by row). The answers must come from a model that never
    /// learned these labels, or it will repeat them.
    ///
    /// A class is confidently suggested where its probability reaches the mean that photos labeled with it get for it;
    /// so a class that the model is never sure of is held to a lower bar. Of several such classes the most likely counts,
    /// and the label is disputed where that is another class, more likely than the given one.
    pub fn disputes(&self) -> Vec<Dispute> {
        let thresholds = self.mean_own_probability();
        let dispute = |(row, (given, probabilities)): (usize, (usize, &[f64]))| {
            let confident = (0..self.n_classes).filter(|&class| probabilities[class] >= thresholds[class]);
            // Of equals the first, as everywhere.
            let suggested = confident
                .reduce(|best, class| if probabilities[class] > probabilities[best] { class } else { best })?;
            let found = Dispute {
                row,
                given,
                given_probability: probabilities[given],
                suggested,
                suggested_probability: probabilities[suggested],
            };
            (suggested != given && found.margin() < 0.0).then_some(found)
        };
        let mut disputes: Vec<Dispute> = self.rows().enumerate().filter_map(dispute).collect();
        disputes.sort_by(|a, b| a.margin().total_cmp(&b.margin()).then(a.row.cmp(&b.row)));
        disputes
    }

    /// For each class, the mean probability that its own photos get for it; beyond any probability where it has none.
    fn mean_own_probability(&self) -> Vec<f64> {
        let (mut sums, mut counts) = (vec![0.0; self.n_classes], vec![0.0; self.n_classes]);
        for (label, row) in self.rows() {
            sums[label] += row[label];
            counts[label] += 1.0;
        }
        sums.iter().zip(counts).map(|(sum, n)| if n > 0.0 { sum / n } else { f64::INFINITY }).collect()
    }
}
