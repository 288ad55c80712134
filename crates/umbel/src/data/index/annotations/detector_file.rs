//! A detector's file whose boxes are to be classified, and its copy with the answers in it, as the tools for camera traps read it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Annotations, Gathered, detected};
use crate::base::atomic;
use crate::base::budget::Held;
use crate::base::problem::Problem;
use crate::base::regular;
use crate::data::decode::{DecodeError, Limits};
use crate::data::{AnnotationFault, Detections, PrepSpec, Source};
use crate::{Result, data};

/// As much as the whole of such a file may take: some ten million boxes.
const MAX_BYTES: u64 = 2 << 30;
const CLASSIFICATIONS: &str = "classifications";
const CATEGORIES: &str = "classification_categories";
/// What another classifier may have said of its categories.
const DESCRIPTIONS: &str = "classification_category_descriptions";

/// A box that a detector found.
#[derive(Clone, Debug, PartialEq)]
pub struct DetectedBox {
    /// Its photo's path below the file's folder: the picture's, `#`, and the number of the box in it, from 1.
    pub path: String,
    /// Left, top, width and height, in shares of the picture's sides.
    pub area: [f64; 4],
    /// What the detector calls it.
    pub category: String,
    /// How sure the detector is, 0 to 1.
    pub confidence: f64,
    place: (usize, usize),
}

/// A file of MegaDetector's form, and the pictures beside it. See <https://lila.science/megadetector-output-format>.
#[derive(Debug)]
pub struct DetectorFile {
    path: PathBuf,
    json: Value,
    source: Source,
    boxes: Vec<DetectedBox>,
    problems: Vec<Problem>,
}

impl DetectorFile {
    /// Reads the file at `path`, and looks for its pictures beside it. `prep` says how boxes are cut out.
    ///
    /// # Errors
    /// The system's, and [`data::Error::Annotations`] where it is of another form, or where none of its pictures is there.
    pub fn open(path: &Path, detections: &Detections, prep: &PrepSpec) -> Result<Self> {
        let refused = |source| data::Error::Annotations { path: path.to_owned(), source };
        let malformed = |error: serde_json::Error| refused(AnnotationFault::Malformed(error.to_string()));
        let bytes = regular::read(path, MAX_BYTES);
        let bytes =
            bytes.map_err(|source| umbel_predict::Error::Io { action: "read", path: path.to_owned(), source })?;
        let json: Value = serde_json::from_slice(&bytes).map_err(malformed)?;
        let read = Annotations::deserialize(&json).map_err(malformed)?;
        let Some(detectable) = &read.detection_categories else {
            return Err(refused(AnnotationFault::OtherForm).into());
        };
        let source = Source::at(path)?.cropped_as(prep);
        let (mut gathered, mut boxes) = (Gathered::new(path, &source), Vec::new());
        let each = detected::each(&read, (detectable, detections), &mut gathered, |gathered, found| {
            let area = found.area;
            if area.is_empty() {
                return gathered.add(found.picture, area, Ok(""));
            }
            boxes.push(DetectedBox {
                path: gathered.boxes.add(found.picture, area),
                area: [area.left, area.top, area.width, area.height],
                category: detectable.get(&found.detection.category).cloned().unwrap_or_default(),
                confidence: found.detection.conf,
                place: found.place,
            });
        });
        let told = each.and_then(|()| gathered.told(crate::base::remark::BoxUnit::Shares)).map_err(refused)?;
        let source = source.clone().with_boxes(told.boxes.unwrap_or_default());
        Ok(DetectorFile { path: path.to_owned(), json, source, boxes, problems: told.problems })
    }

    /// The boxes that are wanted, in the file's order.
    pub fn boxes(&self) -> &[DetectedBox] {
        &self.boxes
    }

    /// Pictures that are not there, and boxes that show nothing.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Where the photo of a box lies, for people.
    pub fn place(&self, of: &DetectedBox) -> PathBuf {
        self.source.path(&of.path)
    }

    /// The bytes of the photo of a box, within the limits.
    ///
    /// # Errors
    /// Why it cannot be read.
    pub fn read(&self, of: &DetectedBox, limits: &Limits) -> std::result::Result<Held<Vec<u8>>, DecodeError> {
        self.source.read(&of.path, limits)
    }

    /// Writes a copy of the file to `out`, whole or not at all: `answers` stand as the boxes do, each with classes and probabilities
    /// from 0 to 1, most likely first, or `None`, where there is no answer. What another classifier had said is left out. `by` names
    /// the classifier.
    ///
    /// # Errors
    /// [`data::Error::Annotations`] where `out` is the file itself, and the system's.
    ///
    /// # Panics
    /// Where there are not as many answers as boxes.
    pub fn write(
        &self,
        out: &Path,
        (classes, by): (&[String], &str),
        answers: &[Option<Vec<(String, f64)>>],
    ) -> Result<()> {
        assert_eq!(answers.len(), self.boxes.len(), "one answer for each box");
        let same = |a: &Path, b: &Path| a.canonicalize().ok().zip(b.canonicalize().ok()).is_some_and(|(a, b)| a == b);
        if same(out, &self.path) {
            return Err(data::Error::Annotations { path: out.to_owned(), source: AnnotationFault::Own }.into());
        }
        let mut json = self.json.clone();
        let keys: HashMap<&str, String> =
            classes.iter().zip(0..).map(|(class, key)| (class.as_str(), format!("{key}"))).collect();
        let images = json.get_mut("images").and_then(Value::as_array_mut);
        let mut of_images: Vec<&mut Vec<Value>> = Vec::new();
        let mut numbers: HashMap<usize, usize> = HashMap::new();
        for (number, image) in images.into_iter().flatten().enumerate() {
            if let Some(detections) = image.get_mut("detections").and_then(Value::as_array_mut) {
                let said = detections.iter_mut().filter_map(Value::as_object_mut);
                said.for_each(|detection| drop(detection.remove(CLASSIFICATIONS)));
                numbers.insert(number, of_images.len());
                of_images.push(detections);
            }
        }
        for (DetectedBox { place: (image, number), .. }, answer) in self.boxes.iter().zip(answers) {
            let detection = numbers.get(image).and_then(|at| of_images[*at].get_mut(*number));
            if let (Some(Value::Object(detection)), Some(answer)) = (detection, answer) {
                let answer =
                    answer.iter().filter_map(|(class, p)| Some(json!([keys.get(class.as_str())?, rounded(*p)])));
                detection.insert(CLASSIFICATIONS.to_string(), answer.collect());
            }
        }
        if let Some(top) = json.as_object_mut() {
            let categories: Map<String, Value> =
                classes.iter().map(|class| (keys[class.as_str()].clone(), json!(class))).collect();
            top.insert(CATEGORIES.to_string(), categories.into());
            top.remove(DESCRIPTIONS);
            if let Some(Value::Object(info)) = top.get_mut("info") {
                info.insert("classifier".to_string(), by.into());
            }
        }
        let text = serde_json::to_vec_pretty(&json).map_err(std::io::Error::from);
        let text = text.map_err(|source| umbel_predict::Error::Io { action: "write", path: out.to_owned(), source })?;
        Ok(atomic::write_bytes(out, &text)?)
    }
}

/// To five digits: more say nothing, and such files are large.
fn rounded(p: f64) -> f64 {
    (p * 1e5).round() / 1e5
}
