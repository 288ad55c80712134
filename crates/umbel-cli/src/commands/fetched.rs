//! Addresses in the place of folders and photos: what they lead to is fetched first, and then it is as if its path had been given.

use std::path::{Path, PathBuf};

use toml::Value;
use umbel::Surroundings;
use umbel::base::progress::{Interrupt, Observer, Silent};
use umbel::data::{CacheOptions, Source};
use umbel::get::{self, News, What, is_address};

use super::get::tell;
use crate::args::TrainArgs;
use crate::console::{self, Format, TrainConsole};
use crate::signals;

/// The folder of photos that was given: by its path, or by an address, from which it is fetched into a folder of its name in this one.
pub fn folder(
    given: &Path,
    surroundings: &Surroundings,
    observer: &mut dyn Observer,
    interrupt: &Interrupt,
) -> anyhow::Result<PathBuf> {
    let Some(address) = given.to_str().filter(|given| is_address(given)) else { return Ok(given.to_owned()) };
    let what = What::parse(address)?;
    let got = get::get(&what, None, surroundings, observer, interrupt)?;
    tell(&what, &got);
    let path = got.path.display();
    console::note(match &got.news {
        News::LayThere => format!("{} lies there already: {path}", what.name()),
        News::Came(_) => format!("Fetched into {path}."),
    });
    Ok(got.path)
}

/// The same for a command that cannot be stopped half-way otherwise: only where something is fetched are there signals to be heard.
pub fn folder_alone(given: &Path, surroundings: &Surroundings) -> anyhow::Result<PathBuf> {
    if !given.to_str().is_some_and(is_address) {
        return Ok(given.to_owned());
    }
    let interrupt = signals::interrupt_saying("stopping, press again to quit at once")?;
    let mut console = TrainConsole::new(Format::Json, surroundings.lang);
    let path = folder(given, surroundings, &mut console, &interrupt);
    console.clear();
    path
}

/// The photos at `given`, for a command that cannot be stopped half-way otherwise: where they lie in an object store, what is needed of
/// them is fetched, and only then are there signals to be heard.
pub fn place(given: &Path, cache: &CacheOptions, surroundings: &Surroundings) -> anyhow::Result<Source> {
    if !get::is_s3(given) {
        return Ok(Source::open(given, cache, &mut Silent, &Interrupt::default())?);
    }
    let interrupt = signals::interrupt_saying("stopping, press again to quit at once")?;
    let mut console = TrainConsole::new(Format::Json, surroundings.lang);
    let source = get::source(given, cache, surroundings, &mut console, &interrupt);
    console.clear();
    Ok(source?)
}

/// The flags of a training with the folder where an address was given.
pub fn with_folder(
    args: &TrainArgs,
    surroundings: &Surroundings,
    console: &mut TrainConsole,
    interrupt: &Interrupt,
) -> anyhow::Result<TrainArgs> {
    let mut args = args.clone();
    let given = args.settings.given.get("data").and_then(Value::as_str).map(PathBuf::from);
    if let Some(given) = given.filter(|given| given.to_str().is_some_and(is_address)) {
        let path = folder(&given, surroundings, console, interrupt)?;
        console.clear();
        args.settings.given.replace("data", path.to_string_lossy().into_owned().into());
    }
    Ok(args)
}
