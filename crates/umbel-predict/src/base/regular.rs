//! Reading files that are files: a pipe, a device or a link to one could keep its reader waiting for ever, and some never end.

use std::fs::{self, File};
use std::io::{Error, ErrorKind, Read, Result};
use std::path::Path;

/// As much as a text of umbel's own can be: settings, a network, a run's figures.
pub const TEXT: u64 = 64 << 20;
/// As much as a table of photos, of answers for them, or of figures can be.
pub const TABLE: u64 = 4 << 30;

/// Opens the file at `path`, or where a link there leads.
///
/// # Errors
/// The system's, and one where there is something else than a file.
pub fn open(path: &Path) -> Result<File> {
    check(&fs::metadata(path)?)?;
    let file = File::open(path)?;
    // Something else may have taken its place.
    check(&file.metadata()?)?;
    Ok(file)
}

/// All bytes of the file at `path`, which are `most` at most.
///
/// # Errors
/// Those of [`open`], and one where there are more.
pub fn read(path: &Path, most: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        let detail = format!("it is larger than {} MiB, which no such file is", most >> 20);
        return Err(Error::new(ErrorKind::FileTooLarge, detail));
    }
    Ok(bytes)
}

/// The text of the file at `path`, of [`TEXT`] bytes at most.
///
/// # Errors
/// Those of [`read`], and one where it is not UTF-8.
pub fn read_text(path: &Path) -> Result<String> {
    let text = String::from_utf8(read(path, TEXT)?);
    text.map_err(|error| Error::new(ErrorKind::InvalidData, format!("it is not UTF-8 ({})", error.utf8_error())))
}

fn check(about: &fs::Metadata) -> Result<()> {
    if about.is_file() {
        Ok(())
    } else if about.is_dir() {
        Err(Error::new(ErrorKind::IsADirectory, "it is a folder, but a file is needed"))
    } else {
        Err(Error::new(ErrorKind::InvalidInput, "it is not a regular file, but a pipe or a device"))
    }
}

#[cfg(all(test, feature = "train"))]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_file_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        fs::write(&file, "text").unwrap();
        assert_eq!(read_text(&file).unwrap(), "text");
        assert_eq!(read(&file, 3).unwrap_err().kind(), ErrorKind::FileTooLarge);
        assert_eq!(open(folder.path()).unwrap_err().kind(), ErrorKind::IsADirectory);
        assert_eq!(open(&folder.path().join("b")).unwrap_err().kind(), ErrorKind::NotFound);
        #[cfg(unix)]
        {
            let zero = folder.path().join("zero");
            std::os::unix::fs::symlink("/dev/zero", &zero).unwrap();
            assert_eq!(read(&zero, TEXT).unwrap_err().kind(), ErrorKind::InvalidInput);
            let pipe = folder.path().join("pipe");
            assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
            assert_eq!(open(&pipe).unwrap_err().kind(), ErrorKind::InvalidInput);
        }
    }
}
