//! One error type, by cause: what came, what was expected, and the way out.

use std::path::PathBuf;

/// The library's result.
pub type Result<T> = std::result::Result<T, Error>;

/// Why something could not be done. Every message names the thing and the way out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused a file operation.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried: "read", "write", "create the folder", ...
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// The operating system's answer.
        source: std::io::Error,
    },
    /// A setting has a value that cannot be used.
    #[error("{setting} is {value}, but must be {expected}")]
    Setting {
        /// The setting's name as the user writes it.
        setting: String,
        /// What came.
        value: String,
        /// What was expected.
        expected: String,
    },

    // The data folder: every message shows the layout that is expected.
    /// The data folder does not exist.
    #[error("there is no folder {}; give {LAYOUT}", path.display())]
    FolderMissing {
        /// What was given.
        path: PathBuf,
    },
    /// What was given as the data folder is a file.
    #[error("{} is not a folder; give {LAYOUT}", path.display())]
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
        "none of the {sub_folders} sub-folders of {} has a picture ({files} other files were seen); give {LAYOUT}",
        path.display()
    )]
    NoPictures {
        /// The data folder.
        path: PathBuf,
        /// How many sub-folders were searched.
        sub_folders: usize,
        /// Files seen that are no pictures.
        files: usize,
    },
    /// Only one sub-folder has pictures, so there is nothing to tell apart.
    #[error(
        "{} has one class only, {class:?} with {photos} pictures, and at least two are needed; give {LAYOUT}",
        path.display()
    )]
    OneClass {
        /// The data folder.
        path: PathBuf,
        /// The only class with pictures.
        class: String,
        /// How many pictures it has.
        photos: usize,
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

    // The split.
    /// A part of the split would have no picture.
    #[error("the {part} part would have none of the {photos} usable pictures; {way_out}")]
    EmptyPart {
        /// "training" or "validation".
        part: &'static str,
        /// Pictures to divide.
        photos: usize,
        /// What to change.
        way_out: &'static str,
    },
    /// A split file cannot be used.
    #[error("the split file {} cannot be used: {source}", path.display())]
    SplitFile {
        /// The file.
        path: PathBuf,
        /// What is wrong in it.
        source: SplitFileError,
    },

    // The cache.
    /// The cache folder cannot be used.
    #[error(
        "cannot {action} in the cache folder {}: {source}; choose another with --cache DIR or the variable UMBEL_CACHE",
        folder.display()
    )]
    Cache {
        /// What was tried.
        action: &'static str,
        /// The cache folder.
        folder: PathBuf,
        /// The operating system's answer.
        source: std::io::Error,
    },

    /// The user asked to stop (Ctrl-C, SIGTERM); what was done so far is saved.
    #[error("stopped by the user")]
    Interrupted,
}

/// What a data folder must look like, said by every error about one.
const LAYOUT: &str = "a folder with one sub-folder per class and the pictures in them, \
    like flowers/daisy/1.jpg, flowers/roses/2.jpg";

fn first_problem(first: &Option<(String, String)>) -> String {
    match first {
        Some((path, detail)) => format!("; the first that cannot is {path}: {detail}"),
        None => String::new(),
    }
}

/// What is wrong in a split file (columns path,class,part). Lines count from 1, the header's.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SplitFileError {
    /// A column is missing.
    #[error("it has no column {column:?} (found: {found}); expected path,class,part")]
    MissingColumn {
        /// The missing column.
        column: &'static str,
        /// The header that came.
        found: String,
    },
    /// A path that the data folder does not have.
    #[error("line {line} names {photo}, which is not a picture of the data folder; put it back or delete the line")]
    UnknownPath {
        /// Line of the file.
        line: u64,
        /// The path that came.
        photo: String,
    },
    /// A class that differs from the folder in which the picture lies.
    #[error("line {line} says that {photo} is of class {class:?}, but it lies in {expected:?}")]
    WrongClass {
        /// Line of the file.
        line: u64,
        /// The picture.
        photo: String,
        /// The class that came.
        class: String,
        /// The class by its folder.
        expected: String,
    },
    /// A part that does not exist.
    #[error("line {line} has the part {part:?}; expected train, val or test")]
    UnknownPart {
        /// Line of the file.
        line: u64,
        /// The part that came.
        part: String,
    },
    /// A picture that an earlier line names too.
    #[error("line {line} names {photo} again; each picture may be named once")]
    Repeated {
        /// Line of the file.
        line: u64,
        /// The picture.
        photo: String,
    },
    /// Not a CSV file.
    #[error("it is not a well-formed CSV file: {0}")]
    Malformed(#[from] csv::Error),
}
