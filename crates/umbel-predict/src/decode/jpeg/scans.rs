//! JPEGs that are cut in ways in which cameras don't cut theirs: in several scans without being progressive, or with a first
//! channel that is not the finest; and [`small`] ones. `zune-jpeg` makes other pictures of them; they go through `jpeg-decoder`.

use image::{DynamicImage, GrayImage, RgbImage};
use jpeg_decoder::{ColorTransform, Decoder, Error, PixelFormat};

use super::markers::{Component, Frame, Markers};
use super::{DecodeError, FILLER, damaged, small, unsupported};
use crate::decode::CUT_SHORT;

/// More scans are a way to keep a machine busy; `zune-jpeg` draws the same line.
const MOST_SCANS: usize = 100;
const END_MARKER: [u8; 2] = [0xFF, 0xD9];

/// Whether this is such a picture.
pub(super) fn needed(frame: &Frame, markers: &Markers) -> bool {
    let (across, down) = frame.largest();
    let Some(first) = frame.components.first() else {
        return false;
    };
    let several = markers.scans.first().is_some_and(|scan| scan.components.len() < frame.components.len());
    // Four times as wide as others and still not the highest is where it gives up, too.
    let first_is_finest = first.across == across && (first.down == down || across < 4);
    let usual = |component: &Component| component.across != 3 && (component.down == 1 || component.down == down);
    several && !frame.progressive() || !first_is_finest || !frame.components.iter().all(usual) || small::is_one(frame)
}

/// Decodes it, as it lies in the file.
pub(super) fn decode(bytes: &[u8], frame: &Frame, markers: &Markers) -> Result<DynamicImage, DecodeError> {
    if markers.scans.len() > MOST_SCANS {
        return Err(unsupported("more than a hundred scans"));
    }
    let alone = |id: u8| frame.progressive() || markers.scans.iter().any(|scan| scan.components[..] == [id]);
    if frame.components.iter().any(|component| alone(component.id) && !blocks_agree(frame, *component)) {
        return Err(unsupported("scans of single channels of an uneven size"));
    }
    let end = markers.end.unwrap_or(bytes.len());
    // This decoder takes zeros for what is missing. What is true shows when every scan goes on in another way: a whole
    // picture never looks at what follows. One of the two is in memory at a time.
    let other = pixels(&continued(&bytes[..end], markers), frame, markers).map(|pixels| blake3::hash(&pixels));
    let found = pixels(&[&bytes[..end], &END_MARKER].concat(), frame, markers)?;
    if !other.is_ok_and(|other| other == blake3::hash(&found)) {
        return Err(damaged("JPEG", CUT_SHORT));
    }
    let (width, height) = (frame.width.into(), frame.height.into());
    let photo = match frame.components.len() {
        1 => GrayImage::from_raw(width, height, found).map(DynamicImage::from),
        _ => RgbImage::from_raw(width, height, found).map(DynamicImage::from),
    };
    photo.ok_or_else(|| damaged("JPEG", "fewer pixels in it than its header says"))
}

/// Whether the decoder looks for as many blocks as are there, where a channel has a scan of its own. Its width in blocks
/// follows from its own pixels; the decoder takes the width to which it is filled up, or the picture's if that is less.
fn blocks_agree(frame: &Frame, component: Component) -> bool {
    let (across, down) = frame.largest();
    let agree = |pixels: u16, factor: u8, largest: u8| {
        let (pixels, factor, largest) = (u32::from(pixels), u32::from(factor), u32::from(largest));
        let there = (pixels * factor).div_ceil(largest).div_ceil(8);
        let looked_for = (pixels.div_ceil(8 * largest) * factor).min(pixels.div_ceil(8));
        there == looked_for
    };
    agree(frame.width, component.across, across) && agree(frame.height, component.down, down)
}

/// The file with other bytes behind each scan.
fn continued(bytes: &[u8], markers: &Markers) -> Vec<u8> {
    let mut other = Vec::with_capacity(bytes.len() + (markers.scans.len() + 1) * FILLER.len());
    let mut from = 0;
    for scan in &markers.scans {
        let to = scan.end.unwrap_or(bytes.len());
        other.extend(&bytes[from..to]);
        other.extend(FILLER);
        from = to;
    }
    other.extend(&bytes[from..]);
    other.extend(END_MARKER);
    other
}

/// Grey or RGB pixels.
fn pixels(bytes: &[u8], frame: &Frame, markers: &Markers) -> Result<Vec<u8>, DecodeError> {
    let mut decoder = Decoder::new(bytes);
    let transform = color_transform(frame, markers);
    let unsmoothed = small::is_unsmoothed(frame) && matches!(transform, Some(ColorTransform::YCbCr));
    // What is taken for RGB comes as it lies.
    if let Some(transform) = if unsmoothed { Some(ColorTransform::RGB) } else { transform } {
        decoder.set_color_transform(transform);
    }
    let mut pixels = decoder.decode().map_err(map_error)?;
    if unsmoothed {
        small::unsmoothed(&mut pixels, frame);
    }
    match decoder.info().map(|info| info.pixel_format) {
        Some(PixelFormat::CMYK32) => Ok(pixels.as_chunks().0.iter().flat_map(of_cmyk).collect()),
        Some(PixelFormat::L16) | None => Err(unsupported("16 bits a channel")),
        Some(PixelFormat::L8 | PixelFormat::RGB24) => Ok(pixels),
    }
}

/// As libjpeg tells it.
fn color_transform(frame: &Frame, markers: &Markers) -> Option<ColorTransform> {
    let ids: Vec<u8> = frame.components.iter().map(|component| component.id).collect();
    match (&ids[..], markers.adobe.map(|adobe| adobe.transform)) {
        ([_], _) => None,
        ([_, _, _], _) if markers.jfif => Some(ColorTransform::YCbCr),
        ([_, _, _], Some(0)) | (b"RGB", None) => Some(ColorTransform::RGB),
        ([_, _, _], _) => Some(ColorTransform::YCbCr),
        (_, Some(0) | None) => Some(ColorTransform::CMYK),
        _ => Some(ColorTransform::YCCK),
    }
}

/// Inks on white paper.
fn of_cmyk(&[cyan, magenta, yellow, black]: &[u8; 4]) -> [u8; 3] {
    let left = |ink: u8| (u32::from(255 - ink) * u32::from(255 - black) + 127) / 255;
    [cyan, magenta, yellow].map(|ink| left(ink) as u8)
}

fn map_error(error: Error) -> DecodeError {
    match error {
        Error::Unsupported(feature) => unsupported(&format!("{feature:?}")),
        Error::Format(reason) => damaged("JPEG", &reason),
        // Reading from memory fails in one way only.
        Error::Io(_) => damaged("JPEG", CUT_SHORT),
        error => damaged("JPEG", &error.to_string()),
    }
}
