//! What a TIFF's first directory says of its picture: which numbers it holds, what they mean, where they lie. What is not read
//! here is refused in words that a person knows.

use super::directory::{Directory, MOST};
use super::refusals::{Packing, broken, packing, unsupported};
use crate::decode::DecodeError;

/// What the numbers of a sample are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Unsigned,
    Signed,
    Float,
}

/// What the samples of a pixel mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// White where it is 0.
    InvertedGrey,
    Grey,
    Rgb,
    /// A place in a table of colors.
    Palette,
    Cmyk,
    /// Brightness and two differences of color, each of these for so many pixels side by side and one below the other.
    YCbCr {
        across: usize,
        down: usize,
    },
}

/// What to do about a sample behind the colors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alpha {
    None,
    Straight,
    /// The colors are multiplied by it already.
    Associated,
}

/// How each sample was made from its left neighbor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Predictor {
    None,
    Difference,
    /// The same of the bytes of floats, which lie apart.
    Floats,
}

#[derive(Debug)]
pub(super) struct Shape {
    pub width: u32,
    pub height: u32,
    /// Bits of a sample.
    pub bits: u32,
    /// Samples of a pixel.
    pub samples: usize,
    pub format: Format,
    pub meaning: Meaning,
    pub alpha: Alpha,
    /// Each sample's pixels lie by themselves.
    pub planar: bool,
    pub packing: Packing,
    pub predictor: Predictor,
    /// The bits of each byte stand the other way round.
    pub reversed_bits: bool,
    /// Pieces have the full size at the right and lower edges, too.
    pub tiled: bool,
    pub chunk_width: u32,
    pub chunk_height: u32,
    /// Where each piece lies, and how long it is.
    pub chunks: Vec<(u64, u64)>,
}

const WIDTH: u16 = 256;
const HEIGHT: u16 = 257;
const BITS: u16 = 258;
const COMPRESSION: u16 = 259;
pub(super) const PHOTOMETRIC: u16 = 262;
const FILL_ORDER: u16 = 266;
const STRIP_OFFSETS: u16 = 273;
const SAMPLES: u16 = 277;
const ROWS_PER_STRIP: u16 = 278;
const STRIP_BYTES: u16 = 279;
const PLANAR: u16 = 284;
const PREDICTOR: u16 = 317;
const TILE_WIDTH: u16 = 322;
const TILE_HEIGHT: u16 = 323;
const TILE_OFFSETS: u16 = 324;
const TILE_BYTES: u16 = 325;
const INK_SET: u16 = 332;
const EXTRA_SAMPLES: u16 = 338;
pub(super) const SAMPLE_FORMAT: u16 = 339;
pub(super) const COLOR_MAP: u16 = 320;
pub(super) const JPEG_TABLES: u16 = 347;
pub(super) const YCBCR_FACTORS: u16 = 529;
pub(super) const SUBSAMPLING: u16 = 530;
pub(super) const REFERENCE_BLACK_WHITE: u16 = 532;

/// Samples of a pixel that are taken at all; satellites have more.
const MAX_SAMPLES: u64 = 64;

impl Shape {
    pub fn read(directory: &Directory<'_>) -> Result<Self, DecodeError> {
        let size = |tag| directory.number(tag).and_then(|side| u32::try_from(side).ok()).filter(|side| *side > 0);
        let (Some(width), Some(height)) = (size(WIDTH), size(HEIGHT)) else {
            return Err(broken("no picture size in it"));
        };
        let all_bits = directory.numbers(BITS).unwrap_or_else(|| vec![1]);
        let samples = directory.number(SAMPLES).unwrap_or(1);
        let bits = all_bits.first().copied().unwrap_or(1);
        if samples == 0 || bits == 0 {
            return Err(broken("its pixels hold nothing"));
        }
        if samples > MAX_SAMPLES {
            return Err(unsupported(&format!("{samples} values a pixel")));
        }
        if all_bits.iter().any(|other| *other != bits) {
            return Err(unsupported("values of several depths in one pixel"));
        }
        let format = format(directory, bits)?;
        let packing = packing(directory.number(COMPRESSION).unwrap_or(1))?;
        let meaning = meaning(directory, bits)?;
        let samples = samples as usize;
        let colors = meaning.samples();
        if samples < colors {
            return Err(broken("fewer values a pixel than its colors need"));
        }
        let tiled = directory.has(TILE_WIDTH);
        let (chunk_width, chunk_height) = if tiled {
            (size(TILE_WIDTH), size(TILE_HEIGHT))
        } else {
            (Some(width), Some(size(ROWS_PER_STRIP).unwrap_or(height).min(height)))
        };
        let (Some(chunk_width), Some(chunk_height)) = (chunk_width, chunk_height) else {
            return Err(broken("its tiles have no size"));
        };
        let mut shape = Shape {
            width,
            height,
            bits: bits as u32,
            samples,
            format,
            meaning,
            alpha: alpha(directory, samples, colors),
            planar: samples > 1 && directory.number(PLANAR) == Some(2),
            packing,
            predictor: predictor(directory, format, bits)?,
            reversed_bits: directory.number(FILL_ORDER) == Some(2),
            tiled,
            chunk_width,
            chunk_height,
            chunks: Vec::new(),
        };
        shape.fits()?;
        shape.chunks = shape.places(directory)?;
        Ok(shape)
    }

    /// Pieces side by side, and one below the other.
    pub fn across(&self) -> u64 {
        u64::from(self.width.div_ceil(self.chunk_width))
    }

    pub fn down(&self) -> u64 {
        u64::from(self.height.div_ceil(self.chunk_height))
    }

    /// Samples of a pixel that lie together.
    pub fn together(&self) -> usize {
        if self.planar { 1 } else { self.samples }
    }

    /// Combinations that nobody writes.
    fn fits(&self) -> Result<(), DecodeError> {
        if self.packing == Packing::Fax4 && (self.bits, self.samples) != (1, 1) {
            return Err(unsupported("fax compression of more than black and white"));
        }
        if self.packing == Packing::Jpeg && self.bits != 8 {
            return Err(unsupported("JPEG compression of anything but 8 bits"));
        }
        let subsampled = matches!(self.meaning, Meaning::YCbCr { across, down } if across * down > 1);
        if subsampled && self.packing != Packing::Jpeg && (self.samples, self.planar) != (3, false) {
            return Err(unsupported("YCbCr colors of fewer pixels in planes of their own"));
        }
        Ok(())
    }

    fn places(&self, directory: &Directory<'_>) -> Result<Vec<(u64, u64)>, DecodeError> {
        let (offsets, lengths) = if self.tiled { (TILE_OFFSETS, TILE_BYTES) } else { (STRIP_OFFSETS, STRIP_BYTES) };
        let planes = if self.planar { self.samples as u64 } else { 1 };
        let expected = self.across() * self.down() * planes;
        if expected > MOST {
            return Err(unsupported("more than a million pieces"));
        }
        // Tiles may name their places as strips do.
        let offsets = directory.numbers(offsets).or_else(|| directory.numbers(STRIP_OFFSETS)).unwrap_or_default();
        let lengths = directory.numbers(lengths).or_else(|| directory.numbers(STRIP_BYTES)).unwrap_or_default();
        if (offsets.len() as u64) < expected || (lengths.len() as u64) < expected {
            return Err(broken("it says of too few pieces where they lie"));
        }
        let chunks = offsets.into_iter().zip(lengths).take(expected as usize).collect();
        Ok(chunks)
    }
}

impl Meaning {
    /// Samples of a pixel that are its color.
    pub fn samples(self) -> usize {
        match self {
            Meaning::InvertedGrey | Meaning::Grey | Meaning::Palette => 1,
            Meaning::Rgb | Meaning::YCbCr { .. } => 3,
            Meaning::Cmyk => 4,
        }
    }
}

fn format(directory: &Directory<'_>, bits: u64) -> Result<Format, DecodeError> {
    let formats = directory.numbers(SAMPLE_FORMAT).unwrap_or_default();
    let first = formats.first().copied().unwrap_or(1);
    if formats.iter().any(|other| *other != first) {
        return Err(unsupported("numbers of several kinds in one pixel"));
    }
    match (first, bits) {
        // 4: what it is, nobody knows. It is read as whole numbers, as others do.
        (1 | 4, 1..=32 | 64) => Ok(Format::Unsigned),
        (2, 8 | 16 | 32 | 64) => Ok(Format::Signed),
        (3, 16 | 32 | 64) => Ok(Format::Float),
        (1 | 4, _) => Err(unsupported(&format!("{bits}-bit values"))),
        (2, _) => Err(unsupported(&format!("signed {bits}-bit values"))),
        (3, _) => Err(unsupported(&format!("{bits}-bit floating point"))),
        _ => Err(unsupported("complex numbers")),
    }
}

fn meaning(directory: &Directory<'_>, bits: u64) -> Result<Meaning, DecodeError> {
    // Some writers forget to say it.
    let by_samples = || if directory.number(SAMPLES) >= Some(3) { 2 } else { 1 };
    Ok(match directory.number(PHOTOMETRIC).unwrap_or_else(by_samples) {
        0 => Meaning::InvertedGrey,
        1 => Meaning::Grey,
        2 => Meaning::Rgb,
        3 if bits > 16 => return Err(unsupported("a palette of more colors than there are")),
        3 => Meaning::Palette,
        4 => return Err(unsupported("a mask instead of a picture")),
        5 if directory.number(INK_SET).is_some_and(|inks| inks != 1) => {
            return Err(unsupported("inks other than cyan, magenta, yellow and black"));
        }
        5 => Meaning::Cmyk,
        6 if bits != 8 => return Err(unsupported(&format!("YCbCr colors of {bits} bits"))),
        6 => {
            let sampling = directory.numbers(SUBSAMPLING).unwrap_or_else(|| vec![2, 2]);
            match sampling[..] {
                [across @ (1 | 2 | 4), down @ (1 | 2 | 4)] => {
                    Meaning::YCbCr { across: across as usize, down: down as usize }
                }
                _ => return Err(broken("its colors are of a number of pixels that cannot be")),
            }
        }
        8 => return Err(unsupported("CIELAB colors")),
        9 => return Err(unsupported("ICC Lab colors")),
        10 => return Err(unsupported("ITU Lab colors")),
        32844 | 32845 => return Err(unsupported("LogLuv colors")),
        32803 | 34892 => return Err(unsupported("the raw values of a camera's sensor")),
        other => return Err(unsupported(&format!("colors of a kind that is not known ({other})"))),
    })
}

fn alpha(directory: &Directory<'_>, samples: usize, colors: usize) -> Alpha {
    match (directory.numbers(EXTRA_SAMPLES), samples - colors) {
        (_, 0) => Alpha::None,
        (Some(extra), _) if extra.first() == Some(&1) => Alpha::Associated,
        (Some(extra), _) if extra.first() == Some(&2) => Alpha::Straight,
        (Some(extra), _) if !extra.is_empty() => Alpha::None,
        // Nothing is said of the one sample that is left: most often it is this.
        (_, 1) if colors == 3 => Alpha::Straight,
        _ => Alpha::None,
    }
}

fn predictor(directory: &Directory<'_>, format: Format, bits: u64) -> Result<Predictor, DecodeError> {
    match (directory.number(PREDICTOR).unwrap_or(1), format) {
        (1, _) => Ok(Predictor::None),
        (2, _) if matches!(bits, 8 | 16 | 32 | 64) => Ok(Predictor::Difference),
        (2, _) => Err(unsupported(&format!("differences of {bits}-bit values"))),
        (3, Format::Float) => Ok(Predictor::Floats),
        _ => Err(broken("its predictor cannot be")),
    }
}
