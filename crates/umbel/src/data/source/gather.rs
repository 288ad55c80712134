//! Gathers the members of archives: each listed as its kind is, and all together as one folder would be.

use std::collections::{BTreeMap, btree_map};
use std::path::{Path, PathBuf};

use super::archive::{self, ArchiveFault, ArchiveFile, Form};
use super::listed::{Listed, Stopped};
use super::members::{Container, METADATA, Member, Members};
use super::{decompressed, parquet, samples, tar, zip};
use crate::base::caught::caught;
use crate::base::last_name::last_name;
use crate::base::never;
use crate::base::problem::{Problem, ProblemKind};
use crate::base::progress::{Interrupt, Observer};
use crate::data::cache::housekeeping;
use crate::data::{CacheOptions, Part, decode};
use crate::{Error, Result, data};

/// What archives are, as those have them who gave them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Archives, whose names and insides may tell parts and classes.
    Archives,
    /// Nothing of their own: the files of one folder lie in them.
    Folder,
}

impl Members {
    /// Lists the members of these archives. One of several that cannot be read is a problem; of one alone it is an error.
    pub fn of(
        archives: &[ArchiveFile],
        standing: Standing,
        cache: &CacheOptions,
        observer: &mut dyn Observer,
        interrupt: &Interrupt,
    ) -> Result<Self> {
        let fail = |path: &Path, fault| Error::from(data::Error::Archive { path: path.to_owned(), fault });
        let (mut containers, mut lists, mut problems, mut seen) = (Vec::new(), Vec::new(), Vec::new(), 0);
        let mut classes: Vec<Vec<(String, String)>> = Vec::new();
        // Of those that are kept in the cache, together.
        let mut copied = 0;
        for archive in archives {
            let left = CacheOptions { max_bytes: cache.max_bytes.saturating_sub(copied), ..cache.clone() };
            let path = archive.given.as_path();
            let number = containers.len() as u32;
            let mut listed = Listed {
                found: Vec::new(),
                problems: Vec::new(),
                told: Vec::new(),
                container: number,
                heard: (observer, interrupt),
                before: seen,
            };
            // What reads archives is written not to panic, and they come from anywhere.
            let outcome = caught(|| list(archive, &left, &mut listed));
            let gave_up = || Err(ArchiveFault::Damaged("its reader gave up on it".to_string()).into());
            match outcome.unwrap_or_else(gave_up) {
                Ok(read) => {
                    if read != archive.file {
                        copied += std::fs::metadata(&read).map_or(0, |about| about.len());
                    }
                    seen += listed.found.len();
                    problems.append(&mut listed.problems);
                    lists.push(listed.found);
                    classes.push(std::mem::take(&mut listed.told));
                    // Of what was given: a copy in the cache is marked each time that it is used.
                    let (given, stamp) = (archive.given.clone(), archive.stamp);
                    containers.push(Container { given, read, stamp, part: None });
                }
                Err(Stopped::Interrupted) => return Err(Error::Interrupted),
                Err(Stopped::Fault(fault)) if archives.len() == 1 => return Err(fail(path, fault)),
                Err(Stopped::Fault(fault)) => {
                    let kind = ProblemKind::Damaged;
                    problems.push(Problem { path: last_name(path), kind, detail: fault.to_string() });
                }
            }
        }
        if copied > 0 {
            let in_use: Vec<&Path> = containers.iter().map(|container| container.read.as_path()).collect();
            housekeeping::keep_within(&cache.folder, cache.max_bytes, &in_use);
        }
        let mut members =
            Members { containers, by_path: BTreeMap::new(), problems, told: BTreeMap::new(), are_samples: false };
        if standing == Standing::Folder {
            lists.into_iter().enumerate().for_each(|(number, list)| members.add(number, list));
            return Ok(members);
        }
        members.tell_parts();
        for (container, told) in members.containers.iter().zip(classes) {
            let within = |path: String| container.part.map_or(path.clone(), |part| format!("{}/{path}", part.name()));
            members.told.extend(told.into_iter().map(|(path, class)| (within(path), class)));
        }
        members.are_samples = !members.told.is_empty()
            || lists.iter().flatten().any(|(path, _)| path.ends_with(samples::CLASS))
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

    /// Adds an archive's members: the first of several at one path stays. The parts that archives are become folders: names often
    /// begin anew in each.
    fn add(&mut self, number: usize, mut list: Vec<(String, Member)>) {
        if let Some(part) = self.containers[number].part {
            while let Some(top) =
                lone_top(list.iter().map(|(path, _)| path.as_str()), |path| Part::of_folder(path) == Some(part))
            {
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
            let Some(top) = lone_top(self.by_path.keys().map(String::as_str), |_| true) else { return };
            let below = format!("{top}/");
            let inner = |path: &String| path.strip_prefix(&below).map(String::from);
            let list = std::mem::take(&mut self.by_path).into_iter();
            self.by_path = list.filter_map(|(path, member)| Some((inner(&path)?, member))).collect();
            for problem in &mut self.problems {
                if let Some(path) = inner(&problem.path) {
                    problem.path = path;
                }
            }
        }
    }
}

/// Lists one archive, and gives the file that its members are read from.
fn list(file: &ArchiveFile, cache: &CacheOptions, listed: &mut Listed<'_>) -> std::result::Result<PathBuf, Stopped> {
    let (form, path) = (archive::form(file)?, file.given.as_path());
    let form = form.ok_or_else(|| ArchiveFault::Damaged("it does not begin as one".to_string()))?;
    let read = match form {
        Form::Zip | Form::Tar => file.file.clone(),
        Form::Gzip | Form::Zstd => decompressed::tar(file, form, cache, &mut listed.heard)?,
        Form::Parquet => parquet::tar(file, cache, listed.heard.1)?,
    };
    match form {
        Form::Zip => zip::list(&read, listed)?,
        Form::Tar | Form::Gzip | Form::Zstd => tar::list(&read, &last_name(path), listed)?,
        Form::Parquet => {
            tar::list(&read, &last_name(path), listed)?;
            parquet::take_told(&read, listed)?;
        }
    }
    Ok(read)
}

/// The folder that all members lie in, where it holds folders alone and is one that may be left out.
fn lone_top<'a>(all: impl Iterator<Item = &'a str> + Clone, may_go: impl Fn(&str) -> bool) -> Option<String> {
    let is_data = |path: &&str| {
        let mut parts = path.split('/').rev();
        let is_hidden = |name: &str, is_folder| never::by_name(name.as_ref(), is_folder).is_some();
        !(parts.next().is_some_and(|name| is_hidden(name, false)) || parts.any(|name| is_hidden(name, true)))
    };
    // Beside the folder, files that are no pictures do not count: a license, a note.
    let paths = || all.clone().filter(is_data);
    let in_folders = || paths().filter_map(|path| path.split_once('/'));
    let (top, _) = in_folders().next()?;
    let loose = |path: &str| !path.contains('/') && decode::named_as_picture(Path::new(path));
    let is_lone = in_folders().all(|(folder, _)| folder == top) && !paths().any(loose);
    let holds_folders = in_folders().any(|(_, rest)| rest.contains('/')) && !in_folders().any(|(_, rest)| loose(rest));
    let holds_metadata = in_folders().any(|(_, rest)| METADATA.contains(&rest));
    (is_lone && (holds_folders || holds_metadata) && may_go(top)).then(|| top.to_string())
}
