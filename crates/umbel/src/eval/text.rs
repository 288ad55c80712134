//! An evaluation as a table for people.

use super::Evaluation;
use crate::base::shown::{cell, column};
use crate::metrics::{Calibration, SetScore, Trusted};

impl std::fmt::Display for Evaluation {
    /// The table for people.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let s = &self.scores;
        let width = column(s.classes.iter().map(|class| class.class.as_str()), 13);
        writeln!(f, "{:width$}  {:>9}  {:>9}  {:>9}  {:>7}", "class", "precision", "recall", "F1", "photos")?;
        let mut row = |name: &str, figures: [f64; 3], support: String| {
            let [precision, recall, f1] = figures;
            let name = cell(name, width);
            writeln!(f, "{name}  {precision:9.4}  {recall:9.4}  {f1:9.4}  {support:>7}")
        };
        for class in &s.classes {
            let score = class.score;
            row(&class.class, [score.precision, score.recall, score.f1], score.support.to_string())?;
        }
        for (name, means) in [("macro mean", s.macro_means), ("weighted mean", s.weighted_means)] {
            row(name, [means.precision, means.recall, means.f1], s.images.to_string())?;
        }
        writeln!(f)?;
        for (name, figure, interval) in [
            ("Accuracy", s.accuracy, Some(s.intervals.accuracy)),
            ("Balanced accuracy", s.balanced_accuracy, Some(s.intervals.balanced_accuracy)),
            ("Macro F1", s.macro_f1, Some(s.intervals.macro_f1)),
            ("Loss", s.loss, Some(s.intervals.loss)),
            ("Top-5 accuracy", s.top5_accuracy, None),
            ("Cohen's kappa", s.kappa, None),
            ("ROC AUC", s.roc_auc, None),
            ("Average precision", s.average_precision, None),
            ("Brier score", s.brier, None),
            ("Calibration error", s.ece, None),
        ] {
            let interval = interval.map_or(String::new(), |[low, high]| format!("  (95 %: {low:.4} to {high:.4})"));
            writeln!(f, "{name:18}  {figure:.4}{interval}")?;
        }
        if let Some(views) = self.views {
            writeln!(f, "Probabilities are means over {views} looks at each photo.")?;
        }
        if let Some(Calibration { temperature, images }) = self.calibration {
            let before = self.uncalibrated;
            writeln!(
                f,
                "Confidence is calibrated: temperature {temperature:.3}, fitted on {images} photos; without it the loss \
                 would be {:.4}, the calibration error {:.4}.",
                before.loss, before.ece
            )?;
        }
        self.relied_on(f)
    }
}

impl Evaluation {
    /// What is mistaken for what, and how far sets and confidence can be relied on.
    fn relied_on(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.most_mistaken.is_empty() {
            let mistaken: Vec<String> = self.most_mistaken.iter().map(ToString::to_string).collect();
            writeln!(f, "Most often mistaken: {}.", mistaken.join(", "))?;
        }
        for SetScore { level, coverage, mean_size } in &self.sets {
            writeln!(
                f,
                "Sets that are to hold the right class of {:.0} % of photos do so for {:.1} % ({mean_size:.2} classes on \
                 average).",
                100.0 * level,
                100.0 * coverage
            )?;
        }
        for Trusted { asked, confidence, right, answered } in &self.trusted {
            let (confidence, answered) = (100.0 * confidence, 100.0 * answered);
            // Not a number where there is no such answer.
            let right =
                if right.is_nan() { "there is none".into() } else { format!("{:.1} % are right", 100.0 * right) };
            writeln!(
                f,
                "Of answers with at least {confidence:.1} % confidence, {right}; that is {answered:.1} % of the photos (chosen \
                 for {:.0} % by photos that judged the model).",
                100.0 * asked
            )?;
        }
        Ok(())
    }
}
