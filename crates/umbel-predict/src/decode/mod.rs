//! The one door for foreign bytes: a file's bytes become upright RGB, within limits set before decoding.

mod depth;
mod facts;
mod format;
mod heic;
mod jpeg;
mod kinds;
mod raw;
mod tiff;
mod webp;

use std::fs::File;
use std::io::{Cursor, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use image::error::LimitErrorKind;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, RgbImage};

use crate::base::problem::ProblemKind;
pub use depth::{Depth, Doubt};
pub use facts::{Facts, facts};
pub use format::{SNIFF_BYTES, named_as_picture, sniff};
pub use raw::Raw;

/// What a file may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Limits {
    pub max_file_bytes: u64,
    pub max_pixels: u64,
    pub max_alloc_bytes: u64,
}

impl Default for Limits {
    /// 256 MiB a file, 200 megapixels, 1 GiB of memory.
    fn default() -> Self {
        Limits { max_file_bytes: 256 << 20, max_pixels: 200_000_000, max_alloc_bytes: 1 << 30 }
    }
}

/// Why a photo cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
#[allow(missing_docs)]
pub struct DecodeError {
    pub kind: ProblemKind,
    pub detail: String,
}

/// How a file is taken where it leaves something open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Reading {
    pub depth: Depth,
    pub raw: Raw,
}

/// A picture, and what there is to doubt about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// Upright, RGB.
    pub photo: RgbImage,
    /// Its numbers hardly can be meant as they were taken; never where the depth was given.
    pub doubt: Option<Doubt>,
}

/// Decodes JPEG, PNG, GIF (first frame), BMP, WebP, TIFF or PNM, told by content. EXIF orientation is applied; grey,
/// palette, 16-bit and CMYK become 8-bit RGB; transparency is laid over white.
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<RgbImage, DecodeError> {
    decode_as(bytes, limits, Reading::default()).map(|decoded| decoded.photo)
}

/// [`decode`], where the file is taken as `reading` says.
pub fn decode_as(bytes: &[u8], limits: &Limits, reading: Reading) -> Result<Decoded, DecodeError> {
    if bytes.is_empty() {
        return Err(DecodeError { kind: ProblemKind::Empty, detail: "the file is empty".to_string() });
    }
    check_file_bytes(bytes.len() as u64, limits)?;
    if let Some(camera) = raw::camera(bytes) {
        return decode_raw(bytes, limits, reading, camera);
    }
    if heic::is_heic(bytes) {
        let decoded = catch_unwind(AssertUnwindSafe(|| heic::decode(bytes, limits)));
        let photo = decoded.unwrap_or_else(|_| Err(damaged("HEIC", "its decoder gave up on it")))?;
        return Ok(Decoded { photo: over_white(photo), doubt: None });
    }
    let Some(format) = sniff(bytes) else {
        return Err(kinds::refusal(bytes));
    };
    // The decoders are written not to panic, but a file that makes one do so must not end a run of thousands.
    let decoded = catch_unwind(AssertUnwindSafe(|| match format {
        ImageFormat::Jpeg => Ok((jpeg::decode(bytes, limits)?, None)),
        _ => decode_other(bytes, format, limits, reading.depth),
    }));
    match decoded {
        Ok(photo) => photo.map(|(photo, doubt)| Decoded { photo: over_white(photo), doubt }),
        Err(_) => Err(damaged(name_of(format), "its decoder gave up on it")),
    }
}

/// Reads and decodes a file.
pub fn decode_file(path: &Path, limits: &Limits) -> Result<RgbImage, DecodeError> {
    decode(&read_file(path, limits)?, limits)
}

/// [`decode_file`], where the file is taken as `reading` says.
pub fn decode_file_as(path: &Path, limits: &Limits, reading: Reading) -> Result<RgbImage, DecodeError> {
    decode_as(&read_file(path, limits)?, limits, reading).map(|decoded| decoded.photo)
}

/// Reads a file that is not larger than the limit.
pub fn read_file(path: &Path, limits: &Limits) -> Result<Vec<u8>, DecodeError> {
    try_read_file(path, limits).unwrap_or_else(|error| Err(unreadable(&error)))
}

/// [`read_file`] with the system's own errors kept apart, for those who must tell them from one another.
pub fn try_read_file(path: &Path, limits: &Limits) -> std::io::Result<Result<Vec<u8>, DecodeError>> {
    // Asked before opening: opening a pipe would wait for its writer.
    let data = std::fs::metadata(path)?;
    if !data.is_file() {
        return Ok(Err(DecodeError { kind: ProblemKind::Unreadable, detail: "not a file".to_string() }));
    }
    if let Err(too_large) = check_file_bytes(data.len(), limits) {
        return Ok(Err(too_large));
    }
    let mut bytes = Vec::with_capacity(data.len() as usize + 1);
    // The file may grow meanwhile; one byte beyond the limit is enough to tell.
    File::open(path)?.take(limits.max_file_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(check_file_bytes(bytes.len() as u64, limits).map(|()| bytes))
}

/// A file that the system would not read.
pub fn unreadable(error: &std::io::Error) -> DecodeError {
    DecodeError { kind: ProblemKind::Unreadable, detail: format!("the system would not read it: {error}") }
}

/// A camera raw: the JPEG inside, where that is wanted.
fn decode_raw(bytes: &[u8], limits: &Limits, reading: Reading, camera: &str) -> Result<Decoded, DecodeError> {
    let unsupported = |detail| Err(DecodeError { kind: ProblemKind::Unsupported, detail });
    match (reading.raw, raw::preview(bytes)) {
        (Raw::Refuse, _) => unsupported(raw::refusal(camera)),
        (Raw::Preview, None) => {
            unsupported(format!("a camera raw ({camera}) without a JPEG inside; export it as JPEG"))
        }
        (Raw::Preview, Some((jpeg, orientation))) => {
            let mut decoded = decode_as(jpeg, limits, reading)?;
            if !facts(jpeg).is_some_and(|facts| facts.turned) {
                let mut photo = DynamicImage::from(decoded.photo);
                photo.apply_orientation(orientation);
                decoded.photo = photo.into_rgb8();
            }
            Ok(decoded)
        }
    }
}

/// Everything but JPEG.
fn decode_other(
    bytes: &[u8],
    format: ImageFormat,
    limits: &Limits,
    depth: Depth,
) -> Result<(DynamicImage, Option<Doubt>), DecodeError> {
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
    if format == ImageFormat::Tiff
        && cfg!(feature = "more-formats")
        && let Some(decided) = tiff::decode(bytes, limits, depth)
    {
        return decided;
    }
    let depth = if format == ImageFormat::Pnm && depth::pnm_says_itself(bytes) { Depth::Auto } else { depth };
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut decoder_limits = image::Limits::no_limits();
    decoder_limits.max_alloc = Some(limits.max_alloc_bytes);
    reader.limits(decoder_limits);
    let mut decoder = reader.into_decoder().map_err(map_error)?;
    let (width, height) = decoder.dimensions();
    check_pixels(u64::from(width), u64::from(height), limits)?;
    if decoder.total_bytes() > limits.max_alloc_bytes {
        return Err(too_much_memory(limits));
    }
    // An unreadable orientation is no reason to lose the picture.
    let orientation = decoder.orientation().unwrap_or(image::metadata::Orientation::NoTransforms);
    let (mut photo, doubt) = depth::taken(DynamicImage::from_decoder(decoder).map_err(map_error)?, depth);
    photo.apply_orientation(orientation);
    Ok((photo, doubt))
}

/// 8-bit RGB; transparent pixels show white.
fn over_white(photo: DynamicImage) -> RgbImage {
    if !photo.color().has_alpha() {
        return photo.into_rgb8();
    }
    let photo = photo.into_rgba8();
    let (width, height) = photo.dimensions();
    let mut flat = RgbImage::new(width, height);
    for (out, pixel) in flat.pixels_mut().zip(photo.pixels()) {
        let [color @ .., alpha] = pixel.0;
        let alpha = u32::from(alpha);
        out.0 = color.map(|value| ((u32::from(value) * alpha + 255 * (255 - alpha) + 127) / 255) as u8);
    }
    flat
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
    if width.saturating_mul(height) > limits.max_pixels {
        return Err(too_large(format!(
            "{width} x {height} pixels, more than the limit of {} in all",
            limits.max_pixels
        )));
    }
    Ok(())
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
