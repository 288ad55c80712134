//! The backward pass: from the gradient of the output to those of the weights.

use umbel_kernels::conv2d::{self, Conv2dShape, OutputGradient};
use umbel_kernels::dense::{self, DenseShape};
use umbel_kernels::pool::{self, PoolShape};
use umbel_kernels::{FusedActivation, Isa, activation, batch_norm, dropout};

use super::Memory;
use super::compile::{ConvStep, Op, Slot};
use super::forward::rescale;
use super::program::{PlacedStep, Program, norm_shape};
use crate::nn::Weights;

/// What the forward pass before was for.
#[derive(Clone, Copy)]
pub(super) enum After {
    /// The key names the dropout masks.
    Training(u64),
    /// Batch norm used its moving statistics.
    Probing,
}

/// Runs every step from the last to the first that is trained, for `n` images.
pub(super) fn run(
    isa: Isa,
    program: &Program,
    memory: &mut Memory,
    weights: &Weights,
    after: After,
    images: &[f32],
    n: usize,
) {
    for (index, step) in program.steps.iter().enumerate().skip(program.first_trained).rev() {
        let input = (index == 0).then_some(images);
        backward(isa, step, memory, weights, after, input, n);
    }
}

fn backward(
    isa: Isa,
    step: &PlacedStep,
    memory: &mut Memory,
    weights: &Weights,
    after: After,
    images: Option<&[f32]>,
    n: usize,
) {
    let places = [step.kept_x, step.kept_y, step.dy, step.dx, step.extra];
    let [x, y, dy, dx, extra] = memory.arena.disjoint(places.map(|place| place.range(n)));
    let x = images.unwrap_or(x);
    let choice = &memory.choice[step.choice.range(n)];
    let workspace = memory.workspace.all();
    let gradients = &mut memory.gradients;
    match &step.op {
        Op::Rescale { scale, .. } => rescale(*scale, 0.0, dy, dx),
        Op::Conv2d(conv) => {
            let shape = Conv2dShape { batch: n, ..conv.shape };
            let gradient = output_gradient(conv, dy, y, choice);
            let dx = (!dx.is_empty()).then_some(dx);
            let kernel = &weights.tensors[conv.kernel.tensor].data;
            let (dw, db) = kernel_and_bias(gradients, conv.kernel, conv.bias);
            conv2d::backward(isa, &shape, x, kernel, gradient, dx, dw, db, workspace);
        }
        Op::MaxPool(shape) => {
            pool::max_backward(isa, &PoolShape { batch: n, ..*shape }, dy, choice, dx);
        }
        Op::AveragePool(shape) => {
            pool::average_backward(isa, &PoolShape { batch: n, ..*shape }, dy, dx);
        }
        Op::GlobalAverage { pixels, channels } => {
            pool::global_average_backward(isa, n, *pixels, *channels, dy, dx);
        }
        Op::BatchNorm { norm, .. } if matches!(after, After::Probing) => {
            // The statistics are constants: what went forward is linear, and so is the way back, without the shift.
            let zeros = &mut extra[..norm.channels];
            zeros.fill(0.0);
            let data = |tensor: usize| weights.tensors[tensor].data.as_slice();
            let (gamma, variance) = (data(norm.gamma.tensor), data(norm.moving_variance));
            let shape = norm_shape(norm, dy.len() / n, n);
            batch_norm::forward_inference(isa, &shape, dy, gamma, zeros, zeros, variance, dx);
        }
        Op::BatchNorm { norm, .. } => {
            let shape = norm_shape(norm, dy.len() / n, n);
            let gamma = &weights.tensors[norm.gamma.tensor].data;
            let (mean, inverse_deviation) = extra.split_at(norm.channels);
            let [dgamma, dbeta] = gradients
                .get_disjoint_mut([norm.gamma.gradient, norm.beta.gradient])
                .expect("gamma and beta have a gradient each");
            batch_norm::backward(isa, &shape, x, gamma, mean, inverse_deviation, dy, dx, dgamma, dbeta, workspace);
        }
        Op::Activation { activation, row } => {
            activation::backward(isa, *activation, *row, x, y, dy, dx);
        }
        Op::Dropout { rate, layer } => match after {
            After::Training(key) => dropout::apply(isa, dropout::mix(key, *layer), *rate, dy, dx),
            After::Probing => unreachable!("only programs for training have dropout"),
        },
        Op::Dense { kernel, bias, activation } => {
            let shape = DenseShape { batch: n, inputs: x.len() / n, outputs: dy.len() / n };
            let dx = (!dx.is_empty()).then_some(dx);
            let w = &weights.tensors[kernel.tensor].data;
            let (dw, db) = kernel_and_bias(gradients, *kernel, *bias);
            dense::backward(isa, &shape, x, w, y, *activation, dy, dx, dw, db, workspace);
        }
    }
}

fn output_gradient<'a>(conv: &ConvStep, dy: &'a [f32], y: &'a [f32], choice: &'a [u8]) -> OutputGradient<'a> {
    if conv.pool {
        return OutputGradient::Pooled { dy, choice };
    }
    // A linear output was not kept: nothing is read from it.
    let y = if conv.activation == FusedActivation::Linear { dy } else { y };
    OutputGradient::Full { dy, y, activation: conv.activation }
}

fn kernel_and_bias(gradients: &mut [Vec<f32>], kernel: Slot, bias: Option<Slot>) -> (&mut [f32], Option<&mut [f32]>) {
    match bias {
        None => (&mut gradients[kernel.gradient], None),
        Some(bias) => {
            let [dw, db] = gradients
                .get_disjoint_mut([kernel.gradient, bias.gradient])
                .expect("kernel and bias have a gradient each");
            (dw, Some(db))
        }
    }
}
