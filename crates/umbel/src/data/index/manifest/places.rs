//! Where the photos of a table lie: below its folder, whatever links say, and under the names that the disk, or an archive, has for
//! them.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;

use unicode_normalization::UnicodeNormalization;

use crate::data::source::Source;

/// The place that a table tells photos of.
pub struct Places<'a> {
    source: &'a Source,
    real_root: PathBuf,
    /// Whether the folder of this name lies within the root.
    within: HashMap<String, bool>,
    /// The names in a folder, by their composed forms.
    names: HashMap<String, HashMap<String, String>>,
}

/// Why there is no photo at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    NoFile,
    /// A link leads out of the table's folder.
    LeadsOut,
}

impl<'a> Places<'a> {
    pub fn of(source: &'a Source) -> Self {
        let root = source.root();
        let real_root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
        Places { source, real_root, within: HashMap::new(), names: HashMap::new() }
    }

    /// The path of the photo as the place has it: `path`, or one whose letters are composed another way (`ä` is one character or
    /// two, and looks the same).
    pub fn find(&mut self, path: &str) -> Result<String, Lost> {
        if self.source.is_packed() {
            let found = if self.source.holds(path) { Some(path.to_string()) } else { self.twin(path) };
            return found.filter(|path| self.source.holds(path)).ok_or(Lost::NoFile);
        }
        self.find_on_disk(path)
    }

    fn find_on_disk(&mut self, path: &str) -> Result<String, Lost> {
        // Asks for the file itself, and not for where a link leads.
        let (path, about) = match fs::symlink_metadata(self.source.path(path)) {
            Ok(about) => (path.to_string(), about),
            Err(_) => {
                let twin = self.twin(path).ok_or(Lost::NoFile)?;
                let about = fs::symlink_metadata(self.source.path(&twin)).map_err(|_| Lost::NoFile)?;
                (twin, about)
            }
        };
        if !self.is_within(path.rsplit_once('/').map_or("", |(folder, _)| folder)) {
            return Err(Lost::LeadsOut);
        }
        if about.is_file() {
            return Ok(path);
        }
        // Opening a pipe or a device could wait for ever.
        let real = self.source.path(&path).canonicalize().map_err(|_| Lost::NoFile)?;
        match fs::metadata(&real) {
            Ok(about) if about.is_file() && real.starts_with(&self.real_root) => Ok(path),
            Ok(about) if about.is_file() => Err(Lost::LeadsOut),
            Ok(_) | Err(_) => Err(Lost::NoFile),
        }
    }

    fn is_within(&mut self, folder: &str) -> bool {
        if let Some(known) = self.within.get(folder) {
            return *known;
        }
        let real = self.source.path(folder).canonicalize();
        let within = real.is_ok_and(|real| real.starts_with(&self.real_root));
        self.within.insert(folder.to_string(), within);
        within
    }

    fn twin(&mut self, path: &str) -> Option<String> {
        if path.is_ascii() {
            return None;
        }
        let mut found = String::new();
        for part in path.split('/') {
            let names = self.names.entry(found.clone()).or_insert_with(|| names(self.source, &found));
            let name = names.get(&composed(part))?;
            if !found.is_empty() {
                found.push('/');
            }
            found.push_str(name);
        }
        Some(found)
    }
}

/// What lies in a folder, by composed names.
fn names(source: &Source, folder: &str) -> HashMap<String, String> {
    let entries = source.entries(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.filter_map(|entry| entry.name.into_string().ok()).collect();
    // Of two that look the same it is always the same one.
    names.sort_unstable_by(|a, b| b.cmp(a));
    names.into_iter().map(|name| (composed(&name), name)).collect()
}

fn composed(name: &str) -> String {
    name.nfc().collect()
}
