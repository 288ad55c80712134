//! A forward pass' weights with bias and activation, and what of a product they say.

use crate::gemm::{Operand, Product, Start, panel_width};
use crate::{FusedActivation, Isa};

/// The operands that don't change from strip to strip.
#[derive(Clone, Copy)]
pub(super) struct Weights<'a> {
    pub w: &'a [f32],
    /// `w` is cut into panels, see [`pack`](crate::gemm::pack), or turned for Winograd's tiles.
    pub packed: bool,
    pub bias: Option<&'a [f32]>,
    pub activation: FusedActivation,
}

impl<'a> Weights<'a> {
    /// What the weights have to say in a product with `k` terms to a segment (numbers, not pairs), for the output channels from `column` on (a
    /// multiple of the panels' width). The activation is there as far as the product has it.
    pub fn product_part<O: Operand>(
        &self,
        isa: Isa,
        channels_out: usize,
        k: usize,
        column: usize,
    ) -> Product<'a, O::A> {
        let (width, k) = (panel_width(isa), k.div_ceil(O::TERMS));
        let segments =
            self.w.len() / (k * if self.packed { channels_out.next_multiple_of(width) } else { channels_out });
        let panel = segments * k * width;
        let b_row = if self.packed { width } else { channels_out };
        Product {
            k,
            a_col: O::TERMS,
            b: &self.w[if self.packed { column / width * panel } else { column }..],
            b_row,
            b_panel: self.packed.then_some(panel),
            segments,
            b_segment: k * b_row,
            start: self.bias.map_or(Start::Zero, |bias| Start::Bias(&bias[column..])),
            activation: self.activation.in_product(),
            ..Product::default()
        }
    }
}
