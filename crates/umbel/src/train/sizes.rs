//! The sizes of the photos that a run trains on, where they grow.

use super::FitOptions;
use crate::Error;

/// A size that the network cannot take.
pub(super) fn refused(size: usize, error: &umbel_predict::Error) -> Error {
    umbel_predict::Error::Setting {
        setting: "train_sizes".into(),
        value: size.to_string(),
        expected: format!(
            "left out for this network, which cannot take other sizes than it was made for ({error}); \
             one that ends in a global pooling, like umbel_s, can"
        ),
    }
    .into()
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

    /// The sizes, each for an equal share of the epochs.
    pub fn all(&self) -> &[usize] {
        &self.sizes
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
