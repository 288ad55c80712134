//! `umbel eval`: how good a model is on the photos of a folder.

use std::path::PathBuf;

use umbel::base::progress::{Interrupt, Silent};
use umbel::data::decode::Doubt;
use umbel::data::{CacheOptions, DoubtfulDepth, Part};
use umbel::eval::{EvalOptions, Evaluation, evaluate_source};
use umbel::run::names;
use umbel::{Error, PredictError, Surroundings};

use super::fetched::{folder_alone, place};
use super::model;
use crate::args::EvalArgs;
use crate::console;
use crate::exit::{Outcome, usage};

/// Runs the command.
pub fn run(args: &EvalArgs, surroundings: &Surroundings) -> anyhow::Result<Outcome> {
    let args = &EvalArgs { dir: folder_alone(&args.dir, surroundings)?, ..args.clone() };
    let options = EvalOptions {
        part: part(args)?,
        cache: CacheOptions::within(surroundings.cache.clone(), &surroundings.memory),
        engine: surroundings.engine.clone(),
        tta: args.tta,
        detections: args.detections.taken(),
        ..EvalOptions::default()
    };
    let model = model::load(&args.model, "umbel eval MODEL DIR", std::slice::from_ref(&args.dir))?;
    let interrupt = Interrupt::default();
    let source = place(&args.dir, &options.cache, surroundings)?;
    let mut evaluation = match evaluate_source(&model, source, &options, &mut Silent, &interrupt) {
        Err(error @ Error::Predict(PredictError::NoAnswer { .. })) => {
            let which = format!("the model {} cannot be measured", args.model.display());
            return Err(anyhow::Error::new(error).context(which));
        }
        evaluation => evaluation?,
    };
    // A model file lies in its run's folder.
    let run = if args.model.is_dir() { Some(args.model.as_path()) } else { args.model.parent() };
    if let Some(run) = run {
        evaluation.count_trained(run, &args.dir)?;
    }
    if let Some(out) = &args.out {
        evaluation.write(out, &surroundings.fonts)?;
        console::numbered(surroundings.fonts.numbered(&model.classes));
    }
    if args.json {
        console::json(&evaluation)?;
    } else {
        console::lines(evaluation.to_string().trim_end())?;
        if let Some(out) = &args.out {
            console::line(format!("Wrote {}", out.display()))?;
        }
    }
    tell(&evaluation);
    Ok(if evaluation.skipped > 0 { Outcome::SomeUnusable } else { Outcome::Done })
}

/// The split file and the part that are asked for; a run folder brings its own split.
fn part(args: &EvalArgs) -> anyhow::Result<Option<(PathBuf, Part)>> {
    let split = match (&args.split, args.part) {
        (None, None) => return Ok(None),
        (Some(file), _) => file.clone(),
        (None, Some(_)) => {
            let own = args.model.join(names::SPLIT);
            if !own.is_file() {
                return Err(usage("--part needs --split FILE, or a run folder as MODEL, which has a split.csv"));
            }
            own
        }
    };
    Ok(Some((split, args.part.unwrap_or(Part::Val))))
}

/// What was not scored, on standard error.
fn tell(evaluation: &Evaluation) {
    if let Some(trained) = evaluation.trained.filter(|trained| *trained > 0) {
        let parts: Vec<String> = evaluation.unseen.iter().map(|part| format!("--part {}", part.name())).collect();
        let way_out = match parts.len() {
            0 => "all of the run's photos did, and its report tells how folds of them judged it: measure on others"
                .to_string(),
            1 => format!("{} measures on others", parts[0]),
            _ => format!("{} measures on others", parts.join(" or ")),
        };
        console::note(format!(
            "Warning: {trained} of these {} photos trained the model, so the figures say little about new photos ({way_out}).",
            evaluation.scores.images
        ));
    }
    // Where they trained it, too, that says more.
    if let Some(judged) = evaluation.judged.filter(|judged| *judged > 0 && evaluation.trained == Some(0)) {
        let has_test = evaluation.unseen.contains(&Part::Test);
        let way_out = if has_test { " (--part test measures on others)" } else { "" };
        console::note(format!(
            "{judged} of these {} photos judged the model: they calibrated it and made its sets, so both look a little better here than \
             on others{way_out}.",
            evaluation.scores.images
        ));
    }
    if let Some(DoubtfulDepth { photos, low, high, white, .. }) = evaluation.doubtful_depth {
        super::doubtful::note(photos, &Doubt { low, high, white });
    }
    if let Some(drift) = evaluation.drift.filter(|drift| drift.unlike) {
        console::note(format!("Warning: {drift}"));
    }
    for problem in &evaluation.problems {
        console::note(format!("Left out: {}: {}", problem.path, problem.detail));
    }
    for unknown in &evaluation.unknown_classes {
        console::note(format!(
            "Not scored: {:?} is a class that the model does not know (photos: {}).",
            unknown.class, unknown.images
        ));
    }
    for class in &evaluation.missing_classes {
        console::note(format!("No photo of the model's class {class:?} was scored."));
    }
}
