//! What a check can find, each kind with its name in tables and its title for people.

use serde::{Deserialize, Serialize};

use crate::data::{Problem, ProblemKind};

/// The kind of a finding, in the order in which findings are listed: gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FindingKind {
    /// As [`ProblemKind::Empty`]: zero bytes, or a folder without pictures.
    Empty,
    /// As [`ProblemKind::NotAPicture`].
    NotAPicture,
    /// As [`ProblemKind::Unsupported`].
    Unsupported,
    /// As [`ProblemKind::Damaged`].
    Damaged,
    /// As [`ProblemKind::TooLarge`].
    TooLarge,
    /// As [`ProblemKind::Unreadable`].
    Unreadable,
    /// As [`ProblemKind::Name`].
    Name,
    /// One picture in two classes.
    LabelConflict,
    /// One picture in two parts of the split.
    Leak,
    /// A label that networks dispute which were trained without the picture. Found by
    /// [`disputed_labels`](crate::pipeline::disputed_labels), not by a check alone.
    LabelDispute,
    /// The same bytes twice.
    ExactDuplicate,
    /// The same picture twice: resized, cropped a little, brightened or saved anew.
    NearDuplicate,
    /// The content is of another format than the name says.
    WrongExtension,
    /// Several pictures in one file; only the first is used.
    Animated,
    /// Numbers that hardly can be meant as they were taken: a fraction of 16 bits, or floats above 1.
    DoubtfulDepth,
    /// One color all over.
    Blank,
    /// Too small to show much.
    Tiny,
    /// Very long or very high.
    ExtremeAspect,
    /// A class with too few pictures to learn from.
    SmallClass,
    /// A class with far fewer pictures than another.
    Imbalance,
    /// Pictures that EXIF turns upright. A remark.
    ExifRotation,
    /// Some pictures grey, some in color. A remark.
    ColorGreyMix,
}

impl FindingKind {
    /// Every kind, in order.
    pub const ALL: [FindingKind; 22] = {
        use FindingKind::*;
        [
            Empty,
            NotAPicture,
            Unsupported,
            Damaged,
            TooLarge,
            Unreadable,
            Name,
            LabelConflict,
            Leak,
            LabelDispute,
            ExactDuplicate,
            NearDuplicate,
            WrongExtension,
            Animated,
            DoubtfulDepth,
            Blank,
            Tiny,
            ExtremeAspect,
            SmallClass,
            Imbalance,
            ExifRotation,
            ColorGreyMix,
        ]
    };

    /// The heading above its findings.
    pub fn title(self) -> &'static str {
        match self {
            FindingKind::Empty => "Empty",
            FindingKind::NotAPicture => "Named like a picture, but none",
            FindingKind::Unsupported => "In a format that is not read here",
            FindingKind::Damaged => "Damaged or cut short",
            FindingKind::TooLarge => "Too large to decode safely",
            FindingKind::Unreadable => "Not readable",
            FindingKind::Name => "Name is not UTF-8",
            FindingKind::LabelConflict => "One picture in two classes",
            FindingKind::Leak => "One picture in two parts of the split",
            FindingKind::LabelDispute => "Labels that the network disputes, surest first",
            FindingKind::ExactDuplicate => "Exact duplicates",
            FindingKind::NearDuplicate => "Near duplicates",
            FindingKind::WrongExtension => "Wrong extension",
            FindingKind::Animated => "Animated or of several pages, only the first picture is used",
            FindingKind::DoubtfulDepth => "Of another depth than they are taken for",
            FindingKind::Blank => "Blank",
            FindingKind::Tiny => "Tiny",
            FindingKind::ExtremeAspect => "Very long or very high",
            FindingKind::SmallClass => "Very small classes",
            FindingKind::Imbalance => "Uneven classes",
            FindingKind::ExifRotation => "Turned by EXIF (a remark)",
            FindingKind::ColorGreyMix => "Color and grey mixed (a remark)",
        }
    }

    /// Good to know, and no fault of the data.
    pub fn is_remark(self) -> bool {
        matches!(self, FindingKind::ExifRotation | FindingKind::ColorGreyMix)
    }
}

impl From<ProblemKind> for FindingKind {
    fn from(kind: ProblemKind) -> Self {
        match kind {
            ProblemKind::Empty => FindingKind::Empty,
            ProblemKind::NotAPicture => FindingKind::NotAPicture,
            ProblemKind::Unsupported => FindingKind::Unsupported,
            ProblemKind::Damaged => FindingKind::Damaged,
            ProblemKind::TooLarge => FindingKind::TooLarge,
            ProblemKind::Unreadable => FindingKind::Unreadable,
            ProblemKind::Name => FindingKind::Name,
        }
    }
}

/// Something found (a row of problems.csv).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Finding {
    /// Of the file or class, relative to the folder, with `/`; `.` is the folder as a whole.
    pub path: String,
    pub kind: FindingKind,
    pub detail: String,
    /// Of a disputed label: the class that the picture rather is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggested: Option<String>,
}

impl Finding {
    /// One that suggests no class.
    pub fn new(path: impl Into<String>, kind: FindingKind, detail: impl Into<String>) -> Self {
        Finding { path: path.into(), kind, detail: detail.into(), suggested: None }
    }
}

impl From<&Problem> for Finding {
    fn from(problem: &Problem) -> Self {
        Finding::new(&problem.path, problem.kind.into(), &problem.detail)
    }
}
