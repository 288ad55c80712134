//! One run at a time in a run folder.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use super::names::{LOCK, PLOTS};
use crate::base::atomic::SCRATCH_PREFIX;
use crate::{Result, run};

/// The right to write to a run folder, until dropped (or until the process ends, however it does).
#[derive(Debug)]
pub struct RunLock {
    folder: PathBuf,
    _file: File,
}

impl RunLock {
    /// Creates the folder where it isn't there and locks it. Fails where another run holds it.
    pub fn acquire(folder: &Path) -> Result<Self> {
        let io = |action, path: &Path, source| umbel_predict::Error::Io { action, path: path.to_owned(), source };
        let not_writable = |path: &Path, source| run::Error::RunNotWritable { path: path.to_owned(), source };
        std::fs::create_dir_all(folder).map_err(|source| not_writable(folder, source))?;
        // The file stays behind, empty: deleting it would let two runs lock two files of one name.
        let path = folder.join(LOCK);
        // Opening a pipe would wait for ever, and through a link a file would be made elsewhere.
        if path.symlink_metadata().is_ok_and(|about| !about.is_file()) {
            let source = std::io::Error::other("it is not a regular file");
            return Err(not_writable(&path, source).into());
        }
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|source| not_writable(&path, source))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(run::Error::RunBusy { path: folder.to_owned() }.into()),
            // Some network file systems know no locks; there it is the user who must not start two runs in one folder.
            Err(TryLockError::Error(error)) if error.kind() == std::io::ErrorKind::Unsupported => {}
            Err(TryLockError::Error(source)) => return Err(io("lock", &path, source).into()),
        }
        let lock = RunLock { folder: folder.to_owned(), _file: file };
        lock.sweep();
        Ok(lock)
    }

    /// Deletes the half-written files of a run that was killed: nobody else can be writing while the lock is ours. What
    /// cannot be deleted does no harm.
    fn sweep(&self) {
        let plots = self.folder.join(PLOTS);
        let is_link = plots.symlink_metadata().is_ok_and(|about| about.is_symlink());
        for folder in std::iter::once(self.folder.clone()).chain((!is_link).then_some(plots)) {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let name = entry.file_name();
                if name.as_encoded_bytes().starts_with(SCRATCH_PREFIX.as_bytes()) {
                    let _ = std::fs::remove_file(entry.path());
                }
            }
        }
    }

    /// The locked folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}
