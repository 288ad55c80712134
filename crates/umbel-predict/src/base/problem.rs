//! What can be wrong with a user's file: found by `data`, told by progress events, listed in problems.csv.

use serde::{Deserialize, Serialize};

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
    /// A folder beside the parts of data that come divided.
    Beside,
    /// Another file is at the same path, or of the same key, and was taken.
    Twice,
    /// Nothing tells its class.
    NoLabel,
    /// A box that has no area, or lies outside its picture.
    Box,
    /// A model that was asked about it gives no finite numbers. No fault of the file.
    NoAnswer,
}

/// A file that cannot be used, and why (a row of problems.csv).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Problem {
    pub path: String,
    pub kind: ProblemKind,
    pub detail: String,
}
