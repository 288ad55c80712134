//! The one door for foreign bytes: a file's bytes become upright RGB, within limits set before decoding.

mod caught;
mod claim;
mod exif;
mod facts;
mod format;
mod jpeg;
mod limits;
mod need;
mod tiff;
mod webp;

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

use image::error::LimitErrorKind;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, RgbImage};

use crate::base::budget::Held;
use crate::base::problem::ProblemKind;
use caught::caught;
pub use caught::is_decoding;
pub use claim::Afterward;
use claim::Claim;
pub use facts::{Facts, facts};
pub use format::{SNIFF_BYTES, named_as_picture, sniff};
pub use limits::Limits;

/// Why a photo cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
#[allow(missing_docs)]
pub struct DecodeError {
    pub kind: ProblemKind,
    pub detail: String,
}

/// Decodes JPEG, PNG, GIF (first frame), BMP, WebP, TIFF or PNM, told by content. EXIF orientation is applied; grey,
/// palette, 16-bit and CMYK become 8-bit RGB; transparency is laid over white.
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<RgbImage, DecodeError> {
    decode_for(bytes, limits, &|_, _| 0).map(Held::into_inner)
}

/// The same for those who decode many at a time within one [`Limits::memory`]: waits until there is room for decoding and
/// for what is done `afterward`; the room is given back with the picture.
pub fn decode_for(bytes: &[u8], limits: &Limits, afterward: Afterward<'_>) -> Result<Held<RgbImage>, DecodeError> {
    if bytes.is_empty() {
        return Err(DecodeError { kind: ProblemKind::Empty, detail: "the file is empty".to_string() });
    }
    check_file_bytes(bytes.len() as u64, limits)?;
    let Some(format) = sniff(bytes) else {
        return Err(not_readable(bytes));
    };
    let mut claim = Claim { limits, afterward, share: None };
    let decoded = caught(|| {
        let photo = match format {
            ImageFormat::Jpeg => jpeg::decode(bytes, &mut claim),
            _ => decode_other(bytes, format, &mut claim),
        };
        photo.map(over_white)
    });
    match decoded {
        Some(photo) => photo.map(|photo| Held::new(photo, claim.share)),
        None => Err(damaged(name_of(format), "its decoder gave up on it")),
    }
}

/// Reads and decodes a file.
pub fn decode_file(path: &Path, limits: &Limits) -> Result<RgbImage, DecodeError> {
    decode(&read_file(path, limits)?, limits)
}

/// Reads a file that is not larger than the limit.
pub fn read_file(path: &Path, limits: &Limits) -> Result<Vec<u8>, DecodeError> {
    let read = try_read_file(path, limits).unwrap_or_else(|error| Err(unreadable(&error)));
    read.map(Held::into_inner)
}

/// [`read_file`] with the system's own errors kept apart, for those who must tell them from one another. Waits until
/// [`Limits::memory`] has room for it, which is given back with the bytes.
pub fn try_read_file(path: &Path, limits: &Limits) -> std::io::Result<Result<Held<Vec<u8>>, DecodeError>> {
    // Asked before opening: opening a pipe would wait for its writer.
    let data = std::fs::metadata(path)?;
    if !data.is_file() {
        return Ok(Err(DecodeError { kind: ProblemKind::Unreadable, detail: "not a file".to_string() }));
    }
    if let Err(too_large) = check_file_bytes(data.len(), limits) {
        return Ok(Err(too_large));
    }
    let share = match limits.memory.as_ref().map(|memory| memory.for_file(data.len())).transpose() {
        Ok(share) => share,
        Err(most) => {
            let detail = format!(
                "{} bytes, more than the {most} that files may take together; allow more, or save it smaller",
                data.len()
            );
            return Ok(Err(too_large(detail)));
        }
    };
    let mut bytes = Vec::with_capacity(data.len() as usize + 1);
    // The file may grow meanwhile; one byte beyond the limit is enough to tell.
    File::open(path)?.take(limits.max_file_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(check_file_bytes(bytes.len() as u64, limits).map(|()| Held::new(bytes, share)))
}

/// A file that the system would not read.
pub fn unreadable(error: &std::io::Error) -> DecodeError {
    DecodeError { kind: ProblemKind::Unreadable, detail: format!("the system would not read it: {error}") }
}

/// Everything but JPEG.
fn decode_other(bytes: &[u8], format: ImageFormat, claim: &mut Claim<'_>) -> Result<DynamicImage, DecodeError> {
    let limits = claim.limits;
    let map_error = |error| map_error(error, format, limits);
    // Where a decoder takes memory before it can be told the limits.
    let asks_for_too_much = match format {
        ImageFormat::Tiff => tiff::asks_for_too_much(bytes, limits),
        ImageFormat::WebP => webp::asks_for_too_much(bytes, limits),
        _ => false,
    };
    if asks_for_too_much {
        return Err(too_much_memory(limits));
    }
    let bytes = if format == ImageFormat::WebP { webp::without_false_promises(bytes) } else { bytes.into() };
    let mut reader = ImageReader::with_format(Cursor::new(&*bytes), format);
    let mut decoder_limits = image::Limits::no_limits();
    decoder_limits.max_alloc = Some(limits.max_alloc_bytes);
    reader.limits(decoder_limits);
    let mut decoder = reader.into_decoder().map_err(map_error)?;
    let (width, height) = decoder.dimensions();
    check_pixels(u64::from(width), u64::from(height), limits)?;
    if decoder.total_bytes() > limits.max_alloc_bytes {
        return Err(too_much_memory(limits));
    }
    let orientation = exif::of(&mut decoder);
    claim.take(width, height, need::of(&decoder, format, orientation))?;
    let mut photo = DynamicImage::from_decoder(decoder).map_err(map_error)?;
    photo.apply_orientation(orientation);
    Ok(photo)
}

/// 8-bit RGB; transparent pixels show white. One copy at most lies beside the picture.
fn over_white(photo: DynamicImage) -> RgbImage {
    let (width, height) = (photo.width(), photo.height());
    let pixels = match photo {
        DynamicImage::ImageRgb8(photo) => return photo,
        DynamicImage::ImageRgba8(photo) => flat(photo.into_raw()),
        photo if !photo.color().has_alpha() => return photo.into_rgb8(),
        photo => {
            let mut pixels = Vec::with_capacity(3 * width as usize * height as usize);
            for row in 0..height {
                pixels.extend(flat(photo.crop_imm(0, row, width, 1).into_rgba8().into_raw()));
            }
            pixels
        }
    };
    RgbImage::from_raw(width, height, pixels).expect("three bytes for each pixel")
}

/// RGBA laid over white, in its own place.
fn flat(mut pixels: Vec<u8>) -> Vec<u8> {
    let count = pixels.len() / 4;
    for pixel in 0..count {
        let alpha = u32::from(pixels[4 * pixel + 3]);
        for channel in 0..3 {
            let value = u32::from(pixels[4 * pixel + channel]);
            pixels[3 * pixel + channel] = ((value * alpha + 255 * (255 - alpha) + 127) / 255) as u8;
        }
    }
    pixels.truncate(3 * count);
    pixels.shrink_to_fit();
    pixels
}

fn check_file_bytes(bytes: u64, limits: &Limits) -> Result<(), DecodeError> {
    if bytes > limits.max_file_bytes {
        return Err(too_large(format!("{bytes} bytes, more than the limit of {}", limits.max_file_bytes)));
    }
    Ok(())
}

pub(crate) fn check_pixels(width: u64, height: u64, limits: &Limits) -> Result<(), DecodeError> {
    if width == 0 || height == 0 {
        return Err(DecodeError {
            kind: ProblemKind::Damaged,
            detail: format!("its header says {width} x {height} pixels"),
        });
    }
    if width.max(height) > u64::from(limits.max_side) {
        return Err(too_large(format!(
            "{width} x {height} pixels, more than the limit of {} on a side",
            limits.max_side
        )));
    }
    if width.saturating_mul(height) > limits.max_pixels {
        return Err(too_large(format!(
            "{width} x {height} pixels, more than the limit of {} in all",
            limits.max_pixels
        )));
    }
    Ok(())
}

fn not_readable(bytes: &[u8]) -> DecodeError {
    match format::foreign(bytes) {
        Some(name) => DecodeError {
            kind: ProblemKind::Unsupported,
            detail: format!("a picture in {name} format, which is not read here; save it as JPEG or PNG"),
        },
        None => DecodeError {
            kind: ProblemKind::NotAPicture,
            detail: "its content is not a picture (expected JPEG, PNG, GIF, BMP, WebP, TIFF or PNM)".to_string(),
        },
    }
}

fn map_error(error: ImageError, format: ImageFormat, limits: &Limits) -> DecodeError {
    match error {
        ImageError::Limits(limit) => match limit.kind() {
            LimitErrorKind::DimensionError => too_large("more pixels on a side than can be read".to_string()),
            _ => too_much_memory(limits),
        },
        ImageError::Unsupported(reason) => {
            DecodeError { kind: ProblemKind::Unsupported, detail: format!("{reason}; save it as JPEG or PNG") }
        }
        ImageError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            damaged(name_of(format), CUT_SHORT)
        }
        // The error under it says the reason without naming the format once more.
        error => {
            let reason = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
            damaged(name_of(format), &reason)
        }
    }
}

fn too_much_memory(limits: &Limits) -> DecodeError {
    too_large(format!("decoding would need more than the limit of {} bytes of memory", limits.max_alloc_bytes))
}

fn too_large(detail: String) -> DecodeError {
    DecodeError { kind: ProblemKind::TooLarge, detail }
}

const CUT_SHORT: &str = "the file ends before the picture does";

fn damaged(format: &str, reason: &str) -> DecodeError {
    // A row of problems.csv is one line, whatever a decoder's text holds.
    let reason = reason.split_whitespace().collect::<Vec<_>>().join(" ");
    DecodeError { kind: ProblemKind::Damaged, detail: format!("a damaged {format}: {reason}") }
}

fn name_of(format: ImageFormat) -> &'static str {
    match format {
        ImageFormat::Jpeg => "JPEG",
        ImageFormat::Png => "PNG",
        ImageFormat::Gif => "GIF",
        ImageFormat::Bmp => "BMP",
        ImageFormat::WebP => "WebP",
        ImageFormat::Tiff => "TIFF",
        ImageFormat::Pnm => "PNM",
        _ => "picture",
    }
}
