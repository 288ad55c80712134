//! MegaDetector's form: boxes in shares of a picture's sides, how sure the detector is of each, and what a classifier made of it. See
//! <https://lila.science/megadetector-output-format>.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Annotations, Gathered, area};
use crate::base::listed::listed;
use crate::base::problem::ProblemKind;
use crate::base::remark::BoxUnit;
use crate::data::source::Area;
use crate::data::{AnnotationFault, Detections};

/// What a detector calls what camera traps are made for.
const ANIMAL: &str = "animal";

/// A box that a detector found.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Detection {
    pub category: String,
    pub conf: f64,
    bbox: Vec<f64>,
    /// Categories of a classifier, with its confidence in each.
    #[serde(default)]
    classifications: Vec<(String, f64)>,
}

/// Which boxes are wanted.
struct Wanted<'a> {
    confidence: f64,
    /// The categories' keys; `None`: all.
    keys: Option<Vec<&'a str>>,
}

impl<'a> Wanted<'a> {
    fn of(detections: &Detections, detectable: &'a BTreeMap<String, String>) -> Result<Self, AnnotationFault> {
        let called = |name: &str| -> Vec<&str> {
            let own = detectable.iter().filter(|(_, own)| own.eq_ignore_ascii_case(name));
            own.map(|(key, _)| key.as_str()).collect()
        };
        let keys = match &detections.category {
            None => Some(called(ANIMAL)).filter(|keys| !keys.is_empty()),
            Some(asked) => {
                let keys = called(asked);
                if keys.is_empty() {
                    let known: Vec<String> = detectable.values().cloned().collect();
                    return Err(AnnotationFault::UnknownCategory { asked: asked.clone(), known: listed(&known) });
                }
                Some(keys)
            }
        };
        Ok(Wanted { confidence: detections.confidence, keys })
    }

    fn takes(&self, detection: &Detection) -> bool {
        detection.conf >= self.confidence
            && self.keys.as_ref().is_none_or(|keys| keys.contains(&detection.category.as_str()))
    }
}

/// Gathers the boxes that are wanted, each with its class.
pub(super) fn gather(
    read: &Annotations,
    detectable: &BTreeMap<String, String>,
    detections: &Detections,
    gathered: &mut Gathered<'_>,
) -> Result<BoxUnit, AnnotationFault> {
    let all = || read.images.iter().flat_map(|image| image.detections.iter().flatten());
    let is_classified = all().any(|detection| !detection.classifications.is_empty());
    each(read, (detectable, detections), gathered, |gathered, Found { picture, area, detection, .. }| {
        let label = match is_classified {
            true => classified(detection, &read.classification_categories),
            false => folder_of(picture).ok_or_else(|| "no folder tells its class, and no classifier does".to_string()),
        };
        gathered.add(picture, area, label);
    })?;
    Ok(BoxUnit::Shares)
}

/// A box that is wanted, and its place in the file.
pub(super) struct Found<'a> {
    pub place: (usize, usize),
    pub picture: &'a str,
    pub area: Area,
    pub detection: &'a Detection,
}

/// Hands every box that is wanted on, in the file's order.
pub(super) fn each(
    read: &Annotations,
    (detectable, detections): (&BTreeMap<String, String>, &Detections),
    gathered: &mut Gathered<'_>,
    mut take: impl FnMut(&mut Gathered<'_>, Found<'_>),
) -> Result<(), AnnotationFault> {
    let wanted = Wanted::of(detections, detectable)?;
    for (image_number, image) in read.images.iter().enumerate() {
        let Some(name) = &image.file else {
            return Err(AnnotationFault::Malformed("one of its images has no file".to_string()));
        };
        // Those in which nothing was found, or that the detector could not read, are not looked for.
        let boxes = image.detections.as_deref().unwrap_or_default();
        let Some(picture) = (!boxes.is_empty()).then(|| gathered.picture(name)).flatten() else { continue };
        for (number, detection) in boxes.iter().enumerate() {
            match area(&detection.bbox, BoxUnit::Shares) {
                _ if !wanted.takes(detection) => gathered.leave_out(&picture),
                Some(area) => {
                    let place = (image_number, number);
                    take(gathered, Found { place, picture: &picture, area, detection });
                }
                None => gathered.refuse(&picture, ProblemKind::Box, "its box is not of four numbers".to_string()),
            }
        }
    }
    Ok(())
}

/// What a classifier is surest of.
fn classified<'a>(detection: &Detection, names: &'a BTreeMap<String, String>) -> Result<&'a str, String> {
    let surest = detection.classifications.iter().max_by(|a, b| a.1.total_cmp(&b.1));
    let (key, _) = surest.ok_or_else(|| "no classifier said what it shows".to_string())?;
    let name = names.get(key).map(|name| name.trim()).filter(|name| !name.is_empty());
    name.ok_or_else(|| format!("its class {key} is not among the classification_categories"))
}

/// The folder that a picture lies in, which tells its class.
fn folder_of(picture: &str) -> Option<&str> {
    picture.rsplit('/').nth(1)
}
