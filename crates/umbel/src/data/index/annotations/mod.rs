//! Boxes on photos in JSON, in the two forms in which they are kept: COCO's, by people, and MegaDetector's, by a detector.

mod coco;
mod detected;
mod detector_file;

use std::collections::BTreeMap;
use std::io::BufReader;
use std::path::Path;

use serde::Deserialize;

use self::coco::{Annotation, Category};
use self::detected::Detection;
pub use self::detector_file::{DetectedBox, DetectorFile};
use super::manifest::{Places, inside};
use super::told::Told;
use crate::base::problem::{Problem, ProblemKind};
use crate::base::regular;
use crate::base::remark::{BoxUnit, Remark};
use crate::data::AnnotationFault;
use crate::data::source::{Area, Boxes, Source};
use crate::{Result, data};

/// What the files hold of which something is used; the rest is passed over.
#[derive(Debug, Deserialize)]
struct Annotations {
    #[serde(default)]
    images: Vec<Image>,
    annotations: Option<Vec<Annotation>>,
    #[serde(default)]
    categories: Vec<Category>,
    detection_categories: Option<BTreeMap<String, String>>,
    #[serde(default)]
    classification_categories: BTreeMap<String, String>,
}

/// A picture, in either form.
#[derive(Debug, Deserialize)]
struct Image {
    id: Option<Id>,
    file_name: Option<String>,
    file: Option<String>,
    /// Nothing where the detector failed.
    detections: Option<Vec<Detection>>,
}

/// Numbers, as COCO has them, or texts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(untagged)]
enum Id {
    Number(i64),
    Text(String),
}

impl Id {
    fn words(&self) -> String {
        match self {
            Id::Number(number) => number.to_string(),
            Id::Text(text) => text.clone(),
        }
    }
}

/// Reads the file at `path`, beside which the photos lie.
pub(super) fn read(path: &Path, source: &Source) -> Result<Told> {
    let failed = |source| umbel_predict::Error::Io { action: "read", path: path.to_owned(), source };
    // Read as it is parsed: such files are large, and most of what they hold is passed over.
    let file = regular::open(path).map_err(failed)?;
    let refused = |source| data::Error::Annotations { path: path.to_owned(), source };
    if file.metadata().map_err(failed)?.len() > regular::TABLE {
        return Err(refused(AnnotationFault::TooLarge { limit: regular::TABLE }).into());
    }
    let read: std::result::Result<Annotations, _> = serde_json::from_reader(BufReader::new(file));
    let read = read.map_err(|error| refused(AnnotationFault::Malformed(error.to_string())))?;
    let mut gathered = Gathered::new(path, source);
    match (&read.detection_categories, &read.annotations) {
        (Some(detectable), _) => detected::gather(&read, detectable, source.detections(), &mut gathered),
        (None, Some(annotations)) => coco::gather(&read, annotations, &mut gathered),
        (None, None) => Err(AnnotationFault::OtherForm),
    }
    .and_then(|unit| gathered.told(unit))
    .map_err(|fault| refused(fault).into())
}

/// Boxes, as they are gathered.
struct Gathered<'a> {
    places: Places<'a>,
    /// Folders beside the file that its paths may be meant to begin in.
    folders: Vec<String>,
    told: Told,
    boxes: Boxes,
    left_out: usize,
    images: usize,
    found: usize,
    missing: Option<String>,
}

impl<'a> Gathered<'a> {
    fn new(path: &Path, source: &'a Source) -> Self {
        let own = path.file_stem().and_then(|stem| stem.to_str()).map(String::from);
        let folders = [Some(String::new()), Some("images".to_string()), own].into_iter().flatten().collect();
        let (told, boxes) = (Told::default(), Boxes::default());
        let places = Places::of(source);
        Gathered { places, folders, told, boxes, left_out: 0, images: 0, found: 0, missing: None }
    }

    /// Where a picture lies; where it lies nowhere, that is a problem.
    fn picture(&mut self, written: &str) -> Option<String> {
        self.images += 1;
        let problem = |kind, detail: &str| Problem { path: written.to_string(), kind, detail: detail.to_string() };
        let Some(path) = inside(written) else {
            let detail =
                "its path leads out of the folder of the boxes' file; put it below that and write the path with /";
            self.told.problems.push(problem(ProblemKind::Name, detail));
            return None;
        };
        let places = &mut self.places;
        let there = self.folders.iter().map(|folder| super::listing::within_folder(folder, &path));
        let found = there.into_iter().find_map(|path| places.find(&path).ok());
        if found.is_none() {
            self.told.problems.push(problem(ProblemKind::Unreadable, "there is no such file beside the boxes' file"));
            self.missing.get_or_insert_with(|| written.to_string());
        }
        self.found += usize::from(found.is_some());
        found
    }

    /// A box, which may tell its class or why there is none.
    fn add(&mut self, picture: &str, area: Area, label: std::result::Result<&str, String>) {
        match label {
            _ if area.is_empty() => self.refuse(picture, ProblemKind::Box, "its box has no area".to_string()),
            Err(detail) => self.refuse(picture, ProblemKind::NoLabel, detail),
            Ok(label) => {
                let path = self.boxes.add(picture, area);
                self.told.rows.push(super::told::Row { label: label.to_string(), path, part: None });
            }
        }
    }

    /// A box that cannot be used.
    fn refuse(&mut self, picture: &str, kind: ProblemKind, detail: String) {
        let path = self.boxes.skip(picture);
        self.told.problems.push(Problem { path, kind, detail });
    }

    /// A box that is not wanted.
    fn leave_out(&mut self, picture: &str) {
        self.boxes.skip(picture);
        self.left_out += 1;
    }

    fn told(self, unit: BoxUnit) -> std::result::Result<Told, AnnotationFault> {
        let Gathered { mut told, boxes, left_out, images, found, missing, .. } = self;
        if let Some(first) = missing.filter(|_| found == 0) {
            return Err(AnnotationFault::NoFiles { images, first });
        }
        told.remarks.push(Remark::Boxes { boxes: boxes.len(), pictures: boxes.pictures(), unit, left_out });
        told.boxes = Some(boxes);
        Ok(told)
    }
}

/// The four numbers of a box.
fn area(numbers: &[f64], unit: BoxUnit) -> Option<Area> {
    match *numbers {
        [left, top, width, height] => Some(Area { left, top, width, height, unit }),
        _ => None,
    }
}
