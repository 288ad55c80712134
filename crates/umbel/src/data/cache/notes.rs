//! What a pack remembers of its photos in words: those that cannot be used, and those whose depth is a guess.

use serde::{Deserialize, Serialize};

use super::Problem;
use crate::data::decode::{Depth, Doubt};

/// Photos whose numbers hardly can be meant as they were taken, as none of their settings says how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct DoubtfulDepth {
    pub photos: usize,
    /// The first of them.
    pub example: String,
    /// The lowest and the highest number of all of them.
    pub low: f64,
    pub high: f64,
    /// What was taken for white.
    pub white: f64,
}

impl DoubtfulDepth {
    /// Of these paths; `None` where there are none.
    pub(super) fn of<'a>(doubts: impl Iterator<Item = (&'a String, Doubt)>) -> Option<Self> {
        let mut all: Option<(usize, &String, Doubt)> = None;
        for (path, doubt) in doubts {
            let (photos, _, range) = all.get_or_insert((0, path, doubt));
            *photos += 1;
            range.take_in(doubt);
        }
        let (photos, example, Doubt { low, high, white }) = all?;
        Some(DoubtfulDepth { photos, example: example.clone(), low, high, white })
    }

    /// The depth that they look like.
    pub fn looks_like(&self) -> Depth {
        Doubt { low: self.low, high: self.high, white: self.white }.looks_like()
    }
}

/// The last part of a pack. Where no depth is doubted, it is as packs had it before depths were.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Notes {
    Sound(Vec<Problem>),
    Doubted { problems: Vec<Problem>, doubt: DoubtfulDepth },
}

impl Notes {
    pub fn new(problems: Vec<Problem>, doubt: Option<DoubtfulDepth>) -> Self {
        match doubt {
            None => Notes::Sound(problems),
            Some(doubt) => Notes::Doubted { problems, doubt },
        }
    }

    pub fn problems(&self) -> &[Problem] {
        match self {
            Notes::Sound(problems) | Notes::Doubted { problems, .. } => problems,
        }
    }

    pub fn doubt(&self) -> Option<&DoubtfulDepth> {
        match self {
            Notes::Sound(_) => None,
            Notes::Doubted { doubt, .. } => Some(doubt),
        }
    }
}
