//! The command line as it is typed: these types only parse. What they mean is built in `config` and `commands`.

mod data;
mod detections;
mod get;
mod lr_find;
mod models;
mod program;
mod runs;
mod settings;
mod train;
mod values;

pub use data::{CheckArgs, DemoArgs, Labels, PreviewArgs};
pub use detections::DetectionArgs;
pub use get::GetArgs;
pub use lr_find::LrFindArgs;
pub use models::{EvalArgs, ExplainArgs, ModelsArgs, PredictArgs, SummaryArgs};
pub use program::{CompletionsArgs, HelpArgs, LicensesArgs, ManArgs};
pub use runs::{BenchArgs, BenchWhat, CompareArgs, DoctorArgs, ReportArgs};
pub use settings::{Settings, ShownSettings};
pub use train::TrainArgs;

use clap::builder::Styles;
use clap::builder::styling::AnsiColor;
use clap::{CommandFactory, Parser, Subcommand};
use umbel::base::lang::Lang;
use umbel::settings::{Stage, find};

/// Train image classifiers from a folder of photos.
#[derive(Debug, Parser)]
#[command(
    name = "umbel",
    version,
    about = "Train image classifiers from a folder of photos",
    long_about = "Train image classifiers from a folder of photos.\n\n\
        One sub-folder per class is all it takes; umbel finds the photos, trains a small convolutional network on this \
        computer's CPU, draws the curves, and tells what is on a new photo. It connects to nothing unless it is told to get \
        something, sends nothing anywhere, and only ever reads your photos.",
    after_help = EXAMPLES,
    styles = STYLES,
    arg_required_else_help = true,
    subcommand_required = true,
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Memory for all photos in hand, for instance 2GB [default: a quarter]
    #[arg(
        long,
        global = true,
        value_name = "SIZE",
        value_parser = values::size,
        display_order = 900,
        long_help = "What all photos in hand may take of memory together, for instance 2GB [default: a quarter, 1GB at least]"
    )]
    pub memory: Option<u64>,
    /// Language of the report and of the sentences that people quote [default: the system's]
    #[arg(
        long,
        global = true,
        value_name = "en|zh-TW",
        value_parser = values::choice::<Lang>(),
        hide_possible_values = true,
        hide_short_help = true,
        display_order = 901,
        long_help = "Language of the report, and of the sentences that people quote: what was found and used, and what is on a photo \
            [default: the system's, if it is one of these; else English]"
    )]
    pub lang: Option<Lang>,
}

/// The commands, in the order in which a newcomer meets them.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// See it all at work in a minute, on flowers that umbel draws itself
    Demo(DemoArgs),
    /// Fetch a data set, by name or address, or pretrained weights
    Get(GetArgs),
    /// Draw nine photos of a folder with their classes, or one photo augmented nine times
    Preview(PreviewArgs),
    /// Find what is wrong with a folder: bad files, duplicates, uneven classes
    Check(CheckArgs),
    /// Train a network on a folder of photos
    Train(Box<TrainArgs>),
    /// Find a learning rate: a short training whose rate rises, and the curve of its loss
    #[command(name = "lr-find", after_help = lr_find::HELP, after_long_help = lr_find::HELP)]
    LrFind(Box<LrFindArgs>),
    /// List the ready-made networks
    Models(ModelsArgs),
    /// Show a network's layers, their output shapes and their parameters
    Summary(SummaryArgs),
    /// Tell what is on a photo
    Predict(PredictArgs),
    /// Show where on a photo a network saw what speaks for a class
    Explain(ExplainArgs),
    /// Measure how good a network is on a folder of photos
    Eval(EvalArgs),
    /// Make a run's page again: figures, curves, mistakes, and how to reproduce it
    Report(ReportArgs),
    /// Put several runs side by side, and tell which differences are more than chance
    Compare(CompareArgs),
    /// Measure the speed of training steps or of inference on this computer
    Bench(BenchArgs),
    /// Show what umbel found on this computer: CPU, instruction sets, threads, cache
    Doctor(DoctorArgs),
    /// Write what a shell needs to complete umbel's commands and flags
    Completions(CompletionsArgs),
    /// Write manual pages into a folder
    Man(ManArgs),
    /// Tell whose software and weights are in this program, and under which terms
    Licenses(LicensesArgs),
    /// Tell about a command, about the recipes, or about every setting
    Help(HelpArgs),
}

/// The command line as it is shown and read: `lr-find` reads what it has no use for, to refuse it by name, and hides it.
pub fn command() -> clap::Command {
    let unused = |arg: &clap::Arg| {
        let row = find(arg.get_id().as_str());
        arg.get_id() == "resume" || row.is_some_and(|row| row.never_used_at(Stage::RangeTest))
    };
    Arguments::command()
        .mut_subcommand("lr-find", |lr_find| lr_find.mut_args(|arg| if unused(&arg) { arg.hide(true) } else { arg }))
}

const EXAMPLES: &str = "\
Examples:
  umbel demo                               the whole tour, nothing needed
  umbel get flowers                        the tutorial's photos
  umbel check photos/                      what is wrong with it?
  umbel train photos/                      photos/roses/*.jpg, photos/tulips/*.jpg, ...
  umbel predict runs/photos new.jpg        which of the classes is it?
  umbel explain runs/photos new.jpg        and why?
  umbel eval runs/photos more/             how good is it on other photos?
  umbel compare runs/photos runs/photos-2   what did it change?

Exit codes: 0 all well; 1 the run failed or was stopped; 2 wrong usage; 3 done, but some \
inputs could not be used, or a check found something (all is listed).";

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_declaration_holds_together() {
        command().debug_assert();
    }
}
