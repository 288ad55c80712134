//! A small copy of a photo, as text for a page.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, RgbImage, imageops};

use crate::base::budget::Held;
use crate::data::Source;
use crate::data::decode::{self, Decoded, Limits, Reading};

const QUALITY: u8 = 76;

/// A small JPEG as a data URL, with its size in pixels and that of the picture that it is a copy of.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Thumbnail {
    pub url: String,
    pub width: u32,
    pub height: u32,
    pub of: (u32, u32),
}

/// The photo at `path` in its place, taken as `reading` says, its longer side reduced to `side` pixels. `None` where it cannot be read.
pub fn thumbnail(source: &Source, path: &str, reading: Reading, side: u32, limits: &Limits) -> Option<Thumbnail> {
    thumbnail_of(&source.read(path, limits).ok()?, reading, side, limits)
}

/// The same of a file's bytes.
pub fn thumbnail_of(bytes: &[u8], reading: Reading, side: u32, limits: &Limits) -> Option<Thumbnail> {
    data_url(&decoded(bytes, reading, limits)?.photo, side)
}

/// The photo at `path`, decoded; `None` as for [`thumbnail`].
pub fn photo(source: &Source, path: &str, reading: Reading) -> Option<RgbImage> {
    let limits = Limits::default();
    decoded(&source.read(path, &limits).ok()?, reading, &limits).map(|held| held.into_inner().photo)
}

fn decoded(bytes: &[u8], reading: Reading, limits: &Limits) -> Option<Held<Decoded>> {
    // The small copy is nothing beside the picture.
    decode::decode_for(bytes, limits, reading, &|_, _| 0).ok()
}

/// A picture whose longer side is `side` pixels at most; `None` where it has no pixels.
pub fn shrink(picture: &RgbImage, side: u32) -> Option<RgbImage> {
    let longer = picture.width().max(picture.height());
    if longer == 0 {
        return None;
    }
    let fit = |own: u32| (f64::from(own) * (f64::from(side) / f64::from(longer)).min(1.0)).round().max(1.0) as u32;
    Some(imageops::thumbnail(picture, fit(picture.width()), fit(picture.height())))
}

/// A picture as a data URL, its longer side reduced to `side` pixels at most.
pub fn data_url(picture: &RgbImage, side: u32) -> Option<Thumbnail> {
    let small = shrink(picture, side)?;
    let (width, height) = small.dimensions();
    let mut jpeg = Vec::new();
    let encoder = &mut JpegEncoder::new_with_quality(&mut jpeg, QUALITY);
    encoder.encode(&small, width, height, ExtendedColorType::Rgb8).ok()?;
    Some(Thumbnail {
        url: format!("data:image/jpeg;base64,{}", STANDARD.encode(jpeg)),
        width,
        height,
        of: picture.dimensions(),
    })
}
