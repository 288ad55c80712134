//! `umbel compare`: several runs' curves in one picture, their final figures in one table, and both as a page.

use std::path::{Path, PathBuf};

use umbel::Surroundings;
use umbel::report::compare::{compare_records, read};
use umbel::report::compare_page;
use umbel::run::free_name::next_free;

use crate::args::CompareArgs;
use crate::console;
use crate::exit::Outcome;

/// Runs the command.
pub fn run(args: &CompareArgs, surroundings: &Surroundings) -> anyhow::Result<Outcome> {
    let runs = read(&args.runs)?;
    let out: PathBuf = args.out.clone().unwrap_or_else(|| next_free(Path::new("umbel-compare")));
    let comparison = compare_records(&runs, &out, &surroundings.fonts)?;
    let page = args.html.clone().unwrap_or_else(|| out.join(compare_page::FILE_NAME));
    compare_page::write(&comparison, &runs, &page)?;
    if args.json {
        console::json(&comparison)?;
        return Ok(Outcome::Done);
    }
    console::lines(comparison.to_string().trim_end())?;
    for written in comparison.pictures.iter().chain([&page]) {
        console::line(format!("Wrote {}", written.display()))?;
    }
    Ok(Outcome::Done)
}
