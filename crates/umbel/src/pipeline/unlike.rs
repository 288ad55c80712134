//! Photos that look like none of the classes: another thing altogether, a drawing, a screenshot. Each is compared with photos of the
//! folds that it is not in, so that none is like itself.

use rayon::prelude::*;

use super::unseen::remembered;
use crate::Result;
use crate::data::Dataset;
use crate::metrics::{Prototypes, Reads, Standard, familiarity, negative_energy};
use crate::train::{Features, OutOfFold};

/// A photo that looks like none of the classes.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)]
pub struct UnlikePhoto {
    /// In `index.photos`.
    pub photo: usize,
    /// How familiar it is among all of them: 0 is as the median, and at -1 one of twenty is below.
    pub score: f64,
}

/// What is below this is told. Of numbers that are spread as chance spreads them, seven of a thousand are (2.5 deviations).
const UNLIKE: f64 = -1.5;
/// Among fewer photos, what is usual is not known.
const LEAST_PHOTOS: usize = 100;

/// Photos that look like none of the classes, the least alike first: by what the layers that had not seen them say, and by their
/// likeness to photos of the other folds.
pub(super) fn unlike_others(told: &OutOfFold, features: &Features) -> Result<Vec<UnlikePhoto>> {
    let photos = &told.photos;
    let classes = photos.class_names().len();
    if photos.len() < LEAST_PHOTOS {
        return Ok(Vec::new());
    }
    let mut likenesses = Vec::with_capacity(photos.len());
    for fold in &told.folds {
        let others = [&photos.samples[..fold.start], &photos.samples[fold.end..]].concat();
        let others = Dataset { samples: others.into(), paths: photos.paths.clone(), ..photos.clone() };
        let known = remembered(&others, Reads::LastInput);
        let mut rows = vec![0.0; known.len() * features.inputs()];
        for ((position, _), row) in known.samples.iter().zip(rows.chunks_exact_mut(features.inputs())) {
            features.read(*position, row)?;
        }
        // Features that are no numbers, or too many of them, cannot be compared.
        let Some(prototypes) = Prototypes::new(features.inputs(), &rows) else { return Ok(Vec::new()) };
        let likeness = |(position, _): &(usize, u32)| {
            let mut row = vec![0.0; features.inputs()];
            features.read(*position, &mut row)?;
            Ok(prototypes.likeness(&row))
        };
        let own = photos.samples[fold.clone()].par_iter().map(likeness).collect::<Result<Vec<f64>>>()?;
        likenesses.extend(own);
    }
    let energies: Vec<f64> = told.logits.chunks_exact(classes).map(negative_energy).collect();
    let Some(scores) = familiarity(&energies, &likenesses) else { return Ok(Vec::new()) };
    let Some(usual) = Standard::of(&scores) else { return Ok(Vec::new()) };
    let all = photos.samples.iter().zip(&scores);
    let mut unlike: Vec<UnlikePhoto> = all
        .map(|((photo, _), score)| UnlikePhoto { photo: *photo, score: usual.apply(*score) })
        .filter(|found| found.score < UNLIKE)
        .collect();
    unlike.sort_by(|a, b| a.score.total_cmp(&b.score).then(a.photo.cmp(&b.photo)));
    Ok(unlike)
}
