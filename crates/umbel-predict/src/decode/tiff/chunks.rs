//! The pieces of a TIFF, a strip or a tile each: their bytes, unpacked.

use std::borrow::Cow;
use std::io::Cursor;

use image::{DynamicImage, ImageFormat, ImageReader};

use super::directory::Tiff;
use super::refusals::{Packing, broken};
use super::shape::Shape;
use crate::decode::claim::Claim;
use crate::decode::{DecodeError, Limits, jpeg, map_error};

/// The bytes of a piece: `row_bytes` for each of `rows`. JPEG gives pixels of `columns`, three bytes each.
pub(super) struct Wanted {
    pub columns: usize,
    pub rows: usize,
    pub row_bytes: usize,
}

/// Unpacks the piece at `place`.
pub(super) fn unpacked<'a>(
    file: &Tiff<'a>,
    shape: &Shape,
    tables: Option<&[u8]>,
    place: usize,
    wanted: &Wanted,
    limits: &Limits,
) -> Result<Cow<'a, [u8]>, DecodeError> {
    let (at, length) = shape.chunks[place];
    let bytes = wanted.rows * wanted.row_bytes;
    // No way of packing makes more of it than this; a file could name itself as a whole for each of its pieces.
    let packed = file.slice_up_to(at, length.min(8 * bytes as u64 + 4096));
    let packed =
        if shape.reversed_bits { packed.iter().map(|byte| byte.reverse_bits()).collect() } else { Cow::from(packed) };
    match shape.packing {
        Packing::Bytes(1) => match packed {
            Cow::Borrowed(packed) => packed.get(..bytes).map(Cow::Borrowed),
            Cow::Owned(packed) => packed.get(..bytes).map(|bytes| Cow::Owned(bytes.to_vec())),
        }
        .ok_or_else(|| broken(crate::decode::CUT_SHORT)),
        Packing::Bytes(scheme) => {
            // As a picture of its own, of as many grey pixels as there are bytes, so that one decoder undoes all schemes.
            let alone = Alone { width: wanted.row_bytes, height: wanted.rows, bits: 8, scheme };
            alone.decode(&packed, limits).map(Cow::Owned)
        }
        Packing::Fax4 => {
            let alone = Alone { width: wanted.columns, height: wanted.rows, bits: 1, scheme: 4 };
            let pixels = alone.decode(&packed, limits)?;
            let row = |row: &[u8]| -> Vec<u8> {
                row.chunks(8)
                    .map(|eight| eight.iter().enumerate().fold(0, |byte, (k, pixel)| byte | (pixel & 0x80) >> k))
                    .collect()
            };
            Ok(Cow::Owned(pixels.chunks(wanted.columns).flat_map(row).collect()))
        }
        Packing::Jpeg => jpeg_pixels(&packed, tables, shape, wanted, limits).map(Cow::Owned),
    }
}

/// A JPEG whose tables may lie apart. One of another size is refused at once, as each of a million could be large.
fn jpeg_pixels(
    packed: &[u8],
    tables: Option<&[u8]>,
    shape: &Shape,
    wanted: &Wanted,
    limits: &Limits,
) -> Result<Vec<u8>, DecodeError> {
    let whole: Cow<'_, [u8]> = match tables {
        // Without the end of the one and the start of the other.
        Some(tables) if tables.len() > 4 && packed.len() > 2 => {
            [&tables[..tables.len() - 2], &packed[2..]].concat().into()
        }
        _ => packed.into(),
    };
    // The whole picture has its share of the memory already.
    let limits = Limits { memory: None, ..limits.clone() };
    let mut claim = Claim { limits: &limits, afterward: &|_, _| 0, share: None };
    let photo = jpeg::decode(&whole, &mut claim)?.into_rgb8();
    let (width, height) = (photo.width() as usize, photo.height() as usize);
    let fits = (wanted.rows..shape.chunk_height as usize + 16).contains(&height);
    if width != wanted.columns || !fits {
        return Err(broken("a piece of it has another size than it should have"));
    }
    Ok(photo.into_raw())
}

/// A piece as a TIFF of its own.
struct Alone {
    width: usize,
    height: usize,
    bits: u16,
    scheme: u16,
}

impl Alone {
    /// The bytes, or a byte for each of the pixels of one bit.
    fn decode(&self, packed: &[u8], limits: &Limits) -> Result<Vec<u8>, DecodeError> {
        const SHORT: u16 = 3;
        const LONG: u16 = 4;
        let length = packed.len() as u32;
        let entries: [(u16, u16, u32); 9] = [
            (256, LONG, self.width as u32),
            (257, LONG, self.height as u32),
            (258, SHORT, self.bits.into()),
            (259, SHORT, self.scheme.into()),
            (262, SHORT, 1),
            (273, LONG, 8),
            (277, SHORT, 1),
            (278, LONG, self.height as u32),
            (279, LONG, length),
        ];
        let mut file = Vec::with_capacity(packed.len() + 128);
        file.extend(b"II\x2a\0");
        file.extend((8 + length).to_le_bytes());
        file.extend(packed);
        file.extend((entries.len() as u16).to_le_bytes());
        for (tag, kind, value) in entries {
            file.extend(tag.to_le_bytes());
            file.extend(kind.to_le_bytes());
            file.extend(1u32.to_le_bytes());
            file.extend(value.to_le_bytes());
        }
        file.extend([0; 4]);
        let map_error = |error| map_error(error, ImageFormat::Tiff, limits);
        let mut reader = ImageReader::with_format(Cursor::new(file), ImageFormat::Tiff);
        let mut decoder_limits = image::Limits::no_limits();
        decoder_limits.max_alloc = Some(limits.max_alloc_bytes);
        reader.limits(decoder_limits);
        let decoder = reader.into_decoder().map_err(map_error)?;
        Ok(DynamicImage::from_decoder(decoder).map_err(map_error)?.into_luma8().into_raw())
    }
}
