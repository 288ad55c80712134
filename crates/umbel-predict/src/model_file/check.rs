//! Whether the parts of a model file fit each other: asked when it is read, when it is written, and before it answers, since they can
//! be changed in between.

use std::collections::HashSet;

use super::{CALIBRATION, CLASSES, DOUBTS, KNOWN, ModelFile, PREP, TRUSTED, shape_text};
use crate::Error;
use crate::base::error::FileFault;
use crate::metrics::{Calibration, Doubts, Familiarity, KnownPictures, Memory, Moments, TEMPERATURES, Trusted};
use crate::nn::Model;

/// More confidences than anybody would tell of.
const MOST_TRUSTED: usize = 16;

impl ModelFile {
    /// Whether model, classes, preparation, calibration, what is promised of answers, and known pictures fit each other.
    ///
    /// # Errors
    /// What does not.
    pub fn check(&self) -> Result<(), FileFault> {
        let ModelFile { model, classes, prep, calibration, known, doubts, trusted, .. } = self;
        prep.validate().map_err(|error| FileFault::Field { field: PREP, detail: error.to_string() })?;
        let (input, size) = (model.architecture().input(), prep.image_size as usize);
        if input != (size, size, 3) {
            return Err(FileFault::Input { prepared: shape_text((size, size, 3)), input: shape_text(input) });
        }
        let outputs = model.architecture().classes().map_err(unfit)?;
        if outputs != classes.len() {
            return Err(FileFault::Classes { names: classes.len(), outputs });
        }
        check_names(classes)?;
        calibration.as_ref().map_or(Ok(()), check_calibration)?;
        doubts.as_ref().map_or(Ok(()), |doubts| check_doubts(doubts, classes.len()))?;
        check_trusted(trusted)?;
        check_weights(model)?;
        known.as_ref().map_or(Ok(()), |known| check_known(known, model))
    }
}

pub(super) fn unfit(error: Error) -> FileFault {
    FileFault::Weights(error.to_string())
}

/// Every class has a name, and another one than the others: an answer is told by it.
fn check_names(classes: &[String]) -> Result<(), FileFault> {
    let mut seen = HashSet::new();
    for class in classes {
        if class.is_empty() {
            return Err(FileFault::Field { field: CLASSES, detail: "a class without a name".into() });
        }
        if !seen.insert(class) {
            return Err(FileFault::Field { field: CLASSES, detail: format!("two classes of the name {class:?}") });
        }
    }
    Ok(())
}

fn check_calibration(calibration: &Calibration) -> Result<(), FileFault> {
    let (lowest, highest) = TEMPERATURES;
    // A hair's breadth for 1/(1/20), which need not be 20.
    if (lowest * 0.999..=highest * 1.001).contains(&calibration.temperature) {
        return Ok(());
    }
    let detail = format!("a temperature of {}, but it must be {lowest} to {highest}", calibration.temperature);
    Err(FileFault::Field { field: CALIBRATION, detail })
}

fn check_doubts(doubts: &Doubts, n_classes: usize) -> Result<(), FileFault> {
    if doubts.is_sound(n_classes) {
        return Ok(());
    }
    let detail = format!(
        "it must have the doubts of all photos and those of each of {n_classes} classes, in descending order and up to a \
         million, as many as so many photos have"
    );
    Err(FileFault::Field { field: DOUBTS, detail })
}

fn check_trusted(trusted: &[Trusted]) -> Result<(), FileFault> {
    if trusted.len() <= MOST_TRUSTED && trusted.iter().all(Trusted::is_sound) {
        return Ok(());
    }
    let detail = format!("it must hold shares from 0 to 1, of {MOST_TRUSTED} confidences at most");
    Err(FileFault::Field { field: TRUSTED, detail })
}

fn check_weights(model: &Model) -> Result<(), FileFault> {
    model.check().map_err(unfit)?;
    match model.negative_variance().map_err(unfit)? {
        None => Ok(()),
        Some(name) => Err(FileFault::Weights(format!("{name} holds a variance below 0, which none can be"))),
    }
}

fn check_known(known: &KnownPictures, model: &Model) -> Result<(), FileFault> {
    let bad = |detail: String| FileFault::Field { field: KNOWN, detail };
    if !known.scores.is_sound() {
        return Err(bad("its scores must be two numbers or more in ascending order".into()));
    }
    if !known.confidence.is_none_or(Moments::is_sound) {
        return Err(bad("its confidence must be a mean and a deviation of 0 or more".into()));
    }
    let (own, given) = match (&known.memory, known.familiarity) {
        (Memory::Space(space), Familiarity::Mahalanobis) => (space.features(), model.features().map_err(unfit)?),
        (Memory::Prototypes(prototypes, standards), Familiarity::EnergyAndLikeness) => {
            if !standards.iter().all(|standard| standard.is_sound()) {
                return Err(bad("its standards must be medians, and spreads above 0".into()));
            }
            let inputs = model.last_input().map_err(unfit)?;
            (prototypes.inputs(), inputs.map_or(0, |(_, inputs)| inputs))
        }
        (Memory::Nothing, Familiarity::MaxProbability | Familiarity::Energy) => return Ok(()),
        (_, Familiarity::Mahalanobis) => {
            return Err(bad("its distances need two matrices that are not there".into()));
        }
        (_, Familiarity::EnergyAndLikeness) => return Err(bad("it needs prototypes that are not there".into())),
        (_, Familiarity::MaxProbability | Familiarity::Energy) => {
            return Err(bad("its score reads no features, but it has some".into()));
        }
    };
    let detail = || format!("it is of {own} features, but its network gives {given}");
    if own == given { Ok(()) } else { Err(bad(detail())) }
}
