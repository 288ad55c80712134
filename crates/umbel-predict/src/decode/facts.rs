//! What a file tells about itself without being decoded: its format, whether it moves, whether its EXIF turns it.

use std::io::Cursor;

use image::metadata::Orientation;
use image::{ImageFormat, ImageReader};

use super::{exif, heic, jpeg, name_of, sniff, tiff};
use crate::base::caught::caught;

/// What the bytes of a file say, apart from the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The format by content: "JPEG", "PNG", ...
    pub format: &'static str,
    /// The extensions that this format goes by, the usual one first.
    pub extensions: &'static [&'static str],
    /// Holds several pictures one after the other, of which only the first is used.
    pub animated: bool,
    /// Lies turned or mirrored in the file, and its EXIF orientation puts it upright.
    pub turned: bool,
}

/// The facts of a picture in one of the formats that are read here.
pub fn facts(bytes: &[u8]) -> Option<Facts> {
    if heic::is_heic(bytes) {
        let extensions = &["heic", "heif", "hif"];
        return Some(Facts { format: "HEIC", extensions, animated: false, turned: false });
    }
    let format = sniff(bytes)?;
    let animated = match format {
        ImageFormat::Gif => several_gif_frames(bytes).unwrap_or(false),
        // The second bit of the extended header's flags.
        ImageFormat::WebP => bytes.get(12..16) == Some(b"VP8X") && bytes.get(20).is_some_and(|flags| flags & 2 != 0),
        ImageFormat::Png => has_animation_control(bytes),
        ImageFormat::Tiff => tiff::has_pages(bytes),
        _ => false,
    };
    Some(Facts { format: name_of(format), extensions: extensions(format), animated, turned: is_turned(bytes, format) })
}

fn extensions(format: ImageFormat) -> &'static [&'static str] {
    match format {
        ImageFormat::Jpeg => &["jpg", "jpeg", "jpe", "jfif"],
        ImageFormat::Png => &["png", "apng"],
        ImageFormat::Gif => &["gif"],
        ImageFormat::Bmp => &["bmp", "dib"],
        ImageFormat::WebP => &["webp"],
        ImageFormat::Tiff => &["tif", "tiff"],
        _ => &["pnm", "pbm", "pgm", "ppm", "pam"],
    }
}

/// Reads the headers once more, and only where the word Exif (or TIFF, which is EXIF's own format) says that it is
/// worth it.
fn is_turned(bytes: &[u8], format: ImageFormat) -> bool {
    let says_exif = match format {
        ImageFormat::Jpeg => return jpeg::orientation(bytes) != Orientation::NoTransforms,
        // PNG and WebP may have it behind the picture.
        ImageFormat::Png => bytes.windows(4).any(|four| four == b"eXIf"),
        ImageFormat::WebP => bytes.windows(4).any(|four| four == b"EXIF"),
        ImageFormat::Tiff => return tiff::is_turned(bytes),
        _ => false,
    };
    let read = || {
        let mut decoder = ImageReader::with_format(Cursor::new(bytes), format).into_decoder().ok()?;
        Some(exif::of(&mut decoder))
    };
    // If a decoder panics, the picture's own decoding says so.
    let orientation = says_exif.then(|| caught(read).flatten()).flatten();
    orientation.is_some_and(|orientation| orientation != Orientation::NoTransforms)
}

/// Walks over the chunks before the picture's data: length (4 bytes), kind (4), data, checksum (4).
fn has_animation_control(bytes: &[u8]) -> bool {
    let mut at = 8;
    while let Some([a, b, c, d, kind @ ..]) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        match kind {
            b"acTL" => return true,
            b"IDAT" => return false,
            _ => {}
        }
        let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        at = at.saturating_add(length).saturating_add(12);
    }
    false
}

/// Walks over the blocks of a GIF until a second picture begins; `None` where the file ends first.
fn several_gif_frames(bytes: &[u8]) -> Option<bool> {
    /// Bytes of the color table that a flags byte announces.
    fn table(flags: u8) -> usize {
        if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
    }
    let mut at = 13 + table(*bytes.get(10)?);
    let mut frames = 0;
    loop {
        match bytes.get(at)? {
            0x21 => at += 2,
            0x2C => {
                frames += 1;
                if frames == 2 {
                    return Some(true);
                }
                at += 11 + table(*bytes.get(at + 9)?);
            }
            _ => return Some(false),
        }
        // Sub-blocks, each with its length in front; one of length 0 ends them.
        while *bytes.get(at)? != 0 {
            at += 1 + usize::from(bytes[at]);
        }
        at += 1;
    }
}
