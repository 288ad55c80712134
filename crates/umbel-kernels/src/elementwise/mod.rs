//! Sums and products that join the branches of a network: residual sums, the gates of squeeze-and-excite, and the scale of
//! each sample that stochastic depth draws.

pub mod scalar;
mod simd;

use rayon::prelude::*;

use crate::extent::volume;
use crate::isa::per_isa;
use crate::parallel::{CHUNK, Shared};
use crate::{FusedActivation, Isa, fused};

/// Shapes: `x` and `y` `[batch, pixels, channels]`, `gates` `[batch, channels]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct GateShape {
    pub batch: usize,
    pub pixels: usize,
    pub channels: usize,
}

impl GateShape {
    fn image_len(&self) -> usize {
        volume(&[self.pixels, self.channels])
    }

    /// Pixels that one task takes.
    fn task_pixels(&self) -> usize {
        (CHUNK / self.channels.max(1)).max(1)
    }

    /// What every call demands of its operands; false where there is nothing to do.
    fn check(&self, x: &[f32], gates: &[f32], y: &[f32]) -> bool {
        assert_eq!(x.len(), volume(&[self.batch, self.pixels, self.channels]), "x must be batch x pixels x channels");
        assert_eq!(y.len(), x.len(), "y must be as long as x");
        assert_eq!(gates.len(), volume(&[self.batch, self.channels]), "gates must be batch x channels");
        !x.is_empty()
    }
}

per_isa! {
    fn add_chunk(a: &[f32], b: &[f32], activation: FusedActivation, y: &mut [f32]) = simd::add;
    fn accumulate_chunk(x: &[f32], y: &mut [f32]) = simd::accumulate;
    fn scale_chunk(factor: f32, x: &[f32], y: &mut [f32]) = simd::scale;
    fn gate_pixels(x: &[f32], gates: &[f32], y: &mut [f32]) = simd::gate;
    fn gate_gradient(x: &[f32], dy: &[f32], channels: usize, d_gates: &mut [f32]) = simd::gate_gradient;
}

/// `y = activation(a + b)`, element by element.
///
/// # Panics
/// Where the slices' lengths differ.
pub fn add(isa: Isa, a: &[f32], b: &[f32], activation: FusedActivation, y: &mut [f32]) {
    assert!(a.len() == y.len() && b.len() == y.len(), "a, b and y must be equally long");
    let chunks = y.par_chunks_mut(CHUNK).zip(a.par_chunks(CHUNK)).zip(b.par_chunks(CHUNK));
    chunks.for_each(|((y, a), b)| {
        add_chunk(isa, a, b, activation.in_product(), y);
        fused::activate_after_product(isa, activation, y);
    });
}

/// Gradient of [`add`], the same for both: `d = dy` where the activation with output `y` lets it through, 0 elsewhere.
/// `y` is not read and may be empty where the activation is linear.
///
/// # Panics
/// Where the slices' lengths differ, or the activation's derivative cannot be told from its output.
pub fn add_backward(isa: Isa, y: &[f32], activation: FusedActivation, dy: &[f32], d: &mut [f32]) {
    assert_eq!(dy.len(), d.len(), "dy and d must be equally long");
    if activation == FusedActivation::Linear {
        let chunks = d.par_chunks_mut(CHUNK).zip(dy.par_chunks(CHUNK));
        return chunks.for_each(|(d, dy)| d.copy_from_slice(dy));
    }
    assert_eq!(y.len(), d.len(), "y and d must be equally long");
    let chunks = d.par_chunks_mut(CHUNK).zip(dy.par_chunks(CHUNK)).zip(y.par_chunks(CHUNK));
    chunks.for_each(|((d, dy), y)| fused::mask_into(isa, dy, y, activation, d));
}

/// `y += x`: where the gradients of several branches meet.
///
/// # Panics
/// Where the slices' lengths differ.
pub fn accumulate(isa: Isa, x: &[f32], y: &mut [f32]) {
    assert_eq!(x.len(), y.len(), "x and y must be equally long");
    y.par_chunks_mut(CHUNK).zip(x.par_chunks(CHUNK)).for_each(|(y, x)| accumulate_chunk(isa, x, y));
}

/// `y[n, ..] = x[n, ..] · factors[n]`, for as many samples as there are factors. It is its own gradient: called with `dy`
/// it gives `dx`. With factors of 0 and 1 / (1 - rate) it is stochastic depth (Huang et al. 2016, as in `timm`).
///
/// # Panics
/// Where `x` and `y` differ in length or are no whole samples.
pub fn scale_samples(isa: Isa, factors: &[f32], x: &[f32], y: &mut [f32]) {
    assert_eq!(x.len(), y.len(), "x and y must be equally long");
    if y.is_empty() {
        return;
    }
    assert!(!factors.is_empty() && y.len().is_multiple_of(factors.len()), "x must hold a sample for each factor");
    let sample_len = y.len() / factors.len();
    let samples = y.par_chunks_mut(sample_len).zip(x.par_chunks(sample_len)).zip(factors);
    samples.for_each(|((y, x), &factor)| {
        let chunks = y.par_chunks_mut(CHUNK).zip(x.par_chunks(CHUNK));
        chunks.for_each(|(y, x)| scale_chunk(isa, factor, x, y));
    });
}

/// `y[n, p, c] = x[n, p, c] · gates[n, c]`.
///
/// # Panics
/// Where a slice does not have the shape's length.
pub fn gate(isa: Isa, shape: &GateShape, x: &[f32], gates: &[f32], y: &mut [f32]) {
    if !shape.check(x, gates, y) {
        return;
    }
    let per_image = shape.pixels.div_ceil(shape.task_pixels());
    let y = Shared::new(y);
    (0..shape.batch * per_image).into_par_iter().for_each(|task| {
        let image = task / per_image;
        let first = task % per_image * shape.task_pixels();
        let pixels = (shape.pixels - first).min(shape.task_pixels());
        let at = (image * shape.pixels + first) * shape.channels;
        // SAFETY: tasks differ in their image or their pixels.
        let y = unsafe { y.range(at, pixels * shape.channels) };
        gate_pixels(isa, &x[at..][..y.len()], &gates[image * shape.channels..][..shape.channels], y);
    });
}

/// Gradients of [`gate`]; `dx` and `d_gates` are overwritten.
///
/// # Panics
/// Where a slice does not have the shape's length.
#[allow(clippy::too_many_arguments)]
pub fn gate_backward(
    isa: Isa,
    shape: &GateShape,
    x: &[f32],
    gates: &[f32],
    dy: &[f32],
    dx: &mut [f32],
    d_gates: &mut [f32],
) {
    assert_eq!(d_gates.len(), gates.len(), "d_gates must be as long as gates");
    assert_eq!(dx.len(), x.len(), "dx must be as long as x");
    if !shape.check(x, gates, dy) {
        return d_gates.fill(0.0);
    }
    let images = d_gates.par_chunks_mut(shape.channels).zip(gates.par_chunks(shape.channels));
    let images = images.zip(x.par_chunks(shape.image_len()).zip(dy.par_chunks(shape.image_len())));
    images.zip(dx.par_chunks_mut(shape.image_len())).for_each(|(((d_gates, gates), (x, dy)), dx)| {
        gate_gradient(isa, x, dy, shape.channels, d_gates);
        gate_pixels(isa, dy, gates, dx);
    });
}
