//! `umbel get`: the list of data sets that have a name, and fetching one, or whatever else has an address.

use std::path::Path;

use serde::Serialize;
use umbel::base::shown::{column, padded, thousands};
use umbel::data::Unpacked;
use umbel::get::sets::{SETS, Set};
use umbel::get::{Got, News, What, get};
use umbel::{Error, Surroundings};

use crate::args::GetArgs;
use crate::console::{self, Format, TrainConsole};
use crate::exit::{Outcome, usage};
use crate::hints::word;
use crate::signals;

/// What came (JSON).
#[derive(Serialize)]
struct Fetched<'a> {
    what: String,
    path: String,
    /// Whether it came now.
    new: bool,
    files: u64,
    bytes: u64,
    license: Option<&'a str>,
}

/// A data set that has a name (JSON).
#[derive(Serialize)]
struct Listed {
    name: &'static str,
    about: &'static str,
    bytes: u64,
    classes: usize,
    photos: usize,
    license: &'static str,
    citation: &'static str,
    urls: Vec<&'static str>,
    /// Where size and digest were read.
    source: &'static str,
    /// When it was last fetched for real by those who make umbel.
    tried: Option<&'static str>,
}

/// Runs the command.
pub fn run(args: &GetArgs, surroundings: &Surroundings) -> anyhow::Result<Outcome> {
    let Some(given) = &args.what else {
        list(args.json)?;
        return Ok(Outcome::Done);
    };
    let what = What::parse(given)?;
    if let (What::Weights(_), Some(_)) = (&what, &args.out) {
        return Err(usage("weights go into the store, so leave --out out; UMBEL_MODELS names another folder for it"));
    }
    let mut console = TrainConsole::new(Format::from_flag(args.json), surroundings.lang);
    let interrupt = signals::interrupt_saying("stopping, press again to quit at once")?;
    let got = match get(&what, args.out.as_deref(), surroundings, &mut console, &interrupt) {
        Err(Error::Interrupted) => {
            console.clear();
            console::note("Stopped; what has come is kept, and the same command goes on with it.");
            return Ok(Outcome::NotDone);
        }
        got => got?,
    };
    console.clear();
    tell(&what, &got);
    if args.json {
        let (new, unpacked) = match &got.news {
            News::LayThere => (false, Unpacked::default()),
            News::Came(unpacked) => (true, unpacked.clone()),
        };
        let (path, license) = (got.path.display().to_string(), got.license.as_deref());
        let Unpacked { files, bytes, .. } = unpacked;
        console::json(&Fetched { what: what.name(), path, new, files, bytes, license })?;
        return Ok(Outcome::Done);
    }
    let path = got.path.display();
    match (&got.news, &what) {
        (News::LayThere, _) => console::line(format!("{} lies there already: {path}", what.name()))?,
        (News::Came(_), What::Weights(_)) => console::line(format!("Fetched: {path}"))?,
        (News::Came(Unpacked { files, bytes, .. }), _) => {
            let files = thousands(usize::try_from(*files).unwrap_or(usize::MAX));
            console::line(format!("Fetched: {path} ({files} files, {})", console::bytes(*bytes)))?;
        }
    }
    if let Some(license) = &got.license {
        console::line(format!("License: {license}"))?;
    }
    if let What::Set(set) = &what {
        console::line(format!("Cite:    {}", set.citation))?;
    }
    console::line(match &what {
        What::Weights(origin) => format!("Try it:  umbel train photos/ --pretrained {}", origin.name),
        What::Set(_) | What::Address(_) | What::Hub { .. } => format!("Try it:  umbel train {}", word(&got.path)),
    })?;
    Ok(Outcome::Done)
}

/// Says, where it is so, what of an archive was not taken as it was.
pub fn tell(what: &What, got: &Got) {
    let News::Came(unpacked) = &got.news else { return };
    if let Some(oddities) = unpacked.oddities() {
        let example = unpacked.example.as_deref().unwrap_or_default();
        let name = what.name();
        console::note(format!(
            "In {name} there were odd members, not taken or not as they were ({oddities}), such as {example}."
        ));
    }
}

/// The names that have a data set, and where no path is, what was meant by it.
pub fn hint(path: &Path) -> Option<String> {
    let set = umbel::get::sets::find(path.to_str()?.trim_end_matches('/'))?;
    Some(format!("; the data set of that name is fetched by: umbel get {}", set.name))
}

fn list(json: bool) -> std::io::Result<()> {
    if json {
        for set in SETS {
            let Set { name, about, classes, photos, license, citation, source, tried, archives, .. } = *set;
            let (bytes, urls) = (set.bytes(), archives.iter().map(|row| row.url).collect());
            console::json(&Listed { name, about, bytes, classes, photos, license, citation, urls, source, tried })?;
        }
        return Ok(());
    }
    let width = column(SETS.iter().map(|set| set.name), 4);
    let row = |[name, size, classes, photos, rest]: [&str; 5]| {
        console::line(format!("{}  {size:>8}  {classes:>7}  {photos:>7}  {rest}", padded(name, width)))
    };
    row(["Name", "Size", "Classes", "Photos", "About"])?;
    for set in SETS {
        let (size, classes) = (console::bytes(set.bytes()), set.classes.to_string());
        row([set.name, &size, &classes, &thousands(set.photos), set.about])?;
        row(["", "", "", "", &format!("from {}; license: {}", set.host(), set.license)])?;
    }
    console::line("")?;
    let untried: Vec<&str> = SETS.iter().filter(|set| set.tried.is_none()).map(|set| set.name).collect();
    if !untried.is_empty() {
        let which = if untried.len() == SETS.len() {
            "None of them was".into()
        } else {
            format!("{} were not", untried.join(", "))
        };
        console::line(format!(
            "{which} ever fetched from there by those who make umbel: sizes and digests were read elsewhere (--json tells where), and what \
             comes is held to them."
        ))?;
    }
    console::line("Fetch one:       umbel get flowers")?;
    console::line("From elsewhere:  umbel get https://host/photos.zip, umbel get hf:OWNER/NAME")?;
    console::line("Weights:         umbel get weights:NAME (umbel models lists them)")
}
