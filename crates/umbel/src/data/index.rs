//! Reads a folder: classes (sub-folders sorted by name) and their photos (sorted by path).

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::Result;

/// A photo of the folder: path relative to the root with `/`, and the index of its class.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Photo {
    pub path: String,
    pub class: u32,
}

/// What is wrong with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum ProblemKind {
    /// Zero bytes.
    Empty,
    /// Named like a picture, but is none.
    NotAPicture,
    /// A picture of a kind that is not read here.
    Unsupported,
    /// Starts well and ends too early, or is damaged inside.
    Damaged,
    /// More pixels or bytes than the limits allow.
    TooLarge,
    /// The operating system would not read it.
    Unreadable,
    /// The name is not UTF-8.
    Name,
}

/// A file that cannot be used, and why (a row of problems.csv).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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
    /// Sorted by class, then by path; the order that splits and caches refer to.
    pub photos: Vec<Photo>,
    /// Found by name and type alone (names that are not UTF-8, ...); decoding finds more.
    pub problems: Vec<Problem>,
}

impl Index {
    /// Reads `root`. Fails where there is no folder, no class, no picture, or a single class.
    pub fn scan(root: &Path) -> Result<Self> {
        todo!()
    }
}
