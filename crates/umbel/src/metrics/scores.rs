//! All figures together, as metrics.json and `umbel eval --json` hold them.

use serde::{Deserialize, Serialize};

use super::ranking::mean_of_known;
use super::{Answers, ClassScore, Confusion, Intervals, Means, defined_or_nan, intervals};

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
        let (roc_auc, average_precision) = (answers.roc_auc(), answers.average_precision());
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
}
