//! `umbel predict` of the boxes in a detector's JSON, and that JSON with the answers in it.

use std::path::Path;

use umbel::Surroundings;
use umbel::base::problem::ProblemKind;
use umbel::data::decode::Origin;
use umbel::data::{DetectedBox, DetectorFile};
use umbel::predict::Prediction;

use super::answers::FoundAs;
use super::model::Models;
use super::predict::{Asked, BATCH, Telling};
use crate::args::PredictArgs;
use crate::console;
use crate::exit::{Outcome, usage};

/// The detector's file that was given; `None` where it is something else.
pub fn open(path: &Path, args: &PredictArgs, models: &Models) -> anyhow::Result<Option<DetectorFile>> {
    let is_one = path.is_file() && path.extension().is_some_and(|end| end.eq_ignore_ascii_case("json"));
    if !is_one {
        return match &args.out {
            Some(_) => Err(usage("--out writes answers into a copy of a detector's JSON; name that as the only photo")),
            None => Ok(None),
        };
    }
    if args.sort_into.is_some() {
        return Err(usage("--sort-into copies files, and boxes are none; write the answers with --out FILE.json"));
    }
    let Some(prep) = models.preparation() else {
        return Err(usage(
            "these models were trained with different margins around boxes, so that none suits all: ask one of them",
        ));
    };
    Ok(Some(DetectorFile::open(path, &args.detections.taken(), prep)?))
}

/// Answers every box, and writes the copy.
pub fn answer(
    file: &DetectorFile,
    (args, models, surroundings): (&PredictArgs, Models, &Surroundings),
    mut telling: Telling,
) -> anyhow::Result<Outcome> {
    let classes = models.classes().to_vec();
    let asked = Asked::new(args, models, file.boxes().len().max(1), surroundings)?;
    for problem in file.problems() {
        telling.failure(Path::new(&problem.path), &problem.detail)?;
    }
    let mut answers = Vec::with_capacity(file.boxes().len());
    for boxes in file.boxes().chunks(BATCH) {
        let predictions = asked.predictor.predict_from(boxes, |of| file.read(of, &asked.reader.limits));
        for (of, prediction) in boxes.iter().zip(predictions) {
            let path = file.place(of);
            match &prediction {
                Ok(prediction) => telling.success(&path, prediction, &Origin::default(), Some(found_as(of)))?,
                Err(error) if error.kind == ProblemKind::NoAnswer => {
                    telling.failure(&path, &format!("{error} (this is {})", asked.names))?;
                }
                Err(error) => telling.failure(&path, &error.to_string())?,
            }
            answers.push(prediction.ok().and_then(|prediction| classes_of(&prediction)));
        }
    }
    asked.tell_doubts();
    if args.tta.is_none() {
        telling.drifting.tell(&asked.predictor);
    }
    telling.kept.write()?;
    if file.boxes().is_empty() {
        console::note("No box in it is of the category that is asked for and sure enough; see --detection-confidence.");
    }
    if let Some(out) = &args.out {
        file.write(out, (&classes, &asked.names), &answers)?;
        console::note(format!("Wrote {}", out.display()));
    }
    Ok(telling.answers.outcome())
}

fn found_as(of: &DetectedBox) -> FoundAs<'_> {
    FoundAs { area: of.area, detected: &of.category, detection_confidence: of.confidence }
}

/// The classes of an answer; a box that is unlike everything has none.
fn classes_of(prediction: &Prediction) -> Option<Vec<(String, f64)>> {
    let unknown = prediction.familiarity.as_ref().is_some_and(|familiar| familiar.unknown);
    let classes = prediction.top.iter().map(|top| (top.class.clone(), top.probability));
    (!unknown).then(|| classes.collect())
}
