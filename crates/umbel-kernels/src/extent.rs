//! Sizes that are multiplied and added, checked: what a length or an assert before unsafe code is made of must not wrap
//! around, whatever a caller's shape says. Beyond [`MOST`] there is no slice of floats, so such a size is refused.

/// The most floats that a slice can have.
pub(crate) const MOST: usize = isize::MAX as usize / size_of::<f32>();

/// The product. So is that of any of its factors within [`MOST`], even beside one that is 0.
///
/// # Panics
/// Where it is more than [`MOST`], a factor of 0 left out.
#[inline]
pub(crate) fn volume(sizes: &[usize]) -> usize {
    let product =
        sizes.iter().filter(|&&size| size > 0).try_fold(1, |product: usize, &size| within(product.checked_mul(size)));
    match product {
        Some(_) if sizes.contains(&0) => 0,
        Some(product) => product,
        None => refuse("x", sizes),
    }
}

/// The sum.
///
/// # Panics
/// Where it is more than [`MOST`].
#[inline]
pub(crate) fn total(sizes: &[usize]) -> usize {
    let sum = sizes.iter().try_fold(0, |sum: usize, &size| within(sum.checked_add(size)));
    sum.unwrap_or_else(|| refuse("+", sizes))
}

/// How far the last element of a view lies from its first, plus one: 0 where there is none. `extents` are (count, stride).
///
/// # Panics
/// Where it is more than [`MOST`].
#[inline]
pub(crate) fn reach(extents: &[(usize, usize)]) -> usize {
    if extents.iter().any(|&(count, _)| count == 0) {
        return 0;
    }
    let last = extents.iter().try_fold(0, |sum: usize, &(count, stride)| {
        within((count - 1).checked_mul(stride).and_then(|distance| sum.checked_add(distance)))
    });
    match last {
        Some(last) => last + 1,
        None => refuse("of", extents),
    }
}

/// One axis of a window that slides over a picture, see [`Conv2dShape`](crate::conv2d::Conv2dShape).
#[derive(Clone, Copy)]
pub(crate) struct Sliding {
    pub size: usize,
    pub window: usize,
    pub stride: usize,
    pub pad: usize,
    pub outputs: usize,
}

impl Sliding {
    /// How many positions all windows together cover, with the padding, or the picture where that is more.
    ///
    /// # Panics
    /// Where that, or a size by itself, is more than [`MOST`].
    pub fn covered(self) -> usize {
        let covered = total(&[reach(&[(self.outputs.max(1), self.stride)]) - 1, self.window, self.stride]);
        covered.max(total(&[self.size, self.pad, self.stride]))
    }
}

fn within(size: Option<usize>) -> Option<usize> {
    size.filter(|&size| size <= MOST)
}

#[cold]
fn refuse(how: &str, sizes: impl std::fmt::Debug) -> ! {
    panic!("sizes beyond all memory: {sizes:?} ({how})")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_refused(size: impl FnOnce() -> usize + std::panic::UnwindSafe) -> bool {
        let panic = std::panic::catch_unwind(size);
        panic
            .is_err_and(|message| message.downcast_ref::<String>().is_some_and(|text| text.starts_with("sizes beyond")))
    }

    #[test]
    fn what_fits_is_computed() {
        assert_eq!((volume(&[]), volume(&[3, 4, 5]), volume(&[3, 0, 5])), (1, 60, 0));
        assert_eq!((total(&[]), total(&[3, 4])), (0, 7));
        assert_eq!((reach(&[(3, 10), (2, 1)]), reach(&[(0, 10), (2, 1)]), reach(&[(1, usize::MAX)])), (22, 0, 1));
        assert_eq!(volume(&[MOST]), MOST);
    }

    #[test]
    fn what_would_wrap_around_is_refused() {
        let half = 1 << (usize::BITS / 2);
        assert!(is_refused(move || volume(&[half, half])));
        assert!(is_refused(move || volume(&[half, 0, half])), "nothing by nothing, but its factors are used");
        assert!(is_refused(|| volume(&[MOST + 1])));
        assert!(is_refused(|| total(&[MOST, 1])));
        assert!(is_refused(|| total(&[usize::MAX, 2])));
        assert!(is_refused(|| reach(&[(4, usize::MAX / 3 + 1)])));
        assert!(is_refused(|| reach(&[(2, MOST), (2, MOST)])));
        let axis = Sliding { size: 1, window: 1, stride: 1, pad: 0, outputs: 1 };
        assert_eq!(axis.covered(), 2);
        assert!(is_refused(move || Sliding { pad: usize::MAX, ..axis }.covered()));
        assert!(is_refused(move || Sliding { stride: MOST, outputs: 3, ..axis }.covered()));
        assert!(is_refused(move || Sliding { stride: usize::MAX, ..axis }.covered()));
        assert!(is_refused(move || Sliding { window: usize::MAX, ..axis }.covered()));
    }
}
