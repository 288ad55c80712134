//! The plans of a run whose photos grow: one to train on the size of the epoch, one to validate on the photos' own size.

use super::FitOptions;
use crate::data::Dataset;
use crate::nn::{Arithmetic, Model, Plan};
use crate::{Error, Result};

/// The plans of one size.
#[derive(Debug)]
pub(super) struct Plans {
    size: usize,
    /// Trains; validates too where it is made for the photos' own size.
    train: Plan,
    val: Option<Plan>,
}

impl Plans {
    /// Compiles what trains on photos of `size` x `size`.
    pub fn new(
        model: &Model,
        train: &Dataset,
        options: &FitOptions,
        size: usize,
        arithmetic: Arithmetic,
    ) -> Result<Self> {
        let batch = options.batch.min(train.len());
        if size == train.image_size() {
            return Ok(Plans { size, train: Plan::training(model, batch, arithmetic)?, val: None });
        }
        let resized = model.with_input_size(size).map_err(|error| refused(size, &error))?;
        let val = Some(Plan::inference(model, batch, arithmetic)?);
        Ok(Plans { size, train: Plan::training(&resized, batch, arithmetic)?, val })
    }

    /// Height and width of the photos that are trained on.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The plan that trains.
    pub fn train(&mut self) -> &mut Plan {
        &mut self.train
    }

    /// The plan that validates.
    pub fn val(&mut self) -> &mut Plan {
        self.val.as_mut().unwrap_or(&mut self.train)
    }

    /// Bytes of all buffers of [`Plans::new`], without taking them.
    pub fn foreseen_bytes(model: &Model, batch: usize, size: usize) -> Result<u128> {
        if size == model.architecture().input().0 {
            return Plan::foreseen_bytes(model, batch);
        }
        let resized = model.with_input_size(size).map_err(|error| refused(size, &error))?;
        Ok(Plan::foreseen_bytes(&resized, batch)? + Plan::foreseen_inference_bytes(model, batch)?)
    }
}

fn refused(size: usize, error: &Error) -> Error {
    Error::Setting {
        setting: "train_sizes".into(),
        value: size.to_string(),
        expected: format!(
            "left out (--train-sizes none) for this network, which cannot take other sizes than it was made for ({error}); \
             one that ends in a global pooling, like umbel_s, can"
        ),
    }
}

/// The sizes of a run's epochs.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sizes {
    sizes: Vec<usize>,
    epochs: usize,
}

impl Sizes {
    /// The sizes of these options, in equal shares of the epochs; `own`, the photos' size, where there is none, and in place of
    /// larger ones.
    pub fn new(options: &FitOptions, own: usize) -> Self {
        let sizes: Vec<usize> = options.train_sizes.iter().map(|&size| (size as usize).min(own)).collect();
        Sizes { sizes: if sizes.is_empty() { vec![own] } else { sizes }, epochs: options.epochs.max(1) }
    }

    /// The size of an epoch, from 0.
    pub fn of(&self, epoch: usize) -> usize {
        let stage = (epoch * self.sizes.len() / self.epochs).min(self.sizes.len() - 1);
        self.sizes[stage]
    }

    /// The size that needs the most memory.
    pub fn largest(&self) -> usize {
        self.sizes.iter().copied().max().unwrap_or_default()
    }

    /// Whether there is more than one stage.
    pub fn change(&self) -> bool {
        self.sizes.windows(2).any(|pair| pair[0] != pair[1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_share_the_epochs() {
        let sizes = |epochs, train_sizes: &[u32]| {
            let options = FitOptions { epochs, train_sizes: train_sizes.to_vec(), ..FitOptions::default() };
            let sizes = Sizes::new(&options, 128);
            (0..epochs + 1).map(|epoch| sizes.of(epoch)).collect::<Vec<_>>()
        };
        assert_eq!(sizes(2, &[]), [128; 3]);
        assert_eq!(sizes(5, &[64, 96]), [64, 64, 64, 96, 96, 96]);
        assert_eq!(sizes(1, &[64, 96]), [64, 96]);
        // No photo is made larger than it was prepared.
        assert_eq!(sizes(2, &[96, 160]), [96, 128, 128]);
    }
}
