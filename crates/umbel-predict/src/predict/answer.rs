//! What is said of one photo.

use serde::Serialize;

use crate::base::shown::shown;

/// A class with its probability.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[allow(missing_docs)]
pub struct ClassProbability {
    pub class: String,
    pub probability: f64,
}

/// The answer for one photo (JSON by contract, with its path).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[allow(missing_docs)]
pub struct Prediction {
    pub class: String,
    pub confidence: f64,
    /// Most likely first; of equals, in the order of the classes.
    pub top: Vec<ClassProbability>,
    /// Where it was asked for ([`Predictor::keep`](super::Predictor::keep)).
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub familiarity: Option<Familiar>,
    /// Where it was asked for ([`Predictor::sure`](super::Predictor::sure)).
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub sure: Option<SureSet>,
    /// How familiar it is, where that was asked for ([`Predictor::scored`](super::Predictor::scored)): higher is more.
    #[serde(skip)]
    pub score: Option<f64>,
}

/// The `class` of a picture that is unlike everything that the model was trained on.
pub const UNKNOWN: &str = "unknown";

/// Whether a picture is like those that the model was trained on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Familiar {
    /// Then the prediction's class is [`UNKNOWN`].
    pub unknown: bool,
    /// The most likely class all the same; the confidence is this class's.
    pub nearest: String,
    /// How familiar it is: higher is more.
    pub score: f64,
    /// Below this, it is unknown.
    pub threshold: f64,
}

/// The classes of which one is the right one, as often as was asked.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SureSet {
    /// Most likely first.
    pub set: Vec<String>,
    /// The share of photos whose set holds the right class.
    #[serde(skip)]
    pub level: f64,
}

/// Of more classes in a set, the first are named.
const NAMED: usize = 6;

impl std::fmt::Display for SureSet {
    /// `roses or tulips (95 % sure it is one of these)`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.set.iter().map(|class| shown(class)).collect();
        let percent = (100.0 * self.level * 1e6).round() / 1e6;
        match names.as_slice() {
            [] => return Ok(()),
            [one] => return write!(f, "{one} ({percent} % sure)"),
            [most @ .., last] if names.len() <= NAMED => write!(f, "{} or {last}", most.join(", "))?,
            all => write!(f, "{} or {} others", all[..NAMED - 1].join(", "), all.len() + 1 - NAMED)?,
        }
        write!(f, " ({percent} % sure it is one of these)")
    }
}

impl std::fmt::Display for Prediction {
    /// The tutorial's sentence, or that the image is unlike all known ones; then the set that holds the right class, where it was
    /// asked for.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.sentence(f)?;
        match &self.sure {
            None => Ok(()),
            Some(sure) if self.familiarity.as_ref().is_some_and(|familiar| familiar.unknown) => {
                write!(f, " If it is of a known class: {sure}.")
            }
            Some(sure) => write!(f, " It is {sure}."),
        }
    }
}

impl Prediction {
    fn sentence(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(Familiar { unknown: true, nearest, .. }) = &self.familiarity {
            return write!(
                f,
                "This image is unlike those that the model was trained on: {UNKNOWN} (nearest: {}, with a {:.2} \
                 percent confidence).",
                shown(nearest),
                100.0 * self.confidence
            );
        }
        write!(
            f,
            "This image most likely belongs to {} with a {:.2} percent confidence.",
            shown(&self.class),
            100.0 * self.confidence
        )
    }

    /// From the probabilities of these classes, of which `top_k` are told, and what was scored of the photo against a threshold.
    pub(super) fn of(
        (classes, top_k): (&[String], usize),
        probabilities: &[f64],
        (score, threshold): (Option<f64>, Option<f64>),
        sure: Option<SureSet>,
    ) -> Self {
        let of_class = |(class, p): (&String, &f64)| ClassProbability { class: class.clone(), probability: *p };
        let mut top: Vec<ClassProbability> = classes.iter().zip(probabilities).map(of_class).collect();
        // The sort keeps equals in the order of the classes.
        top.sort_by(|a, b| b.probability.total_cmp(&a.probability));
        top.truncate(top_k);
        let (class, confidence) =
            top.first().map_or((String::new(), 0.0), |best| (best.class.clone(), best.probability));
        let familiarity = score.zip(threshold).map(|(score, threshold)| {
            // A score that is no number is not familiar.
            let unknown = score.is_nan() || score < threshold;
            Familiar { unknown, nearest: class.clone(), score, threshold }
        });
        let unknown = familiarity.as_ref().is_some_and(|familiar| familiar.unknown);
        let class = if unknown { UNKNOWN.to_string() } else { class };
        Prediction { class, confidence, top, familiarity, sure, score }
    }
}
