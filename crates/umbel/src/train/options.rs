//! What fitting a model can be told.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{EarlyStopping, Monitor, ReduceOnPlateau};
use crate::base::augmentation::{Balance, Mixing};
use crate::base::settings::{is_default, positive};
use crate::data::Tta;
use crate::model_file::StartedFrom;
use crate::nn::{OptimizerConfig, Precision, ScheduleKind, SharedEngine};
use crate::{Result, settings};

/// How to train; the defaults are the tutorial's. (Saved as part of config.toml; what came later than its first version is
/// left out where it is at its default, so that older runs can be resumed.)
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs)]
pub struct FitOptions {
    pub epochs: usize,
    /// Steps (batches) that the epochs come to at least: where they are fewer, there are more epochs.
    #[serde(skip_serializing_if = "is_default")]
    pub least_steps: usize,
    pub batch: usize,
    pub seed: u64,
    pub learning_rate: f64,
    pub optimizer: OptimizerConfig,
    pub schedule: ScheduleKind,
    /// Epochs (may be fractional) of linear warm-up.
    pub warmup_epochs: f64,
    pub monitor: Monitor,
    /// Looks at each photo whose mean an answer is, where that is better on the validation part; `None`: one.
    #[serde(skip_serializing_if = "is_default")]
    pub views: Option<Tta>,
    /// Share of the epochs, from 0 to below 1, that can't be the best (but the first can): while the rate is high, an epoch
    /// that looks good on a few photos does so by chance.
    #[serde(skip_serializing_if = "is_default")]
    pub best_from: f64,
    pub early_stopping: Option<EarlyStopping>,
    pub reduce_on_plateau: Option<ReduceOnPlateau>,
    /// What convolutions and dense layers multiply, in training and in the validation after each epoch. A run that goes on
    /// keeps the one that it began with. (Not saved: a run folder's config.toml has the choice, and the checkpoint what it
    /// came to.)
    #[serde(skip)]
    pub precision: Precision,
    /// Who computes. (Not saved either.)
    #[serde(skip)]
    pub engine: SharedEngine,
    /// Share of every label that is spread over all classes alike (Szegedy et al. 2016, "Rethinking the Inception
    /// Architecture"; Keras' `label_smoothing`), from 0 to below 1. The training loss is told with it, the validation loss
    /// never.
    #[serde(skip_serializing_if = "is_default")]
    pub label_smoothing: f64,
    /// Photos of a batch mixed with each other. The training accuracy then counts a photo as right where the answer is the
    /// class with the larger share, so that it is lower than it would be on whole photos.
    #[serde(skip_serializing_if = "is_default")]
    pub mixing: Mixing,
    /// What is done about classes of unequal size, in training; the validation counts photos as they are.
    #[serde(skip_serializing_if = "is_default")]
    pub balance: Balance,
    /// Momentum of a moving average of the weights (Polyak & Juditsky 1992; Keras' `ema_momentum`), from 0 to below 1; 0: none is
    /// kept. The average is what is validated and saved as the best model, batch norm's moving statistics averaged too.
    /// After its n-th step at most (1 + n) / (10 + n) is kept, so that the first weights are soon forgotten.
    #[serde(skip_serializing_if = "is_default")]
    pub ema_momentum: f64,
    /// Gradients longer than this, all together as one vector, are shortened to it (Keras' `global_clipnorm`); 0: never.
    #[serde(skip_serializing_if = "is_default")]
    pub global_clipnorm: f64,
    /// Batches whose mean gradient makes one update (Keras' `gradient_accumulation_steps`), for larger batches than fit into
    /// memory. Batch norm takes its statistics from each batch by itself. An epoch's last update may have fewer.
    #[serde(skip_serializing_if = "is_one")]
    pub gradient_accumulation_steps: usize,
    /// Progressive resizing: heights and widths that the photos are trained on, in equal shares of the epochs; the photos' own
    /// size, on which every epoch is validated, where there is none, and in place of larger ones. Small photos make fast epochs
    /// (Howard 2018, "Training Imagenet in 3 hours for 25 minutes"; Tan & Le 2021, "EfficientNetV2"), and a network sees
    /// things in random crops larger than in whole photos, so that the last size may well be smaller than that of validation
    /// (Touvron et al. 2019, "Fixing the train-test resolution discrepancy").
    #[serde(skip_serializing_if = "is_default")]
    pub train_sizes: Vec<u32>,
    /// What the learning rate is multiplied by from one stage of a network to the one below it, above 0 and up to 1: lower
    /// layers know what is common to all photos, and are changed less (Howard & Ruder 2018, "Universal Language Model
    /// Fine-tuning"; Clark et al. 2020, "ELECTRA").
    #[serde(skip_serializing_if = "is_whole")]
    pub layer_decay: f64,
    /// Whether the last layer is fitted by itself (the pipeline says so by what is tuned of a pretrained network).
    #[serde(skip)]
    pub head: HeadFit,
    /// Where the model's last layer comes from one of other classes: for each class, whether its row was kept. The fit of the last
    /// layer then shrinks these rows to what they were, and others to nothing; empty: all to nothing.
    #[serde(skip)]
    pub kept: Vec<bool>,
    /// Whose weights the model began with, for its file.
    #[serde(skip)]
    pub started_from: Option<StartedFrom>,
    /// Where model.safetensors, last.ckpt and history.csv go; `None` keeps everything in memory.
    #[serde(skip)]
    pub run_folder: Option<PathBuf>,
}

impl Default for FitOptions {
    fn default() -> Self {
        FitOptions {
            epochs: 15,
            least_steps: 0,
            batch: 32,
            seed: 123,
            learning_rate: 0.001,
            optimizer: OptimizerConfig::adam(),
            schedule: ScheduleKind::Constant,
            warmup_epochs: 0.0,
            monitor: Monitor::ValAccuracy,
            best_from: 0.0,
            views: None,
            early_stopping: None,
            reduce_on_plateau: None,
            precision: Precision::F32,
            engine: SharedEngine::default(),
            label_smoothing: 0.0,
            mixing: Mixing::default(),
            balance: Balance::None,
            ema_momentum: 0.0,
            global_clipnorm: 0.0,
            gradient_accumulation_steps: 1,
            train_sizes: Vec::new(),
            layer_decay: 1.0,
            head: HeadFit::No,
            kept: Vec::new(),
            started_from: None,
            run_folder: None,
        }
    }
}

/// Whether the last layer is fitted by itself, to convergence, on what the layers below make of the photos as they are
/// (without augmentation or dropout).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HeadFit {
    /// It is trained with all others.
    #[default]
    No,
    /// In place of the first epoch: so the steps that follow do not spoil the layers below for the sake of a last layer that
    /// knows nothing yet (Kumar et al. 2022, "Fine-Tuning can Distort Pretrained Features").
    First,
    /// And nothing else is trained. The history has a row for each strength of regularization.
    Only,
}

impl FitOptions {
    /// Checks the ranges; the error names the setting, what came and what can be.
    pub fn validate(&self) -> Result<()> {
        settings::check("fit.", self)?;
        // Of 0, a run would have neither of them.
        for (setting, patience) in [
            ("early_stopping.patience", self.early_stopping.map(|stopping| stopping.patience)),
            ("reduce_on_plateau.patience", self.reduce_on_plateau.map(|reduce| reduce.patience)),
        ] {
            patience.map_or(Ok(()), |patience| positive(setting, patience))?;
        }
        Ok(())
    }
}

fn is_one(value: &usize) -> bool {
    *value == 1
}

fn is_whole(value: &f64) -> bool {
    *value == 1.0
}
