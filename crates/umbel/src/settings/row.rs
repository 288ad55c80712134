//! A row of the table: all that is to be said about one setting.

use super::Kind;

/// A setting.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Its place in a config.toml, with dots: `fit.label_smoothing`.
    pub key: &'static str,
    /// The flag that says it, without the hyphens; others are reached by their keys alone.
    pub flag: Option<&'static str>,
    /// Type and range.
    pub kind: Kind,
    /// What stands for a value in help texts; where it has names and this is empty, those.
    pub value_name: &'static str,
    /// The default as [`Kind::parse`] reads it; empty where there is none.
    pub default: &'static str,
    /// What the default depends on, or what happens where there is none.
    pub or: &'static str,
    /// What it is, in a sentence.
    pub help: &'static str,
    /// Under which heading it is listed.
    pub heading: &'static str,
    /// The same in few words, for the short help, which has only what is used most: rows that say something here.
    pub brief: &'static str,
    /// Whether a run that goes on may change it: everything else would end with other weights.
    pub on_resume: bool,
    /// Where it does nothing.
    pub unused: &'static [Unused],
    /// The settings of which one must be on for this to mean anything, each with the values that do (none: any).
    pub needs: &'static [(&'static str, &'static [&'static str])],
    /// The setting beside which this one means nothing.
    pub excludes: Option<&'static str>,
    /// Whether the command that reproduces a run says it.
    pub reproduce: Reproduce,
    /// What a look at photos before any training shows of it.
    pub shown: Shown,
    /// How it lies in the table of settings.
    pub place: Place,
}

/// What a row is before it says anything.
pub(super) const BLANK: Row = Row {
    key: "",
    flag: None,
    kind: Kind::Switch,
    value_name: "",
    default: "",
    or: "",
    help: "",
    heading: "",
    brief: "",
    on_resume: false,
    unused: &[],
    needs: &[],
    excludes: None,
    reproduce: Reproduce::WhereChanged,
    shown: Shown::Nothing,
    place: Place::Plain,
};

/// A part of training that looks at some of the settings only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The last layer alone is trained.
    Head,
    /// The learning-rate range test.
    RangeTest,
}

/// Where a setting does nothing, and why.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub struct Unused {
    pub stage: Stage,
    /// The values that do nothing; none: all.
    pub values: &'static [&'static str],
    pub why: &'static str,
}

/// Nothing of a schedule, of augmentation and of targets is left where the last layer is fitted alone.
pub(super) const HEAD: Unused = Unused {
    stage: Stage::Head,
    values: &[],
    why: "the last layer is fitted to convergence, on the photos as they are",
};
/// What belongs to a whole run.
pub(super) const RANGE_TEST: Unused =
    Unused { stage: Stage::RangeTest, values: &[], why: "nothing of what it trains is kept" };

/// Whether the command that reproduces a run says a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reproduce {
    /// Where it is not as its recipe has it.
    WhereChanged,
    /// In any case, since people look for it or something else may choose it.
    Always,
    /// It has no say in the result.
    Never,
}

/// What can be seen of a setting on photos.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// It cannot be seen there.
    Nothing,
    /// It has a say in which photos are picked, how they are prepared, or what else is shown.
    Photo,
    /// How photos are changed at random in training.
    Augmentation,
}

/// How a setting lies in the table of settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// At its key.
    Plain,
    /// It brings the settings of an optimizer with it, and takes those of another away.
    Optimizer,
    /// The same for a schedule.
    Schedule,
    /// A name, or a table with a file.
    Split,
}

impl Row {
    /// What stands for its value in help texts.
    pub fn value_name(&self) -> String {
        if let (Kind::Name(names), "") = (self.kind, self.value_name) {
            return names().iter().map(|names| names[0]).collect::<Vec<_>>().join("|");
        }
        self.value_name.to_string()
    }

    /// The default in words; empty where there is nothing to say.
    pub fn default_words(&self) -> String {
        match (self.kind, self.default, self.or) {
            (Kind::Switch, ..) => String::new(),
            (_, default, "") => default.to_string(),
            (_, "", or) => or.to_string(),
            (_, default, or) => format!("{default}; {or}"),
        }
    }

    /// Why it does nothing at a stage, where it doesn't; `word` is its value.
    pub fn unused_at(&self, stage: Stage, word: &str) -> Option<&'static Unused> {
        self.unused
            .iter()
            .find(|unused| unused.stage == stage && (unused.values.is_empty() || unused.values.contains(&word)))
    }

    /// Whether no value of it does anything at a stage.
    pub fn never_used_at(&self, stage: Stage) -> bool {
        self.unused.iter().any(|unused| unused.stage == stage && unused.values.is_empty())
    }
}
