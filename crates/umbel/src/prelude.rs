//! What a program that trains and predicts needs, in one line: `use umbel::prelude::*;`.

pub use crate::base::fonts::Fonts;
pub use crate::data::{Dataset, DatasetOptions, PrepSpec, image_dataset_from_directory};
pub use crate::model_file::{Metrics, ModelFile};
pub use crate::nn::layers::*;
pub use crate::nn::{Graph, Model, OptimizerConfig, ScheduleKind, Sequential};
pub use crate::predict::{Prediction, Predictor};
pub use crate::report::curves::{self, NamedCurves};
pub use crate::report::grid::{self, Cell};
pub use crate::train::{EarlyStopping, Fit, FitOptions, Monitor, ReduceOnPlateau};
