//! Several looks at one prepared photo, over which a model's answers are averaged (test-time augmentation).

use super::PrepSpec;
use crate::base::augmentation::{AugmentLayer, FlipMode};

/// The share of the side that a crop keeps, as in 224 of 256 pixels.
const CROP: f64 = 0.875;

/// Which looks are taken: the whole picture, its center and its four corners (each 7/8 of the side, enlarged to the whole
/// again), and all of these mirrored, where the model was trained on mirrored pictures: for letters and arrows, whose
/// mirror image is something else, it was not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Views {
    mirrored: bool,
}

impl Views {
    /// For a model with these augmentation layers.
    pub fn new(augmentation: &[AugmentLayer]) -> Self {
        let flips = |layer: &AugmentLayer| {
            matches!(layer, AugmentLayer::RandomFlip { mode: FlipMode::Horizontal | FlipMode::HorizontalAndVertical })
        };
        Views { mirrored: augmentation.iter().any(flips) }
    }

    /// How many: 6, or 12 with the mirrored ones.
    pub fn count(&self) -> usize {
        if self.mirrored { 12 } else { 6 }
    }

    /// The looks at one prepared photo (`[size, size, 3]` bytes), the photo itself first.
    ///
    /// # Panics
    /// Where the photo was prepared otherwise than `prep` says.
    pub fn of(&self, prep: &PrepSpec, photo: &[u8]) -> Vec<Vec<u8>> {
        let size = prep.image_size;
        let picture = image::RgbImage::from_raw(size, size, photo.to_vec());
        let picture =
            picture.filter(|_| photo.len() == prep.bytes()).expect("the photo is as large as it was prepared");
        let crop = ((f64::from(size) * CROP).round() as u32).clamp(1, size);
        let (middle, end) = ((size - crop) / 2, size - crop);
        let mut views = vec![photo.to_vec()];
        for (left, top) in [(middle, middle), (0, 0), (end, 0), (0, end), (end, end)] {
            views.push(prep.scale(&picture, (left, top, crop, crop), size, size));
        }
        if self.mirrored {
            let mirrored: Vec<Vec<u8>> = views.iter().map(|view| mirror(view, size as usize)).collect();
            views.extend(mirrored);
        }
        views
    }
}

/// Left and right exchanged.
fn mirror(photo: &[u8], size: usize) -> Vec<u8> {
    let row = |row: &[u8]| row.as_chunks::<3>().0.iter().rev().flatten().copied().collect::<Vec<u8>>();
    photo.chunks_exact(size * 3).flat_map(row).collect()
}
