//! What is said of a run beside others: its gap between training and validation, over-fitting, leaks.

use super::compare::{ComparedRun, OVERFIT_ACCURACY_GAP, OVERFIT_LOSS_RISE, decimal};
use crate::base::lang::Lang;

impl ComparedRun {
    /// The gap between training and validation, and whether it is over-fitting.
    pub(super) fn gap_in_words(&self, lang: Lang) -> String {
        if let Some(strength) = self.l2 {
            return lang.tell(
                "{run} fits a last layer to convergence at each of {number} strengths of L2 regularization, the strongest first: the \
                 weaker, the closer it comes to its own photos, which says nothing of others. The strength with the lowest loss on \
                 photos that the layer was not fitted on is kept: {strength}.",
                &[("run", &self.run), ("number", &self.epochs), ("strength", &strength)],
            );
        }
        self.verdict(lang).unwrap_or_else(|| {
            lang.tell(
                "After the last epoch, {run} is right on {training} % of the photos it was trained on (measured while it trained, \
                 under augmentation and dropout where it has them) and on {validation} % of those it has not seen. It is not taken \
                 for over-fitting: {takes}.",
                &[
                    ("run", &self.run),
                    ("training", &points(self.accuracy)),
                    ("validation", &points(self.val_accuracy)),
                    ("takes", &over_fitting_takes(lang)),
                ],
            )
        })
    }

    /// What the figures mean, for a run that over-fits.
    pub(super) fn verdict(&self, lang: Lang) -> Option<String> {
        self.overfits.then(|| {
            lang.tell(
                "{run} over-fits: it is right on {training} % of the photos it was trained on, but only on {validation} % of those it \
                 has not seen, and its validation loss has risen from {lowest} (epoch {epoch}) to {loss}.",
                &[
                    ("run", &self.run),
                    ("training", &points(self.accuracy)),
                    ("validation", &points(self.val_accuracy)),
                    ("lowest", &decimal(self.lowest_val_loss)),
                    ("epoch", &self.lowest_val_loss_epoch),
                    ("loss", &decimal(self.val_loss)),
                ],
            )
        })
    }

    /// What there is to say of leaks, if there are any.
    pub(super) fn leaks_in_words(&self) -> Option<String> {
        let (photos, show) = match self.val_leaks? {
            0 => return None,
            1 => ("1 validation photo".to_string(), "shows"),
            many => (format!("{many} validation photos"), "show"),
        };
        Some(format!(
            "{photos} of {} {show} the same as a training photo: its figures are better than they should be.",
            self.run
        ))
    }
}

/// What has to come together.
pub(super) fn over_fitting_takes(lang: Lang) -> String {
    lang.tell(
        "that takes a gap of more than {gap} points and a validation loss that has risen by {rise} % from its lowest",
        &[("gap", &(100.0 * OVERFIT_ACCURACY_GAP).round()), ("rise", &(100.0 * OVERFIT_LOSS_RISE).round())],
    )
}

/// A share in percent, without its sign.
fn points(share: f64) -> String {
    format!("{:.1}", 100.0 * share)
}
