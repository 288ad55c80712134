//! `umbel report`: a run's page, made again.

use std::path::PathBuf;

use umbel::pipeline;
use umbel::run::names;

use crate::args::ReportArgs;
use crate::console;
use crate::exit::{Outcome, usage};

/// Runs the command.
pub fn run(args: &ReportArgs) -> anyhow::Result<Outcome> {
    let runs = if pipeline::has_folds(&args.run) { folds(args)? } else { vec![args.run.clone()] };
    for run in runs {
        let page = pipeline::report(&run, args.out.as_deref())?;
        console::line(format!("Wrote {}", page.display()))?;
    }
    Ok(Outcome::Done)
}

/// The folds of a cross-validation that have trained.
fn folds(args: &ReportArgs) -> anyhow::Result<Vec<PathBuf>> {
    if args.out.is_some() {
        return Err(usage(
            "this run has folds, each with a page of its own: leave --out away, or name one of its folds",
        ));
    }
    let folds = (1..).map(|fold| names::fold(&args.run, fold)).take_while(|fold| fold.is_dir());
    let trained: Vec<PathBuf> = folds.filter(|fold| fold.join(names::HISTORY).is_file()).collect();
    // None: the library says what is missing.
    Ok(if trained.is_empty() { vec![args.run.clone()] } else { trained })
}
