//! The whole job, stage after stage: folder → index → cache → split → model → fit → curves. Open this file first.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::base::progress::{EndRecord, Interrupt, Observer};
use crate::data::{PrepSpec, SplitMethod};
use crate::train::FitOptions;

/// Which augmentation the model starts with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum AugmentChoice {
    #[default]
    Tutorial,
    None,
}

/// Arithmetic of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Precision {
    #[default]
    Auto,
    F32,
}

/// Everything that `umbel train` can be told: typed, with the tutorial's defaults, saved as config.toml in the run folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs)]
pub struct TrainConfig {
    pub data: PathBuf,
    /// A name from the registry, or the path of a TOML file.
    pub model: String,
    pub val_split: f64,
    pub split: SplitMethod,
    pub prep: PrepSpec,
    /// `None`: the tutorial's, or what the TOML file of the model says.
    pub augment: Option<AugmentChoice>,
    /// `None`: the architecture's own (0.2 for `cnn`).
    pub dropout: Option<f32>,
    pub precision: Precision,
    /// 0: one per core.
    pub threads: usize,
    /// Stop at the first bad picture instead of leaving it out.
    pub strict: bool,
    pub fit: FitOptions,
}

impl Default for TrainConfig {
    fn default() -> Self {
        TrainConfig {
            data: PathBuf::new(),
            model: "cnn".to_string(),
            val_split: 0.2,
            split: SplitMethod::default(),
            prep: PrepSpec::default(),
            augment: None,
            dropout: None,
            precision: Precision::default(),
            threads: 0,
            strict: false,
            fit: FitOptions::default(),
        }
    }
}

/// What a finished (or interrupted) run left.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct TrainOutcome {
    pub run: PathBuf,
    pub end: EndRecord,
    pub skipped: usize,
    pub interrupted: bool,
}

/// Trains on a folder. `out` is the run folder (must not exist, or be empty); `None`: `runs/<data folder's name>` with
/// the next free number.
pub fn train_folder(
    config: &TrainConfig,
    out: Option<&Path>,
    observer: &mut dyn Observer,
    interrupt: &Interrupt,
) -> Result<TrainOutcome> {
    todo!()
}

/// Goes on with a run that was stopped, to the same weights, bit for bit, as if it never had been. `epochs` may raise
/// the number of epochs.
pub fn resume(
    run: &Path,
    epochs: Option<usize>,
    observer: &mut dyn Observer,
    interrupt: &Interrupt,
) -> Result<TrainOutcome> {
    todo!()
}
