//! What a training run can be told: typed, with the tutorial's defaults, saved as config.toml.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::base::last_name::last_name;
use crate::data::{CacheOptions, Detections, GroupBy, PrepSpec, SplitMethod, SplitOptions};
use crate::get::is_s3;
use crate::nn::{Engine, Precision, models};
use crate::pretrained::{self, Tune, WeightsFrom};
use crate::settings::{self, AugmentChoice, PrecisionChoice, Recipe};
use crate::surroundings::Surroundings;
use crate::train::FitOptions;

impl PrecisionChoice {
    /// What it comes to on this engine.
    pub fn resolve(self, engine: &dyn Engine) -> Precision {
        match self {
            PrecisionChoice::Auto => engine.fastest_precision(),
            PrecisionChoice::F32 => Precision::F32,
            PrecisionChoice::Bf16 => Precision::Bf16,
        }
    }
}

/// Some settings were given, and the rest of what a recipe sets is to be decided by the photos, or by the time that there is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Undecided {
    /// The keys that were given: their values stay.
    pub said: Vec<&'static str>,
    /// Seconds that the whole job is to take on this machine, as nearly as its first steps tell.
    pub seconds: Option<f64>,
}

/// Everything that `umbel train` can be told: typed, with the tutorial's defaults, saved as config.toml in the run folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs)]
pub struct TrainConfig {
    /// The settings that it began with; all of them are told below, changed or not.
    pub recipe: Recipe,
    /// A folder, or a table of photos (see [`Index::scan`](crate::data::Index::scan)).
    pub data: PathBuf,
    /// What is done about single photos of it, see [`Plan`](crate::data::Plan).
    pub plan: Option<PathBuf>,
    /// A name from the registry, or the path of a TOML file. Where training starts from a model of umbel's own, which brings its
    /// network, the same path as `pretrained`.
    pub model: String,
    /// Weights to start from, see [`Pretrained`](crate::pretrained::Pretrained) and [`Own`](crate::pretrained::Own).
    pub pretrained: Option<WeightsFrom>,
    /// Which part of a pretrained network is trained; `None`: [`Tune::All`], unless the recipe decides it by the photos.
    pub tune: Option<Tune>,
    /// What has still to be decided. (Not saved: what a run is saved with is decided.)
    #[serde(skip)]
    pub undecided: Option<Undecided>,
    pub val_split: f64,
    /// Share of all photos kept for one measurement at the end; `None`: there is none.
    pub test_split: Option<f64>,
    /// A regular expression that finds a photo's group in its path; all photos of a group are on one side.
    pub group_by: Option<String>,
    /// Cross-validation in so many folds, by [`train_folds`](super::train_folds); `None`: one run.
    pub folds: Option<usize>,
    pub split: SplitMethod,
    pub prep: PrepSpec,
    /// Which boxes of a detector's are photos, where `data` tells such.
    #[serde(skip_serializing_if = "is_usual")]
    pub detections: Detections,
    /// `None`: the tutorial's, or what the TOML file of the model says.
    pub augment: Option<AugmentChoice>,
    /// The smallest share of a photo's area that is shown, enlarged, above 0 and up to 1 (see
    /// [`RandomResizedCrop`](crate::nn::layers::RandomResizedCrop)); 0: whole photos.
    pub random_crop: f32,
    /// Strength of two operations, up to 1 (see [`RandAugment`](crate::nn::layers::RandAugment)); 0: none.
    pub rand_augment: f32,
    /// Share of the photos in which a rectangle is erased (see [`RandomErasing`](crate::nn::layers::RandomErasing)).
    pub random_erasing: f32,
    /// `None`: the architecture's own (0.2 for `cnn`).
    pub dropout: Option<f32>,
    pub precision: PrecisionChoice,
    /// 0: one per core.
    pub threads: usize,
    /// Stop at the first bad picture instead of leaving it out.
    pub strict: bool,
    /// Write event files for TensorBoard into the run folder.
    pub tensorboard: bool,
    /// Folder of the cache; `None`: that of the [`Surroundings`](crate::Surroundings).
    pub cache: Option<PathBuf>,
    pub fit: FitOptions,
}

fn is_usual(detections: &Detections) -> bool {
    *detections == Detections::default()
}

impl Default for TrainConfig {
    fn default() -> Self {
        TrainConfig {
            recipe: Recipe::Tutorial,
            data: PathBuf::new(),
            plan: None,
            model: "cnn".to_string(),
            pretrained: None,
            tune: None,
            undecided: None,
            val_split: 0.2,
            test_split: None,
            group_by: None,
            folds: None,
            split: SplitMethod::default(),
            prep: PrepSpec::default(),
            detections: Detections::default(),
            augment: None,
            random_crop: 0.0,
            rand_augment: 0.0,
            random_erasing: 0.0,
            dropout: None,
            precision: PrecisionChoice::default(),
            threads: 0,
            strict: false,
            tensorboard: false,
            cache: None,
            fit: FitOptions::default(),
        }
    }
}

impl TrainConfig {
    /// Checks every range that can be checked before the data are read.
    pub fn validate(&self) -> Result<()> {
        settings::check("", &self.without_paths())?;
        self.fit.validate()?;
        self.split_options()?;
        if let (Some(tune), None) = (self.tune, &self.pretrained) {
            let expected = "left out where the network starts from nothing, or given with pretrained weights".into();
            return Err(
                umbel_predict::Error::Setting { setting: "tune".into(), value: tune.name().into(), expected }.into()
            );
        }
        if let Some(from) = self.pretrained.as_ref().filter(|_| self.own_start().is_none()) {
            if from.own().is_some() {
                let expected = format!("{}, which brings its network", from.as_path().display());
                let (setting, value) = ("model".into(), format!("{:?}", self.model));
                return Err(umbel_predict::Error::Setting { setting, value, expected }.into());
            }
            let known = models::ARCHITECTURES.iter().filter(|a| a.pretrained_size.is_some());
            let names: Vec<&str> = known.map(|architecture| architecture.name).collect();
            let (fits, names) = match (from, pretrained::inside::model()) {
                (WeightsFrom::Inside, Some(own)) => (self.model == own, vec![own]),
                _ => (names.contains(&self.model.as_str()), names),
            };
            let expected = format!("left out for the model {}, or the model one of {}", self.model, names.join(", "));
            if !fits {
                let value = from.as_path().display().to_string();
                return Err(umbel_predict::Error::Setting { setting: "pretrained".into(), value, expected }.into());
            }
        }
        Ok(())
    }

    /// The model of umbel's own that training starts from, and whose network it has.
    pub fn own_start(&self) -> Option<&WeightsFrom> {
        self.pretrained
            .as_ref()
            .filter(|from| matches!(from, WeightsFrom::File(path) if Path::new(&self.model) == path))
    }

    /// How the photos are to be divided. Fails where the pattern of the groups is no regular expression.
    pub fn split_options(&self) -> Result<SplitOptions> {
        Ok(SplitOptions {
            method: self.split.clone(),
            val: self.val_split,
            test: self.test_split,
            group_by: self.group_by.as_deref().map(GroupBy::new).transpose()?,
            seed: self.fit.seed,
        })
    }

    /// Without what has no range, and may be more than TOML can hold.
    fn without_paths(&self) -> Self {
        let split = match &self.split {
            SplitMethod::File(_) => SplitMethod::File(PathBuf::new()),
            named => named.clone(),
        };
        let pretrained = self.pretrained.as_ref().map(|_| WeightsFrom::Inside);
        let plan = self.plan.as_ref().map(|_| PathBuf::new());
        TrainConfig { data: PathBuf::new(), plan, cache: None, pretrained, split, ..self.clone() }
    }

    /// With paths that hold from any working folder.
    pub(super) fn absolute(&self) -> Self {
        self.with_paths(|path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned()))
    }

    /// With the last names of paths alone, for pages, which are passed on: where somebody keeps files is nobody else's business.
    pub(super) fn without_folders(&self) -> Self {
        self.with_paths(|path| last_name(path).into())
    }

    fn with_paths(&self, other: impl Fn(&Path) -> PathBuf) -> Self {
        let own = self.own_start().map(|own| own.with_path(&other));
        let model = own.and_then(|own| Some(own.as_path().to_str()?.to_string()));
        TrainConfig {
            model: model.unwrap_or_else(|| self.model.clone()),
            // An address holds from anywhere, and says no more than its name.
            data: if is_s3(&self.data) { self.data.clone() } else { other(&self.data) },
            plan: self.plan.as_deref().map(&other),
            cache: self.cache.as_deref().map(&other),
            pretrained: self.pretrained.as_ref().map(|from| from.with_path(&other)),
            ..self.clone()
        }
    }

    /// Where the prepared photos lie: as is usual here, unless the settings say otherwise.
    pub fn cache_options(&self, surroundings: &Surroundings) -> CacheOptions {
        let folder = self.cache.clone().unwrap_or_else(|| surroundings.cache.clone());
        CacheOptions::within(folder, &surroundings.memory)
    }

    /// A digest of all settings, by which two runs can be told to have been asked for the same.
    pub(super) fn digest(&self) -> Result<String> {
        Ok(blake3::hash(self.to_toml()?.as_bytes()).to_hex().to_string())
    }

    /// The text of config.toml.
    pub(super) fn to_toml(&self) -> Result<String> {
        Ok(toml::to_string(self).map_err(|error| umbel_predict::Error::Setting {
            setting: "the configuration".into(),
            value: error.to_string(),
            expected: "paths in UTF-8, which TOML can hold".into(),
        })?)
    }
}
