//! The program `umbel`: parse the command line, run the command, report, leave with the exit code of the contract.
#![forbid(unsafe_code)]

mod args;
mod commands;
mod config;
mod console;
mod exit;
mod free_name;
mod signals;

use std::process::ExitCode;

use clap::Parser;

use args::{Arguments, Command};
use exit::Outcome;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    exit::report(run(arguments.command))
}

fn run(command: Command) -> anyhow::Result<Outcome> {
    match command {
        Command::Demo(args) => commands::demo::run(&args),
        Command::Preview(args) => commands::preview::run(&args),
        Command::Check(args) => commands::check::run(&args),
        Command::Train(args) => commands::train::run(&args),
        Command::LrFind(args) => commands::lr_find::run(&args),
        Command::Models(args) => commands::models::run(&args),
        Command::Summary(args) => commands::summary::run(&args),
        Command::Predict(args) => commands::predict::run(&args),
        Command::Explain(args) => commands::explain::run(&args),
        Command::Eval(args) => commands::eval::run(&args),
        Command::Report(args) => commands::report::run(&args),
        Command::Compare(args) => commands::compare::run(&args),
        Command::Bench(args) => commands::bench::run(&args),
        Command::Doctor(args) => commands::doctor::run(&args),
    }
}
