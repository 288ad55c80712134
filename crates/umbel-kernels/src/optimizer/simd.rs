//! The fast bodies.

use super::SgdStep;
use crate::isa::Simd;

/// [`AdamStep`](super::AdamStep) with everything worked out that is the same for all weights.
#[derive(Clone, Copy)]
pub(super) struct AdamFactors {
    pub alpha: f32,
    pub one_minus_beta_1: f32,
    pub one_minus_beta_2: f32,
    pub epsilon: f32,
    /// 1 - learning rate * weight decay.
    pub shrink: f32,
}

#[inline(always)]
pub(super) fn adam<S: Simd>(s: S, f: AdamFactors, weights: &mut [f32], gradient: &[f32], m: &mut [f32], v: &mut [f32]) {
    let (alpha, epsilon, shrink) = (s.splat(f.alpha), s.splat(f.epsilon), s.splat(f.shrink));
    let (rate_m, rate_v) = (s.splat(f.one_minus_beta_1), s.splat(f.one_minus_beta_2));
    let moments = m.chunks_mut(S::LANES).zip(v.chunks_mut(S::LANES));
    for ((w, g), (m, v)) in weights.chunks_mut(S::LANES).zip(gradient.chunks(S::LANES)).zip(moments) {
        let g = s.load(g);
        let m_old = s.load(m);
        let v_old = s.load(v);
        let m_new = s.mul_add(s.sub(g, m_old), rate_m, m_old);
        let v_new = s.mul_add(s.sub(s.mul(g, g), v_old), rate_v, v_old);
        s.store(m, m_new);
        s.store(v, v_new);
        let change = s.div(s.mul(m_new, alpha), s.add(s.sqrt(v_new), epsilon));
        let shrunk = s.mul(s.load(w), shrink);
        s.store(w, s.sub(shrunk, change));
    }
}

/// `velocity` may be empty, then momentum is 0.
#[inline(always)]
pub(super) fn sgd<S: Simd>(s: S, options: SgdStep, weights: &mut [f32], gradient: &[f32], velocity: &mut [f32]) {
    let shrink = s.splat(1.0 - options.learning_rate * options.weight_decay);
    let (lr, momentum) = (s.splat(options.learning_rate), s.splat(options.momentum));
    if velocity.is_empty() {
        for (w, g) in weights.chunks_mut(S::LANES).zip(gradient.chunks(S::LANES)) {
            let shrunk = s.mul(s.load(w), shrink);
            s.store(w, s.sub(shrunk, s.mul(lr, s.load(g))));
        }
        return;
    }
    let chunks = weights.chunks_mut(S::LANES).zip(gradient.chunks(S::LANES)).zip(velocity.chunks_mut(S::LANES));
    for ((w, g), velocity) in chunks {
        let step = s.mul(lr, s.load(g));
        let moved = s.sub(s.mul(momentum, s.load(velocity)), step);
        s.store(velocity, moved);
        let shrunk = s.mul(s.load(w), shrink);
        let new = if options.nesterov { s.sub(s.mul_add(momentum, moved, shrunk), step) } else { s.add(shrunk, moved) };
        s.store(w, new);
    }
}
