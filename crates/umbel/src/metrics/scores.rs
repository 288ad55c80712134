//! All figures together, as metrics.json and `umbel eval --json` hold them.

use serde::{Deserialize, Serialize};

use super::ranking::{Areas, mean_of_known};
use super::{Answers, ClassScore, Confusion, Intervals, Means, Mistake, defined_or_nan, intervals};
use crate::base::mistaken::Mistaken;

/// Everything that is measured. A figure that is not defined (one class only, say) is NaN, and null in JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Scores {
    pub images: usize,
    pub accuracy: f64,
    pub loss: f64,
    /// Of fewer than five classes: 1.
    pub top5_accuracy: f64,
    pub balanced_accuracy: f64,
    /// Cohen's.
    #[serde(deserialize_with = "defined_or_nan")]
    pub kappa: f64,
    pub macro_f1: f64,
    #[serde(rename = "macro")]
    pub macro_means: Means,
    #[serde(rename = "weighted")]
    pub weighted_means: Means,
    /// One class against the rest, unweighted mean over the classes for which it is defined.
    #[serde(deserialize_with = "defined_or_nan")]
    pub roc_auc: f64,
    /// The same of the average precision.
    #[serde(deserialize_with = "defined_or_nan")]
    pub average_precision: f64,
    /// Summed over the classes: 0 to 2.
    pub brier: f64,
    pub ece: f64,
    /// 95 %: of the accuracy Wilson's, of the others by the bootstrap.
    pub intervals: Intervals,
    pub classes: Vec<NamedScore>,
    /// Rows: true class; columns: predicted class.
    pub confusion: Confusion,
}

/// A class's figures with its name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct NamedScore {
    pub class: String,
    #[serde(flatten)]
    pub score: ClassScore,
    #[serde(deserialize_with = "defined_or_nan")]
    pub roc_auc: f64,
    #[serde(deserialize_with = "defined_or_nan")]
    pub average_precision: f64,
}

/// So many kinds of mistakes are told of.
const MOST_MISTAKEN: usize = 3;

/// What calibration is about to change.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Certainty {
    pub loss: f64,
    pub ece: f64,
    pub brier: f64,
}

impl Certainty {
    /// Measures.
    pub fn new(answers: &Answers<'_>) -> Self {
        Certainty { loss: answers.loss(), ece: answers.ece(), brier: answers.brier() }
    }
}

impl Scores {
    /// Measures; `names` are the class names (missing ones are told by number), `seed` that of the intervals.
    pub fn new(answers: &Answers<'_>, names: &[String], seed: u64) -> Self {
        let confusion = Confusion::new(answers);
        let Areas { roc: roc_auc, average_precision } = answers.areas();
        let Certainty { loss, ece, brier } = Certainty::new(answers);
        let macro_means = confusion.macro_means();
        let classes = confusion.classes().into_iter().enumerate().map(|(k, score)| NamedScore {
            class: names.get(k).cloned().unwrap_or_else(|| k.to_string()),
            score,
            roc_auc: roc_auc[k],
            average_precision: average_precision[k],
        });
        Scores {
            images: answers.images(),
            accuracy: confusion.accuracy(),
            loss,
            top5_accuracy: answers.top_k_accuracy(5),
            balanced_accuracy: confusion.balanced_accuracy(),
            kappa: confusion.kappa(),
            macro_f1: macro_means.f1,
            macro_means,
            weighted_means: confusion.weighted_means(),
            roc_auc: mean_of_known(&roc_auc),
            average_precision: mean_of_known(&average_precision),
            brier,
            ece,
            intervals: intervals(answers, seed),
            classes: classes.collect(),
            confusion,
        }
    }

    /// The mistakes that matter most: the most frequent one, and others at least half as frequent; none where no kind was made twice.
    pub fn most_mistaken(&self) -> Vec<Mistaken> {
        let mistakes = self.confusion.mistakes();
        let most = mistakes.first().map_or(0, |own| own.images);
        let matters = |own: &&Mistake| own.images > 1 && 2 * own.images >= most;
        let name = |class: usize| self.classes.get(class).map_or(String::new(), |own| own.class.clone());
        let named = |own: &Mistake| Mistaken {
            class: name(own.class),
            taken_for: name(own.taken_for),
            images: own.images,
            of: own.of,
        };
        mistakes.iter().filter(matters).take(MOST_MISTAKEN).map(named).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mistakes_that_matter_are_named() {
        // Ten a, of which four are taken for b and one for c; five b, two of them for a; six c, two of them for b.
        let counts = [[5, 4, 1], [2, 3, 0], [0, 2, 4]];
        let (mut labels, mut rows) = (Vec::new(), Vec::new());
        for (label, row) in counts.iter().enumerate() {
            for (said, count) in row.iter().enumerate() {
                labels.extend(vec![label as u32; *count]);
                rows.extend([0, 1, 2].map(|class| f64::from(u8::from(class == said))).repeat(*count));
            }
        }
        let scores = Scores::new(&Answers::new(&labels, &rows, 3).unwrap(), &["a", "b", "c"].map(String::from), 1);
        let told: Vec<String> = scores.most_mistaken().iter().map(ToString::to_string).collect();
        assert_eq!(told, ["a for b (4 of 10)", "b for a (2 of 5)", "c for b (2 of 6)"]);
        let once = Scores::new(&Answers::new(&[0, 0], &[0.0, 1.0, 1.0, 0.0], 2).unwrap(), &[], 1);
        assert_eq!(once.most_mistaken(), [], "one mistake is no kind");
    }
}
