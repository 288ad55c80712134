//! The formats that `image` decodes, each behind its own precautions.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader};

use super::claim::Claim;
use super::depth::{self, Depth, Doubt};
use super::{DecodeError, check_pixels, exif, map_error, need, tiff, too_much_memory, webp};

/// Everything but JPEG.
pub(super) fn decode(
    bytes: &[u8],
    format: ImageFormat,
    claim: &mut Claim<'_>,
    depth: Depth,
) -> Result<(DynamicImage, Option<Doubt>), DecodeError> {
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
    if format == ImageFormat::Tiff
        && cfg!(feature = "more-formats")
        && let Some(decided) = tiff::decode(bytes, claim, depth)
    {
        return decided;
    }
    let depth = if format == ImageFormat::Pnm && depth::pnm_says_itself(bytes) { Depth::Auto } else { depth };
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
    let (mut photo, doubt) = depth::taken(DynamicImage::from_decoder(decoder).map_err(map_error)?, depth);
    photo.apply_orientation(orientation);
    Ok((photo, doubt))
}
