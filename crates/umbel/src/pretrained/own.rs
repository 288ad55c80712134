//! A model of umbel's own as a start: its file holds the whole network, so nothing else has to be known of it. The rows of the
//! last layer go along by the names of their classes.

use std::path::{Path, PathBuf};

use super::{PretrainedFault, WeightsFrom, foreign};
use crate::base::error::Misfits;
use crate::model_file::container::KIND_KEY;
use crate::model_file::{FILE_NAME, ModelFile, StartedFrom};
use crate::nn::layers::Layer;
use crate::nn::{Graph, Model, Tensor};
use crate::{Result, pretrained};

impl WeightsFrom {
    /// The file of umbel's own that this is, or that lies in the run's folder that this is; `None` for weights of others. Only the
    /// file's header is read.
    pub fn own(&self) -> Option<PathBuf> {
        let WeightsFrom::File(path) = self else { return None };
        let inside = path.join(FILE_NAME);
        let file = if inside.is_file() { inside } else { path.clone() };
        foreign::fields(&file).contains_key(KIND_KEY).then_some(file)
    }
}

/// A model file, before its weights are put into a network for other classes.
#[derive(Clone, Debug)]
pub struct Own {
    path: PathBuf,
    file: ModelFile,
}

/// What became of the classes of a model that training starts from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Classes {
    /// For each class that there is now: whether the model knew it, so that its row of the last layer was kept.
    pub kept: Vec<bool>,
    /// So many classes of the model are gone.
    pub dropped: usize,
}

impl Own {
    /// Reads a model file, or that of a run's folder.
    ///
    /// # Errors
    /// Those of [`ModelFile::load`]; [`pretrained::Error::Unusable`] where its last layer does not tell classes row by row.
    pub fn open(from: &WeightsFrom) -> Result<Self> {
        let file = ModelFile::load(from.as_path())?;
        let own = Own { path: from.as_path().to_owned(), file };
        if own.file.model.architecture().without_head()?.is_none() {
            return Err(own.unusable(PretrainedFault::NoLastLayer));
        }
        Ok(own)
    }

    /// The model as it is.
    pub fn file(&self) -> &ModelFile {
        &self.file
    }

    /// Its network for square photos of another size and so many classes. Nothing is frozen.
    ///
    /// # Errors
    /// Those of [`Graph::resolve`].
    pub fn graph(&self, image_size: usize, classes: usize) -> Result<Graph> {
        let mut graph = self.file.model.architecture().with_input_size(image_size)?;
        let last = graph.resolve()?.last().map(|last| (last.name.clone(), last.layer.clone()));
        if let Some((name, Layer::Dense(mut dense))) = last {
            dense.units = classes;
            graph.replace_layer(&name, dense)?;
        }
        graph.set_trainable(|_| true)?;
        Ok(graph)
    }

    /// Puts the weights into `graph`, which comes from [`Own::graph`]. The last layer's rows of classes that the model knows are
    /// its own, whatever their order; those of others are drawn from `seed`.
    ///
    /// # Errors
    /// [`pretrained::Error::Unusable`] where photos of another size make other shapes of the weights.
    pub fn into_model(self, graph: Graph, classes: &[String], seed: u64) -> Result<(Model, Classes)> {
        let last = graph.resolve()?.last().map(|last| last.name.clone()).unwrap_or_default();
        let places: Vec<Option<usize>> =
            classes.iter().map(|class| self.file.classes.iter().position(|known| known == class)).collect();
        let mut model = Model::new(graph, seed)?;
        let mut misfits = Misfits::default();
        let own = self.file.model.weights();
        for tensor in &mut model.weights_mut().tensors {
            let of_last = tensor.name.rsplit_once('/').is_some_and(|(layer, _)| layer == last);
            match own.get(&tensor.name) {
                None => misfits.missing.push(tensor.name.clone()),
                Some(theirs) if of_last && fits_but_for_classes(tensor, theirs) => keep_rows(tensor, theirs, &places),
                Some(theirs) if !of_last && theirs.shape == tensor.shape => tensor.data.copy_from_slice(&theirs.data),
                Some(theirs) => {
                    misfits.misshapen.push((tensor.name.clone(), theirs.shape.clone(), tensor.shape.clone()));
                }
            }
        }
        if !misfits.is_empty() {
            return Err(self.unusable(PretrainedFault::Misfit { misfits, fits: None }));
        }
        let kept: Vec<bool> = places.iter().map(Option::is_some).collect();
        let dropped = self.file.classes.iter().filter(|known| !classes.contains(known)).count();
        Ok((model, Classes { kept, dropped }))
    }

    /// Whose weights a model has that starts from this one.
    pub fn about(&self) -> StartedFrom {
        StartedFrom::own(name(&self.path), self.file.started_from.clone())
    }

    fn unusable(&self, fault: PretrainedFault) -> crate::Error {
        pretrained::Error::Unusable { path: self.path.clone(), fault }.into()
    }
}

/// Both have the classes on their last axis.
fn fits_but_for_classes(tensor: &Tensor, theirs: &Tensor) -> bool {
    let inputs = |tensor: &Tensor| tensor.shape.split_last().map(|(_, inputs)| inputs.to_vec());
    inputs(tensor) == inputs(theirs)
}

/// Copies the values of each class that has a place among theirs.
fn keep_rows(tensor: &mut Tensor, theirs: &Tensor, places: &[Option<usize>]) {
    let width = theirs.shape.last().copied().unwrap_or(1);
    for (to, from) in tensor.data.chunks_exact_mut(places.len()).zip(theirs.data.chunks_exact(width)) {
        for (to, place) in to.iter_mut().zip(places) {
            if let Some(place) = place {
                *to = from[*place];
            }
        }
    }
}

/// What a model is called: its run's folder, or its file where it does not lie under a run's name for it.
fn name(path: &Path) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let file = path.file_name().is_some_and(|name| name == FILE_NAME);
    let called = match (file, path.is_dir()) {
        (true, _) => path.parent().and_then(Path::file_name),
        (false, true) => path.file_name(),
        (false, false) => path.file_stem(),
    };
    called.map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}
