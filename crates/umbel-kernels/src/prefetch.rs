//! Memory that is asked for ahead, where the processor does not guess that it will be read.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::{_MM_HINT_T0, _MM_HINT_T1, _mm_prefetch};

/// Floats of a cache line.
const LINE: usize = 16;

/// Asks for all of `block`, to come into the first-level cache.
pub(crate) fn ask_for(block: &[f32]) {
    block.chunks(LINE).for_each(|line| prefetch(line.as_ptr()));
}

/// The same for a block that only the second-level cache has room for.
pub(crate) fn ask_for_much(block: &[f32]) {
    #[cfg(target_arch = "x86_64")]
    for line in block.chunks(LINE) {
        // SAFETY: as below.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(line.as_ptr().cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = block;
}

/// Asks for the cache line at `p`, which may be anywhere, to come into the first-level cache.
#[inline(always)]
pub(crate) fn prefetch(p: *const f32) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: every x86-64 has the instruction, and it reads nothing that the program could see.
    unsafe {
        _mm_prefetch::<_MM_HINT_T0>(p.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = p;
}
