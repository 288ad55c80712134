//! What can be wrong in a table of photos, and in a split file.

use crate::base::table::Seen;

/// What is wrong in a split file (columns path,class,part). Lines count from 1, the header's.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SplitFileError {
    /// A column is missing.
    #[error("it has no column {column:?} ({seen}); expected path,class,part")]
    MissingColumn {
        /// The missing column.
        column: &'static str,
        /// What came.
        seen: Box<Seen>,
    },
    /// A path that the data folder does not have.
    #[error("line {line} names {photo}, which is not a picture of the data folder; put it back or delete the line")]
    UnknownPath {
        /// Line of the file.
        line: u64,
        /// The path that came.
        photo: String,
    },
    /// A class that differs from the folder in which the picture lies.
    #[error("line {line} says that {photo} is of class {class:?}, but it lies in {expected:?}")]
    WrongClass {
        /// Line of the file.
        line: u64,
        /// The picture.
        photo: String,
        /// The class that came.
        class: String,
        /// The class by its folder.
        expected: String,
    },
    /// A part that does not exist.
    #[error("line {line} has the part {part:?}; expected train, val or test")]
    UnknownPart {
        /// Line of the file.
        line: u64,
        /// The part that came.
        part: String,
    },
    /// A picture that an earlier line names too.
    #[error("line {line} names {photo} again; each picture may be named once")]
    Repeated {
        /// Line of the file.
        line: u64,
        /// The picture.
        photo: String,
    },
    /// Not a CSV file.
    #[error("it is not a well-formed CSV file: {0}")]
    Malformed(String),
}

/// What is wrong in a table of photos (columns path,label and perhaps split). Lines count from 1, the header's.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// A column is missing.
    #[error("it has no column {column:?} ({seen}); its first line names the columns, in any letter case: {taken}")]
    MissingColumn {
        /// The missing column.
        column: &'static str,
        /// What came.
        seen: Box<Seen>,
        /// The columns, with all names that are taken for each.
        taken: String,
    },
    /// Two columns that may be meant.
    #[error(
        "its columns {first:?} and {second:?} may both be the {column}: call the right one {column}, or take the other out"
    )]
    TwoColumns {
        /// What they may be.
        column: &'static str,
        /// The one.
        first: String,
        /// The other.
        second: String,
    },
    /// A path that is not one below the table's folder.
    #[error(
        "line {line} has the path {photo:?}; expected one below the table's own folder, with / and without .., like \
         roses/1.jpg"
    )]
    Outside {
        /// Line of the file.
        line: u64,
        /// The path that came.
        photo: String,
    },
    /// No such picture.
    #[error(
        "line {line} names {photo}, and there is no such file below the table's folder{}; put it there or delete the line",
        doubt.map_or(String::new(), |doubt| format!(" (the table was {doubt}; save it in UTF-8 where that is wrong)"))
    )]
    NoFile {
        /// Line of the file.
        line: u64,
        /// The path that came.
        photo: String,
        /// What the table was taken for, where that is a guess.
        doubt: Option<&'static str>,
    },
    /// A path on which a link leads out of the table's folder.
    #[error(
        "line {line} names {photo}, but a link leads from there out of the table's own folder; put the photos below it"
    )]
    LeadsOut {
        /// Line of the file.
        line: u64,
        /// The path that came.
        photo: String,
    },
    /// A row without a label.
    #[error("line {line} gives {photo} no label; write its class there or delete the line")]
    NoLabel {
        /// Line of the file.
        line: u64,
        /// The picture.
        photo: String,
    },
    /// A part that does not exist.
    #[error("line {line} has the split {part:?}; expected train, val or test, in any letter case")]
    UnknownPart {
        /// Line of the file.
        line: u64,
        /// The part that came.
        part: String,
    },
    /// A picture that an earlier line names too.
    #[error("line {line} names {photo} again (line {first} does too); each picture may be named once")]
    Repeated {
        /// Line of the file.
        line: u64,
        /// The earlier line.
        first: u64,
        /// The picture.
        photo: String,
    },
    /// Three of the four columns of boxes are there.
    #[error(
        "it has boxes, but no column {column:?} ({seen}); boxes are x,y,w,h or xmin,ymin,xmax,ymax (or x1,y1,x2,y2), in pixels or \
         in shares of the picture's sides"
    )]
    BoxColumn {
        /// The missing column.
        column: &'static str,
        /// What came.
        seen: Box<Seen>,
    },
    /// A number of a box that is none.
    #[error("line {line} gives a box on {photo} by {value:?}, which is no number; write all four numbers, or none")]
    BoxNumber {
        /// Line of the file.
        line: u64,
        /// The picture.
        photo: String,
        /// What came.
        value: String,
    },
    /// Boxes of one picture in two parts.
    #[error(
        "line {line} puts a box on {photo} into another part than line {first} does; all boxes of a picture belong into one, or \
         what was trained on would measure"
    )]
    PartsOfOne {
        /// Line of the file.
        line: u64,
        /// The earlier line.
        first: u64,
        /// The picture.
        photo: String,
    },
    /// Fewer than two classes, so there is nothing to tell apart.
    #[error("its {photos} lines are of {}; at least two classes are needed", one_class(found))]
    Classes {
        /// The only class.
        found: Option<String>,
        /// How many pictures it names.
        photos: usize,
    },
    /// More bytes than any table of photos has.
    #[error("it is larger than {} MiB, which no table of photos is; divide it", limit >> 20)]
    TooLarge {
        /// Most bytes.
        limit: u64,
    },
    /// Not a CSV file.
    #[error("it is not a well-formed CSV file: {0}")]
    Malformed(String),
    /// Not lines of JSON.
    #[error("it is not JSON with an object a line: {0}")]
    NotJsonLines(String),
    /// Two tables that may be meant.
    #[error("beside it lies {0}, which tells photos too; keep one of them")]
    TwoTables(String),
}

/// What is wrong in a JSON file of boxes.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AnnotationFault {
    /// Not JSON, or not what either form has.
    #[error("it is not understood: {0}")]
    Malformed(String),
    /// Of another form than any that is read.
    #[error(
        "it tells no boxes: expected COCO's form (images, annotations, categories) or MegaDetector's (images, \
         detection_categories)"
    )]
    OtherForm,
    /// An annotation of a picture that is not among the images.
    #[error("annotation number {number} is of the image {image}, which is not among the images; write it there")]
    UnknownImage {
        /// Which of the annotations, from 1.
        number: usize,
        /// The image that came.
        image: String,
    },
    /// A category that the detector does not know.
    #[error("no category of its detector is called {asked:?}; there are {known}")]
    UnknownCategory {
        /// What was asked for.
        asked: String,
        /// The categories.
        known: String,
    },
    /// None of the pictures is there.
    #[error("of its {images} pictures none is there, such as {first}; put them beside it or into images/ beside it")]
    NoFiles {
        /// How many there are.
        images: usize,
        /// The first of them.
        first: String,
    },
    /// More bytes than any file of boxes has.
    #[error("it is larger than {} GiB, which no file of boxes is; divide it", limit >> 30)]
    TooLarge {
        /// Most bytes.
        limit: u64,
    },
    /// A copy with answers was to be written over the file itself.
    #[error("a copy with the answers is not written over it; name another file")]
    Own,
    /// Fewer than two classes, so there is nothing to tell apart.
    #[error("its {boxes} boxes are of {}; at least two classes are needed", one_class(found))]
    Classes {
        /// The only class.
        found: Option<String>,
        /// How many boxes there are.
        boxes: usize,
    },
}

fn one_class(found: &Option<String>) -> String {
    found.as_ref().map_or_else(|| "no class".to_string(), |class| format!("one class only, {class:?}"))
}
