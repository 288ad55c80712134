//! Update rules, applied to one flat slice of weights.

use crate::Isa;

/// Adam (Kingma & Ba 2015) in Keras' form: epsilon outside of the bias-corrected root.
/// `weight_decay` is decoupled (AdamW, Loshchilov & Hutter 2019); 0 is plain Adam.
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

/// Updates `weights`, first moment `m` and second moment `v` in place.
pub fn adam(isa: Isa, options: &AdamStep, weights: &mut [f32], gradient: &[f32], m: &mut [f32], v: &mut [f32]) {
    todo!()
}

/// Stochastic gradient descent with (Nesterov) momentum, as in Keras: `velocity = momentum·velocity − lr·gradient`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct SgdStep {
    pub learning_rate: f32,
    pub momentum: f32,
    pub nesterov: bool,
    pub weight_decay: f32,
}

/// Updates `weights` and `velocity` in place (`velocity` may be empty where momentum is 0).
pub fn sgd(isa: Isa, options: &SgdStep, weights: &mut [f32], gradient: &[f32], velocity: &mut [f32]) {
    todo!()
}
