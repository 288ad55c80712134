//! What the numbers of the photos so far leave in doubt, from whichever thread it comes.

use std::sync::{Mutex, PoisonError};

use crate::decode::Doubt;

/// How many photos are in doubt, and about what.
#[derive(Debug, Default)]
pub(super) struct Doubted(Mutex<Option<(usize, Doubt)>>);

impl Doubted {
    pub fn add(&self, doubt: Option<Doubt>) {
        let Some(doubt) = doubt else { return };
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (photos, all) = told.get_or_insert((0, doubt));
        *photos += 1;
        all.take_in(doubt);
    }

    pub fn told(&self) -> Option<(usize, Doubt)> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
