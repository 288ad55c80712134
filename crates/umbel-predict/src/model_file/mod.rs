//! The file that is shipped: one `.safetensors` with named weights, and in its header the architecture, class names,
//! preparation, calibration, metrics, version and digest. Nothing in it runs code; writes are atomic.

mod check;
mod known;
#[doc(hidden)]
pub mod container;
#[doc(hidden)]
pub mod header;
mod started_from;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

#[cfg(feature = "train")]
use crate::base::atomic::Scratch;
use crate::base::error::FileFault;
use crate::metrics::{Calibration, Doubts, KnownPictures, Trusted};
use crate::nn::{Graph, Model, NUMERICS, Tensor, Weights};
use crate::prepare::PrepSpec;
use crate::views::Tta;
use crate::{Error, Result};
use container::{Contents, Origin, Sealed, TensorRef, Values};
pub use started_from::StartedFrom;

/// The name of the best model's file in a run folder.
pub const FILE_NAME: &str = "model.safetensors";

const KIND: &str = "model";
const ARCHITECTURE: &str = "umbel.architecture";
const CLASSES: &str = "umbel.classes";
const PREP: &str = "umbel.prep";
const METRICS: &str = "umbel.metrics";
const CALIBRATION: &str = "umbel.calibration";
const KNOWN: &str = "umbel.known";
const DOUBTS: &str = "umbel.doubts";
const TRUSTED: &str = "umbel.trusted";
const VIEWS: &str = "umbel.views";
const STARTED_FROM: &str = "umbel.started_from";

/// How good the model was when it was saved.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Metrics {
    /// From 1; 0 where it was never validated.
    pub epoch: usize,
    pub val_accuracy: f64,
    pub val_loss: f64,
}

/// A trained model with all that is needed to use it.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct ModelFile {
    pub model: Model,
    pub classes: Vec<String>,
    pub prep: PrepSpec,
    pub metrics: Metrics,
    /// `None` (and no field in the file): the model's own confidence, a temperature of 1.
    pub calibration: Option<Calibration>,
    /// What tells pictures that are unlike all known ones; `None` (and no field in the file) where it was not measured.
    pub known: Option<KnownPictures>,
    /// From which sets are made that hold the right class as often as is asked, with this calibration; `None` (and no field in the
    /// file) where it was not measured.
    pub doubts: Option<Doubts>,
    /// From which confidence on answers are right as often as is told; empty (and no field in the file) where none is, or nobody
    /// measured.
    pub trusted: Vec<Trusted>,
    /// Looks at each photo whose mean an answer is; `None` (and no field in the file): one.
    pub views: Option<Tta>,
    /// Whose weights its training began with; `None` (and no field in the file): random ones.
    pub started_from: Option<StartedFrom>,
    /// By which arithmetic it was trained, see [`NUMERICS`].
    pub numerics: u32,
}

/// Labeled photos, as far as a model file tells of those that its model was trained on.
pub trait TrainedOn {
    /// In the order of the model's outputs.
    fn class_names(&self) -> &[String];
    /// How every photo was prepared.
    fn prep(&self) -> &PrepSpec;
}

impl ModelFile {
    /// A model with the classes and the preparation of the photos that it was trained on.
    pub fn new(model: Model, dataset: &impl TrainedOn, metrics: Metrics) -> Self {
        let (classes, prep) = (dataset.class_names().to_vec(), dataset.prep().clone());
        ModelFile {
            model,
            classes,
            prep,
            metrics,
            calibration: None,
            known: None,
            doubts: None,
            trusted: Vec::new(),
            views: None,
            started_from: None,
            numerics: NUMERICS,
        }
    }

    /// What the logits are divided by.
    pub fn temperature(&self) -> f64 {
        self.calibration.map_or(1.0, |calibration| calibration.temperature)
    }

    /// Writes the file atomically. Fails where [`ModelFile::check`] does.
    #[cfg(feature = "train")]
    pub fn save(&self, path: &Path) -> Result<()> {
        self.prepare(path)?.commit()
    }

    /// Writes the file beside its place; what comes back puts it there.
    #[cfg(feature = "train")]
    #[doc(hidden)]
    pub fn prepare(&self, path: &Path) -> Result<Scratch> {
        let wrap = |fault| Error::ModelFile { path: path.to_owned(), fault };
        self.check().map_err(wrap)?;
        let fields = self.fields().map_err(wrap)?;
        self.with_tensors(|tensors| container::prepare(path, self.origin(), fields, tensors))
    }

    /// The file's bytes, the same for the same contents. Fails where [`ModelFile::check`] does.
    pub fn to_bytes(&self) -> std::result::Result<Vec<u8>, FileFault> {
        self.check()?;
        let fields = self.fields()?;
        let mut bytes = Vec::new();
        self.with_tensors(|tensors| Sealed::new(self.origin(), fields, tensors).write(&mut bytes))
            .expect("writing to memory does not fail");
        Ok(bytes)
    }

    fn origin(&self) -> Origin {
        let format = self.prep.format().max(known::format(self.known.as_ref()));
        Origin { kind: KIND, format, numerics: self.numerics }
    }

    /// The header's fields.
    fn fields(&self) -> std::result::Result<BTreeMap<String, String>, FileFault> {
        let json = |value: serde_json::Result<String>, field| {
            value.map_err(|error| FileFault::Field { field, detail: error.to_string() })
        };
        let mut fields = BTreeMap::from([
            (ARCHITECTURE.to_string(), json(serde_json::to_string(self.model.architecture()), ARCHITECTURE)?),
            (CLASSES.to_string(), json(serde_json::to_string(&self.classes), CLASSES)?),
            (PREP.to_string(), json(serde_json::to_string(&self.prep), PREP)?),
            (METRICS.to_string(), json(serde_json::to_string(&self.metrics), METRICS)?),
        ]);
        if let Some(calibration) = &self.calibration {
            fields.insert(CALIBRATION.to_string(), json(serde_json::to_string(calibration), CALIBRATION)?);
        }
        if let Some(doubts) = &self.doubts {
            fields.insert(DOUBTS.to_string(), json(serde_json::to_string(doubts), DOUBTS)?);
        }
        if !self.trusted.is_empty() {
            fields.insert(TRUSTED.to_string(), json(serde_json::to_string(&self.trusted), TRUSTED)?);
        }
        if let Some(views) = &self.views {
            fields.insert(VIEWS.to_string(), json(serde_json::to_string(views), VIEWS)?);
        }
        if let Some(started_from) = &self.started_from {
            fields.insert(STARTED_FROM.to_string(), json(serde_json::to_string(started_from), STARTED_FROM)?);
        }
        if let Some(pictures) = &self.known {
            fields.insert(KNOWN.to_string(), json(known::to_json(pictures), KNOWN)?);
        }
        Ok(fields)
    }

    /// Lends the weights, and what is remembered of known pictures, under their names.
    fn with_tensors<T>(&self, take: impl FnOnce(&[TensorRef<'_>]) -> T) -> T {
        let mut tensors: Vec<TensorRef<'_>> = self
            .model
            .weights()
            .tensors
            .iter()
            .map(|tensor| (&tensor.name, &tensor.shape, Values::F32(&tensor.data)))
            .map(|(name, shape, data)| TensorRef { name: name.clone(), shape, data })
            .collect();
        let parts = self.known.as_ref().map_or(Vec::new(), known::parts);
        tensors.extend(parts.iter().map(|(name, shape, data)| TensorRef { name: (*name).into(), shape, data: *data }));
        take(&tensors)
    }

    /// Reads a model file, or the `model.safetensors` of a run folder. Refuses damaged files and unknown versions.
    pub fn load(path: &Path) -> Result<Self> {
        let path = model_path(path)?;
        let contents = container::read(&path, KIND)?;
        Self::from_contents(contents).map_err(|fault| Error::ModelFile { path, fault })
    }

    /// Reads a model file from its bytes. Refuses damaged ones and unknown versions.
    pub fn from_bytes(bytes: &[u8]) -> std::result::Result<Self, FileFault> {
        Self::from_contents(container::read_bytes(bytes, KIND)?)
    }

    fn from_contents(mut contents: Contents) -> std::result::Result<Self, FileFault> {
        let architecture: Graph = contents.field(ARCHITECTURE)?;
        let classes: Vec<String> = contents.field(CLASSES)?;
        let prep: PrepSpec = contents.field(PREP)?;
        let metrics: Metrics = contents.field(METRICS)?;
        let calibration = optional(&contents, CALIBRATION)?;
        let (doubts, trusted) = (optional(&contents, DOUBTS)?, optional(&contents, TRUSTED)?.unwrap_or_default());
        let (views, started_from) = (optional(&contents, VIEWS)?, optional(&contents, STARTED_FROM)?);
        let known = known::take(&mut contents)?;
        contents.no_rough()?;
        // The architecture says which are trained, and puts them in its order.
        let tensors = contents.tensors.into_iter().map(|(name, stored)| Tensor {
            name,
            shape: stored.shape,
            data: stored.data,
            trainable: true,
        });
        let weights = Weights { tensors: tensors.collect() };
        let model = Model::from_weights(architecture, weights).map_err(check::unfit)?;
        let numerics = contents.numerics;
        let file = ModelFile {
            model,
            classes,
            prep,
            metrics,
            calibration,
            known,
            doubts,
            trusted,
            views,
            started_from,
            numerics,
        };
        file.check()?;
        Ok(file)
    }
}

/// A field that not every file has.
fn optional<T: serde::de::DeserializeOwned>(
    contents: &Contents,
    field: &'static str,
) -> std::result::Result<Option<T>, FileFault> {
    contents.fields.contains_key(field).then(|| contents.field(field)).transpose()
}

/// The model's file: `path` itself, or the one inside of a run folder.
fn model_path(path: &Path) -> Result<PathBuf> {
    if !path.is_dir() {
        return Ok(path.to_owned());
    }
    let inside = path.join(FILE_NAME);
    match inside.try_exists() {
        Ok(false) => Err(Error::ModelFile { path: path.to_owned(), fault: FileFault::NoModel }),
        // Where the system won't say, reading will.
        Ok(true) | Err(_) => Ok(inside),
    }
}

/// `180x180x3`.
#[doc(hidden)]
pub fn shape_text((height, width, channels): (usize, usize, usize)) -> String {
    format!("{height}x{width}x{channels}")
}
