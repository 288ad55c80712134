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
    ("scalar", "f32", "76c149502853fc605271db564baeb774"),
    ("avx2", "f32", "f938a2ef914febc2ba6c095fc3ed7fd0"),
    ("avx512", "f32", "f938a2ef914febc2ba6c095fc3ed7fd0"),
    ("scalar", "bf16", "0f9ff4e23ed252316ec785fded056ef7"),
    ("avx2", "bf16", "861ce1f5072bcb107f5bafee0b9c2d37"),
    ("avx512", "bf16", "861ce1f5072bcb107f5bafee0b9c2d37"),
    ("avx512_bf16", "bf16", "f10e69f74b6439ea0ef32f7bfb15bd35"),
];
