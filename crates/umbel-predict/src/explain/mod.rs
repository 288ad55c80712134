//! Model file + photo → where the model looked: Grad-CAM and Layer-CAM, from the engine's own gradients. For any model with
//! a convolution.

mod colors;
mod heatmap;

use std::sync::Arc;

pub use image::RgbImage;

pub use colors::viridis;
pub use heatmap::Heatmap;

use crate::base::choice::choices;
use crate::base::pool::Pool;
use crate::base::threads;
use crate::metrics::softmax;
use crate::model_file::ModelFile;
use crate::nn::{Cpu, Engine, Model, Probe, Probed};
use crate::prepare::PrepSpec;
use crate::{Error, Result};

/// How a map is made from a layer's output and the gradient of a class's logit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// Each channel weighs as much as its gradient's mean over the picture (Selvaraju et al., 2017).
    GradCam,
    /// Each value weighs as much as its own gradient, where that is positive (Jiang et al., 2021). Finer: it tells places
    /// apart that the layers behind treat differently, and works on early layers, too.
    #[default]
    LayerCam,
}

choices! { Method: LayerCam = "layer-cam", GradCam = "grad-cam" }

/// What to look at; by default, the last convolution by Layer-CAM.
#[derive(Clone, Debug, Default, PartialEq)]
#[allow(missing_docs)]
pub struct ExplainOptions {
    pub method: Method,
    /// The layer's name, as the model's summary shows it; `None`: the last convolution, with the batch normalization, the residual
    /// sum and the activation behind it. Where 2 x 2 max-pooling follows, the pooled output is taken: the engine computes them
    /// as one.
    pub layer: Option<String>,
}

/// A model, ready to explain its answers. Threads may share one, as they may a
/// [`Predictor`](crate::predict::Predictor).
#[derive(Debug)]
pub struct Explainer {
    engine: Arc<dyn Engine>,
    model: Model,
    classes: Vec<String>,
    prep: PrepSpec,
    temperature: f64,
    method: Method,
    /// The layer that is looked at.
    layer: String,
    probes: Pool<Box<dyn Probe>>,
}

impl Explainer {
    /// Looks as [`ExplainOptions::default`] says.
    ///
    /// # Errors
    /// Those of [`Explainer::with_options`].
    pub fn open(file: &ModelFile) -> Result<Self> {
        Self::with_options(file, &ExplainOptions::default())
    }

    /// Looks as asked, on this machine's CPU.
    ///
    /// # Errors
    /// Those of [`Explainer::on`].
    pub fn with_options(file: &ModelFile, options: &ExplainOptions) -> Result<Self> {
        Self::on(Arc::new(Cpu::best()), file, options)
    }

    /// Looks as asked, by this engine.
    ///
    /// # Errors
    /// [`Error::Setting`] where the model has no convolution, or no such layer; [`Error::Model`] where the parts of `file` do not fit
    /// each other; [`Error::OutOfMemory`].
    pub fn on(engine: Arc<dyn Engine>, file: &ModelFile, options: &ExplainOptions) -> Result<Self> {
        file.check().map_err(Error::Model)?;
        threads::ready()?;
        let probe = engine.probe(&file.model, options.layer.as_deref())?;
        Ok(Explainer {
            engine,
            layer: probe.layer().to_string(),
            probes: Pool::new(probe),
            model: file.model.clone(),
            classes: file.classes.clone(),
            prep: file.prep.clone(),
            temperature: file.temperature(),
            method: options.method,
        })
    }

    /// The class names.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// How photos are decoded and prepared.
    pub fn prep(&self) -> &PrepSpec {
        &self.prep
    }

    /// The name of the layer that is looked at.
    pub fn layer(&self) -> &str {
        &self.layer
    }

    /// The probability of each class, calibrated, as `predict` gives it.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`] where another thread is at work and there is no memory for a second one, [`Error::NoAnswer`] where the
    /// model gives no finite numbers.
    pub fn probabilities(&self, photo: &RgbImage) -> Result<Vec<f64>> {
        let image = self.prepare(photo);
        let logits = self.look(|probe| probe.logits(self.model.weights(), &image))?;
        let probabilities = softmax(self.classes.len(), &logits, self.temperature);
        if probabilities.iter().any(|p| !p.is_finite()) {
            return Err(Error::NoAnswer { photo: None });
        }
        Ok(probabilities)
    }

    /// Where in the (decoded, upright) photo the model saw what speaks for a class, by the class's position among
    /// [`Explainer::classes`].
    ///
    /// # Errors
    /// [`Error::Setting`] where there is no such class, and those of [`Explainer::probabilities`].
    pub fn explain(&self, photo: &RgbImage, class: usize) -> Result<Heatmap> {
        if class >= self.classes.len() {
            return Err(Error::Setting {
                setting: "the class".into(),
                value: class.to_string(),
                expected: format!("below {}, the number of classes", self.classes.len()),
            });
        }
        let image = self.prepare(photo);
        let probed = self.look(|probe| probe.run(self.model.weights(), &image, class))?;
        let values = match self.method {
            Method::GradCam => grad_cam(&probed),
            Method::LayerCam => layer_cam(&probed),
        };
        let (height, width, _) = probed.shape;
        Ok(Heatmap::new(height, width, values, self.prep.resize))
    }

    fn look<T>(&self, work: impl FnOnce(&mut dyn Probe) -> T) -> Result<T> {
        self.probes.lend(|| self.engine.probe(&self.model, Some(&self.layer)), |probe| work(&mut **probe))
    }

    fn prepare(&self, photo: &RgbImage) -> Vec<f32> {
        self.prep.apply(photo).into_iter().map(f32::from).collect()
    }
}

/// The positive part of the channels' sum, each weighted by its mean gradient.
fn grad_cam(probed: &Probed) -> Vec<f32> {
    let (height, width, channels) = probed.shape;
    let mut weights = vec![0.0f64; channels];
    for pixel in probed.gradient.chunks_exact(channels) {
        weights.iter_mut().zip(pixel).for_each(|(weight, gradient)| *weight += f64::from(*gradient));
    }
    weights.iter_mut().for_each(|weight| *weight /= (height * width) as f64);
    let value = |pixel: &[f32]| {
        let sum: f64 = pixel.iter().zip(&weights).map(|(value, weight)| f64::from(*value) * weight).sum();
        sum.max(0.0) as f32
    };
    probed.activation.chunks_exact(channels).map(value).collect()
}

/// The positive part of the channels' sum, each value weighted by the positive part of its own gradient.
fn layer_cam(probed: &Probed) -> Vec<f32> {
    let channels = probed.shape.2;
    let pixels = probed.activation.chunks_exact(channels).zip(probed.gradient.chunks_exact(channels));
    let value = |(values, gradients): (&[f32], &[f32])| {
        let products = values.iter().zip(gradients).map(|(value, gradient)| f64::from(value * gradient.max(0.0)));
        products.sum::<f64>().max(0.0) as f32
    };
    pixels.map(value).collect()
}
