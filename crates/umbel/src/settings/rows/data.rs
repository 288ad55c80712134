//! The photos: which, how they are divided, and how they are prepared.

use crate::base::range::Whole;
use crate::data::decode::{Depth, Raw};
use crate::data::prep::IMAGE_SIZES;
use crate::data::split::{FOLDS, PART};
use crate::data::{Interpolation, Resize};
use crate::settings::kind::{ANY_SHARE, Kind, SEEDS, names};
use crate::settings::row::{BLANK, Place, RANGE_TEST, Reproduce, Row, Shown};

const DATA: Row = Row { heading: "Data", ..BLANK };

pub const ROWS: &[Row] = &[
    Row {
        key: "data",
        kind: Kind::Path,
        value_name: "DIR|FILE",
        help: "The folder: one sub-folder per class, photos in them; or train/, val/ and test/ with these in each; or a \
               table of photos (path,label[,split]), of boxes on them (x,y,w,h), or boxes in JSON",
        brief: "A folder with one sub-folder per class, or a table of photos",
        on_resume: true,
        ..DATA
    },
    Row {
        key: "plan",
        flag: Some("plan"),
        kind: Kind::Path,
        value_name: "FILE.csv",
        help: "What is done about single photos (action,path,class: keep, leave-out or relabel), as a check proposes and you \
               edit it; the photos stay where they are",
        ..DATA
    },
    Row {
        key: "val_split",
        flag: Some("val-split"),
        kind: Kind::Real(PART),
        value_name: "SHARE",
        default: "0.2",
        help: "Share of the photos kept for validation; where the last layer alone is fitted, none is, and five folds judge it",
        excludes: Some("folds"),
        brief: "Share kept for validation",
        ..DATA
    },
    Row {
        key: "test_split",
        flag: Some("test-split"),
        kind: Kind::Real(PART),
        value_name: "SHARE",
        or: "none",
        help: "Share of the photos kept for one measurement at the end",
        ..DATA
    },
    Row {
        key: "group_by",
        flag: Some("group-by"),
        kind: Kind::Text,
        value_name: "REGEX",
        help: "Keep photos of one group on one side: the first (...) that matches in the path, or the whole match",
        ..DATA
    },
    Row {
        key: "folds",
        flag: Some("folds"),
        kind: Kind::Whole(Whole::new(*FOLDS.start() as u64, *FOLDS.end() as u64)),
        value_name: "N",
        help: "Train N times, so that every photo validates once, and give mean and deviation",
        unused: &[RANGE_TEST],
        ..DATA
    },
    Row {
        key: "split",
        flag: Some("split"),
        kind: Kind::Split,
        value_name: "stratified|keras|FILE",
        default: "stratified",
        help: "How to split: by class, exactly as Keras does, or as a split.csv says",
        place: Place::Split,
        ..DATA
    },
    Row {
        key: "fit.seed",
        flag: Some("seed"),
        kind: Kind::Whole(SEEDS),
        value_name: "N",
        default: "123",
        help: "Seed of the split, the order, the first weights, augmentation and dropout",
        reproduce: Reproduce::Always,
        brief: "Seed of all that is drawn at random",
        shown: Shown::Photo,
        ..DATA
    },
    Row {
        key: "prep.image_size",
        flag: Some("image-size"),
        kind: Kind::Whole(IMAGE_SIZES),
        value_name: "PIXELS",
        default: "180",
        or: "with pretrained weights: what they were trained on, and nine sevenths of it for the last layer alone",
        help: "Height and width that every photo is brought to, 32 to 512",
        reproduce: Reproduce::Always,
        brief: "Height and width of the photos",
        shown: Shown::Photo,
        ..DATA
    },
    Row {
        key: "prep.resize",
        flag: Some("resize"),
        kind: Kind::Name(names::<Resize>),
        default: "stretch",
        help: "How a photo becomes square",
        shown: Shown::Photo,
        ..DATA
    },
    Row {
        key: "prep.interpolation",
        flag: Some("interpolation"),
        kind: Kind::Name(names::<Interpolation>),
        default: "bilinear_antialias",
        help: "Plain bilinear as Keras does it, or with anti-aliasing (antialias, for short)",
        shown: Shown::Photo,
        ..DATA
    },
    Row {
        key: "prep.depth",
        flag: Some("depth"),
        kind: Kind::Name(names::<Depth>),
        default: "auto",
        help: "What stands for white in 16-bit and floating-point pictures: the largest number of so many bits; auto is all of \
               16 bits, and 1 in floating point; float is the same, and what lies beyond is meant to be cut off",
        shown: Shown::Photo,
        ..DATA
    },
    Row {
        key: "prep.raw",
        flag: Some("raw"),
        kind: Kind::Name(names::<Raw>),
        default: "refuse",
        help: "What is done with camera raws: they are left out, or the largest JPEG inside is taken",
        shown: Shown::Photo,
        ..DATA
    },
    Row {
        key: "prep.crop_margin",
        flag: Some("crop-margin"),
        kind: Kind::Real(ANY_SHARE),
        value_name: "SHARE",
        default: "0.1",
        help: "What is seen around a box on each side, where boxes are the photos: a share of its longer side, in thousandths; the \
               model file remembers it",
        shown: Shown::Photo,
        ..DATA
    },
    Row {
        key: "detections.confidence",
        flag: Some("detection-confidence"),
        kind: Kind::Real(ANY_SHARE),
        value_name: "SHARE",
        default: "0.2",
        help: "How sure a detector must be of a box that is taken as a photo",
        shown: Shown::Photo,
        ..DATA
    },
    Row {
        key: "detections.category",
        flag: Some("detection-category"),
        kind: Kind::Text,
        value_name: "NAME",
        or: "animal, where the detector knows animals, else all",
        help: "What a detector must have called a box that is taken as a photo",
        shown: Shown::Photo,
        ..DATA
    },
    Row {
        key: "strict",
        flag: Some("strict"),
        kind: Kind::Switch,
        default: "false",
        help: "Stop at the first photo that cannot be read, instead of leaving it out",
        ..DATA
    },
    Row {
        key: "cache",
        flag: Some("cache"),
        kind: Kind::Path,
        value_name: "DIR",
        or: "$UMBEL_CACHE, or your cache folder",
        help: "Folder for the decoded photos",
        reproduce: Reproduce::Never,
        ..DATA
    },
];
