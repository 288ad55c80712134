//! Which labels are probably wrong, by confident learning (Northcutt, Jiang and Chuang, "Confident Learning: Estimating
//! Uncertainty in Dataset Labels", JAIR 70, 2021): how many labels of each class are really of which other is estimated, and so
//! many are disputed. Held to cleanlab by a golden file.

use super::{Answers, most_likely};

/// A label that the answers dispute.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct Dispute {
    /// Of the photo, in the answers.
    pub row: usize,
    /// The class that the photo is said to be of, and its probability: the lower, the surer the dispute.
    pub given: usize,
    pub given_probability: f64,
    /// The most likely class, and its probability.
    pub suggested: usize,
    pub suggested_probability: f64,
}

/// A class is confidently told where its probability is short of its bar by no more than this.
const SLACK: f64 = 1e-6;

impl Answers<'_> {
    /// The disputed labels, the surest first: by the probability of the given class, then by row. The answers must come from a model
    /// that never learned these labels, or it will repeat them.
    ///
    /// A label is disputed where another class is likelier, where its own is among the least likely of its class, as many of them as
    /// are estimated to be wrong, and where it is among those that are most like some other class, as many as are estimated to be of
    /// that one (the paper's pruning by class and by noise rate, both).
    pub fn disputes(&self) -> Vec<Dispute> {
        let rows: Vec<(usize, &[f64])> = self.rows().collect();
        let mut of_class = vec![Vec::new(); self.n_classes];
        rows.iter().enumerate().for_each(|(row, (given, _))| of_class[*given].push(row));
        let joint = self.joint(&of_class);
        let mut disputes = Vec::new();
        for (given, (own, joint)) in of_class.iter().zip(&joint).enumerate() {
            if own.len() < 2 {
                continue;
            }
            let wrong = own.len() - joint[given].clamp(1, own.len());
            let by_class = lowest(own, wrong, |row| rows[row].1[given]);
            let others = (0..self.n_classes).filter(|&other| other != given && joint[other] > 0);
            let mut by_rate: Vec<usize> = others
                .flat_map(|other| lowest(own, joint[other], |row| rows[row].1[given] - rows[row].1[other]))
                .collect();
            by_rate.sort_unstable();
            for row in by_class.into_iter().filter(|row| by_rate.binary_search(row).is_ok()) {
                let (_, probabilities) = rows[row];
                let suggested = most_likely(probabilities);
                if suggested != given {
                    let [given_probability, suggested_probability] = [given, suggested].map(|c| probabilities[c]);
                    disputes.push(Dispute { row, given, given_probability, suggested, suggested_probability });
                }
            }
        }
        disputes.sort_by(|a, b| a.given_probability.total_cmp(&b.given_probability).then(a.row.cmp(&b.row)));
        disputes
    }

    /// For each class, how many of the photos that are said to be of it are estimated to be of which: the confident joint, scaled so that
    /// each class has as many as there are.
    ///
    /// A class is confidently told where its probability reaches the mean that photos labeled with it get for it; so a class that
    /// the model is never sure of is held to a lower bar. Where several are, the most likely counts.
    fn joint(&self, of_class: &[Vec<usize>]) -> Vec<Vec<usize>> {
        let bars = self.mean_own_probability();
        let mut counts = vec![vec![0usize; self.n_classes]; self.n_classes];
        for (given, probabilities) in self.rows() {
            let mut confident = (0..self.n_classes).filter(|&class| probabilities[class] >= bars[class] - SLACK);
            match (confident.next(), confident.next()) {
                (Some(class), None) => counts[given][class] += 1,
                (Some(_), Some(_)) => counts[given][most_likely(probabilities)] += 1,
                (None, _) => {}
            }
        }
        for (class, counts) in counts.iter_mut().enumerate() {
            counts[class] = counts[class].max(1);
        }
        counts.iter().zip(of_class).map(|(counts, own)| scaled(counts, own.len())).collect()
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

/// So many of these rows, those with the lowest values; of equals the first.
fn lowest(rows: &[usize], count: usize, value: impl Fn(usize) -> f64) -> Vec<usize> {
    let mut rows = rows.to_vec();
    rows.sort_by(|&a, &b| value(a).total_cmp(&value(b)).then(a.cmp(&b)));
    rows.truncate(count);
    rows
}

/// Counts in the same proportion that sum to `total`: rounded, and then moved by one where rounding has taken or given most.
fn scaled(counts: &[usize], total: usize) -> Vec<usize> {
    let sum = counts.iter().sum::<usize>().max(1) as f64;
    let exact: Vec<f64> = counts.iter().map(|&count| count as f64 / sum * total as f64).collect();
    let mut whole: Vec<usize> = exact.iter().map(|value| value.round_ties_even() as usize).collect();
    let short = |class: usize, whole: &[usize]| exact[class] - whole[class] as f64;
    let classes = 0..counts.len();
    while whole.iter().sum::<usize>() < total {
        let most = classes.clone().reduce(|a, b| if short(b, &whole) > short(a, &whole) { b } else { a });
        most.into_iter().for_each(|class| whole[class] += 1);
    }
    while whole.iter().sum::<usize>() > total {
        let least = classes.clone().filter(|&class| whole[class] > 0);
        let least = least.reduce(|a, b| if short(b, &whole) < short(a, &whole) { b } else { a });
        least.into_iter().for_each(|class| whole[class] -= 1);
    }
    whole
}
