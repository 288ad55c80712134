//! JPEG, the format of most photos, through `zune-jpeg` itself: `image` decodes leniently and paints the missing part of
//! a cut file grey, which would train a network on grey.

pub(super) mod markers;
mod scans;
mod small;

use std::borrow::Cow;

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, RgbImage};
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use self::markers::Frame;
use self::markers::Markers;
use super::claim::Claim;
use super::{CUT_SHORT, DecodeError, Limits, check_pixels, damaged, exif, need, too_large};
use crate::base::problem::ProblemKind;

/// Decodes a JPEG to grey or RGB, upright.
pub(super) fn decode(bytes: &[u8], claim: &mut Claim<'_>) -> Result<DynamicImage, DecodeError> {
    let limits = claim.limits;
    let markers = Markers::read(bytes);
    let frame = markers.frame.as_ref().ok_or_else(|| damaged("JPEG", "no picture size in it"))?;
    check(frame, limits)?;
    let orientation = orientation_in(bytes, &markers);
    let need = need::of_jpeg(frame, bytes.len(), scans::needed(frame, &markers), orientation);
    claim.take(frame.width.into(), frame.height.into(), need)?;
    let mut decoded = decode_lying(bytes, frame, &markers, limits);
    if decoded.as_ref().is_err_and(|error| error.kind == ProblemKind::Damaged) {
        // Broken remarks are no reason to lose the picture.
        if let Some(plain) = without_remarks(bytes, frame, &markers) {
            decoded = decode_lying(&plain, frame, &Markers::read(&plain), limits).or(decoded);
        }
    }
    let mut photo = decoded?;
    photo.apply_orientation(orientation);
    Ok(photo)
}

/// How the picture lies, without decoding it.
pub(super) fn orientation(bytes: &[u8]) -> Orientation {
    orientation_in(bytes, &Markers::read(bytes))
}

/// Its EXIF, from its prefix on.
pub(super) fn exif(bytes: &[u8]) -> Option<&[u8]> {
    Markers::read(bytes).exif.map(|(start, end)| &bytes[start..end])
}

fn orientation_in(bytes: &[u8], markers: &Markers) -> Orientation {
    let told = markers.exif.and_then(|(start, end)| exif::orientation(&bytes[start..end]));
    told.unwrap_or(Orientation::NoTransforms)
}

/// Whether the frame is of a kind that is read here, and within the limits.
fn check(frame: &Frame, limits: &Limits) -> Result<(), DecodeError> {
    match frame.kind {
        0xC0..=0xC2 => {}
        0xC3 => return Err(unsupported("lossless")),
        0xC9..=0xCB => return Err(unsupported("arithmetic coding")),
        _ => return Err(unsupported("hierarchical")),
    }
    if frame.precision != 8 {
        return Err(unsupported(&format!("{} bits a channel", frame.precision)));
    }
    if !matches!(frame.components.len(), 1 | 3 | 4) {
        return Err(unsupported(&format!("{} channels", frame.components.len())));
    }
    if frame.height == 0 && frame.width > 0 {
        return Err(unsupported("its height comes after its picture"));
    }
    let (width, height) = (u64::from(frame.width), u64::from(frame.height));
    check_pixels(width, height, limits)?;
    let (across, down) = frame.largest();
    let factors = 1..=4;
    if frame.components.iter().any(|c| !factors.contains(&c.across) || !factors.contains(&c.down)) {
        return Err(damaged("JPEG", "a sampling that there is not"));
    }
    if frame.components.iter().any(|component| across % component.across + down % component.down > 0) {
        return Err(unsupported("channels whose sizes are no multiples of one another"));
    }
    // A progressive picture is kept whole as 16-bit coefficients until the last pass.
    let bytes_per_pixel = if frame.progressive() { 9 } else { 3 };
    let memory = width * height * bytes_per_pixel;
    if memory > limits.max_alloc_bytes {
        return Err(too_large(format!(
            "{width} x {height} pixels need {memory} bytes of memory, more than the limit of {}; save it smaller",
            limits.max_alloc_bytes
        )));
    }
    Ok(())
}

/// The file without the segments that tell about the picture, and with a transform of colors that there is (libjpeg takes
/// others for the usual one); `None` where nothing changes.
fn without_remarks(bytes: &[u8], frame: &Frame, markers: &Markers) -> Option<Vec<u8>> {
    let unknown = markers.adobe.filter(|adobe| adobe.transform > 2);
    if markers.remarks.is_empty() && unknown.is_none() {
        return None;
    }
    let mut bytes = Cow::from(bytes);
    if let Some(adobe) = unknown {
        bytes.to_mut()[adobe.at] = if frame.components.len() == 4 { 2 } else { 1 };
    }
    let mut plain = Vec::with_capacity(bytes.len());
    let mut from = 0;
    for (start, end) in &markers.remarks {
        plain.extend(&bytes[from..*start]);
        from = *end;
    }
    plain.extend(&bytes[from..]);
    Some(plain)
}

/// Decodes a picture as it lies in the file.
fn decode_lying(bytes: &[u8], frame: &Frame, markers: &Markers, limits: &Limits) -> Result<DynamicImage, DecodeError> {
    if frame.progressive() && markers.end.is_none() {
        // Later passes refine the whole picture, so nothing but the end marker tells that none is missing.
        return Err(damaged("JPEG", "the file ends before the picture does (no end marker)"));
    }
    if scans::needed(frame, markers) {
        return scans::decode(bytes, frame, markers);
    }
    if frame.progressive() {
        return decode_whole(bytes, limits);
    }
    // The decoder fills what is missing before an end marker with grey, but complains where the bytes just end.
    let body = &bytes[..markers.end.unwrap_or(bytes.len())];
    if markers.end.is_some() {
        match decode_whole(body, limits) {
            Err(error) if error.kind == ProblemKind::Damaged => {}
            decided => return decided,
        }
    }
    // The decoder reads ahead, so a small last row may look missing, and without an end marker the last row may be
    // missing in part. What is true shows when the file is continued in two ways: a whole picture never looks at what
    // follows. One of the two is in memory at a time.
    let continued = |tail: &[u8]| decode_whole(&[body, tail, &[0xFF, 0xD9]].concat(), limits);
    let digest = |photo: &DynamicImage| blake3::hash(photo.as_bytes());
    let other = continued(&FILLER).map(|photo| digest(&photo));
    match (continued(&[]), other) {
        (Ok(photo), Ok(other)) if digest(&photo) == other => Ok(photo),
        (Err(error), Err(other)) if error == other => Err(error),
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

fn decode_whole(bytes: &[u8], limits: &Limits) -> Result<DynamicImage, DecodeError> {
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

    // ... and strict about the picture: what is missing or broken in it is an error.
    let grey = decoder.input_colorspace() == Some(ColorSpace::Luma);
    let output = if grey { ColorSpace::Luma } else { ColorSpace::RGB };
    decoder.set_options(decoder.options().set_strict_mode(true).jpeg_set_out_colorspace(output));
    let pixels = decoder.decode().map_err(map_error)?;
    let photo = if grey {
        GrayImage::from_raw(width, height, pixels).map(DynamicImage::from)
    } else {
        RgbImage::from_raw(width, height, pixels).map(DynamicImage::from)
    };
    photo.ok_or_else(|| damaged("JPEG", "fewer pixels in it than its header says"))
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
