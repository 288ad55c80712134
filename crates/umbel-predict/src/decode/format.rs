//! Tells a file's format by its first bytes (never by its name), and which names promise a picture.

use std::path::Path;

use image::ImageFormat;

/// As many first bytes as [`sniff`] looks at.
pub const SNIFF_BYTES: usize = 32;

/// Extensions of pictures, read here or not: a file that carries one is worth a word when it cannot be used.
const EXTENSIONS: [&str; 40] = [
    "jpg", "jpeg", "jpe", "jfif", "png", "gif", "bmp", "dib", "webp", "tif", "tiff", "pnm", "pbm", "pgm", "ppm", "pam",
    "heic", "heif", "hif", "avif", "jxl", "jp2", "ico", "psd", "qoi", // Of cameras:
    "dng", "cr2", "cr3", "crw", "nef", "nrw", "arw", "sr2", "raf", "orf", "rw2", "pef", "srw", "x3f", "mrw",
];

/// Whether a file's extension is that of a picture.
pub fn named_as_picture(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|given| EXTENSIONS.iter().any(|known| known.eq_ignore_ascii_case(given)))
}

/// The format that `bytes` begin with, if it is one that is read here.
pub fn sniff(bytes: &[u8]) -> Option<ImageFormat> {
    // BigTIFF is not among those that are guessed.
    if bytes.starts_with(b"II\x2b\0\x08\0") || bytes.starts_with(b"MM\0\x2b\0\x08") {
        return Some(ImageFormat::Tiff);
    }
    let format = image::guess_format(bytes).ok()?;
    let known = match format {
        ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::Gif | ImageFormat::WebP | ImageFormat::Tiff => true,
        // Two letters do not make a picture: the header that follows must have one of the sizes that exist.
        ImageFormat::Bmp => matches!(bytes.get(14), Some(12 | 16 | 40 | 52 | 56 | 64 | 108 | 124)),
        ImageFormat::Pnm => match bytes {
            [_, b'7', b'\n', ..] => true,
            [_, _, gap, next, ..] => gap.is_ascii_whitespace() && (next.is_ascii_digit() || b"# \n\r\t".contains(next)),
            _ => false,
        },
        _ => false,
    };
    known.then_some(format)
}
