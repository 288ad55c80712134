//! Several looks at one prepared photo, over which a model's answers are averaged (test-time augmentation).

use crate::base::augmentation::{AugmentLayer, FlipMode};
use crate::base::choice::choices;
use crate::prepare::PrepSpec;

/// The share of the side that a crop keeps, as in 224 of 256 pixels.
const CROP: f64 = 0.875;

/// Which looks are averaged (measured in benchmarks/RESULTS.md).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tta {
    /// The whole picture, and mirrored.
    #[default]
    Flips,
    /// Also its center and its four corners, each 7/8 of the side enlarged to the whole again, and these mirrored.
    FlipsAndCrops,
}

choices! { Tta: Flips = "flips", FlipsAndCrops = "flips-and-crops" }

/// The looks for one model. Mirrored ones are taken only where the model was trained on mirrored pictures: for letters and
/// arrows, whose mirror image is something else, it was not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Views {
    tta: Tta,
    mirrored: bool,
}

impl Views {
    /// For a model with these augmentation layers.
    pub fn new(tta: Tta, augmentation: &[AugmentLayer]) -> Self {
        let flips = |layer: &AugmentLayer| {
            matches!(layer, AugmentLayer::RandomFlip { mode: FlipMode::Horizontal | FlipMode::HorizontalAndVertical })
        };
        Views { tta, mirrored: augmentation.iter().any(flips) }
    }

    /// How many: 1, or 6 with crops; twice as many with the mirrored ones.
    pub fn count(&self) -> usize {
        let whole_or_crops = if self.tta == Tta::Flips { 1 } else { 6 };
        whole_or_crops * if self.mirrored { 2 } else { 1 }
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
        let crops = [(middle, middle), (0, 0), (end, 0), (0, end), (end, end)];
        for (left, top) in crops.into_iter().filter(|_| self.tta == Tta::FlipsAndCrops) {
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
