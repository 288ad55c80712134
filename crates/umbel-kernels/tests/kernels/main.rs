//! Every kernel, on every instruction set that this CPU has, against its oracle in `f64`; every oracle's gradients against
//! central differences; and the promise that the number of threads changes no bit.

mod activation;
mod batch_norm;
mod conv2d;
mod conv2d_bf16;
mod dense;
mod dense_bf16;
mod depthwise;
mod dropout;
mod elementwise;
mod gemm;
mod grouped;
mod layer_norm;
mod loss;
mod optimizer;
mod pool;
mod soundness;
mod support;
mod vectors;
mod warp;
