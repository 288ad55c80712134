//! umbel-predict tells what is on a photo with a model that umbel trained.
//!
//! The modules stand in the order in which they rest on each other: `base` (what all use), `metrics` (from logits to
//! probabilities), `decode` (a file's bytes → a picture), `prepare` (a picture → the square that the network sees), `views`
//! (several looks at it), `nn` (model → plan → numbers), `model_file` (what is shipped), `predict` (model file + photo → class)
//! and `explain` (model file + photo → where it looked). Nothing here plots, writes HTML or reads tables; what only training
//! needs lies behind the feature `train`.
#![forbid(unsafe_code)]

pub mod base;

pub mod metrics;

pub mod decode;
pub mod prepare;
pub mod views;

pub mod nn;

pub mod model_file;

pub mod predict;

pub mod explain;

pub use base::error::{Error, Result};

/// Threads may share what is loaded.
const _: () = {
    const fn is_shared<T: Send + Sync>() {}
    is_shared::<nn::Model>();
    is_shared::<model_file::ModelFile>();
    is_shared::<predict::Predictor>();
    is_shared::<explain::Explainer>();
};
