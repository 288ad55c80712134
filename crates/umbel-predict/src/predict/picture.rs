//! Pictures in memory.

use image::{ImageBuffer, Rgb};

use crate::base::problem::ProblemKind;
use crate::decode::{DecodeError, Limits, check_pixels};

/// A picture in memory, upright: red, green and blue, a byte each, row by row from the top left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Picture<'a> {
    pub rgb: &'a [u8],
    pub width: u32,
    pub height: u32,
}

impl<'a> Picture<'a> {
    /// It as the preparation takes it, once its sizes are known to hold.
    pub(super) fn checked(&self, limits: &Limits) -> Result<ImageBuffer<Rgb<u8>, &'a [u8]>, DecodeError> {
        let Picture { rgb, width, height } = *self;
        let (columns, rows) = (u64::from(width), u64::from(height));
        let damaged = |detail| DecodeError { kind: ProblemKind::Damaged, detail };
        if columns * rows == 0 {
            return Err(damaged(format!("a picture of {width} x {height} pixels, but it must have one at least")));
        }
        check_pixels(columns, rows, limits)?;
        let expected = u128::from(columns * rows) * 3;
        let whole = ImageBuffer::from_raw(width, height, rgb).filter(|_| rgb.len() as u128 == expected);
        let came = rgb.len();
        let detail =
            || format!("{came} bytes for {width} x {height} pixels, but {expected} (three each) were expected");
        whole.ok_or_else(|| damaged(detail()))
    }
}
