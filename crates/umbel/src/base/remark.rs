//! What is worth knowing about a folder of photos before a network learns it: facts about the folder as a whole and about its
//! classes. Training tells them as notices, a check as findings.

use std::fmt;

use super::listed;

/// A fact about the data. Its `Display` is a sentence that names no flag and no command.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs)]
pub enum Remark {
    /// Files and folders that are never photos of anybody's were left out: how many of each kind.
    LeftOut { counts: Vec<(NeverData, usize)> },
    /// Pictures and films of kinds that are not read here were passed over: how many of each extension, most first.
    PassedOver { extensions: Vec<(String, usize)> },
    /// None of the pictures of this class can be used, so that it is no class.
    ClassUnusable { class: String, pictures: usize },
    /// A class without pictures of its own, whose folders look like classes.
    ClassesWithin { class: String, folders: Vec<String> },
    /// A class whose name looks like two labels.
    TwoLabels { class: String },
    /// Two classes whose names differ in nothing that a person reads.
    NamesAlike { first: String, second: String },
    /// A class that is called as what is of no class.
    ForTheRest { class: String },
    /// Classes that are called as parts of the data are.
    NamedLikeParts { classes: Vec<String> },
    /// Each of so many boxes on these pictures is a photo by itself; so many others a detector was not sure enough of, or found to be
    /// something else.
    Boxes { boxes: usize, pictures: usize, unit: BoxUnit, left_out: usize },
}

/// What the numbers of boxes count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoxUnit {
    /// Pixels of the picture.
    Pixels,
    /// Shares of the picture's width and height, 0 to 1.
    Shares,
}

/// What lies among photos and is never one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum NeverData {
    /// `._photo.jpg`: what macOS writes beside a file on other systems' disks.
    AppleDouble,
    /// A picture whose name begins with a dot.
    HiddenFile,
    /// A folder whose name begins with a dot.
    HiddenFolder,
    /// What systems and their drives keep among the files: `__MACOSX`, `@eaDir`, `lost+found`, `$RECYCLE.BIN`, ...
    SystemFolder,
    /// What a training run has left.
    RunFolder,
}

impl NeverData {
    /// What it is called, one and many.
    fn nouns(self) -> [&'static str; 2] {
        match self {
            NeverData::AppleDouble => ["AppleDouble file", "AppleDouble files"],
            NeverData::HiddenFile => ["hidden picture", "hidden pictures"],
            NeverData::HiddenFolder => ["hidden folder", "hidden folders"],
            NeverData::SystemFolder => ["folder of the system's", "folders of the system's"],
            NeverData::RunFolder => ["folder of training runs", "folders of training runs"],
        }
    }
}

/// So many names are told; of the rest the number.
const TOLD: usize = 5;

impl Remark {
    /// What it is about: a class, or `.` for the folder as a whole.
    pub fn about(&self) -> &str {
        match self {
            Remark::LeftOut { .. }
            | Remark::PassedOver { .. }
            | Remark::NamedLikeParts { .. }
            | Remark::Boxes { .. } => ".",
            Remark::ClassUnusable { class, .. }
            | Remark::ClassesWithin { class, .. }
            | Remark::TwoLabels { class }
            | Remark::ForTheRest { class } => class,
            Remark::NamesAlike { second, .. } => second,
        }
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Remark::LeftOut { counts } => {
                let each =
                    counts.iter().map(|&(kind, count)| format!("{count} {}", kind.nouns()[usize::from(count > 1)]));
                write!(f, "Left out: {}.", each.collect::<Vec<_>>().join(", "))
            }
            Remark::PassedOver { extensions } => {
                let files: usize = extensions.iter().map(|(_, count)| count).sum();
                let each: Vec<String> = extensions.iter().map(|(kind, count)| format!("{count} .{kind}")).collect();
                let noun = if files == 1 { "file of a kind that is" } else { "files of kinds that are" };
                write!(f, "Passed over {files} {noun} not read: {}.", listed(&each))
            }
            Remark::ClassUnusable { class, pictures } => write!(
                f,
                "The class {class:?} is left out: of its {pictures} {}, none can be used.",
                if *pictures == 1 { "picture" } else { "pictures" }
            ),
            Remark::ClassesWithin { class, folders } => write!(
                f,
                "The class {class:?} has no pictures of its own, and folders that look like classes ({}): their pictures are \
                 taken for {class:?}.",
                listed(folders)
            ),
            Remark::TwoLabels { class } => {
                write!(f, "The class {class:?} looks like two labels, and is taken for one: a photo has one class.")
            }
            Remark::NamesAlike { first, second } => write!(
                f,
                "The classes {first:?} and {second:?} are called the same but for letter case, spaces or the form of their \
                 letters, and are taken for two."
            ),
            Remark::ForTheRest { class } => write!(
                f,
                "The class {class:?} is learned like any other: it will stand for what is like its own photos, and not for \
                 whatever else there is. Photos that are unlike all that were learned can be told when the model is asked."
            ),
            Remark::NamedLikeParts { classes } => write!(
                f,
                "The classes {} are called as the parts of data that come divided are: they are taken for classes, since \
                 pictures lie in them and not folders.",
                classes.join(", ")
            ),
            Remark::Boxes { boxes, pictures, unit, left_out } => {
                let unit = match unit {
                    BoxUnit::Pixels => "pixels",
                    BoxUnit::Shares => "shares of a picture's sides",
                };
                write!(f, "Boxes: {boxes} on {pictures} pictures, in {unit}; each is a photo by itself.")?;
                if *left_out > 0 {
                    write!(f, " Left out as too uncertain or of another category: {left_out}.")?;
                }
                Ok(())
            }
        }
    }
}

/// The first of these, and how many more there are.
pub(super) fn listed(names: &[String]) -> String {
    listed::first(names, TOLD)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_told_in_one_sentence() {
        let counts = vec![(NeverData::AppleDouble, 12), (NeverData::RunFolder, 1)];
        assert_eq!(
            Remark::LeftOut { counts }.to_string(),
            "Left out: 12 AppleDouble files, 1 folder of training runs."
        );
        let extensions = ["tga", "svg", "pdf", "pcx", "psb", "exr"].map(|kind| (kind.to_string(), 12)).to_vec();
        assert_eq!(
            Remark::PassedOver { extensions }.to_string(),
            "Passed over 72 files of kinds that are not read: 12 .tga, 12 .svg, 12 .pdf, 12 .pcx, 12 .psb and 1 more."
        );
    }
}
