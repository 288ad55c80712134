//! Activation functions, forward and backward, element by element (softmax: row by row).

use crate::Isa;

/// Which function. Definitions as in Keras (GELU with the error function, hard swish as x·relu6(x+3)/6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Activation {
    Linear,
    Relu,
    Relu6,
    Silu,
    HardSwish,
    Gelu,
    Tanh,
    Sigmoid,
    Softmax,
}

/// The ones that a convolution or dense kernel applies itself: their gradient can be told from the output alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum FusedActivation {
    Linear,
    Relu,
    Relu6,
}

/// `y = f(x)`. `row` is the length of the last axis, which softmax normalises over.
pub fn forward(isa: Isa, activation: Activation, row: usize, x: &[f32], y: &mut [f32]) {
    todo!()
}

/// `dx = f'(x) · dy`, given both the input and the output of the forward pass.
pub fn backward(isa: Isa, activation: Activation, row: usize, x: &[f32], y: &[f32], dy: &[f32], dx: &mut [f32]) {
    todo!()
}
