//! One look at prepared photos: their logits, and how familiar each is.

use rayon::prelude::*;

use crate::metrics::{KnownPictures, Reads};
use crate::nn::engine::Seen;
use crate::nn::{Infer, Weights};

/// What the score is made by, and which step's output the last layer reads.
pub(super) type Scoring<'a> = (&'a KnownPictures, Option<(usize, usize)>);

/// The logits of `images`, and a score for each where it is asked for.
pub(super) fn look<'a>(
    infer: &'a mut dyn Infer,
    weights: &Weights,
    images: &[f32],
    classes: usize,
    scoring: Option<Scoring<'_>>,
) -> (&'a [f32], Vec<f64>) {
    let Some((known, last_input)) = scoring else { return (infer.infer(weights, images), Vec::new()) };
    let mut inputs = Vec::new();
    let (logits, features) = match (known.reads(), last_input) {
        (Reads::ChannelMeans, _) => infer.infer_with_features(weights, images),
        (Reads::LastInput, Some((step, _))) => {
            let logits = infer.infer_watched(weights, images, &mut |seen| match seen {
                Seen::Output(index, output) if index == step => inputs.extend_from_slice(output),
                Seen::Output(..) | Seen::Loss | Seen::Gradient(..) => {}
            });
            (logits, inputs.as_slice())
        }
        (Reads::Logits, _) | (Reads::LastInput, None) => (infer.infer(weights, images), [].as_slice()),
    };
    let photos = logits.len() / classes;
    let width = features.len() / photos.max(1);
    let score = |(k, logits)| known.score(logits, &features[k * width..][..width]);
    let scores = logits.par_chunks_exact(classes).enumerate().map(score).collect();
    (logits, scores)
}
