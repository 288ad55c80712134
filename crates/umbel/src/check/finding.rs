//! What a check can find, each kind with its name in tables and its title for people.

use serde::{Deserialize, Serialize};

use crate::base::remark::Remark;
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
    /// As [`ProblemKind::Beside`].
    Beside,
    /// As [`ProblemKind::Twice`].
    Twice,
    /// As [`ProblemKind::NoLabel`].
    NoLabel,
    /// As [`ProblemKind::Box`].
    Box,
    /// None of the pictures of a class can be used.
    UnusableClass,
    /// Two classes whose names read the same, or classes that are called as parts are.
    ClassNames,
    /// One picture in two classes.
    LabelConflict,
    /// One picture in two parts of the split.
    Leak,
    /// A label that networks dispute which were trained without the picture: a suspect. Found by
    /// [`disputed_labels`](crate::pipeline::disputed_labels), not by a check alone.
    LabelDispute,
    /// A picture that looks like none of the classes: a suspect, found like those.
    Unlike,
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
    /// Classes that look like several: by the folders in them, or by two labels in their name. A remark.
    SeveralInOne,
    /// A class that is called as what is of no class. A remark.
    ClassForTheRest,
    /// What was left out as no photo of anybody's. A remark.
    LeftOut,
    /// Pictures and films of kinds that are not read. A remark.
    PassedOver,
    /// Boxes are the pictures. A remark.
    Boxes,
    /// Pictures that EXIF turns upright. A remark.
    ExifRotation,
    /// Some pictures grey, some in color. A remark.
    ColorGreyMix,
}

impl FindingKind {
    /// Every kind, in order.
    pub const ALL: [FindingKind; 34] = {
        use FindingKind::*;
        [
            Empty,
            NotAPicture,
            Unsupported,
            Damaged,
            TooLarge,
            Unreadable,
            Name,
            Beside,
            Twice,
            NoLabel,
            Box,
            UnusableClass,
            ClassNames,
            LabelConflict,
            Leak,
            LabelDispute,
            Unlike,
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
            SeveralInOne,
            ClassForTheRest,
            LeftOut,
            PassedOver,
            Boxes,
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
            FindingKind::Beside => "Beside the parts of data that come divided",
            FindingKind::Twice => "At a path, or of a key, that another has",
            FindingKind::NoLabel => "Without a class",
            FindingKind::Box => "Boxes that show nothing",
            FindingKind::UnusableClass => "Classes without a picture that can be used",
            FindingKind::ClassNames => "Class names that mislead",
            FindingKind::LabelConflict => "One picture in two classes",
            FindingKind::Leak => "One picture in two parts of the split",
            FindingKind::LabelDispute => "Labels that the network disputes, surest first (suspects)",
            FindingKind::Unlike => "Like none of the classes, least alike first (suspects)",
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
            FindingKind::SeveralInOne => "Classes that look like several (a remark)",
            FindingKind::ClassForTheRest => "Classes for what is of no class (a remark)",
            FindingKind::LeftOut => "Left out (a remark)",
            FindingKind::PassedOver => "Of kinds that are not read (a remark)",
            FindingKind::Boxes => "Boxes are the pictures (a remark)",
            FindingKind::ExifRotation => "Turned by EXIF (a remark)",
            FindingKind::ColorGreyMix => "Color and grey mixed (a remark)",
        }
    }

    /// Good to know, and no fault of the data; or a [suspect](FindingKind::is_suspect), which need be none.
    pub fn is_remark(self) -> bool {
        use FindingKind::*;
        self.is_suspect()
            || matches!(
                self,
                SeveralInOne | ClassForTheRest | LeftOut | PassedOver | Boxes | ExifRotation | ColorGreyMix
            )
    }

    /// Only a person can tell whether something is wrong.
    pub fn is_suspect(self) -> bool {
        matches!(self, FindingKind::LabelDispute | FindingKind::Unlike)
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
            // No check asks a model.
            ProblemKind::Unreadable | ProblemKind::NoAnswer => FindingKind::Unreadable,
            ProblemKind::Name => FindingKind::Name,
            ProblemKind::Beside => FindingKind::Beside,
            ProblemKind::Twice => FindingKind::Twice,
            ProblemKind::NoLabel => FindingKind::NoLabel,
            ProblemKind::Box => FindingKind::Box,
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

    /// What it is about, for people: its path, or that it is the folder as a whole.
    pub fn about(&self) -> &str {
        if self.path == "." { "the whole folder" } else { &self.path }
    }
}

impl From<&Remark> for Finding {
    fn from(remark: &Remark) -> Self {
        let kind = match remark {
            Remark::LeftOut { .. } => FindingKind::LeftOut,
            Remark::PassedOver { .. } => FindingKind::PassedOver,
            Remark::Boxes { .. } => FindingKind::Boxes,
            Remark::ClassUnusable { .. } => FindingKind::UnusableClass,
            Remark::ClassesWithin { .. } | Remark::TwoLabels { .. } => FindingKind::SeveralInOne,
            Remark::ForTheRest { .. } => FindingKind::ClassForTheRest,
            Remark::NamesAlike { .. } | Remark::NamedLikeParts { .. } => FindingKind::ClassNames,
        };
        Finding::new(remark.about(), kind, remark.to_string())
    }
}

impl From<&Problem> for Finding {
    fn from(problem: &Problem) -> Self {
        Finding::new(&problem.path, problem.kind.into(), &problem.detail)
    }
}
