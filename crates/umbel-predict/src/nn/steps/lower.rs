//! Layers to steps.

use super::step::{
    ConvStep, DenseStep, DepthwiseStep, LayerNormStep, Merge, NormStep, Op, PadStep, PoolStep, Sliding, Slot, Step,
    Value,
};
use super::{Steps, Use};
use crate::nn::graph::{ResolvedLayer, Source};
use crate::nn::layers::{
    Activation, Conv2d, Dense, DepthwiseConv2d, Layer, Padding, Parameter, SeparableConv2d, Shape, windows,
};

/// Lowers a checked graph for images of so many values.
pub(super) fn lower(images: usize, layers: &[ResolvedLayer<'_>], usage: Use) -> Steps {
    let mut readers = vec![0; layers.len()];
    for source in layers.iter().flat_map(|layer| layer.sources) {
        if let Source::Layer(index) = source {
            readers[*index] += 1;
        }
    }
    let list = Vec::new();
    let mut lowering = Lowering {
        steps: Steps { list, values: Vec::with_capacity(layers.len()), images, usage },
        shared: Vec::new(),
        tensors: 0,
        gradients: 0,
    };
    for (index, layer) in layers.iter().enumerate() {
        let value = lowering.layer(index, layer);
        lowering.steps.values.push(value);
        if let (Value::Step(step), true) = (value, readers[index] > 1) {
            lowering.shared[step] = true;
        }
    }
    if lowering.steps.list.is_empty() {
        // Nothing to compute; the output still has to come to lie somewhere.
        lowering.push(Op::Rescale { scale: vec![1.0], offset: vec![0.0] }, vec![Value::Images], images);
    }
    lowering.steps
}

/// The steps so far, and what is known of them.
pub(super) struct Lowering {
    pub steps: Steps,
    /// Whether a step's output has several readers: nothing may be fused into it then.
    shared: Vec<bool>,
    /// Weights seen so far, and those of them that are trained.
    tensors: usize,
    gradients: usize,
}

impl Lowering {
    pub fn push(&mut self, op: Op, inputs: Vec<Value>, output: usize) -> Value {
        let below = inputs.iter().any(|&value| self.steps.wants_gradient(value));
        let mut step = Step { op, inputs, output, needs_gradient: false, is_probed: false };
        step.needs_gradient = match self.steps.usage {
            Use::Inference => false,
            Use::Training => below || step.facts().is_trained(),
            // Of all of them until it is known which one is looked at, so that nothing depends on which it is.
            Use::Probing => true,
        };
        self.steps.list.push(step);
        self.shared.push(false);
        Value::Step(self.steps.list.len() - 1)
    }

    /// The step that gives this value, where nothing else reads it.
    pub fn own_step(&mut self, value: Value) -> Option<&mut Step> {
        match value {
            Value::Step(step) if !self.shared[step] => Some(&mut self.steps.list[step]),
            Value::Step(_) | Value::Images => None,
        }
    }

    /// Adds what a layer needs; gives what its output is.
    fn layer(&mut self, index: usize, resolved: &ResolvedLayer<'_>) -> Value {
        let inputs: Vec<Value> = resolved.sources.iter().map(|source| self.value(*source)).collect();
        let (input, output) = (inputs[0], resolved.output.count());
        let slots: Vec<Slot> = resolved.parameters.iter().map(|p| self.slot(p)).collect();
        let row = resolved.output.channels();
        let trains = self.steps.usage == Use::Training;
        match resolved.layer {
            Layer::Augment(_) | Layer::Flatten(_) => input,
            Layer::Rescaling(layer) => {
                let op = Op::Rescale { scale: vec![layer.scale], offset: vec![layer.offset] };
                self.push(op, inputs, output)
            }
            Layer::Normalization(layer) => {
                let (scale, offset) = layer.scale_and_offset();
                self.push(Op::Rescale { scale, offset }, inputs, output)
            }
            Layer::Conv2d(layer) => self.conv2d(layer, resolved, &slots, input),
            Layer::DepthwiseConv2d(layer) => self.depthwise(layer, resolved, &slots, input),
            Layer::SeparableConv2d(layer) => self.separable(layer, resolved, &slots, input),
            Layer::Dense(layer) => self.dense(layer, resolved, &slots, input),
            Layer::ZeroPadding2d(layer) => {
                let (height, width, channels) = picture(resolved.input);
                let ((above, _), (left, right)) = layer.padding;
                let (row, out_row) = (width * channels, (left + width + right) * channels);
                let pad = PadStep { height, row, out_row, above, left: left * channels };
                self.push(Op::Pad(pad), inputs, output)
            }
            Layer::MaxPool2d(layer) => self.max_pool(layer, resolved, input),
            Layer::AvgPool2d(layer) => {
                let pool = pooling(resolved, layer.pool, layer.effective_stride(), layer.padding);
                self.push(Op::AveragePool(pool), inputs, output)
            }
            Layer::GlobalAvgPool2d(_) => {
                let pixels = resolved.input.count() / output;
                self.push(Op::GlobalAverage { pixels, channels: output }, inputs, output)
            }
            Layer::BatchNorm(layer) => {
                let norm = NormStep {
                    channels: row,
                    epsilon: layer.epsilon,
                    gamma: slots[0],
                    beta: slots[1],
                    moving_mean: slots[2].tensor,
                    moving_variance: slots[3].tensor,
                };
                if trains && resolved.trainable {
                    let (momentum, activation) = (layer.momentum, Activation::Linear);
                    return self.push(Op::BatchNorm { norm, momentum, activation }, inputs, output);
                }
                self.normalize(norm, input, output)
            }
            Layer::LayerNorm(layer) => {
                let (gamma, beta) = (slots[0], slots[1]);
                let norm = LayerNormStep { channels: row, epsilon: layer.epsilon, gamma, beta };
                self.push(Op::LayerNorm(norm), inputs, output)
            }
            Layer::Activation(layer) => self.activation(layer.activation, row, output, input),
            Layer::Dropout(layer) if trains && layer.rate > 0.0 => {
                self.push(Op::Dropout { rate: layer.rate, layer: index as u64 }, inputs, output)
            }
            Layer::StochasticDepth(layer) if trains && layer.rate > 0.0 => {
                self.push(Op::StochasticDepth { rate: layer.rate, layer: index as u64 }, inputs, output)
            }
            Layer::Dropout(_) | Layer::StochasticDepth(_) => input,
            Layer::Add(_) => self.push(Op::Merge(Merge::Add { activation: Activation::Linear }), inputs, output),
            Layer::Multiply(_) => {
                let factor = self.steps.count(inputs[1]);
                let merge = if factor == output {
                    Merge::Multiply
                } else {
                    Merge::ScaleChannels { pixels: output / factor, channels: factor }
                };
                self.push(Op::Merge(merge), inputs, output)
            }
            Layer::Concatenate(_) => {
                let rows = output / row;
                let channels = inputs.iter().map(|&input| self.steps.count(input) / rows).collect();
                self.push(Op::Merge(Merge::Concatenate { rows, channels }), inputs, output)
            }
        }
    }

    fn value(&self, source: Source) -> Value {
        match source {
            Source::Input => Value::Images,
            Source::Layer(layer) => self.steps.values[layer],
        }
    }

    /// Counts a weight.
    fn slot(&mut self, parameter: &Parameter) -> Slot {
        // To look at a layer, everything is frozen.
        let trains = parameter.trainable && self.steps.usage != Use::Probing;
        let gradient = trains.then_some(self.gradients);
        let slot = Slot { tensor: self.tensors, gradient };
        self.tensors += 1;
        self.gradients += usize::from(trains);
        slot
    }

    fn conv2d(&mut self, layer: &Conv2d, resolved: &ResolvedLayer<'_>, slots: &[Slot], input: Value) -> Value {
        let step = ConvStep {
            windows: sliding(resolved, layer.kernel, layer.stride, layer.padding),
            channels_in: resolved.input.channels(),
            channels_out: resolved.output.channels(),
            groups: layer.groups,
            kernel: slots[0],
            bias: slots.get(1).copied(),
            activation: Activation::Linear,
            pool: false,
            folded: None,
        };
        let output = resolved.output.count();
        let (row, value) = (step.channels_out, self.push(Op::Conv2d(step), vec![input], output));
        self.activation(layer.activation, row, output, value)
    }

    fn depthwise(
        &mut self,
        layer: &DepthwiseConv2d,
        resolved: &ResolvedLayer<'_>,
        slots: &[Slot],
        input: Value,
    ) -> Value {
        let step = DepthwiseStep {
            windows: sliding(resolved, layer.kernel, layer.stride, layer.padding),
            channels: resolved.input.channels(),
            kernel: slots[0],
            bias: slots.get(1).copied(),
            activation: Activation::Linear,
            folded: None,
        };
        let output = resolved.output.count();
        let (row, value) = (step.channels, self.push(Op::Depthwise(step), vec![input], output));
        self.activation(layer.activation, row, output, value)
    }

    /// A depthwise convolution, and one of single pixels.
    fn separable(
        &mut self,
        layer: &SeparableConv2d,
        resolved: &ResolvedLayer<'_>,
        slots: &[Slot],
        input: Value,
    ) -> Value {
        let (windows, channels) =
            (sliding(resolved, layer.kernel, layer.stride, layer.padding), resolved.input.channels());
        let size = windows.out;
        let kernel = slots[0];
        let by_channel =
            DepthwiseStep { windows, channels, kernel, bias: None, activation: Activation::Linear, folded: None };
        let value = self.push(Op::Depthwise(by_channel), vec![input], size.0 * size.1 * channels);
        let by_pixel = ConvStep {
            windows: Sliding { size, out: size, window: (1, 1), stride: (1, 1), pad: (0, 0) },
            channels_in: channels,
            channels_out: layer.filters,
            groups: 1,
            kernel: slots[1],
            bias: slots.get(2).copied(),
            activation: Activation::Linear,
            pool: false,
            folded: None,
        };
        let output = resolved.output.count();
        let value = self.push(Op::Conv2d(by_pixel), vec![value], output);
        self.activation(layer.activation, layer.filters, output, value)
    }

    fn dense(&mut self, layer: &Dense, resolved: &ResolvedLayer<'_>, slots: &[Slot], input: Value) -> Value {
        let step = DenseStep {
            inputs: resolved.input.count(),
            kernel: slots[0],
            bias: slots.get(1).copied(),
            activation: Activation::Linear,
        };
        let output = resolved.output.count();
        let value = self.push(Op::Dense(step), vec![input], output);
        self.activation(layer.activation, output, output, value)
    }
}

pub(super) fn pooling(
    resolved: &ResolvedLayer<'_>,
    window: (usize, usize),
    stride: (usize, usize),
    padding: Padding,
) -> PoolStep {
    PoolStep { windows: sliding(resolved, window, stride, padding), channels: resolved.input.channels() }
}

/// How windows lie on the layer's input.
pub(super) fn sliding(
    resolved: &ResolvedLayer<'_>,
    window: (usize, usize),
    stride: (usize, usize),
    padding: Padding,
) -> Sliding {
    let (height, width, _) = picture(resolved.input);
    let lie = windows("the window", (height, width), window, stride, padding)
        .expect("the windows were checked when the graph was resolved");
    Sliding { size: (height, width), out: lie.out, window, stride, pad: lie.pad }
}

fn picture(shape: Shape) -> (usize, usize, usize) {
    match shape {
        Shape::Picture { height, width, channels } => (height, width, channels),
        Shape::Vector { .. } => unreachable!("the graph was resolved: this layer takes a picture"),
    }
}
