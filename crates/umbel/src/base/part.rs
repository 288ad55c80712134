//! The parts of the data: what trains, what validates, what is kept for one measurement at the end.

use crate::base::choice::{Choice, choices};

/// A part of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// What is trained on.
    Train,
    /// What chooses the best epoch, and calibrates it.
    Val,
    /// What neither sees.
    Test,
}

choices! { Part: Train = "train", Val = "val" | "valid" | "validation", Test = "test" }

impl Part {
    /// The part that a folder of this name holds, as other programs call it too, in any letter case.
    pub fn of_folder(name: &str) -> Option<Self> {
        match name.to_lowercase().as_str() {
            "training" | "trn" => Some(Part::Train),
            "validate" | "dev" | "development" | "eval" | "evaluation" => Some(Part::Val),
            "testing" | "tst" => Some(Part::Test),
            name => Part::named(name),
        }
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
