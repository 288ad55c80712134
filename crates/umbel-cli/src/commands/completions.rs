//! `umbel completions`: what a shell needs to complete commands and flags.

use crate::args::{self, CompletionsArgs};
use crate::console;
use crate::exit::Outcome;

/// Runs the command.
pub fn run(args: &CompletionsArgs) -> anyhow::Result<Outcome> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut args::command(), "umbel", &mut script);
    console::raw(String::from_utf8(script)?.trim_end())?;
    Ok(Outcome::Done)
}
