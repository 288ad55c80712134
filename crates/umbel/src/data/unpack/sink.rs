//! Where members come to lie: names are made safe, what is neither file nor folder is counted and left out, and the limits are held.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use super::names::{Unsafe, safe};
use super::{UnpackFault, UnpackLimits, Unpacked, free_bytes};
use crate::base::progress::{Event, Interrupt, Observer};

/// Below so many bytes nothing is a bomb.
const HARMLESS: u64 = 64 << 20;

/// Why unpacking ended before its end.
pub(super) enum Broken {
    Fault(UnpackFault),
    Write { path: PathBuf, source: std::io::Error },
    Stopped,
}

impl Broken {
    pub fn damaged(error: impl std::fmt::Display) -> Self {
        Broken::Fault(UnpackFault::Damaged(error.to_string()))
    }
}

pub(super) type Step = Result<(), Broken>;

/// What a member is that is no file and no folder.
#[derive(Clone, Copy)]
pub(super) enum Odd {
    Link,
    Device,
}

/// See the module.
pub(super) struct Sink<'a> {
    folder: &'a Path,
    limits: &'a UnpackLimits,
    /// Of the archive: all of its bytes, and those that were read so far.
    archive: u64,
    read: u64,
    done: Unpacked,
    /// The hash of a name in lower case, with that of the name itself.
    names: HashMap<u64, u64>,
    hasher: RandomState,
    buffer: Vec<u8>,
    observer: &'a mut dyn Observer,
    interrupt: &'a Interrupt,
}

impl<'a> Sink<'a> {
    pub fn new(
        folder: &'a Path,
        limits: &'a UnpackLimits,
        archive: u64,
        (observer, interrupt): (&'a mut dyn Observer, &'a Interrupt),
    ) -> Self {
        let (done, names, hasher, buffer) = (Unpacked::default(), HashMap::new(), RandomState::new(), vec![0; 1 << 16]);
        Sink { folder, limits, archive, read: 0, done, names, hasher, buffer, observer, interrupt }
    }

    /// So many bytes of the archive were read.
    pub fn read_so_far(&mut self, bytes: u64) {
        self.read = bytes;
    }

    /// Asks whether there is room for so many bytes, before they come.
    pub fn will_take(&self, bytes: u64) -> Step {
        if bytes > self.limits.bytes {
            return Err(Broken::Fault(UnpackFault::TooLarge { most: self.limits.bytes }));
        }
        match free_bytes(self.folder) {
            Some(free) if free < bytes => Err(Broken::Fault(UnpackFault::NoRoom { needed: bytes, free })),
            Some(_) | None => Ok(()),
        }
    }

    pub fn leave_out(&mut self, name: &[u8], odd: Odd) {
        match odd {
            Odd::Link => self.done.links += 1,
            Odd::Device => self.done.devices += 1,
        }
        self.example(name);
    }

    fn example(&mut self, name: &[u8]) {
        self.done.example.get_or_insert_with(|| String::from_utf8_lossy(name).into_owned());
    }

    /// Writes a file; `consumed` tells how much of the archive was read meanwhile, where that is known.
    pub fn file(&mut self, name: &[u8], from: &mut dyn Read, consumed: &dyn Fn() -> Option<u64>) -> Step {
        let relative = match safe(name) {
            Ok(path) if path.as_os_str().is_empty() => return Ok(()),
            Ok(path) => path,
            Err(Unsafe::NotUtf8) => {
                self.done.not_utf8 += 1;
                self.example(name);
                return Ok(());
            }
            Err(Unsafe::Outside) => {
                self.done.outside += 1;
                self.example(name);
                return Ok(());
            }
        };
        if self.done.files >= self.limits.files {
            return Err(Broken::Fault(UnpackFault::TooManyFiles { most: self.limits.files }));
        }
        let again = self.is_there_already(&relative, name);
        let path = self.folder.join(&relative);
        let Some(mut file) = self.create(&path, again)? else {
            self.done.clashes += 1;
            self.example(name);
            return Ok(());
        };
        self.copy(from, &mut file, &path, consumed)?;
        self.done.files += u64::from(!again);
        Ok(())
    }

    /// Whether a file of this very name came before; one that differs in case alone is told.
    fn is_there_already(&mut self, relative: &Path, name: &[u8]) -> bool {
        let text = relative.to_string_lossy();
        let (exact, folded) = (self.hasher.hash_one(&*text), self.hasher.hash_one(text.to_lowercase()));
        match self.names.entry(folded) {
            Entry::Vacant(entry) => {
                entry.insert(exact);
                false
            }
            Entry::Occupied(entry) if *entry.get() == exact => true,
            Entry::Occupied(_) => {
                self.done.clashes += 1;
                self.example(name);
                false
            }
        }
    }

    /// `None` where the place is taken by something else: a folder, or a file whose name is the same on this system.
    fn create(&self, path: &Path, again: bool) -> Result<Option<File>, Broken> {
        let failed = |source| Broken::Write { path: path.to_owned(), source };
        let taken = |error: &std::io::Error| {
            matches!(error.kind(), ErrorKind::AlreadyExists | ErrorKind::IsADirectory | ErrorKind::NotADirectory)
        };
        if let Some(folder) = path.parent() {
            match fs::create_dir_all(folder) {
                Err(error) if taken(&error) => return Ok(None),
                made => made.map_err(failed)?,
            }
        }
        let mut options = OpenOptions::new();
        options.write(true);
        // In a tar, what comes later counts.
        match if again { options.create(true).truncate(true) } else { options.create_new(true) }.open(path) {
            Ok(file) => Ok(Some(file)),
            Err(error) if taken(&error) => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    fn copy(&mut self, from: &mut dyn Read, file: &mut File, path: &Path, consumed: &dyn Fn() -> Option<u64>) -> Step {
        loop {
            if self.interrupt.requested() {
                return Err(Broken::Stopped);
            }
            let n = match from.read(&mut self.buffer) {
                Ok(0) => break,
                Ok(n) => n,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(Broken::damaged(error)),
            };
            if let Some(read) = consumed() {
                self.read = read;
            }
            self.done.bytes += n as u64;
            self.bounded()?;
            file.write_all(&self.buffer[..n]).map_err(|source| match source.kind() {
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                    let free = free_bytes(self.folder).unwrap_or(0);
                    Broken::Fault(UnpackFault::NoRoom { needed: self.done.bytes.max(self.archive), free })
                }
                _ => Broken::Write { path: path.to_owned(), source },
            })?;
        }
        self.observer.event(&Event::Unpacking { done: self.read.min(self.archive), bytes: self.archive });
        Ok(())
    }

    fn bounded(&self) -> Step {
        let UnpackLimits { bytes, ratio, .. } = *self.limits;
        if self.done.bytes > bytes {
            return Err(Broken::Fault(UnpackFault::TooLarge { most: bytes }));
        }
        if self.done.bytes > HARMLESS && self.done.bytes > self.read.max(1).saturating_mul(ratio) {
            return Err(Broken::Fault(UnpackFault::Swells { ratio }));
        }
        Ok(())
    }

    /// Reads what stands behind the last member, so that a checksum there is checked.
    pub fn drain(&mut self, from: &mut dyn Read, consumed: &dyn Fn() -> Option<u64>) -> Step {
        let mut drained: u64 = 0;
        loop {
            match from.read(&mut self.buffer) {
                Ok(0) => return Ok(()),
                Ok(n) => drained += n as u64,
                Err(error) => return Err(Broken::damaged(error)),
            }
            let read = consumed().unwrap_or(self.archive);
            if drained > HARMLESS && drained > read.max(1).saturating_mul(self.limits.ratio) {
                return Err(Broken::Fault(UnpackFault::Swells { ratio: self.limits.ratio }));
            }
            if self.interrupt.requested() {
                return Err(Broken::Stopped);
            }
        }
    }

    pub fn is_empty(&self) -> bool {
        self.done.files == 0
    }

    pub fn finish(self) -> Unpacked {
        self.observer.event(&Event::Unpacking { done: self.archive, bytes: self.archive });
        self.done
    }
}
