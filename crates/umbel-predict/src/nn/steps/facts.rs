//! What each step needs, in one place: whoever adds an operation answers here, and the compiler asks.

use super::step::{ConvStep, DenseStep, DepthwiseStep, Merge, NormStep, Op, Slot, Step};
use crate::nn::layers::Activation;

/// What a step needs beside its inputs, its output and their gradients.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The weights that it reads, trained or not (moving statistics, and the batch norm that went into a convolution, aside).
    pub weights: Vec<Slot>,
    /// Batch norm's moving statistics that it reads, or moves as it runs forward in training.
    pub statistics: Vec<usize>,
    /// Whether it moves them.
    pub moves: bool,
    /// Whether the way back reads the inputs again.
    pub reads_inputs: bool,
    /// Whether the way back reads the output again.
    pub reads_output: bool,
    /// Values kept for the way back, for each sample and for all together.
    pub kept: (usize, usize),
    /// Choices (which pixel won each maximum) kept for the way back, for each sample.
    pub choices: usize,
    /// Whether the way back can add to a gradient that is there, so that its own needs no room.
    pub accumulates: bool,
}

impl Facts {
    /// Whether it has weights of its own to train.
    pub fn is_trained(&self) -> bool {
        self.weights.iter().any(|slot| slot.gradient.is_some())
    }
}

impl Step {
    /// See [`Facts`].
    pub fn facts(&self) -> Facts {
        self.op.facts(self.output)
    }
}

impl Op {
    /// The same of a step that gives so many values for each sample.
    pub fn facts(&self, output: usize) -> Facts {
        let none = Facts::default();
        let nonlinear = |activation: Activation| activation != Activation::Linear;
        match self {
            Op::Rescale { .. } | Op::Pad(_) | Op::AveragePool(_) | Op::GlobalAverage { .. } | Op::Dropout { .. } => {
                none
            }
            Op::MaxPool(_) => Facts { choices: output, ..none },
            Op::Conv2d(ConvStep { kernel, bias, activation, pool, .. }) => Facts {
                weights: weights(kernel, bias),
                reads_inputs: true,
                reads_output: !pool && nonlinear(*activation),
                choices: if *pool { output } else { 0 },
                ..none
            },
            Op::Depthwise(DepthwiseStep { kernel, bias, activation, .. }) => Facts {
                weights: weights(kernel, bias),
                reads_inputs: true,
                reads_output: nonlinear(*activation),
                ..none
            },
            Op::Dense(DenseStep { kernel, bias, activation, .. }) => Facts {
                weights: weights(kernel, bias),
                reads_inputs: true,
                reads_output: nonlinear(*activation),
                ..none
            },
            Op::BatchNorm { norm, .. } => Facts {
                weights: vec![norm.gamma, norm.beta],
                statistics: vec![norm.moving_mean, norm.moving_variance],
                moves: true,
                reads_inputs: true,
                // Mean and deviation of the batch.
                kept: (0, 2 * norm.channels),
                ..none
            },
            Op::LayerNorm(norm) => Facts { weights: vec![norm.gamma, norm.beta], reads_inputs: true, ..none },
            Op::Normalize(norm) => Facts {
                weights: vec![norm.gamma, norm.beta],
                statistics: vec![norm.moving_mean, norm.moving_variance],
                ..none
            },
            Op::Activation { activation, .. } => {
                let reads_output = activation.is_told_from_output();
                Facts { reads_inputs: !reads_output, reads_output, ..none }
            }
            // Each sample's factor.
            Op::StochasticDepth { .. } => Facts { kept: (1, 0), ..none },
            Op::Merge(Merge::Add { activation }) => {
                Facts { reads_output: nonlinear(*activation), accumulates: !nonlinear(*activation), ..none }
            }
            Op::Merge(Merge::Multiply | Merge::ScaleChannels { .. }) => Facts { reads_inputs: true, ..none },
            Op::Merge(Merge::Concatenate { .. }) => Facts { accumulates: true, ..none },
        }
    }
}

/// What a step takes in so that the next one can go. Whatever is not named here takes nothing in, which is always right.
impl Op {
    /// The activation that it applies to its output, if it can apply one.
    pub(super) fn activation(&mut self) -> Option<&mut Activation> {
        // After a maximum it would have been applied to what the maximum was taken of.
        let (Op::Conv2d(ConvStep { activation, pool: false, .. })
        | Op::Depthwise(DepthwiseStep { activation, .. })
        | Op::Dense(DenseStep { activation, .. })
        | Op::BatchNorm { activation, .. }
        | Op::Merge(Merge::Add { activation })) = self
        else {
            return None;
        };
        Some(activation)
    }

    /// The place for a batch norm with moving statistics that goes into it, if it has one.
    pub(super) fn folded(&mut self) -> Option<&mut Option<NormStep>> {
        // What comes after an activation or a maximum does not go in before it.
        let (Op::Conv2d(ConvStep { activation: Activation::Linear, pool: false, folded, .. })
        | Op::Depthwise(DepthwiseStep { activation: Activation::Linear, folded, .. })) = self
        else {
            return None;
        };
        Some(folded)
    }
}

fn weights(kernel: &Slot, bias: &Option<Slot>) -> Vec<Slot> {
    [*kernel].into_iter().chain(*bias).collect()
}
