//! The way back.

use umbel::nn::engine::{Seen, Watch};
use umbel::nn::layers::Activation;
use umbel::nn::steps::{Merge, NormStep, Op, Slot, Step, Value};
use umbel_kernels::FusedActivation::Linear;
use umbel_kernels::dense::{self, DenseShape};
use umbel_kernels::elementwise::{self, GateShape};
use umbel_kernels::{activation, batch_norm, dropout, layer_norm, pool};

use super::convolution::{Convolution, Gradients};
use super::forward::{function, layer_norm_shape, norm_shape, pool_of, pool_shape};
use super::narrow;
use super::network::{Given, Kept, Trace};

/// From the gradient of the last step's output to those of all others and of the weights, which go into `trace.flat`.
pub fn run(given: Given<'_>, trace: &mut Trace, last: Vec<f64>, watch: &mut Watch<'_>) {
    trace.gradients = trace.outputs.iter().map(|y| vec![0.0; y.len()]).collect();
    *trace.gradients.last_mut().expect("there is a step") = last;
    for (index, step) in given.steps.list.iter().enumerate().rev().filter(|(_, step)| step.runs_backward()) {
        watch(Seen::Gradient(index, &narrow(&trace.gradients[index])));
        let mut flat = std::mem::take(&mut trace.flat);
        let inputs: Vec<&[f64]> = step.inputs.iter().map(|&input| trace.value(input)).collect();
        let to = To { given, flat: &mut flat };
        let of_inputs = backward(to, step, &inputs, &trace.kept[index], &trace.gradients[index]);
        trace.flat = flat;
        for (&input, dx) in step.inputs.iter().zip(of_inputs) {
            if let (Value::Step(input), true) = (input, given.steps.wants_gradient(input)) {
                trace.gradients[input].iter_mut().zip(dx).for_each(|(sum, dx)| *sum += dx);
            }
        }
    }
}

/// Where the gradients of weights go.
struct To<'a> {
    given: Given<'a>,
    flat: &'a mut [f64],
}

impl To<'_> {
    fn put(&mut self, slot: Slot, gradient: &[f64]) {
        if let Some(index) = slot.gradient {
            self.flat[self.given.layout.gradients()[index].clone()].copy_from_slice(gradient);
        }
    }
}

/// The gradient of each input.
fn backward(mut to: To<'_>, step: &Step, inputs: &[&[f64]], kept: &Kept, dy: &[f64]) -> Vec<Vec<f64>> {
    let (given, n, x) = (to.given, to.given.n, inputs[0]);
    let mut dx = vec![0.0; x.len()];
    match &step.op {
        Op::Rescale { scale, .. } => {
            for (i, (dx, dy)) in dx.iter_mut().zip(dy).enumerate() {
                *dx = dy * f64::from(scale[i % scale.len()]);
            }
        }
        Op::Conv2d(conv) => {
            let mut unpooled = dy.to_vec();
            if conv.pool {
                unpooled = vec![0.0; kept.before.len()];
                let shape = pool_shape(&pool_of(conv.windows.out, conv.channels_out), n);
                pool::scalar::max_backward(&shape, dy, &kept.choice, &mut unpooled);
            }
            let linear = deactivate((conv.activation, 1), kept, &unpooled);
            let whole = (Convolution::of(conv, n), conv.folded.as_ref());
            return vec![convolve(to, whole, (conv.kernel, conv.bias), x, linear)];
        }
        Op::Depthwise(conv) => {
            let linear = deactivate((conv.activation, 1), kept, dy);
            let whole = (Convolution::depthwise(conv, n), conv.folded.as_ref());
            return vec![convolve(to, whole, (conv.kernel, conv.bias), x, linear)];
        }
        Op::Pad(pad) => {
            for (dx, dy) in dx.chunks_exact_mut(pad.height * pad.row).zip(dy.chunks_exact(step.output)) {
                for (row, dx) in dx.chunks_exact_mut(pad.row).enumerate() {
                    dx.copy_from_slice(&dy[(pad.above + row) * pad.out_row + pad.left..][..pad.row]);
                }
            }
        }
        Op::MaxPool(step) => pool::scalar::max_backward(&pool_shape(step, n), dy, &kept.choice, &mut dx),
        Op::AveragePool(step) => pool::scalar::average_backward(&pool_shape(step, n), dy, &mut dx),
        Op::GlobalAverage { pixels, channels } => {
            pool::scalar::global_average_backward(n, *pixels, *channels, dy, &mut dx);
        }
        Op::BatchNorm { norm, activation, .. } => {
            let [mut dgamma, mut dbeta] = [(); 2].map(|()| vec![0.0; norm.channels]);
            batch_norm::scalar::backward(
                &norm_shape(norm, x.len()),
                x,
                &given.weight(norm.gamma.tensor),
                &kept.mean,
                &kept.inverse_deviation,
                &deactivate((*activation, 1), kept, dy),
                &mut dx,
                &mut dgamma,
                &mut dbeta,
            );
            to.put(norm.gamma, &dgamma);
            to.put(norm.beta, &dbeta);
        }
        Op::Normalize(norm) => return vec![scaled(&given.factors(norm), dy)],
        Op::LayerNorm(norm) => {
            let [mut dgamma, mut dbeta] = [(); 2].map(|()| vec![0.0; norm.channels]);
            let (shape, gamma) = (layer_norm_shape(norm, x.len()), given.weight(norm.gamma.tensor));
            layer_norm::scalar::backward(&shape, x, &gamma, dy, &mut dx, &mut dgamma, &mut dbeta);
            to.put(norm.gamma, &dgamma);
            to.put(norm.beta, &dbeta);
        }
        Op::Activation { activation, row } => return vec![deactivate((*activation, *row), kept, dy)],
        Op::Dropout { rate, layer } => {
            let key = given.key.expect("there is none without training");
            dropout::scalar::apply(dropout::mix(key, *layer), *rate, dy, &mut dx);
        }
        Op::StochasticDepth { .. } => elementwise::scalar::scale_samples(&kept.factors, dy, &mut dx),
        Op::Dense(dense) => {
            let shape = DenseShape { batch: n, inputs: dense.inputs, outputs: step.output };
            let kernel = given.weight(dense.kernel.tensor);
            let mut linear = deactivate((dense.activation, step.output), kept, dy);
            let (mut dw, mut db) = (vec![0.0; kernel.len()], vec![0.0; step.output]);
            dense::scalar::backward(&shape, x, &kernel, &[], Linear, &mut linear, &mut dx, &mut dw, &mut db);
            to.put(dense.kernel, &dw);
            dense.bias.into_iter().for_each(|bias| to.put(bias, &db));
        }
        Op::Merge(merge) => return part(given, merge, inputs, kept, dy),
    }
    vec![dx]
}

fn part(given: Given<'_>, merge: &Merge, inputs: &[&[f64]], kept: &Kept, dy: &[f64]) -> Vec<Vec<f64>> {
    match merge {
        Merge::Add { activation } => vec![deactivate((*activation, 1), kept, dy); inputs.len()],
        Merge::Multiply => {
            let others = |of: usize, at: usize| -> f64 {
                inputs.iter().enumerate().filter(|(other, _)| *other != of).map(|(_, x)| x[at]).product()
            };
            let of = |input: usize| dy.iter().enumerate().map(|(at, dy)| dy * others(input, at)).collect();
            (0..inputs.len()).map(of).collect()
        }
        Merge::ScaleChannels { pixels, channels } => {
            let shape = GateShape { batch: given.n, pixels: *pixels, channels: *channels };
            let (mut dx, mut d_gates) = (vec![0.0; inputs[0].len()], vec![0.0; inputs[1].len()]);
            elementwise::scalar::gate_backward(&shape, inputs[0], inputs[1], dy, &mut dx, &mut d_gates);
            vec![dx, d_gates]
        }
        Merge::Concatenate { channels, .. } => {
            let (row, mut first) = (channels.iter().sum::<usize>(), 0);
            let of = |channels: &usize| {
                let taken = dy.chunks_exact(row).flat_map(|dy| &dy[first..][..*channels]).copied().collect();
                first += channels;
                taken
            };
            channels.iter().map(of).collect()
        }
    }
}

fn convolve(
    mut to: To<'_>,
    (convolution, norm): (Convolution, Option<&NormStep>),
    (kernel, bias): (Slot, Option<Slot>),
    x: &[f64],
    mut dy: Vec<f64>,
) -> Vec<f64> {
    if let Some(norm) = norm {
        dy = scaled(&to.given.factors(norm), &dy);
    }
    let Gradients { x: dx, kernel: dw, bias: db } = convolution.backward(x, &to.given.weight(kernel.tensor), &dy);
    to.put(kernel, &dw);
    bias.into_iter().for_each(|bias| to.put(bias, &db));
    dx
}

/// Times each channel's factor.
fn scaled(factors: &[f64], dy: &[f64]) -> Vec<f64> {
    dy.iter().enumerate().map(|(i, dy)| dy * factors[i % factors.len()]).collect()
}

/// The gradient of what went into an activation.
fn deactivate((activation, row): (Activation, usize), kept: &Kept, dy: &[f64]) -> Vec<f64> {
    let (mut y, mut dx) = (vec![0.0; dy.len()], vec![0.0; dy.len()]);
    activation::scalar::forward(function(activation), row, &kept.before, &mut y);
    activation::scalar::backward(function(activation), row, &kept.before, &y, dy, &mut dx);
    dx
}
