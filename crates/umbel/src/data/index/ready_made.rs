//! Folders that come divided: `train/`, `val/` and `test/` with class folders in each, matched by name.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Photo, Reading, class_folders, no_class};
use crate::base::choice::Choice;
use crate::data::Part;
use crate::data::decode;
use crate::{Result, data};

/// The parts by folder, if these sub-folders are parts: `train` and one other at least, all of them named like parts and
/// holding folders. A folder with pictures in it is a class, whatever its name; some of the one kind and some of the other
/// are an error, since either reading would be wrong.
pub(super) fn parts(root: &Path, folders: &[String]) -> Result<Option<Vec<(Part, String)>>> {
    let parts: Option<Vec<(Part, String)>> =
        folders.iter().map(|name| Part::named(name).map(|part| (part, name.clone()))).collect();
    let Some(mut parts) = parts else { return Ok(None) };
    if parts.len() < 2 || !parts.iter().any(|(part, _)| *part == Part::Train) {
        return Ok(None);
    }
    let (classes, divided): (Vec<_>, Vec<_>) =
        parts.iter().map(|(_, name)| name).partition(|name| has_pictures(&root.join(name)));
    if divided.is_empty() {
        return Ok(None);
    }
    if let Some(folder) = classes.first() {
        let (path, folder) = (root.to_owned(), folder.to_string());
        return Err(data::Error::MixedPartFolders { path, folder, other: divided[0].clone() }.into());
    }
    parts.sort();
    if let Some(twice) = parts.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        let (first, second) = (twice[0].1.clone(), twice[1].1.clone());
        return Err(data::Error::TwoPartFolders { path: root.to_owned(), first, second }.into());
    }
    Ok(Some(parts))
}

/// Whether a picture lies in the folder itself.
fn has_pictures(folder: &Path) -> bool {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).any(|path| decode::named_as_picture(&path) && path.is_file())
}

impl Reading {
    /// Reads the class folders of every part. A class is there if any part has pictures of it.
    pub(super) fn ready_made(&mut self, root: &Path, parts: Vec<(Part, String)>) -> Result<()> {
        let mut by_class: BTreeMap<String, Vec<(Part, Vec<String>)>> = BTreeMap::new();
        let mut empty = Vec::new();
        for (part, folder) in parts {
            let (names, loose_files, problems) = class_folders(&root.join(&folder))?;
            self.other_files += loose_files;
            self.sub_folders += names.len();
            let within = |path: String| format!("{folder}/{path}");
            self.problems.extend(problems.into_iter().map(|mut problem| {
                problem.path = within(problem.path);
                problem
            }));
            for name in names {
                match self.pictures(root, &within(name.clone()))? {
                    Some(paths) => by_class.entry(name).or_default().push((part, paths.collect())),
                    None => empty.push((within(name.clone()), name)),
                }
            }
        }
        // A class that only some part lacks is no problem of a file's; the split says it.
        let nowhere = empty.into_iter().filter(|(_, name)| !by_class.contains_key(name));
        self.problems.extend(nowhere.map(|(path, _)| no_class(path)));
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
}
