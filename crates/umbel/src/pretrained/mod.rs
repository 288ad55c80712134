//! Weights that another program has trained: read from a safetensors file in timm's names, or in those of lukemelas'
//! EfficientNet, into umbel's network of that kind. What the photos must be like comes with them.

mod error;
mod foreign;
mod names;
pub mod store;
mod tune;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use self::error::{DownloadFault, Error, PretrainedFault};
use self::names::{Names, Wanted};
pub use self::tune::Tune;
use crate::Result;
use crate::base::error::Misfits;
pub use crate::base::notice::Head;
use crate::model_file::container::StoredTensor;
use crate::nn::layers::{Layer, Rescaling};
use crate::nn::models::{self, ArchitectureOptions};
use crate::nn::{Graph, Model};

/// Pretrained weights, before they are put into a network.
#[derive(Clone, Debug)]
pub struct Pretrained {
    path: PathBuf,
    names: Names,
    tensors: BTreeMap<String, StoredTensor>,
}

impl Pretrained {
    /// Reads a file; nothing of it is run.
    ///
    /// # Errors
    /// [`Error::Unusable`] where it is no whole safetensors file of finite `f32` values.
    pub fn read(path: &Path) -> Result<Self> {
        let tensors = foreign::read(path)?;
        Ok(Pretrained { path: path.to_owned(), names: Names::of(tensors.keys()), tensors })
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
    pub fn into_model(self, mut graph: Graph, seed: u64) -> Result<(Model, Head)> {
        let Found { misfits, head, sources } = self.match_up(&graph)?;
        if !misfits.is_empty() {
            let fits = self.architecture();
            return Err(Error::Unusable { path: self.path, fault: PretrainedFault::Misfit { misfits, fits } }.into());
        }
        self.prepare(&mut graph)?;
        let mut model = Model::new(graph, seed)?;
        for (tensor, source) in model.weights_mut().tensors.iter_mut().zip(sources) {
            if let Some((wanted, name)) = source {
                wanted.copy(&self.tensors[&name].data, &mut tensor.data);
            }
        }
        Ok((model, head))
    }

    /// Prepares the photos as they were for these weights, where that is not what the architecture does of itself.
    fn prepare(&self, graph: &mut Graph) -> Result<()> {
        if self.names != Names::Lukemelas {
            return Ok(());
        }
        let resolved = graph.resolve()?;
        let scaling = resolved.iter().find(|layer| matches!(layer.layer, Layer::Rescaling(_)));
        if let Some(name) = scaling.map(|layer| layer.name.clone()) {
            // (x − 127) / 128, as Google's EfficientNet-Lite has it.
            graph.replace_layer(&name, Rescaling::new(1.0 / 128.0).offset(-127.0 / 128.0))?;
        }
        Ok(())
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

/// Where each tensor of the model comes from, in the model's order; `None`: it stays as it was drawn.
struct Found {
    misfits: Misfits,
    head: Head,
    sources: Vec<Option<(Wanted, String)>>,
}
