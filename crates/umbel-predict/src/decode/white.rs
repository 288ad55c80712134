//! Whatever was decoded, as 8-bit RGB on white.

use image::{DynamicImage, RgbImage};

/// 8-bit RGB; transparent pixels show white. One copy at most lies beside the picture.
pub(super) fn over_white(photo: DynamicImage) -> RgbImage {
    let (width, height) = (photo.width(), photo.height());
    let pixels = match photo {
        DynamicImage::ImageRgb8(photo) => return photo,
        DynamicImage::ImageRgba8(photo) => flat(photo.into_raw()),
        photo if !photo.color().has_alpha() => return photo.into_rgb8(),
        photo => {
            let mut pixels = Vec::with_capacity(3 * width as usize * height as usize);
            for row in 0..height {
                pixels.extend(flat(photo.crop_imm(0, row, width, 1).into_rgba8().into_raw()));
            }
            pixels
        }
    };
    RgbImage::from_raw(width, height, pixels).expect("three bytes for each pixel")
}

/// RGBA laid over white, in its own place.
fn flat(mut pixels: Vec<u8>) -> Vec<u8> {
    let count = pixels.len() / 4;
    for pixel in 0..count {
        let alpha = u32::from(pixels[4 * pixel + 3]);
        for channel in 0..3 {
            let value = u32::from(pixels[4 * pixel + channel]);
            pixels[3 * pixel + channel] = ((value * alpha + 255 * (255 - alpha) + 127) / 255) as u8;
        }
    }
    pixels.truncate(3 * count);
    pixels.shrink_to_fit();
    pixels
}
