//! `umbel train`: the whole job on a folder, or a stopped run carried on.

use std::path::Path;

use umbel::base::duration::duration;
use umbel::base::progress::{Interrupt, Judged, SmallestClass};
use umbel::pipeline::{self, Changes, FoldsOutcome, Recipe, TrainOutcome};
use umbel::pretrained::{INSIDE, inside, store};
use umbel::run::names;
use umbel::{Error, Surroundings, data, get};

use super::fetched::with_folder;
use crate::args::TrainArgs;
use crate::config;
use crate::console::{Format, TrainConsole};
use crate::exit::{Outcome, usage};
use crate::hints::word;
use crate::signals;

/// Runs the command.
pub fn run(args: &TrainArgs, surroundings: &Surroundings) -> anyhow::Result<Outcome> {
    let mut console = TrainConsole::new(Format::from_flag(args.json), surroundings.lang);
    if let Some(run) = &args.resume {
        config::changes_to_resume(&args.settings)?;
        let interrupt = signals::interrupt_on_signals()?;
        let args = with_folder(args, surroundings, &mut console, &interrupt)?;
        let changes = config::changes_to_resume(&args.settings)?;
        let moved = |error| moved(error, run, &changes);
        return Ok(if pipeline::has_folds(run) {
            let outcome =
                pipeline::resume_folds(run, &changes, surroundings, &mut console, &interrupt).map_err(moved)?;
            report_folds(&mut console, &outcome)
        } else {
            let outcome = pipeline::resume(run, &changes, surroundings, &mut console, &interrupt).map_err(moved)?;
            report(&mut console, &outcome)
        });
    }
    let interrupt = signals::interrupt_on_signals()?;
    let args = &with_folder(args, surroundings, &mut console, &interrupt)?;
    let args = &with_weights(args, surroundings, &mut console, &interrupt)?;
    let config = config::train_config(args, Recipe::Auto)?;
    if inside::model().is_none() && config.recipe == Recipe::Tutorial && !args.settings.given.has("recipe") {
        console.say(
            "This program has no pretrained weights inside, so the tutorial's network starts from random ones (--recipe tutorial).",
        );
    }
    let out = args.out.as_deref();
    Ok(if config.folds.is_some() {
        let outcome = pipeline::train_folds(&config, out, surroundings, &mut console, &interrupt)?;
        report_folds(&mut console, &outcome)
    } else {
        let outcome = pipeline::train_folder(&config, out, surroundings, &mut console, &interrupt)?;
        report(&mut console, &outcome)
    })
}

/// Where the photos of a run are not where they were, that can be said.
fn moved(error: Error, run: &Path, changes: &Changes) -> anyhow::Error {
    match &error {
        Error::Data(data::Error::FolderMissing { path }) if changes.data.is_none() => anyhow::anyhow!(
            "the photos of the run {} lay in {}, and there is nothing any more; where they are now, go on with: umbel train \
             --resume {} DIR",
            run.display(),
            path.display(),
            word(run)
        ),
        _ => error.into(),
    }
}

/// The flags with the path of the pretrained weights where a name of the store was given; fetched, if that was asked for.
pub fn with_weights(
    args: &TrainArgs,
    surroundings: &Surroundings,
    console: &mut TrainConsole,
    interrupt: &Interrupt,
) -> anyhow::Result<TrainArgs> {
    let mut args = args.clone();
    let given = args.settings.given.get("pretrained").and_then(|given| given.as_str());
    let Some(name) = given.filter(|given| store::is_name(Path::new(given))) else { return Ok(args) };
    let in_store = surroundings.store.find(name);
    if name == INSIDE || in_store.is_err() && inside::model() == Some(name) {
        args.settings.given.replace("pretrained", INSIDE.into());
        return Ok(args);
    }
    let path = match (in_store, args.download) {
        (Err(missing), true) => {
            let Some(origin) = store::origin(name) else { return Err(usage(missing.to_string())) };
            get::weights(origin, surroundings, console, interrupt)?
        }
        (found, _) => found?,
    };
    let Some(text) = path.to_str() else {
        return Err(usage(format!("{} is not UTF-8, and so no path that a config.toml can hold", path.display())));
    };
    args.settings.given.replace("pretrained", text.into());
    Ok(args)
}

fn report(console: &mut TrainConsole, outcome: &TrainOutcome) -> Outcome {
    if outcome.interrupted {
        return stopped(console, &outcome.run);
    }
    for line in where_things_lie(&outcome.run, outcome) {
        console.say(line);
    }
    done(outcome.skipped)
}

fn report_folds(console: &mut TrainConsole, outcome: &FoldsOutcome) -> Outcome {
    let Some(record) = &outcome.record else { return stopped(console, &outcome.run) };
    for fold in &record.folds {
        console.say(format!(
            "Fold {}: val_accuracy: {:.4} - val_loss: {:.4} (epoch {})",
            fold.fold, fold.val_accuracy, fold.val_loss, fold.best_epoch
        ));
    }
    let (mean, deviation, folds) = (record.mean, record.deviation, record.folds.len());
    console.say(format!("Mean val_accuracy: {mean:.4}, standard deviation {deviation:.4} over {folds} folds"));
    console.say(format!("Folds:   {}", outcome.run.join(names::FOLDS).display()));
    let page = outcome.run.join(names::REPORT);
    if page.is_file() {
        console.say(format!("Report:  {}", page.display()));
    }
    if outcome.skipped > 0 {
        console.say(format!("Left out: {}", outcome.run.join(names::PROBLEMS).display()));
    }
    done(outcome.skipped)
}

fn stopped(console: &mut TrainConsole, run: &Path) -> Outcome {
    console.say(format!("Stopped; everything so far is saved. Go on with: umbel train --resume {}", word(run)));
    Outcome::NotDone
}

fn done(skipped: usize) -> Outcome {
    if skipped > 0 { Outcome::SomeUnusable } else { Outcome::Done }
}

/// The last lines of a run that was not stopped.
pub fn where_things_lie(run: &Path, outcome: &TrainOutcome) -> Vec<String> {
    let end = &outcome.end;
    let figures = format!("val_accuracy: {:.4} - val_loss: {:.4}", end.val_accuracy, end.val_loss);
    let by_folds = end.judged.as_ref().and_then(|judged| Some((judged.folds?, judged.judged_images)));
    let best = match by_folds {
        Some((folds, images)) => format!("Judged by {folds} folds of {images} photos - {figures}"),
        None => format!("Best epoch: {} - {figures}", end.best_epoch),
    };
    let mut lines = vec![
        best,
        format!("Model:   {}", run.join(names::MODEL).display()),
        format!("Curves:  {}", names::plot(run, names::CURVES).display()),
        format!("Report:  {}", run.join(names::REPORT).display()),
        format!("History: {}", run.join(names::HISTORY).display()),
    ];
    if let Some(test) = &end.test {
        let figures = format!("test_accuracy: {:.4} - test_loss: {:.4}", test.test_accuracy, test.test_loss);
        let which = if by_folds.is_some() { "" } else { ", with that epoch" };
        lines.insert(1, format!("On the test part of {} files{which}: {figures}", test.test_images));
    }
    if let Some(judged) = &end.judged {
        lines.splice(1..1, how_sure(judged));
    }
    lines.push(format!("Took:    {}", duration(end.seconds)));
    if outcome.skipped > 0 {
        lines.push(format!("Left out: {}", run.join(names::PROBLEMS).display()));
    }
    lines.push(format!("Try it:  umbel predict {} PHOTO", word(run)));
    lines
}

/// Of so few photos that were judged, it is said what their share is worth.
const FEW: usize = 200;

/// What a plain accuracy does not say: how little a few photos tell, and what becomes of a small class.
fn how_sure(judged: &Judged) -> Vec<String> {
    let mut lines = Vec::new();
    if judged.judged_images < FEW {
        let ([low, high], images) = (judged.val_accuracy_interval, judged.judged_images);
        lines.push(format!("{images} photos tell it to within {low:.2} to {high:.2} (95 %)"));
    }
    if let Some(SmallestClass { class, images, recall }) = &judged.smallest_class {
        let (mean, found) = (judged.val_balanced_accuracy, (recall * *images as f64).round());
        lines.push(format!(
            "Mean over the classes, which are uneven: {mean:.4}; of the smallest, {class}, {found} of {images} photos are found"
        ));
    }
    if !judged.most_mistaken.is_empty() {
        let mistaken: Vec<String> = judged.most_mistaken.iter().map(ToString::to_string).collect();
        lines.push(format!("Most often mistaken: {}", mistaken.join(", ")));
    }
    lines
}
