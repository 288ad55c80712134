//! The program `umbel`: parse the command line, run the command, report, leave with the exit code of the contract.
#![forbid(unsafe_code)]

mod args;
mod commands;
mod config;
mod console;
mod exit;
mod hints;
mod signals;

use std::panic;
use std::process::ExitCode;

use clap::FromArgMatches;

use args::{Arguments, Command, LicensesArgs};
use exit::{Outcome, usage};
use umbel::Surroundings;
use umbel::base::budget::MemoryBudget;
use umbel::data::decode::is_decoding;

fn main() -> ExitCode {
    silence_decoders();
    signals::pause_tidily();
    let matches = args::command().get_matches();
    let arguments =
        Arguments::from_arg_matches(&matches).unwrap_or_else(|error| error.format(&mut args::command()).exit());
    exit::report(surroundings(&arguments).and_then(|surroundings| run(arguments.command, &surroundings)))
}

/// A decoder's panic is caught and told as what is wrong with the file; its text is for nobody.
fn silence_decoders() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if !is_decoding() {
            usual(info);
        }
    }));
}

/// What the environment says, read once, unless the command line says it.
fn surroundings(arguments: &Arguments) -> anyhow::Result<Surroundings> {
    let surroundings = Surroundings::of(|name| std::env::var_os(name));
    let surroundings =
        surroundings.map_err(|error| usage(format!("a variable of the environment cannot be used: {error}")))?;
    let memory = arguments.memory.map_or(surroundings.memory, MemoryBudget::new);
    let lang = arguments.lang.unwrap_or(surroundings.lang);
    Ok(Surroundings { memory, lang, ..surroundings })
}

fn run(command: Command, surroundings: &Surroundings) -> anyhow::Result<Outcome> {
    match command {
        Command::Demo(args) => commands::demo::run(&args, surroundings),
        Command::Get(args) => commands::get::run(&args, surroundings),
        Command::Preview(args) => commands::preview::run(&args, surroundings),
        Command::Check(args) => commands::check::run(&args, surroundings),
        Command::Train(args) => commands::train::run(&args, surroundings),
        Command::LrFind(args) => commands::lr_find::run(&args, surroundings),
        Command::Models(args) => commands::models::run(&args, surroundings),
        Command::Summary(args) => commands::summary::run(&args, surroundings),
        Command::Predict(args) => commands::predict::run(&args, surroundings),
        Command::Explain(args) => commands::explain::run(&args, surroundings),
        Command::Eval(args) => commands::eval::run(&args, surroundings),
        Command::Report(args) => commands::report::run(&args, surroundings),
        Command::Compare(args) => commands::compare::run(&args, surroundings),
        Command::Bench(args) => commands::bench::run(&args, surroundings),
        Command::Doctor(args) => commands::doctor::run(&args, surroundings),
        Command::Completions(args) => commands::completions::run(&args),
        Command::Licenses(LicensesArgs {}) => commands::licenses::run(),
        Command::Man(args) => commands::man::run(&args),
        Command::Help(args) => commands::help::run(&args),
    }
}
