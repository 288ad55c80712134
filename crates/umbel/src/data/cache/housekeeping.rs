//! Where the cache lies, and keeping it within its bounds. Only files that carry umbel's own names are ever deleted.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::base::atomic::SCRATCH_PREFIX;

/// The ends of the names of umbel's own files: packs, and the rows beside them.
pub const PACK_EXTENSION: &str = "umbel-pack";
/// See [`PACK_EXTENSION`].
pub const ROWS_EXTENSION: &str = "umbel-rows";
/// The same of archives that were decompressed.
pub const TAR_EXTENSION: &str = "umbel-tar";

/// Notes that a pack was used, by its time of change. A read-only cache folder still serves.
pub fn mark_used(pack: &Path) {
    if let Ok(file) = File::options().append(true).open(pack) {
        let _ = file.set_modified(SystemTime::now());
    }
}

/// Says that a pack is being made in `folder`, as long as what comes back is held. Nobody else being at it, scratch files
/// there belong to runs that were killed, and are deleted. `None` where folders cannot be locked (Windows, some network
/// drives): there [`keep_within`] goes by age.
pub fn begin_to_make(folder: &Path) -> Option<File> {
    let handle = File::open(folder).ok()?;
    if handle.try_lock().is_ok() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if is_scratch(&entry) {
                let _ = fs::remove_file(entry.path());
            }
        }
        handle.unlock().ok()?;
    }
    // Waits only while another process tidies up. Until it is ours, no scratch file of ours is there to be deleted.
    handle.lock_shared().ok()?;
    Some(handle)
}

fn is_scratch(entry: &fs::DirEntry) -> bool {
    entry.file_name().as_encoded_bytes().starts_with(SCRATCH_PREFIX.as_bytes())
}

/// A scratch file this old belongs to a run that was killed: a living one is written to all the time.
const ABANDONED: Duration = Duration::from_secs(3600);

/// Deletes the packs (and the rows beside them) that were not used for longest until all fit into `max_bytes`, but never
/// what is `in_use`; and scratch files of runs that were killed. What cannot be deleted is left for the next time.
pub fn keep_within(folder: &Path, max_bytes: u64, in_use: &[&Path]) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    let mut packs = Vec::new();
    for entry in entries.flatten() {
        let path = entry.path();
        let Ok(data) = entry.metadata() else { continue };
        let Ok(used) = data.modified() else { continue };
        if is_scratch(&entry) && used.elapsed().is_ok_and(|age| age > ABANDONED) {
            let _ = fs::remove_file(&path);
        } else if is_pack(&path) && data.is_file() {
            packs.push((used, data.len(), path));
        }
    }
    let mut bytes: u64 = packs.iter().map(|(_, bytes, _)| bytes).sum();
    packs.sort();
    for (_, size, path) in packs {
        if bytes <= max_bytes {
            return;
        }
        if !in_use.contains(&path.as_path()) && fs::remove_file(&path).is_ok() {
            bytes -= size;
        }
    }
}

fn is_pack(path: &Path) -> bool {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let is_own =
        |extension: &OsStr| [PACK_EXTENSION, ROWS_EXTENSION, TAR_EXTENSION].iter().any(|own| extension == *own);
    path.extension().is_some_and(is_own) && stem.len() == 64 && stem.bytes().all(|byte| byte.is_ascii_hexdigit())
}
