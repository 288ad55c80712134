//! What lies among photos and is never one, told by its name: what is hidden, and what systems and their drives keep there.

use std::ffi::OsStr;

/// Folders that systems, their drives and tools keep among the files, in any letter case.
const SYSTEM_FOLDERS: [&str; 10] = [
    "__MACOSX",
    "@eaDir",
    "lost+found",
    "$RECYCLE.BIN",
    "System Volume Information",
    "#recycle",
    "#snapshot",
    "@Recycle",
    "@Recently-Snapshot",
    "__pycache__",
];

/// What it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Never {
    /// `._photo.jpg`: what macOS writes beside a file on other systems' disks.
    AppleDouble,
    /// A file whose name begins with a dot.
    HiddenFile,
    /// A folder whose name begins with a dot.
    HiddenFolder,
    /// What systems and their drives keep among the files: `__MACOSX`, `@eaDir`, `lost+found`, `$RECYCLE.BIN`, ...
    SystemFolder,
}

/// What a file or folder of this name is, if it is such.
pub fn by_name(name: &OsStr, is_folder: bool) -> Option<Never> {
    let name = name.as_encoded_bytes();
    let is_system = |known: &&str| name.eq_ignore_ascii_case(known.as_bytes());
    match (is_folder, name) {
        (false, [b'.', b'_', ..]) => Some(Never::AppleDouble),
        (false, [b'.', ..]) => Some(Never::HiddenFile),
        (true, [b'.', ..]) => Some(Never::HiddenFolder),
        (true, _) if SYSTEM_FOLDERS.iter().any(is_system) => Some(Never::SystemFolder),
        _ => None,
    }
}
