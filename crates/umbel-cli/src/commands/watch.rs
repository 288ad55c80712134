//! A folder that is looked at again and again: which of its photos are new or have changed, and are there as a whole.

use std::collections::{HashMap, HashSet};
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use anyhow::anyhow;
use umbel::PredictError;
use umbel::base::progress::Interrupt;
use umbel::data::is_never_data;
use umbel::predict::{Found, search_but};

use crate::exit::usage;

/// From one look to the next, at least.
const PAUSE: Duration = Duration::from_secs(1);
/// In a folder that takes long to look at, the pause is so many times as long as the look.
const PAUSES_A_LOOK: u32 = 4;
/// How long a stop that was asked for may go unnoticed.
const NAP: Duration = Duration::from_millis(100);

/// A folder, and what was seen in it.
#[derive(Debug)]
pub struct Watch {
    folder: PathBuf,
    files: HashMap<PathBuf, Seen>,
    /// Folders that could not be read, and why; each is told once.
    told: HashSet<String>,
    looks: usize,
    pause: Duration,
}

/// A file as it was at the last look.
#[derive(Debug)]
struct Seen {
    stamp: Stamp,
    /// It was handed out as it is.
    is_taken: bool,
    look: usize,
}

/// Where this stays the same, a file has not changed: its size, and when it was written.
type Stamp = (u64, Option<SystemTime>);

impl Watch {
    /// Of a folder.
    pub fn new(folder: &Path) -> anyhow::Result<Self> {
        let io = |source| PredictError::Io { action: "read", path: folder.to_owned(), source };
        if !fs::metadata(folder).map_err(io)?.is_dir() {
            return Err(usage(format!("--watch takes a folder, and {} is none", folder.display())));
        }
        let folder = folder.to_owned();
        Ok(Watch { folder, files: HashMap::new(), told: HashSet::new(), looks: 0, pause: PAUSE })
    }

    /// Which one.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The photos that are to be answered now: at the first look all that are there; later those that came or changed, once
    /// they have stood still from one look to the next, as one that is being copied does not.
    ///
    /// # Errors
    /// Where the folder is there no more.
    pub fn look(&mut self, interrupt: &Interrupt) -> anyhow::Result<Found> {
        let start = Instant::now();
        self.looks += 1;
        let (look, files) = (self.looks, &mut self.files);
        if !self.folder.is_dir() {
            return Err(anyhow!("the folder {}, which was watched, is gone", self.folder.display()));
        }
        let found = search_but(&self.folder, |path, about| {
            let never = interrupt.requested() || is_never_data(path, about.is_dir()).is_some();
            never || about.is_file() && !is_to_be_taken(files, look, path, about)
        });
        let mut found = found.map_err(|error| gone(&self.folder, error))?;
        if found.problems.is_empty() {
            // A file that is put back is a new one; what lies in a folder that cannot be read just now has not gone.
            self.files.retain(|_, seen| seen.look == look);
        }
        found.problems.retain(|problem| self.told.insert(problem.to_string()));
        self.pause = PAUSE.max(start.elapsed() * PAUSES_A_LOOK);
        Ok(found)
    }

    /// Waits until it is time for another look, or a stop is asked for.
    pub fn wait(&self, interrupt: &Interrupt) {
        let start = Instant::now();
        while !interrupt.requested() {
            let left = self.pause.saturating_sub(start.elapsed());
            if left.is_zero() {
                return;
            }
            std::thread::sleep(left.min(NAP));
        }
    }
}

fn is_to_be_taken(files: &mut HashMap<PathBuf, Seen>, look: usize, path: &Path, about: &Metadata) -> bool {
    let stamp = (about.len(), about.modified().ok());
    let Some(seen) = files.get_mut(path) else {
        let is_taken = look == 1;
        files.insert(path.to_owned(), Seen { stamp, is_taken, look });
        return is_taken;
    };
    let stood_still = seen.stamp == stamp;
    let is_new = stood_still && !seen.is_taken;
    *seen = Seen { stamp, is_taken: stood_still, look };
    is_new
}

fn gone(folder: &Path, error: PredictError) -> anyhow::Error {
    match error {
        PredictError::Io { source, .. } => {
            anyhow!("the folder {}, which was watched, cannot be read any more: {source}", folder.display())
        }
        error => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(found: &Found) -> Vec<&str> {
        found.files.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect()
    }

    #[test]
    fn a_file_is_taken_once_it_has_stood_still_and_again_when_it_changed() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        put("a.jpg", "a");
        let mut watch = Watch::new(folder.path()).unwrap();
        let mut look = || {
            let found = watch.look(&Interrupt::default()).unwrap();
            names(&found).join(" ")
        };
        assert_eq!(look(), "a.jpg", "what is there at the start");
        assert_eq!(look(), "");
        put("b.jpg", "half");
        assert_eq!(look(), "");
        put("b.jpg", "whole now");
        assert_eq!(look(), "", "it grew since");
        put("c.jpg", "c");
        assert_eq!(look(), "b.jpg");
        assert_eq!(look(), "c.jpg");
        put("a.jpg", "another");
        assert_eq!(look(), "");
        assert_eq!(look(), "a.jpg");
        fs::remove_file(folder.path().join("b.jpg")).unwrap();
        assert_eq!(look(), "");
        put("b.jpg", "whole now");
        assert_eq!([look(), look(), look()], ["", "b.jpg", ""], "one that is put back is new");
    }

    #[test]
    fn what_is_no_photo_is_never_taken() {
        let folder = tempfile::tempdir().unwrap();
        let mut watch = Watch::new(folder.path()).unwrap();
        for path in [".hidden.jpg", "._a.jpg", "notes.txt", "__MACOSX/b.jpg", "run/plots/c.png", "sub/d.jpg"] {
            fs::create_dir_all(folder.path().join(path).parent().unwrap()).unwrap();
            fs::write(folder.path().join(path), "text").unwrap();
        }
        for file in [umbel::run::names::CONFIG, umbel::run::names::SPLIT] {
            fs::write(folder.path().join("run").join(file), "").unwrap();
        }
        let mut taken = Vec::new();
        for _ in 0..3 {
            taken.extend(watch.look(&Interrupt::default()).unwrap().files);
        }
        assert_eq!(taken, [folder.path().join("sub/d.jpg")]);
    }

    #[test]
    fn a_stop_ends_the_waiting() {
        let folder = tempfile::tempdir().unwrap();
        let (mut watch, interrupt) = (Watch::new(folder.path()).unwrap(), Interrupt::default());
        watch.look(&interrupt).unwrap();
        interrupt.request();
        let start = Instant::now();
        watch.wait(&interrupt);
        assert!(start.elapsed() < PAUSE / 2);
    }

    #[test]
    fn a_folder_that_is_gone_is_an_error_in_words() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("in");
        assert!(Watch::new(&place).is_err());
        fs::create_dir(&place).unwrap();
        let mut watch = Watch::new(&place).unwrap();
        fs::remove_dir(&place).unwrap();
        let error = watch.look(&Interrupt::default()).unwrap_err().to_string();
        assert!(error.contains("which was watched, is gone"), "{error}");
        fs::write(&place, "a file").unwrap();
        assert!(Watch::new(&place).unwrap_err().to_string().contains("takes a folder"));
        watch.look(&Interrupt::default()).unwrap_err();
    }
}
