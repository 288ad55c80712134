//! Weights as the kernels read them: the batch norm behind a convolution folded into it, and kernels packed.
//!
//! Inference makes them once and keeps them for as long as the weights have the same stamp; a training step makes its own
//! each time, since the last one has changed them.

use umbel_kernels::{Isa, conv2d};

use super::arena::Arena;
use super::program::{PlacedStep, Program};
use super::{rows, shapes};
use crate::nn::Weights;
use crate::nn::steps::{ConvStep, DepthwiseStep, NormStep, Op, Slot};
use crate::nn::weights::Stamp;

/// What both programs of a plan make of the weights; they never need theirs at the same time.
pub(super) struct Prepared {
    arena: Arena,
    /// The weights that inference's part was made of, while it is there.
    of: Option<Stamp>,
}

/// One convolution's kernel and bias.
pub(super) struct Kernel<'a> {
    pub weights: &'a [f32],
    /// Whether they are packed, see [`conv2d::pack`].
    pub packed: bool,
    pub bias: Option<&'a [f32]>,
    /// What each output channel was multiplied by, where a batch norm went in.
    pub factors: Option<&'a [f32]>,
}

impl Prepared {
    /// Room for so many values; `None` where the memory cannot be had.
    pub fn new(len: usize) -> Option<Self> {
        Some(Prepared { arena: Arena::new(len)?, of: None })
    }

    /// Values that there is room for.
    pub fn len(&self) -> usize {
        self.arena.len()
    }

    /// For inference: does nothing where it was done for these weights.
    pub fn keep(&mut self, isa: Isa, program: &Program, weights: &Weights) {
        let stamp = weights.tensors.stamp();
        if self.of.as_ref() != Some(&stamp) {
            self.make(isa, program, weights);
            self.of = Some(stamp);
        }
    }

    /// For one training step.
    pub fn renew(&mut self, isa: Isa, program: &Program, weights: &Weights) {
        self.of = None;
        self.make(isa, program, weights);
    }

    fn make(&mut self, isa: Isa, program: &Program, weights: &Weights) {
        for step in program.steps.iter().filter(|step| step.prepared.fixed > 0) {
            let to = &mut self.arena.all()[step.prepared.range(0)];
            match &step.op {
                Op::Conv2d(conv @ ConvStep { kernel, bias, folded, .. }) => {
                    let (factors, to) = fold(weights, *bias, folded.as_ref(), to);
                    let kernel = &weights.tensors[kernel.tensor].data;
                    match factors {
                        factors if step.packed => conv2d::pack(isa, &shapes::conv2d(conv, 0), kernel, factors, to),
                        Some(factors) => rows::scale(factors, kernel, to),
                        None => unreachable!("what is neither folded nor packed has no place"),
                    }
                }
                Op::Depthwise(DepthwiseStep { kernel, bias, folded, .. }) => {
                    if let (Some(factors), to) = fold(weights, *bias, folded.as_ref(), to) {
                        rows::scale(factors, &weights.tensors[kernel.tensor].data, to);
                    }
                }
                other => unreachable!("nothing is prepared for {other:?}"),
            }
        }
    }

    /// A convolution's kernel and bias: what was prepared of them, or the weights themselves.
    pub fn conv2d<'a>(&'a self, step: &PlacedStep, conv: &ConvStep, weights: &'a Weights) -> Kernel<'a> {
        self.kernel(step, (conv.kernel, conv.bias), conv.folded.as_ref(), weights)
    }

    /// The same of a depthwise one.
    pub fn depthwise<'a>(&'a self, step: &PlacedStep, conv: &DepthwiseStep, weights: &'a Weights) -> Kernel<'a> {
        self.kernel(step, (conv.kernel, conv.bias), conv.folded.as_ref(), weights)
    }

    fn kernel<'a>(
        &'a self,
        step: &PlacedStep,
        (kernel, bias): (Slot, Option<Slot>),
        norm: Option<&NormStep>,
        weights: &'a Weights,
    ) -> Kernel<'a> {
        let bias = bias.map(|bias| weights.tensors[bias.tensor].data.as_slice());
        let (prepared, packed) = (&self.arena[step.prepared.range(0)], step.packed);
        match norm {
            None if prepared.is_empty() => {
                Kernel { weights: &weights.tensors[kernel.tensor].data, packed: false, bias, factors: None }
            }
            None => Kernel { weights: prepared, packed, bias, factors: None },
            Some(norm) => {
                let (factors, rest) = prepared.split_at(norm.channels);
                let (bias, kernel) = rest.split_at(norm.channels);
                Kernel { weights: kernel, packed, bias: Some(bias), factors: Some(factors) }
            }
        }
    }
}

/// Puts a batch norm with moving statistics into the bias of the convolution before it, and tells the factor of each of
/// its output channels; both lie at the start of `to`, of which the rest comes back.
fn fold<'a>(
    weights: &Weights,
    bias: Option<Slot>,
    norm: Option<&NormStep>,
    to: &'a mut [f32],
) -> (Option<&'a [f32]>, &'a mut [f32]) {
    let Some(norm) = norm else { return (None, to) };
    let (factors, rest) = to.split_at_mut(norm.channels);
    let (folded_bias, rest) = rest.split_at_mut(norm.channels);
    let data = |tensor: usize| weights.tensors[tensor].data.as_slice();
    let bias = bias.map(|bias| data(bias.tensor));
    let (gamma, beta) = (data(norm.gamma.tensor), data(norm.beta.tensor));
    let (mean, variance) = (data(norm.moving_mean), data(norm.moving_variance));
    for (channel, (folded, factor)) in folded_bias.iter_mut().zip(&mut *factors).enumerate() {
        *factor = gamma[channel] / (variance[channel] + norm.epsilon).sqrt();
        let bias = bias.map_or(0.0, |bias| bias[channel]);
        *folded = (bias - mean[channel]) * *factor + beta[channel];
    }
    (Some(factors), rest)
}
