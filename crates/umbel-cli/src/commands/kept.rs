//! What is kept of answers beside what is printed: a table, and copies of the photos in a folder for each class. The photos
//! themselves stay where they are.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::Context;
use umbel::base::atomic;
use umbel::base::cells::defused;
use umbel::base::regular;
use umbel::base::run_folder::lies_inside;
use umbel::data::decode::{Limits, Origin};
use umbel::predict::{Prediction, UNKNOWN};
use umbel::run::free_name::next_free;

use super::photos::{Archives, STDIN, is_address};
use crate::exit::usage;

/// The folder of photos whose answer is not sure enough.
const UNSURE: &str = "unsure";

/// The columns of the table.
const COLUMNS: [&str; 7] = ["path", "class", "confidence", "error", "taken", "latitude", "longitude"];
/// One more, where sets were asked for.
const SET: &str = "set";
/// Between the classes of a set.
const BETWEEN: &str = "|";

/// Where answers are kept.
#[derive(Debug, Default)]
pub struct Kept {
    table: Option<PathBuf>,
    rows: Vec<Vec<String>>,
    has_sets: bool,
    sorted: Option<PathBuf>,
    archives: Archives,
}

impl Kept {
    /// In these places, neither of which may lie among the photos: another run, or another look, would take the copies for
    /// photos. `classes` are those that an answer can name.
    pub fn new(
        table: Option<&Path>,
        sorted: Option<&Path>,
        given: &[PathBuf],
        classes: &[String],
    ) -> anyhow::Result<Self> {
        for (flag, place) in [("--csv", table), ("--sort-into", sorted)] {
            let among = |folder: &&PathBuf| folder.is_dir() && place.is_some_and(|place| lies_inside(place, folder));
            if let (Some(place), Some(folder)) = (place, given.iter().find(among)) {
                let (place, folder) = (place.display(), folder.display());
                return Err(usage(format!(
                    "{flag} {place} lies in {folder}, which is never written to; name a place outside of it"
                )));
            }
        }
        if let Some(sorted) = sorted {
            let names = classes.iter().map(String::as_str).chain([UNKNOWN, UNSURE]);
            for place in names.map(|name| sorted.join(folder_name(name))) {
                if let Some(folder) = given.iter().find(|folder| folder.is_dir() && lies_inside(&place, folder)) {
                    let (sorted, place, folder) = (sorted.display(), place.display(), folder.display());
                    return Err(usage(format!(
                        "--sort-into {sorted} would write into {place}, which lies in {folder}, which is never written to; name \
                         another place"
                    )));
                }
            }
        }
        if sorted.is_some() && given.iter().any(|path| path.as_os_str() == STDIN) {
            return Err(usage("--sort-into copies files, and standard input is none; give the photo as a file"));
        }
        if let Some(address) = given.iter().find(|path| is_address(path)).filter(|_| sorted.is_some()) {
            let address = address.display();
            return Err(usage(format!(
                "--sort-into copies files, and {address} is none; fetch the photo, and give its file"
            )));
        }
        Ok(Kept { table: table.map(Path::to_owned), sorted: sorted.map(Path::to_owned), ..Kept::default() })
    }

    /// With a column for the sets of answers.
    pub fn with_sets(mut self, has_sets: bool) -> Self {
        self.has_sets = has_sets;
        self
    }

    /// Of photos that may lie in these archives.
    pub fn with_archives(mut self, archives: Archives) -> Self {
        self.archives = archives;
        self
    }

    /// An answer. `sure`: whether it is sure enough, where that was asked. Gives why the photo could not be read for its copy, if it
    /// could not: it may have gone since it was answered.
    pub fn answer(
        &mut self,
        photo: &Path,
        prediction: &Prediction,
        sure: Option<bool>,
        origin: &Origin,
    ) -> anyhow::Result<Option<io::Error>> {
        let sure_enough = sure != Some(false);
        let class = &prediction.class;
        if self.table.is_some() {
            let told = if sure_enough { class } else { "" };
            let set = prediction.sure.as_ref().map_or(String::new(), |sure| sure.set.join(BETWEEN));
            self.row(photo, [told, &prediction.confidence.to_string(), "", &set], origin);
        }
        let Some(folder) = &self.sorted else { return Ok(None) };
        let folder = folder.join(folder_name(if sure_enough { class } else { UNSURE }));
        match self.archives.read(photo, &Limits::default()) {
            Some(Ok(bytes)) => copy(&mut bytes.as_slice(), photo, &folder)?,
            Some(Err(error)) => return Ok(Some(io::Error::other(error))),
            None => match regular::open(photo) {
                Ok(mut from) => copy(&mut from, photo, &folder)?,
                Err(error) => return Ok(Some(error)),
            },
        }
        Ok(None)
    }

    /// A photo that has no answer.
    pub fn failure(&mut self, photo: &Path, reason: &str) {
        if self.table.is_some() {
            self.row(photo, ["", "", reason, ""], &Origin::default());
        }
    }

    fn row(&mut self, photo: &Path, [class, confidence, error, set]: [&str; 4], origin: &Origin) {
        let text = |text: &str| defused(text).into_owned();
        let degrees = |degrees: Option<f64>| degrees.map(|degrees| degrees.to_string()).unwrap_or_default();
        let mut row = vec![
            text(&photo.to_string_lossy()),
            text(class),
            confidence.to_string(),
            text(error),
            origin.taken.clone().unwrap_or_default(),
            degrees(origin.latitude),
            degrees(origin.longitude),
        ];
        if self.has_sets {
            row.push(text(set));
        }
        self.rows.push(row);
    }

    /// Writes the table of all answers so far, whole or not at all.
    pub fn write(&self) -> anyhow::Result<()> {
        let Some(path) = &self.table else { return Ok(()) };
        let fill = |file: &mut File| {
            let mut writer = csv::Writer::from_writer(file);
            writer.write_record(COLUMNS.into_iter().chain(self.has_sets.then_some(SET)))?;
            for row in &self.rows {
                writer.write_record(row)?;
            }
            writer.flush()
        };
        Ok(atomic::write_with(path, fill)?)
    }
}

/// A class as the name of a folder: one that leads nowhere else, and is not hidden.
fn folder_name(class: &str) -> String {
    let name: String =
        class.chars().map(|letter| if matches!(letter, '/' | '\\' | '\0') { '_' } else { letter }).take(80).collect();
    if name.starts_with('.') || name.is_empty() { format!("_{name}") } else { name }
}

/// Copies, whole or not at all; a name that is taken gets a number.
fn copy(from: &mut dyn Read, photo: &Path, folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let name = photo.file_name().map_or_else(|| Path::new("photo"), Path::new);
    Ok(atomic::write_with(&next_free(&folder.join(name)), |to| io::copy(from, to).map(drop))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_no_way_out_of_the_folder() {
        for (class, name) in [("roses", "roses"), ("..", "_.."), ("a/../b", "a_.._b"), ("", "_"), (".git", "_.git")] {
            assert_eq!(folder_name(class), name);
        }
    }
}
