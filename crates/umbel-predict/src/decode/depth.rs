//! How deep a picture's numbers are: where a file has room for more than its numbers use, what stands for white is a guess, and
//! this is where it is made, noticed, or replaced by what the user says.

use std::fmt;

use image::{DynamicImage, GrayAlphaImage, GrayImage, RgbImage, RgbaImage};

use crate::base::choice::choices;

/// What stands for white in pictures of 16 bits and more a color. Those of up to 15 bits say it themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Depth {
    /// The largest whole number that there is room for; in floating point, 1.
    #[default]
    Auto,
    /// 255.
    Eight,
    /// 1,023.
    Ten,
    /// 4,095.
    Twelve,
    /// 65,535.
    Sixteen,
    /// As [`Depth::Auto`], and what is below 0 or above 1 is black or white on purpose.
    Float,
}

choices! { Depth: Auto = "auto", Eight = "8", Ten = "10", Twelve = "12", Sixteen = "16", Float = "float" }

impl Depth {
    /// The number that stands for white, where it is `own` by the file.
    pub(super) fn white(self, own: f64) -> f64 {
        match self {
            Depth::Auto | Depth::Float => own,
            Depth::Eight => 255.0,
            Depth::Ten => 1023.0,
            Depth::Twelve => 4095.0,
            Depth::Sixteen => 65535.0,
        }
    }
}

/// Numbers that hardly can be meant as [`Depth::Auto`] takes them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Doubt {
    /// The lowest and the highest of the colors' numbers.
    pub low: f64,
    #[allow(missing_docs)]
    pub high: f64,
    /// What was taken for white.
    pub white: f64,
}

/// Numbers that never come to more than this share of white use as good as none of the range: 12 bits of 16, or fewer.
const FRACTION: f64 = 1.0 / 16.0;
/// Floats that were scaled or sharpened go a little beyond black and white.
const BEYOND: f64 = 0.01;

impl Doubt {
    /// About colors whose numbers run from `low` to `high`, if there is any. Black all over is none.
    pub(super) fn of(low: f64, high: f64, white: f64) -> Option<Self> {
        let beyond = high > white * (1.0 + BEYOND) || low < -white * BEYOND;
        let fraction = high > 0.0 && high < white * FRACTION;
        (beyond || fraction).then_some(Doubt { low, high, white })
    }

    /// Takes in what is doubted of another picture. Floats and whole numbers have nothing to do with each other.
    pub fn take_in(&mut self, other: Doubt) {
        if self.white == other.white {
            (self.low, self.high) = (self.low.min(other.low), self.high.max(other.high));
        }
    }

    /// The depth that the numbers look like.
    pub fn looks_like(&self) -> Depth {
        match self.high {
            high if high <= 1.0 => Depth::Float,
            high if high <= 255.0 => Depth::Eight,
            high if high <= 1023.0 => Depth::Ten,
            high if high <= 4095.0 => Depth::Twelve,
            _ => Depth::Sixteen,
        }
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Doubt { low, high, white } = self;
        let number = |number: &f64| match number.abs() {
            size if size >= 1e6 || (size > 0.0 && size < 1e-3) => format!("{number:e}"),
            _ => format!("{}", (number * 1000.0).round() / 1000.0),
        };
        write!(
            f,
            "its numbers run from {} to {}, where {} is taken for white",
            number(low),
            number(high),
            number(white)
        )?;
        match (*high > white * (1.0 + BEYOND), *low < -white * BEYOND) {
            (true, true) => f.write_str(", so that all below 0 is black and all above it white"),
            (true, false) => f.write_str(", so that all above it is white"),
            (false, true) => f.write_str(", so that all below 0 is black"),
            (false, false) => f.write_str(", so that next to nothing is seen"),
        }
    }
}

/// A decoded picture as `depth` takes it, and what is doubtful about it. Pictures of 8 bits are left as they are.
pub(super) fn taken(photo: DynamicImage, depth: Depth) -> (DynamicImage, Option<Doubt>) {
    const WHITE: f64 = 65535.0;
    let (raw, colors, samples) = match &photo {
        DynamicImage::ImageLuma16(photo) => (photo.as_raw(), 1, 1),
        DynamicImage::ImageLumaA16(photo) => (photo.as_raw(), 1, 2),
        DynamicImage::ImageRgb16(photo) => (photo.as_raw(), 3, 3),
        DynamicImage::ImageRgba16(photo) => (photo.as_raw(), 3, 4),
        _ => return (photo, None),
    };
    let white = depth.white(WHITE);
    if white < WHITE {
        let (width, height) = (photo.width(), photo.height());
        let bytes = raw.iter().map(|number| (f64::from(*number).min(white) * 255.0 / white).round() as u8).collect();
        let squeezed = match samples {
            1 => GrayImage::from_raw(width, height, bytes).map(DynamicImage::from),
            2 => GrayAlphaImage::from_raw(width, height, bytes).map(DynamicImage::from),
            3 => RgbImage::from_raw(width, height, bytes).map(DynamicImage::from),
            _ => RgbaImage::from_raw(width, height, bytes).map(DynamicImage::from),
        };
        return (squeezed.expect("as many numbers as before"), None);
    }
    let numbers = raw.chunks_exact(samples).flat_map(|pixel| &pixel[..colors]);
    let (low, high) = numbers.fold((u16::MAX, 0), |(low, high), number| (low.min(*number), high.max(*number)));
    let doubt = Doubt::of(low.into(), high.into(), WHITE).filter(|_| depth == Depth::Auto);
    (photo, doubt)
}

/// Whether a PNM tells itself what stands for white, as it does unless that is all that 16 bits have room for: its decoder heeds
/// that.
pub(super) fn pnm_says_itself(bytes: &[u8]) -> bool {
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(1024)]);
    let words: Vec<&str> =
        start.lines().map(|line| line.split('#').next().unwrap_or("")).flat_map(str::split_whitespace).collect();
    let white = match words.first() {
        Some(&"P7") => words.iter().position(|word| *word == "MAXVAL").and_then(|place| words.get(place + 1)),
        _ => words.get(3),
    };
    white != Some(&"65535")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_uses_a_fraction_of_its_range_is_doubted() {
        let doubt = |low, high, white| Doubt::of(low, high, white).map(|doubt| doubt.looks_like());
        assert_eq!(doubt(0.0, 4095.0, 65535.0), Some(Depth::Twelve));
        assert_eq!(doubt(3.0, 1020.0, 65535.0), Some(Depth::Ten));
        assert_eq!(doubt(0.0, 255.0, 65535.0), Some(Depth::Eight));
        assert_eq!(doubt(0.0, 255.0, 1.0), Some(Depth::Eight));
        assert_eq!(doubt(0.0, 60000.0, 1.0), Some(Depth::Sixteen));
        assert_eq!(doubt(-1.0, 1.0, 1.0), Some(Depth::Float));
        for sound in [(0.0, 4096.0, 65535.0), (0.0, 0.0, 65535.0), (0.0, 1.005, 1.0), (0.2, 0.9, 1.0)] {
            assert_eq!(doubt(sound.0, sound.1, sound.2), None);
        }
        assert_eq!(
            Doubt::of(-3.0, 300.0, 1.0).unwrap().to_string(),
            "its numbers run from -3 to 300, where 1 is taken for white, so that all below 0 is black and all above it white"
        );
        assert_eq!(
            Doubt::of(0.0, 1020.0, 65535.0).unwrap().to_string(),
            "its numbers run from 0 to 1020, where 65535 is taken for white, so that next to nothing is seen"
        );
    }

    #[test]
    fn a_pnm_that_tells_its_white_is_heeded() {
        assert!(pnm_says_itself(b"P5 # 65535\n4 4\n1023\n"));
        assert!(!pnm_says_itself(b"P6\n# made by hand\n4 4\n65535\n"));
        assert!(!pnm_says_itself(b"P7\nWIDTH 4\nHEIGHT 4\nDEPTH 1\nMAXVAL 65535\nENDHDR\n"));
    }
}
