//! `umbel preview`: a look at the data, before any training.

use std::path::Path;

use crate::args::PreviewArgs;
use crate::console;
use crate::exit::Outcome;
use crate::free_name::next_free;

/// Runs the command.
pub fn run(args: &PreviewArgs) -> anyhow::Result<Outcome> {
    let out = args.out.clone().unwrap_or_else(|| next_free(Path::new("preview.png")));
    todo!()
}
