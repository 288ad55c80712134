//! What the numbers of the photos so far leave in doubt, from whichever thread it comes.

use std::sync::{Mutex, PoisonError};

use crate::decode::Doubt;

/// How many photos are in doubt, and about what.
#[derive(Debug, Default)]
pub(super) struct Doubted(Mutex<Option<(usize, Doubt)>>);

impl Doubted {
    pub fn add(&self, doubt: Option<Doubt>) {
        let Some(Doubt { low, high, white }) = doubt else { return };
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (photos, all) = told.get_or_insert((0, Doubt { low, high, white }));
        *photos += 1;
        // Floats and whole numbers have nothing to do with each other.
        if all.white == white {
            (all.low, all.high) = (all.low.min(low), all.high.max(high));
        }
    }

    pub fn told(&self) -> Option<(usize, Doubt)> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
