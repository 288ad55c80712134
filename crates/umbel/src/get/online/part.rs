//! A file on its way: what has come so far survives a break, and is gone on with if it belongs to the same file.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::Result;
use crate::base::atomic;
use crate::data::unpack::io as failed;
use crate::get::Error;

/// See the module.
pub struct Part {
    pub path: PathBuf,
    /// What has come so far, in bytes.
    pub done: u64,
    file: File,
    hasher: Sha256,
}

/// How it is known that a file is still the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Same {
    /// By the digest that it will have, which is checked at its end.
    Digest,
    /// By what the server calls this state of it (an entity tag, or when it was changed), which goes along with a question for a range.
    Tag(String),
    /// By nothing: it must come in one piece.
    Unknown,
}

impl Part {
    /// Takes up what is there. Where nothing says that the rest is of the same file, it begins anew.
    pub fn open(path: &Path, has_digest: bool) -> Result<(Self, Same)> {
        let mut options = File::options();
        let file = options.create(true).truncate(false).read(true).write(true).open(path);
        let file = file.map_err(|source| failed("write", path, source))?;
        if file.try_lock().is_err() {
            return Err(Error::Busy { path: path.to_owned() }.into());
        }
        let mut part = Part { path: path.to_owned(), done: 0, file, hasher: Sha256::new() };
        let same = match fs::read_to_string(part.tag_path()) {
            _ if has_digest => Same::Digest,
            Ok(tag) => Same::Tag(tag),
            Err(_) => Same::Unknown,
        };
        let taken_up = if same == Same::Unknown { part.begin_again() } else { part.take_up() };
        taken_up.map_err(|source| failed("write", path, source))?;
        Ok((part, same))
    }

    fn take_up(&mut self) -> io::Result<()> {
        let mut buffer = vec![0; 1 << 16];
        loop {
            match self.file.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(n) => {
                    self.hasher.update(&buffer[..n]);
                    self.done += n as u64;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    pub fn begin_again(&mut self) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        (self.hasher, self.done) = (Sha256::new(), 0);
        Ok(())
    }

    /// Remembers by what the server knows this state of the file; nothing where it does not.
    pub fn remember(&self, tag: Option<&str>) {
        // Whoever cannot remember it begins anew after a break.
        let _ = match tag {
            Some(tag) => atomic::write_bytes(&self.tag_path(), tag.as_bytes()).map_err(drop),
            None => fs::remove_file(self.tag_path()).map_err(drop),
        };
    }

    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.hasher.update(bytes);
        self.done += bytes.len() as u64;
        Ok(())
    }

    /// Its SHA-256, in hexadecimal digits.
    pub fn sha256(&self) -> String {
        hex(&self.hasher.clone().finalize())
    }

    /// Flushes it and gives it its name.
    pub fn finish(self, path: &Path) -> Result<()> {
        self.file.sync_all().map_err(|source| failed("write", &self.path, source))?;
        let _ = fs::remove_file(self.tag_path());
        fs::rename(&self.path, path).map_err(|source| failed("replace", path, source))
    }

    pub fn discard(&self) {
        let _ = fs::remove_file(&self.path);
        let _ = fs::remove_file(self.tag_path());
    }

    fn tag_path(&self) -> PathBuf {
        let mut name = self.path.file_name().unwrap_or_default().to_owned();
        name.push(".tag");
        self.path.with_file_name(name)
    }
}

/// Bytes in hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
