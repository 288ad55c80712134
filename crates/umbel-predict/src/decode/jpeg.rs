//! JPEG, the format of most photos, through `zune-jpeg` itself: `image` decodes leniently and paints the missing part of
//! a cut file grey, which would train a network on grey.

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, RgbImage};
use memchr::memchr;
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::{CUT_SHORT, DecodeError, Limits, check_pixels, damaged, too_large};
use crate::base::problem::ProblemKind;

/// Decodes a JPEG to grey or RGB, upright.
pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<DynamicImage, DecodeError> {
    let shape = Shape::read(bytes);
    if shape.arithmetic {
        return Err(unsupported("arithmetic coding"));
    }
    if shape.progressive {
        // Later passes refine the whole picture, so nothing but the end marker tells that none is missing.
        return match shape.end {
            Some(_) => decode_whole(bytes, shape, limits),
            None => Err(damaged("JPEG", "the file ends before the picture does (no end marker)")),
        };
    }
    // The decoder fills what is missing before an end marker with grey, but complains where the bytes just end.
    let body = &bytes[..shape.end.unwrap_or(bytes.len())];
    if shape.end.is_some() {
        match decode_whole(body, shape, limits) {
            Err(error) if error.kind == ProblemKind::Damaged => {}
            decided => return decided,
        }
    }
    // The decoder reads ahead, so a small last row may look missing, and without an end marker the last row may be
    // missing in part. What is true shows when the file is continued in two ways: a whole picture never looks at what
    // follows.
    let continued = |tail: &[u8]| decode_whole(&[body, tail, &[0xFF, 0xD9]].concat(), shape, limits);
    let (first, second) = (continued(&[]), continued(&FILLER));
    match (first, second) {
        (Ok(first), Ok(second)) if first == second => Ok(first),
        (Err(first), Err(second)) if first == second => Err(first),
        _ => Err(damaged("JPEG", CUT_SHORT)),
    }
}

/// Bytes that are valid inside a picture's data (no 0xFF) and decode to anything but the neutral filling.
const FILLER: [u8; 64] = {
    let mut filler = [0; 64];
    let mut i = 0;
    while i < filler.len() {
        filler[i] = (i * 89 + 41) as u8 & 0x7F;
        i += 1;
    }
    filler
};

fn decode_whole(bytes: &[u8], shape: Shape, limits: &Limits) -> Result<DynamicImage, DecodeError> {
    // Lenient about headers (cameras put stray bytes between them) ...
    let options = DecoderOptions::default()
        .set_strict_mode(false)
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX));
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(map_error)?;
    let (width, height) = decoder.dimensions().ok_or_else(|| damaged("JPEG", "no picture size in it"))?;
    let (width, height) = (width as u32, height as u32);
    check_pixels(u64::from(width), u64::from(height), limits)?;
    // A progressive picture is kept whole as 16-bit coefficients until the last pass.
    let bytes_per_pixel = if shape.progressive { 9 } else { 3 };
    let memory = u64::from(width) * u64::from(height) * bytes_per_pixel;
    if memory > limits.max_alloc_bytes {
        return Err(too_large(format!(
            "{width} x {height} pixels need {memory} bytes of memory, more than the limit of {}",
            limits.max_alloc_bytes
        )));
    }

    // ... and strict about the picture: what is missing or broken in it is an error.
    let grey = decoder.input_colorspace() == Some(ColorSpace::Luma);
    let output = if grey { ColorSpace::Luma } else { ColorSpace::RGB };
    decoder.set_options(decoder.options().set_strict_mode(true).jpeg_set_out_colorspace(output));
    let pixels = decoder.decode().map_err(map_error)?;
    let orientation = decoder.exif().and_then(|exif| Orientation::from_exif_chunk(exif));
    let mut photo = if grey {
        GrayImage::from_raw(width, height, pixels).map(DynamicImage::from)
    } else {
        RgbImage::from_raw(width, height, pixels).map(DynamicImage::from)
    }
    .ok_or_else(|| damaged("JPEG", "fewer pixels in it than its header says"))?;
    photo.apply_orientation(orientation.unwrap_or(Orientation::NoTransforms));
    Ok(photo)
}

fn map_error(error: DecodeErrors) -> DecodeError {
    match error {
        DecodeErrors::Unsupported(scheme) => unsupported(&format!("{scheme:?}")),
        // Their own texts come in quotation marks.
        DecodeErrors::Format(reason) => damaged("JPEG", &reason),
        DecodeErrors::FormatStatic(reason) => damaged("JPEG", reason),
        DecodeErrors::LargeDimensions(pixels) => {
            too_large(format!("{pixels} pixels on a side, more than a JPEG can have"))
        }
        // Reading from memory fails in one way only.
        DecodeErrors::IoErrors(_) | DecodeErrors::ExhaustedData => damaged("JPEG", CUT_SHORT),
        error => damaged("JPEG", &error.to_string()),
    }
}

fn unsupported(kind: &str) -> DecodeError {
    DecodeError {
        kind: ProblemKind::Unsupported,
        detail: format!("a JPEG of a kind that is not read here ({kind}); save it anew as a baseline JPEG"),
    }
}

/// What the markers tell without decoding.
#[derive(Clone, Copy)]
struct Shape {
    progressive: bool,
    arithmetic: bool,
    /// Where the end marker stands.
    end: Option<usize>,
}

impl Shape {
    /// Walks from marker to marker. A picture's data has no markers in it: 0xFF there is followed by 0, by a restart
    /// number or by another 0xFF.
    fn read(bytes: &[u8]) -> Self {
        let mut shape = Shape { progressive: false, arithmetic: false, end: None };
        let mut at = 2;
        loop {
            let Some(distance) = bytes.get(at..).and_then(|rest| memchr(0xFF, rest)) else {
                return shape;
            };
            at += distance + 1;
            match bytes.get(at) {
                None => return shape,
                Some(0xFF) => {}
                // Escaped data, temporary and restart markers, a second start: nothing follows them.
                Some(0x00 | 0x01 | 0xD0..=0xD8) => at += 1,
                Some(0xD9) => {
                    return Shape { end: Some(at - 1), ..shape };
                }
                Some(marker) => {
                    shape.progressive |= matches!(marker, 0xC2 | 0xC6 | 0xCA | 0xCE);
                    shape.arithmetic |= matches!(marker, 0xC9..=0xCF);
                    let Some(&[high, low]) = bytes.get(at + 1..at + 3) else {
                        return shape;
                    };
                    at += 1 + usize::from(u16::from_be_bytes([high, low])).max(2);
                }
            }
        }
    }
}
