//! Which photos lie below files and folders.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::decode::{SNIFF_BYTES, named_as_picture, sniff};
use crate::{Error, Result};

/// Every file below the given paths: files as they are, folders recursively (picture files only), each folder's files
/// sorted. A path that isn't there is an error.
pub fn expand_paths(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        let about = std::fs::metadata(path).map_err(|source| io_error(path, source))?;
        if about.is_dir() {
            let mut found = Vec::new();
            walk(path, &mut BTreeSet::new(), &mut found)?;
            found.sort();
            files.extend(found);
        } else {
            files.push(path.clone());
        }
    }
    Ok(files)
}

/// Pictures below `folder`. A folder that was seen already (a loop of links) is not entered again.
fn walk(folder: &Path, seen: &mut BTreeSet<PathBuf>, files: &mut Vec<PathBuf>) -> Result<()> {
    let real = folder.canonicalize().map_err(|source| io_error(folder, source))?;
    if !seen.insert(real) {
        return Ok(());
    }
    for entry in std::fs::read_dir(folder).map_err(|source| io_error(folder, source))? {
        let path = entry.map_err(|source| io_error(folder, source))?.path();
        match std::fs::metadata(&path) {
            Ok(about) if about.is_dir() => walk(&path, seen, files)?,
            Ok(about) if about.is_file() && is_picture(&path) => files.push(path),
            // A dangling link, a socket, or a file of another kind.
            Ok(_) | Err(_) => {}
        }
    }
    Ok(())
}

/// Named like a picture (then a damaged one is reported, not passed over), or beginning like one.
fn is_picture(path: &Path) -> bool {
    if named_as_picture(path) {
        return true;
    }
    let mut start = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(SNIFF_BYTES as u64).read_to_end(&mut start));
    read.is_ok() && sniff(&start).is_some()
}

fn io_error(path: &Path, source: std::io::Error) -> Error {
    Error::Io { action: "read", path: path.to_owned(), source }
}
