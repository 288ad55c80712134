//! The parts of the data: what trains, what validates, what is kept for one measurement at the end.

use serde::{Deserialize, Serialize};

/// A part of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Part {
    Train,
    Val,
    Test,
}

impl Part {
    /// All of them.
    pub const ALL: [Part; 3] = [Part::Train, Part::Val, Part::Test];

    /// As split.csv and folders name it.
    pub fn name(self) -> &'static str {
        match self {
            Part::Train => "train",
            Part::Val => "val",
            Part::Test => "test",
        }
    }

    /// The part of that name; `valid` and `validation` mean `val`.
    pub fn from_name(name: &str) -> Option<Self> {
        let own = Part::ALL.into_iter().find(|part| part.name() == name);
        own.or_else(|| ["valid", "validation"].contains(&name).then_some(Part::Val))
    }

    /// What people call it.
    pub fn noun(self) -> &'static str {
        match self {
            Part::Train => "training",
            Part::Val => "validation",
            Part::Test => "test",
        }
    }
}
