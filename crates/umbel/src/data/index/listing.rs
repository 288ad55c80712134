//! Reads folders: what lies there, what of it is a picture, and what is never one.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;

use super::decode;
use super::never::is_never_data;
use crate::base::handles;
use crate::base::problem::{Problem, ProblemKind};
use crate::base::progress::{Event, Interrupt, Observer};
use crate::base::remark::{NeverData, Remark};
use crate::data::source::{Entry, Kind, Source};
use crate::{Error, Result};

/// The observer hears of the listing after so many entries.
const TOLD_EVERY: usize = 1000;

/// Extensions of pictures and films that are not read, and whose files are not even tried.
const PASSED_OVER: [&str; 45] = [
    "tga", "svg", "svgz", "pdf", "pcx", "psb", "exr", "hdr", "jpf", "jpx", "j2k", "jxr", "wdp", "dds", "xcf", "kra",
    "ai", "eps", "wmf", "emf", "cdr", "fit", "fits", "dcm", "dng", "cr2", "cr3", "crw", "nef", "nrw", "arw", "srf",
    "sr2", "raf", "orf", "rw2", "pef", "srw", "x3f", "3fr", "iiq", "mp4", "mov", "avi", "mkv",
];

/// Which files of a folder are its photos.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Listing {
    /// Those that somebody took: nothing hidden, and nothing that a system or a training run has left there.
    #[default]
    Photos,
    /// Those that Keras lists: below a class, hidden ones too.
    Keras,
}

impl Listing {
    /// What a file or folder is that is never data, by its name and, for a folder, by what lies in it.
    pub fn never(self, path: &Path, is_folder: bool) -> Option<NeverData> {
        match self {
            Listing::Photos => is_never_data(path, is_folder),
            Listing::Keras => None,
        }
    }
}

/// The folders that are read, and what was seen beside the photos.
pub(super) struct Reader<'a> {
    pub source: &'a Source,
    pub listing: Listing,
    pub observer: &'a mut dyn Observer,
    pub interrupt: &'a Interrupt,
    pub problems: Vec<Problem>,
    /// Files that are no pictures.
    pub other_files: usize,
    left_out: BTreeMap<NeverData, usize>,
    passed_over: BTreeMap<String, usize>,
    entries: usize,
}

/// What lies in one class: its folders, by their path within the root, with their pictures.
#[derive(Debug, Default)]
pub(super) struct Contents {
    folders: Vec<(String, Vec<String>)>,
    passed_over: BTreeMap<String, usize>,
    /// Whether something in it was left out for what it is, and nothing else was there.
    pub is_never_data: bool,
}

impl<'a> Reader<'a> {
    pub fn new(source: &'a Source, listing: Listing, observer: &'a mut dyn Observer, interrupt: &'a Interrupt) -> Self {
        let (problems, left_out, passed_over) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
        Reader { source, listing, observer, interrupt, problems, other_files: 0, left_out, passed_over, entries: 0 }
    }

    /// The folders in the folder `within` that may be classes, sorted, and how many files lie beside them.
    pub fn class_folders(&mut self, within: &str) -> Result<(Vec<String>, usize)> {
        let source = self.source;
        let io_error =
            |error| umbel_predict::Error::Io { action: "read the folder", path: source.path(within), source: error };
        let (mut names, mut files) = (Vec::new(), 0);
        for entry in source.entries(within).map_err(io_error)? {
            self.one_more()?;
            let Entry { name, kind } = entry.map_err(io_error)?;
            if !matches!(kind, Kind::Folder | Kind::LinkToFolder) {
                files += 1;
                continue;
            }
            // Keras' listing skips these too.
            if name.as_encoded_bytes().starts_with(b".") {
                continue;
            }
            let path = source.path(within).join(&name);
            if let Some(never) = self.listing.never(&path, true) {
                self.leave_out(never, &path);
                continue;
            }
            let Some(name) = name.to_str() else {
                self.problems.push(not_utf8(name.to_string_lossy().into_owned()));
                continue;
            };
            // A link to the folder itself or above it would make one class of everything.
            if source.leads_up(within, &within_folder(within, name)) {
                self.problems.push(linked_folder(name.to_string()));
                continue;
            }
            names.push(name.to_string());
        }
        // UTF-8's byte order is the order of code points, which is how Python sorts.
        names.sort_unstable();
        Ok((names, files))
    }

    /// Reads the folder `relative`, and the folders in it.
    pub fn class(&mut self, relative: &str) -> Result<Contents> {
        let (mut contents, before) = (Contents::default(), self.left_out_in_all());
        let passed_over = std::mem::take(&mut self.passed_over);
        let mut others = 0;
        self.folder(relative, &mut contents, &mut others)?;
        contents.passed_over = std::mem::replace(&mut self.passed_over, passed_over);
        for (extension, files) in &contents.passed_over {
            *self.passed_over.entry(extension.clone()).or_default() += files;
        }
        contents.is_never_data = others == 0 && !contents.has_pictures() && self.left_out_in_all() > before;
        Ok(contents)
    }

    /// Counts what is never data. Hidden files that are not called pictures are nobody's concern.
    pub fn leave_out(&mut self, kind: NeverData, path: &Path) {
        if kind != NeverData::HiddenFile || decode::named_as_picture(path) {
            *self.left_out.entry(kind).or_default() += 1;
        }
    }

    fn left_out_in_all(&self) -> usize {
        self.left_out.values().sum()
    }

    /// Another entry of a folder was seen.
    ///
    /// # Errors
    /// [`Error::Interrupted`] where that was asked for.
    pub fn one_more(&mut self) -> Result<()> {
        self.entries += 1;
        if self.entries.is_multiple_of(TOLD_EVERY) {
            self.observer.event(&Event::Listing { entries: self.entries });
        }
        if self.interrupt.requested() { Err(Error::Interrupted) } else { Ok(()) }
    }

    /// What was seen beside the photos.
    pub fn remarks(&self) -> Vec<Remark> {
        let mut remarks = Vec::new();
        if !self.left_out.is_empty() {
            remarks
                .push(Remark::LeftOut { counts: self.left_out.iter().map(|(&kind, &count)| (kind, count)).collect() });
        }
        remarks.extend(passed_over(&self.passed_over));
        remarks
    }

    fn folder(&mut self, folder: &str, contents: &mut Contents, others: &mut usize) -> Result<()> {
        let entries = match self.source.entries(folder) {
            Ok(entries) => entries,
            // What could not be read for that is not to be left out for it.
            Err(source) if handles::are_used_up(&source) => {
                let path = self.source.path(folder);
                return Err(umbel_predict::Error::Io { action: "read the folder", path, source }.into());
            }
            Err(error) => {
                self.unreadable(folder.to_string(), &error);
                return Ok(());
            }
        };
        let (mut files, mut folders) = (Vec::new(), Vec::new());
        for entry in entries {
            self.one_more()?;
            match entry {
                Ok(entry) => self.entry(entry, folder, (&mut files, &mut folders), others),
                Err(error) => self.unreadable(folder.to_string(), &error),
            }
        }
        contents.folders.push((folder.to_string(), files));
        // No handle of this folder is held while those in it are read, however deep they lie.
        for name in folders {
            self.folder(&within_folder(folder, &name), contents, others)?;
        }
        Ok(())
    }

    fn entry(
        &mut self,
        Entry { name, kind }: Entry,
        folder: &str,
        (files, folders): (&mut Vec<String>, &mut Vec<String>),
        others: &mut usize,
    ) {
        let lossy = within_folder(folder, &name.to_string_lossy());
        let (path, is_folder) = (self.source.path(folder).join(&name), matches!(kind, Kind::Folder));
        if let Some(never) = self.listing.never(&path, is_folder) {
            return self.leave_out(never, &path);
        }
        *others += usize::from(!is_folder);
        let named_as_picture = decode::named_as_picture(&path);
        let is_file = match kind {
            Kind::File => true,
            Kind::Folder | Kind::Other => false,
            Kind::LinkToFolder => return self.problems.push(linked_folder(lossy)),
            Kind::Lost(error) if named_as_picture => return self.unreadable(lossy, &error),
            Kind::Lost(_) => false,
        };
        let Some(name) = name.to_str() else {
            if is_folder || named_as_picture {
                self.problems.push(not_utf8(lossy));
            } else {
                self.other_files += 1;
            }
            return;
        };
        if is_folder {
            folders.push(name.to_string());
        } else if is_file && (named_as_picture || self.source.begins_as_picture(&lossy)) {
            files.push(name.to_string());
        } else if !is_file && named_as_picture {
            // Opening a pipe or a device could wait for ever.
            let detail = "neither a file nor a folder".to_string();
            self.problems.push(Problem { path: lossy, kind: ProblemKind::Unreadable, detail });
        } else {
            self.pass_over(&path);
        }
    }

    fn pass_over(&mut self, path: &Path) {
        self.other_files += 1;
        let extension = path.extension().and_then(OsStr::to_str).map(str::to_ascii_lowercase);
        if let Some(extension) = extension.filter(|extension| PASSED_OVER.contains(&extension.as_str())) {
            *self.passed_over.entry(extension).or_default() += 1;
        }
    }

    fn unreadable(&mut self, path: String, error: &std::io::Error) {
        let detail = format!("the system would not read it: {error}");
        self.problems.push(Problem { path, kind: ProblemKind::Unreadable, detail });
    }
}

/// What there is to say of files of kinds that are not read, by extension.
fn passed_over(files: &BTreeMap<String, usize>) -> Option<Remark> {
    let mut extensions: Vec<_> = files.clone().into_iter().collect();
    extensions.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    (!extensions.is_empty()).then_some(Remark::PassedOver { extensions })
}

impl Contents {
    /// What pictures and films of kinds that are not read lie in it.
    pub fn passed_over(&self) -> Option<Remark> {
        passed_over(&self.passed_over)
    }

    pub fn has_pictures(&self) -> bool {
        self.with_pictures().next().is_some()
    }

    /// The folders in which pictures lie themselves, and how many; by their path within the root.
    pub fn with_pictures(&self) -> impl Iterator<Item = (&str, usize)> {
        let counts = self.folders.iter().map(|(folder, files)| (folder.as_str(), files.len()));
        counts.filter(|(_, pictures)| *pictures > 0)
    }

    /// The pictures' paths in Keras' order: folders sorted by their whole path as text (so `a-b` comes before `a/b`),
    /// names sorted within each.
    pub fn into_paths(mut self) -> impl Iterator<Item = String> {
        self.folders.sort_unstable();
        self.folders.into_iter().flat_map(|(folder, mut files)| {
            files.sort_unstable();
            files.into_iter().map(move |file| within_folder(&folder, &file))
        })
    }
}

/// The path of what is called `name` in a folder; in the empty one, the root, it is the name.
pub(super) fn within_folder(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_string() } else { format!("{folder}/{name}") }
}

fn not_utf8(path: String) -> Problem {
    let detail = "the name is not UTF-8; rename it".to_string();
    Problem { path, kind: ProblemKind::Name, detail }
}

fn linked_folder(path: String) -> Problem {
    let detail = "a link to a folder, which is not followed; put the folder itself here".to_string();
    Problem { path, kind: ProblemKind::Unreadable, detail }
}
