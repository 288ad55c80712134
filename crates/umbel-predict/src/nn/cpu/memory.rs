//! All buffers of a compiled model, allocated once.

use super::arena::{self, Arena};
use super::prepared::Prepared;
use super::program::{self, Program};
use crate::base::memory;
use crate::{Error, Result};

/// What programs run in. Several that never run at the same time share it.
pub(super) struct Memory {
    /// What flows between the steps, and its gradients.
    pub arena: Arena,
    /// Which pixel won each maximum.
    pub choice: Vec<u8>,
    /// The kernels' scratch.
    pub workspace: Arena,
    /// What is made of the weights before the first step.
    pub prepared: Prepared,
    /// What an update is made of, as the training program's layout says.
    pub gradients: Arena,
}

/// How much of each that is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sizes {
    arena: u128,
    workspace: u128,
    prepared: u128,
    choice: u128,
    gradients: u128,
}

impl Sizes {
    /// Enough for each of these programs.
    pub fn of(programs: &[Program]) -> Self {
        let largest = |need: fn(&Program) -> u128| programs.iter().map(need).max().unwrap_or(0);
        Sizes {
            arena: largest(|program| program.arena),
            workspace: largest(|program| program.workspace),
            prepared: largest(|program| program.prepared),
            choice: largest(|program| program.choice),
            gradients: largest(|program| program.layout.len() as u128),
        }
    }

    /// Bytes of it all.
    pub fn bytes(&self) -> u128 {
        (self.arena + self.workspace + self.prepared + self.gradients) * size_of::<f32>() as u128 + self.choice
    }
}

impl Memory {
    /// Takes it, for up to `batch` pictures.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`] where it cannot be had.
    pub fn new(sizes: Sizes, batch: usize) -> Result<Self> {
        let bytes = sizes.bytes();
        let Sizes { arena, workspace, prepared, choice, gradients } = sizes;
        let refused = || Error::OutOfMemory { batch, bytes };
        // Before anything is allocated: the system may promise what it does not have, and then end the program.
        let more_than_free = memory::available_bytes().is_some_and(|available| bytes > u128::from(available));
        if arena > program::MOST_VALUES || bytes > isize::MAX as u128 || more_than_free {
            return Err(refused());
        }
        Ok(Memory {
            arena: Arena::new(arena as usize).ok_or_else(refused)?,
            workspace: Arena::new(workspace as usize).ok_or_else(refused)?,
            prepared: Prepared::new(prepared as usize).ok_or_else(refused)?,
            choice: arena::zeros(choice as usize, 0u8).ok_or_else(refused)?,
            gradients: Arena::new(gradients as usize).ok_or_else(refused)?,
        })
    }

    /// Bytes of it all.
    pub fn bytes(&self) -> usize {
        let Memory { arena, choice, workspace, prepared, gradients } = self;
        (arena.len() + workspace.len() + prepared.len() + gradients.len()) * size_of::<f32>() + choice.len()
    }
}
