//! What the network is asked to answer in training: labels, or shares of the classes where they are smoothed, mixed or
//! weighted.

use super::FitOptions;
use crate::base::augmentation::Balance;
use crate::data::{Batch, Dataset};
use crate::nn::Targets;

/// Makes a run's targets, batch after batch.
#[derive(Debug)]
pub(super) struct TargetMaker {
    smoothing: f32,
    /// Each class's weight in the loss.
    weights: Vec<f32>,
    /// Whether the labels are to be answered as they are.
    plain: bool,
    shares: Vec<f32>,
}

impl TargetMaker {
    /// For this training part.
    pub fn new(options: &FitOptions, train: &Dataset) -> Self {
        let weights = match options.balance {
            Balance::Loss => class_weights(train),
            Balance::None | Balance::Sample => vec![1.0; train.class_names().len()],
        };
        let plain = options.label_smoothing == 0.0 && options.mixing.is_off() && options.balance != Balance::Loss;
        TargetMaker { smoothing: options.label_smoothing as f32, weights, plain, shares: Vec::new() }
    }

    /// The targets of a batch: of each label 1, or of a mixed photo's two labels their shares; each times its class's weight;
    /// then smoothed, which keeps the row's sum.
    pub fn make<'a>(&'a mut self, batch: &'a Batch) -> Targets<'a> {
        if self.plain {
            return Targets::Labels(&batch.labels);
        }
        let classes = self.weights.len();
        self.shares.clear();
        self.shares.resize(batch.labels.len() * classes, 0.0);
        for (index, (row, &label)) in self.shares.chunks_exact_mut(classes).zip(&batch.labels).enumerate() {
            let partner = batch.partners.get(index).copied();
            let share = partner.map_or(0.0, |partner| partner.share);
            row[label as usize] += (1.0 - share) * self.weights[label as usize];
            if let Some(partner) = partner {
                row[partner.label as usize] += share * self.weights[partner.label as usize];
            }
            let even = self.smoothing * row.iter().sum::<f32>() / classes as f32;
            row.iter_mut().for_each(|value| *value = *value * (1.0 - self.smoothing) + even);
        }
        Targets::Shares(&self.shares)
    }
}

/// n / (classes · photos of the class); 0 for a class without photos, which never comes.
fn class_weights(train: &Dataset) -> Vec<f32> {
    let mut counts = vec![0usize; train.class_names().len()];
    train.samples.iter().for_each(|&(_, label)| counts[label as usize] += 1);
    let present = counts.iter().filter(|count| **count > 0).count();
    let even = train.len() as f64 / present.max(1) as f64;
    counts.iter().map(|&count| if count == 0 { 0.0 } else { (even / count as f64) as f32 }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::augment::mixing::Partner;

    fn maker(smoothing: f32, weights: &[f32]) -> TargetMaker {
        TargetMaker { smoothing, weights: weights.to_vec(), plain: false, shares: vec![9.0; 99] }
    }

    fn shares(mut maker: TargetMaker, batch: &Batch) -> Vec<f32> {
        match maker.make(batch) {
            Targets::Shares(shares) => shares.to_vec(),
            Targets::Labels(_) => panic!("labels"),
        }
    }

    #[test]
    fn labels_are_smoothed_mixed_and_weighted() {
        let batch = Batch { labels: vec![2, 0], ..Batch::default() };
        let smooth = shares(maker(0.3, &[1.0; 3]), &batch);
        [0.1, 0.1, 0.8, 0.8, 0.1, 0.1]
            .iter()
            .zip(&smooth)
            .for_each(|(e, s)| assert!((e - s).abs() < 1e-6, "{smooth:?}"));

        let partners = vec![Partner { label: 0, share: 0.25 }, Partner { label: 0, share: 0.4 }];
        let mixed = Batch { partners, ..batch };
        assert_eq!(shares(maker(0.0, &[1.0; 3]), &mixed), [0.25, 0.0, 0.75, 1.0, 0.0, 0.0]);
        assert_eq!(shares(maker(0.0, &[2.0, 1.0, 4.0]), &mixed), [0.5, 0.0, 3.0, 2.0, 0.0, 0.0]);
        // Smoothing keeps a row's weight.
        let all = shares(maker(0.3, &[2.0, 1.0, 4.0]), &mixed);
        assert!((all[..3].iter().sum::<f32>() - 3.5).abs() < 1e-6, "{all:?}");
    }
}
