//! The parts of the data: what trains, what validates, what is kept for one measurement at the end.

use crate::base::choice::{Choice, choices};
use crate::base::lang::Lang;

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

    /// Whether the name of a folder says that it is for evaluation, which is testing where there is a validation part too.
    pub fn is_evaluation(name: &str) -> bool {
        ["eval", "evaluation"].iter().any(|known| known.eq_ignore_ascii_case(name))
    }

    /// The same in a language.
    pub fn told(self, lang: Lang) -> &'static str {
        lang.say(self.noun())
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
