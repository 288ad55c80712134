//! TIFF in all the kinds that its usual decoder has no pixels for: BigTIFF's tiles, floats, palettes, numbers of 2 to 64 bits,
//! signed ones, YCbCr, premultiplied transparency, planes in tiles. Piece by piece, so that memory holds the picture and one piece.

mod chunks;
mod color;
mod directory;
mod limits;
mod refusals;
mod samples;
mod shape;

use image::{DynamicImage, RgbImage, metadata::Orientation};

use super::claim::Claim;
use super::depth::{Depth, Doubt};
use super::{DecodeError, Limits, check_pixels, too_much_memory};
use chunks::{Wanted, unpacked};
use color::Colors;
pub(super) use directory::{Directory, Tiff};
pub(super) use limits::asks_for_too_much;
use refusals::{LZW, Packing};
use samples::Layout;
use shape::{Alpha, Format, JPEG_TABLES, Meaning, PHOTOMETRIC, SAMPLE_FORMAT, Shape};

const NEW_SUBFILE_TYPE: u16 = 254;
const ORIENTATION: u16 = 274;

/// The first picture, upright, and what is doubtful about its numbers. `None`: it is of the kinds that the usual decoder is right
/// about, or nothing can be made of it, which that decoder says better.
pub(super) fn decode(
    bytes: &[u8],
    claim: &mut Claim<'_>,
    depth: Depth,
) -> Option<Result<(DynamicImage, Option<Doubt>), DecodeError>> {
    let file = Tiff::open(bytes)?;
    let directory = file.first()?;
    match Shape::read(&directory) {
        Ok(shape) if is_plain(&directory, &shape) => None,
        Ok(shape) => Some(picture(&file, &directory, &shape, claim, depth)),
        Err(error) => Some(Err(error)),
    }
}

/// How the picture lies in the file.
pub(super) fn orientation(directory: &Directory<'_>) -> Orientation {
    let number = directory.number(ORIENTATION).and_then(|number| u8::try_from(number).ok());
    number.and_then(Orientation::from_exif).unwrap_or(Orientation::NoTransforms)
}

/// Whether its orientation puts the first picture upright.
pub(super) fn is_turned(bytes: &[u8]) -> bool {
    let first = Tiff::open(bytes).and_then(|file| file.first());
    first.is_some_and(|first| orientation(&first) != Orientation::NoTransforms)
}

/// Whether another page follows the first. Smaller copies and masks of it are none.
pub(super) fn has_pages(bytes: &[u8]) -> bool {
    let Some(file) = Tiff::open(bytes) else { return false };
    let mut next = file.first().map_or(0, |first| first.next);
    // Directories may lead round in a circle.
    for _ in 0..16 {
        let Some(directory) = file.directory(next).filter(|_| next != 0) else { return false };
        if directory.number(NEW_SUBFILE_TYPE).unwrap_or(0) & 0b101 == 0 {
            return true;
        }
        next = directory.next;
    }
    false
}

/// The kinds that the usual decoder reads right.
fn is_plain(directory: &Directory<'_>, shape: &Shape) -> bool {
    // It asks for the one and refuses the other where they are not as usual.
    let told = directory.has(PHOTOMETRIC) && directory.number(SAMPLE_FORMAT).unwrap_or(1) == 1;
    let colors = match (shape.meaning, shape.alpha) {
        (Meaning::Grey | Meaning::InvertedGrey, _) => shape.samples == 1,
        (Meaning::Rgb, Alpha::None) => shape.samples == 3,
        (Meaning::Rgb, Alpha::Straight) => shape.samples == 4,
        (Meaning::Cmyk, _) => shape.samples == 4 && !shape.planar,
        _ => false,
    };
    let depth = matches!(shape.bits, 8 | 16) || (shape.bits, shape.samples) == (1, 1);
    // It panics at tiles in planes, finds some LZW in tiles cut short that is not, and passes over the order of bits.
    let odd = shape.tiled && (shape.planar || shape.packing == Packing::Bytes(LZW)) || shape.reversed_bits;
    told && colors && depth && shape.format == Format::Unsigned && !odd
}

fn picture(
    file: &Tiff<'_>,
    directory: &Directory<'_>,
    shape: &Shape,
    claim: &mut Claim<'_>,
    depth: Depth,
) -> Result<(DynamicImage, Option<Doubt>), DecodeError> {
    let limits = claim.limits;
    check_pixels(shape.width.into(), shape.height.into(), limits)?;
    let whole_ycbcr = matches!((shape.meaning, shape.samples, shape.planar), (Meaning::YCbCr { .. }, 3, false));
    if shape.packing == Packing::Jpeg && !whole_ycbcr {
        return Err(refusals::unsupported("JPEG compression of anything but grey, RGB and YCbCr colors"));
    }
    let (pieces, needed) = Pieces::of(file, directory, shape, limits)?;
    // Turning it takes another.
    claim.take(
        shape.width,
        shape.height,
        needed.saturating_add(3 * u64::from(shape.width) * u64::from(shape.height)),
    )?;
    let mut colors = Colors::new(shape, directory, depth)?;
    let mut photo = RgbImage::new(shape.width, shape.height);
    for down in 0..shape.down() {
        for across in 0..shape.across() {
            let (left, top) = (across as u32 * shape.chunk_width, down as u32 * shape.chunk_height);
            let rows = shape.chunk_height.min(shape.height - top);
            let columns = shape.chunk_width.min(shape.width - left);
            let numbers = pieces.read((down * shape.across() + across) as usize, rows as usize)?;
            let row = shape.chunk_width as usize * shape.samples;
            for (y, numbers) in (top..top + rows).zip(numbers.chunks_exact(row)) {
                for (x, pixel) in (left..left + columns).zip(numbers.chunks_exact(shape.samples)) {
                    photo.put_pixel(x, y, image::Rgb(colors.of(pixel)));
                }
            }
        }
    }
    let mut photo = DynamicImage::from(photo);
    photo.apply_orientation(orientation(directory));
    Ok((photo, colors.doubt()))
}

/// The pieces of a picture, of which one at a time is unpacked.
struct Pieces<'a> {
    file: &'a Tiff<'a>,
    shape: &'a Shape,
    limits: &'a Limits,
    tables: Option<&'a [u8]>,
    layout: Layout,
}

impl<'a> Pieces<'a> {
    fn of(
        file: &'a Tiff<'a>,
        directory: &Directory<'a>,
        shape: &'a Shape,
        limits: &'a Limits,
    ) -> Result<(Self, u64), DecodeError> {
        let layout = Layout {
            bits: shape.bits,
            format: shape.format,
            big_endian: file.big_endian(),
            predictor: shape.predictor,
            samples: shape.together(),
        };
        let pieces = Pieces { file, shape, limits, tables: directory.bytes(JPEG_TABLES), layout };
        // The picture itself; of a piece its numbers, and its bytes as the unpacker has them and gives them.
        let pixels = u64::from(shape.chunk_width).saturating_mul(shape.chunk_height.into());
        let piece = pixels.saturating_mul(shape.samples as u64 * (8 + 3 * u64::from(shape.bits.div_ceil(8))));
        let needed = (u64::from(shape.width) * u64::from(shape.height) * 3).saturating_add(piece);
        if needed > limits.max_alloc_bytes { Err(too_much_memory(limits)) } else { Ok((pieces, needed)) }
    }

    /// The numbers of the piece at `place`, all samples of a pixel together, so many rows of them.
    fn read(&self, place: usize, rows: usize) -> Result<Vec<f64>, DecodeError> {
        let shape = self.shape;
        let columns = shape.chunk_width as usize;
        match shape.meaning {
            Meaning::YCbCr { across, down } if shape.packing != Packing::Jpeg && across * down > 1 => {
                return self.subsampled(place, rows, across, down);
            }
            // As red, green and blue, which it says are its kind of color no more.
            _ if shape.packing == Packing::Jpeg => {
                let wanted = Wanted { columns, rows, row_bytes: 3 * columns };
                let bytes = unpacked(self.file, shape, self.tables, place, &wanted, self.limits)?;
                return Ok(bytes[..3 * columns * rows].iter().map(|byte| f64::from(*byte)).collect());
            }
            _ => {}
        }
        let planes = if shape.planar { shape.samples } else { 1 };
        let apart = (shape.across() * shape.down()) as usize;
        let mut numbers = Vec::with_capacity(columns * rows * shape.samples);
        let mut plane = Vec::new();
        for number in 0..planes {
            plane.clear();
            self.plane(place + number * apart, rows, &mut plane)?;
            if planes == 1 {
                return Ok(plane);
            }
            numbers.resize(columns * rows * shape.samples, 0.0);
            for (pixel, value) in numbers.chunks_exact_mut(shape.samples).zip(&plane) {
                pixel[number] = *value;
            }
        }
        Ok(numbers)
    }

    fn plane(&self, place: usize, rows: usize, numbers: &mut Vec<f64>) -> Result<(), DecodeError> {
        let columns = self.shape.chunk_width as usize;
        let wanted = Wanted { columns, rows, row_bytes: self.layout.row_bytes(columns) };
        let bytes = unpacked(self.file, self.shape, self.tables, place, &wanted, self.limits)?;
        for row in bytes.chunks_exact(wanted.row_bytes).take(rows) {
            self.layout.read(row, columns, numbers);
        }
        Ok(())
    }

    /// Blocks of `across` x `down` brightnesses with one pair of differences behind them.
    fn subsampled(&self, place: usize, rows: usize, across: usize, down: usize) -> Result<Vec<f64>, DecodeError> {
        let columns = self.shape.chunk_width as usize;
        let (blocks, block) = (columns.div_ceil(across), across * down + 2);
        let wanted = Wanted { columns, rows: rows.div_ceil(down), row_bytes: blocks * block };
        let bytes = unpacked(self.file, self.shape, None, place, &wanted, self.limits)?;
        let mut numbers = vec![0.0; 3 * columns * rows];
        for y in 0..rows {
            for x in 0..columns {
                let block = &bytes[y / down * wanted.row_bytes + x / across * block..][..block];
                let brightness = block[y % down * across + x % across];
                let pixel = [brightness, block[across * down], block[across * down + 1]].map(f64::from);
                numbers[3 * (y * columns + x)..][..3].copy_from_slice(&pixel);
            }
        }
        Ok(numbers)
    }
}
