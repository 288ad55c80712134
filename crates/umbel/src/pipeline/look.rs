//! What a training of these settings would show its network of the photos, before anything is trained.

use super::heritage::Lineage;
use super::{TrainConfig, architecture, auto};
use crate::Result;
use crate::base::augmentation::AugmentLayer;
use crate::base::progress::Observer;
use crate::data::{Index, PrepSpec};
use crate::train::HeadFit;

/// How photos are prepared and changed.
#[derive(Clone, Debug)]
pub struct Look {
    /// How every photo is prepared.
    pub prep: PrepSpec,
    /// What changes it at random, each time that it is trained on; empty: nothing.
    pub augmentation: Vec<AugmentLayer>,
    /// The last layer alone is trained, for which no photo is changed.
    pub last_layer_alone: bool,
}

/// How [`train_folder`](super::train_folder) would prepare and change the photos of this folder: by the same settings, and where
/// the recipe goes by the photos, by their number. (Of several pretrained weights that a recipe would compare, it goes by those that
/// the settings name.)
///
/// # Errors
/// Those of [`train_folder`](super::train_folder) about settings.
pub fn look(config: &TrainConfig, index: &Index, observer: &mut dyn Observer) -> Result<Look> {
    config.validate()?;
    let toml = architecture::read_toml(config)?;
    let config = auto::decided(config, index, Lineage::of(config).as_ref(), observer);
    let last_layer_alone = match architecture::head_fit(&config) {
        HeadFit::Only => true,
        HeadFit::No | HeadFit::First => false,
    };
    let augmentation =
        if last_layer_alone { Vec::new() } else { architecture::augmentation(&config, toml.as_deref())? };
    Ok(Look { prep: config.prep, augmentation, last_layer_alone })
}
