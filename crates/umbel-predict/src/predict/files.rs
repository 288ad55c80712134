//! Which photos lie below files and folders.

use std::collections::HashSet;
use std::fs::{self, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::base::{never, regular};
use crate::decode::{SNIFF_BYTES, named_as_picture, sniff};
use crate::{Error, Result};

/// What lies below a path.
#[derive(Debug, Default)]
pub struct Found {
    /// A file as it is; of a folder the picture files, sorted.
    pub files: Vec<PathBuf>,
    /// Folders below it that cannot be read, or that a link leads to which would lead on for ever, in no order.
    pub problems: Vec<Error>,
    /// Pictures and folders below it that are never anybody's photos: hidden ones, and what systems keep among the files.
    pub left_out: usize,
}

/// Every file below the given paths: files as they are, folders recursively (picture files only), each folder's files
/// sorted. A path that isn't there is an error, and so is a folder below one that cannot be read; [`search`] goes on there.
pub fn expand_paths(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        let found = search(path)?;
        match found.problems.into_iter().next() {
            None => files.extend(found.files),
            Some(problem) => return Err(problem),
        }
    }
    Ok(files)
}

/// Every file below a path. Links to folders are followed, but no folder is entered twice, nor one that `path` lies in.
///
/// # Errors
/// Where `path` itself isn't there, or is a folder that cannot be read.
pub fn search(path: &Path) -> Result<Found> {
    search_but(path, |_, _| false)
}

/// [`search`], where whatever lies below `path` is first shown to `is_left_out`, with what the system says of it (of what a link
/// leads to). A folder that is left out is not entered, a file not opened.
///
/// # Errors
/// Those of [`search`].
pub fn search_but(path: &Path, mut is_left_out: impl FnMut(&Path, &Metadata) -> bool) -> Result<Found> {
    let about = fs::metadata(path).map_err(|source| io_error(path, source))?;
    if !about.is_dir() {
        return Ok(Found { files: vec![path.to_owned()], ..Found::default() });
    }
    let real = path.canonicalize().map_err(|source| io_error(path, source))?;
    let entries = fs::read_dir(path).map_err(|source| io_error(path, source))?;
    let mut walk =
        Walk { real, seen: HashSet::new(), open: Vec::new(), found: Found::default(), is_left_out: &mut is_left_out };
    walk.seen.insert(identity::of(path, &about));
    walk.folder(path, entries);
    // No recursion: folders may lie thousands deep.
    while let Some(folder) = walk.open.pop() {
        match fs::read_dir(&folder) {
            Ok(entries) => walk.folder(&folder, entries),
            Err(source) => walk.found.problems.push(io_error(&folder, source)),
        }
    }
    walk.found.files.sort();
    Ok(walk.found)
}

/// A search under way.
struct Walk<'a> {
    /// The folder that is searched, without links.
    real: PathBuf,
    /// Folders that were met.
    seen: HashSet<identity::Identity>,
    /// Folders that are still to be read.
    open: Vec<PathBuf>,
    found: Found,
    is_left_out: &'a mut dyn FnMut(&Path, &Metadata) -> bool,
}

impl Walk<'_> {
    fn folder(&mut self, folder: &Path, entries: fs::ReadDir) {
        for entry in entries {
            let (path, kind) = match entry.and_then(|entry| Ok((entry.path(), entry.file_type()?))) {
                Ok(entry) => entry,
                Err(source) => {
                    self.found.problems.push(io_error(folder, source));
                    // What cannot be listed now cannot be listed by going on.
                    return;
                }
            };
            let about = fs::metadata(&path);
            let is_folder = about.as_ref().map_or(kind.is_dir(), Metadata::is_dir);
            let is_never = never::by_name(path.file_name().unwrap_or_default(), is_folder).is_some();
            if is_never || about.as_ref().is_ok_and(|about| (self.is_left_out)(&path, about)) {
                // Other hidden files are nobody's concern.
                self.found.left_out += usize::from(is_folder || named_as_picture(&path));
                continue;
            }
            match about {
                Ok(about) if about.is_dir() => self.enter(path, &about, kind.is_symlink()),
                Ok(about) if about.is_file() && is_picture(&path) => self.found.files.push(path),
                // In a folder that may be listed but not entered, or deeper than the system knows a path to.
                Err(source) if kind.is_dir() => self.found.problems.push(io_error(&path, source)),
                Err(_) if kind.is_file() && named_as_picture(&path) => self.found.files.push(path),
                // A dangling link, a socket, or a file of another kind.
                Ok(_) | Err(_) => {}
            }
        }
    }

    fn enter(&mut self, path: PathBuf, about: &Metadata, is_link: bool) {
        if !self.seen.insert(identity::of(&path, about)) {
            return;
        }
        if is_link && path.canonicalize().is_ok_and(|target| self.real.starts_with(target)) {
            let detail = "it is a link to a folder that holds this one, which is not followed";
            return self.found.problems.push(io_error(&path, io::Error::new(io::ErrorKind::InvalidInput, detail)));
        }
        self.open.push(path);
    }
}

/// By what a folder is known again, whatever links lead to it.
#[cfg(unix)]
mod identity {
    use std::fs::Metadata;
    use std::os::unix::fs::MetadataExt;
    use std::path::Path;

    pub type Identity = (u64, u64);

    pub fn of(_: &Path, about: &Metadata) -> Identity {
        (about.dev(), about.ino())
    }
}

/// By what a folder is known again, whatever links lead to it.
#[cfg(not(unix))]
mod identity {
    use std::fs::Metadata;
    use std::path::{Path, PathBuf};

    pub type Identity = PathBuf;

    pub fn of(path: &Path, _: &Metadata) -> Identity {
        path.canonicalize().unwrap_or_else(|_| path.to_owned())
    }
}

/// Named like a picture (then a damaged one is reported, not passed over), or beginning like one.
fn is_picture(path: &Path) -> bool {
    if named_as_picture(path) {
        return true;
    }
    let mut start = Vec::new();
    let read = regular::open(path).and_then(|file| file.take(SNIFF_BYTES as u64).read_to_end(&mut start));
    read.is_ok() && sniff(&start).is_some()
}

fn io_error(path: &Path, source: io::Error) -> Error {
    Error::Io { action: "read", path: path.to_owned(), source }
}
