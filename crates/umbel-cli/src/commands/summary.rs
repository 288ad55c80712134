//! `umbel summary`: the layer table of a trained model or of a network by name.

use umbel::Surroundings;
use umbel::model_file::{ModelFile, StartedFrom};
use umbel::nn::Model;
use umbel::train::{FitOptions, memory_needed};

use super::network;
use crate::args::SummaryArgs;
use crate::console;
use crate::exit::Outcome;

/// Runs the command.
pub fn run(args: &SummaryArgs, surroundings: &Surroundings) -> anyhow::Result<Outcome> {
    let (model, started_from) = model(args)?;
    let summary = model.summary();
    if args.json {
        console::json(&summary)?;
        return Ok(Outcome::Done);
    }
    let memory = memory_needed(
        &model,
        args.batch,
        &FitOptions { engine: surroundings.engine.clone(), ..FitOptions::default() },
    )?;
    console::lines(summary.to_string().trim_end())?;
    if let Some(weights) = started_from {
        console::line(format!("Started from: {}", weights.line()))?;
    }
    console::line(format!("One training step of {} photos needs {}.", args.batch, console::bytes(memory)))?;
    Ok(Outcome::Done)
}

fn model(args: &SummaryArgs) -> anyhow::Result<(Model, Option<StartedFrom>)> {
    match (&args.path, &args.model) {
        (Some(path), _) => {
            let file = ModelFile::load(path)?;
            Ok((file.model, file.started_from))
        }
        (None, Some(name)) => Ok((network::untrained(name, args.image_size as usize, args.classes, 0)?, None)),
        (None, None) => unreachable!("clap asks for one of them"),
    }
}
