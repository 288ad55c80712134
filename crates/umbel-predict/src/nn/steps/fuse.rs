//! What goes into the step before it instead of becoming one.

use super::Use;
use super::lower::{Lowering, pooling};
use super::step::{NormStep, Op, Value};
use crate::nn::graph::ResolvedLayer;
use crate::nn::layers::{Activation, MaxPool2d};

impl Lowering {
    /// Goes into the step before it where that can do it.
    pub(super) fn activation(&mut self, activation: Activation, row: usize, count: usize, input: Value) -> Value {
        if activation == Activation::Linear {
            return input;
        }
        // The way back through others than clamps needs what went in.
        let is_trained = self.steps.wants_gradient(input);
        let fuses = activation.is_clamp() || activation.fuses_in_inference() && !is_trained;
        let before = self.own_step(input).and_then(|step| {
            let twice = matches!(step.inputs[..], [a, b] if a == b) || step.inputs.len() > 2;
            step.op.activation().filter(|_| !twice)
        });
        match before {
            Some(before @ Activation::Linear) if fuses => {
                *before = activation;
                input
            }
            Some(_) | None => self.push(Op::Activation { activation, row }, vec![input], count),
        }
    }

    /// Batch norm with its moving statistics goes into a convolution before it. (Trained or not: the gradient of its kernel is
    /// that of the folded one times the channel's factor.)
    pub(super) fn normalize(&mut self, norm: NormStep, input: Value, count: usize) -> Value {
        if self.steps.usage != Use::Probing {
            let folded = self.own_step(input).and_then(|step| step.op.folded());
            if let Some(folded @ None) = folded {
                *folded = Some(norm);
                return input;
            }
        }
        self.push(Op::Normalize(norm), vec![input], count)
    }

    /// Goes into a convolution before it where the windows are 2 x 2, side by side and not padded.
    pub(super) fn max_pool(&mut self, layer: &MaxPool2d, resolved: &ResolvedLayer<'_>, input: Value) -> Value {
        let pool = pooling(resolved, layer.pool, layer.effective_stride(), layer.padding);
        let (windows, output) = (pool.windows, resolved.output.count());
        if windows.window == (2, 2)
            && windows.stride == (2, 2)
            && windows.out == (windows.size.0 / 2, windows.size.1 / 2)
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
        self.push(Op::MaxPool(pool), vec![input], output)
    }
}
