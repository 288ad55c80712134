//! Activation functions, forward and backward, element by element (softmax: row by row).

pub mod scalar;
mod simd;

use num_traits::Float;
use rayon::prelude::*;

use crate::Isa;
use crate::isa::per_isa;
use crate::parallel::CHUNK;

/// Which function. Definitions as in Keras: GELU with the error function, hard sigmoid as relu6(x+3)/6, hard swish as
/// x·relu6(x+3)/6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Activation {
    Linear,
    Relu,
    Relu6,
    Silu,
    HardSigmoid,
    HardSwish,
    Gelu,
    Tanh,
    Sigmoid,
    Softmax,
}

/// The ones that a convolution or dense kernel applies itself. All but the last two are clamps, whose gradient can be told
/// from the output alone; these two are for inference (see [`FusedActivation::is_clamp`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum FusedActivation {
    Linear,
    Relu,
    Relu6,
    HardSwish,
    Silu,
}

impl FusedActivation {
    /// Whether the function is a clamp to a range. Only then does it commute with max-pooling, and can its gradient be told
    /// from its output: the others' backward passes need the input, so training keeps them as operations of their own.
    pub fn is_clamp(self) -> bool {
        match self {
            FusedActivation::Linear | FusedActivation::Relu | FusedActivation::Relu6 => true,
            FusedActivation::HardSwish | FusedActivation::Silu => false,
        }
    }

    /// The range of a clamp, which lets the gradient through strictly inside of it.
    ///
    /// # Panics
    /// Where the function is none.
    pub(crate) fn bounds(self) -> (f32, f32) {
        match self {
            FusedActivation::Linear => (f32::NEG_INFINITY, f32::INFINITY),
            FusedActivation::Relu => (0.0, f32::INFINITY),
            FusedActivation::Relu6 => (0.0, 6.0),
            FusedActivation::HardSwish | FusedActivation::Silu => panic!("{self:?} is not a clamp"),
        }
    }

    /// What the matrix product itself does of it: the clamps.
    pub(crate) fn in_product(self) -> Self {
        if self.is_clamp() { self } else { FusedActivation::Linear }
    }

    /// The function's value, for the oracles.
    pub(crate) fn apply<T: Float>(self, x: T) -> T {
        match self {
            FusedActivation::HardSwish => scalar::value(Activation::HardSwish, x),
            FusedActivation::Silu => scalar::value(Activation::Silu, x),
            FusedActivation::Linear | FusedActivation::Relu | FusedActivation::Relu6 => {
                let (low, high) = self.float_bounds();
                x.max(low).min(high)
            }
        }
    }

    /// Whether the gradient passes where the output is `y`, for the oracles.
    pub(crate) fn passes<T: Float>(self, y: T) -> bool {
        let (low, high) = self.float_bounds();
        low < y && y < high
    }

    fn float_bounds<T: Float>(self) -> (T, T) {
        let (low, high) = self.bounds();
        let convert = |x| T::from(x).expect("every float type holds small constants and infinities");
        (convert(low), convert(high))
    }
}

per_isa! {
    fn forward_chunk(activation: Activation, row: usize, x: &[f32], y: &mut [f32]) = simd::forward;
    fn backward_chunk(activation: Activation, row: usize, x: &[f32], y: &[f32], dy: &[f32], dx: &mut [f32])
        = simd::backward;
    /// `y = f(y)`, of one task; `f` is no clamp.
    pub(crate) fn in_place(activation: FusedActivation, y: &mut [f32]) = simd::in_place;
}

/// Elements that one task takes: whole rows where rows matter.
fn chunk_len(activation: Activation, row: usize, len: usize) -> usize {
    if activation != Activation::Softmax {
        return CHUNK;
    }
    assert!(row > 0 && len.is_multiple_of(row), "softmax needs whole rows: {len} elements in rows of {row}");
    row * (CHUNK / row).max(1)
}

/// `y = f(x)`. `row` is the length of the last axis, which softmax normalises over.
///
/// # Panics
/// Where the slices' lengths differ, or softmax gets no whole rows.
pub fn forward(isa: Isa, activation: Activation, row: usize, x: &[f32], y: &mut [f32]) {
    assert_eq!(x.len(), y.len(), "x and y must be equally long");
    let chunk = chunk_len(activation, row, x.len());
    let chunks = y.par_chunks_mut(chunk).zip(x.par_chunks(chunk));
    chunks.for_each(|(y, x)| forward_chunk(isa, activation, row, x, y));
}

/// `dx = f'(x) · dy`, given both the input and the output of the forward pass.
///
/// # Panics
/// As [`forward`].
pub fn backward(isa: Isa, activation: Activation, row: usize, x: &[f32], y: &[f32], dy: &[f32], dx: &mut [f32]) {
    let len = dx.len();
    assert!(x.len() == len && y.len() == len && dy.len() == len, "x, y, dy and dx must be equally long");
    let chunk = chunk_len(activation, row, len);
    let chunks = dx.par_chunks_mut(chunk).zip(x.par_chunks(chunk)).zip(y.par_chunks(chunk)).zip(dy.par_chunks(chunk));
    chunks.for_each(|(((dx, x), y), dy)| backward_chunk(isa, activation, row, x, y, dy, dx));
}
