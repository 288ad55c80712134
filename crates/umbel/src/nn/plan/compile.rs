//! Layers to steps: what one kernel call can do becomes one step, what costs nothing becomes none.

use umbel_kernels::conv2d::Conv2dShape;
use umbel_kernels::depthwise::DepthwiseShape;
use umbel_kernels::pool::PoolShape;
use umbel_kernels::{FusedActivation, Precision};

use super::prepared::choose_packed;
use super::step::{ConvStep, DenseStep, DepthwiseStep, NormStep, Op, PadShape, Slot, Step, Use, Value};
use crate::nn::graph::{ResolvedLayer, Source};
use crate::nn::layers::{
    Activation, Conv2d, Dense, DepthwiseConv2d, Layer, MaxPool2d, Padding, Parameter, Shape, Windows, windows,
};

/// What a graph became.
pub(super) struct Compiled {
    /// At least one.
    pub steps: Vec<Step>,
    /// What each layer's output is.
    pub values: Vec<Value>,
}

/// Compiles a checked graph for images of so many values.
pub(super) fn compile(images: usize, layers: &[ResolvedLayer<'_>], usage: Use) -> Compiled {
    let mut readers = vec![0; layers.len()];
    for source in layers.iter().flat_map(|layer| layer.sources) {
        if let Source::Layer(index) = source {
            readers[*index] += 1;
        }
    }
    let mut compiler = Compiler {
        usage,
        images,
        steps: Vec::new(),
        shared: Vec::new(),
        values: Vec::with_capacity(layers.len()),
        tensors: 0,
        gradients: 0,
    };
    for (index, layer) in layers.iter().enumerate() {
        let value = compiler.layer(index, layer);
        compiler.values.push(value);
        if let (Value::Step(step), true) = (value, readers[index] > 1) {
            compiler.shared[step] = true;
        }
    }
    if compiler.steps.is_empty() {
        // Nothing to compute; the output still has to come to lie in the arena.
        compiler.push(Op::Rescale { scale: vec![1.0], offset: vec![0.0] }, vec![Value::Images], images);
    }
    choose_packed(&mut compiler.steps, usage);
    Compiled { steps: compiler.steps, values: compiler.values }
}

impl Compiled {
    /// Compiled for [`Use::Probing`]: ends the backward pass at this step, so that it runs only through what depends on it.
    pub fn probe(&mut self, probed: usize) {
        for index in 0..self.steps.len() {
            let depends = |value: &Value| matches!(*value, Value::Step(step) if self.steps[step].needs_gradient);
            let needs_gradient = index == probed || self.steps[index].inputs.iter().any(depends);
            self.steps[index].needs_gradient = needs_gradient;
            self.steps[index].is_probed = index == probed;
        }
    }
}

struct Compiler {
    usage: Use,
    images: usize,
    steps: Vec<Step>,
    /// Whether a step's output has several readers: nothing may be fused into it then.
    shared: Vec<bool>,
    /// What each layer's output is.
    values: Vec<Value>,
    tensors: usize,
    gradients: usize,
}

impl Compiler {
    fn push(&mut self, op: Op, inputs: Vec<Value>, output: usize) -> Value {
        let below = inputs.iter().any(|&value| self.needs_gradient(value));
        let needs_gradient = match self.usage {
            Use::Inference => false,
            Use::Training => below || op.is_trained(),
            // Of all of them until it is known which one is looked at, so that nothing depends on which it is.
            Use::Probing => true,
        };
        self.steps.push(Step { op, inputs, output, needs_gradient, is_probed: false });
        self.shared.push(false);
        Value::Step(self.steps.len() - 1)
    }

    fn needs_gradient(&self, value: Value) -> bool {
        match value {
            Value::Images => false,
            Value::Step(step) => self.steps[step].needs_gradient,
        }
    }

    /// The step that gives this value, where nothing else reads it.
    fn own_step(&mut self, value: Value) -> Option<&mut Step> {
        match value {
            Value::Step(step) if !self.shared[step] => Some(&mut self.steps[step]),
            _ => None,
        }
    }

    /// Adds what a layer needs; gives what its output is.
    fn layer(&mut self, index: usize, resolved: &ResolvedLayer<'_>) -> Value {
        let inputs: Vec<Value> = resolved.sources.iter().map(|source| self.value(*source)).collect();
        let (input, output) = (inputs[0], resolved.output.count());
        let slots: Vec<Slot> = resolved.parameters.iter().map(|p| self.slot(p)).collect();
        let row = resolved.output.channels();
        let trains = self.usage == Use::Training;
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
            Layer::Dense(layer) => self.dense(layer, resolved, &slots, input),
            Layer::ZeroPadding2d(layer) => {
                let (height, width, channels) = picture(resolved.input);
                let ((above, _), (left, right)) = layer.padding;
                let (row, out_row) = (width * channels, (left + width + right) * channels);
                let shape = PadShape { height, row, out_row, above, left: left * channels };
                self.push(Op::Pad(shape), inputs, output)
            }
            Layer::MaxPool2d(layer) => self.max_pool(layer, resolved, input),
            Layer::AvgPool2d(layer) => {
                let (pool, stride) = (layer.pool, layer.effective_stride());
                let shape = pool_shape(resolved, pool, stride, layer.padding);
                self.push(Op::AveragePool(shape), inputs, output)
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
                    return self.batch_norm(norm, layer.momentum, inputs, output);
                }
                self.normalize(norm, input, output)
            }
            Layer::Activation(layer) => self.activation(layer.activation, row, output, input),
            Layer::Dropout(layer) if trains && layer.rate > 0.0 => {
                self.push(Op::Dropout { rate: layer.rate, layer: index as u64 }, inputs, output)
            }
            Layer::StochasticDepth(layer) if trains && layer.rate > 0.0 => {
                self.push(Op::StochasticDepth { rate: layer.rate, layer: index as u64 }, inputs, output)
            }
            Layer::Dropout(_) | Layer::StochasticDepth(_) => input,
            Layer::Add(_) => self.push(Op::Add { activation: FusedActivation::Linear }, inputs, output),
            Layer::Multiply(_) => {
                let factor = self.count(inputs[1]);
                let op = if factor == output {
                    Op::Multiply
                } else {
                    Op::ScaleChannels { pixels: output / factor, channels: factor }
                };
                self.push(op, inputs, output)
            }
            Layer::Concatenate(_) => {
                let rows = output / row;
                let channels = inputs.iter().map(|&input| self.count(input) / rows).collect();
                self.push(Op::Concatenate { rows, channels }, inputs, output)
            }
        }
    }

    fn value(&self, source: Source) -> Value {
        match source {
            Source::Input => Value::Images,
            Source::Layer(layer) => self.values[layer],
        }
    }

    /// Values of one sample.
    fn count(&self, value: Value) -> usize {
        match value {
            Value::Step(step) => self.steps[step].output,
            Value::Images => self.images,
        }
    }

    /// Counts a weight.
    fn slot(&mut self, parameter: &Parameter) -> Slot {
        // To look at a layer, everything is frozen.
        let trains = parameter.trainable && self.usage != Use::Probing;
        let gradient = trains.then_some(self.gradients);
        let slot = Slot { tensor: self.tensors, gradient };
        self.tensors += 1;
        self.gradients += usize::from(trains);
        slot
    }

    fn conv2d(&mut self, layer: &Conv2d, resolved: &ResolvedLayer<'_>, slots: &[Slot], input: Value) -> Value {
        let (height, width, channels_in) = picture(resolved.input);
        let (out_height, out_width, channels_out) = picture(resolved.output);
        let windows = checked_windows(resolved.input, layer.kernel, layer.stride, layer.padding);
        let shape = Conv2dShape {
            batch: 0,
            height,
            width,
            channels_in,
            channels_out,
            kernel: layer.kernel,
            stride: layer.stride,
            pad: windows.pad,
            out_height,
            out_width,
        };
        let step = ConvStep {
            shape,
            kernel: slots[0],
            bias: slots.get(1).copied(),
            activation: FusedActivation::Linear,
            pool: false,
            precision: Precision::F32,
            folded: None,
            packed: false,
            groups: layer.groups,
        };
        let output = resolved.output.count();
        let value = self.push(Op::Conv2d(step), vec![input], output);
        self.activation(layer.activation, channels_out, output, value)
    }

    fn depthwise(
        &mut self,
        layer: &DepthwiseConv2d,
        resolved: &ResolvedLayer<'_>,
        slots: &[Slot],
        input: Value,
    ) -> Value {
        let (height, width, channels) = picture(resolved.input);
        let (out_height, out_width, _) = picture(resolved.output);
        let pad = checked_windows(resolved.input, layer.kernel, layer.stride, layer.padding).pad;
        let (kernel, stride) = (layer.kernel, layer.stride);
        let step = DepthwiseStep {
            shape: DepthwiseShape { batch: 0, height, width, channels, kernel, stride, pad, out_height, out_width },
            kernel: slots[0],
            bias: slots.get(1).copied(),
            activation: FusedActivation::Linear,
            folded: None,
        };
        let output = resolved.output.count();
        let value = self.push(Op::Depthwise(step), vec![input], output);
        self.activation(layer.activation, channels, output, value)
    }

    fn dense(&mut self, layer: &Dense, resolved: &ResolvedLayer<'_>, slots: &[Slot], input: Value) -> Value {
        let step = DenseStep {
            inputs: resolved.input.count(),
            precision: Precision::F32,
            kernel: slots[0],
            bias: slots.get(1).copied(),
            activation: FusedActivation::Linear,
        };
        let output = resolved.output.count();
        let value = self.push(Op::Dense(step), vec![input], output);
        self.activation(layer.activation, output, output, value)
    }

    /// Goes into the step before it where that can do it.
    fn activation(&mut self, activation: Activation, row: usize, count: usize, input: Value) -> Value {
        if activation == Activation::Linear {
            return input;
        }
        // The way back through others than clamps needs what went in.
        let is_trained = self.needs_gradient(input);
        let fused = activation.fused().filter(|fused| fused.is_clamp() || !is_trained);
        let before = self.own_step(input).and_then(|step| match &mut step.op {
            Op::Conv2d(ConvStep { activation, pool: false, .. })
            | Op::Depthwise(DepthwiseStep { activation, .. })
            | Op::Dense(DenseStep { activation, .. })
            | Op::BatchNorm { activation, .. } => Some(activation),
            Op::Add { activation } if matches!(step.inputs[..], [a, b] if a != b) => Some(activation),
            _ => None,
        });
        match (before, fused) {
            (Some(before @ FusedActivation::Linear), Some(fused)) => {
                *before = fused;
                input
            }
            _ => self.push(Op::Activation { activation: activation.kernel(), row }, vec![input], count),
        }
    }

    fn batch_norm(&mut self, norm: NormStep, momentum: f32, inputs: Vec<Value>, output: usize) -> Value {
        self.push(Op::BatchNorm { norm, momentum, activation: FusedActivation::Linear }, inputs, output)
    }

    /// Batch norm with its moving statistics goes into a convolution before it. (Trained or not: the gradient of its kernel is
    /// that of the folded one times the channel's factor.)
    fn normalize(&mut self, norm: NormStep, input: Value, count: usize) -> Value {
        if self.usage != Use::Probing {
            let folded = match self.own_step(input).map(|step| &mut step.op) {
                Some(Op::Conv2d(ConvStep { activation: FusedActivation::Linear, pool: false, folded, .. })) => {
                    Some(folded)
                }
                Some(Op::Depthwise(DepthwiseStep { activation: FusedActivation::Linear, folded, .. })) => Some(folded),
                _ => None,
            };
            if let Some(folded @ None) = folded {
                *folded = Some(norm);
                return input;
            }
        }
        self.push(Op::Normalize(norm), vec![input], count)
    }

    /// Goes into a convolution before it where the windows are 2 x 2, side by side and not padded.
    fn max_pool(&mut self, layer: &MaxPool2d, resolved: &ResolvedLayer<'_>, input: Value) -> Value {
        let (pool, stride) = (layer.pool, layer.effective_stride());
        let (height, width, _) = picture(resolved.input);
        let windows = checked_windows(resolved.input, pool, stride, layer.padding);
        let output = resolved.output.count();
        if pool == (2, 2)
            && stride == (2, 2)
            && windows.out == (height / 2, width / 2)
            && windows.pad == (0, 0)
            && let Some(step) = self.own_step(input)
            && let Op::Conv2d(conv) = &mut step.op
            && !conv.pool
            && conv.groups == 1
            && conv.activation.is_clamp()
        {
            conv.pool = true;
            step.output = output;
            return input;
        }
        let shape = pool_shape(resolved, pool, stride, layer.padding);
        self.push(Op::MaxPool(shape), vec![input], output)
    }
}

fn pool_shape(
    resolved: &ResolvedLayer<'_>,
    window: (usize, usize),
    stride: (usize, usize),
    padding: Padding,
) -> PoolShape {
    let (height, width, channels) = picture(resolved.input);
    let (out_height, out_width, _) = picture(resolved.output);
    let pad = checked_windows(resolved.input, window, stride, padding).pad;
    PoolShape { batch: 0, height, width, channels, window, stride, pad, out_height, out_width }
}

fn checked_windows(input: Shape, window: (usize, usize), stride: (usize, usize), padding: Padding) -> Windows {
    let (height, width, _) = picture(input);
    windows("the window", (height, width), window, stride, padding)
        .expect("the windows were checked when the graph was resolved")
}

fn picture(shape: Shape) -> (usize, usize, usize) {
    match shape {
        Shape::Picture { height, width, channels } => (height, width, channels),
        Shape::Vector { .. } => unreachable!("the graph was resolved: this layer takes a picture"),
    }
}
