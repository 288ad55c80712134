//! `umbel lr-find`: which learning rate for these photos and settings?

use std::path::{Path, PathBuf};

use serde::Serialize;
use umbel::Surroundings;
use umbel::pipeline::{self, Recipe};
use umbel::run::free_name::next_free;
use umbel::settings::Stage;
use umbel::train::{RangeOptions, RangeTest};

use super::fetched::with_folder;
use super::train::with_weights;
use crate::args::LrFindArgs;
use crate::config;
use crate::console::{self, Format, TrainConsole};
use crate::exit::{Outcome, usage};
use crate::signals;

/// Runs the command.
pub fn run(args: &LrFindArgs, surroundings: &Surroundings) -> anyhow::Result<Outcome> {
    if args.train.resume.is_some() {
        return Err(usage("--resume does nothing in a range test: nothing of what it trains is kept"));
    }
    let settings = &args.train.settings;
    settings.given.check_for(Stage::RangeTest).map_err(|refusal| settings.refused(&refusal))?;
    if args.to <= args.from {
        return Err(usage("--to must be above --from"));
    }
    let mut console = TrainConsole::new(Format::from_flag(args.train.json), surroundings.lang);
    let interrupt = signals::interrupt_on_signals()?;
    let train = with_folder(&args.train, surroundings, &mut console, &interrupt)?;
    let config =
        config::train_config(&with_weights(&train, surroundings, &mut console, &interrupt)?, Recipe::Tutorial)?;
    let range = RangeOptions { steps: args.steps, low: args.from, high: args.to };
    let out: PathBuf = args.train.out.clone().unwrap_or_else(|| next_free(Path::new("umbel-lr-find")));
    let Some(found) = pipeline::lr_find(&config, &range, &out, surroundings, &mut console, &interrupt)? else {
        return Ok(Outcome::NotDone);
    };
    let test = &found.test;
    if args.train.json {
        console::json(&Found { test, pictures: &found.pictures })?;
        return Ok(Outcome::Done);
    }
    for line in lines(test) {
        console::line(line)?;
    }
    for written in &found.pictures {
        console::line(format!("Wrote {}", written.display()))?;
    }
    Ok(Outcome::Done)
}

fn lines(test: &RangeTest) -> Vec<String> {
    let (steps, last) = (test.points.len(), test.points.last().map_or(f64::NAN, |point| point.rate));
    let end = if test.diverged { ", where it broke out" } else { "" };
    vec![
        format!(
            "The loss fell fastest at {:.1e} and was lowest at {:.1e}; {steps} steps up to {last:.1e}{end}.",
            test.steepest, test.minimum
        ),
        format!("Suggested: --lr {:.1e} (a tenth of the rate with the lowest loss)", test.rate),
    ]
}

/// The contract's object.
#[derive(Serialize)]
struct Found<'a> {
    #[serde(flatten)]
    test: &'a RangeTest,
    pictures: &'a [PathBuf],
}
