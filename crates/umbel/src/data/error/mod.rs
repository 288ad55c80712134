//! What can go wrong with the data: their folder or table, the photos, how they are divided, and the cache.

mod tables;
mod words;

use std::path::PathBuf;

use super::unpack::UnpackFault;
use crate::base::error::ErrorKind;
use crate::base::remark::Remark;
use crate::data::source::ArchiveFault;
pub use tables::{AnnotationFault, ManifestError, SplitFileError};
use words::{LAYOUT, first_problem, way_out};

/// Why the data cannot be used. What is wrong with a folder is told with the layout that is expected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The data folder does not exist.
    #[error("there is no folder {}; give {LAYOUT}", path.display())]
    FolderMissing {
        /// What was given.
        path: PathBuf,
    },
    /// What was given as the data folder is a file.
    #[error("{} is neither a folder nor a table (.csv, .jsonl, .json) nor an archive (.zip, .tar); give {LAYOUT}", path.display())]
    NotAFolder {
        /// What was given.
        path: PathBuf,
    },
    /// The data folder has no sub-folders.
    #[error("{} has no sub-folders ({files} files lie in it directly); give {LAYOUT}", path.display())]
    NoClasses {
        /// The data folder.
        path: PathBuf,
        /// Files directly in it.
        files: usize,
    },
    /// None of the sub-folders has a picture.
    #[error(
        "none of the {sub_folders} sub-folders of {} has a picture ({files} other files were seen); {}",
        path.display(),
        way_out(None, unread.as_deref())
    )]
    NoPictures {
        /// The data folder.
        path: PathBuf,
        /// How many sub-folders were searched.
        sub_folders: usize,
        /// Files seen that are no pictures.
        files: usize,
        /// The first folder that has pictures of kinds that are not read, and these.
        unread: Option<Box<(String, Remark)>>,
    },
    /// Only one sub-folder has pictures, so there is nothing to tell apart.
    #[error(
        "{} has one class only, {class:?} (pictures: {photos}), and at least two are needed; {}",
        path.display(),
        way_out(give.as_deref(), unread.as_deref())
    )]
    OneClass {
        /// The data folder.
        path: PathBuf,
        /// The only class with pictures.
        class: String,
        /// How many pictures it has.
        photos: usize,
        /// The folder whose folders look like classes, if there is one.
        give: Option<PathBuf>,
        /// The first folder that has pictures of kinds that are not read, and these.
        unread: Option<Box<(String, Remark)>>,
    },
    /// A training part is there and no other, beside other folders.
    #[error(
        "{} looks divided, but of the parts there is only {train}/, and beside it {}: give {}, or put a part for validation or \
         testing beside it",
        path.display(),
        beside.join(", "),
        path.join(train).display()
    )]
    OnePart {
        /// The data folder.
        path: PathBuf,
        /// The part.
        train: String,
        /// What else lies there.
        beside: Vec<String>,
    },
    /// Folders of which none has pictures of its own, and in which the same names recur.
    #[error(
        "the folders of {} would be wrong classes: none has pictures of its own, and the same names recur within them ({tree}); \
         give the folder whose folders are the classes, such as {}, or call the parts train, val and test",
        path.display(),
        give.display()
    )]
    Nested {
        /// The data folder.
        path: PathBuf,
        /// What lies there, in words.
        tree: String,
        /// The folder that holds most of the pictures in folders that look like classes.
        give: PathBuf,
    },
    /// The folder comes divided, with two folders for one part.
    #[error("{} has both {first}/ and {second}/, which mean the same part: keep one of them", path.display())]
    TwoPartFolders {
        /// The data folder.
        path: PathBuf,
        /// One of them.
        first: String,
        /// The other.
        second: String,
    },
    /// Folders named like parts, of which some hold pictures and some hold folders.
    #[error(
        "{} looks divided, but {folder}/ holds pictures itself where {other}/ holds folders: put the pictures of {folder}/ \
         into one folder per class, as in {other}/, or move {folder}/ elsewhere",
        path.display()
    )]
    MixedPartFolders {
        /// The data folder.
        path: PathBuf,
        /// A part with pictures in it.
        folder: String,
        /// A part with folders in it.
        other: String,
    },
    /// A table of photos cannot be used.
    #[error("the table {} cannot be used", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What is wrong in it.
        source: ManifestError,
    },
    /// A JSON file of boxes cannot be used.
    #[error("the boxes in {} cannot be used", path.display())]
    Annotations {
        /// The file.
        path: PathBuf,
        /// What is wrong in it.
        source: AnnotationFault,
    },
    /// A plan cannot be used.
    #[error("the plan {} cannot be used: {detail}", path.display())]
    Plan {
        /// The file.
        path: PathBuf,
        /// What is wrong in it.
        detail: String,
    },
    /// Pictures of fewer than two classes could be decoded.
    #[error(
        "of {photos} pictures, {usable} can be used, and they are of {classes} class(es) where two are needed{}",
        first_problem(first)
    )]
    NothingUsable {
        /// Pictures found.
        photos: usize,
        /// Pictures decoded.
        usable: usize,
        /// Classes that these are of.
        classes: usize,
        /// The first picture that cannot be used, and why.
        first: Option<(String, String)>,
    },
    /// A picture cannot be used, where all were to be.
    #[error("{path} cannot be used: {detail}; mend it or take it away, or let bad pictures be listed and left out")]
    BadPicture {
        /// Relative to the data folder.
        path: String,
        /// Why.
        detail: String,
    },

    /// A part of the split would have no picture.
    #[error("the {part} part would have none of the {photos} usable pictures; {way_out}")]
    EmptyPart {
        /// "training", "validation" or "test".
        part: &'static str,
        /// Pictures to divide.
        photos: usize,
        /// What to change.
        way_out: &'static str,
    },
    /// The pattern of the groups is no regular expression.
    #[error("the group pattern {pattern:?} is no regular expression that can be used: {detail}")]
    GroupPattern {
        /// What came.
        pattern: String,
        /// What is wrong with it, and where.
        detail: String,
    },
    /// A picture that the pattern finds no group for.
    #[error(
        "{photo} is in no group: the pattern {pattern:?} does not match its path (nor those of {others} others); widen the \
         pattern, for instance by an alternative for such names"
    )]
    NoGroup {
        /// The first such picture.
        photo: String,
        /// The pattern.
        pattern: String,
        /// How many more there are.
        others: usize,
    },
    /// A model is to be measured on photos of which it knows none.
    #[error(
        "no photo to be scored in {} is of a class that the model knows; its folders are {found}, the model's classes are \
         {known}: rename the folders, or choose another model",
        folder.display()
    )]
    NoKnownClass {
        /// The folder.
        folder: PathBuf,
        /// Its classes.
        found: String,
        /// The model's classes.
        known: String,
    },
    /// A split file cannot be used.
    #[error("the split file {} cannot be used", path.display())]
    SplitFile {
        /// The file.
        path: PathBuf,
        /// What is wrong in it.
        source: SplitFileError,
    },

    /// The cache folder cannot be used.
    #[error("cannot {action} in the cache folder {}", folder.display())]
    Cache {
        /// What was tried.
        action: &'static str,
        /// The cache folder.
        folder: PathBuf,
        /// The operating system's answer.
        source: std::io::Error,
    },

    /// An archive cannot be used, or several cannot.
    #[error("{}: {fault}", path.display())]
    Archive {
        /// What was given.
        path: PathBuf,
        /// What is wrong with it.
        fault: ArchiveFault,
    },

    /// The prepared photos that a run reads can no longer be read.
    #[error("the prepared photos in {} {detail}; try again and they are made anew", path.display())]
    Pack {
        /// The pack file.
        path: PathBuf,
        /// What happened to it.
        detail: String,
    },

    /// An archive cannot be unpacked.
    #[error("the archive {} cannot be unpacked: {fault}", path.display())]
    Unpack {
        /// The file.
        path: PathBuf,
        /// Why.
        fault: UnpackFault,
    },
}

impl Error {
    /// What it means for whoever called.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Error::FolderMissing { .. }
            | Error::NotAFolder { .. }
            | Error::NoClasses { .. }
            | Error::NoPictures { .. }
            | Error::OneClass { .. }
            | Error::OnePart { .. }
            | Error::Nested { .. }
            | Error::TwoPartFolders { .. }
            | Error::MixedPartFolders { .. }
            | Error::Manifest { .. }
            | Error::Annotations { .. }
            | Error::Plan { .. }
            | Error::NothingUsable { .. }
            | Error::BadPicture { .. }
            | Error::EmptyPart { .. }
            | Error::NoGroup { .. }
            | Error::NoKnownClass { .. }
            | Error::Archive { .. }
            | Error::SplitFile { .. } => ErrorKind::Data,
            Error::GroupPattern { .. } => ErrorKind::Setting,
            Error::Cache { .. } => ErrorKind::Io,
            Error::Pack { .. } => ErrorKind::File,
            Error::Unpack { fault: UnpackFault::NoRoom { .. }, .. } => ErrorKind::Io,
            Error::Unpack { .. } => ErrorKind::Data,
        }
    }
}
