//! How good a last layer is on photos that it was not fitted on. Its loss is that before calibration: to choose by the loss after it
//! is no better, and worse with few photos, where the temperature follows their chances (benchmarks/RESULTS.md, "Few photos").

use crate::Result;
use crate::base::augmentation::Balance;
use crate::metrics::{Answers, Confusion, loss_once_calibrated, softmax};
use crate::train::{FitOptions, HeadFit, Monitor};

/// Its figures.
pub struct Judged {
    pub loss: f64,
    pub accuracy: f64,
    /// Where classes are balanced.
    pub balanced_accuracy: Option<f64>,
    /// Where epochs are compared by it.
    pub calibrated_loss: Option<f64>,
    /// The loss that chooses between strengths: where classes are balanced, its mean over the classes.
    pub chooses: f64,
}

impl Judged {
    /// Of rows of logits and their labels.
    pub fn new(classes: usize, logits: &[f32], labels: &[u32], options: &FitOptions) -> Result<Self> {
        let balance = options.balance;
        let balanced = balance != Balance::None;
        let probabilities = softmax(classes, logits, 1.0);
        let answers = Answers::new(labels, &probabilities, classes)?;
        let loss = answers.loss();
        Ok(Judged {
            loss,
            accuracy: answers.top_k_accuracy(1),
            calibrated_loss: match (options.head, options.monitor) {
                (HeadFit::First, Monitor::ValCalibratedLoss) => loss_once_calibrated(classes, logits, labels, balance),
                _ => None,
            },
            balanced_accuracy: balanced.then(|| Confusion::new(&answers).balanced_accuracy()),
            chooses: if balanced { answers.balanced_loss() } else { loss },
        })
    }
}
