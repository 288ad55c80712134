//! Photos that are files.

use std::fs::{self, DirEntry, Metadata};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::{Entry, Kind, Stamp};
use crate::base::regular;
use crate::data::decode;

/// What lies in a folder.
pub fn entries(folder: &Path) -> io::Result<impl Iterator<Item = io::Result<Entry>> + use<>> {
    let entry = |entry: DirEntry| Entry { name: entry.file_name(), kind: kind(&entry) };
    Ok(fs::read_dir(folder)?.map(move |found| found.map(entry)))
}

fn kind(entry: &DirEntry) -> Kind {
    // Tells links from folders without a further call to the system for each file.
    match entry.file_type() {
        Ok(kind) if kind.is_dir() => Kind::Folder,
        Ok(kind) if kind.is_file() => Kind::File,
        Ok(kind) if kind.is_symlink() => match fs::metadata(entry.path()) {
            Ok(target) if target.is_dir() => Kind::LinkToFolder,
            Ok(target) if target.is_file() => Kind::File,
            Ok(_) => Kind::Other,
            Err(error) => Kind::Lost(error),
        },
        Ok(_) => Kind::Other,
        Err(error) => Kind::Lost(error),
    }
}

/// Whether `folder` is a link to `within`, or to what holds that: it would make one class of everything.
pub fn leads_up(within: &Path, folder: &Path) -> bool {
    let real = |path: &Path| fs::canonicalize(path).ok();
    real(within).zip(real(folder)).is_some_and(|(within, target)| within.starts_with(target))
}

/// The first bytes of a file.
pub fn begins(path: &Path) -> io::Result<Vec<u8>> {
    let mut start = Vec::with_capacity(decode::SNIFF_BYTES);
    regular::open(path)?.take(decode::SNIFF_BYTES as u64).read_to_end(&mut start)?;
    Ok(start)
}

/// The file at a path within `root`; one that would lead out of it is not there.
pub fn inside(root: &Path, path: &str) -> io::Result<PathBuf> {
    if Path::new(path).components().all(|part| matches!(part, Component::Normal(_))) {
        Ok(root.join(path))
    } else {
        Err(io::ErrorKind::NotFound.into())
    }
}

/// The stamp of a file; of one that is not there, no other's.
pub fn stamp_of(path: &Path) -> Stamp {
    fs::metadata(path).map_or([0xFF; 40], |data| stamp(&data))
}

/// Size, time of the last change of the content, and of the status.
fn stamp(data: &Metadata) -> Stamp {
    let modified = data.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let modified = modified.map_or(0, |since| since.as_nanos());
    #[cfg(unix)]
    let changed = {
        use std::os::unix::fs::MetadataExt;
        i128::from(data.ctime()) * 1_000_000_000 + i128::from(data.ctime_nsec())
    };
    #[cfg(not(unix))]
    let changed = 0i128;
    let mut stamp = [0; 40];
    stamp[..8].copy_from_slice(&data.len().to_le_bytes());
    stamp[8..24].copy_from_slice(&modified.to_le_bytes());
    stamp[24..].copy_from_slice(&changed.to_le_bytes());
    stamp
}
