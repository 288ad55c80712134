//! From a pixel's numbers to red, green and blue, over white where it is transparent.

use super::directory::Directory;
use super::refusals::{Packing, broken};
use super::shape::{Alpha, COLOR_MAP, Format, Meaning, REFERENCE_BLACK_WHITE, Shape, YCBCR_FACTORS};
use crate::decode::DecodeError;
use crate::decode::depth::{Depth, Doubt};

/// How the numbers of one picture become colors.
pub(super) struct Colors {
    meaning: Meaning,
    alpha: Alpha,
    float: bool,
    /// What stands for white, and for all of an ink.
    white: f64,
    /// Whether it is the file's own, and may be doubted.
    doubted: bool,
    palette: Vec<[u8; 3]>,
    ycbcr: YCbCr,
    /// The lowest and the highest number of the colors.
    range: (f64, f64),
}

/// Black and white of brightness, and zero and one of the differences; and how much of the brightness red, green and blue are.
struct YCbCr {
    reference: [f64; 6],
    factors: [f64; 3],
}

impl Colors {
    pub fn new(shape: &Shape, directory: &Directory<'_>, depth: Depth) -> Result<Self, DecodeError> {
        let (float, signed) = (shape.format == Format::Float, shape.format == Format::Signed);
        let own = if float { 1.0 } else { (2f64.powi(shape.bits as i32 - i32::from(signed))) - 1.0 };
        let deep = float || shape.bits >= 16;
        let palette = match shape.meaning {
            Meaning::Palette => palette(shape, directory)?,
            _ => Vec::new(),
        };
        let six = |numbers: Vec<f64>| <[f64; 6]>::try_from(numbers).ok();
        let three = |numbers: Vec<f64>| <[f64; 3]>::try_from(numbers).ok().filter(|factors| factors[1] > 0.0);
        let ycbcr = YCbCr {
            reference: directory
                .fractions(REFERENCE_BLACK_WHITE)
                .and_then(six)
                .unwrap_or([0.0, 255.0, 128.0, 255.0, 128.0, 255.0]),
            factors: directory.fractions(YCBCR_FACTORS).and_then(three).unwrap_or([0.299, 0.587, 0.114]),
        };
        Ok(Colors {
            // JPEG's own decoder gives red, green and blue.
            meaning: if shape.packing == Packing::Jpeg { Meaning::Rgb } else { shape.meaning },
            alpha: shape.alpha,
            float,
            white: if deep { depth.white(own) } else { own },
            doubted: shape.bits > 8 && depth == Depth::Auto && shape.meaning != Meaning::Palette,
            palette,
            ycbcr,
            range: (f64::INFINITY, f64::NEG_INFINITY),
        })
    }

    /// What is doubtful about the numbers that came.
    pub fn doubt(&self) -> Option<Doubt> {
        Doubt::of(self.range.0, self.range.1, self.white).filter(|_| self.doubted)
    }

    /// The color of a pixel of so many numbers as there are samples.
    pub fn of(&mut self, numbers: &[f64]) -> [u8; 3] {
        let (colors, extra) = numbers.split_at(self.meaning.samples());
        if self.doubted {
            for number in colors.iter().filter(|number| number.is_finite()) {
                self.range = (self.range.0.min(*number), self.range.1.max(*number));
            }
        }
        let share = |number: f64| (number / self.white).clamp(0.0, 1.0);
        // In single precision, as the decoder of floats has it that the others come from.
        let byte = |share: f64| (share as f32 * 255.0).round() as u8;
        let color = match self.meaning {
            Meaning::Grey => [byte(share(colors[0])); 3],
            Meaning::InvertedGrey => [byte(1.0 - share(colors[0])); 3],
            Meaning::Rgb => [0, 1, 2].map(|channel| byte(share(colors[channel]))),
            // A place behind the end of the table is black, as in others.
            Meaning::Palette => self.palette.get(colors[0] as usize).copied().unwrap_or_default(),
            Meaning::Cmyk => [0, 1, 2].map(|ink| byte((1.0 - share(colors[ink])) * (1.0 - share(colors[3])))),
            Meaning::YCbCr { .. } => self.ycbcr.color([colors[0], colors[1], colors[2]]),
        };
        let alpha = match (self.alpha, extra.first()) {
            (Alpha::None, _) | (_, None) => return color,
            // Floats have 1 for what is opaque, whatever their colors run to.
            (_, Some(alpha)) if self.float && *alpha <= 1.0 => byte(alpha.max(0.0)),
            (_, Some(alpha)) => byte(share(*alpha)),
        };
        let through = 255 * (255 - u32::from(alpha));
        match self.alpha {
            Alpha::Associated => color.map(|value| value.saturating_add(255 - alpha)),
            _ => color.map(|value| ((u32::from(value) * u32::from(alpha) + through + 127) / 255) as u8),
        }
    }
}

impl YCbCr {
    /// TIFF 6.0, sections 20 and 21.
    fn color(&self, [y, cb, cr]: [f64; 3]) -> [u8; 3] {
        let [y0, y1, b0, b1, r0, r1] = self.reference;
        let scaled = |code: f64, black: f64, white: f64, range: f64| {
            (code - black) * range / if white == black { 1.0 } else { white - black }
        };
        let (y, cb, cr) = (scaled(y, y0, y1, 255.0), scaled(cb, b0, b1, 127.0), scaled(cr, r0, r1, 127.0));
        let [red, green, blue] = self.factors;
        let r = cr * (2.0 - 2.0 * red) + y;
        let b = cb * (2.0 - 2.0 * blue) + y;
        let g = (y - blue * b - red * r) / green;
        [r, g, b].map(|value| value.round().clamp(0.0, 255.0) as u8)
    }
}

/// The table of colors: all reds, then all greens, then all blues, of 16 bits each.
fn palette(shape: &Shape, directory: &Directory<'_>) -> Result<Vec<[u8; 3]>, DecodeError> {
    let table = directory.numbers(COLOR_MAP).unwrap_or_default();
    let entries = 1usize << shape.bits;
    if table.len() < 3 * entries {
        return Err(broken("its table of colors is missing or too short"));
    }
    // Some writers fill in numbers of 8 bits.
    let shift = if table[..3 * entries].iter().all(|number| *number < 256) { 0 } else { 8 };
    Ok((0..entries).map(|place| [0, 1, 2].map(|color| (table[color * entries + place] >> shift) as u8)).collect())
}
