//! `umbel report`: a run's page, made again.

use std::path::{Path, PathBuf};

use umbel::Surroundings;
use umbel::pipeline;
use umbel::run::names;

use crate::args::ReportArgs;
use crate::console;
use crate::exit::{Outcome, usage};

/// Runs the command.
pub fn run(args: &ReportArgs, surroundings: &Surroundings) -> anyhow::Result<Outcome> {
    let mut pages = Vec::new();
    if !pipeline::has_folds(&args.run) {
        pages.push(pipeline::report(&args.run, args.out.as_deref(), surroundings)?);
    } else if args.run.join(names::FOLDS_JSON).is_file() {
        pages.push(pipeline::report_folds(&args.run, args.out.as_deref(), surroundings)?);
    } else if args.out.is_some() {
        return Err(usage("the folds of this run have not all ended: leave --out away, or name one of its folds"));
    }
    if pipeline::has_folds(&args.run) && args.out.is_none() {
        for fold in folds(&args.run) {
            pages.push(pipeline::report(&fold, None, surroundings)?);
        }
    }
    for page in pages {
        console::line(format!("Wrote {}", page.display()))?;
    }
    Ok(Outcome::Done)
}

/// The folds of a cross-validation that have trained.
fn folds(run: &Path) -> Vec<PathBuf> {
    let folds = (1..).map(|fold| names::fold(run, fold)).take_while(|fold| fold.is_dir());
    let trained: Vec<PathBuf> = folds.filter(|fold| fold.join(names::HISTORY).is_file()).collect();
    // None: the library says what is missing.
    if trained.is_empty() { vec![run.to_owned()] } else { trained }
}
