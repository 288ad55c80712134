//! As `f32`'s: the weights, packed in pairs, with bias and activation.

use super::pack;
use crate::conv2d::Conv2dShape;
use crate::gemm::{Product, Start, panel_width};
use crate::{FusedActivation, Isa};

/// The operands that don't change from strip to strip.
#[derive(Clone, Copy)]
pub(super) struct Weights<'a> {
    pub panels: &'a [f32],
    pub bias: Option<&'a [f32]>,
    pub activation: FusedActivation,
}

impl<'a> Weights<'a> {
    /// What the weights have to say in a product, for the output channels from `column` on (a multiple of the panels'
    /// width). The activation is there as far as the product has it.
    pub fn product_part(&self, isa: Isa, shape: &Conv2dShape, column: usize) -> Product<'a, u16> {
        let (width, panel, pairs) = (panel_width(isa), pack::panel_len(isa, shape), pack::row_pairs(shape));
        Product {
            k: pairs,
            a_col: 2,
            b: &self.panels[column / width * panel..],
            b_row: width,
            b_panel: Some(panel),
            segments: shape.kernel.0,
            b_segment: pairs * width,
            start: self.bias.map_or(Start::Zero, |bias| Start::Bias(&bias[column..])),
            activation: self.activation.in_product(),
            ..Product::default()
        }
    }
}
