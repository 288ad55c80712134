//! `umbel check`: what is wrong with a folder of photos, before a network learns it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use umbel::check::{CheckReport, FindingKind, Likeness, check};
use umbel::data::{Index, Split};

use crate::args::CheckArgs;
use crate::console::{self, Format, TrainConsole};
use crate::exit::{Outcome, usage};
use crate::signals;

/// Findings of one kind that are shown; all are in problems.csv.
const SHOWN: usize = 5;

/// Runs the command.
pub fn run(args: &CheckArgs) -> anyhow::Result<Outcome> {
    let index = Index::scan(&args.dir)?;
    for (flag, path) in [("--out", &args.out), ("--html", &args.html)] {
        if let Some(path) = path
            && lies_inside(path, &args.dir)
        {
            return Err(usage(format!(
                "{flag} {} lies in the folder that is checked, which is never written to; name a place outside of it",
                path.display()
            )));
        }
    }
    let split = args.split.as_deref().map(|path| Split::read(&split_file(path), &index)).transpose()?;
    let mut console = TrainConsole::new(Format::from_flag(args.json));
    let report = check(&index, split.as_ref(), &mut console, &signals::interrupt_on_signals()?)?;
    console.clear();

    let mut written = Vec::new();
    if let Some(folder) = &args.out {
        fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
        let table = folder.join("problems.csv");
        report.write_csv(&table)?;
        written.push(table);
    }
    if let Some(page) = &args.html {
        report.write_page(&index, page)?;
        written.push(page.clone());
    }
    if args.json {
        console::json(&report)?;
    } else {
        tell(&report, args)?;
    }
    for path in written {
        console.say(format!("Wrote {}", path.display()));
    }
    let sound = if args.strict { report.problems.is_empty() } else { report.is_sound() };
    Ok(if sound { Outcome::Done } else { Outcome::SomeUnusable })
}

fn tell(report: &CheckReport, args: &CheckArgs) -> std::io::Result<()> {
    console::line(format!("Found {} files belonging to {} classes.", report.images, report.classes.len()))?;
    let width = report.classes.iter().map(|class| class.class.chars().count()).max().unwrap_or(0).min(40);
    for class in &report.classes {
        console::line(format!("  {:width$}  {:>7}", class.class, class.images))?;
    }
    if report.problems.is_empty() {
        return console::line("Nothing is wrong with them.");
    }
    let unusable = report.images - report.usable;
    if unusable > 0 {
        console::line(format!("{} can be used, {unusable} cannot.", report.usable))?;
    }
    let mut cut = false;
    for (kind, findings) in report.by_kind() {
        console::line(format!("\n{}: {}", kind.title(), count(report, kind, findings.len())))?;
        for finding in findings.iter().take(SHOWN) {
            console::line(format!("  {}: {}", finding.path.escape_debug(), finding.detail))?;
        }
        if findings.len() > SHOWN {
            cut = true;
            console::line(format!("  … and {} more", findings.len() - SHOWN))?;
        }
    }
    console::line("")?;
    if report.is_sound() {
        console::line("Only remarks, nothing is wrong.")?;
    }
    if cut && args.out.is_none() && args.html.is_none() {
        let dir = args.dir.display();
        console::line(format!(
            "All of it: umbel check {dir} --out FOLDER (a table), --html FILE (a page with pictures)"
        ))?;
    }
    Ok(())
}

/// Of duplicates, in how many groups they are.
fn count(report: &CheckReport, kind: FindingKind, findings: usize) -> String {
    let likeness = match kind {
        FindingKind::ExactDuplicate => Likeness::Exact,
        FindingKind::NearDuplicate => Likeness::Near,
        _ => return findings.to_string(),
    };
    let groups = report.duplicates.iter().filter(|group| group.likeness == likeness).count();
    format!("{findings} in {groups} {}", if groups == 1 { "group" } else { "groups" })
}

/// A run folder stands for its split.csv.
fn split_file(path: &Path) -> PathBuf {
    if path.is_dir() { path.join("split.csv") } else { path.to_owned() }
}

/// Whether `path`, which need not exist yet, lies in `folder`: asked of the closest ancestor that exists.
fn lies_inside(path: &Path, folder: &Path) -> bool {
    let (Ok(path), Ok(folder)) = (std::path::absolute(path), folder.canonicalize()) else { return false };
    path.ancestors().find_map(|ancestor| ancestor.canonicalize().ok()).is_some_and(|real| real.starts_with(&folder))
}
