//! Gradients between the backward pass and the update, and the moving average behind it.

use std::ops::Range;

use umbel_kernels::{Isa, vectors};

use crate::nn::Weights;

/// Shortens the gradients at these places, all taken as one vector, to `limit`, where they are longer (Pascanu et al. 2013, "On the difficulty
/// of training recurrent neural networks"; Keras' `global_clipnorm`). Gives the length before. What is not a number is left
/// for the loss to tell.
pub fn clip_global_norm(isa: Isa, ranges: &[Range<usize>], all: &mut [f32], limit: f64) -> f64 {
    let squares = ranges.iter().map(|range| vectors::sum_of_squares(&all[range.clone()]));
    let norm = squares.sum::<f64>().sqrt();
    if norm > limit {
        let factor = (limit / norm) as f32;
        ranges.iter().for_each(|range| vectors::scale(isa, factor, &mut all[range.clone()]));
    }
    norm
}

/// One step of a moving average of tensors: `average += share · (new − average)`.
///
/// # Panics
/// Where the two are not of one model.
pub fn blend(isa: Isa, share: f32, new: &Weights, average: &mut Weights) {
    assert_eq!(new.tensors.len(), average.tensors.len(), "the average is of another model's weights");
    for (new, average) in new.tensors.iter().zip(&mut average.tensors) {
        vectors::blend(isa, share, &new.data, &mut average.data);
    }
}
