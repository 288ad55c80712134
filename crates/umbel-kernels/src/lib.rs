//! Vectorised CPU kernels for training convolutional networks.
//!
//! Slices in, slices out: no files, no threads of its own (rayon's current pool is used), no global state but the
//! cached answer of what this CPU can do. Tensors are `f32`, channels last (NHWC); convolution weights are
//! `[kernel_height, kernel_width, channels_in, channels_out]` and dense weights `[inputs, outputs]`, as in Keras. Convolutions and dense layers have a
//! form in bf16 each, whose products are of rounded operands; it takes and gives `f32`.
//!
//! Three promises hold for every operation:
//!
//! 1. Beside the fast kernel stands a slow, obvious oracle (`scalar.rs`, generic over `f32` and `f64`), always compiled,
//!    that the tests hold every instruction set to.
//! 2. Work is cut by the problem's shape, never by the number of threads, and sums are reduced in a fixed order, so the
//!    result has the same bits for any number of threads.
//! 3. A call allocates nothing that grows with the problem once it has run before: scratch is passed in (`workspace`)
//!    or kept per thread.

pub mod activation;
pub mod batch_norm;
pub mod bf16;
pub mod conv2d;
pub mod dense;
pub mod depthwise;
pub mod dropout;
pub mod elementwise;
mod extent;
mod fused;
pub mod gemm;
pub mod grouped;
mod half;
pub mod isa;
pub mod layer_norm;
pub mod loss;
pub mod optimizer;
mod parallel;
pub mod peak;
pub mod pool;
mod precision;
mod prefetch;
mod sums;
pub mod vectors;
pub mod warp;

pub use activation::{Activation, FusedActivation};
pub use isa::Isa;
pub use precision::Precision;
