//! What is to be known about `--keep`, and whether photos as a whole are unlike those that a model was measured on.

use umbel::data::is_for_the_rest;
use umbel::metrics::Drift;
use umbel::predict::{Prediction, Predictor, UNKNOWN};

use crate::console;

/// Says what `--keep` means for this model, where it is not plain.
pub fn explain(predictor: &Predictor) {
    if predictor.each_known().any(|known| known.from_scratch) {
        console::note(
            "This model learned from its own photos alone, so it knows little of what else there is: --keep tells many photos \
             of other things by nothing. One that starts from pretrained weights (umbel train --pretrained) tells most of them.",
        );
    } else if predictor.each_known().any(umbel::metrics::KnownPictures::is_short_sighted) {
        console::note(
            "This model file is of a version whose --keep told noise and drawings, but hardly photos of other things; a model \
             trained anew tells more of them.",
        );
    }
    for class in predictor.classes().iter().filter(|class| is_for_the_rest(class)) {
        console::note(format!(
            "The class {class:?} is to --keep one like the others: photos like its own are answered {class:?}, and unknown is \
             only what is unlike those, too."
        ));
    }
    if predictor.classes().iter().any(|class| class == UNKNOWN) {
        console::note(
            "The model has a class of its own that is called unknown; what is unlike all known pictures is told by the words \
             \"unlike those\", and in JSON by \"unknown\":true.",
        );
    }
}

/// Gathers answers.
#[derive(Default)]
pub struct Drifting {
    scores: Vec<f64>,
    confidences: Vec<f64>,
}

impl Drifting {
    /// Takes an answer; one without a score says nothing.
    pub fn take(&mut self, prediction: &Prediction) {
        if let Some(score) = prediction.score {
            self.scores.push(score);
            self.confidences.push(prediction.confidence);
        }
    }

    /// Says it where the photos are unlike.
    pub fn tell(&self, predictor: &Predictor) {
        let drift = predictor.known().and_then(|known| known.drift(&self.scores, &self.confidences));
        if let Some(drift) = drift.filter(|drift| drift.unlike) {
            console::note(format!("Warning: {drift}"));
        }
    }
}

/// Whether so many photos can tell at all.
pub fn tells(photos: usize) -> bool {
    photos >= Drift::FEWEST
}
