//! `umbel man`: a manual page for each command.

use anyhow::Context;

use crate::args::{self, ManArgs};
use crate::console;
use crate::exit::Outcome;

/// Runs the command.
pub fn run(args: &ManArgs) -> anyhow::Result<Outcome> {
    let dir = &args.dir;
    let written = std::fs::create_dir_all(dir).and_then(|()| clap_mangen::generate_to(args::command(), dir));
    written.with_context(|| format!("cannot write manual pages into {}", dir.display()))?;
    console::line(format!("Wrote {}", dir.join("umbel.1").display()))?;
    Ok(Outcome::Done)
}
