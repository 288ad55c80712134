//! Steps that read several tensors, and the samples that stochastic depth draws.

use rayon::prelude::*;
use umbel_kernels::elementwise::{self, GateShape};
use umbel_kernels::{Isa, dropout};

use super::memory::Memory;
use super::program::PlacedStep;
use super::rows::{copy, multiply};
use super::shapes::fused;
use crate::nn::layers::Activation;
use crate::nn::steps::Merge;

/// Rows of channels that one task takes; a constant, so that work is cut the same way on any number of threads.
const ROWS: usize = 64;

/// What a pass over one merging step reads: the step with its places, and the pictures.
#[derive(Clone, Copy)]
pub(super) struct Merging<'a> {
    pub isa: Isa,
    pub merge: &'a Merge,
    pub step: &'a PlacedStep,
    pub images: &'a [f32],
    /// How many pictures.
    pub n: usize,
}

/// Sums, products and concatenations; an input may be read twice.
pub(super) fn forward(merging: Merging<'_>, memory: &mut Memory) {
    let Merging { isa, merge, step, images, n } = merging;
    match merge {
        Merge::Add { activation } => sum(isa, *activation, step, memory, images, n),
        Merge::Multiply => {
            for (index, input) in step.inputs.iter().enumerate() {
                let [x, y] = memory.arena.disjoint([input.x.unwrap_or_default().range(n), step.y.range(n)]);
                let x = if input.x.is_none() { images } else { x };
                if index == 0 { copy(x, y) } else { multiply(x, y) }
            }
        }
        Merge::ScaleChannels { pixels, channels } => {
            let place = |input: usize| step.inputs[input].x.unwrap_or_default().range(n);
            let [x, factors, y] = memory.arena.disjoint([place(0), place(1), step.y.range(n)]);
            let x = if step.inputs[0].x.is_none() { images } else { x };
            elementwise::gate(isa, &GateShape { batch: n, pixels: *pixels, channels: *channels }, x, factors, y);
        }
        Merge::Concatenate { channels, .. } => {
            let (row, mut first_channel) = (channels.iter().sum(), 0);
            for (input, &channels) in step.inputs.iter().zip(channels) {
                let [x, y] = memory.arena.disjoint([input.x.unwrap_or_default().range(n), step.y.range(n)]);
                let x = if input.x.is_none() { images } else { x };
                lay_channels(x, channels, (y, row, first_channel));
                first_channel += channels;
            }
        }
    }
}

/// The sum of all inputs; of two that differ with an activation.
fn sum(isa: Isa, activation: Activation, step: &PlacedStep, memory: &mut Memory, images: &[f32], n: usize) {
    let range = |input: usize| step.inputs[input].x.unwrap_or_default().range(n);
    fn or_images<'a>(step: &PlacedStep, input: usize, images: &'a [f32], x: &'a [f32]) -> &'a [f32] {
        if step.inputs[input].x.is_none() { images } else { x }
    }
    let last = step.inputs.len() - 1;
    if last == 1 && step.inputs[0].x != step.inputs[1].x {
        let [a, b, y] = memory.arena.disjoint([range(0), range(1), step.y.range(n)]);
        return elementwise::add(
            isa,
            or_images(step, 0, images, a),
            or_images(step, 1, images, b),
            fused(activation),
            y,
        );
    }
    for index in 0..=last {
        let [x, y] = memory.arena.disjoint([range(index), step.y.range(n)]);
        let x = or_images(step, index, images, x);
        if index == 0 { copy(x, y) } else { elementwise::accumulate(isa, x, y) }
    }
}

/// Every input's gradient from `dy`.
pub(super) fn backward(merging: Merging<'_>, memory: &mut Memory) {
    let Merging { isa, merge, step, images, n } = merging;
    if let Merge::ScaleChannels { pixels, channels } = *merge {
        gate_backward(isa, &GateShape { batch: n, pixels, channels }, step, memory, images, n);
    }
    let mut first_channel = 0;
    for (index, input) in step.inputs.iter().enumerate() {
        let [sum, dx] = [input.sum, input.dx].map(|place| place.range(n));
        let fresh = sum.is_empty();
        let wanted = !(fresh && dx.is_empty());
        match merge {
            Merge::Concatenate { channels, .. } => {
                if wanted {
                    let [dy, dx] = memory.arena.disjoint([step.dy.range(n), if fresh { dx } else { sum }]);
                    let row: usize = channels.iter().sum();
                    take_channels((dy, row, first_channel), channels[index], dx, fresh);
                }
                first_channel += channels[index];
                continue;
            }
            Merge::Add { activation: Activation::Linear } if wanted && !fresh => {
                let [dy, sum] = memory.arena.disjoint([step.dy.range(n), sum]);
                elementwise::accumulate(isa, dy, sum);
                continue;
            }
            Merge::Add { activation } if wanted => {
                let [y, dy, dx] = memory.arena.disjoint([step.kept_y.range(n), step.dy.range(n), dx.clone()]);
                elementwise::add_backward(isa, y, fused(*activation), dy, dx);
            }
            Merge::Multiply if wanted => product_gradient(step, index, memory, images, n),
            // Both gradients of the gate are there already.
            Merge::Add { .. } | Merge::Multiply | Merge::ScaleChannels { .. } => {}
        }
        if wanted && !fresh {
            let [sum, dx] = memory.arena.disjoint([sum, dx]);
            elementwise::accumulate(isa, dx, sum);
        }
    }
}

/// The gradient of one factor: `dy` times all others.
fn product_gradient(step: &PlacedStep, index: usize, memory: &mut Memory, images: &[f32], n: usize) {
    let dx = step.inputs[index].dx.range(n);
    let [dy, to] = memory.arena.disjoint([step.dy.range(n), dx.clone()]);
    copy(dy, to);
    for (_, other) in step.inputs.iter().enumerate().filter(|(other, _)| *other != index) {
        let [x, dx] = memory.arena.disjoint([other.kept_x.range(n), dx.clone()]);
        multiply(if other.x.is_none() { images } else { x }, dx);
    }
}

/// The gradients of a picture and of its gates; one that is not wanted goes where nobody reads it.
fn gate_backward(isa: Isa, shape: &GateShape, step: &PlacedStep, memory: &mut Memory, images: &[f32], n: usize) {
    let [x, gates] = [&step.inputs[0], &step.inputs[1]];
    let places = [x.kept_x, gates.kept_x, step.dy, x.dx, gates.dx, step.scratch];
    let [pixels, factors, dy, dx, d_gates, scratch] = memory.arena.disjoint(places.map(|place| place.range(n)));
    let pixels = if x.x.is_none() { images } else { pixels };
    let (dx, d_gates) = match (dx.is_empty(), d_gates.is_empty()) {
        (true, _) => (scratch, d_gates),
        (false, true) => (dx, scratch),
        (false, false) => (dx, d_gates),
    };
    elementwise::gate_backward(isa, shape, pixels, factors, dy, dx, d_gates);
}

/// Stochastic depth's factor of each sample: 0 for a share of `rate`, and what makes up for it for the others.
pub(super) fn draw_factors(key: u64, rate: f32, factors: &mut [f32]) {
    let kept = (1.0 / (1.0 - f64::from(rate))) as f32;
    for (sample, factor) in factors.iter_mut().enumerate() {
        // 24 bits of a uniform number.
        let drawn = (dropout::mix(key, sample as u64) >> 40) as f32 / (1u32 << 24) as f32;
        *factor = if drawn < rate { 0.0 } else { kept };
    }
}

/// Lays `channels` of `x` into rows of `row` values, from the channel `first` on.
fn lay_channels(x: &[f32], channels: usize, (y, row, first): (&mut [f32], usize, usize)) {
    y.par_chunks_mut(row * ROWS).zip(x.par_chunks(channels * ROWS)).for_each(|(y, x)| {
        for (y, x) in y.chunks_exact_mut(row).zip(x.chunks_exact(channels)) {
            y[first..first + channels].copy_from_slice(x);
        }
    });
}

/// The way back: takes them out, or adds them to what is there.
fn take_channels((dy, row, first): (&[f32], usize, usize), channels: usize, dx: &mut [f32], fresh: bool) {
    dx.par_chunks_mut(channels * ROWS).zip(dy.par_chunks(row * ROWS)).for_each(|(dx, dy)| {
        for (dx, dy) in dx.chunks_exact_mut(channels).zip(dy.chunks_exact(row)) {
            let dy = &dy[first..first + channels];
            if fresh {
                dx.copy_from_slice(dy);
            } else {
                dx.iter_mut().zip(dy).for_each(|(dx, dy)| *dx += dy);
            }
        }
    });
}
