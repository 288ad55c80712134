//! The last layer as multinomial logistic regression on features: mean cross-entropy and half the squared weights times a
//! strength, in coordinates where the features have mean 0 and, all together, deviation 1 over the training photos. These
//! coordinates are folded into the layer's own weights for every evaluation, so the features stay as they are and so does the layer.
//!
//! Where the layer comes from a model of one's own, the squares are of the distance from what it was ([`Objective::toward`]).
//!
//! One deviation for all features, not one for each: of a few dozen photos, the deviation of a single feature is known badly, and a
//! feature that hardly moves among them would be enlarged the most.

use std::ops::Range;

use super::features::{Features, head};
use crate::base::augmentation::Balance;
use crate::base::memory;
use crate::base::progress::Interrupt;
use crate::nn::{LossSum, Model, OptimizerConfig, Slice, Train, Updates, sparse_categorical_crossentropy};
use crate::train::slices;
use crate::{Result, train};

/// Photos whose loss and gradient are summed in one piece.
const CHUNK: usize = 1024;
/// Features that deviate less than this, all together, say nothing, and get no weight.
const LEAST_DEVIATION: f64 = 1e-6;
/// Rows of variables that the search for one minimum remembers.
const VECTORS: usize = 22;

/// The user asked to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped;

/// What the last layer reads of some photos.
pub struct Photos {
    /// A row a photo.
    rows: Vec<f32>,
    labels: Vec<u32>,
    inputs: usize,
}

impl Photos {
    /// Of these photos (positions in the index, with labels). `fits` last layers of so many classes are to be fitted at a time.
    ///
    /// # Errors
    /// [`train::Error::Memory`] where all that takes more than there is; those of [`Features::read`].
    pub fn read(features: &Features, samples: &[(usize, u32)], (fits, classes): (usize, usize)) -> Result<Self> {
        let inputs = features.inputs();
        check_memory(samples.len() * inputs, fits * (inputs + 1) * classes)?;
        let mut rows = vec![0.0; samples.len() * inputs];
        for ((position, _), row) in samples.iter().zip(rows.chunks_exact_mut(inputs)) {
            features.read(*position, row)?;
        }
        Ok(Photos { rows, labels: samples.iter().map(|(_, label)| *label).collect(), inputs })
    }

    /// Their classes.
    pub fn labels(&self) -> &[u32] {
        &self.labels
    }

    fn rows(&self, range: &Range<usize>) -> &[f32] {
        &self.rows[range.start * self.inputs..range.end * self.inputs]
    }
}

/// The function to be minimized, of `[inputs, classes]` weights and `[classes]` biases in one row.
pub struct Objective<'a> {
    photos: &'a Photos,
    /// What is trained on, in pieces.
    pieces: Vec<Range<usize>>,
    /// How many that is.
    n: f64,
    head: Model,
    train: Box<dyn Train>,
    classes: usize,
    means: Vec<f64>,
    /// 1 / deviation, or 0.
    scale: f64,
    /// The logarithm of each class's share of the photos; 0 for a class without any.
    commonness: Vec<f32>,
    /// The point that the squares are taken from: nothing, or what the layer was.
    prior: Vec<f64>,
    interrupt: &'a Interrupt,
}

impl<'a> Objective<'a> {
    /// For the last layer of `model`, on all of these photos but those in `without`.
    pub fn new(
        model: &Model,
        features: &Features,
        (photos, without): (&'a Photos, Range<usize>),
        interrupt: &'a Interrupt,
    ) -> Result<Self> {
        let head = head(model, photos.inputs)?;
        let pieces: Vec<Range<usize>> =
            pieces(0..without.start, CHUNK).chain(pieces(without.end..photos.labels.len(), CHUNK)).collect();
        let n: usize = pieces.iter().map(Range::len).sum();
        // The point is moved by who minimizes, never by an update.
        let updates = Updates::by(OptimizerConfig::sgd(0.0));
        let train = features.engine().train(head.clone(), CHUNK.min(n), &updates)?;
        let classes = head.architecture().classes()?;
        let (means, scale) = moments(photos, &pieces, has_bias(&head));
        let commonness = commonness(photos, &pieces, classes);
        let prior = vec![0.0; (photos.inputs + 1) * classes];
        Ok(Objective { photos, pieces, n: n as f64, head, train, classes, means, scale, commonness, prior, interrupt })
    }

    /// Draws the classes that were `kept` to what the layer says of them now, in place of nothing.
    pub fn toward(mut self, kept: &[bool]) -> Self {
        let (means, scale, classes) = (&self.means, self.scale, self.classes);
        if kept.len() != classes || scale == 0.0 {
            return self;
        }
        let tensors = &self.head.weights().tensors;
        let (weights, biases) = self.prior.split_at_mut(means.len() * classes);
        let rows = tensors[0].data.chunks_exact(classes).zip(weights.chunks_exact_mut(classes));
        for (mean, (kernel, own)) in means.iter().zip(rows) {
            for class in (0..classes).filter(|class| kept[*class]) {
                own[class] = f64::from(kernel[class]) / scale;
                biases[class] += mean * f64::from(kernel[class]);
            }
        }
        if let Some(bias) = tensors.get(1) {
            let kept = biases.iter_mut().zip(&bias.data).zip(kept).filter(|(_, kept)| **kept);
            kept.for_each(|((own, bias), _)| *own += f64::from(*bias));
        }
        self
    }

    /// Where to begin.
    pub fn start(&self) -> Vec<f64> {
        self.prior.clone()
    }

    /// Classes that the layer tells apart.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The value at `point`, and its gradient.
    pub fn evaluate(
        &mut self,
        point: &[f64],
        strength: f64,
        gradient: &mut [f64],
    ) -> std::result::Result<f64, Stopped> {
        self.put(point);
        gradient.fill(0.0);
        let mut loss = 0.0;
        for piece in &self.pieces {
            if self.interrupt.requested() {
                return Err(Stopped);
            }
            let (rows, labels) = (self.photos.rows(piece), &self.photos.labels[piece.clone()]);
            loss += self.train.backward(Slice { images: rows, targets: labels.into(), key: 0 }).loss;
            let share = labels.len() as f64 / self.n;
            let places = self.train.layout().gradients().to_vec();
            let all = self.train.gradients();
            let values = places.iter().flat_map(|place| &all[place.clone()]);
            gradient.iter_mut().zip(values).for_each(|(sum, value)| *sum += share * f64::from(*value));
        }
        let (classes, scale) = (self.classes, self.scale);
        let (weights, biases) = gradient.split_at_mut(self.means.len() * classes);
        let (own, _) = point.split_at(weights.len());
        let own = own.chunks_exact(classes).zip(self.prior.chunks_exact(classes));
        let mut squares = 0.0;
        for (mean, (row, (own, prior))) in self.means.iter().zip(weights.chunks_exact_mut(classes).zip(own)) {
            for ((value, bias), (own, prior)) in row.iter_mut().zip(biases.iter()).zip(own.iter().zip(prior)) {
                let moved = own - prior;
                *value = scale * (*value - mean * bias) + strength * moved;
                squares += moved * moved;
            }
        }
        Ok(loss / self.n + 0.5 * strength * squares)
    }

    /// The last layer's weights and biases at `point`.
    pub fn put(&mut self, point: &[f64]) {
        let (weights, biases) = point.split_at(self.means.len() * self.classes);
        let mut biases = biases.to_vec();
        let tensors = &mut self.head.weights_mut().tensors;
        let kernel = tensors[0].data.chunks_exact_mut(self.classes).zip(weights.chunks_exact(self.classes));
        for (mean, (kernel, weights)) in self.means.iter().zip(kernel) {
            for ((kernel, weight), bias) in kernel.iter_mut().zip(weights).zip(&mut biases) {
                let folded = weight * self.scale;
                *kernel = folded as f32;
                *bias -= mean * folded;
            }
        }
        if let Some(bias) = tensors.get_mut(1) {
            bias.data.iter_mut().zip(biases).for_each(|(to, bias)| *to = bias as f32);
        }
        self.train.load(self.head.weights());
    }

    /// The last layer at `point`, as it is to be used: where classes are balanced, without what it has learned of how common each
    /// is (Menon et al. 2021, "Long-tail learning via logit adjustment"). Fitted to weighted photos instead, a layer that has no
    /// mistake left among its own photos is nearly the same as without weights.
    ///
    /// # Errors
    /// [`umbel_predict::Error::Setting`] where classes are to be balanced and the layer has no bias.
    pub fn settle(&mut self, point: &[f64], balance: Balance) -> Result<()> {
        self.put(point);
        if balance == Balance::None {
            return Ok(());
        }
        let Some(bias) = self.head.weights_mut().tensors.get_mut(1) else {
            let (setting, expected) =
                ("balance".into(), "left out: the last layer has no bias, which would do it".into());
            return Err(umbel_predict::Error::Setting { setting, value: balance.name().into(), expected }.into());
        };
        bias.data.iter_mut().zip(&self.commonness).for_each(|(bias, ln)| *bias -= ln);
        self.train.load(self.head.weights());
        Ok(())
    }

    /// Copies the last layer into the model that it was taken from.
    pub fn give_to(&self, model: &mut Model) {
        for own in &self.head.weights().tensors {
            let theirs = model.weights_mut().tensors.iter_mut().find(|theirs| theirs.name == own.name);
            theirs.expect("the head was taken from this model").data.copy_from_slice(&own.data);
        }
    }

    /// Loss and hits of the layer as it stands, on the photos that it is trained on.
    pub fn measure(&mut self) -> LossSum {
        let (mut total, photos) = (LossSum::default(), self.photos);
        for piece in &self.pieces {
            let (classes, labels) = (self.classes, &photos.labels[piece.clone()]);
            let logits = self.train.judge(photos.rows(piece));
            slices::add(&mut total, &sparse_categorical_crossentropy(classes, logits, labels, 1, None));
        }
        total
    }

    /// What the layer as it stands says of others: a row of logits for each.
    pub fn judge(&mut self, photos: &Photos, range: Range<usize>) -> Vec<f32> {
        let mut logits = Vec::with_capacity(range.len() * self.classes);
        for piece in pieces(range, self.train.batch()) {
            logits.extend_from_slice(self.train.judge(photos.rows(&piece)));
        }
        logits
    }
}

/// A range in pieces of at most so many.
fn pieces(range: Range<usize>, most: usize) -> impl Iterator<Item = Range<usize>> {
    let end = range.end;
    range.step_by(most).map(move |start| start..end.min(start + most))
}

/// The features themselves, and what L-BFGS remembers.
fn check_memory(values: usize, variables: usize) -> Result<()> {
    let needed_bytes = (values * 4 + variables * VECTORS * 8) as u64;
    match memory::available_bytes() {
        Some(available_bytes) if needed_bytes > available_bytes => {
            Err(train::Error::Memory { needed_bytes, available_bytes }.into())
        }
        _ => Ok(()),
    }
}

fn has_bias(head: &Model) -> bool {
    head.weights().tensors.len() > 1
}

fn commonness(photos: &Photos, pieces: &[Range<usize>], classes: usize) -> Vec<f32> {
    let mut counts = vec![0usize; classes];
    let labels = pieces.iter().flat_map(|piece| &photos.labels[piece.clone()]);
    labels.for_each(|&label| counts[label as usize] += 1);
    let n = counts.iter().sum::<usize>() as f64;
    counts.iter().map(|&count| if count == 0 { 0.0 } else { (count as f64 / n).ln() as f32 }).collect()
}

/// Mean of every feature and the inverse deviation of all; without a bias, which alone could make up for it, no mean.
fn moments(photos: &Photos, pieces: &[Range<usize>], centered: bool) -> (Vec<f64>, f64) {
    let inputs = photos.inputs;
    let rows = || pieces.iter().flat_map(|piece| photos.rows(piece).chunks_exact(inputs));
    let n = pieces.iter().map(Range::len).sum::<usize>() as f64;
    let mut sums = vec![0.0f64; inputs];
    for row in rows() {
        sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += f64::from(*value));
    }
    let means: Vec<f64> = sums.iter().map(|sum| if centered { sum / n } else { 0.0 }).collect();
    let square =
        |row: &[f32]| -> f64 { row.iter().zip(&means).map(|(value, mean)| (f64::from(*value) - mean).powi(2)).sum() };
    let deviation = (rows().map(square).sum::<f64>() / (n * inputs as f64)).sqrt();
    (means, if deviation > LEAST_DEVIATION { 1.0 / deviation } else { 0.0 })
}
