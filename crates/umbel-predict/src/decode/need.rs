//! How much memory decoding takes at most, from what the header says: the decoder's picture, what the decoder holds beside it,
//! and what turning it and bringing it to RGB take.

use image::metadata::Orientation;
use image::{ColorType, ImageDecoder, ImageFormat};

use super::jpeg::markers::Frame;

/// Tables, windows of decompression, names and remarks.
const SMALL: u64 = 4 << 20;

/// Of a picture whose decoder has read its header.
pub(super) fn of(decoder: &impl ImageDecoder, format: ImageFormat, orientation: Orientation) -> u64 {
    let (width, height) = decoder.dimensions();
    let (pixels, row) = (u64::from(width) * u64::from(height), u64::from(width.max(height)));
    let picture = decoder.total_bytes();
    let decoding = picture
        + match format {
            // Rows of up to four channels of 16 bits, as they come and as they are wanted.
            ImageFormat::Png | ImageFormat::Bmp => 4 * 8 * row,
            // The frame's palette positions, and the frame in color where it is smaller than the screen.
            ImageFormat::Gif => 5 * pixels,
            // Luma and chroma, alpha, and the frame and the canvas in color.
            ImageFormat::WebP => 10 * pixels,
            // A strip may be the whole picture, as it comes and decompressed.
            ImageFormat::Tiff => 2 * picture,
            _ => picture,
        };
    SMALL + decoding.max(picture + afterward(pixels, picture, decoder.color_type(), orientation))
}

/// Of a JPEG of `length` bytes. `scanned` are those that do not go through `zune-jpeg`.
pub(super) fn of_jpeg(frame: &Frame, length: usize, scanned: bool, orientation: Orientation) -> u64 {
    let (across, down) = frame.largest();
    let blocks = |side: u16, largest: u8| u64::from(side).div_ceil(8 * u64::from(largest));
    let (columns, rows) = (blocks(frame.width, across), blocks(frame.height, down));
    let per_unit: u64 = frame.components.iter().map(|c| u64::from(c.across) * u64::from(c.down) * 64).sum();
    let samples = columns * rows * per_unit;
    let pixels = u64::from(frame.width) * u64::from(frame.height);
    let (color, out) =
        if frame.components.len() == 1 { (ColorType::L8, pixels) } else { (ColorType::Rgb8, 3 * pixels) };
    // Both keep the coefficients of a progressive picture. One keeps some rows of units, the other all of the picture's
    // channels, and has inks beside RGB.
    let coefficients = if frame.progressive() { 2 * samples } else { 0 };
    let working = if scanned { samples + 4 * pixels } else { 0 } + 32 * columns * per_unit;
    // The file may be copied twice, with another end.
    SMALL + 2 * length as u64 + (out + coefficients + working).max(out + afterward(pixels, out, color, orientation))
}

/// What is made of a decoded picture before the picture itself is let go.
fn afterward(pixels: u64, picture: u64, color: ColorType, orientation: Orientation) -> u64 {
    let turned = match orientation {
        Orientation::Rotate90 | Orientation::Rotate270 | Orientation::Rotate90FlipH | Orientation::Rotate270FlipH => {
            picture
        }
        Orientation::NoTransforms
        | Orientation::Rotate180
        | Orientation::FlipHorizontal
        | Orientation::FlipVertical => 0,
    };
    let in_rgb = if matches!(color, ColorType::Rgb8 | ColorType::Rgba8) { 0 } else { 3 * pixels };
    turned.max(in_rgb)
}
