//! Letters for pictures: the font that ships inside and, for characters that it lacks, the first font of the machine that has them.
//! Names that no font here can draw go by their numbers.

mod face;
mod files;
mod script;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use unicode_normalization::UnicodeNormalization;

pub use self::face::Face;
pub use self::files::of_system;
pub use self::script::visual;
use super::notice::Notice;
use super::regular;

/// DejaVu Sans: Latin, Greek, Cyrillic, Arabic and Hebrew among others, and no Chinese, Japanese or Korean.
pub const BUILT_IN: &[u8] = include_bytes!("../../../assets/DejaVuSans.ttf");

/// Longer texts are cut before they are measured; nothing this long fits a picture.
const LONGEST: usize = 300;
/// A file of more bytes than this is no font of letters: the largest collections have 80 MB.
const LARGEST: u64 = 128 << 20;
/// So many bytes of fonts a process reads at most in search of characters that no font may have.
const MOST_READ: u64 = 2 << 30;

/// `None` only if the font that is part of the program were damaged; pictures then have no words.
static OWN: LazyLock<Option<Face>> = LazyLock::new(|| Face::built_in(BUILT_IN));

/// What pictures are lettered with. By default the built-in font and the system's. Clones share what was found.
#[derive(Clone, Debug)]
pub struct Fonts(Arc<Machine>);

#[derive(Debug, Default)]
struct Machine {
    folders: Vec<PathBuf>,
    /// Somebody else draws, with fonts that are not known here.
    is_reader: bool,
    looked: Mutex<Looked>,
}

/// What was found in the folders so far.
#[derive(Debug, Default)]
struct Looked {
    /// Looked up only when a character is missing.
    files: Option<Vec<PathBuf>>,
    opened: Vec<Face>,
    /// By character; `None` where no font has it.
    of: BTreeMap<char, Option<Face>>,
    read: u64,
}

impl Default for Fonts {
    fn default() -> Self {
        Fonts::in_folders(of_system())
    }
}

impl Fonts {
    /// The built-in font alone.
    pub fn built_in() -> Self {
        Fonts::in_folders(Vec::new())
    }

    /// The built-in font, then those in and below these folders. Nothing is read before a character is missing.
    pub fn in_folders(folders: Vec<PathBuf>) -> Self {
        Fonts(Arc::new(Machine { folders, ..Machine::default() }))
    }

    /// Those of whoever will look at it: a text that stays text (SVG) is drawn there, and every name can be.
    pub fn of_the_reader() -> Self {
        Fonts(Arc::new(Machine { is_reader: true, ..Machine::default() }))
    }

    /// What `c` is drawn with. `None` where no font has it.
    pub fn face(&self, c: char) -> Option<Face> {
        let own = OWN.as_ref();
        own.filter(|own| own.glyph(c).is_some())
            .cloned()
            .or_else(|| self.find(&[c].into())?.of.get(&c).cloned().flatten())
    }

    /// The font that is always there; `None` as in [`Fonts::face`] only where the program is damaged.
    pub fn own() -> Option<&'static Face> {
        OWN.as_ref()
    }

    /// Whether all of a text can be drawn as it is written.
    pub fn draws(&self, text: &str) -> bool {
        if self.0.is_reader {
            return true;
        }
        let text = clean(text);
        script::is_simple(&text) && {
            let seen = visual(&text).chars().filter(|c| *c != ' ').collect();
            self.missing(&seen).is_empty()
        }
    }

    /// What pictures call the `index`th of several classes, runs or the like: its name, or `class 3` where that cannot be drawn.
    pub fn label<'a>(&self, what: &str, index: usize, name: &'a str) -> Cow<'a, str> {
        if self.draws(name) { name.into() } else { format!("{what} {}", index + 1).into() }
    }

    /// The same of all classes.
    pub fn labels(&self, classes: &[String]) -> Vec<String> {
        classes.iter().enumerate().map(|(k, class)| self.label("class", k, class).into_owned()).collect()
    }

    /// Which classes pictures call by their numbers, where there are any.
    pub fn numbered(&self, classes: &[String]) -> Option<Notice> {
        let named = classes.iter().enumerate().filter(|(_, class)| !self.draws(class));
        let names: Vec<(usize, String)> = named.map(|(k, class)| (k + 1, class.clone())).collect();
        (!names.is_empty()).then_some(Notice::NamesNotDrawn { names })
    }

    /// Those of these characters that no font has.
    fn missing(&self, characters: &BTreeSet<char>) -> Vec<char> {
        let Some(own) = OWN.as_ref() else { return Vec::new() };
        let foreign: BTreeSet<char> = characters.iter().copied().filter(|c| own.glyph(*c).is_none()).collect();
        let found = if foreign.is_empty() { None } else { self.find(&foreign) };
        let is_found = |c: &char| found.as_ref().is_some_and(|found| matches!(found.of.get(c), Some(Some(_))));
        foreign.iter().copied().filter(|c| !is_found(c)).collect()
    }

    /// What was found once these characters, which the built-in font lacks, have been looked for.
    fn find(&self, characters: &BTreeSet<char>) -> Option<std::sync::MutexGuard<'_, Looked>> {
        if self.0.folders.is_empty() {
            return None;
        }
        let mut looked = self.0.looked.lock().unwrap_or_else(PoisonError::into_inner);
        looked.look_for(characters, &self.0.folders);
        Some(looked)
    }
}

impl Looked {
    fn look_for(&mut self, characters: &BTreeSet<char>, folders: &[PathBuf]) {
        let mut wanted: Vec<char> = characters.iter().copied().filter(|c| !self.of.contains_key(c)).collect();
        for face in &self.opened {
            take(&mut self.of, &mut wanted, face);
        }
        if wanted.is_empty() {
            return;
        }
        for path in self.files.get_or_insert_with(|| files::below(folders)) {
            // A file that is damaged, or too large, is passed over: there may be others.
            let Ok(bytes) = regular::read(path, LARGEST.min(MOST_READ - self.read)) else { continue };
            self.read += bytes.len() as u64;
            if let Some(face) = Face::best(bytes, &wanted) {
                take(&mut self.of, &mut wanted, &face);
                self.opened.push(face);
            }
            if wanted.is_empty() {
                break;
            }
        }
        self.of.extend(wanted.into_iter().map(|c| (c, None)));
    }
}

/// Notes down what `face` has of the wanted characters.
fn take(of: &mut BTreeMap<char, Option<Face>>, wanted: &mut Vec<char>, face: &Face) {
    wanted.retain(|c| {
        let is_there = face.glyph(*c).is_some();
        if is_there {
            of.insert(*c, Some(face.clone()));
        }
        !is_there
    });
}

/// `text` on one line, in composed characters: whatever is no letter of a line becomes a space, and nothing is longer than can be shown.
pub fn clean(text: &str) -> String {
    text.nfc().take(LONGEST).map(|c| if c.is_control() || c.is_whitespace() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests;
