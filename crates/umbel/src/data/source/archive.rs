//! What kind of archive a file is, told by its content, and what can be wrong with one.

use std::io::{self, Read};
use std::path::PathBuf;

use super::{Stamp, folder};
use crate::base::regular;

/// An archive: what people know it by, and the file that holds its bytes.
#[derive(Clone, Debug)]
pub struct ArchiveFile {
    /// As it was given.
    pub given: PathBuf,
    /// The same file, or a copy of what lies elsewhere.
    pub file: PathBuf,
    /// By what a change of it is told.
    pub stamp: Stamp,
}

impl ArchiveFile {
    /// That lies here.
    pub fn at(path: PathBuf) -> Self {
        ArchiveFile { stamp: folder::stamp_of(&path), file: path.clone(), given: path }
    }
}

/// What kind of archive a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Zip,
    Tar,
    Gzip,
    Zstd,
    Parquet,
}

/// The ends of archives' names, in lower case: by these they are looked for in a folder.
const EXTENSIONS: [&str; 9] = [".zip", ".tar", ".tar.gz", ".tgz", ".tar.zst", ".tzst", ".tar.zstd", ".taz", ".parquet"];
/// Bytes.
const GIB: f64 = 1024.0 * 1024.0 * 1024.0;
/// As far as the mark of a tar reaches.
const HEAD: usize = 265;
/// Kinds of archives that are not read, by their first bytes.
const NOT_READ: [(&[u8], &str); 5] = [
    (b"7z\xBC\xAF\x27\x1C", "7-Zip"),
    (b"Rar!\x1A\x07", "RAR"),
    (b"\xFD7zXZ\0", "xz"),
    (b"BZh", "bzip2"),
    (b"\x04\x22\x4D\x18", "LZ4"),
];

/// Why an archive cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveFault {
    /// Nothing in it is a picture.
    #[error("there is no picture in it")]
    NoPictures,
    /// It is an archive of a kind that is not read.
    #[error(
        "it is an archive of the kind {0}, which is not read; unpack it and give the folder, or pack it as .zip or .tar"
    )]
    NotRead(&'static str),
    /// It is of a kind that is read where the feature of that name was built in.
    #[error("it is of the kind {0}, which this umbel was built without")]
    NotBuilt(&'static str, &'static str),
    /// It is a table without a column of what is needed.
    #[error("it has no column that holds {column}s, only: {columns}")]
    NoColumn {
        /// What is needed.
        column: &'static str,
        /// Those that are there.
        columns: String,
    },
    /// Its list of members cannot be read.
    #[error("it is damaged or cut short ({0}); get it anew")]
    Damaged(String),
    /// What is compressed is no tar.
    #[error("what is compressed in it is no tar; give the folder or an archive that photos lie in")]
    NoTar,
    /// Decompressed, it would take more room than it may.
    #[error(
        "decompressed, it would take more than the {:.1} GiB that the cache has for it; unpack it where there is room, and give the folder",
        *.0 as f64 / GIB
    )]
    TooLarge(u64),
    /// It grows by more than photos ever do.
    #[error("it grows to more than {0} times its size, as no archive of photos does")]
    Bomb(u64),
    /// One of several is not there.
    #[error("{0} is not there; the braces stand for every one of their names")]
    Missing(String),
    /// Braces that stand for nothing, or for too many names.
    #[error("its braces are not understood ({0}); give them as {{000..099}} or {{a,b,c}}")]
    Braces(String),
    /// The system would not read it.
    #[error("the system would not read it: {0}")]
    Io(#[from] io::Error),
}

/// Whether a file is named as an archive.
pub fn is_named_as_one(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    EXTENSIONS.iter().any(|end| name.ends_with(end))
}

/// The kind of archive that a file is; `None` where it is none.
pub fn form(archive: &ArchiveFile) -> Result<Option<Form>, ArchiveFault> {
    let mut head = Vec::with_capacity(HEAD);
    regular::open(&archive.file)?.take(HEAD as u64).read_to_end(&mut head)?;
    if let Some((_, name)) = NOT_READ.iter().find(|(mark, _)| head.starts_with(mark)) {
        return Err(ArchiveFault::NotRead(name));
    }
    Ok(match head.as_slice() {
        // An empty one has no member, only the end of the list.
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Some(Form::Zip),
        [0x1F, 0x8B, 8, ..] => Some(Form::Gzip),
        [b'P', b'A', b'R', b'1', ..] => Some(Form::Parquet),
        [0x28, 0xB5, 0x2F, 0xFD, ..] => Some(Form::Zstd),
        // The oldest have no mark; their headers are checked by a sum when they are read.
        _ if is_tar(&head) || archive.given.extension().is_some_and(|end| end.eq_ignore_ascii_case("tar")) => {
            Some(Form::Tar)
        }
        _ => None,
    })
}

/// Whether what begins so is marked as a tar.
pub fn is_tar(head: &[u8]) -> bool {
    head.get(257..262) == Some(b"ustar")
}
