//! A map of where a class was seen, and the photo under it.

use image::{Rgb, RgbImage};

use super::viridis;
use crate::prepare::Resize;

/// How much of the map's color there is where it says most; the photo must still be seen.
const STRONGEST: f32 = 0.65;

/// Where a class was seen in one photo.
#[derive(Clone, Debug, PartialEq)]
pub struct Heatmap {
    height: usize,
    width: usize,
    values: Vec<f32>,
    resize: Resize,
}

impl Heatmap {
    /// From values `[height, width]` from 0 up, for a photo that was prepared by this kind of resizing. They are scaled so
    /// that the highest is 1 (where nothing speaks for the class, all are 0).
    pub(super) fn new(height: usize, width: usize, mut values: Vec<f32>, resize: Resize) -> Self {
        let highest = values.iter().copied().fold(0.0, f32::max);
        if highest > 0.0 {
            values.iter_mut().for_each(|value| *value /= highest);
        }
        Heatmap { height, width, values, resize }
    }

    /// Height and width of the map: those of the layer's output.
    pub fn size(&self) -> (usize, usize) {
        (self.height, self.width)
    }

    /// The values, 0 to 1, row by row over the prepared square.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The value at a place of the prepared square (both axes 0 to 1), interpolated linearly between the map's pixels.
    pub fn at(&self, x: f32, y: f32) -> f32 {
        let axis = |place: f32, count: usize| {
            let place = (place * count as f32 - 0.5).clamp(0.0, (count - 1) as f32);
            let low = place as usize;
            (low, (low + 1).min(count - 1), place.fract())
        };
        let ((left, right, across), (top, bottom, down)) = (axis(x, self.width), axis(y, self.height));
        let row = |row: usize| {
            let (a, b) = (self.values[row * self.width + left], self.values[row * self.width + right]);
            a + (b - a) * across
        };
        row(top) + (row(bottom) - row(top)) * down
    }

    /// The photo with the map's colors over it, the stronger the more the map says there, in the photo's own size. What the model did not get
    /// to see (the margins that a centre crop cuts off) is grey.
    pub fn overlay(&self, photo: &RgbImage) -> RgbImage {
        let (width, height) = photo.dimensions();
        RgbImage::from_fn(width, height, |x, y| {
            let own = photo.get_pixel(x, y).0.map(f32::from);
            let Some((u, v)) = self.prepared_place(x, y, width, height) else {
                // Luma of BT.601.
                return Rgb([(0.299 * own[0] + 0.587 * own[1] + 0.114 * own[2]).round() as u8; 3]);
            };
            let said = self.at(u, v);
            let (color, share) = (viridis(said).map(f32::from), STRONGEST * said);
            Rgb(std::array::from_fn(|k| (own[k] + share * (color[k] - own[k])).round() as u8))
        })
    }

    /// Where a pixel of the photo lies in the prepared square; `None` outside.
    fn prepared_place(&self, x: u32, y: u32, width: u32, height: u32) -> Option<(f32, f32)> {
        let (x, y, width, height) = (x as f32 + 0.5, y as f32 + 0.5, width as f32, height as f32);
        let about_center = |side: f32| ((x - width / 2.0) / side + 0.5, (y - height / 2.0) / side + 0.5);
        let (u, v) = match self.resize {
            Resize::Stretch => (x / width, y / height),
            Resize::Crop => about_center(width.min(height)),
            Resize::Letterbox => about_center(width.max(height)),
        };
        ((0.0..=1.0).contains(&u) && (0.0..=1.0).contains(&v)).then_some((u, v))
    }
}
