//! Reads a folder: classes (sub-folders sorted by name) and their photos, in the order in which Keras lists them. A folder
//! that comes divided (`train/`, `val/`, `test/`) and a table of photos are read too.

mod annotations;
mod layout;
mod listing;
mod manifest;
mod metadata;
mod names;
mod never;
mod told;

use std::path::Path;

use super::Part;
use super::decode;
use super::source::Source;
use crate::base::problem::{Problem, ProblemKind};
use crate::base::progress::{Interrupt, Observer, Silent};
use crate::base::remark::Remark;
use crate::{Result, data};
pub use annotations::{DetectedBox, DetectorFile};
use layout::Inner;
pub use listing::Listing;
use listing::Reader;
pub(super) use manifest::is_label;
pub use names::is_for_the_rest;
pub use never::is_never_data;
pub use told::with_boxes;

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
    /// Where the photos lie.
    pub source: Source,
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
    /// `val` or `test`). Paths are relative to the table's folder, with `/`, and cannot leave it. So is one named `.jsonl`, with an
    /// object a line, and so are `metadata.csv` and `metadata.jsonl` in a folder, or in its folders of parts, where they tell labels.
    ///
    /// Where a table has columns for boxes, or a file named `.json` tells such as COCO's or MegaDetector's do, each box is a photo by
    /// itself: its path is that of its picture, `#`, and its number there ([`Source::picture_of`]).
    ///
    /// An archive, or several, are taken as [`Source::open`] says; what lies in them is read as what lies in a folder, or, where
    /// these are shards of labeled samples, as they tell.
    pub fn scan(root: &Path) -> Result<Self> {
        Index::list(Source::at(root)?, Listing::Photos, &mut Silent, &Interrupt::default())
    }

    /// Where the photos lie, as it was given.
    pub fn root(&self) -> &Path {
        self.source.root()
    }

    /// The same for another listing, of a folder so large that `observer` hears of it
    /// ([`Event::Listing`](crate::base::progress::Event::Listing)).
    ///
    /// # Errors
    /// Those of [`Index::scan`], and [`crate::Error::Interrupted`] where that is asked for.
    pub fn list(source: Source, listing: Listing, observer: &mut dyn Observer, interrupt: &Interrupt) -> Result<Self> {
        let mut index = match told::read(&source, listing, observer, interrupt)? {
            Some(told) => told.index(source)?,
            None => {
                let mut reading = Reading::new(Reader::new(&source, listing, observer, interrupt));
                reading.read()?;
                reading.index()?
            }
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

/// Every picture of a source, whatever its class may be: paths within it, folder by folder, and what cannot be used.
///
/// # Errors
/// Where the system has no file handle to spare.
pub fn pictures(source: &Source) -> Result<(Vec<String>, Vec<Problem>)> {
    let (mut observer, interrupt) = (Silent, Interrupt::default());
    let mut reader = Reader::new(source, Listing::Photos, &mut observer, &interrupt);
    let contents = reader.class("")?;
    let problems = reader.problems.iter().chain(source.problems()).cloned().collect();
    Ok((contents.into_paths().collect(), problems))
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

    fn read(&mut self) -> Result<()> {
        let (folders, files) = self.reader.class_folders("")?;
        if folders.is_empty() {
            return Err(data::Error::NoClasses { path: self.reader.source.root().to_owned(), files }.into());
        }
        match layout::divided(self.reader.source, &folders)? {
            Some(divided) => self.divided(divided),
            None => self.classes(folders),
        }
    }

    /// Each folder that has pictures is a class.
    fn classes(&mut self, folders: Vec<String>) -> Result<()> {
        self.sub_folders = folders.len();
        for name in folders {
            let contents = self.reader.class(&name)?;
            if contents.has_pictures() {
                self.look_into(&name, &name, &contents);
                let class = self.classes.len() as u32;
                self.classes.push(name);
                self.photos.extend(contents.into_paths().map(|path| Photo { path, class }));
            } else if !contents.is_never_data {
                self.no_class(name, contents.passed_over());
            }
        }
        let root = self.reader.source.root();
        if self.reader.listing == Listing::Photos { layout::refuse_nested(root, &self.inner) } else { Ok(()) }
    }

    fn index(self) -> Result<Index> {
        let Reading { mut reader, classes, photos, parts, inner, sub_folders, unread } = self;
        reader.problems.extend(reader.source.problems().iter().cloned());
        let mut remarks = reader.remarks();
        remarks.extend(layout::remarks(&inner, parts.is_some()));
        let (root, files) = (reader.source.root().to_owned(), reader.other_files);
        match classes.as_slice() {
            [] => Err(data::Error::NoPictures { path: root, sub_folders, files, unread }.into()),
            [class] => {
                let give = inner.iter().find_map(Inner::to_give).map(|folder| root.join(folder));
                let (class, photos) = (class.clone(), photos.len());
                Err(data::Error::OneClass { path: root, class, photos, give, unread }.into())
            }
            _ => {
                Ok(Index { source: reader.source.clone(), classes, photos, problems: reader.problems, parts, remarks })
            }
        }
    }
}
