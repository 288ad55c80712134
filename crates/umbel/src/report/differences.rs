//! What tells runs apart: their answers about the same validation photos, and their settings.

use std::collections::HashMap;

use serde::Serialize;

use crate::Result;
use crate::metrics::{Answers, PairedDifference, holm, paired_difference};
use crate::run::{Predictions, RunRecords};

/// A difference is called larger than chance where it would come by chance in fewer cases than this.
pub const CHANCE: f64 = 0.05;

/// How a run differs from another on the photos that both validated on.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[allow(missing_docs)]
pub struct Difference {
    pub first: String,
    pub second: String,
    #[serde(flatten)]
    pub paired: PairedDifference,
    /// `p`, corrected for the number of differences looked at (Holm).
    pub p_corrected: f64,
    /// By [`CHANCE`].
    pub larger_than_chance: bool,
}

/// A setting that is not the same in all runs; `None` where a run does not have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct DifferingSetting {
    pub setting: String,
    pub values: Vec<Option<String>>,
}

/// Of every two runs that can be paired; and why others cannot.
pub(super) fn differences(runs: &[(String, RunRecords)]) -> Result<(Vec<Difference>, Vec<String>)> {
    let (mut found, mut notes) = (Vec::new(), Vec::new());
    for (name, run) in runs {
        if run.predictions.is_none() {
            notes.push(format!(
                "{name} has no predictions.csv (it has not ended, or an older umbel made it), so its answers cannot be \
                 compared photo by photo."
            ));
        }
    }
    for (k, (first, one)) in runs.iter().enumerate() {
        for (second, two) in &runs[k + 1..] {
            let (Some(a), Some(b)) = (&one.predictions, &two.predictions) else { continue };
            let Some(common) = Common::of(a, b) else {
                notes.push(format!(
                    "{first} and {second} cannot be paired: they have no validation photo in common, or not the same classes."
                ));
                continue;
            };
            let images = common.labels.len();
            if images < a.paths.len() || images < b.paths.len() {
                notes.push(format!(
                    "The validation parts of {first} and {second} differ: they are paired on the {images} photos that both \
                     have, of {} and {}.",
                    a.paths.len(),
                    b.paths.len()
                ));
            }
            let paired = common.difference(one.seed())?;
            let (first, second) = (first.clone(), second.clone());
            found.push(Difference { first, second, paired, p_corrected: 1.0, larger_than_chance: false });
        }
    }
    let corrected = holm(&found.iter().map(|difference| difference.paired.p).collect::<Vec<_>>());
    for (difference, p) in found.iter_mut().zip(corrected) {
        difference.p_corrected = p;
        difference.larger_than_chance = p < CHANCE;
    }
    Ok((found, notes))
}

/// The answers of two models about the photos that both have, in one order.
struct Common {
    n_classes: usize,
    labels: Vec<u32>,
    probabilities: [Vec<f64>; 2],
}

impl Common {
    /// `None` where there is no such photo, or the classes are not the same. Photos that lie in another class now are
    /// left out.
    fn of(first: &Predictions, second: &Predictions) -> Option<Self> {
        let place = |class: &String| second.classes.iter().position(|other| other == class);
        let places: Vec<usize> = first.classes.iter().map(place).collect::<Option<_>>()?;
        let n_classes = first.classes.len();
        if second.classes.len() != n_classes {
            return None;
        }
        let others: HashMap<&str, usize> =
            second.paths.iter().enumerate().map(|(k, path)| (path.as_str(), k)).collect();
        let mut common = Common { n_classes, labels: Vec::new(), probabilities: Default::default() };
        for (k, path) in first.paths.iter().enumerate() {
            let Some(&other) = others.get(path.as_str()) else { continue };
            let (own, label) = (k * n_classes..(k + 1) * n_classes, first.labels[k]);
            if second.labels[other] as usize != places[label as usize] {
                continue;
            }
            let row = &second.probabilities[other * n_classes..(other + 1) * n_classes];
            common.labels.push(label);
            common.probabilities[0].extend(&first.probabilities[own]);
            common.probabilities[1].extend(places.iter().map(|place| row[*place]));
        }
        (!common.labels.is_empty()).then_some(common)
    }

    fn difference(&self, seed: u64) -> Result<PairedDifference> {
        let [one, two] = &self.probabilities;
        let answers = |probabilities| Answers::new(&self.labels, probabilities, self.n_classes);
        paired_difference(&answers(one)?, &answers(two)?, seed)
    }
}

/// Settings that are not the same in all runs, in the order of the first that has them.
pub(super) fn settings(runs: &[(String, RunRecords)]) -> Vec<DifferingSetting> {
    let mut names: Vec<String> = Vec::new();
    for (_, run) in runs {
        for (name, _) in run.all_settings() {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    let all = names.into_iter().map(|setting| {
        let values = runs.iter().map(|(_, run)| run.setting(&setting)).collect();
        DifferingSetting { setting, values }
    });
    all.filter(|setting| setting.values.windows(2).any(|pair| pair[0] != pair[1])).collect()
}

impl std::fmt::Display for Difference {
    /// One sentence.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let PairedDifference { images, accuracy, accuracy_interval: [low, high], .. } = self.paired;
        let (more, than) = if accuracy < 0.0 { (&self.first, &self.second) } else { (&self.second, &self.first) };
        // Said of the better one, so the bounds change sides with the sign.
        let (low, high) = if accuracy < 0.0 { (-high, -low) } else { (low, high) };
        let verdict = if self.larger_than_chance { "more than chance explains" } else { "which may be chance" };
        if accuracy == 0.0 {
            write!(f, "{more} and {than} are right on as many of the {images} validation photos that both have")?;
        } else {
            write!(
                f,
                "{more} is right on {:.1} points more of the {images} validation photos than {than}, {verdict}",
                100.0 * accuracy.abs()
            )?;
        }
        let p = if self.p_corrected < 0.001 { "p < 0.001".into() } else { format!("p = {:.3}", self.p_corrected) };
        let points = |share: f64| format!("{:+.1}", 100.0 * share).replace('-', "−");
        write!(f, " (95 % interval {} to {} points; McNemar {p}).", points(low), points(high))
    }
}
