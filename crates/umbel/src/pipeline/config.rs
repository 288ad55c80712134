//! What a training run can be told: typed, with the tutorial's defaults, saved as config.toml.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::base::settings::within;
use crate::data::{CacheOptions, PrepSpec, SplitMethod};
use crate::train::FitOptions;
use crate::{Error, Result};

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
    /// Folder of the cache; `None`: the user's (see [`CacheOptions`]).
    pub cache: Option<PathBuf>,
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
            cache: None,
            fit: FitOptions::default(),
        }
    }
}

/// More threads than any machine has.
const MAX_THREADS: usize = 4096;

impl TrainConfig {
    /// Checks every range that can be checked before the data are read.
    pub fn validate(&self) -> Result<()> {
        self.prep.validate()?;
        self.fit.validate()?;
        within("val_split", self.val_split, "between 0 and 1", self.val_split > 0.0 && self.val_split < 1.0)?;
        if let Some(dropout) = self.dropout {
            within("dropout", f64::from(dropout), "from 0 to below 1", (0.0..1.0).contains(&dropout))?;
        }
        if self.threads > MAX_THREADS {
            return Err(Error::Setting {
                setting: "threads".into(),
                value: self.threads.to_string(),
                expected: format!("at most {MAX_THREADS}, or 0 for one per core"),
            });
        }
        Ok(())
    }

    /// Where the prepared photos lie.
    pub fn cache_options(&self) -> CacheOptions {
        let default = CacheOptions::default();
        match &self.cache {
            Some(folder) => CacheOptions { folder: folder.clone(), ..default },
            None => default,
        }
    }

    /// A digest of all settings, by which two runs can be told to have been asked for the same.
    pub(super) fn digest(&self) -> Result<String> {
        Ok(blake3::hash(self.to_toml()?.as_bytes()).to_hex().to_string())
    }

    /// The text of config.toml.
    pub(super) fn to_toml(&self) -> Result<String> {
        toml::to_string(self).map_err(|error| Error::Setting {
            setting: "the configuration".into(),
            value: error.to_string(),
            expected: "paths in UTF-8, which TOML can hold".into(),
        })
    }
}
