//! The CPU engine: steps compiled for one batch size over one arena, run by the kernels. Running allocates nothing.
//!
//! From the bottom up: `shapes` (steps in the kernels' words), `needs`, `lifetimes` and `program` (every step's output and gradient get
//! a place in the arena), `prepared` (weights as the kernels read them), `memory` (the buffers), `merge`, `forward` and
//! `backward` (the walk over the steps), and what is made of them: `inference`, `probe` and, with the feature `train`,
//! `training`. The only module that names the kernels.

mod arena;
mod backward;
mod engine;
mod features;
mod forward;
#[cfg(feature = "train")]
mod gradients;
mod inference;
mod lifetimes;
mod memory;
mod merge;
mod needs;
#[cfg(feature = "train")]
mod optimizer;
mod prepared;
mod probe;
#[cfg(feature = "train")]
mod profile;
mod program;
mod rows;
mod shapes;
#[cfg(feature = "train")]
mod training;

pub use self::engine::Cpu;
pub use self::inference::Inference;
#[cfg(feature = "train")]
pub use self::{
    gradients::{blend, clip_global_norm},
    optimizer::Optimizer,
    profile::{Lap, Peak, Phase, Profile},
    training::Training,
};
#[cfg(feature = "train")]
pub use umbel_kernels::loss::{LossSum, categorical_crossentropy, softmax, sparse_categorical_crossentropy};
pub use umbel_kernels::{Isa, Precision};

use self::memory::Sizes;
use self::program::Program;
use super::steps::{Layout, Steps, Use};
use super::weights::TensorSpec;
use super::{Model, Weights};
use crate::base::threads;
use crate::{Error, Result};

/// A model lowered and placed, without buffers.
struct Compiled {
    specs: Vec<TensorSpec>,
    programs: Vec<Program>,
    /// Values of one picture.
    input: usize,
    classes: usize,
    /// The largest batch.
    batch: usize,
}

/// Places a model's steps for each of these uses.
fn compiled(model: &Model, batch: usize, precision: Precision, uses: &[Use]) -> Result<Compiled> {
    if batch == 0 {
        return Err(Error::Setting { setting: "batch".into(), value: "0".into(), expected: "1 or more".into() });
    }
    threads::ready()?;
    let architecture = model.architecture();
    let layers = architecture.resolve()?;
    let (height, width, channels) = architecture.input();
    let (input, specs) = (height * width * channels, TensorSpec::of(architecture)?);
    let program = |usage: &Use| {
        let steps = Steps::of(input, &layers, *usage);
        let layout = if *usage == Use::Training { Layout::of(architecture, &steps)? } else { Layout::default() };
        Ok(Program::new(steps, layout, precision, batch))
    };
    let programs = uses.iter().map(program).collect::<Result<_>>()?;
    Ok(Compiled { programs, specs, input, classes: architecture.classes()?, batch })
}

impl Compiled {
    fn sizes(&self) -> Sizes {
        Sizes::of(&self.programs)
    }

    /// How many pictures came, checked.
    fn count(&self, weights: &Weights, images: &[f32]) -> usize {
        assert!(self.fits(weights), "the weights are not those of the model that the engine was made ready for");
        let n = images.len() / self.input;
        assert!(
            n * self.input == images.len() && n <= self.batch,
            "{} values are no whole number of pictures of {} values, up to {}",
            images.len(),
            self.input,
            self.batch
        );
        n
    }

    fn fits(&self, weights: &Weights) -> bool {
        self.specs.len() == weights.tensors.len()
            && self.specs.iter().zip(&weights.tensors).all(|(spec, tensor)| {
                spec.trainable == tensor.trainable
                    && spec.shape == tensor.shape
                    && spec.shape.iter().product::<usize>() == tensor.data.len()
            })
    }
}
