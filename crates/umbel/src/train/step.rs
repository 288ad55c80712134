//! A training step has one owner: weights, gradients, the optimizer's state and the average, the photos' targets and sizes,
//! and the sum over the slices of an update. The run and the range test drive it.

use super::FitOptions;
use super::evaluate::{Sums, sums};
use super::sizes::{Sizes, refused};
use super::slices::{SliceSums, buffers};
use super::targets::TargetMaker;
use crate::base::progress::Interrupt;
use crate::data::augment::Policy;
use crate::data::{Batch, Dataset, LoaderOptions};
use crate::nn::{Infer, LossSum, Model, SharedEngine, Slice, Train, Updates, Weights};
use crate::{Result, train};

/// Batches that the loader may hold at one time, for the estimate of memory: one of pictures, and four of photos as bytes,
/// which take as much as one.
const BATCHES_IN_FLIGHT: usize = 2;

/// Training at work on one dataset.
pub(super) struct Step {
    train: Box<dyn Train>,
    /// Judges photos of their own size, while it trains on another.
    judge: Option<Box<dyn Infer>>,
    /// Height and width of the photos that are trained on.
    size: usize,
    targets: TargetMaker,
    loader: LoaderOptions,
    sums: SliceSums,
    /// Of the update at hand: its slices, and those that are done.
    slices: (usize, usize),
}

impl Step {
    /// Takes up the model's weights, for photos of the given size.
    pub fn new(model: Model, train: &Dataset, options: &FitOptions, size: usize) -> Result<Self> {
        let batch = options.batch.min(train.len());
        let updates = Updates {
            precision: options.precision,
            optimizer: options.optimizer,
            rates: rates(&model, options)?,
            global_clipnorm: options.global_clipnorm,
            ema_momentum: options.ema_momentum,
        };
        let loader = LoaderOptions {
            batch: options.batch,
            seed: options.seed,
            epoch: 0,
            shuffle: true,
            augment: Policy::new(&model.architecture().augmentation()),
            mixing: options.mixing,
            balance: options.balance,
            image_size: Some(size),
            skip_batches: 0,
        };
        let (engine, own) = (&options.engine, train.image_size());
        let (model, judge) = match size == own {
            true => (model, None),
            false => {
                let judge = engine.infer(&model, batch, options.precision)?;
                (model.with_input_size(size).map_err(|error| refused(size, &error))?, Some(judge))
            }
        };
        Ok(Step {
            train: engine.train(model, batch, &updates)?,
            judge,
            size,
            targets: TargetMaker::new(options, train),
            loader,
            sums: SliceSums::default(),
            slices: (1, 0),
        })
    }

    /// Goes on with photos of another size.
    pub fn resize(&mut self, model: &Model, train: &Dataset, options: &FitOptions, size: usize) -> Result<()> {
        if size == self.size {
            return Ok(());
        }
        self.judge = None;
        self.train.resize(size).map_err(|error| refused(size, &error))?;
        if size != train.image_size() {
            self.judge = Some(options.engine.infer(model, self.train.batch(), options.precision)?);
        }
        self.size = size;
        self.loader.image_size = Some(size);
        Ok(())
    }

    /// How the photos of an epoch are to be loaded, from this batch on.
    pub fn loader_options(&self, epoch: u64, skip_batches: usize) -> LoaderOptions {
        LoaderOptions { epoch, skip_batches, ..self.loader.clone() }
    }

    /// Begins an update of so many slices.
    pub fn begin(&mut self, slices: usize) {
        self.slices = (slices, 0);
    }

    /// Takes the next slice of the update.
    pub fn slice(&mut self, batch: &Batch, key: u64) -> LossSum {
        let targets = self.targets.make(batch);
        let loss = self.train.backward(Slice { images: &batch.images, targets, key });
        let (all, done) = &mut self.slices;
        if *all > 1 {
            self.sums.add(*done, self.train.gradients(), loss);
        }
        *done += 1;
        loss
    }

    /// Changes the weights by the mean over the slices; `loss` is what the last of them gave. Gives the update's sums.
    pub fn update(&mut self, learning_rate: f64, loss: LossSum) -> LossSum {
        let (all, done) = self.slices;
        debug_assert_eq!(all, done, "an update ends with its last slice");
        let loss = if all > 1 { self.sums.finish(all, self.train.gradients()) } else { loss };
        self.train.update(learning_rate);
        loss
    }

    /// Loss and hits of the judged weights on a dataset of the photos' own size; `None` where the user asked to stop.
    /// `each` sees the logits, batch after batch.
    pub fn judge(
        &mut self,
        dataset: &Dataset,
        interrupt: &Interrupt,
        mut each: impl FnMut(&[f32]),
    ) -> Result<Option<Sums>> {
        let Step { train, judge, .. } = self;
        let batch = train.batch();
        sums(dataset, batch, 1, interrupt, |images| {
            let logits = match judge {
                Some(judge) => judge.infer(train.judged(), images).to_vec(),
                None => train.judge(images).to_vec(),
            };
            each(&logits);
            logits
        })
    }

    /// What trains.
    pub fn train(&mut self) -> &mut dyn Train {
        &mut *self.train
    }

    /// The weights.
    pub fn weights(&self) -> &Weights {
        self.train.weights()
    }

    /// What is validated and kept.
    pub fn judged(&self) -> &Weights {
        self.train.judged()
    }

    /// See [`Train`].
    pub fn state(&self) -> &dyn Train {
        &*self.train
    }

    /// Ends it; gives the weights.
    pub fn into_weights(self) -> Weights {
        self.train.into_weights()
    }
}

/// What multiplies the learning rate of each trained tensor.
fn rates(model: &Model, options: &FitOptions) -> Result<Vec<f64>> {
    let depths = model.architecture().depths()?;
    Ok(depths.into_iter().map(|depth| options.layer_decay.powi(depth as i32)).collect())
}

/// Bytes that training will take with batches of so many photos, beside what the program takes by itself (some tens of
/// megabytes): buffers (of the largest size that is trained on), weights, the optimizer's state, the best epoch's copy, the
/// average and the sums over slices where there are such, and the batches under way. Known without taking any of it.
///
/// # Errors
/// [`umbel_predict::Error::Setting`] for a batch of 0, and for sizes to train on that cannot be.
pub fn memory_needed(model: &Model, batch: usize, options: &FitOptions) -> Result<u64> {
    let (height, width, channels) = model.architecture().input();
    let copies = 2 + usize::from(options.ema_momentum > 0.0) + buffers(options.gradient_accumulation_steps);
    let weights = copies * size_of::<f32>() * model.weights().count() + options.optimizer.state_bytes(model.weights());
    let batches = (BATCHES_IN_FLIGHT * size_of::<f32>() * height * width * channels) as u128 * batch as u128;
    let size = Sizes::new(options, height).largest();
    let buffers = foreseen_bytes(&options.engine, model, batch, size)?;
    Ok(u64::try_from(buffers + weights as u128 + batches).unwrap_or(u64::MAX))
}

/// Bytes of all buffers of [`Step::new`].
fn foreseen_bytes(engine: &SharedEngine, model: &Model, batch: usize, size: usize) -> Result<u128> {
    if size == model.architecture().input().0 {
        return Ok(engine.foreseen_bytes(model, batch)?);
    }
    let resized = model.with_input_size(size).map_err(|error| refused(size, &error))?;
    Ok(engine.foreseen_bytes(&resized, batch)? + engine.foreseen_inference_bytes(model, batch)?)
}

/// Refuses what the machine cannot hold.
pub(super) fn check_memory(needed_bytes: u64, available: Option<u64>) -> Result<()> {
    match available {
        Some(available_bytes) if needed_bytes > available_bytes => {
            Err(train::Error::Memory { needed_bytes, available_bytes }.into())
        }
        _ => Ok(()),
    }
}
