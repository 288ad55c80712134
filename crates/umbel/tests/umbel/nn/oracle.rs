//! A second engine, written against public items alone: the scalar oracles in `f64`, one list of values for each step's output
//! and gradient, no arena and nothing folded. Slow and obvious, so that other engines can be held to it step by step.

mod backward;
mod convolution;
mod forward;
mod infer;
mod kinks;
mod network;
mod probe;
mod train;
mod update;

use umbel::PredictError;
use umbel::nn::{Computed, Engine, Infer, Model, Precision, Probe, Train, TrainingEngine, Updates};

use self::infer::Inferring;
pub use self::kinks::Kinks;
use self::network::Network;
use self::probe::Probing;
use self::train::Training;

type Result<T> = std::result::Result<T, PredictError>;

/// Computes in `f64`, whatever is asked for, and says so; hands out `f32`.
#[derive(Clone, Debug, Default)]
pub struct Oracle {
    /// What its passes with a way back came near to.
    pub kinks: Kinks,
}

impl Engine for Oracle {
    /// `bf16` is no more than a wish here.
    fn computes(&self, _: Precision) -> Computed {
        Computed { device: "the scalar oracles in f64".into(), precision: Precision::F32 }
    }

    fn fastest_precision(&self) -> Precision {
        Precision::F32
    }

    fn infer(&self, model: &Model, batch: usize, _: Precision) -> Result<Box<dyn Infer>> {
        Ok(Box::new(Inferring::new(Network::new(model.architecture(), batch)?, self.kinks.clone())))
    }

    fn probe(&self, model: &Model, layer: Option<&str>) -> Result<Box<dyn Probe>> {
        Ok(Box::new(Probing::new(model.architecture(), layer, self.kinks.clone())?))
    }
}

impl TrainingEngine for Oracle {
    fn train(&self, model: Model, batch: usize, updates: &Updates) -> Result<Box<dyn Train>> {
        Ok(Box::new(Training::new(model, batch, updates.clone(), self.kinks.clone())?))
    }

    fn foreseen_bytes(&self, model: &Model, batch: usize) -> Result<u128> {
        let network = Network::new(model.architecture(), batch)?;
        Ok(network.bytes(&network.training))
    }

    fn foreseen_inference_bytes(&self, model: &Model, batch: usize) -> Result<u128> {
        let network = Network::new(model.architecture(), batch)?;
        Ok(network.bytes(&network.inference))
    }
}

fn widen(values: &[f32]) -> Vec<f64> {
    values.iter().copied().map(f64::from).collect()
}

fn narrow(values: &[f64]) -> Vec<f32> {
    values.iter().map(|&value| value as f32).collect()
}
