//! Gradients between the backward pass and the update: averaged over several batches, and kept from growing too long.

use umbel_kernels::vectors;

use super::Isa;

/// The gradients of several batches, summed until one update takes their mean (gradient accumulation, Keras'
/// `gradient_accumulation_steps`).
#[derive(Clone, Debug, Default)]
pub struct GradientSum {
    sums: Vec<Vec<f32>>,
    samples: usize,
}

impl GradientSum {
    /// Adds a batch's gradients of its mean loss over so many samples.
    pub fn add(&mut self, isa: Isa, gradients: &[Vec<f32>], samples: usize) {
        self.sums.resize_with(gradients.len(), Vec::new);
        for (sum, gradient) in self.sums.iter_mut().zip(gradients) {
            // After an update the sums are zeros, of the right length from the first time on.
            sum.resize(gradient.len(), 0.0);
            vectors::add_scaled(isa, samples as f32, gradient, sum);
        }
        self.samples += samples;
    }

    /// Puts the gradients of the mean loss over all samples that were added into `gradients`, and begins anew.
    pub fn take(&mut self, isa: Isa, gradients: &mut [Vec<f32>]) {
        let each = 1.0 / self.samples.max(1) as f32;
        for (gradient, sum) in gradients.iter_mut().zip(&mut self.sums) {
            gradient.copy_from_slice(sum);
            vectors::scale(isa, each, gradient);
            sum.fill(0.0);
        }
        self.samples = 0;
    }

    /// Bytes of the sums.
    pub fn memory_bytes(&self) -> usize {
        self.sums.iter().map(|sum| size_of_val(sum.as_slice())).sum()
    }
}

/// Shortens the gradients, all taken as one vector, to `limit`, where they are longer (Pascanu et al. 2013, "On the difficulty
/// of training recurrent neural networks"; Keras' `global_clipnorm`). Gives the length before. What is not a number is left
/// for the loss to tell.
pub fn clip_global_norm(isa: Isa, gradients: &mut [Vec<f32>], limit: f64) -> f64 {
    let norm = gradients.iter().map(|gradient| vectors::sum_of_squares(gradient)).sum::<f64>().sqrt();
    if norm > limit {
        let factor = (limit / norm) as f32;
        gradients.iter_mut().for_each(|gradient| vectors::scale(isa, factor, gradient));
    }
    norm
}

/// One step of a moving average of tensors: `average += share · (new − average)`.
///
/// # Panics
/// Where the two are not of one model.
pub fn blend(isa: Isa, share: f32, new: &super::Weights, average: &mut super::Weights) {
    assert_eq!(new.tensors.len(), average.tensors.len(), "the average is of another model's weights");
    for (new, average) in new.tensors.iter().zip(&mut average.tensors) {
        vectors::blend(isa, share, &new.data, &mut average.data);
    }
}
