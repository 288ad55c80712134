//! Reads a folder: classes (sub-folders sorted by name) and their photos, in the order in which Keras lists them.

use std::fs::{self, DirEntry, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::decode;
use crate::base::handles;
use crate::{Error, Result};

/// A photo of the folder: path relative to the root with `/`, and the index of its class.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Photo {
    pub path: String,
    pub class: u32,
}

/// What is wrong with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum ProblemKind {
    /// Zero bytes, or a folder without pictures.
    Empty,
    /// Named like a picture, but is none.
    NotAPicture,
    /// A picture of a kind that is not read here.
    Unsupported,
    /// Starts well and ends too early, or is damaged inside.
    Damaged,
    /// More pixels or bytes than the limits allow.
    TooLarge,
    /// The operating system would not read it, or it is a link that leads nowhere or to a folder.
    Unreadable,
    /// The name is not UTF-8.
    Name,
}

/// A file that cannot be used, and why (a row of problems.csv).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Problem {
    pub path: String,
    pub kind: ProblemKind,
    pub detail: String,
}

/// The folder's contents.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Index {
    pub root: PathBuf,
    pub classes: Vec<String>,
    /// Sorted by class, then by folder, then by name, as Keras' `index_directory` does; splits and caches refer to it.
    pub photos: Vec<Photo>,
    /// Found by name and type alone (names that are not UTF-8, ...); decoding finds more.
    pub problems: Vec<Problem>,
}

impl Index {
    /// Reads `root`. Fails where there is no folder, no class, no picture, or a single class.
    ///
    /// A class is a sub-folder (or a link to a folder) whose name does not begin with a dot. A sub-folder without any
    /// picture is not a class: it is listed among the problems and left out, so that a stray folder does not become
    /// an output of the network that nothing ever trains. Inside a class, sub-folders are searched too, but links to
    /// folders are not followed (as in Keras), so loops end.
    pub fn scan(root: &Path) -> Result<Self> {
        let (folders, loose_files, mut problems) = class_folders(root)?;
        if folders.is_empty() {
            return Err(Error::NoClasses { path: root.to_owned(), files: loose_files });
        }
        let (mut classes, mut photos, mut other_files) = (Vec::new(), Vec::new(), 0);
        let sub_folders = folders.len();
        for name in folders {
            let mut walk = Walk::default();
            walk.folder(&root.join(&name), &name);
            if let Some((path, source)) = walk.stopped {
                return Err(Error::Io { action: "read the folder", path: root.join(path), source });
            }
            other_files += walk.other_files;
            problems.append(&mut walk.problems);
            if walk.folders.iter().all(|(_, files)| files.is_empty()) {
                problems.push(Problem {
                    path: name,
                    kind: ProblemKind::Empty,
                    detail: "a folder without pictures, so it is not taken for a class".to_string(),
                });
                continue;
            }
            let class = classes.len() as u32;
            classes.push(name);
            photos.extend(walk.into_paths().map(|path| Photo { path, class }));
        }
        match classes.as_slice() {
            [] => Err(Error::NoPictures { path: root.to_owned(), sub_folders, files: other_files }),
            [class] => Err(Error::OneClass { path: root.to_owned(), class: class.clone(), photos: photos.len() }),
            _ => Ok(Index { root: root.to_owned(), classes, photos, problems }),
        }
    }
}

/// The sub-folders of `root` that may be classes, sorted, and how many files lie beside them.
fn class_folders(root: &Path) -> Result<(Vec<String>, usize, Vec<Problem>)> {
    let io_error = |source| Error::Io { action: "read the folder", path: root.to_owned(), source };
    match fs::metadata(root) {
        Ok(data) if data.is_dir() => {}
        Ok(_) => {
            return Err(Error::NotAFolder { path: root.to_owned() });
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Error::FolderMissing { path: root.to_owned() });
        }
        Err(error) => return Err(io_error(error)),
    }
    let real_root = fs::canonicalize(root).map_err(io_error)?;
    let (mut names, mut files, mut problems) = (Vec::new(), 0, Vec::new());
    for entry in fs::read_dir(root).map_err(io_error)? {
        let path = entry.map_err(io_error)?.path();
        if !path.is_dir() {
            files += 1;
            continue;
        }
        let name = path.file_name().unwrap_or_default();
        if name.as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let Some(name) = name.to_str() else {
            problems.push(not_utf8(name.to_string_lossy().into_owned()));
            continue;
        };
        // A link to the folder itself or above it would make one class of everything.
        if fs::canonicalize(&path).is_ok_and(|target| real_root.starts_with(target)) {
            problems.push(linked_folder(name.to_string()));
            continue;
        }
        names.push(name.to_string());
    }
    // UTF-8's byte order is the order of code points, which is how Python sorts.
    names.sort_unstable();
    Ok((names, files, problems))
}

/// What lies in one class: its folders with their pictures.
#[derive(Default)]
struct Walk {
    folders: Vec<(String, Vec<String>)>,
    problems: Vec<Problem>,
    other_files: usize,
    /// Where the system ran out of file handles: what could not be read then is not to be left out for it.
    stopped: Option<(String, std::io::Error)>,
}

impl Walk {
    /// Reads `folder`, named `relative` within the root, and the folders in it.
    fn folder(&mut self, folder: &Path, relative: &str) {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if handles::are_used_up(&error) => {
                self.stopped = Some((relative.to_string(), error));
                return;
            }
            Err(error) => return self.unreadable(relative.to_string(), &error),
        };
        let mut files = Vec::new();
        for entry in entries {
            match entry {
                Ok(entry) => self.entry(&entry, relative, &mut files),
                Err(error) => self.unreadable(relative.to_string(), &error),
            }
        }
        self.folders.push((relative.to_string(), files));
    }

    fn entry(&mut self, entry: &DirEntry, relative: &str, files: &mut Vec<String>) {
        let name = entry.file_name();
        let lossy = format!("{relative}/{}", name.to_string_lossy());
        // Tells links from folders without a further call to the system for each file.
        let kind = match entry.file_type() {
            Ok(kind) => kind,
            Err(error) => return self.unreadable(lossy, &error),
        };
        let path = entry.path();
        let named_as_picture = decode::named_as_picture(&path);
        let is_file = if kind.is_symlink() {
            match fs::metadata(&path) {
                Ok(target) if target.is_dir() => return self.problems.push(linked_folder(lossy)),
                Ok(target) => target.is_file(),
                Err(error) if named_as_picture => return self.unreadable(lossy, &error),
                Err(_) => false,
            }
        } else {
            kind.is_file()
        };
        let Some(name) = name.to_str() else {
            if kind.is_dir() || named_as_picture {
                self.problems.push(not_utf8(lossy));
            } else {
                self.other_files += 1;
            }
            return;
        };
        if kind.is_dir() {
            self.folder(&path, &format!("{relative}/{name}"));
        } else if is_file && (named_as_picture || begins_as_picture(&path)) {
            files.push(name.to_string());
        } else if !is_file && named_as_picture {
            // Opening a pipe or a device could wait for ever.
            self.problems.push(Problem {
                path: lossy,
                kind: ProblemKind::Unreadable,
                detail: "neither a file nor a folder".to_string(),
            });
        } else {
            self.other_files += 1;
        }
    }

    fn unreadable(&mut self, path: String, error: &std::io::Error) {
        let detail = format!("the system would not read it: {error}");
        self.problems.push(Problem { path, kind: ProblemKind::Unreadable, detail });
    }

    /// The pictures' paths in Keras' order: folders sorted by their whole path as text (so `a-b` comes before `a/b`),
    /// names sorted within each.
    fn into_paths(mut self) -> impl Iterator<Item = String> {
        self.folders.sort_unstable();
        self.folders.into_iter().flat_map(|(folder, mut files)| {
            files.sort_unstable();
            files.into_iter().map(move |file| format!("{folder}/{file}"))
        })
    }
}

/// Whether a file that is not named as a picture is one all the same.
fn begins_as_picture(path: &Path) -> bool {
    let mut start = Vec::with_capacity(decode::SNIFF_BYTES);
    File::open(path)
        .and_then(|file| file.take(decode::SNIFF_BYTES as u64).read_to_end(&mut start))
        .is_ok_and(|_| decode::sniff(&start).is_some())
}

fn not_utf8(path: String) -> Problem {
    let detail = "the name is not UTF-8; rename it".to_string();
    Problem { path, kind: ProblemKind::Name, detail }
}

fn linked_folder(path: String) -> Problem {
    let detail = "a link to a folder, which is not followed; put the folder itself here".to_string();
    Problem { path, kind: ProblemKind::Unreadable, detail }
}
