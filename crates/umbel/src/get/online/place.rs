//! Where a data set comes to lie: a folder that is only taken where nothing is or what was fetched, and beside it, hidden, another one for
//! what is on its way and survives a break.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::base::{atomic, regular};
use crate::data::unpack::{io, replace_folder};
use crate::get::{Error, MARKER, What};

/// What the marker in a folder tells.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    /// As it was asked for.
    pub what: String,
    /// Where each file came from, with its SHA-256.
    #[serde(default)]
    pub from: Vec<Origin>,
    /// Under which terms it may be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
    /// Whom to cite.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub citation: Option<String>,
    /// The version of umbel that fetched it.
    #[serde(default)]
    pub umbel: String,
}

/// A file that was fetched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    pub url: String,
    pub sha256: String,
}

/// A folder that may be written. Where nothing came that could be gone on with, nothing is left of it.
pub struct Place {
    target: PathBuf,
    work: PathBuf,
    what: String,
    lock: Option<File>,
}

/// What is found where a data set is to lie.
pub enum Found {
    /// The data set.
    Here(Marker),
    /// Nothing, or less of it than all.
    Free(Place),
}

/// Looks at `target`, where `what` is to lie.
pub fn look(target: &Path, what: &What) -> Result<Found> {
    let asked = what.name();
    if let Some(marker) = marker_of(target) {
        return if marker.what == asked {
            Ok(Found::Here(marker))
        } else {
            Err(Error::HoldsOther { path: target.to_owned(), holds: marker.what, asked }.into())
        };
    }
    let is_free = match fs::read_dir(target) {
        Ok(mut entries) => entries.next().is_none(),
        Err(_) => fs::symlink_metadata(target).is_err(),
    };
    let not_own = |path: &Path| crate::Error::from(Error::NotOwn { path: path.to_owned() });
    let Some(name) = target.file_name().filter(|_| is_free) else { return Err(not_own(target)) };
    let beside = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(beside).map_err(|source| io("create the folder", beside, source))?;
    let work = beside.join(format!(".{}.umbel-get", name.to_string_lossy()));
    let begun = marker_of(&work);
    if begun.is_none() && fs::read_dir(&work).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(not_own(&work));
    }
    fs::create_dir_all(&work).map_err(|source| io("create the folder", &work, source))?;
    let lock_path = work.join("lock");
    if begun.is_none() {
        write_marker(&work, &Marker { what: asked.clone(), ..Marker::default() })?;
    }
    let lock = File::create(&lock_path).map_err(|source| io("write", &lock_path, source))?;
    if lock.try_lock().is_err() {
        return Err(Error::Busy { path: target.to_owned() }.into());
    }
    let place = Place { target: target.to_owned(), work, what: asked, lock: Some(lock) };
    if begun.is_some_and(|begun| begun.what != place.what) {
        // What is on its way there is of another data set.
        place.empty()?;
    }
    Ok(Found::Free(place))
}

impl Place {
    /// A path for something on its way.
    pub fn join(&self, name: &str) -> PathBuf {
        self.work.join(name)
    }

    pub fn what(&self) -> &str {
        &self.what
    }

    /// Makes room for a folder `name` that is begun anew.
    pub fn fresh(&self, name: &str) -> Result<PathBuf> {
        let path = self.join(name);
        if path.is_dir() {
            fs::remove_dir_all(&path).map_err(|source| io("empty", &path, source))?;
        }
        fs::create_dir_all(&path).map_err(|source| io("create the folder", &path, source))?;
        Ok(path)
    }

    fn empty(&self) -> Result<()> {
        for entry in fs::read_dir(&self.work).into_iter().flatten().flatten() {
            let path = entry.path();
            let gone = match entry.file_name() == "lock" {
                true => Ok(()),
                false if path.is_dir() => fs::remove_dir_all(&path),
                false => fs::remove_file(&path),
            };
            gone.map_err(|source| io("empty", &path, source))?;
        }
        write_marker(&self.work, &Marker { what: self.what.clone(), ..Marker::default() })
    }

    /// Gives `whole`, which lies in here, its place, with its marker; what was on the way is gone then.
    pub fn finish(mut self, whole: &Path, marker: &Marker) -> Result<()> {
        write_marker(whole, marker)?;
        replace_folder(whole, &self.target)?;
        self.remove();
        Ok(())
    }

    fn remove(&mut self) {
        // Some systems remove no file that is open.
        drop(self.lock.take());
        let _ = fs::remove_dir_all(&self.work);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.lock.is_some() && !holds_something(&self.work) {
            self.remove();
        }
    }
}

/// Whether there is anything but what this module and `part` put beside what comes.
fn holds_something(folder: &Path) -> bool {
    fs::read_dir(folder).into_iter().flatten().flatten().any(|entry| {
        let (path, name) = (entry.path(), entry.file_name());
        let is_ours = name == MARKER || name == "lock" || path.extension().is_some_and(|end| end == "tag");
        !is_ours
            && if path.is_dir() { holds_something(&path) } else { entry.metadata().is_ok_and(|about| about.len() > 0) }
    })
}

fn marker_of(folder: &Path) -> Option<Marker> {
    serde_json::from_str(&regular::read_text(&folder.join(MARKER)).ok()?).ok()
}

fn write_marker(folder: &Path, marker: &Marker) -> Result<()> {
    let marker = Marker { umbel: env!("CARGO_PKG_VERSION").into(), ..marker.clone() };
    let text = serde_json::to_string_pretty(&marker).unwrap_or_default() + "\n";
    Ok(atomic::write_bytes(&folder.join(MARKER), text.as_bytes())?)
}
