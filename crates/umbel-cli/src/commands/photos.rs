//! Photos as `predict` and `explain` take them: files, folders that are searched through, and standard input.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use umbel::base::budget::Held;
use umbel::base::problem::ProblemKind;
use umbel::data::decode::{DecodeError, Limits, try_read_file};
use umbel::data::is_never_data;
use umbel::predict::search_but;
use umbel::surroundings::Network;
use umbel::{PredictError, Surroundings};

use super::get;
use crate::console;

/// Stands for standard input.
pub const STDIN: &str = "-";

/// Every photo that the given paths lead to; of a folder, nothing that is never data. A path that leads nowhere is handed to
/// `failure`, and the others go on.
pub fn inputs(paths: &[PathBuf], mut failure: impl FnMut(&Path, &str) -> io::Result<()>) -> io::Result<Vec<PathBuf>> {
    let mut inputs = Vec::new();
    for path in paths {
        if path == Path::new(STDIN) || is_address(path) {
            inputs.push(path.clone());
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
    Ok(inputs)
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
}

impl<'a> Reader<'a> {
    /// Within the memory that photos have together.
    pub fn of(surroundings: &'a Surroundings) -> Self {
        Reader { limits: Limits::within(&surroundings.memory), network: &surroundings.network }
    }

    /// A photo's bytes.
    pub fn read(&self, path: &Path) -> Result<Held<Vec<u8>>, DecodeError> {
        read(path, &self.limits, self.network)
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
