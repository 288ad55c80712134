//! An untrained network by name or from a TOML file, for the commands that only look at it or time it.

use std::path::Path;

use anyhow::Context;
use umbel::base::augmentation::AugmentLayer;
use umbel::base::regular;
use umbel::nn::models::{self, ArchitectureOptions};
use umbel::nn::{Graph, Model};
use umbel::pretrained::Tune;

/// The tutorial's share.
const DROPOUT: f32 = 0.2;

/// The architecture that `--model` names, for photos of `image_size` pixels.
pub fn architecture(model: &str, image_size: usize, classes: usize) -> anyhow::Result<Graph> {
    if !Path::new(model).extension().is_some_and(|e| e.eq_ignore_ascii_case("toml")) {
        let options = ArchitectureOptions { image_size, classes, augment: AugmentLayer::tutorial(), dropout: DROPOUT };
        return Ok(models::by_name(model, &options)?);
    }
    let text = regular::read_text(Path::new(model)).with_context(|| format!("cannot read the network {model}"))?;
    Graph::from_toml(&text, (image_size, image_size, 3)).with_context(|| format!("the network {model}"))
}

/// The same with fresh weights.
pub fn untrained(model: &str, image_size: usize, classes: usize, seed: u64) -> anyhow::Result<Model> {
    Ok(Model::new(architecture(model, image_size, classes)?, seed)?)
}

/// The network with everything frozen that fine-tuning would freeze.
pub fn tuned(model: Model, tune: Option<Tune>) -> anyhow::Result<Model> {
    let Some(tune) = tune else { return Ok(model) };
    let mut architecture = model.architecture().clone();
    tune.freeze(&mut architecture)?;
    Ok(Model::from_weights(architecture, model.weights().clone())?)
}
