//! Whether a model and a dataset suit each other.

use crate::data::Dataset;
use crate::model_file::shape_text;
use crate::nn::Model;
use crate::{Result, train};

/// Whether the model's input and outputs are those of the dataset.
pub(super) fn check_fit_for(model: &Model, dataset: &Dataset) -> Result<()> {
    let size = dataset.image_size();
    let (came, expected) = ((size, size, 3), model.architecture().input());
    if came != expected {
        return Err(train::Error::ImageSize { model: shape_text(expected), data: shape_text(came) }.into());
    }
    let (outputs, classes) = (model.architecture().classes()?, dataset.class_names().len());
    if outputs != classes {
        return Err(train::Error::ClassCount { outputs, classes }.into());
    }
    Ok(())
}

pub(super) fn not_empty(part: &str, dataset: &Dataset) -> Result<()> {
    if !dataset.is_empty() {
        return Ok(());
    }
    Err(umbel_predict::Error::Setting {
        setting: format!("the {part}"),
        value: "empty".into(),
        expected: "one photo or more".into(),
    }
    .into())
}
