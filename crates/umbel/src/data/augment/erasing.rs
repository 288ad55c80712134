//! Random erasing: a rectangle of one color.

use crate::base::random::Stream;

const CHANNELS: usize = 3;

/// A rectangle in shares of the picture, and its color.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Erased {
    /// Left and right, 0 to 1.
    pub x: (f32, f32),
    /// Top and bottom.
    pub y: (f32, f32),
    /// From 0 to 255.
    pub color: [f32; CHANNELS],
}

/// Between 0.3 and 1 / 0.3, as in the paper.
const RATIO: f32 = 0.3;

impl Erased {
    /// Draws whether (a share of `factor`), how large, of what shape, where and in which color. Eight numbers, whatever comes.
    pub fn draw(factor: f32, scale: (f32, f32), random: &mut Stream) -> Option<Self> {
        let is_erased = random.uniform() < factor;
        let area = random.range(scale.0, scale.1);
        let ratio = random.range(RATIO.ln(), -RATIO.ln()).exp();
        let (width, height) = ((area * ratio).sqrt().min(1.0), (area / ratio).sqrt().min(1.0));
        let (left, top) = (random.range(0.0, 1.0 - width), random.range(0.0, 1.0 - height));
        let color = std::array::from_fn(|_| random.range(0.0, 255.0));
        is_erased.then_some(Erased { x: (left, left + width), y: (top, top + height), color })
    }

    /// Paints it onto a picture of `size` x `size`.
    pub fn apply(&self, size: usize, photo: &mut [f32]) {
        let span = |(low, high): (f32, f32)| {
            let at = |share: f32| ((share * size as f32).round() as usize).min(size);
            at(low)..at(high)
        };
        for row in span(self.y) {
            let columns = span(self.x);
            let row = &mut photo[row * size * CHANNELS..][..size * CHANNELS];
            let pixels = &mut row.as_chunks_mut::<CHANNELS>().0[columns];
            pixels.fill(self.color);
        }
    }
}
