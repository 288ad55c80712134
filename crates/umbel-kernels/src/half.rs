//! Rounding to bf16 and back, one number at a time: what the instruction sets' own ways are held to.

/// The bits of the nearest bf16.
pub fn round(x: f32) -> u16 {
    let bits = x.to_bits();
    if x.is_nan() {
        // Adding could carry a NaN's bits into its sign.
        return 0x7fc0;
    }
    ((bits + 0x7fff + (bits >> 16 & 1)) >> 16) as u16
}

/// The number that the bits of a bf16 stand for.
pub fn widen(bits: u16) -> f32 {
    f32::from_bits(u32::from(bits) << 16)
}
