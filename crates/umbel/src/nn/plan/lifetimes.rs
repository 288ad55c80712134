//! Who reads what until when: from this every buffer gets its place.
//!
//! Time is counted in ticks: step i runs forward at i, the loss is taken at n, step i runs backward at 2n − i. A tensor
//! that several steps read has one gradient: the reader that comes first in the backward pass writes it, the others add
//! to it one after another, always in that order.

use super::arena::Request;
use super::program::{depthwise_len, kernel_len};
use super::step::{ConvStep, DenseStep, DepthwiseStep, Op, Slot, Step, Value};

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
    images: usize,
    steps: &'a [Step],
    requests: Vec<Request>,
}

impl<'a> Lifetimes<'a> {
    /// For images of so many values.
    pub fn new(images: usize, steps: &'a [Step]) -> Self {
        Lifetimes { images, steps, requests: Vec::new() }
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
                        if !self.steps[index].op.accumulates() {
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
                if step.runs_backward() && step.op.backward_needs().0 {
                    dies = dies.max(self.backward(reader));
                }
            }
        }
        // Nothing comes after the backward pass of step 0, which is at 2n.
        let end = if step.is_probed { self.backward(0) } else { self.backward(index) };
        if step.is_probed || step.runs_backward() && step.op.backward_needs().1 {
            dies = dies.max(end);
        }
        let (count, needs_gradient) = (step.output, step.needs_gradient);
        let y = self.request(count, 0, index, dies);
        let born = if first_reader == index { self.steps.len() } else { self.backward(first_reader) };
        let dy = needs_gradient.then(|| self.request(count, 0, born, end));
        (y, dy)
    }

    fn extra(&mut self, index: usize) -> Option<usize> {
        match &self.steps[index].op {
            Op::BatchNorm { norm, .. } => {
                let (fixed, dies) = (2 * norm.channels, self.backward(index));
                Some(self.request(0, fixed, index, dies))
            }
            // Each sample's factor.
            Op::StochasticDepth { .. } => {
                let dies = self.backward(index);
                Some(self.request(1, 0, index, dies))
            }
            _ => None,
        }
    }

    /// What the backward pass of a step needs beside its inputs and outputs. Some kernels write a gradient whether or not it
    /// is wanted: batch norm that of its input, gates those of both inputs, a convolution and a dense layer that of frozen
    /// weights.
    fn scratch(&mut self, index: usize) -> Option<usize> {
        let step = &self.steps[index];
        if !step.runs_backward() {
            return None;
        }
        let wants_dx = |step: &Step| step.inputs.iter().any(|value| self.wants_gradient(*value));
        let tick = self.backward(index);
        let frozen = |kernel: &Slot, weights: usize, bias: &Option<Slot>, biases: usize| {
            let weights = kernel.gradient.map_or(weights, |_| 0);
            weights + bias.filter(|bias| bias.gradient.is_none()).map_or(0, |_| biases)
        };
        if let (Op::ScaleChannels { .. }, [x, gates]) = (&step.op, step.inputs.as_slice()) {
            let unwanted = [x, gates].into_iter().find(|value| !self.wants_gradient(**value))?;
            let count = self.count(*unwanted);
            return Some(self.request(count, 0, tick, tick));
        }
        let values = match &step.op {
            // The factors that the gradient is multiplied by.
            Op::Normalize(norm) => norm.channels,
            Op::BatchNorm { .. } if !wants_dx(step) => return Some(self.request(step.output, 0, tick, tick)),
            Op::Conv2d(conv @ ConvStep { shape, kernel, bias, .. }) => {
                frozen(kernel, kernel_len(conv), bias, shape.channels_out)
            }
            Op::Depthwise(DepthwiseStep { shape, kernel, bias, .. }) => {
                frozen(kernel, depthwise_len(shape), bias, shape.channels)
            }
            Op::Dense(DenseStep { inputs, kernel, bias, .. }) => {
                frozen(kernel, inputs * step.output, bias, step.output)
            }
            _ => 0,
        };
        (values > 0).then(|| self.request(0, values, tick, tick))
    }

    /// Values of one sample.
    fn count(&self, value: Value) -> usize {
        match value {
            Value::Images => self.images,
            Value::Step(step) => self.steps[step].output,
        }
    }

    fn wants_gradient(&self, value: Value) -> bool {
        matches!(value, Value::Step(step) if self.steps[step].needs_gradient)
    }
}
