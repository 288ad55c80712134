//! The augmentation layers' settings. They are layers of a model (`nn` names, orders and saves them) and are carried out by
//! the loader (`data::augment`), in training only.

use serde::{Deserialize, Serialize};

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
}

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
        }
    }
}
