//! The augmentation layers' settings. They are layers of a model (`nn` names, orders and saves them) and are carried out by
//! the loader (`data::augment`), in training only.

use serde::{Deserialize, Serialize};

use super::choice::choices;

/// Which way `RandomFlip` may turn a picture over, each with probability one half.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum FlipMode {
    Horizontal,
    Vertical,
    HorizontalAndVertical,
}

/// One augmentation layer. Ranges as in Keras 3: a single factor `f` means −f..f, given here as (low, high).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum AugmentLayer {
    /// Mirrors at random.
    RandomFlip {
        /// Which axes.
        mode: FlipMode,
    },
    /// Rotates about the centre by a fraction of a full turn drawn from `factor`.
    RandomRotation {
        /// (low, high), in full turns.
        factor: (f32, f32),
    },
    /// Zooms by a fraction drawn from `factor` (positive zooms out, as in Keras), both axes alike.
    RandomZoom {
        /// (low, high).
        factor: (f32, f32),
    },
    /// Shifts by fractions of the height and width.
    RandomTranslation {
        /// (low, high) of the height.
        height_factor: (f32, f32),
        /// (low, high) of the width.
        width_factor: (f32, f32),
    },
    /// Scales the distance from each channel's mean by a factor drawn from 1 + `factor`.
    RandomContrast {
        /// (low, high), added to 1.
        factor: (f32, f32),
    },
    /// Adds a fraction of the value range (255).
    RandomBrightness {
        /// (low, high) of 255.
        factor: (f32, f32),
    },
    /// Shows a random part of the photo, enlarged to the whole (Szegedy et al. 2015, "Going Deeper with Convolutions").
    RandomResizedCrop {
        /// (low, high) of the part's share of the area.
        scale: (f32, f32),
        /// (low, high) of its width by its height.
        ratio: (f32, f32),
    },
    /// Some operations drawn from a fixed list, all equally strong (Cubuk et al. 2020, "RandAugment").
    RandAugment {
        /// How many.
        num_ops: usize,
        /// How strong, 0 to 1 (the paper's magnitude is out of 10, so 0.9 is its 9).
        factor: f32,
    },
    /// Fills a random rectangle with one random color (Zhong et al. 2020, "Random Erasing Data Augmentation").
    RandomErasing {
        /// The share of photos that this is done to.
        factor: f32,
        /// (low, high) of the rectangle's share of the area.
        scale: (f32, f32),
    },
}

/// Photos of a batch mixed with each other, their labels with them. Nothing is mixed where both alphas are 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mixing {
    /// mixup (Zhang et al. 2018, "mixup: Beyond Empirical Risk Minimization"): a weighted mean of two photos, the weight drawn
    /// from Beta(alpha, alpha).
    pub mixup: f64,
    /// CutMix (Yun et al. 2019, "CutMix: Regularization Strategy to Train Strong Classifiers"): a rectangle of one photo
    /// pasted onto another, its share of the area drawn from Beta(alpha, alpha).
    pub cutmix: f64,
    /// The share of photos that are mixed. Where both are on, each is used for half of them.
    pub probability: f64,
}

impl Default for Mixing {
    fn default() -> Self {
        Mixing { mixup: 0.0, cutmix: 0.0, probability: 1.0 }
    }
}

impl Mixing {
    /// Whether nothing is mixed.
    pub fn is_off(&self) -> bool {
        (self.mixup == 0.0 && self.cutmix == 0.0) || self.probability == 0.0
    }
}

/// What is done about classes of unequal size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Balance {
    /// Nothing.
    #[default]
    None,
    /// Each class weighs the same in the loss: a photo weighs n / (classes · photos of its class), Keras' `class_weight` and
    /// scikit-learn's "balanced".
    Loss,
    /// Each class comes equally often: an epoch has as many photos as before, but takes the classes in turn, so that photos of
    /// a small class come several times (augmented differently) and not every photo of a large one does.
    Sample,
}

choices! { Balance: None = "none", Loss = "loss", Sample = "sample" }

impl AugmentLayer {
    /// The tutorial's three: horizontal flip, rotation 0.1, zoom 0.1.
    pub fn tutorial() -> Vec<Self> {
        vec![
            AugmentLayer::RandomFlip { mode: FlipMode::Horizontal },
            AugmentLayer::RandomRotation { factor: (-0.1, 0.1) },
            AugmentLayer::RandomZoom { factor: (-0.1, 0.1) },
        ]
    }

    /// The layer's kind in snake case, as in model files and Keras' automatic names (`random_flip`).
    pub fn kind(&self) -> &'static str {
        match self {
            AugmentLayer::RandomFlip { .. } => "random_flip",
            AugmentLayer::RandomRotation { .. } => "random_rotation",
            AugmentLayer::RandomZoom { .. } => "random_zoom",
            AugmentLayer::RandomTranslation { .. } => "random_translation",
            AugmentLayer::RandomContrast { .. } => "random_contrast",
            AugmentLayer::RandomBrightness { .. } => "random_brightness",
            AugmentLayer::RandomResizedCrop { .. } => "random_resized_crop",
            AugmentLayer::RandAugment { .. } => "rand_augment",
            AugmentLayer::RandomErasing { .. } => "random_erasing",
        }
    }
}
