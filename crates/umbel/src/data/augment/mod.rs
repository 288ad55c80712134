//! Carries out the augmentation layers: all geometric ones composed into one affine warp with one bilinear
//! interpolation, all colour ones into one pass.

use crate::base::augmentation::AugmentLayer;
use crate::base::random::Stream;

/// A list of augmentation layers ready to be applied.
#[derive(Clone, Debug, Default)]
pub struct Policy {}

impl Policy {
    /// Takes the layers in the order given.
    pub fn new(layers: &[AugmentLayer]) -> Self {
        todo!()
    }
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        todo!()
    }
    /// Augments one photo: `size * size` RGB bytes in, `f32` of the same range (0 to 255) out.
    pub fn apply(&self, size: usize, photo: &[u8], random: &mut Stream, out: &mut [f32]) {
        todo!()
    }
}
