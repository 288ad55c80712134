//! What pages, which are passed on, tell of a path.

use std::path::Path;

/// The last name of a path: the folders that it lies in tell who somebody is. The whole of a path that has none (`..`).
pub fn last_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}
