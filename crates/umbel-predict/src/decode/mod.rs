//! The one door for foreign bytes: a file's bytes become upright RGB, within limits set before decoding.

mod claim;
mod depth;
mod exif;
mod facts;
mod format;
mod heic;
mod jpeg;
mod kinds;
mod limits;
mod need;
mod origin;
mod other;
mod raw;
mod tiff;
mod webp;
mod white;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use image::error::LimitErrorKind;
use image::{DynamicImage, ImageError, ImageFormat, RgbImage};

use crate::base::budget::Held;
use crate::base::caught::caught;
pub use crate::base::caught::is_decoding;
use crate::base::problem::ProblemKind;
pub use claim::Afterward;
use claim::Claim;
pub use depth::{Depth, Doubt};
pub use facts::{Facts, facts};
pub use format::{SNIFF_BYTES, named_as_picture, sniff};
pub use limits::Limits;
pub use origin::{Origin, origin};
pub use raw::Raw;
use white::over_white;

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
    decode_for(bytes, limits, reading, &|_, _| 0).map(Held::into_inner)
}

/// The same for those who decode many at a time within one [`Limits::memory`]: waits until there is room for decoding and
/// for what is done `afterward`; the room is given back with the picture.
pub fn decode_for(
    bytes: &[u8],
    limits: &Limits,
    reading: Reading,
    afterward: Afterward<'_>,
) -> Result<Held<Decoded>, DecodeError> {
    if bytes.is_empty() {
        return Err(DecodeError { kind: ProblemKind::Empty, detail: "the file is empty".to_string() });
    }
    check_file_bytes(bytes.len() as u64, limits)?;
    if let Some(camera) = raw::camera(bytes) {
        return decode_raw(bytes, limits, reading, camera, afterward);
    }
    if heic::is_heic(bytes) {
        let mut claim = Claim { limits, afterward, share: None };
        let photo = caught(|| heic::decode(bytes, &mut claim).map(over_white));
        let photo = photo.unwrap_or_else(|| Err(damaged("HEIC", "its decoder gave up on it")))?;
        return Ok(Held::new(Decoded { photo, doubt: None }, claim.share));
    }
    let Some(format) = sniff(bytes) else {
        return Err(kinds::refusal(bytes));
    };
    let mut claim = Claim { limits, afterward, share: None };
    let decoded = caught(|| match format {
        ImageFormat::Jpeg => Ok((jpeg::decode(bytes, &mut claim)?, None)),
        _ => other::decode(bytes, format, &mut claim, reading.depth),
    });
    match decoded {
        Some(photo) => photo.map(|(photo, doubt)| Held::new(Decoded { photo: over_white(photo), doubt }, claim.share)),
        None => Err(damaged(name_of(format), "its decoder gave up on it")),
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
    hold(data.len(), limits, |bytes, most| {
        // The file may grow meanwhile; one byte beyond the limit is enough to tell.
        File::open(path)?.take(most.saturating_add(1)).read_to_end(bytes).map(drop)
    })
}

/// What `read` puts into the buffer, told to be so many bytes: the bytes of a photo, wherever they lie. `read` is told how many are
/// allowed, and need not give more than one beyond. Waits until [`Limits::memory`] has room for it, which is given back with the bytes.
pub fn hold(
    bytes: u64,
    limits: &Limits,
    read: impl FnOnce(&mut Vec<u8>, u64) -> std::io::Result<()>,
) -> std::io::Result<Result<Held<Vec<u8>>, DecodeError>> {
    if let Err(too_large) = check_file_bytes(bytes, limits) {
        return Ok(Err(too_large));
    }
    let share = match limits.memory.as_ref().map(|memory| memory.for_file(bytes)).transpose() {
        Ok(share) => share,
        Err(most) => {
            let detail = format!(
                "{bytes} bytes, more than the {most} that files may take together; allow more, or save it smaller",
            );
            return Ok(Err(too_large(detail)));
        }
    };
    let mut held = Vec::with_capacity(bytes as usize + 1);
    read(&mut held, limits.max_file_bytes)?;
    Ok(check_file_bytes(held.len() as u64, limits).map(|()| Held::new(held, share)))
}

/// A file that the system would not read.
pub fn unreadable(error: &std::io::Error) -> DecodeError {
    DecodeError { kind: ProblemKind::Unreadable, detail: format!("the system would not read it: {error}") }
}

/// A camera raw: the JPEG inside, where that is wanted.
fn decode_raw(
    bytes: &[u8],
    limits: &Limits,
    reading: Reading,
    camera: &str,
    afterward: Afterward<'_>,
) -> Result<Held<Decoded>, DecodeError> {
    let unsupported = |detail| Err(DecodeError { kind: ProblemKind::Unsupported, detail });
    match (reading.raw, raw::preview(bytes)) {
        (Raw::Refuse, _) => unsupported(raw::refusal(camera)),
        (Raw::Preview, None) => {
            unsupported(format!("a camera raw ({camera}) without a JPEG inside; export it as JPEG"))
        }
        (Raw::Preview, Some((jpeg, orientation))) => {
            let decoded = decode_for(jpeg, limits, reading, afterward)?;
            if facts(jpeg).is_some_and(|facts| facts.turned) {
                return Ok(decoded);
            }
            Ok(decoded.map(|Decoded { photo, doubt }| {
                let mut photo = DynamicImage::from(photo);
                photo.apply_orientation(orientation);
                Decoded { photo: photo.into_rgb8(), doubt }
            }))
        }
    }
}

fn check_file_bytes(bytes: u64, limits: &Limits) -> Result<(), DecodeError> {
    if bytes > limits.max_file_bytes {
        return Err(too_large(format!(
            "{bytes} bytes, more than the limit of {}; save it smaller",
            limits.max_file_bytes
        )));
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
            "{width} x {height} pixels, more than the limit of {} on a side; save it smaller",
            limits.max_side
        )));
    }
    if width.saturating_mul(height) > limits.max_pixels {
        return Err(too_large(format!(
            "{width} x {height} pixels, more than the limit of {} in all; save it smaller",
            limits.max_pixels
        )));
    }
    Ok(())
}

fn map_error(error: ImageError, format: ImageFormat, limits: &Limits) -> DecodeError {
    match error {
        ImageError::Limits(limit) => match limit.kind() {
            LimitErrorKind::DimensionError => {
                too_large("more pixels on a side than can be read; save it smaller".to_string())
            }
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
    let most = limits.max_alloc_bytes;
    too_large(format!("decoding would need more than the limit of {most} bytes of memory; save it smaller"))
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
