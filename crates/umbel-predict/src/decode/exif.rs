//! How a picture lies, from its EXIF. Cameras and editors write EXIF in every state; what cannot be followed turns nothing
//! and costs nothing.

use image::ImageDecoder;
use image::metadata::Orientation;

/// What stands before the EXIF itself in a JPEG, and in the WebP files of many programs.
pub(super) const PREFIX: &[u8] = b"Exif\0\0";
const TAG: u64 = 0x112;

/// Of a picture whose headers were read.
pub(super) fn of(decoder: &mut impl ImageDecoder) -> Orientation {
    let chunk = decoder.exif_metadata().ok().flatten();
    let told = chunk.and_then(|chunk| orientation(&chunk)).or_else(|| decoder.orientation().ok());
    told.unwrap_or(Orientation::NoTransforms)
}

/// Of an EXIF chunk, with or without its prefix: the tag in the first directory, in whichever whole number it is written.
pub(super) fn orientation(chunk: &[u8]) -> Option<Orientation> {
    let chunk = chunk.strip_prefix(PREFIX).unwrap_or(chunk);
    let big_endian = match chunk.get(..4)? {
        b"II*\0" => false,
        b"MM\0*" => true,
        _ => return None,
    };
    let number = |at: usize, width: usize| -> Option<u64> {
        let bytes = chunk.get(at..at.checked_add(width)?)?;
        let join = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
        Some(if big_endian { bytes.iter().fold(0, join) } else { bytes.iter().rev().fold(0, join) })
    };
    let start = usize::try_from(number(4, 4)?).ok()?;
    let entries = number(start, 2)? as usize;
    // Each: tag (2 bytes), type (2), count (4), value (4, from the left).
    let place = |entry: usize| start.checked_add(2 + 12 * entry);
    let entry = (0..entries).map_while(place).find(|place| number(*place, 2) == Some(TAG))?;
    let width = match number(entry + 2, 2)? {
        1 => 1,
        3 => 2,
        4 => 4,
        _ => return None,
    };
    Orientation::from_exif(u8::try_from(number(entry + 8, width)?).ok()?)
}
