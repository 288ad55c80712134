//! How well the probabilities rank photos: areas under the ROC and the precision-recall curve, one class against the rest.

use super::Answers;

impl Answers<'_> {
    /// Area under the ROC curve of each class against all others (ties count one half); NaN where all photos or none are
    /// of the class.
    pub fn roc_auc(&self) -> Vec<f64> {
        (0..self.n_classes()).map(|class| roc_auc(&self.ranked(class))).collect()
    }

    /// Average precision of each class against all others, without interpolation; NaN where no photo is of the class.
    pub fn average_precision(&self) -> Vec<f64> {
        (0..self.n_classes()).map(|class| average_precision(&self.ranked(class))).collect()
    }

    /// Groups of photos of one probability, the highest first: (photos of the class, others).
    fn ranked(&self, class: usize) -> Vec<(f64, f64)> {
        let mut photos: Vec<(f64, bool)> = self.rows().map(|(label, row)| (row[class], label == class)).collect();
        photos.sort_by(|a, b| b.0.total_cmp(&a.0));
        let groups = photos.chunk_by(|a, b| a.0 == b.0).map(|group| {
            let own = group.iter().filter(|(_, own)| *own).count();
            (own as f64, (group.len() - own) as f64)
        });
        groups.collect()
    }
}

/// Mean of the numbers that are numbers; NaN where there is none.
pub(super) fn mean_of_known(values: &[f64]) -> f64 {
    let known = || values.iter().filter(|value| value.is_finite());
    known().sum::<f64>() / known().count() as f64
}

fn roc_auc(groups: &[(f64, f64)]) -> f64 {
    let (own, others) = totals(groups);
    let (mut seen, mut area) = (0.0, 0.0);
    for (group_own, group_others) in groups {
        area += group_others * (seen + group_own / 2.0);
        seen += group_own;
    }
    area / (own * others)
}

fn average_precision(groups: &[(f64, f64)]) -> f64 {
    let (own, _) = totals(groups);
    let (mut seen, mut right, mut sum) = (0.0, 0.0, 0.0);
    for (group_own, group_others) in groups {
        seen += group_own + group_others;
        right += group_own;
        sum += group_own / own * (right / seen);
    }
    if own > 0.0 { sum } else { f64::NAN }
}

fn totals(groups: &[(f64, f64)]) -> (f64, f64) {
    groups.iter().fold((0.0, 0.0), |(own, others), group| (own + group.0, others + group.1))
}
