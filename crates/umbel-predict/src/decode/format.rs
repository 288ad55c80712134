//! Tells a file's format by its first bytes (never by its name), and which names promise a picture.

use std::path::Path;

use image::ImageFormat;

/// As many first bytes as [`sniff`] looks at.
pub const SNIFF_BYTES: usize = 32;

/// Extensions of pictures, read here or not: a file that carries one is worth a word when it cannot be used.
const EXTENSIONS: [&str; 24] = [
    "jpg", "jpeg", "jpe", "jfif", "png", "gif", "bmp", "dib", "webp", "tif", "tiff", "pnm", "pbm", "pgm", "ppm", "pam",
    "heic", "heif", "avif", "jxl", "jp2", "ico", "psd", "qoi",
];

/// Whether a file's extension is that of a picture.
pub fn named_as_picture(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|given| EXTENSIONS.iter().any(|known| known.eq_ignore_ascii_case(given)))
}

/// The format that `bytes` begin with, if it is one that is read here.
pub fn sniff(bytes: &[u8]) -> Option<ImageFormat> {
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

/// The name of a picture format that is recognized but not read here.
pub fn foreign(bytes: &[u8]) -> Option<&'static str> {
    if bytes.get(4..8) == Some(b"ftyp") {
        return match bytes.get(8..12)? {
            b"avif" | b"avis" => Some("AVIF"),
            b"heic" | b"heix" | b"hevc" | b"hevx" | b"heim" | b"heis" | b"mif1" | b"msf1" => Some("HEIC"),
            b"crx " => Some("Canon raw"),
            _ => None,
        };
    }
    const SIGNATURES: [(&[u8], &str); 10] = [
        (b"\x00\x00\x00\x0cJXL ", "JPEG XL"),
        (b"\xff\x0a", "JPEG XL"),
        (b"\x00\x00\x00\x0cjP  ", "JPEG 2000"),
        (b"\xff\x4f\xff\x51", "JPEG 2000"),
        (b"8BPS", "Photoshop"),
        (b"qoif", "QOI"),
        (b"\x00\x00\x01\x00", "icon"),
        (b"DDS ", "DDS"),
        (b"#?RADIANCE", "Radiance HDR"),
        (b"\x76\x2f\x31\x01", "OpenEXR"),
    ];
    SIGNATURES.iter().find(|(signature, _)| bytes.starts_with(signature)).map(|(_, name)| *name)
}
