//! The run folder as a format: the names of its files ([`names`]), and what is in them, written and read by the same types.
//! Training, the pipeline, reports and the program all come here, so that a run of an older version is read by every later one.
//!
//! | file | type |
//! |---|---|
//! | config.toml | the settings', `TrainConfig`; reports read it as a table |
//! | split.csv | [`SplitRow`] |
//! | problems.csv | [`Problem`] |
//! | leaks.csv | [`LeakRow`] |
//! | history.csv | [`History`] |
//! | metrics.json | [`Metrics`] |
//! | predictions.csv | [`Predictions`] |
//! | folds.json, folds.csv | [`FoldsRecord`] and its rows |
//! | model.safetensors | [`ModelFile`](crate::model_file::ModelFile) |
//! | last.ckpt | [`Checkpoint`](crate::train::checkpoint::Checkpoint) |

mod error;
pub mod free_name;
pub mod history;
pub mod json;
pub mod leaks;
pub mod lock;
mod metrics;
pub mod names;
pub mod predictions;
mod records;
mod tables;

pub use crate::base::problem::Problem;
pub use crate::base::progress::{FoldRecord, FoldsRecord};
pub use crate::data::split::SplitRow;
pub use error::Error;
pub use history::History;
pub use leaks::LeakRow;
pub use lock::RunLock;
pub use metrics::{BeforeAfter, CalibrationRecord, Figures, Metrics};
pub use predictions::Predictions;
pub use records::RunRecords;
pub use tables::{read_fold_rows, read_folds, read_problems, write_folds, write_problems};
