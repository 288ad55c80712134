//! `umbel check`: what is wrong with a folder of photos, before a network learns it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use umbel::Surroundings;
use umbel::base::lang::Lang;
use umbel::base::run_folder::lies_inside;
use umbel::base::shown::{cell, column};
use umbel::check::{CheckReport, FindingKind, Likeness, check_within};
use umbel::data::decode::Reading;
use umbel::data::{CacheOptions, Index, Listing, Margin, PrepSpec, Split};
use umbel::pipeline::{self, TrainConfig};
use umbel::run::names;

use super::fetched;
use super::suspects::{self, Judged};
use crate::args::{CheckArgs, Labels};
use crate::console::{self, Format, TrainConsole, sentences};
use crate::exit::{Outcome, usage};
use crate::hints::word;
use crate::signals;

/// Findings of one kind that are shown; all are in problems.csv.
const SHOWN: usize = 5;

/// Runs the command.
pub fn run(args: &CheckArgs, surroundings: &Surroundings) -> anyhow::Result<Outcome> {
    let mut console = TrainConsole::new(Format::from_flag(args.json), surroundings.lang);
    let interrupt = signals::interrupt_on_signals()?;
    let args = &CheckArgs { dir: fetched::folder(&args.dir, surroundings, &mut console, &interrupt)?, ..args.clone() };
    let cache = CacheOptions::within(surroundings.cache.clone(), &surroundings.memory);
    // Before the photos are read: a run that is none should not cost that time.
    let run = args.run.as_deref().map(pipeline::run_settings).transpose()?;
    let source = umbel::get::source(&args.dir, &cache, surroundings, &mut console, &interrupt)?;
    let source = source.with_detections(&args.detections.taken()).cropped_as(&boxes_prep(args, run.as_ref()));
    let index = Index::list(source, Listing::Photos, &mut console, &interrupt)?;
    console.clear();
    for (flag, path) in [("--out", &args.out), ("--html", &args.html), ("--plan", &args.plan)] {
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
    if run.is_some() && args.labels == Some(Labels::None) {
        return Err(usage("--run judges the labels, and --labels none asks not to; leave one of them out"));
    }
    // What a run was told of its photos holds for these, too.
    let said = Reading { depth: args.depth, raw: args.raw };
    let reading = run.as_ref().filter(|_| said == Reading::default()).map_or(said, |(run, _)| run.prep.reading());
    let mut report = check_within(&surroundings.memory, reading, &index, split.as_ref(), &mut console, &interrupt)?;
    console.clear();
    let disputes = suspects::look_for(run, &index, reading, args, surroundings, &interrupt)?;
    if let Some(Judged::Whole(disputes)) = &disputes {
        report.add(disputes.findings(&index));
        report.about_suspects = Some(suspects::line(disputes));
    }

    let mut written = Vec::new();
    if let Some(folder) = &args.out {
        fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
        let table = folder.join(names::PROBLEMS);
        report.write_csv(&table)?;
        written.push(table);
        if let Some(Judged::Whole(disputes)) = &disputes {
            let table = folder.join("disputes.csv");
            disputes.write_csv(&index, &table)?;
            written.push(table);
        }
    }
    if let Some(plan) = &args.plan {
        report.plan(&index, split.as_ref()).write(plan)?;
        written.push(plan.clone());
    }
    if let Some(page) = &args.html {
        report.write_page(&index, &surroundings.memory, page)?;
        written.push(page.clone());
    }
    if args.json {
        console::json(&report)?;
    } else {
        tell(&report, args, surroundings.lang)?;
    }
    for path in written {
        console.say(format!("Wrote {}", path.display()));
    }
    match &disputes {
        Some(Judged::Whole(disputes)) => console.say(suspects::line(disputes)),
        Some(Judged::Stopped) => {
            console::note("Stopped: the labels were not judged; everything else was found before.");
            return Ok(Outcome::NotDone);
        }
        None => {}
    }
    // How boxes were understood is no finding against them.
    let nothing = || report.problems.iter().all(|finding| finding.kind == FindingKind::Boxes);
    let sound = if args.strict { nothing() } else { report.is_sound() };
    Ok(if sound { Outcome::Done } else { Outcome::SomeUnusable })
}

/// How boxes are cut: as it was said or, where nothing was, as the run had it.
fn boxes_prep(args: &CheckArgs, run: Option<&(TrainConfig, Option<String>)>) -> PrepSpec {
    let said = args.crop_margin.and_then(Margin::new);
    let margin = said.or_else(|| run.map(|(run, _)| run.prep.crop_margin)).unwrap_or_default();
    let (depth, raw) = (args.depth, args.raw);
    PrepSpec { crop_margin: margin, depth, raw, ..PrepSpec::default() }
}

fn tell(report: &CheckReport, args: &CheckArgs, lang: Lang) -> std::io::Result<()> {
    console::line(sentences::found(lang, report.images, report.classes.len()))?;
    let width = column(report.classes.iter().map(|class| class.class.as_str()), 0);
    for class in &report.classes {
        console::line(format!("  {}  {:>7}", cell(&class.class, width), class.images))?;
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
        console::line("")?;
        console::line(format!("{}: {}", kind.title(), count(report, kind, findings.len())))?;
        for finding in findings.iter().take(SHOWN) {
            console::line(format!("  {}: {}", finding.about(), finding.detail))?;
        }
        if findings.len() > SHOWN {
            cut = true;
            console::line(format!("  … and {} more", findings.len() - SHOWN))?;
        }
        if kind == FindingKind::DoubtfulDepth {
            console::line("  Give --depth with what stands for white, here and to umbel train.")?;
        }
    }
    console::line("")?;
    if report.is_sound() {
        let has_suspects = report.problems.iter().any(|finding| finding.kind.is_suspect());
        console::line(match has_suspects {
            true => "Nothing is surely wrong; the suspects are for a person to look at.",
            false => "Only remarks, nothing is wrong.",
        })?;
    }
    if cut && args.out.is_none() && args.html.is_none() {
        let dir = word(&args.dir);
        console::line(format!(
            "All of it: umbel check {dir} --out FOLDER (a table); with pictures, to a bound: --html FILE"
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
    if path.is_dir() { path.join(names::SPLIT) } else { path.to_owned() }
}
