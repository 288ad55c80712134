//! Photos as `predict` and `explain` take them: files, folders that are searched through,
//! archives, object stores, and standard input.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use umbel::base::budget::Held;
use umbel::base::problem::ProblemKind;
use umbel::base::progress::{Interrupt, Silent};
use umbel::data::decode::{DecodeError, Limits, try_read_file};
use umbel::data::index::pictures;
use umbel::data::{CacheOptions, Problem, Source, is_never_data};
use umbel::get::is_s3;
use umbel::predict::search_but;
use umbel::surroundings::Network;
use umbel::{PredictError, Surroundings};

use super::get;
use crate::console;

/// Stands for standard input.
pub const STDIN: &str = "-";

/// Every photo that the given paths lead to; of a folder or an archive, nothing that is never data. A path that leads nowhere is handed
/// to `failure`, and the others go on. With the archives that photos lie in, under whose path they have theirs.
pub fn inputs(
    paths: &[PathBuf],
    surroundings: &Surroundings,
    mut failure: impl FnMut(&Path, &str) -> io::Result<()>,
) -> io::Result<(Vec<PathBuf>, Archives)> {
    let (mut inputs, mut archives) = (Vec::new(), Archives::default());
    for path in paths {
        if path == Path::new(STDIN) || is_address(path) {
            inputs.push(path.clone());
            continue;
        }
        if is_s3(path) || Source::has_archives(path) {
            match archives.open(path, surroundings) {
                Ok((found, problems)) => {
                    inputs.extend(found);
                    for Problem { path, detail, .. } in problems {
                        failure(Path::new(&path), &detail)?;
                    }
                }
                Err(error) => failure(path, &crate::exit::message(&error.into()))?,
            }
            continue;
        }
        match search_but(path, |path, about| is_never_data(path, about.is_dir()).is_some()) {
            Ok(found) if found.files.is_empty() && found.problems.is_empty() => {
                failure(path, "there are no photos in this folder")?;
            }
            Ok(found) => {
                if found.left_out > 0 {
                    console::note(format!(
                        "Left out in {}: hidden pictures and folders, and what systems keep among the files ({}).",
                        path.display(),
                        found.left_out
                    ));
                }
                inputs.extend(found.files);
                for problem in found.problems {
                    let (folder, reason) = about_folder(path, problem);
                    failure(&folder, &reason)?;
                }
            }
            Err(error) => {
                let hint = get::hint(path).filter(|_| !path.exists()).unwrap_or_default();
                failure(path, &format!("{}{hint}", crate::exit::message(&error.into())))?;
            }
        }
    }
    Ok((inputs, archives))
}

/// Archives that photos lie in.
#[derive(Clone, Debug, Default)]
pub struct Archives {
    opened: Vec<Source>,
}

impl Archives {
    /// Opens one, and gives the paths of its photos, below its own, and what of it cannot be used.
    fn open(&mut self, path: &Path, surroundings: &Surroundings) -> umbel::Result<(Vec<PathBuf>, Vec<Problem>)> {
        let cache = CacheOptions::within(surroundings.cache.clone(), &surroundings.memory);
        let source = umbel::get::source(path, &cache, surroundings, &mut Silent, &Interrupt::default())?;
        let (found, problems) = pictures(&source)?;
        let paths = found.iter().map(|photo| source.path(photo)).collect();
        self.opened.push(source);
        Ok((paths, problems))
    }

    /// The bytes of the photo at `path`; `None` where it lies in none of them.
    pub fn read(&self, path: &Path, limits: &Limits) -> Option<Result<Held<Vec<u8>>, DecodeError>> {
        let within = |source: &Source| {
            Some((source.clone(), path.strip_prefix(source.root()).ok()?.to_str()?.replace('\\', "/")))
        };
        // Of two that lie in each other, the longer path is the photo's own.
        let found = self.opened.iter().filter_map(within).min_by_key(|(_, photo)| photo.len());
        found.map(|(source, photo)| source.read(&photo, limits))
    }
}

/// A folder below `path` that could not be read, and why.
pub fn about_folder(path: &Path, problem: PredictError) -> (PathBuf, String) {
    let folder = match &problem {
        PredictError::Io { path, .. } => path.clone(),
        _ => path.to_owned(),
    };
    (folder, crate::exit::message(&problem.into()))
}

/// Whether a photo lies somewhere else, and is fetched when it is read.
pub fn is_address(path: &Path) -> bool {
    path.to_str().is_some_and(umbel::get::is_address)
}

/// Reads photos.
pub struct Reader<'a> {
    pub limits: Limits,
    network: &'a Network,
    archives: Archives,
}

impl<'a> Reader<'a> {
    /// Within the memory that photos have together.
    pub fn of(surroundings: &'a Surroundings) -> Self {
        Reader {
            limits: Limits::within(&surroundings.memory),
            network: &surroundings.network,
            archives: Archives::default(),
        }
    }

    /// With these archives, which photos may lie in.
    pub fn with_archives(mut self, archives: Archives) -> Self {
        self.archives = archives;
        self
    }

    /// A photo's bytes.
    pub fn read(&self, path: &Path) -> Result<Held<Vec<u8>>, DecodeError> {
        let in_archive = self.archives.read(path, &self.limits);
        in_archive.unwrap_or_else(|| read(path, &self.limits, self.network))
    }
}

/// A photo's bytes, within the memory that photos have together. What has an address is fetched, and kept nowhere. What is no plain file is read as far as the limit: one byte more is
/// enough for the decoder to see that it is too large.
fn read(path: &Path, limits: &Limits, network: &Network) -> Result<Held<Vec<u8>>, DecodeError> {
    if let Some(address) = path.to_str().filter(|_| is_address(path)) {
        let fetched = umbel::get::bytes(address, limits.max_file_bytes, network);
        return fetched.map(Held::from).map_err(|error| DecodeError {
            kind: ProblemKind::Unreadable,
            detail: crate::exit::message(&error.into()),
        });
    }
    let most = limits.max_file_bytes + 1;
    let mut bytes = Vec::new();
    let read = if path == Path::new(STDIN) {
        io::stdin().lock().take(most).read_to_end(&mut bytes)
    } else if path.is_file() {
        return try_read_file(path, limits).unwrap_or_else(|error| Err(unreadable(&error)));
    } else {
        File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes))
    };
    read.map_err(|error| unreadable(&error)).map(|_| bytes.into())
}

fn unreadable(error: &io::Error) -> DecodeError {
    DecodeError { kind: ProblemKind::Unreadable, detail: format!("cannot be read: {error}") }
}

/// The line for people about a photo that cannot be used.
pub fn complaint(path: &str, reason: &str) -> String {
    // The library's own messages name the path already.
    if reason.contains(path) { reason.to_string() } else { format!("{path}: {reason}") }
}
