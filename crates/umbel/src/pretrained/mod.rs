//! Weights that another program has trained: read from a safetensors file in timm's names, or in those of lukemelas'
//! EfficientNet, into umbel's network of that kind. What the photos must be like comes with them. A model of umbel's own is a
//! start, too ([`Own`]).

mod error;
mod foreign;
mod from;
pub mod inside;
mod known;
mod names;
mod own;
mod preparation;
pub mod store;
mod tune;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use self::error::{Error, PretrainedFault};
use self::foreign::Foreign;
pub use self::from::{INSIDE, WeightsFrom};
use self::names::{Names, Wanted};
pub use self::own::{Classes, Own};
pub use self::preparation::{Certainty, Preparation};
pub use self::tune::Tune;
use crate::Result;
use crate::base::error::Misfits;
pub use crate::base::notice::Head;
use crate::model_file::StartedFrom;
use crate::model_file::container::StoredTensor;
use crate::nn::models::{self, ArchitectureOptions};
use crate::nn::{Graph, Model};
use umbel_predict::prepare::IMAGE_SIZES;

/// Pretrained weights, before they are put into a network.
#[derive(Clone, Debug)]
pub struct Pretrained {
    path: PathBuf,
    names: Names,
    /// What the photos must be like; `None`: nothing tells it.
    preparation: Option<Preparation>,
    about: StartedFrom,
    tensors: BTreeMap<String, StoredTensor>,
}

impl Pretrained {
    /// Reads a file; nothing of it is run. What the photos must be like is told by a `config.json` in timm's form beside it, by its
    /// digest, where that is a known one, or by the names of its tensors.
    ///
    /// # Errors
    /// [`Error::Unusable`] where it is no whole safetensors file of finite real numbers.
    pub fn read(path: &Path) -> Result<Self> {
        let foreign = foreign::read(path)?;
        let beside = preparation::beside(path);
        Ok(Self::of(foreign, path, beside))
    }

    /// Those that are built into the program.
    ///
    /// # Errors
    /// [`Error::Unusable`] where there are none.
    pub fn inside() -> Result<Self> {
        let path = Path::new(INSIDE);
        let wrap = |fault| Error::Unusable { path: path.to_owned(), fault };
        let file = inside::file().ok_or(wrap(PretrainedFault::NotBuilt))?;
        let foreign = foreign::read_from(file, file.len() as u64).map_err(wrap)?;
        Ok(Self::of(foreign, path, preparation::Beside::default()))
    }

    /// From wherever they lie.
    ///
    /// # Errors
    /// Those of [`Pretrained::read`] and [`Pretrained::inside`].
    pub fn open(from: &WeightsFrom) -> Result<Self> {
        match from {
            WeightsFrom::Inside => Self::inside(),
            WeightsFrom::File(path) => Self::read(path),
        }
    }

    fn of(Foreign { fields, tensors }: Foreign, path: &Path, beside: preparation::Beside) -> Self {
        let names = Names::of(tensors.keys());
        let about = about(fields, path, beside.license);
        let preparation = beside.preparation.or(match names {
            Names::Lukemelas => Some(Preparation::EFFICIENTNET_LITE),
            Names::Timm => None,
        });
        Pretrained { path: path.to_owned(), names, preparation, about, tensors }
    }

    /// What weights tell of themselves, and what is told beside them: little where they cannot be read. The numbers are not read.
    pub fn told(from: &WeightsFrom) -> StartedFrom {
        match from {
            WeightsFrom::Inside => {
                about(inside::file().map(foreign::fields_of).unwrap_or_default(), from.as_path(), None)
            }
            WeightsFrom::File(path) => about(foreign::fields(path), path, preparation::beside(path).license),
        }
    }

    /// What they tell of themselves, and what is told beside them.
    pub fn about(&self) -> &StartedFrom {
        &self.about
    }

    /// Height and width of the photos that weights for this network have seen: what is told beside them, else what is usual. They are
    /// not read.
    pub fn trained_size(from: &WeightsFrom, model: &str) -> Option<u32> {
        let told = match from {
            WeightsFrom::Inside => None,
            WeightsFrom::File(path) => preparation::beside(path).preparation.and_then(|own| own.image_size),
        };
        let told = told.filter(|size| IMAGE_SIZES.contains(u64::from(*size)));
        told.or_else(|| models::find(model)?.pretrained_size)
    }

    /// Height and width at which whole photos are best shown to them as they are, without training more than a last layer: nine sevenths of
    /// what they were trained on, as that were crops, in which things are larger than in whole photos (Touvron et al. 2019, "Fixing the
    /// train-test resolution discrepancy"; what it gains is in benchmarks/RESULTS.md). A multiple of 32, as these networks halve a photo
    /// five times.
    pub fn photo_size(from: &WeightsFrom, model: &str) -> Option<u32> {
        let trained = Self::trained_size(from, model)?;
        let shown = (f64::from(trained) * 9.0 / 7.0 / 32.0).round() as u32 * 32;
        let most = u32::try_from(IMAGE_SIZES.high).unwrap_or(shown);
        Some(shown.min(most).max(trained))
    }

    /// The ready-made architecture that these weights are for, if it is known here: its names and shapes are all there (but
    /// for the last layer's), and no others.
    pub fn architecture(&self) -> Option<&'static str> {
        let known = models::ARCHITECTURES.iter().filter(|a| a.pretrained_size.is_some());
        let fits = |name: &str| {
            let options = ArchitectureOptions { image_size: 224, augment: Vec::new(), ..Default::default() };
            let graph = models::by_name(name, &options);
            graph.is_ok_and(|graph| self.match_up(&graph).is_ok_and(|found| found.misfits.is_empty()))
        };
        known.map(|architecture| architecture.name).find(|name| fits(name))
    }

    /// Puts the weights into `graph`, which is made for photos as they were when these weights were trained. Where the last
    /// layer has another number of classes, it starts anew, drawn from `seed`.
    ///
    /// # Errors
    /// [`Error::Unusable`] with what is missing, left over, or of another shape.
    pub fn into_model(self, mut graph: Graph, seed: u64) -> Result<(Model, Start)> {
        let Found { misfits, head, sources } = self.match_up(&graph)?;
        if !misfits.is_empty() {
            let fits = self.architecture();
            return Err(Error::Unusable { path: self.path, fault: PretrainedFault::Misfit { misfits, fits } }.into());
        }
        let preparation = match &self.preparation {
            Some(preparation) => {
                preparation.put_into(&mut graph)?;
                Certainty::Told
            }
            None => Certainty::Assumed(Preparation::of(&graph)?),
        };
        let mut model = Model::new(graph, seed)?;
        for (tensor, source) in model.weights_mut().tensors.iter_mut().zip(sources) {
            if let Some((wanted, name)) = source {
                wanted.copy(&self.tensors[&name].data, &mut tensor.data);
            }
        }
        Ok((model, Start { head, preparation }))
    }

    /// Finds every weight of the network in the file.
    fn match_up(&self, graph: &Graph) -> Result<Found> {
        let resolved = graph.resolve()?;
        let last = resolved.last().map(|layer| layer.name.clone()).unwrap_or_default();
        let wanted = self.names.wanted(&resolved);
        let classes = |name: &String| self.tensors.get(name).and_then(|tensor| tensor.shape.first().copied());
        let is_last = |wanted: &Wanted| wanted.layer == last;
        let of_last: Vec<&Wanted> = wanted.iter().filter(|wanted| is_last(wanted)).collect();
        let fits = |wanted: &&Wanted| self.tensors.get(&wanted.name).is_some_and(|t| wanted.takes(&t.shape));
        let head = if of_last.iter().all(fits) {
            Head::Kept
        } else {
            Head::New(of_last.first().and_then(|wanted| classes(&wanted.name)))
        };
        let mut misfits = Misfits::default();
        let mut left: Vec<&String> = self.tensors.keys().collect();
        let mut sources = Vec::with_capacity(wanted.len());
        for wanted in wanted {
            left.retain(|name| **name != wanted.name);
            if head != Head::Kept && is_last(&wanted) {
                sources.push(None);
                continue;
            }
            match self.tensors.get(&wanted.name) {
                None => misfits.missing.push(wanted.name.clone()),
                Some(tensor) if !wanted.takes(&tensor.shape) => {
                    misfits.misshapen.push((wanted.name.clone(), tensor.shape.clone(), wanted.shape()));
                }
                Some(_) => {}
            }
            let name = wanted.name.clone();
            sources.push(Some((wanted, name)));
        }
        misfits.left_over = left.into_iter().cloned().collect();
        Ok(Found { misfits, head, sources })
    }
}

/// From the fields of a file's header; its own name stands for the weights' where they tell none.
fn about(mut fields: BTreeMap<String, String>, path: &Path, license: Option<String>) -> StartedFrom {
    let name = || path.file_stem().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into());
    StartedFrom {
        name: fields.remove("name").unwrap_or_else(name),
        license: fields.remove("license").or(license),
        trained_on: fields.remove("trained_on"),
        origin: fields.remove("origin"),
        changed: fields.remove("changed"),
        ..StartedFrom::default()
    }
}

/// What became of pretrained weights in a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Start {
    /// Of their last layer.
    pub head: Head,
    /// How sure it is that the photos are prepared as they were for these weights.
    pub preparation: Certainty,
}

/// Where each tensor of the model comes from, in the model's order; `None`: it stays as it was drawn.
struct Found {
    misfits: Misfits,
    head: Head,
    sources: Vec<Option<(Wanted, String)>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_photos_are_shown_larger_than_the_crops_that_were_trained_on() {
        let folder = tempfile::tempdir().unwrap();
        let weights = folder.path().join("w.safetensors");
        let from = WeightsFrom::File(weights.clone());
        let sizes = |model: &str| (Pretrained::trained_size(&from, model), Pretrained::photo_size(&from, model));
        assert_eq!(sizes("tf_efficientnet_lite0"), (Some(224), Some(288)));
        assert_eq!(sizes("tf_efficientnet_lite2"), (Some(260), Some(320)));
        assert_eq!(sizes("tf_efficientnet_lite4"), (Some(380), Some(480)));
        assert_eq!(sizes("cnn"), (None, None));
        // What is told beside the weights counts; the largest photos that there are stay the largest.
        let told = |side: u32| {
            let config = format!(
                r#"{{"pretrained_cfg": {{"input_size": [3, {side}, {side}], "mean": [0.0, 0.0, 0.0], "std": [1.0, 1.0, 1.0]}}}}"#
            );
            std::fs::write(weights.with_extension("json"), config).unwrap();
        };
        told(160);
        assert_eq!(sizes("resnet18"), (Some(160), Some(192)));
        told(512);
        assert_eq!(sizes("resnet18"), (Some(512), Some(512)));
        told(8);
        assert_eq!(sizes("resnet18"), (Some(224), Some(288)));
    }
}
