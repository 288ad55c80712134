//! Probabilities averaged over several looks at each photo: what test-time augmentation gains is measured as it is used.

use rayon::prelude::*;

use crate::base::progress::Interrupt;
use crate::base::settings::positive;
use crate::data::{Dataset, Tta, Views};
use crate::metrics::softmax;
use crate::model_file::ModelFile;
use crate::nn::{Engine, Precision};
use crate::{Error, Result};

/// The looks that are right for this model.
pub(crate) fn of(file: &ModelFile, tta: Tta) -> Views {
    Views::new(tta, &file.model.architecture().augmentation())
}

/// Rows of mean probabilities, with the model's temperature and without one.
pub(crate) fn probabilities(
    engine: &dyn Engine,
    file: &ModelFile,
    dataset: &Dataset,
    (tta, batch): (Tta, usize),
    interrupt: &Interrupt,
) -> Result<[Vec<f64>; 2]> {
    positive("batch", batch)?;
    let (views, classes) = (of(file, tta), file.classes.len());
    let mut infer = engine.infer(&file.model, batch.min(dataset.len().max(1)), Precision::F32)?;
    let mut all = [Vec::new(), Vec::new()];
    let samples: Vec<usize> = (0..dataset.len()).collect();
    for samples in samples.chunks(infer.batch()) {
        let look = |sample: &usize| Ok(views.of(dataset.prep(), &dataset.picture(*sample)?.0));
        let looks: Vec<Vec<Vec<u8>>> = samples.par_iter().map(look).collect::<Result<_>>()?;
        let mut sums = [file.temperature(), 1.0].map(|temperature| (temperature, vec![0.0; samples.len() * classes]));
        for view in 0..views.count() {
            if interrupt.requested() {
                return Err(Error::Interrupted);
            }
            let images: Vec<f32> = looks.iter().flat_map(|looks| looks[view].iter().copied().map(f32::from)).collect();
            let logits = infer.infer(file.model.weights(), &images);
            for (temperature, sums) in &mut sums {
                let own = softmax(classes, logits, *temperature);
                sums.iter_mut().zip(own).for_each(|(sum, p)| *sum += p);
            }
        }
        for (all, (_, sums)) in all.iter_mut().zip(sums) {
            // Rounding must not lift a sum of certainties above 1; `min` would make 1 of what is no number.
            let mean = |sum: f64| if sum.is_nan() { sum } else { (sum / views.count() as f64).min(1.0) };
            all.extend(sums.into_iter().map(mean));
        }
    }
    Ok(all)
}
