//! From the settings to an architecture: a ready-made one by name, or a TOML file.

use std::path::Path;

use super::{AugmentChoice, TrainConfig};
use crate::base::augmentation::AugmentLayer;
use crate::base::notice::{GoingOn, Notice};
use crate::base::progress::{Event, Observer};
use crate::base::regular;
use crate::model_file::StartedFrom;
use crate::nn::layers::{RandAugment, RandomErasing, RandomFlip, RandomResizedCrop};
use crate::nn::models::{self, ArchitectureOptions};
use crate::nn::{Graph, Model};
use crate::pretrained::{Certainty, Classes, Own, Pretrained, Start, Tune, WeightsFrom};
use crate::train::HeadFit;
use crate::{Result, train};

/// The tutorial's dropout.
const DROPOUT: f32 = 0.2;

/// The text of the TOML file that names the network; `None` where it is a ready-made architecture, or that of a model.
pub(super) fn read_toml(config: &TrainConfig) -> Result<Option<String>> {
    let model = config.model.as_str();
    if models::find(model).is_some() || config.own_start().is_some() {
        return Ok(None);
    }
    let path = Path::new(model);
    let is_toml = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"));
    if !is_toml && !path.is_file() {
        return Err(umbel_predict::Error::Setting {
            setting: "the model".into(),
            value: format!("{model:?}"),
            expected: format!("one of {}, or the path of a TOML file", models::names().join(", ")),
        }
        .into());
    }
    let text = regular::read_text(path);
    Ok(text.map(Some).map_err(|source| umbel_predict::Error::Io {
        action: "read the model",
        path: path.to_owned(),
        source,
    })?)
}

/// The architecture for so many classes, from the model that training starts from, the TOML `text` or by name.
pub(super) fn build(config: &TrainConfig, text: Option<&str>, classes: usize) -> Result<Graph> {
    let size = config.prep.image_size as usize;
    let graph = match (config.own_start(), text) {
        (Some(from), _) => {
            own_dropout(config, "where training goes on from a model")?;
            Own::open(from)?.graph(size, classes)?
        }
        (None, Some(text)) => {
            own_dropout(config, "when the model is a TOML file")?;
            Graph::from_toml(text, (size, size, 3))?
        }
        (None, None) => return Ok(models::by_name(&config.model, &options(config, classes))?),
    };
    let outputs = graph.classes()?;
    if outputs != classes {
        return Err(train::Error::ClassCount { outputs, classes }.into());
    }
    let own = graph.augmentation();
    let wanted = augmentation_layers(config, own.clone());
    if wanted == own { Ok(graph) } else { Ok(graph.with_augmentation(wanted)?) }
}

/// Refuses another dropout than the network's own.
fn own_dropout(config: &TrainConfig, what: &str) -> Result<()> {
    let refused = |dropout: f32| umbel_predict::Error::Setting {
        setting: "dropout".into(),
        value: dropout.to_string(),
        expected: format!("left out {what}: its own dropout layers count"),
    };
    Ok(config.dropout.map_or(Ok(()), |dropout| Err(refused(dropout)))?)
}

/// The augmentation layers that a model of these settings begins with.
pub(super) fn augmentation(config: &TrainConfig, text: Option<&str>) -> Result<Vec<AugmentLayer>> {
    let size = config.prep.image_size as usize;
    let classes = match text {
        Some(text) => Graph::from_toml(text, (size, size, 3))?.classes()?,
        // Any number will do.
        None => 2,
    };
    Ok(build(config, text, classes)?.augmentation())
}

/// The model that training starts from.
pub(super) struct Started {
    pub model: Model,
    /// Whose weights it has; `None`: they are drawn.
    pub from: Option<StartedFrom>,
    /// For each class whether its row of the last layer comes from a model of that class; empty where there is no such model.
    pub kept: Vec<bool>,
}

/// The model that training starts from: drawn from the seed, or with pretrained weights. `classes` are those of the photos.
pub(super) fn model(
    config: &TrainConfig,
    mut architecture: Graph,
    classes: &[String],
    observer: &mut dyn Observer,
) -> Result<Started> {
    let Some(from) = &config.pretrained else {
        return Ok(Started { model: Model::new(architecture, config.fit.seed)?, from: None, kept: Vec::new() });
    };
    config.tune.unwrap_or_default().freeze(&mut architecture)?;
    if config.own_start().is_some() {
        return own(config, (architecture, classes), from, observer);
    }
    let weights = Pretrained::open(from)?;
    let about = weights.about().clone();
    let (model, Start { head, preparation }) = weights.into_model(architecture, config.fit.seed)?;
    // A recipe that decides by the photos has said so already.
    if !(config.recipe.goes_by_photos() && *from == WeightsFrom::Inside) {
        let (from, license) = (from.to_string(), about.license.clone());
        observer.event(&Event::Notice(&Notice::Starting { from, head, license }));
    }
    if about.is_non_commercial() {
        observer.event(&Event::Notice(&Notice::NonCommercial { weights: about.line() }));
    }
    if let Certainty::Assumed(usual) = preparation {
        let (mean, deviation) = usual.map_or(([0.0; 3], [0.0; 3]), |usual| (usual.mean, usual.deviation));
        observer.event(&Event::Notice(&Notice::PreparationAssumed { from: from.to_string(), mean, deviation }));
    }
    Ok(Started { model, from: Some(about), kept: Vec::new() })
}

/// The same from a model of umbel's own.
fn own(
    config: &TrainConfig,
    (architecture, classes): (Graph, &[String]),
    from: &WeightsFrom,
    observer: &mut dyn Observer,
) -> Result<Started> {
    let own = Own::open(from)?;
    let about = own.about();
    let (model, Classes { kept, dropped }) = own.into_model(architecture, classes, config.fit.seed)?;
    let (n_kept, from) = (kept.iter().filter(|kept| **kept).count(), from.to_string());
    observer.event(&Event::Notice(&Notice::GoingOn(GoingOn::Classes {
        from,
        kept: n_kept,
        new: kept.len() - n_kept,
        dropped,
    })));
    if about.is_non_commercial() {
        observer.event(&Event::Notice(&Notice::NonCommercial { weights: about.line() }));
    }
    Ok(Started { model, from: Some(about), kept })
}

/// Which part of the training the last layer has for itself.
pub(super) fn head_fit(config: &TrainConfig) -> HeadFit {
    match (&config.pretrained, config.tune.unwrap_or_default()) {
        (None, _) => HeadFit::No,
        (Some(_), Tune::Head) => HeadFit::Only,
        (Some(_), Tune::Last | Tune::All) => HeadFit::First,
    }
}

fn options(config: &TrainConfig, classes: usize) -> ArchitectureOptions {
    ArchitectureOptions {
        image_size: config.prep.image_size as usize,
        classes,
        augment: augmentation_layers(config, AugmentLayer::tutorial()),
        dropout: config.dropout.unwrap_or(DROPOUT),
    }
}

/// The augmentation that is asked for: crops, then the choice (or the network's `own`), then RandAugment and erasing.
fn augmentation_layers(config: &TrainConfig, own: Vec<AugmentLayer>) -> Vec<AugmentLayer> {
    let chosen = match config.augment {
        None => own,
        Some(AugmentChoice::Tutorial) => AugmentLayer::tutorial(),
        Some(AugmentChoice::Flip) => vec![RandomFlip::horizontal().into()],
        Some(AugmentChoice::None) => Vec::new(),
    };
    let crop = (config.random_crop > 0.0).then(|| RandomResizedCrop::new(config.random_crop).into());
    let operations = (config.rand_augment > 0.0).then(|| RandAugment::new(config.rand_augment).into());
    let erasing = (config.random_erasing > 0.0).then(|| RandomErasing::new(config.random_erasing).into());
    crop.into_iter().chain(chosen).chain(operations).chain(erasing).collect()
}
