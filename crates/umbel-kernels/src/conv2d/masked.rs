//! An output gradient that is masked where it is read.

use crate::parallel::whole_lines;
use crate::{FusedActivation, Isa, fused};

/// The gradient of the output, and what tells where the activation lets it through; `y` is not read where it is linear.
#[derive(Clone, Copy)]
pub(super) struct Masked<'a> {
    pub dy: &'a [f32],
    pub y: &'a [f32],
    pub activation: FusedActivation,
}

impl Masked<'_> {
    pub fn is_linear(&self) -> bool {
        self.activation == FusedActivation::Linear
    }

    /// Floats of scratch that [`Masked::rows`] wants for so many.
    pub fn scratch_len(&self, len: usize) -> usize {
        if self.is_linear() { 0 } else { whole_lines(len) }
    }

    /// The gradient before the activation, from `start` on.
    pub fn rows<'b>(&'b self, isa: Isa, start: usize, len: usize, scratch: &'b mut [f32]) -> &'b [f32] {
        let dy = &self.dy[start..start + len];
        if self.is_linear() {
            return dy;
        }
        let masked = &mut scratch[..len];
        fused::mask_into(isa, dy, &self.y[start..start + len], self.activation, masked);
        masked
    }
}
