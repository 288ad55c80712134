//! How well the probabilities rank photos: areas under the ROC and the precision-recall curve, one class against the rest.

use super::Answers;
use super::one_vs_rest::Group;

/// Areas of every class against all others.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Areas {
    pub roc: Vec<f64>,
    pub average_precision: Vec<f64>,
}

impl Answers<'_> {
    /// Area under the ROC curve of each class against all others (ties count one half); NaN where all photos or none are
    /// of the class.
    pub fn roc_auc(&self) -> Vec<f64> {
        self.areas().roc
    }

    /// Average precision of each class against all others, without interpolation; NaN where no photo is of the class.
    pub fn average_precision(&self) -> Vec<f64> {
        self.areas().average_precision
    }

    /// Both at once: what they follow from is the same.
    pub(super) fn areas(&self) -> Areas {
        let groups = self.groups();
        Areas {
            roc: groups.iter().map(|own| roc_auc(own)).collect(),
            average_precision: groups.iter().map(|own| average_precision(own)).collect(),
        }
    }
}

/// Mean of the numbers that are numbers; NaN where there is none.
pub(super) fn mean_of_known(values: &[f64]) -> f64 {
    let known = || values.iter().filter(|value| value.is_finite());
    known().sum::<f64>() / known().count() as f64
}

fn roc_auc(groups: &[Group]) -> f64 {
    let (own, others) = totals(groups);
    let (mut seen, mut area) = (0.0, 0.0);
    for group in groups {
        area += group.others as f64 * (seen + group.own as f64 / 2.0);
        seen += group.own as f64;
    }
    area / (own * others)
}

fn average_precision(groups: &[Group]) -> f64 {
    let (own, _) = totals(groups);
    let (mut seen, mut right, mut sum) = (0.0, 0.0, 0.0);
    for group in groups {
        seen += (group.own + group.others) as f64;
        right += group.own as f64;
        sum += group.own as f64 / own * (right / seen);
    }
    if own > 0.0 { sum } else { f64::NAN }
}

/// Photos of the class, and others.
pub(super) fn totals(groups: &[Group]) -> (f64, f64) {
    let sum = |value: fn(&Group) -> usize| groups.iter().map(value).sum::<usize>() as f64;
    (sum(|group| group.own), sum(|group| group.others))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::{Purpose, Stream};

    /// By all photos sorted anew for each class, as it was once computed: classes times photos times their logarithm.
    fn slowly(answers: &Answers<'_>) -> Areas {
        let of = |class: usize| {
            let mut photos: Vec<(f64, bool)> =
                answers.rows().map(|(label, row)| (row[class], label == class)).collect();
            photos.sort_by(|a, b| b.0.total_cmp(&a.0));
            let groups = photos.chunk_by(|a, b| a.0 == b.0).map(|group| {
                let own = group.iter().filter(|(_, own)| *own).count();
                Group { own, others: group.len() - own }
            });
            groups.collect::<Vec<_>>()
        };
        let all: Vec<Vec<Group>> = (0..answers.n_classes()).map(of).collect();
        Areas {
            roc: all.iter().map(|own| roc_auc(own)).collect(),
            average_precision: all.iter().map(|own| average_precision(own)).collect(),
        }
    }

    #[test]
    fn areas_are_to_the_last_bit_what_sorting_all_photos_gives() {
        let mut random = Stream::new(8, Purpose::Demo, 0, 0);
        for (classes, photos, steps) in [(2, 1, 5), (3, 40, 4), (5, 700, 1_000_000), (30, 900, 60), (40, 33, 7)] {
            // Few steps give ties; with many classes some have no photo.
            let labels: Vec<u32> = (0..photos).map(|_| random.below(classes) as u32).collect();
            let rows: Vec<f64> = (0..photos * classes).map(|_| random.below(steps) as f64 / steps as f64).collect();
            let answers = Answers::new(&labels, &rows, classes).unwrap();
            let bits = |areas: &Areas| -> Vec<u64> {
                areas.roc.iter().chain(&areas.average_precision).map(|area| area.to_bits()).collect()
            };
            assert_eq!(bits(&answers.areas()), bits(&slowly(&answers)), "{classes} classes, {photos} photos");
        }
    }
}
