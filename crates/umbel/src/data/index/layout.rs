//! How the folders lie: divided into parts (`train/`, `val/`, `test/`) with class folders in each, one folder too high, or in
//! another way that would make wrong classes of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::listing::Contents;
use super::listing::within_folder;
use super::{Photo, Reading};
use crate::base::problem::{Problem, ProblemKind};
use crate::base::remark::{NeverData, Remark};
use crate::base::run_folder;
use crate::data::Part;
use crate::data::decode;
use crate::data::source::{Entry, Kind, Source};
use crate::{Result, data};

/// Folders of a tree that are told.
const TOLD: usize = 3;

/// The folders of data that come divided.
pub(super) struct Divided {
    pub parts: Vec<(Part, String)>,
    /// What lies beside them.
    pub beside: Vec<String>,
}

/// The parts by folder, if folders of data that come divided are among these: `train` and one other at least, holding folders.
/// Whatever else lies there is beside the data then. A folder with pictures in it is a class, whatever its name; parts of the one
/// kind and of the other are an error, since either reading would be wrong.
pub(super) fn divided(source: &Source, folders: &[String]) -> Result<Option<Divided>> {
    let mut parts = parts_named(folders);
    let Some((_, train)) = parts.iter().find(|(part, _)| *part == Part::Train) else { return Ok(None) };
    if parts.len() < 2 {
        let is_divided = folders.len() > 1 && !has_pictures(source, train) && class_like(source, train) > 1;
        if is_divided {
            let beside = folders.iter().filter(|name| *name != train).cloned().collect();
            return Err(data::Error::OnePart { path: source.root().to_owned(), train: train.clone(), beside }.into());
        }
        return Ok(None);
    }
    let (classes, divided): (Vec<_>, Vec<_>) =
        parts.iter().map(|(_, name)| name).partition(|name| has_pictures(source, name));
    if divided.is_empty() {
        return Ok(None);
    }
    if let Some(folder) = classes.first() {
        let (path, folder) = (source.root().to_owned(), folder.to_string());
        return Err(data::Error::MixedPartFolders { path, folder, other: divided[0].clone() }.into());
    }
    parts.sort();
    if let Some(twice) = parts.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        let (first, second) = (twice[0].1.clone(), twice[1].1.clone());
        return Err(data::Error::TwoPartFolders { path: source.root().to_owned(), first, second }.into());
    }
    let beside = folders.iter().filter(|name| parts.iter().all(|(_, part)| part != *name)).cloned().collect();
    Ok(Some(Divided { parts, beside }))
}

/// Those of these folders that are called as parts are.
pub(super) fn parts_named(folders: &[String]) -> Vec<(Part, String)> {
    let mut parts: Vec<(Part, String)> =
        folders.iter().filter_map(|name| Part::of_folder(name).map(|part| (part, name.clone()))).collect();
    // What evaluates beside a validation part tests.
    if parts.iter().any(|(part, name)| *part == Part::Val && !Part::is_evaluation(name)) {
        parts.iter_mut().filter(|(_, name)| Part::is_evaluation(name)).for_each(|(part, _)| *part = Part::Test);
    }
    parts
}

/// What lies in a folder, as far as it can be told.
fn within(source: &Source, folder: &str) -> impl Iterator<Item = Entry> {
    source.entries(folder).into_iter().flatten().flatten()
}

/// Whether a picture lies in the folder itself.
fn has_pictures(source: &Source, folder: &str) -> bool {
    let is_one = |entry: &Entry| matches!(entry.kind, Kind::File) && decode::named_as_picture(Path::new(&entry.name));
    within(source, folder).any(|entry| is_one(&entry))
}

/// Whether nothing but folders of training runs lie in it.
fn is_of_runs(source: &Source, folder: &str) -> bool {
    let mut entries = within(source, folder).map(|entry| source.path(folder).join(entry.name)).peekable();
    entries.peek().is_some() && entries.all(|path| run_folder::is_one(&path))
}

/// How many folders with pictures lie in it.
fn class_like(source: &Source, folder: &str) -> usize {
    let is_folder = |entry: &Entry| matches!(entry.kind, Kind::Folder | Kind::LinkToFolder);
    let folders = within(source, folder).filter(is_folder).filter_map(|entry| entry.name.into_string().ok());
    folders.filter(|name| has_pictures(source, &within_folder(folder, name))).count()
}

impl Reading<'_> {
    /// Reads the class folders of every part. A class is there if any part has pictures of it.
    pub(super) fn divided(&mut self, Divided { parts, beside }: Divided) -> Result<()> {
        let mut by_class: BTreeMap<String, Vec<(Part, Vec<String>)>> = BTreeMap::new();
        let mut empty = Vec::new();
        for name in beside {
            match is_of_runs(self.reader.source, &name) {
                true => self.reader.leave_out(NeverData::RunFolder, &self.reader.source.path(&name)),
                false => self.reader.problems.push(beside_parts(name)),
            }
        }
        for (part, folder) in parts {
            let before = self.reader.problems.len();
            let (names, loose_files) = self.reader.class_folders(&folder)?;
            self.reader.other_files += loose_files;
            self.sub_folders += names.len();
            let within = |path: &str| format!("{folder}/{path}");
            self.reader.problems[before..].iter_mut().for_each(|problem| problem.path = within(&problem.path));
            for name in names {
                let contents = self.reader.class(&within(&name))?;
                if contents.has_pictures() {
                    self.look_into(&name, &within(&name), &contents);
                    by_class.entry(name).or_default().push((part, contents.into_paths().collect()));
                } else if !contents.is_never_data {
                    empty.push((within(&name), name, contents.passed_over()));
                }
            }
        }
        // A class that only some part lacks is no problem of a file's; the split says it.
        for (path, name, passed_over) in empty {
            if !by_class.contains_key(&name) {
                self.no_class(path, passed_over);
            }
        }
        let mut of = Vec::new();
        for (class, (name, parts)) in by_class.into_iter().enumerate() {
            self.classes.push(name);
            for (part, paths) in parts {
                of.extend(std::iter::repeat_n(part, paths.len()));
                self.photos.extend(paths.into_iter().map(|path| Photo { path, class: class as u32 }));
            }
        }
        self.parts = Some(of);
        Ok(())
    }

    /// Remembers what lies in a class, where no picture lies in the class folder itself.
    pub(super) fn look_into(&mut self, class: &str, folder: &str, contents: &Contents) {
        let inner = (!contents.with_pictures().any(|(with, _)| with == folder))
            .then(|| contents.with_pictures().map(|(with, pictures)| (with.to_string(), pictures)).collect::<Vec<_>>());
        self.inner.push(Inner { class: class.to_string(), folder: folder.to_string(), folders: inner });
    }
}

/// What lies in a class.
pub(super) struct Inner {
    class: String,
    /// Its path within the root.
    folder: String,
    /// The folders in which its pictures lie, with their number; `None`: some lie in the class folder itself.
    folders: Option<Vec<(String, usize)>>,
}

impl Inner {
    /// The folders right in the class.
    fn first_level(&self) -> BTreeSet<&str> {
        let paths = self.folders.iter().flatten().map(|(path, _)| &path[self.folder.len() + 1..]);
        paths.map(|path| path.split('/').next().unwrap_or(path)).collect()
    }

    /// What the folders with pictures are called.
    fn leaves(&self) -> BTreeSet<&str> {
        self.folders.iter().flatten().map(|(path, _)| leaf(path)).collect()
    }

    /// The folder whose folders look like classes, if there is one.
    pub fn to_give(&self) -> Option<PathBuf> {
        let folders = self.folders.as_ref()?;
        let parent = |path: &str| path.rsplit_once('/').map(|(parent, _)| parent.to_string());
        let mut within: BTreeMap<String, usize> = BTreeMap::new();
        for (path, pictures) in folders {
            *within.entry(parent(path)?).or_default() += pictures;
        }
        let siblings = |of: &str| folders.iter().filter(|(path, _)| parent(path).as_deref() == Some(of)).count();
        let best = within.into_iter().filter(|(folder, _)| siblings(folder) > 1).max_by_key(|(_, pictures)| *pictures);
        best.map(|(folder, _)| folder.into())
    }

    /// `seg_train/seg_train/ has buildings, forest, glacier, ...`
    fn told(&self) -> String {
        let give = self.to_give().unwrap_or_else(|| self.folder.clone().into());
        let give = give.display().to_string();
        let inside = self.folders.iter().flatten().filter_map(|(path, _)| path.strip_prefix(&format!("{give}/")));
        let mut names: Vec<&str> = inside.collect();
        names.sort_unstable();
        let more = if names.len() > TOLD { ", ..." } else { "" };
        names.truncate(TOLD);
        format!("{give}/ has {}{more}", names.join(", "))
    }
}

fn leaf(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Refuses folders of which none has pictures of its own, where the same names recur within several: these are the classes, and
/// what would be taken for classes is something else. Numbers recur within classes too (years, sessions), unless a name tells
/// of parts.
pub(super) fn refuse_nested(root: &Path, inner: &[Inner]) -> Result<()> {
    if inner.len() < 2 || inner.iter().any(|inner| inner.folders.is_none()) {
        return Ok(());
    }
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    inner.iter().flat_map(Inner::leaves).for_each(|leaf| *times.entry(leaf).or_default() += 1);
    let recur = || times.iter().filter(|(_, times)| **times > 1).map(|(leaf, _)| *leaf);
    let is_number = |name: &str| name.bytes().all(|byte| byte.is_ascii_digit() || b"-_.".contains(&byte));
    if recur().count() < 2 || recur().all(is_number) && !inner.iter().any(|inner| tells_of_parts(&inner.class)) {
        return Ok(());
    }
    let fullest = inner.iter().max_by_key(|inner| inner.folders.iter().flatten().map(|(_, n)| n).sum::<usize>());
    let give = fullest.and_then(Inner::to_give).map_or_else(|| root.to_owned(), |folder| root.join(folder));
    let more = if inner.len() > TOLD { "; ..." } else { "" };
    let tree = inner.iter().take(TOLD).map(Inner::told).collect::<Vec<_>>().join("; ") + more;
    Err(data::Error::Nested { path: root.to_owned(), tree, give }.into())
}

fn tells_of_parts(name: &str) -> bool {
    name.split(|letter: char| !letter.is_alphanumeric()).any(|word| Part::of_folder(word).is_some())
}

/// What is worth knowing of how the classes lie.
pub(super) fn remarks(inner: &[Inner], is_divided: bool) -> Vec<Remark> {
    let mut remarks: Vec<Remark> = Vec::new();
    let mut told = BTreeSet::new();
    for inner in inner {
        let folders: Vec<String> = inner.first_level().into_iter().map(String::from).collect();
        let numbered = folders.iter().all(|name| name.bytes().all(|byte| byte.is_ascii_digit()));
        if inner.folders.is_some() && folders.len() > 1 && !numbered && told.insert(&inner.class) {
            remarks.push(Remark::ClassesWithin { class: inner.class.clone(), folders });
        }
    }
    let like_parts: Vec<String> =
        inner.iter().map(|inner| inner.class.clone()).filter(|class| Part::of_folder(class).is_some()).collect();
    if !is_divided && like_parts.len() > 1 {
        remarks.push(Remark::NamedLikeParts { classes: like_parts });
    }
    remarks
}

fn beside_parts(path: String) -> Problem {
    let detail = "lies beside the parts of data that come divided, so it is left out".to_string();
    Problem { path, kind: ProblemKind::Beside, detail }
}
