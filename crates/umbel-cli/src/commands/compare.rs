//! `umbel compare`: several runs' curves in one picture, their final figures in one table.

use std::path::{Path, PathBuf};

use umbel::report::compare::compare;

use crate::args::CompareArgs;
use crate::console;
use crate::exit::Outcome;
use crate::free_name::next_free;

/// Runs the command.
pub fn run(args: &CompareArgs) -> anyhow::Result<Outcome> {
    let out: PathBuf = args.out.clone().unwrap_or_else(|| next_free(Path::new("umbel-compare")));
    let comparison = compare(&args.runs, &out)?;
    if args.json {
        console::json(&comparison)?;
        return Ok(Outcome::Done);
    }
    console::line(comparison.to_string().trim_end())?;
    for picture in &comparison.pictures {
        console::line(format!("Wrote {}", picture.display()))?;
    }
    Ok(Outcome::Done)
}
