//! Inference: pictures through weights that somebody else holds.

use std::fmt;

use super::features::Features;
use super::forward::{self, Given};
use super::memory::Memory;
use super::{Compiled, Isa, Precision, compiled};
use crate::Result;
use crate::nn::engine::{Infer, Seen, Watch};
use crate::nn::steps::Use;
use crate::nn::{Model, Weights};

/// A model compiled for inference. Holds buffers, not weights.
///
/// ```
/// use umbel_predict::nn::layers::{Dense, Flatten};
/// use umbel_predict::nn::{Cpu, Infer, Model, Precision, Sequential};
/// let model = Model::new(Sequential::new((4, 4, 3)).add(Flatten).add(Dense::new(2)), 1)?;
/// let mut inference = Cpu::best().inference(&model, 1, Precision::F32)?;
/// assert_eq!(inference.infer(model.weights(), &[0.0; 48]).len(), 2);
/// # Ok::<(), umbel_predict::Error>(())
/// ```
///
/// It cannot train, which the compiler sees:
///
/// ```compile_fail,E0599
/// use umbel_predict::nn::layers::{Dense, Flatten};
/// use umbel_predict::nn::{Cpu, Model, Precision, Sequential, Train};
/// let model = Model::new(Sequential::new((4, 4, 3)).add(Flatten).add(Dense::new(2)), 1)?;
/// let mut inference = Cpu::best().inference(&model, 1, Precision::F32)?;
/// inference.update(0.1);
/// # Ok::<(), umbel_predict::Error>(())
/// ```
pub struct Inference {
    isa: Isa,
    pub(super) compiled: Compiled,
    memory: Memory,
    features: Features,
    /// The features of the latest pictures.
    seen: Vec<f32>,
}

impl Inference {
    pub(super) fn new(isa: Isa, model: &Model, batch: usize, precision: Precision) -> Result<Self> {
        let compiled = compiled(model, batch, precision, &[Use::Inference])?;
        let memory = Memory::new(compiled.sizes(), batch)?;
        let features = Features::new(&compiled.programs[0]);
        Ok(Inference { isa, compiled, memory, features, seen: Vec::new() })
    }
}

impl Infer for Inference {
    fn batch(&self) -> usize {
        self.compiled.batch
    }

    fn infer_watched(&mut self, weights: &Weights, images: &[f32], watch: &mut Watch<'_>) -> &[f32] {
        let n = self.compiled.count(weights, images);
        let program = &self.compiled.programs[0];
        if n > 0 {
            let given = Given { isa: self.isa, program, weights, images, n, key: None };
            forward::run(given, &mut self.memory, |index, arena| {
                watch(Seen::Output(index, &arena[program.steps[index].y.range(n)]));
            });
        }
        &self.memory.arena[program.output().range(n)]
    }

    fn infer_with_features(&mut self, weights: &Weights, images: &[f32]) -> (&[f32], &[f32]) {
        let n = self.compiled.count(weights, images);
        let Inference { isa, compiled, memory, features, seen } = self;
        let program = &compiled.programs[0];
        seen.resize(n * features.width(), 0.0);
        if n > 0 {
            let given = Given { isa: *isa, program, weights, images, n, key: None };
            forward::run(given, memory, |index, arena| features.take(program, index, arena, n, seen));
        }
        (&memory.arena[program.output().range(n)], seen)
    }

    fn memory_bytes(&self) -> usize {
        self.memory.bytes()
    }
}

impl fmt::Debug for Inference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inference")
            .field("isa", &self.isa)
            .field("batch", &self.compiled.batch)
            .field("memory_bytes", &self.memory_bytes())
            .field("program", &self.compiled.programs[0])
            .finish_non_exhaustive()
    }
}
