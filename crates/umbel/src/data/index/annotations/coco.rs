//! COCO's form: boxes in pixels, and the category of each. See <https://cocodataset.org/#format-data>.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use serde_json::Value;

use super::{Annotations, Gathered, Id, area};
use crate::base::problem::ProblemKind;
use crate::base::remark::BoxUnit;
use crate::data::AnnotationFault;

#[derive(Debug, Deserialize)]
pub(super) struct Annotation {
    image_id: Id,
    category_id: Option<Id>,
    #[serde(default)]
    bbox: Option<Vec<f64>>,
    /// 0 or 1; some write false or true.
    #[serde(default)]
    iscrowd: Value,
}

#[derive(Debug, Deserialize)]
pub(super) struct Category {
    id: Id,
    name: String,
}

pub(super) fn gather(
    read: &Annotations,
    annotations: &[Annotation],
    gathered: &mut Gathered<'_>,
) -> Result<BoxUnit, AnnotationFault> {
    let classes: BTreeMap<&Id, &str> =
        read.categories.iter().map(|category| (&category.id, category.name.as_str())).collect();
    let mut pictures = HashMap::new();
    for image in &read.images {
        let (Some(id), Some(name)) = (&image.id, &image.file_name) else {
            let detail = "one of its images has no id or no file_name".to_string();
            return Err(AnnotationFault::Malformed(detail));
        };
        pictures.insert(id.words(), gathered.picture(name));
    }
    for (number, Annotation { image_id, category_id, bbox, iscrowd }) in (1..).zip(annotations) {
        let image = image_id.words();
        let Some(picture) = pictures.get(&image) else {
            return Err(AnnotationFault::UnknownImage { number, image });
        };
        // A picture that is not there is a problem by itself.
        let Some(picture) = picture else { continue };
        let label = category_id.as_ref().and_then(|id| classes.get(id).copied()).filter(|name| !name.trim().is_empty());
        let label = label.map(str::trim).ok_or_else(|| match category_id {
            Some(id) => format!("its category {} is not among the categories", id.words()),
            None => "it has no category".to_string(),
        });
        if is_set(iscrowd) {
            gathered.refuse(picture, ProblemKind::Box, "it marks a crowd, and not one thing".to_string());
            continue;
        }
        match bbox.as_deref().map(|numbers| area(numbers, BoxUnit::Pixels)) {
            Some(Some(area)) => gathered.add(picture, area, label),
            Some(None) => gathered.refuse(picture, ProblemKind::Box, "its box is not of four numbers".to_string()),
            None => gathered.refuse(picture, ProblemKind::Box, "it has no box".to_string()),
        }
    }
    Ok(BoxUnit::Pixels)
}

fn is_set(value: &Value) -> bool {
    match value {
        Value::Bool(set) => *set,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::Null | Value::String(_) | Value::Array(_) | Value::Object(_) => false,
    }
}
