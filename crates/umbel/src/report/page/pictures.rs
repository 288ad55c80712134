//! Small copies of the photos that the page shows, as far as they are still there and the page stays small.

use std::collections::{HashMap, HashSet};

use maud::{Markup, html};
use rayon::prelude::*;

use super::choice::Choice;
use crate::base::budget::MemoryBudget;
use crate::data::Source;
use crate::data::decode::{Limits, Reading};
use crate::html::{Thumbnail, thumbnail};

/// The longer side of a picture that stands in the page, in pixels: larger than there, as it can be enlarged.
pub const SIDE: u32 = 256;
/// The same of those behind the cells of the confusion matrix, of which there are many.
const BEHIND: u32 = 144;
/// Bytes of all pictures together: a page is to be sent around, and opened on a phone.
const BUDGET: usize = 6_500_000;
/// Photos that are opened, as each costs time.
const MOST: usize = 900;

/// By path.
#[derive(Debug, Default)]
pub struct Pictures {
    by_path: HashMap<String, Thumbnail>,
    /// Photos that were looked for, and not found or not readable.
    pub missing: usize,
}

impl Pictures {
    /// The photos of `choice`, taken as `reading` says, the most important first, until the page is full.
    pub fn read(source: Option<&Source>, reading: Reading, choice: &Choice) -> Self {
        let paths: Vec<&str> = choice.paths().into_iter().take(MOST).collect();
        let Some(source) = source else {
            return Pictures { missing: paths.len(), ..Pictures::default() };
        };
        let limits = Limits::within(&MemoryBudget::default());
        let in_the_page: HashSet<&str> = choice.in_the_page().collect();
        let side = |path: &str| if in_the_page.contains(path) { SIDE } else { BEHIND };
        let small = |path: &&str| thumbnail(source, path, reading, side(path), &limits);
        let found: Vec<Option<Thumbnail>> = paths.par_iter().map(small).collect();
        let (mut pictures, mut bytes) = (Pictures::default(), 0);
        for (path, picture) in paths.into_iter().zip(found) {
            let Some(picture) = picture else {
                pictures.missing += 1;
                continue;
            };
            bytes += picture.url.len();
            if bytes <= BUDGET {
                pictures.by_path.insert(path.to_string(), picture);
            }
        }
        pictures
    }

    pub fn get(&self, path: &str) -> Option<&Thumbnail> {
        self.by_path.get(path)
    }

    pub fn is_empty(&self) -> bool {
        self.by_path.is_empty()
    }
}

/// A photo in its frame, which shows it larger.
pub fn framed(picture: &Thumbnail, path: &str) -> Markup {
    html! {
        button.frame type="button" {
            img alt=(path) data-photo=(path) width=(picture.width) height=(picture.height) src=(picture.url);
        }
    }
}
