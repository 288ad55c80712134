//! umbel trains image classifiers from a folder of photos.
//!
//! The modules stand in the order in which a photo passes through them: `base` (what all use), `metrics` (how good answers
//! are), `data` (folder → index → split → cache → batch), `html` (what pages share), `check` (what is wrong with a
//! folder), `nn` (model → plan → numbers), `model_file` (what is shipped), `pretrained` (weights of other programs), `surroundings` (who computes, and where things lie), `get` (what is
//! fetched, and the only one that connects),
//! `settings` (the table of all that a run can be told), `run` (the run folder as a format),
//! `train` (the loop), `report` (curves and tables from a run's records), `predict` (model file + photo → class),
//! `explain` (model file + photo → where it looked), `eval` (model file + folder → how good it is there), `preview` (a
//! look at a folder), `demo` (a folder drawn by umbel itself), and `pipeline`, which calls the stages in order: open that
//! one first. `prelude` is for programs that use umbel. `nn`, `model_file` and `predict` lie in the crate `umbel-predict`, and
//! so do the parts of `base`, `metrics`, `data` and `explain` that predicting needs.
#![forbid(unsafe_code)]

mod error;

pub mod base;
pub mod metrics;
pub mod data;
pub mod html;
pub mod check;
pub mod pretrained;
pub mod surroundings;
pub mod get;
pub mod settings;
pub mod run;
pub mod train;
pub mod report;
pub mod explain;
pub mod eval;
pub mod preview;
pub mod demo;
pub mod pipeline;
pub mod prelude;

pub use base::error::ErrorKind;
pub use error::{Error, Result};
pub use surroundings::Surroundings;
pub use umbel_predict::{Error as PredictError, model_file, nn, predict};
