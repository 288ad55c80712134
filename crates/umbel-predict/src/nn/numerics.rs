//! One number for the arithmetic, so that nothing that was begun by other arithmetic is taken for one's own.

/// Goes up whenever the same run comes to other weights than before, if only in their last digits: a kernel that sums in another
/// order, an optimizer that rounds otherwise, random numbers that are drawn in another way. It lies in checkpoints, which only the
/// same number goes on with; in model files, to tell what made them; and in the key of features that the cache keeps.
///
/// A test trains the golden run and compares its weights with [`GOLDEN_RUN`], so that this cannot be forgotten.
pub const NUMERICS: u32 = 1;

/// What a file counts as that does not tell its number: it is of before the number was written down.
pub const UNNUMBERED: u32 = 1;

/// The start of the digest of the weights of a small training run, by instruction set and precision. Where one changes,
/// [`NUMERICS`] goes up and the new digests take the place of these.
pub const GOLDEN_RUN: [(&str, &str, &str); 7] = [
    ("scalar", "f32", ""),
    ("avx2", "f32", ""),
    ("avx512", "f32", ""),
    ("scalar", "bf16", ""),
    ("avx2", "bf16", ""),
    ("avx512", "bf16", ""),
    ("avx512_bf16", "bf16", ""),
];
