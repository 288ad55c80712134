//! The colors of a map: viridis, which those who cannot tell red from green read as well, also in print.

/// Nine colors at equal steps, from R's `viridisLite::viridis(9)` (S. Garnier et al.), which are those of Matplotlib's
/// viridis by N. Smith and S. van der Walt (CC0).
const VIRIDIS: [[u8; 3]; 9] = [
    [0x44, 0x01, 0x54],
    [0x47, 0x2d, 0x7b],
    [0x3b, 0x52, 0x8b],
    [0x2c, 0x72, 0x8e],
    [0x21, 0x90, 0x8c],
    [0x27, 0xad, 0x81],
    [0x5d, 0xc8, 0x63],
    [0xaa, 0xdc, 0x32],
    [0xfd, 0xe7, 0x25],
];

/// The color of a value from 0 (dark violet) to 1 (yellow), sRGB; values beyond have the color of the nearer end.
pub fn viridis(value: f32) -> [u8; 3] {
    // A value that is no number is as dark as 0.
    let value = if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) };
    let place = value * (VIRIDIS.len() - 1) as f32;
    let below = (place as usize).min(VIRIDIS.len() - 2);
    let share = place - below as f32;
    std::array::from_fn(|channel| {
        let (low, high) = (f32::from(VIRIDIS[below][channel]), f32::from(VIRIDIS[below + 1][channel]));
        (low + (high - low) * share).round() as u8
    })
}
