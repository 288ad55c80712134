//! Chooses what of a list is needed: archives, or the files of a folder, by the same rules as where both lie here.

use std::collections::HashMap;
use std::path::Path;

use super::bucket::Bucket;
use super::list::list;
use super::xml::Object;
use crate::Result;
use crate::base::problem::{Problem, ProblemKind};
use crate::base::progress::{Interrupt, Observer};
use crate::data::decode::named_as_picture;
use crate::data::is_never_data;
use crate::data::source::{METADATA, expanded, is_named_as_one, is_named_as_table};
use crate::get::StoreFault;

/// What is needed.
pub enum Chosen {
    /// These, each as it is.
    Archives(Vec<Object>),
    /// The files of a folder, and those that cannot be had.
    Folder { files: Vec<Needed>, problems: Vec<Problem> },
}

/// A file of a folder.
pub struct Needed {
    pub object: Object,
    /// Within the folder.
    pub path: String,
    /// Whether its bytes are needed, and not only that it is there.
    pub is_content: bool,
}

/// Asks for the list, and chooses.
pub fn choose(bucket: &Bucket<'_>, observer: &mut dyn Observer, interrupt: &Interrupt) -> Result<Chosen> {
    let name = bucket.address.name.as_str();
    let fail = |fault| bucket.error(name, fault);
    if let Some((before, _)) = name.split_once('{') {
        let names = expanded(name)
            .map_err(|fault| crate::data::Error::Archive { path: bucket.address.shown().into(), fault })?;
        let mut there: HashMap<String, Object> = list(bucket, before, observer, interrupt)?
            .into_iter()
            .map(|object| (object.name.clone(), object))
            .collect();
        let found = names.into_iter().map(|name| there.remove(&name).ok_or(StoreFault::Missing(name)));
        return Ok(Chosen::Archives(found.collect::<std::result::Result<_, _>>().map_err(fail)?));
    }
    let is_table = is_named_as_table(Path::new(name));
    if is_named_as_one(name) || is_table {
        let found = list(bucket, name, observer, interrupt)?.into_iter().find(|object| object.name == name);
        match found {
            Some(_) if is_table => return Err(fail(StoreFault::Table)),
            Some(object) => return Ok(Chosen::Archives(vec![object])),
            None => {}
        }
    }
    let folder = if name.is_empty() { String::new() } else { format!("{name}/") };
    let objects = list(bucket, &folder, observer, interrupt)?;
    // Some keep a folder's own name as an object.
    let below = |object: &Object| !object.name.ends_with('/') && object.name.len() > folder.len();
    let objects: Vec<Object> = objects.into_iter().filter(below).collect();
    if objects.is_empty() {
        return Err(fail(StoreFault::Nothing));
    }
    let path = |object: &Object| object.name[folder.len()..].to_string();
    let is_flat = !objects.iter().map(path).any(|path| !path.starts_with('.') && path.contains('/'));
    let is_archive = |object: &&Object| !path(object).starts_with('.') && is_named_as_one(&object.name);
    if is_flat && objects.iter().any(|object| is_archive(&object)) {
        return Ok(Chosen::Archives(objects.iter().filter(is_archive).cloned().collect()));
    }
    let mut problems = Vec::new();
    let mut files = Vec::new();
    for object in objects {
        let path = path(&object);
        if is_safe(&path) {
            let is_content = is_content(&path);
            files.push(Needed { object, path, is_content });
        } else if named_as_picture(Path::new(&path)) {
            let detail = "its name leads out of the folder, so it is left out".to_string();
            problems.push(Problem { path, kind: ProblemKind::Name, detail });
        }
    }
    Ok(Chosen::Folder { files, problems })
}

fn is_safe(path: &str) -> bool {
    !path.starts_with('/') && !path.contains('\0') && !path.split('/').any(|part| part == "..")
}

/// Pictures, those without an ending (which may be some), and the tables that go with them.
fn is_content(path: &str) -> bool {
    let mut folders = path.split('/');
    let name = folders.next_back().unwrap_or_default();
    let is_hidden = is_never_data(Path::new(name), false).is_some()
        || folders.any(|folder| is_never_data(Path::new(folder), true).is_some());
    let is_table = || METADATA.contains(&name);
    !is_hidden && (named_as_picture(Path::new(name)) || is_table() || !name.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_what_a_folder_would_be_read_for() {
        for path in ["roses/1.jpg", "roses/IMG.PNG", "roses/photo", "metadata.csv", "train/metadata.jsonl"] {
            assert!(is_content(path), "{path}");
        }
        for path in ["README.md", "roses/.1.jpg", ".git/1.jpg", "a/video.mp4", "a/Thumbs.db", "shard.tar"] {
            assert!(!is_content(path), "{path}");
        }
        assert!(is_safe("a/..b/1.jpg"));
        for path in ["../1.jpg", "a/../1.jpg", "/1.jpg", "a\0.jpg"] {
            assert!(!is_safe(path), "{path:?}");
        }
    }
}
