//! Reads a folder: classes (sub-folders sorted by name) and their photos, in the order in which Keras lists them. A folder
//! that comes divided (`train/`, `val/`, `test/`) and a table of photos are read too.

mod layout;
mod listing;
mod manifest;
mod names;

use std::fs;
use std::path::{Path, PathBuf};

use super::Part;
use super::decode;
use crate::base::problem::{Problem, ProblemKind};
use crate::base::progress::{Interrupt, Observer, Silent};
use crate::base::remark::Remark;
use crate::{Result, data};
use layout::Inner;
pub use listing::{Listing, is_never_data};
use listing::{Reader, linked_folder, not_utf8};
pub use names::is_for_the_rest;

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
    /// What is worth knowing about the folder and its classes.
    pub remarks: Vec<Remark>,
}

impl Index {
    /// Reads `root`. Fails where there is no folder, no class, no picture, or a single class.
    ///
    /// A class is a sub-folder (or a link to a folder). One without any picture is not: it is listed among the problems and
    /// left out, so that a stray folder does not become an output of the network that nothing ever trains. Inside a class,
    /// sub-folders are searched too, but links to folders are not followed (as in Keras), so loops end. What is never data
    /// ([`is_never_data`]) is counted and left out, at every depth.
    ///
    /// Where `train` and `val` or `test`, or what else these parts are called, are among the sub-folders and hold folders instead
    /// of pictures, these inner folders are the classes, matched by name, and what lies beside the parts is left out.
    ///
    /// Folders of which none has pictures of its own, and in which the same names recur, are refused: they would be wrong
    /// classes.
    ///
    /// A file named `.csv` is a table with the columns path, label and, if the photos come divided, split (`train`,
    /// `val` or `test`). Paths are relative to the table's folder, with `/`, and cannot leave it.
    pub fn scan(root: &Path) -> Result<Self> {
        Index::list(root, Listing::Photos, &mut Silent, &Interrupt::default())
    }

    /// The same for another listing, of a folder so large that `observer` hears of it
    /// ([`Event::Listing`](crate::base::progress::Event::Listing)).
    ///
    /// # Errors
    /// Those of [`Index::scan`], and [`crate::Error::Interrupted`] where that is asked for.
    pub fn list(root: &Path, listing: Listing, observer: &mut dyn Observer, interrupt: &Interrupt) -> Result<Self> {
        let mut index = if manifest::is_one(root) {
            manifest::read(root)?
        } else {
            let mut reading = Reading::new(Reader::new(listing, observer, interrupt));
            let (folders, loose_files) = class_folders(root, &mut reading.reader)?;
            if folders.is_empty() {
                return Err(data::Error::NoClasses { path: root.to_owned(), files: loose_files }.into());
            }
            match layout::divided(root, &folders)? {
                Some(divided) => reading.divided(root, divided)?,
                None => reading.classes(root, folders)?,
            }
            reading.index(root)?
        };
        index.remarks.extend(names::remarks(&index.classes));
        Ok(index)
    }

    /// Whether the data come with such a part.
    pub fn comes_with(&self, part: Part) -> bool {
        self.parts.iter().flatten().any(|of| *of == part)
    }

    /// How many photos each class has.
    pub fn photos_of_classes(&self) -> Vec<usize> {
        let mut photos = vec![0; self.classes.len()];
        self.photos.iter().for_each(|photo| photos[photo.class as usize] += 1);
        photos
    }

    /// Without the classes of which no photo is usable: nothing would train what stands for them. Their photos are among the
    /// problems then. `None` where there is no such class, or fewer than two others.
    pub(super) fn without_unusable(&self, usable: &[usize], problems: &[Problem]) -> Option<Index> {
        let pictures = self.photos_of_classes();
        let mut live = vec![false; self.classes.len()];
        usable.iter().for_each(|&position| live[self.photos[position].class as usize] = true);
        let left = live.iter().filter(|live| **live).count();
        if left == live.len() || left < 2 {
            return None;
        }
        let number: Vec<u32> =
            live.iter().scan(0, |next, &live| Some(std::mem::replace(next, *next + u32::from(live)))).collect();
        let keep: Vec<bool> = self.photos.iter().map(|photo| live[photo.class as usize]).collect();
        let kept = |position: &usize| keep[*position];
        let mut index = Index { classes: Vec::new(), photos: Vec::new(), parts: None, ..self.clone() };
        for (class, name) in self.classes.iter().enumerate() {
            if live[class] {
                index.classes.push(name.clone());
            } else {
                let pictures = pictures[class];
                index.remarks.push(Remark::ClassUnusable { class: name.clone(), pictures });
            }
        }
        let lost: std::collections::BTreeSet<&str> =
            self.photos.iter().zip(&keep).filter(|(_, keep)| !**keep).map(|(photo, _)| photo.path.as_str()).collect();
        index.problems.extend(problems.iter().filter(|problem| lost.contains(problem.path.as_str())).cloned());
        let photos = self.photos.iter().zip(&keep).filter(|(_, keep)| **keep);
        index.photos =
            photos.map(|(photo, _)| Photo { path: photo.path.clone(), class: number[photo.class as usize] }).collect();
        index.parts =
            self.parts.as_ref().map(|parts| (0..parts.len()).filter(kept).map(|position| parts[position]).collect());
        Some(index)
    }
}

/// An index in the making.
struct Reading<'a> {
    reader: Reader<'a>,
    classes: Vec<String>,
    photos: Vec<Photo>,
    parts: Option<Vec<Part>>,
    inner: Vec<Inner>,
    sub_folders: usize,
    /// The first folder that has no pictures but such as are not read, and these.
    unread: Option<Box<(String, Remark)>>,
}

impl<'a> Reading<'a> {
    fn new(reader: Reader<'a>) -> Self {
        let (classes, photos, inner) = (Vec::new(), Vec::new(), Vec::new());
        Reading { reader, classes, photos, parts: None, inner, sub_folders: 0, unread: None }
    }

    /// A folder without pictures, which is no class.
    fn no_class(&mut self, path: String, passed_over: Option<Remark>) {
        let mut detail = "a folder without pictures, so it is not taken for a class".to_string();
        if let Some(unread) = passed_over {
            detail = format!("{detail} ({})", unread.to_string().trim_end_matches('.'));
            self.unread.get_or_insert_with(|| Box::new((path.clone(), unread)));
        }
        self.reader.problems.push(Problem { path, kind: ProblemKind::Empty, detail });
    }

    /// Each folder that has pictures is a class.
    fn classes(&mut self, root: &Path, folders: Vec<String>) -> Result<()> {
        self.sub_folders = folders.len();
        for name in folders {
            let contents = self.reader.class(root, &name)?;
            if contents.has_pictures() {
                self.look_into(&name, &name, &contents);
                let class = self.classes.len() as u32;
                self.classes.push(name);
                self.photos.extend(contents.into_paths().map(|path| Photo { path, class }));
            } else if !contents.is_never_data {
                self.no_class(name, contents.passed_over());
            }
        }
        if self.reader.listing == Listing::Photos { layout::refuse_nested(root, &self.inner) } else { Ok(()) }
    }

    fn index(self, root: &Path) -> Result<Index> {
        let Reading { reader, classes, photos, parts, inner, sub_folders, unread } = self;
        let mut remarks = reader.remarks();
        remarks.extend(layout::remarks(&inner, parts.is_some()));
        let (root, files) = (root.to_owned(), reader.other_files);
        match classes.as_slice() {
            [] => Err(data::Error::NoPictures { path: root, sub_folders, files, unread }.into()),
            [class] => {
                let give = inner.iter().find_map(Inner::to_give).map(|folder| root.join(folder));
                let (class, photos) = (class.clone(), photos.len());
                Err(data::Error::OneClass { path: root, class, photos, give, unread }.into())
            }
            _ => Ok(Index { root, classes, photos, problems: reader.problems, parts, remarks }),
        }
    }
}

/// The sub-folders of `root` that may be classes, sorted, and how many files lie beside them.
fn class_folders(root: &Path, reader: &mut Reader<'_>) -> Result<(Vec<String>, usize)> {
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
    let (mut names, mut files) = (Vec::new(), 0);
    for entry in fs::read_dir(root).map_err(io_error)? {
        reader.one_more()?;
        let path = entry.map_err(io_error)?.path();
        if !path.is_dir() {
            files += 1;
            continue;
        }
        let name = path.file_name().unwrap_or_default();
        // Keras' listing skips these too.
        if name.as_encoded_bytes().starts_with(b".") {
            continue;
        }
        if let Some(never) = reader.listing.never(&path, true) {
            reader.leave_out(never, &path);
            continue;
        }
        let Some(name) = name.to_str() else {
            reader.problems.push(not_utf8(name.to_string_lossy().into_owned()));
            continue;
        };
        // A link to the folder itself or above it would make one class of everything.
        if fs::canonicalize(&path).is_ok_and(|target| real_root.starts_with(target)) {
            reader.problems.push(linked_folder(name.to_string()));
            continue;
        }
        names.push(name.to_string());
    }
    // UTF-8's byte order is the order of code points, which is how Python sorts.
    names.sort_unstable();
    Ok((names, files))
}
