//! `umbel predict`: class and confidence of photos given as files, folders, or on standard input, or that come into a folder.

use std::io;
use std::path::{Path, PathBuf};
use std::slice;
use std::sync::OnceLock;

use umbel::Surroundings;
use umbel::base::budget::Held;
use umbel::base::problem::ProblemKind;
use umbel::base::progress::Interrupt;
use umbel::data::decode::{DecodeError, Origin, origin};
use umbel::predict::{Prediction, Predictor};

use super::answers::{Answer, Answers, FoundAs};
use super::keep::{self, Drifting};
use super::kept::Kept;
use super::model::Models;
use super::sure::Sure;
use super::watch::Watch;
use super::{detected, model, photos, promise};
use crate::args::PredictArgs;
use crate::console;
use crate::exit::{Outcome, usage};
use crate::signals;

/// Photos computed at a time, at most.
pub const BATCH: usize = 16;
/// Classes that `top` holds in JSON unless --top says otherwise.
const TOP_IN_JSON: usize = 5;

/// Runs the command.
pub fn run(args: &PredictArgs, surroundings: &Surroundings) -> anyhow::Result<Outcome> {
    let (more, paths) = model::leading(&args.paths);
    let given = args.watch.as_ref().map_or(paths, slice::from_ref);
    let others = args.watch.as_ref().map_or(&args.paths[..], slice::from_ref);
    let models = Models::load(&args.model, more, "umbel predict MODEL PHOTO...", others)?;
    check_given(args, more, paths)?;
    models.tell();
    let classes = models.classes();
    let sure = Sure::new(args.min_confidence, &args.threshold, classes)?;
    let kept = Kept::new(args.csv.as_deref(), args.sort_into.as_deref(), given, classes)?;
    let kept = kept.with_sets(args.sure.is_some());
    let mut telling =
        Telling { sure, kept, answers: Answers::new(args, surroundings.lang), drifting: Drifting::default() };
    if let Some(folder) = &args.watch {
        let watch = Watch::new(folder)?;
        let interrupt = signals::interrupt_saying("stopping, press again to quit at once")?;
        let asked = Asked::new(args, models, 0, surroundings)?;
        return watched(watch, &asked, &mut telling, &interrupt);
    }
    if let [json] = paths
        && let Some(found) = detected::open(json, args, &models)?
    {
        return detected::answer(&found, (args, models, surroundings), telling);
    }
    let (inputs, archives) = photos::inputs(paths, surroundings, |path, reason| telling.failure(path, reason))?;
    telling.answers.one_photo = inputs.len() == 1 && telling.answers.failed == 0;
    telling.kept = telling.kept.with_archives(archives.clone());
    let mut asked = Asked::new(args, models, inputs.len().max(1), surroundings)?;
    asked.reader = asked.reader.with_archives(archives);
    asked.answer(&inputs, &mut telling, &Interrupt::default())?;
    asked.tell_doubts();
    if args.tta.is_none() {
        telling.drifting.tell(&asked.predictor);
    }
    telling.kept.write()?;
    Ok(telling.answers.outcome())
}

/// Whether there are photos, and not from two sides.
fn check_given(args: &PredictArgs, more: &[PathBuf], paths: &[PathBuf]) -> anyhow::Result<()> {
    if let Some(model) = paths.iter().find(|path| model::can_answer(path)) {
        let (model, photo) = (model.display(), paths[0].display());
        return Err(usage(format!(
            "{model} is a model, but stands behind {photo}, which is none: name models first, then photos"
        )));
    }
    match (&args.watch, paths) {
        (None, []) => Err(usage(format!(
            "{} is a model, too, so that there is no photo: name the photos behind the models",
            more.last().unwrap_or(&args.model).display()
        ))),
        (Some(_), [first, ..]) => Err(usage(format!(
            "--watch answers the photos in its folder alone, and {} is no model: leave it out, or --watch",
            first.display()
        ))),
        _ => Ok(()),
    }
}

/// Answers what lies in a folder and then what comes, until a stop is asked for.
fn watched(mut watch: Watch, asked: &Asked<'_>, telling: &mut Telling, stop: &Interrupt) -> anyhow::Result<Outcome> {
    for look in 0.. {
        let found = watch.look(stop)?;
        let news = !found.files.is_empty() || !found.problems.is_empty();
        for problem in found.problems {
            let (folder, reason) = photos::about_folder(watch.folder(), problem);
            telling.failure(&folder, &reason)?;
        }
        asked.answer(&found.files, telling, stop)?;
        if news || look == 0 {
            telling.kept.write()?;
        }
        if look == 0 && !stop.requested() {
            let folder = watch.folder().display();
            console::note(format!("Watching {folder} for new photos; Ctrl-C stops."));
        }
        watch.wait(stop);
        if stop.requested() {
            break;
        }
    }
    asked.tell_doubts();
    let Answers { predicted, failed, .. } = telling.answers;
    console::note(format!("Stopped watching: {predicted} answered, {failed} could not be used."));
    Ok(if failed == 0 { Outcome::Done } else { Outcome::SomeUnusable })
}

/// Who is asked: a model or several, and how.
pub struct Asked<'a> {
    pub predictor: Predictor,
    pub reader: photos::Reader<'a>,
    pub names: String,
    /// Whether when and where photos were taken is told: in JSON and in the table, and nowhere else.
    tells_origin: bool,
}

/// A photo, and what was read of it beside its pixels.
struct Photo<'a> {
    path: &'a Path,
    origin: OnceLock<Origin>,
}

impl<'a> Asked<'a> {
    /// For so many photos; 0: nobody knows how many will come.
    pub fn new(
        args: &PredictArgs,
        models: Models,
        photos: usize,
        surroundings: &'a Surroundings,
    ) -> anyhow::Result<Self> {
        // No larger than needed: bringing in the memory of sixteen photos takes longer than computing one.
        let batch = if photos == 0 { BATCH } else { photos.min(BATCH) };
        let top_k = args.top.unwrap_or(TOP_IN_JSON).min(models.classes().len());
        let reader = photos::Reader::of(surroundings);
        let engine = surroundings.engine.share_for_inference();
        let names = models.names();
        let mut predictor = models.predictor(engine, batch, top_k)?.with_limits(reader.limits.clone());
        if let Some(share) = args.keep {
            predictor = predictor.keep(share)?;
            keep::explain(&predictor);
        }
        if let Some(level) = args.sure {
            predictor = if args.sure_by_class { predictor.sure_by_class(level) } else { predictor.sure(level) }?;
            promise::explain(&predictor);
        }
        if let Some(tta) = args.tta {
            predictor = predictor.with_views(tta);
        } else if keep::tells(photos) && predictor.models() == 1 {
            // What the validation photos were like is of one look each, and of one model.
            predictor = predictor.scored();
        }
        let tells_origin = args.json || args.csv.is_some();
        Ok(Asked { predictor, reader, names, tells_origin })
    }

    /// Answers these photos, or as many as there is time for before a stop.
    fn answer(&self, inputs: &[PathBuf], telling: &mut Telling, interrupt: &Interrupt) -> anyhow::Result<()> {
        for paths in inputs.chunks(BATCH) {
            if interrupt.requested() {
                break;
            }
            let photo = |path| Photo { path, origin: OnceLock::new() };
            let photos: Vec<Photo<'_>> = paths.iter().map(PathBuf::as_path).map(photo).collect();
            let predictions = self.predictor.predict_from(&photos, |photo| self.read(photo));
            for (photo, prediction) in photos.into_iter().zip(predictions) {
                let path = photo.path;
                match prediction {
                    Ok(prediction) => {
                        let origin = photo.origin.into_inner().unwrap_or_default();
                        telling.success(path, &prediction, &origin, None)?;
                    }
                    Err(error) if error.kind == ProblemKind::NoAnswer => {
                        telling.failure(path, &format!("{error} (this is {})", self.names))?;
                    }
                    Err(error) => telling.failure(path, &error.to_string())?,
                }
            }
        }
        Ok(())
    }

    /// Says where photos held numbers that hardly can be meant as they were taken.
    pub fn tell_doubts(&self) {
        if let Some((photos, doubt)) = self.predictor.doubtful() {
            super::doubtful::note(photos, &doubt);
        }
    }

    fn read(&self, photo: &Photo<'_>) -> Result<Held<Vec<u8>>, DecodeError> {
        let bytes = self.reader.read(photo.path)?;
        if self.tells_origin {
            photo.origin.get_or_init(|| origin(&bytes));
        }
        Ok(bytes)
    }
}

/// Where answers go: to standard output, and where they are kept beside.
pub struct Telling {
    sure: Sure,
    pub kept: Kept,
    pub answers: Answers,
    pub drifting: Drifting,
}

impl Telling {
    pub fn success(
        &mut self,
        path: &Path,
        prediction: &Prediction,
        origin: &Origin,
        found: Option<FoundAs<'_>>,
    ) -> anyhow::Result<()> {
        let sure = self.sure.of(prediction);
        let answer = Answer { path: &path.to_string_lossy(), prediction, sure, origin, found };
        self.answers.success(&answer)?;
        self.drifting.take(prediction);
        if let Some(error) = self.kept.answer(path, prediction, answer.sure, origin)? {
            self.answers.failure(path, &format!("it was not copied, as it cannot be read any more: {error}"))?;
        }
        Ok(())
    }

    pub fn failure(&mut self, path: &Path, reason: &str) -> io::Result<()> {
        self.kept.failure(path, reason);
        self.answers.failure(path, reason)
    }
}
