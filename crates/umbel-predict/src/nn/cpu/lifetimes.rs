//! Who reads what until when: from this every buffer gets its place.
//!
//! Time is counted in ticks: step i runs forward at i, the loss is taken at n, step i runs backward at 2n − i. A tensor
//! that several steps read has one gradient: the reader that comes first in the backward pass writes it, the others add
//! to it one after another, always in that order.

use super::arena::Request;
use crate::nn::steps::{ConvStep, DenseStep, DepthwiseStep, Facts, Merge, Op, Slot, Step, Steps, Value};

/// The requests (by their numbers) of one step.
#[derive(Debug, Default)]
pub(super) struct Asked {
    pub y: usize,
    pub extra: Option<usize>,
    pub dy: Option<usize>,
    pub scratch: Option<usize>,
    pub inputs: Vec<AskedInput>,
}

/// See [`super::program::Input`].
#[derive(Clone, Debug, Default)]
pub(super) struct AskedInput {
    pub dx: Option<usize>,
    pub sum: Option<usize>,
}

/// The steps, seen over time.
pub(super) struct Lifetimes<'a> {
    all: &'a Steps,
    steps: &'a [Step],
    facts: Vec<Facts>,
    requests: Vec<Request>,
}

impl<'a> Lifetimes<'a> {
    /// Of these steps.
    pub fn new(all: &'a Steps) -> Self {
        let facts = all.list.iter().map(Step::facts).collect();
        Lifetimes { all, steps: &all.list, facts, requests: Vec::new() }
    }

    /// Everything that has to lie somewhere, and for each step which of it is whose.
    pub fn ask(mut self) -> (Vec<Request>, Vec<Asked>) {
        let mut asked = Vec::with_capacity(self.steps.len());
        for index in 0..self.steps.len() {
            let (y, dy) = self.outputs(index);
            asked.push(Asked { y, dy, ..Asked::default() });
        }
        let mut written = vec![false; self.steps.len()];
        // In the order of the backward pass, in which the first reader of a tensor is the one that writes.
        for index in (0..self.steps.len()).rev() {
            asked[index].extra = self.extra(index);
            asked[index].scratch = self.scratch(index);
            for value in &self.steps[index].inputs {
                let mut input = AskedInput::default();
                if let Value::Step(source) = *value
                    && let Some(gradient) = asked[source].dy
                {
                    let adds = std::mem::replace(&mut written[source], true);
                    if !adds {
                        input.dx = Some(gradient);
                    } else {
                        input.sum = Some(gradient);
                        if !self.facts[index].accumulates {
                            let (tick, count) = (self.backward(index), self.steps[source].output);
                            input.dx = Some(self.request(count, 0, tick, tick));
                        }
                    }
                }
                asked[index].inputs.push(input);
            }
        }
        (self.requests, asked)
    }

    fn backward(&self, index: usize) -> usize {
        2 * self.steps.len() - index
    }

    fn request(&mut self, per_sample: usize, fixed: usize, born: usize, dies: usize) -> usize {
        self.requests.push(Request { per_sample, fixed, born, dies });
        self.requests.len() - 1
    }

    /// The output and its gradient.
    fn outputs(&mut self, index: usize) -> (usize, Option<usize>) {
        let step = &self.steps[index];
        // The loss reads the last one.
        let mut dies = if index + 1 == self.steps.len() { self.steps.len() } else { index };
        let mut first_reader = index;
        for (reader, step) in self.steps.iter().enumerate().skip(index + 1) {
            if step.inputs.contains(&Value::Step(index)) {
                first_reader = reader;
                dies = dies.max(reader);
                if step.runs_backward() && self.facts[reader].reads_inputs {
                    dies = dies.max(self.backward(reader));
                }
            }
        }
        // Nothing comes after the backward pass of step 0, which is at 2n.
        let end = if step.is_probed { self.backward(0) } else { self.backward(index) };
        if step.is_probed || step.runs_backward() && self.facts[index].reads_output {
            dies = dies.max(end);
        }
        let (count, needs_gradient) = (step.output, step.needs_gradient);
        let y = self.request(count, 0, index, dies);
        let born = if first_reader == index { self.steps.len() } else { self.backward(first_reader) };
        let dy = needs_gradient.then(|| self.request(count, 0, born, end));
        (y, dy)
    }

    /// What is kept for the way back.
    fn extra(&mut self, index: usize) -> Option<usize> {
        let (per_sample, fixed) = self.facts[index].kept;
        (per_sample + fixed > 0).then(|| self.request(per_sample, fixed, index, self.backward(index)))
    }

    /// What the backward pass of a step needs beside its inputs and outputs. Some kernels write a gradient whether or not it
    /// is wanted: batch norm that of its input, gates those of both inputs, a convolution and a dense layer that of frozen
    /// weights.
    fn scratch(&mut self, index: usize) -> Option<usize> {
        let step = &self.steps[index];
        if !step.runs_backward() {
            return None;
        }
        let tick = self.backward(index);
        let wants = |value: &Value| self.all.wants_gradient(*value);
        let frozen = |kernel: &Slot, weights: usize, bias: &Option<Slot>, biases: usize| {
            let weights = kernel.gradient.map_or(weights, |_| 0);
            weights + bias.filter(|bias| bias.gradient.is_none()).map_or(0, |_| biases)
        };
        let (per_sample, fixed) = match &step.op {
            Op::Merge(Merge::ScaleChannels { .. }) => {
                let unwanted = step.inputs.iter().find(|value| !wants(value));
                (unwanted.map_or(0, |value| self.all.count(*value)), 0)
            }
            // The factors that the gradient is multiplied by.
            Op::Normalize(norm) => (0, norm.channels),
            Op::BatchNorm { .. } if !step.inputs.iter().any(wants) => (step.output, 0),
            Op::Conv2d(conv @ ConvStep { kernel, bias, channels_out, .. }) => {
                (0, frozen(kernel, conv.kernel_len(), bias, *channels_out))
            }
            Op::Depthwise(conv @ DepthwiseStep { kernel, bias, channels, .. }) => {
                (0, frozen(kernel, conv.kernel_len(), bias, *channels))
            }
            Op::Dense(DenseStep { inputs, kernel, bias, .. }) => {
                (0, frozen(kernel, inputs * step.output, bias, step.output))
            }
            Op::LayerNorm(norm) => {
                let unwanted = if step.inputs.iter().any(wants) { 0 } else { step.output };
                (unwanted, frozen(&norm.gamma, norm.channels, &Some(norm.beta), norm.channels))
            }
            Op::Rescale { .. }
            | Op::Pad(_)
            | Op::MaxPool(_)
            | Op::AveragePool(_)
            | Op::GlobalAverage { .. }
            | Op::BatchNorm { .. }
            | Op::Activation { .. }
            | Op::Dropout { .. }
            | Op::StochasticDepth { .. }
            | Op::Merge(Merge::Add { .. } | Merge::Multiply | Merge::Concatenate { .. }) => (0, 0),
        };
        (per_sample + fixed > 0).then(|| self.request(per_sample, fixed, tick, tick))
    }
}
