//! The members of archives by their paths, as files of a folder would be, and their bytes where they lie.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::ops::Bound;
use std::path::PathBuf;

use flate2::bufread::DeflateDecoder;

use super::{Entry, Kind, Stamp};
use crate::base::budget::Held;
use crate::base::problem::{Problem, ProblemKind};
use crate::base::regular;
use crate::data::Part;
use crate::data::decode::{self, DecodeError, Limits};

/// Tables that tell the photos beside them.
pub const METADATA: [&str; 2] = ["metadata.csv", "metadata.jsonl"];

/// Where the bytes of a member lie.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// Which archive.
    pub container: u32,
    pub offset: u64,
    /// Bytes in the archive.
    pub stored: u64,
    /// Bytes of the file.
    pub size: u64,
    pub packing: Packing,
    /// CRC-32 of the file's bytes, where the archive tells one.
    pub crc: Option<u32>,
}

/// How a member is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    Stored,
    Deflated,
}

/// A file that members lie in.
#[derive(Debug)]
pub struct Container {
    /// As it was given: what people know it by.
    pub given: PathBuf,
    /// Where its members are read: a copy without compression, where it is compressed as a whole.
    pub read: PathBuf,
    pub stamp: Stamp,
    /// The part that its name tells, where the names of all tell parts.
    pub part: Option<Part>,
}

/// See the module.
#[derive(Debug)]
pub struct Members {
    pub(super) containers: Vec<Container>,
    pub(super) by_path: BTreeMap<String, Member>,
    pub(super) problems: Vec<Problem>,
    /// The classes of those that are told by their archive itself, by path.
    pub told: BTreeMap<String, String>,
    /// Whether they are the labeled samples of shards.
    pub are_samples: bool,
}

impl Members {
    pub fn is_empty(&self) -> bool {
        self.by_path.is_empty() && self.problems.is_empty()
    }

    /// What is wrong besides.
    pub fn add_problems(&mut self, problems: Vec<Problem>) {
        self.problems.extend(problems);
    }

    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// All of them, sorted by path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Member)> {
        self.by_path.iter().map(|(path, member)| (path.as_str(), member))
    }

    /// The archive that a member lies in.
    pub fn container(&self, member: &Member) -> &Container {
        &self.containers[member.container as usize]
    }

    /// What lies in a folder; the empty one is the root.
    pub fn entries(&self, folder: &str) -> Vec<Entry> {
        let before = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let (mut from, mut entries) = (before.clone(), Vec::new());
        while let Some((path, _)) =
            self.by_path.range::<str, _>((Bound::Included(from.as_str()), Bound::Unbounded)).next()
        {
            let Some(rest) = path.strip_prefix(&before) else { break };
            let (name, kind) = match rest.split_once('/') {
                Some((name, _)) => (name, Kind::Folder),
                None => (rest, Kind::File),
            };
            entries.push(Entry { name: name.into(), kind });
            // `0` follows `/`: behind all that lies in the folder. No name has the character that follows a file's own.
            from = match rest.contains('/') {
                true => format!("{before}{name}0"),
                false => format!("{path}\0"),
            };
        }
        entries
    }

    /// Whether there is one at `path`.
    pub fn holds(&self, path: &str) -> bool {
        self.by_path.contains_key(path)
    }

    /// The first bytes of a member.
    pub fn begins(&self, path: &str) -> io::Result<Vec<u8>> {
        let (member, mut start) = (self.member(path)?, Vec::new());
        self.reader(member)?.take(decode::SNIFF_BYTES as u64).read_to_end(&mut start)?;
        Ok(start)
    }

    /// The bytes of a member that is small, whatever it is.
    pub fn text(&self, member: &Member, most: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.reader(member)?.take(most).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// All bytes of the file at `path`, `most` of them at most.
    pub fn bytes(&self, path: &str, most: u64) -> io::Result<Vec<u8>> {
        let member = self.member(path)?;
        if member.size > most {
            let detail = format!("it is larger than {} MiB, which no such file is", most >> 20);
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, detail));
        }
        self.text(member, most)
    }

    /// The bytes of the photo at `path`, within the limits. What is damaged in the archive is no error of the system's.
    pub fn read(&self, path: &str, limits: &Limits) -> io::Result<Result<Held<Vec<u8>>, DecodeError>> {
        let member = self.member(path)?;
        let reader = self.reader(member)?;
        let mut broken = None;
        let held = decode::hold(member.size, limits, |bytes, most| {
            broken = reader.take(most.saturating_add(1)).read_to_end(bytes).err();
            Ok(())
        })?;
        let damaged = |detail: String| DecodeError { kind: ProblemKind::Damaged, detail };
        Ok(held.and_then(|bytes| match (broken, member.crc) {
            (Some(error), _) => Err(damaged(format!("it is damaged in the archive: {error}"))),
            (None, _) if (bytes.len() as u64) < member.size => {
                Err(damaged(format!("the archive holds {} of its {} bytes", bytes.len(), member.size)))
            }
            (None, Some(crc)) if rawzip::crc32(&bytes) != crc => {
                Err(damaged("it is damaged in the archive: its checksum is another".to_string()))
            }
            (None, _) => Ok(bytes),
        }))
    }

    /// By what a change of a member is told: its archive's stamp, and where it lies there.
    pub fn stamp(&self, path: &str) -> Stamp {
        let Some(member) = self.by_path.get(path) else { return [0xFF; 40] };
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.container(member).stamp);
        hasher.update(&member.offset.to_le_bytes()).update(&member.size.to_le_bytes());
        let mut stamp = [0; 40];
        stamp[..32].copy_from_slice(hasher.finalize().as_bytes());
        stamp
    }

    fn member(&self, path: &str) -> io::Result<&Member> {
        self.by_path.get(path).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Opened anew each time: there may be more archives than a process may hold open.
    fn reader(&self, member: &Member) -> io::Result<Box<dyn Read>> {
        let mut file: File = regular::open(&self.container(member).read)?;
        file.seek(SeekFrom::Start(member.offset))?;
        let stored = file.take(member.stored);
        Ok(match member.packing {
            Packing::Stored => Box::new(stored),
            // One byte more than it is told to be is enough to tell that it lies.
            Packing::Deflated => Box::new(DeflateDecoder::new(BufReader::new(stored)).take(member.size + 1)),
        })
    }
}
