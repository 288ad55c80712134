//! `umbel train`: the whole job on a folder, or a stopped run carried on.

use std::path::Path;

use umbel::pipeline::{self, TrainOutcome};

use crate::args::TrainArgs;
use crate::config;
use crate::console::{Format, TrainConsole};
use crate::exit::Outcome;
use crate::signals;

/// Runs the command.
pub fn run(args: &TrainArgs) -> anyhow::Result<Outcome> {
    let mut console = TrainConsole::new(Format::from_flag(args.json));
    let outcome = match &args.resume {
        Some(run) => pipeline::resume(run, args.epochs, &mut console, &signals::interrupt_on_signals()?)?,
        None => {
            let config = config::train_config(args)?;
            let interrupt = signals::interrupt_on_signals()?;
            pipeline::train_folder(&config, args.out.as_deref(), &mut console, &interrupt)?
        }
    };
    Ok(report(&mut console, &outcome))
}

fn report(console: &mut TrainConsole, outcome: &TrainOutcome) -> Outcome {
    let run = outcome.run.display();
    if outcome.interrupted {
        console.say(format!("Stopped; everything so far is saved. Go on with: umbel train --resume {run}"));
        return Outcome::NotDone;
    }
    for line in where_things_lie(&outcome.run, outcome) {
        console.say(line);
    }
    if outcome.skipped > 0 { Outcome::SomeUnusable } else { Outcome::Done }
}

/// The last lines of a run that was not stopped.
pub fn where_things_lie(run: &Path, outcome: &TrainOutcome) -> Vec<String> {
    let end = &outcome.end;
    let mut lines = vec![
        format!(
            "Best epoch: {} - val_accuracy: {:.4} - val_loss: {:.4}",
            end.best_epoch, end.val_accuracy, end.val_loss
        ),
        format!("Model:   {}", run.join("model.safetensors").display()),
        format!("Curves:  {}", run.join("plots").join("curves.png").display()),
        format!("History: {}", run.join("history.csv").display()),
    ];
    if outcome.skipped > 0 {
        lines.push(format!("Left out: {}", run.join("problems.csv").display()));
    }
    lines.push(format!("Try it:  umbel predict {} PHOTO", run.display()));
    lines
}
