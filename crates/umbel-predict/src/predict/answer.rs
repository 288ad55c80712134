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

impl std::fmt::Display for Prediction {
    /// The tutorial's sentence, or that the image is unlike all known ones.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
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
}
