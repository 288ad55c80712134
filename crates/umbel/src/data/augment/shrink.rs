//! Shrinks a photo before a warp that would leave pixels out: bilinear interpolation looks at four pixels only.

use std::cell::RefCell;

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8x3;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};

/// Up to so many source pixels a step, nothing that matters is left out.
const STEP: f64 = 1.25;

thread_local! {
    static SCRATCH: RefCell<(Resizer, Vec<u8>)> = RefCell::new((Resizer::new(), Vec::new()));
}

/// The size to which a photo of `size` x `size` is to be shrunk before a warp of so many pixels a step; its own where it is
/// to be left as it is.
pub fn size_for(size: usize, step: f64) -> usize {
    if step <= STEP { size } else { ((size as f64 / step).round() as usize).clamp(1, size) }
}

/// Hands `photo`, `size` x `size` RGB, on as one of `to` x `to`.
pub fn with_shrunk<R>(size: usize, photo: &[u8], to: usize, take: impl FnOnce(&[u8]) -> R) -> R {
    SCRATCH.with_borrow_mut(|(resizer, shrunk)| {
        shrunk.resize(to * to * 3, 0);
        let source = TypedImageRef::<U8x3>::from_buffer(size as u32, size as u32, photo);
        let source = source.expect("the photo is size x size x 3 bytes");
        let mut target = TypedImage::<U8x3>::from_buffer(to as u32, to as u32, shrunk).expect("made for it");
        let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
        resizer.resize_typed(&source, &mut target, &options).expect("both pictures are of RGB bytes");
        take(shrunk)
    })
}
