//! What the operations share to run on rayon's current pool: disjoint parts of one slice, and scratch kept per thread.

use std::cell::RefCell;
use std::marker::PhantomData;

/// How many elements one task of an element-wise operation takes. Fixed, so that results never depend on threads.
pub(crate) const CHUNK: usize = 16 * 1024;

/// A mutable slice that tasks take disjoint ranges of, where the ranges are too irregular for `par_chunks_mut`.
pub(crate) struct Shared<'a, T> {
    data: *mut T,
    len: usize,
    life: PhantomData<&'a mut [T]>,
}

// SAFETY: the pointer stands for a `&mut [T]`, which may go to other threads where `T: Send`.
unsafe impl<T: Send> Send for Shared<'_, T> {}
// SAFETY: sharing gives access only through `range`, whose caller promises that ranges don't overlap.
unsafe impl<T: Send> Sync for Shared<'_, T> {}

impl<'a, T> Shared<'a, T> {
    pub(crate) fn new(data: &'a mut [T]) -> Self {
        Shared { data: data.as_mut_ptr(), len: data.len(), life: PhantomData }
    }

    /// The elements `start .. start + len`.
    ///
    /// # Safety
    /// Ranges that are alive at the same time must not overlap.
    #[allow(clippy::mut_from_ref)]
    pub(crate) unsafe fn range(&self, start: usize, len: usize) -> &mut [T] {
        assert!(start <= self.len && len <= self.len - start, "a range beyond the slice");
        // SAFETY: inside of the slice, which is borrowed mutably for 'a; the caller promises that nobody else has it.
        unsafe { std::slice::from_raw_parts_mut(self.data.add(start), len) }
    }
}

impl<'a> Shared<'a, f32> {
    /// The elements from `start` to the last one that `len` reaches, of which others may write those in between.
    ///
    /// # Safety
    /// No two tasks may touch the same element at the same time.
    pub(crate) unsafe fn spread(&self, start: usize, len: usize) -> Spread<'_> {
        assert!(start <= self.len && len <= self.len - start, "a range beyond the slice");
        Spread { data: self.data.wrapping_add(start), len, life: PhantomData }
    }
}

/// A stretch of floats of which the holder may touch but some, while others hold those in between: no slice, therefore.
pub(crate) struct Spread<'a> {
    data: *mut f32,
    len: usize,
    life: PhantomData<&'a f32>,
}

impl Spread<'_> {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn as_mut_ptr(&self) -> *mut f32 {
        self.data
    }
}

impl<'a> From<&'a mut [f32]> for Spread<'a> {
    fn from(all: &'a mut [f32]) -> Self {
        Spread { data: all.as_mut_ptr(), len: all.len(), life: PhantomData }
    }
}

thread_local! {
    /// The buffers that are not lent out.
    static SCRATCH: RefCell<Vec<Vec<f32>>> = const { RefCell::new(Vec::new()) };
}

/// Lends `work` this thread's scratch of `len` floats, 64-byte aligned, with whatever an earlier call left in it. It grows
/// to the largest `len` ever asked for and then stays.
pub(crate) fn with_scratch<R>(len: usize, work: impl FnOnce(&mut [f32]) -> R) -> R {
    const LINE: usize = 16;
    // Taken out rather than borrowed, so that a call within a call gets another one.
    let mut scratch = SCRATCH.with_borrow_mut(Vec::pop).unwrap_or_default();
    if scratch.len() < len + LINE {
        scratch.resize(len + LINE, 0.0);
    }
    let shift = scratch.as_ptr().align_offset(4 * LINE).min(LINE);
    let result = work(&mut scratch[shift..shift + len]);
    SCRATCH.with_borrow_mut(|all| all.push(scratch));
    result
}

/// `n` rounded up to whole cache lines of floats, so that parts of a workspace don't share one.
pub(crate) fn whole_lines(n: usize) -> usize {
    n.next_multiple_of(16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scratch_is_aligned_and_may_be_nested() {
        with_scratch(100, |outer| {
            assert_eq!((outer.len(), outer.as_ptr() as usize % 64), (100, 0));
            outer.fill(1.0);
            with_scratch(50, |inner| inner.fill(2.0));
            assert!(outer.iter().all(|&x| x == 1.0));
        });
    }

    #[test]
    #[should_panic(expected = "beyond the slice")]
    fn shared_ranges_are_checked() {
        let mut data = [0; 4];
        // SAFETY: there is only one range.
        unsafe { Shared::new(&mut data).range(3, 2) };
    }
}
