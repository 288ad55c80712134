//! Update rules, applied to one flat slice of weights.

pub mod scalar;
mod simd;

use rayon::prelude::*;
use simd::AdamFactors;

use crate::Isa;
use crate::isa::per_isa;
use crate::parallel::CHUNK;

/// Adam (Kingma & Ba 2015) exactly as Keras has it: both bias corrections are folded into the learning rate, and epsilon
/// is added to the root of the *uncorrected* second moment (the paper's "epsilon hat"):
/// `w -= lr · sqrt(1 - beta_2^step) / (1 - beta_1^step) · m / (sqrt(v) + epsilon)`.
/// `weight_decay` is decoupled (AdamW, Loshchilov & Hutter 2019): `w -= w · weight_decay · lr` before the update; 0 is
/// plain Adam.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct AdamStep {
    pub learning_rate: f32,
    pub beta_1: f32,
    pub beta_2: f32,
    pub epsilon: f32,
    pub weight_decay: f32,
    /// 1 at the first step.
    pub step: u64,
}

per_isa! {
    fn adam_chunk(factors: AdamFactors, weights: &mut [f32], gradient: &[f32], m: &mut [f32], v: &mut [f32])
        = simd::adam;
    fn sgd_chunk(options: SgdStep, weights: &mut [f32], gradient: &[f32], velocity: &mut [f32]) = simd::sgd;
}

/// Updates `weights`, first moment `m` and second moment `v` in place.
///
/// # Panics
/// Where the slices' lengths differ.
pub fn adam(isa: Isa, options: &AdamStep, weights: &mut [f32], gradient: &[f32], m: &mut [f32], v: &mut [f32]) {
    let len = weights.len();
    assert!(gradient.len() == len && m.len() == len && v.len() == len, "all slices must be equally long");
    let (beta_1, beta_2) = (f64::from(options.beta_1), f64::from(options.beta_2));
    let step = options.step as f64;
    let correction = (1.0 - beta_2.powf(step)).sqrt() / (1.0 - beta_1.powf(step));
    let factors = AdamFactors {
        alpha: (f64::from(options.learning_rate) * correction) as f32,
        one_minus_beta_1: (1.0 - beta_1) as f32,
        one_minus_beta_2: (1.0 - beta_2) as f32,
        epsilon: options.epsilon,
        shrink: (1.0 - f64::from(options.learning_rate) * f64::from(options.weight_decay)) as f32,
    };
    let chunks = weights.par_chunks_mut(CHUNK).zip(gradient.par_chunks(CHUNK));
    let chunks = chunks.zip(m.par_chunks_mut(CHUNK)).zip(v.par_chunks_mut(CHUNK));
    chunks.for_each(|(((weights, gradient), m), v)| adam_chunk(isa, factors, weights, gradient, m, v));
}

/// Stochastic gradient descent with (Nesterov) momentum, as in Keras: `velocity = momentum·velocity − lr·gradient`, then
/// `w += velocity`, or `w += momentum·velocity − lr·gradient` with Nesterov. `weight_decay` is decoupled, as in
/// [`AdamStep`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct SgdStep {
    pub learning_rate: f32,
    pub momentum: f32,
    pub nesterov: bool,
    pub weight_decay: f32,
}

/// Updates `weights` and `velocity` in place (`velocity` may be empty where momentum is 0).
///
/// # Panics
/// Where the slices' lengths differ.
pub fn sgd(isa: Isa, options: &SgdStep, weights: &mut [f32], gradient: &[f32], velocity: &mut [f32]) {
    assert_eq!(gradient.len(), weights.len(), "the gradient must be as long as the weights");
    let no_weights = weights.is_empty();
    let chunks = weights.par_chunks_mut(CHUNK).zip(gradient.par_chunks(CHUNK));
    if velocity.is_empty() {
        assert!(options.momentum == 0.0 || no_weights, "momentum needs a velocity");
        chunks.for_each(|(weights, gradient)| sgd_chunk(isa, *options, weights, gradient, &mut []));
    } else {
        assert_eq!(velocity.len(), gradient.len(), "the velocity must be as long as the weights");
        let chunks = chunks.zip(velocity.par_chunks_mut(CHUNK));
        chunks.for_each(|((weights, gradient), velocity)| sgd_chunk(isa, *options, weights, gradient, velocity));
    }
}
