//! The members of archives by their paths, as files of a folder would be, and their bytes where they lie.

use std::collections::BTreeMap;
use std::collections::btree_map;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::ops::Bound;
use std::path::{Path, PathBuf};

use flate2::bufread::DeflateDecoder;

use super::archive::{self, ArchiveFault, Form};
use super::{Entry, Kind, Stamp, decompressed, folder, samples, tar, zip};
use crate::base::budget::Held;
use crate::base::last_name::last_name;
use crate::base::never;
use crate::base::problem::{Problem, ProblemKind};
use crate::base::progress::{Event, Interrupt, Observer};
use crate::base::regular;
use crate::data::decode::{self, DecodeError, Limits};
use crate::data::{CacheOptions, Part};
use crate::{Error, Result, data};

/// Tables that tell the photos beside them.
pub const METADATA: [&str; 2] = ["metadata.csv", "metadata.jsonl"];
/// The observer hears of the listing after so many members.
const TOLD_EVERY: usize = 1000;

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
    read: PathBuf,
    stamp: Stamp,
    /// The part that its name tells, where the names of all tell parts.
    pub part: Option<Part>,
}

/// See the module.
#[derive(Debug)]
pub struct Members {
    containers: Vec<Container>,
    by_path: BTreeMap<String, Member>,
    problems: Vec<Problem>,
    /// Whether they are the labeled samples of shards.
    pub are_samples: bool,
}

/// What an archive's list of members gives, one after another.
pub struct Listed<'a> {
    pub found: Vec<(String, Member)>,
    pub problems: Vec<Problem>,
    container: u32,
    told: (&'a mut dyn Observer, &'a Interrupt),
    before: usize,
}

impl Members {
    /// Lists the members of these archives. One of several that cannot be read is a problem; of one alone it is an error.
    pub fn of(
        archives: &[PathBuf],
        cache: &CacheOptions,
        observer: &mut dyn Observer,
        interrupt: &Interrupt,
    ) -> Result<Self> {
        let fail = |path: &Path, fault| Error::from(data::Error::Archive { path: path.to_owned(), fault });
        let (mut containers, mut lists, mut problems, mut seen) = (Vec::new(), Vec::new(), Vec::new(), 0);
        for path in archives {
            let number = containers.len() as u32;
            let mut listed = Listed {
                found: Vec::new(),
                problems: Vec::new(),
                container: number,
                told: (observer, interrupt),
                before: seen,
            };
            match list(path, cache, &mut listed) {
                Ok(read) => {
                    seen += listed.found.len();
                    problems.append(&mut listed.problems);
                    lists.push(listed.found);
                    let stamp = folder::stamp_of(&read);
                    containers.push(Container { given: path.clone(), read, stamp, part: None });
                }
                Err(Stopped::Interrupted) => return Err(Error::Interrupted),
                Err(Stopped::Fault(fault)) if archives.len() == 1 => return Err(fail(path, fault)),
                Err(Stopped::Fault(fault)) => {
                    let kind = ProblemKind::Damaged;
                    problems.push(Problem { path: last_name(path), kind, detail: fault.to_string() });
                }
            }
        }
        let mut members = Members { containers, by_path: BTreeMap::new(), problems, are_samples: false };
        members.tell_parts();
        members.are_samples = lists.iter().flatten().any(|(path, _)| path.ends_with(samples::CLASS))
            || samples::are_told_in_json(&members, lists.iter().flatten());
        for (number, list) in lists.into_iter().enumerate() {
            members.add(number, list);
        }
        if !members.are_samples && members.containers.len() == 1 {
            members.without_top();
        }
        Ok(members)
    }

    /// Notes which part each archive is, where their names tell several (`train-0001.tar`, `val.zip`).
    fn tell_parts(&mut self) {
        let part = |container: &Container| {
            let name = last_name(&container.given);
            let mut words = name.split(|letter: char| !letter.is_alphanumeric()).filter_map(Part::of_folder);
            let first = words.next()?;
            words.all(|other| other == first).then_some(first)
        };
        let parts: Vec<Option<Part>> = self.containers.iter().map(part).collect();
        let is_divided = parts.iter().all(Option::is_some)
            && parts.contains(&Some(Part::Train))
            && parts.iter().any(|part| *part != Some(Part::Train));
        if is_divided {
            self.containers.iter_mut().zip(parts).for_each(|(container, part)| container.part = part);
        }
    }

    /// Adds an archive's members: the first of several at one path stays. The parts that archives are become folders, unless the
    /// members are samples, whose parts are told with them.
    fn add(&mut self, number: usize, mut list: Vec<(String, Member)>) {
        let part = self.containers[number].part.filter(|_| !self.are_samples);
        if let Some(part) = part {
            while let Some(top) = lone_top(&list, |path| Part::of_folder(path) == Some(part)) {
                list.iter_mut().for_each(|(path, _)| *path = path.split_off(top.len() + 1));
            }
            list.iter_mut().for_each(|(path, _)| *path = format!("{}/{path}", part.name()));
        }
        for (path, member) in list {
            match self.by_path.entry(path) {
                btree_map::Entry::Vacant(place) => {
                    place.insert(member);
                }
                btree_map::Entry::Occupied(first) => {
                    let name = |container: u32| last_name(&self.containers[container as usize].given);
                    let (one, other) = (name(first.get().container), name(member.container));
                    let places =
                        if one == other { format!("twice in {one}") } else { format!("in {one} and in {other}") };
                    let detail = format!("it is there more than once, {places}; the first is taken");
                    self.problems.push(Problem { path: first.key().clone(), kind: ProblemKind::Twice, detail });
                }
            }
        }
    }

    /// Leaves out the folder that the whole archive lies in, as many as there are.
    fn without_top(&mut self) {
        loop {
            let list: Vec<(String, Member)> =
                self.by_path.iter().map(|(path, member)| (path.clone(), *member)).collect();
            let Some(top) = lone_top(&list, |_| true) else { return };
            let below = format!("{top}/");
            let inner = |path: &String| path.strip_prefix(&below).map(String::from);
            self.by_path = list.iter().filter_map(|(path, member)| Some((inner(path)?, *member))).collect();
            for problem in &mut self.problems {
                if let Some(path) = inner(&problem.path) {
                    problem.path = path;
                }
            }
        }
    }

    pub fn is_empty(&self) -> bool {
        self.by_path.is_empty() && self.problems.is_empty()
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
    pub fn read(&self, path: &str, limits: &Limits) -> io::Result<std::result::Result<Held<Vec<u8>>, DecodeError>> {
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

/// The folder that all members lie in, where it holds folders alone and is one that may be left out.
fn lone_top(list: &[(String, Member)], may_go: impl Fn(&str) -> bool) -> Option<String> {
    let is_data = |path: &&str| {
        let mut parts = path.split('/').rev();
        let is_hidden = |name: &str, is_folder| never::by_name(name.as_ref(), is_folder).is_some();
        !(parts.next().is_some_and(|name| is_hidden(name, false)) || parts.any(|name| is_hidden(name, true)))
    };
    // Beside the folder, files that are no pictures do not count: a license, a note.
    let paths = || list.iter().map(|(path, _)| path.as_str()).filter(is_data);
    let in_folders = || paths().filter_map(|path| path.split_once('/'));
    let (top, _) = in_folders().next()?;
    let loose = |path: &str| !path.contains('/') && decode::named_as_picture(Path::new(path));
    let is_lone = in_folders().all(|(folder, _)| folder == top) && !paths().any(loose);
    let holds_folders = in_folders().any(|(_, rest)| rest.contains('/')) && !in_folders().any(|(_, rest)| loose(rest));
    let holds_metadata = in_folders().any(|(_, rest)| METADATA.contains(&rest));
    (is_lone && (holds_folders || holds_metadata) && may_go(top)).then(|| top.to_string())
}

/// Why a list of members ended.
pub enum Stopped {
    Fault(ArchiveFault),
    Interrupted,
}

impl<E: Into<ArchiveFault>> From<E> for Stopped {
    fn from(fault: E) -> Self {
        Stopped::Fault(fault.into())
    }
}

/// Lists one archive, and gives the file that its members are read from.
fn list(path: &Path, cache: &CacheOptions, listed: &mut Listed<'_>) -> std::result::Result<PathBuf, Stopped> {
    let form = archive::form(path)?.ok_or_else(|| ArchiveFault::Damaged("it does not begin as one".to_string()))?;
    let read = match form {
        Form::Zip | Form::Tar => path.to_owned(),
        Form::Gzip | Form::Zstd => decompressed::tar(path, form, cache, listed.told.1)?,
    };
    match form {
        Form::Zip => zip::list(&read, listed)?,
        Form::Tar | Form::Gzip | Form::Zstd => tar::list(&read, &last_name(path), listed)?,
    }
    Ok(read)
}

impl Listed<'_> {
    /// Another member.
    pub fn member(&mut self, name: &[u8], member: Member) -> std::result::Result<(), Stopped> {
        if let Some(path) = self.place(name) {
            self.found.push((path, Member { container: self.container, ..member }));
        }
        let seen = self.before + self.found.len();
        if seen.is_multiple_of(TOLD_EVERY) {
            self.told.0.event(&Event::Listing { entries: seen });
        }
        if self.told.1.requested() { Err(Stopped::Interrupted) } else { Ok(()) }
    }

    /// A member that cannot be used; of what is no picture, nobody needs to hear.
    pub fn unusable(&mut self, name: &[u8], kind: ProblemKind, detail: &str) {
        let path = String::from_utf8_lossy(name).into_owned();
        if decode::named_as_picture(Path::new(&path)) {
            self.problems.push(Problem { path, kind, detail: detail.to_string() });
        }
    }

    /// What is wrong with the archive itself, from some place on.
    pub fn cut(&mut self, archive: &str, detail: String) {
        self.problems.push(Problem { path: archive.to_string(), kind: ProblemKind::Damaged, detail });
    }

    /// The path of a member as it is within a folder: without `.` and doubled slashes. One that leads out is left out.
    fn place(&mut self, name: &[u8]) -> Option<String> {
        let Ok(text) = std::str::from_utf8(name) else {
            self.unusable(name, ProblemKind::Name, "the name in the archive is not UTF-8; pack it anew");
            return None;
        };
        let parts: Vec<&str> = text.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
        if text.starts_with('/') || parts.contains(&"..") || parts.iter().any(|part| part.contains('\0')) {
            self.unusable(name, ProblemKind::Name, "its path leads out of the archive, so it is left out");
            return None;
        }
        (!parts.is_empty()).then(|| parts.join("/"))
    }
}
