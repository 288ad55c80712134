//! Reads a folder: classes (sub-folders sorted by name) and their photos, in the order in which Keras lists them. A folder
//! that comes divided (`train/`, `val/`, `test/`) and a table of photos are read too.

mod manifest;
mod ready_made;

use std::fs::{self, DirEntry, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use super::Part;
use super::decode;
use crate::base::handles;
use crate::base::problem::{Problem, ProblemKind};
use crate::{Result, data};

/// A photo of the folder: path relative to the root with `/`, and the index of its class.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Photo {
    pub path: String,
    pub class: u32,
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
    /// The part of each photo, where the data come divided.
    pub parts: Option<Vec<Part>>,
}

impl Index {
    /// Reads `root`. Fails where there is no folder, no class, no picture, or a single class.
    ///
    /// A class is a sub-folder (or a link to a folder) whose name does not begin with a dot. A sub-folder without any
    /// picture is not a class: it is listed among the problems and left out, so that a stray folder does not become
    /// an output of the network that nothing ever trains. Inside a class, sub-folders are searched too, but links to
    /// folders are not followed (as in Keras), so loops end.
    ///
    /// Where the sub-folders are `train`, `val` (or `valid`, `validation`) and `test`, or some of these with `train`
    /// among them, and hold folders instead of pictures, these inner folders are the classes, matched by name.
    ///
    /// A file named `.csv` is a table with the columns path, label and, if the photos come divided, split (`train`,
    /// `val` or `test`). Paths are relative to the table's folder, with `/`, and cannot leave it.
    pub fn scan(root: &Path) -> Result<Self> {
        if manifest::is_one(root) {
            return manifest::read(root);
        }
        let (folders, loose_files, problems) = class_folders(root)?;
        if folders.is_empty() {
            return Err(data::Error::NoClasses { path: root.to_owned(), files: loose_files }.into());
        }
        let mut reading = Reading { problems, ..Reading::default() };
        match ready_made::parts(root, &folders)? {
            Some(parts) => reading.ready_made(root, parts)?,
            None => reading.classes(root, folders)?,
        }
        reading.index(root)
    }

    /// Whether the data come with such a part.
    pub fn comes_with(&self, part: Part) -> bool {
        self.parts.iter().flatten().any(|of| *of == part)
    }
}

/// An index in the making.
#[derive(Default)]
struct Reading {
    classes: Vec<String>,
    photos: Vec<Photo>,
    parts: Option<Vec<Part>>,
    problems: Vec<Problem>,
    sub_folders: usize,
    other_files: usize,
}

impl Reading {
    /// Each folder that has pictures is a class.
    fn classes(&mut self, root: &Path, folders: Vec<String>) -> Result<()> {
        self.sub_folders = folders.len();
        for name in folders {
            let Some(paths) = self.pictures(root, &name)? else {
                self.problems.push(no_class(name));
                continue;
            };
            let class = self.classes.len() as u32;
            self.classes.push(name);
            self.photos.extend(paths.map(|path| Photo { path, class }));
        }
        Ok(())
    }

    /// The pictures in a folder; `None` where it has none.
    fn pictures(&mut self, root: &Path, folder: &str) -> Result<Option<impl Iterator<Item = String> + use<>>> {
        let mut walk = Walk::default();
        walk.folder(&root.join(folder), folder);
        if let Some((path, source)) = walk.stopped {
            return Err(umbel_predict::Error::Io { action: "read the folder", path: root.join(path), source }.into());
        }
        self.other_files += walk.other_files;
        self.problems.append(&mut walk.problems);
        let some = walk.folders.iter().any(|(_, files)| !files.is_empty());
        Ok(some.then(|| walk.into_paths()))
    }

    fn index(self, root: &Path) -> Result<Index> {
        let Reading { classes, photos, parts, problems, sub_folders, other_files } = self;
        match classes.as_slice() {
            [] => Err(data::Error::NoPictures { path: root.to_owned(), sub_folders, files: other_files }.into()),
            [class] => {
                Err(data::Error::OneClass { path: root.to_owned(), class: class.clone(), photos: photos.len() }.into())
            }
            _ => Ok(Index { root: root.to_owned(), classes, photos, problems, parts }),
        }
    }
}

/// The sub-folders of `root` that may be classes, sorted, and how many files lie beside them.
fn class_folders(root: &Path) -> Result<(Vec<String>, usize, Vec<Problem>)> {
    let io_error = |source| umbel_predict::Error::Io { action: "read the folder", path: root.to_owned(), source };
    match fs::metadata(root) {
        Ok(data) if data.is_dir() => {}
        Ok(_) => {
            return Err(data::Error::NotAFolder { path: root.to_owned() }.into());
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(data::Error::FolderMissing { path: root.to_owned() }.into());
        }
        Err(error) => return Err(io_error(error).into()),
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

fn no_class(path: String) -> Problem {
    let detail = "a folder without pictures, so it is not taken for a class".to_string();
    Problem { path, kind: ProblemKind::Empty, detail }
}

fn not_utf8(path: String) -> Problem {
    let detail = "the name is not UTF-8; rename it".to_string();
    Problem { path, kind: ProblemKind::Name, detail }
}

fn linked_folder(path: String) -> Problem {
    let detail = "a link to a folder, which is not followed; put the folder itself here".to_string();
    Problem { path, kind: ProblemKind::Unreadable, detail }
}
