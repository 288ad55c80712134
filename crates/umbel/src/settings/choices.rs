//! Choices that are no other module's own.

use crate::base::choice::choices;

/// Which settings a run begins with, before anything else is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Recipe {
    /// The flower tutorial's: every setting's default.
    #[default]
    Tutorial,
    /// A first look in little time.
    Quick,
    /// The best that is known from random weights.
    Scratch,
    /// From pretrained weights.
    Finetune,
    /// From the weights inside the program, as much of them as the number of photos is worth.
    Auto,
    /// For the last points: slower, from the weights that do best of those that are here.
    Best,
}

choices! { Recipe: Tutorial = "tutorial", Quick = "quick", Scratch = "scratch", Finetune = "finetune", Auto = "auto", Best = "best" }

/// Which augmentation the model starts with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum AugmentChoice {
    #[default]
    Tutorial,
    /// Left and right alone.
    Flip,
    None,
}

choices! { AugmentChoice: Tutorial = "tutorial", Flip = "flip", None = "none" }

/// What the products of a run's convolutions and dense layers are made of; sums, and what is stored, are `f32` in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum PrecisionChoice {
    /// bf16 where the CPU's kind says that a training step gains from it, see [`Engine::fastest_precision`](crate::nn::Engine::fastest_precision).
    #[default]
    Auto,
    F32,
    Bf16,
}

choices! { PrecisionChoice: Auto = "auto", F32 = "f32", Bf16 = "bf16" }

/// The figure that decides which epoch was best.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Monitor {
    #[default]
    ValAccuracy,
    ValLoss,
    /// The loss on the validation part once the confidence is right: with the temperature that suits the epoch's answers best. It sees
    /// more than the share of right answers, which a few photos tell roughly, and does not mind that smoothed labels make timid.
    ValCalibratedLoss,
}

choices! { Monitor: ValAccuracy = "val_accuracy", ValLoss = "val_loss", ValCalibratedLoss = "val_calibrated_loss" }

/// What an [`OptimizerConfig`](crate::nn::OptimizerConfig) is called: its kind, but for Nesterov's momentum, which is a name
/// here and a setting of sgd there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum OptimizerName {
    Adam,
    AdamW,
    Sgd,
    Nesterov,
}

choices! { OptimizerName: Adam = "adam", AdamW = "adamw" | "adam_w", Sgd = "sgd", Nesterov = "nesterov" }

/// What a [`ScheduleKind`](crate::nn::ScheduleKind) is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ScheduleName {
    Constant,
    Cosine,
    Step,
}

choices! { ScheduleName: Constant = "constant", Cosine = "cosine", Step = "step" }
