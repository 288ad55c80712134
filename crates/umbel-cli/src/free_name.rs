//! Names for outputs that the user did not name: never one that is taken.

use std::path::{Path, PathBuf};

/// `path` if nothing is there, else `path-2`, `path-3`, ... (before the extension).
pub fn next_free(path: &Path) -> PathBuf {
    if !is_taken(path) {
        return path.to_path_buf();
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let extension = path.extension().map(|e| format!(".{}", e.to_string_lossy())).unwrap_or_default();
    (2..)
        .map(|n: u64| path.with_file_name(format!("{stem}-{n}{extension}")))
        .find(|candidate| !is_taken(candidate))
        .expect("some number is free")
}

/// Also true of a symbolic link that leads nowhere.
fn is_taken(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_from_two_and_keeps_the_extension() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("preview.png");
        assert_eq!(next_free(&path), path);
        std::fs::write(&path, "").unwrap();
        assert_eq!(next_free(&path), folder.path().join("preview-2.png"));
        std::fs::write(folder.path().join("preview-2.png"), "").unwrap();
        assert_eq!(next_free(&path), folder.path().join("preview-3.png"));
    }
}
