//! `umbel predict`: class and confidence of photos given as files, folders, or on standard input, or that come into a folder.

use std::io;
use std::path::{Path, PathBuf};
use std::slice;

use serde::Serialize;
use umbel::Surroundings;
use umbel::base::problem::ProblemKind;
use umbel::base::progress::Interrupt;
use umbel::base::shown::{column, shown};
use umbel::data::decode::Limits;
use umbel::model_file::ModelFile;
use umbel::predict::{Prediction, Predictor, UNKNOWN};

use super::kept::Kept;
use super::sure::Sure;
use super::watch::Watch;
use super::{model, photos};
use crate::args::PredictArgs;
use crate::console::{self, Format};
use crate::exit::Outcome;
use crate::signals;

/// Photos computed at a time, at most.
const BATCH: usize = 16;
/// Classes that `top` holds in JSON unless --top says otherwise.
const TOP_IN_JSON: usize = 5;

/// Runs the command.
pub fn run(args: &PredictArgs, surroundings: &Surroundings) -> anyhow::Result<Outcome> {
    let given = args.watch.as_ref().map_or(&args.paths[..], slice::from_ref);
    let model = model::load(&args.model, "umbel predict MODEL PHOTO...", given)?;
    let sure = Sure::new(args.min_confidence, &args.threshold, &model.classes)?;
    let kept = Kept::new(args.csv.as_deref(), args.sort_into.as_deref(), given, &model.classes)?;
    let mut telling = Telling { sure, kept, answers: Answers::new(args) };
    if let Some(folder) = &args.watch {
        let watch = Watch::new(folder)?;
        let interrupt = signals::interrupt_saying("stopping, press again to quit at once")?;
        let asked = Asked::new(args, model, BATCH, surroundings)?;
        return watched(watch, &asked, &mut telling, &interrupt);
    }
    let inputs = photos::inputs(&args.paths, |path, reason| telling.failure(path, reason))?;
    telling.answers.one_photo = inputs.len() == 1 && telling.answers.failed == 0;
    // No larger than needed: bringing in the memory of sixteen photos takes longer than computing one.
    let asked = Asked::new(args, model, inputs.len().clamp(1, BATCH), surroundings)?;
    asked.answer(&inputs, &mut telling, &Interrupt::default())?;
    telling.kept.write()?;
    Ok(telling.answers.outcome())
}

/// Answers what lies in a folder and then what comes, until a stop is asked for.
fn watched(
    mut watch: Watch,
    asked: &Asked,
    telling: &mut Telling,
    interrupt: &Interrupt,
) -> anyhow::Result<Outcome> {
    for look in 0.. {
        let found = watch.look(interrupt)?;
        let news = !found.files.is_empty() || !found.problems.is_empty();
        for problem in found.problems {
            let (folder, reason) = photos::about_folder(watch.folder(), problem);
            telling.failure(&folder, &reason)?;
        }
        asked.answer(&found.files, telling, interrupt)?;
        if news || look == 0 {
            telling.kept.write()?;
        }
        if look == 0 && !interrupt.requested() {
            let folder = watch.folder().display();
            console::note(format!("Watching {folder} for new photos; Ctrl-C stops."));
        }
        watch.wait(interrupt);
        if interrupt.requested() {
            break;
        }
    }
    let Answers { predicted, failed, .. } = telling.answers;
    console::note(format!("Stopped watching: {predicted} answered, {failed} could not be used."));
    Ok(if failed == 0 { Outcome::Done } else { Outcome::SomeUnusable })
}

/// Who is asked: a model, and how.
struct Asked {
    predictor: Predictor,
    limits: Limits,
    model: PathBuf,
}

impl Asked {
    fn new(args: &PredictArgs, model: ModelFile, batch: usize, surroundings: &Surroundings) -> anyhow::Result<Self> {
        let top_k = args.top.unwrap_or(TOP_IN_JSON).min(model.classes.len());
        let limits = Limits::within(&surroundings.memory);
        let engine = surroundings.engine.share_for_inference();
        let mut predictor = Predictor::on(engine, model, batch, top_k)?.with_limits(limits.clone());
        if let Some(share) = args.keep {
            predictor = predictor.keep(share)?;
            if predictor.classes().iter().any(|class| class == UNKNOWN) {
                console::note(
                    "The model has a class of its own that is called unknown; what is unlike all known pictures is told by the \
                     words \"unlike those\", and in JSON by \"unknown\":true.",
                );
            }
        }
        if let Some(tta) = args.tta {
            predictor = predictor.with_views(tta);
        }
        Ok(Asked { predictor, limits, model: args.model.clone() })
    }

    /// Answers these photos, or as many as there is time for before a stop.
    fn answer(&self, inputs: &[PathBuf], telling: &mut Telling, interrupt: &Interrupt) -> anyhow::Result<()> {
        for paths in inputs.chunks(BATCH) {
            if interrupt.requested() {
                break;
            }
            let predictions = self.predictor.predict_from(paths, |path| photos::read(path, &self.limits));
            for (path, prediction) in paths.iter().zip(predictions) {
                match prediction {
                    Ok(prediction) => telling.success(path, &prediction)?,
                    Err(error) if error.kind == ProblemKind::NoAnswer => {
                        telling.failure(path, &format!("{error} (this one is {})", self.model.display()))?;
                    }
                    Err(error) => telling.failure(path, &error.to_string())?,
                }
            }
        }
        Ok(())
    }
}

/// Where answers go: to standard output, and where they are kept beside.
struct Telling {
    sure: Sure,
    kept: Kept,
    answers: Answers,
}

impl Telling {
    fn success(&mut self, path: &Path, prediction: &Prediction) -> anyhow::Result<()> {
        let sure = self.sure.of(prediction);
        self.answers.success(path, prediction, sure)?;
        if let Some(error) = self.kept.answer(path, &prediction.class, prediction.confidence, sure)? {
            self.answers.failure(path, &format!("it was not copied, as it cannot be read any more: {error}"))?;
        }
        Ok(())
    }

    fn failure(&mut self, path: &Path, reason: &str) -> io::Result<()> {
        self.kept.failure(path, reason);
        self.answers.failure(path, reason)
    }
}

/// Prints the answers and keeps count.
struct Answers {
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
