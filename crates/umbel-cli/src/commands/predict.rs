//! `umbel predict`: class and confidence of photos given as files, folders, or on standard input.

use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use umbel::Surroundings;
use umbel::base::problem::ProblemKind;
use umbel::base::shown::{column, shown};
use umbel::data::decode::Limits;
use umbel::predict::{Prediction, Predictor};

use super::keep::{self, Drifting};
use super::kept::Kept;
use super::sure::Sure;
use super::{model, photos};
use crate::args::PredictArgs;
use crate::console::{self, Format};
use crate::exit::Outcome;

/// Photos computed at a time, at most.
const BATCH: usize = 16;
/// Classes that `top` holds in JSON unless --top says otherwise.
const TOP_IN_JSON: usize = 5;

/// Runs the command.
pub fn run(args: &PredictArgs, surroundings: &Surroundings) -> anyhow::Result<Outcome> {
    let model = model::load(&args.model, "umbel predict MODEL PHOTO...", &args.paths)?;
    let sure = Sure::new(args.min_confidence, &args.threshold, &model.classes)?;
    let mut kept = Kept::new(args.csv.as_deref(), args.sort_into.as_deref(), &args.paths)?;
    let top_k = args.top.unwrap_or(TOP_IN_JSON).min(model.classes.len());
    let mut answers = Answers::new(args);
    let inputs = photos::inputs(&args.paths, |path, reason| {
        kept.failure(path, reason);
        answers.failure(path, reason)
    })?;
    answers.one_photo = inputs.len() == 1 && answers.failed == 0;
    // No larger than needed: bringing in the memory of sixteen photos takes longer than computing one.
    let batch = inputs.len().clamp(1, BATCH);
    let limits = Limits::within(&surroundings.memory);
    let mut predictor =
        Predictor::on(surroundings.engine.share_for_inference(), model, batch, top_k)?.with_limits(limits.clone());
    if let Some(share) = args.keep {
        predictor = predictor.keep(share)?;
        keep::explain(&predictor);
    }
    if let Some(tta) = args.tta {
        predictor = predictor.with_views(tta);
    } else if keep::tells(inputs.len()) {
        // What the validation photos were like is of one look each.
        predictor = predictor.scored();
    }
    let mut drifting = Drifting::default();
    for paths in inputs.chunks(BATCH) {
        let predictions = predictor.predict_from(paths, |path| photos::read(path, &limits));
        for (path, prediction) in paths.iter().zip(predictions) {
            let error = match prediction {
                Ok(prediction) => {
                    drifting.take(&prediction);
                    let sure = sure.of(&prediction);
                    answers.success(path, &prediction, sure)?;
                    kept.answer(path, &prediction.class, prediction.confidence, sure)?;
                    continue;
                }
                Err(error) if error.kind == ProblemKind::NoAnswer => {
                    format!("{error} (this one is {})", answers.model.display())
                }
                Err(error) => error.to_string(),
            };
            answers.failure(path, &error)?;
            kept.failure(path, &error);
        }
    }
    kept.finish()?;
    if args.tta.is_none() {
        drifting.tell(&predictor);
    }
    Ok(answers.outcome())
}

/// Prints the answers and keeps count.
struct Answers {
    /// Who answers.
    model: PathBuf,
    format: Format,
    show_top: bool,
    one_photo: bool,
    predicted: usize,
    failed: usize,
}

#[derive(Serialize)]
struct Answer<'a> {
    path: &'a str,
    #[serde(flatten)]
    prediction: &'a Prediction,
    /// Whether it is sure enough, where that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    sure: Option<bool>,
}

#[derive(Serialize)]
struct Failure<'a> {
    path: &'a str,
    error: &'a str,
}

impl Answers {
    fn new(args: &PredictArgs) -> Self {
        Answers {
            model: args.model.clone(),
            format: Format::from_flag(args.json),
            show_top: args.top.is_some(),
            one_photo: false,
            predicted: 0,
            failed: 0,
        }
    }

    fn success(&mut self, path: &Path, prediction: &Prediction, sure: Option<bool>) -> io::Result<()> {
        self.predicted += 1;
        let path = path.to_string_lossy();
        if self.format == Format::Json {
            return console::json(&Answer { path: &path, prediction, sure });
        }
        let before = if self.one_photo { String::new() } else { format!("{path}: ") };
        let doubt = if sure == Some(false) { " That is not sure enough." } else { "" };
        console::line(format!("{before}{prediction}{doubt}"))?;
        if self.show_top {
            let width = column(prediction.top.iter().map(|top| top.class.as_str()), 0);
            for top in &prediction.top {
                console::line(format!("  {:width$}  {:6.2} %", shown(&top.class), 100.0 * top.probability))?;
            }
        }
        Ok(())
    }

    fn failure(&mut self, path: &Path, reason: &str) -> io::Result<()> {
        self.failed += 1;
        let path = path.to_string_lossy();
        if self.format == Format::Json {
            return console::json(&Failure { path: &path, error: reason });
        }
        console::error(&photos::complaint(&path, reason));
        Ok(())
    }

    fn outcome(&self) -> Outcome {
        match (self.predicted, self.failed) {
            (_, 0) => Outcome::Done,
            (0, _) => Outcome::NotDone,
            _ => Outcome::SomeUnusable,
        }
    }
}
