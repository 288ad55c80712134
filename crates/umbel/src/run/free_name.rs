//! Names for what the user did not name: never one that is taken.

use std::path::{Path, PathBuf};

use crate::{Result, run};

/// `path` if nothing is there, else `path-2`, `path-3`, ... (before the extension).
pub fn next_free(path: &Path) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let extension = path.extension().map(|e| format!(".{}", e.to_string_lossy())).unwrap_or_default();
    let first = std::iter::once(path.to_owned());
    let later = candidates(path, &stem, &extension);
    first.chain(later).find(|candidate| !is_taken(candidate)).expect("some number is free")
}

/// Makes the folder `parent/name`, or `parent/name-2`, `parent/name-3`, ...: the first that is not there.
///
/// # Errors
/// [`run::Error::RunNotWritable`].
pub fn make_next_free(parent: &Path, name: &str) -> Result<PathBuf> {
    let not_writable = |path: &Path, source| run::Error::RunNotWritable { path: path.to_owned(), source };
    std::fs::create_dir_all(parent).map_err(|source| not_writable(parent, source))?;
    let first = parent.join(name);
    let later = candidates(&first, name, "");
    for path in std::iter::once(first.clone()).chain(later) {
        match std::fs::create_dir(&path) {
            Ok(()) => return Ok(path),
            // Made by somebody else, maybe just now.
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(source) => return Err(not_writable(&path, source).into()),
        }
    }
    unreachable!("there are numbers enough")
}

/// `stem-2` and so on, beside `path`.
fn candidates(path: &Path, stem: &str, ending: &str) -> impl Iterator<Item = PathBuf> {
    (2..).map(move |number: u64| path.with_file_name(format!("{stem}-{number}{ending}")))
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

    #[test]
    fn a_dot_in_a_folders_name_is_no_extension() {
        let folder = tempfile::tempdir().unwrap();
        let parent = folder.path().join("runs");
        for expected in ["photos.v2", "photos.v2-2", "photos.v2-3"] {
            assert_eq!(make_next_free(&parent, "photos.v2").unwrap(), parent.join(expected));
            assert!(parent.join(expected).is_dir());
        }
    }
}
