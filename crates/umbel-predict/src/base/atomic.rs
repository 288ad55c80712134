//! Files that are either whole or not there: a scratch sibling is written, flushed to the disk, renamed over the target,
//! and the folder's entry is flushed too. A reader, or a machine that dies half-way, sees the old file or the new one.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// Scratch files begin with this; one that a killed process left behind can be told (and deleted) by it.
pub const SCRATCH_PREFIX: &str = ".umbel-scratch-";

/// Writes `bytes` to `path`, whole or not at all. The folder must exist.
pub fn write_bytes(path: &Path, bytes: &[u8]) -> Result<()> {
    write_with(path, |file| file.write_all(bytes))
}

/// Lets `fill` write the file, then puts it in `path`'s place. If `fill` fails, `path` is as it was and nothing is left.
pub fn write_with(path: &Path, fill: impl FnOnce(&mut File) -> std::io::Result<()>) -> Result<()> {
    prepare_with(path, fill)?.commit()
}

/// Lets `fill` write the file beside `path`; [`Scratch::commit`] flushes it and puts it in place.
pub fn prepare_with(path: &Path, fill: impl FnOnce(&mut File) -> std::io::Result<()>) -> Result<Scratch> {
    let scratch = Scratch::beside(path)?;
    fill(&mut scratch.file()?).map_err(|source| Error::Io { action: "write", path: path.to_owned(), source })?;
    Ok(scratch)
}

/// A scratch file beside its target, for writers that cannot do their work in one closure. Dropped without
/// [`Scratch::commit`], it is deleted.
#[derive(Debug)]
pub struct Scratch {
    file: tempfile::NamedTempFile,
    target: PathBuf,
}

impl Scratch {
    /// Creates the scratch file in `target`'s folder (renaming is atomic only within one file system).
    pub fn beside(target: &Path) -> Result<Self> {
        let folder = folder_of(target);
        let mut builder = tempfile::Builder::new();
        builder.prefix(SCRATCH_PREFIX);
        #[cfg(unix)]
        {
            // What a plain `File::create` would give, under the user's umask; tempfile's own default is private.
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(std::fs::Permissions::from_mode(0o666));
        }
        let file = builder.tempfile_in(folder).map_err(|source| Error::Io {
            action: "write into",
            path: folder.to_owned(),
            source,
        })?;
        Ok(Scratch { file, target: target.to_owned() })
    }

    /// A handle to write through; it shares its position with every other handle.
    pub fn file(&self) -> Result<File> {
        self.file.as_file().try_clone().map_err(|source| self.error("write", source))
    }

    /// Where it lies until then, for those who write to it by several handles.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Flushes the file to the disk and puts it in the target's place.
    pub fn commit(self) -> Result<()> {
        self.file.as_file().sync_all().map_err(|source| self.error("write", source))?;
        let target = self.target;
        self.file.persist(&target).map_err(|failed| Error::Io {
            action: "replace",
            path: target.clone(),
            source: failed.error,
        })?;
        flush_folder(folder_of(&target));
        Ok(())
    }

    fn error(&self, action: &'static str, source: std::io::Error) -> Error {
        Error::Io { action, path: self.target.clone(), source }
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Makes the rename itself last. Not every system can flush a folder (Windows cannot open one so), and the file is
/// already in place and whole, so a refusal here is not an error.
fn flush_folder(folder: &Path) {
    if let Ok(handle) = File::open(folder) {
        let _ = handle.sync_all();
    }
}
