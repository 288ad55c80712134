//! The bytes of a row as numbers: whole ones of any width, signed ones, floats; differences undone.

use super::shape::{Format, Predictor};

/// How the numbers of a row lie.
#[derive(Clone, Copy)]
pub(super) struct Layout {
    pub bits: u32,
    pub format: Format,
    pub big_endian: bool,
    pub predictor: Predictor,
    /// Samples of a pixel that lie together.
    pub samples: usize,
}

impl Layout {
    /// Bytes of a row of so many pixels.
    pub fn row_bytes(&self, pixels: usize) -> usize {
        (pixels as u64 * self.samples as u64 * u64::from(self.bits)).div_ceil(8) as usize
    }

    /// Appends the numbers of a row.
    pub fn read(&self, row: &[u8], pixels: usize, numbers: &mut Vec<f64>) {
        let count = pixels * self.samples;
        match self.predictor {
            Predictor::None => numbers.extend((0..count).map(|place| self.number(self.pattern(row, place)))),
            Predictor::Difference => {
                let mut patterns: Vec<u64> = (0..count).map(|place| self.pattern(row, place)).collect();
                for place in self.samples..count {
                    patterns[place] = patterns[place].wrapping_add(patterns[place - self.samples]) & self.mask();
                }
                numbers.extend(patterns.into_iter().map(|pattern| self.number(pattern)));
            }
            Predictor::Floats => {
                // First differences of bytes; then all first bytes, all second ones, ..., the highest first.
                let mut bytes = row.to_vec();
                for place in self.samples..bytes.len() {
                    bytes[place] = bytes[place].wrapping_add(bytes[place - self.samples]);
                }
                let join = |place: usize| {
                    (0..self.bits as usize / 8)
                        .fold(0, |pattern, byte| pattern << 8 | u64::from(bytes[byte * count + place]))
                };
                numbers.extend((0..count).map(|place| self.number(join(place))));
            }
        }
    }

    fn mask(&self) -> u64 {
        u64::MAX >> (64 - self.bits)
    }

    /// The bits of a sample.
    fn pattern(&self, row: &[u8], place: usize) -> u64 {
        if self.bits.is_multiple_of(8) {
            let width = self.bits as usize / 8;
            let bytes = &row[place * width..][..width];
            let join = |pattern: u64, byte: &u8| pattern << 8 | u64::from(*byte);
            return if self.big_endian { bytes.iter().fold(0, join) } else { bytes.iter().rev().fold(0, join) };
        }
        // Others lie bit by bit, the highest first, whatever the order of bytes.
        let first = place * self.bits as usize;
        (first..first + self.bits as usize)
            .fold(0, |pattern, bit| pattern << 1 | u64::from(row[bit / 8] >> (7 - bit % 8) & 1))
    }

    fn number(&self, pattern: u64) -> f64 {
        let unused = 64 - self.bits;
        match (self.format, self.bits) {
            (Format::Unsigned, _) => pattern as f64,
            (Format::Signed, _) => ((pattern << unused) as i64 >> unused) as f64,
            (Format::Float, 16) => half(pattern as u16),
            (Format::Float, 32) => f32::from_bits(pattern as u32).into(),
            (Format::Float, _) => f64::from_bits(pattern),
        }
    }
}

/// IEEE 754's number of 16 bits.
fn half(bits: u16) -> f64 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023));
    let size = match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        exponent => (1024.0 + fraction) * 2f64.powi(exponent - 25),
    };
    if bits >> 15 == 1 { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_what_they_stand_for() {
        for (bits, number) in [
            (0, 0.0),
            (0x3C00, 1.0),
            (0xC000, -2.0),
            (0x3555, 0.333_251_953_125),
            (1, 2f64.powi(-24)),
            (0x7BFF, 65504.0),
        ] {
            assert_eq!(half(bits), number, "{bits:x}");
        }
        assert!(half(0x7E00).is_nan() && half(0x7C00) == f64::INFINITY);
    }
}
