//! Photos that are boxes on pictures: which part of which file is meant by a path, and how it is cut out. The path is the file's
//! with the number of the box in it, from 1: `yard/0042.jpg#2`.

use std::collections::{BTreeMap, HashMap};
use std::io;

use image::{ImageBuffer, Rgb};

use std::sync::Arc;

use super::{Detections, Source, Stamp};
use crate::base::budget::Held;
use crate::base::problem::ProblemKind;
use crate::base::remark::BoxUnit;
use crate::data::decode::{self, DecodeError, Limits, Reading};
use crate::data::prep::{Margin, PrepSpec};

/// A part of a picture, counted from its upper left corner, as it is seen when it is upright.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::data) struct Area {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
    pub unit: BoxUnit,
}

/// A box of a picture.
#[derive(Clone, Debug)]
pub(super) struct Boxed {
    pub picture: String,
    pub area: Area,
}

/// All boxes of a data set, by their paths.
#[derive(Debug, Default)]
pub(in crate::data) struct Boxes {
    by_path: HashMap<String, Boxed>,
    /// Of each picture, how many boxes it has.
    counts: BTreeMap<String, usize>,
}

/// How boxes are cut out of pictures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Cropping {
    margin: Margin,
    reading: Reading,
}

impl From<&PrepSpec> for Cropping {
    fn from(prep: &PrepSpec) -> Self {
        Cropping { margin: prep.crop_margin, reading: prep.reading() }
    }
}

impl Source {
    /// With boxes cut out as this preparation has it; of whole photos it changes nothing.
    pub fn cropped_as(&self, prep: &PrepSpec) -> Self {
        Source { cropping: Cropping::from(prep), ..self.clone() }
    }

    /// With other boxes of a detector's taken than the default ones. To be said before the photos are listed.
    pub fn with_detections(self, detections: &Detections) -> Self {
        Source { detections: Arc::new(detections.clone()), ..self }
    }

    /// Which boxes of a detector's are taken.
    pub(in crate::data) fn detections(&self) -> &Detections {
        &self.detections
    }

    /// With these boxes as its photos.
    pub(in crate::data) fn with_boxes(self, boxes: Boxes) -> Self {
        Source { boxes: Some(Arc::new(boxes)), ..self }
    }

    /// Whether its photos are boxes on pictures.
    pub fn has_boxes(&self) -> bool {
        self.boxes.is_some()
    }

    /// The path of the file that the photo at `path` lies in: of a box, its picture's.
    pub fn picture_of<'a>(&'a self, path: &'a str) -> &'a str {
        self.boxed(path).map_or(path, |boxed| boxed.picture.as_str())
    }

    pub(super) fn boxed(&self, path: &str) -> Option<&Boxed> {
        self.boxes.as_ref()?.get(path)
    }
}

impl Boxes {
    /// Adds a picture's next box, and gives its path.
    pub fn add(&mut self, picture: &str, area: Area) -> String {
        let path = self.skip(picture);
        self.by_path.insert(path.clone(), Boxed { picture: picture.to_string(), area });
        path
    }

    /// Counts a box that is not to be used, and gives its path.
    pub fn skip(&mut self, picture: &str) -> String {
        let count = self.counts.entry(picture.to_string()).or_default();
        *count += 1;
        format!("{picture}#{count}")
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_path.len()
    }

    /// How many pictures have one.
    pub fn pictures(&self) -> usize {
        self.counts.len()
    }

    pub(super) fn get(&self, path: &str) -> Option<&Boxed> {
        self.by_path.get(path)
    }
}

impl Area {
    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        !(self.width > 0.0 && self.height > 0.0)
    }

    /// Left, top, right and bottom, with the margin, within a picture of this size.
    fn within(&self, (width, height): (u32, u32), margin: Margin) -> Result<[u32; 4], DecodeError> {
        let wrong = |detail: String| DecodeError { kind: ProblemKind::Box, detail };
        if self.is_empty() {
            return Err(wrong("its box has no area".to_string()));
        }
        let (columns, rows) = (f64::from(width), f64::from(height));
        let [across, down] = match self.unit {
            BoxUnit::Pixels => [1.0, 1.0],
            BoxUnit::Shares => [columns, rows],
        };
        let [left, right] = [self.left, self.left + self.width].map(|x| (x * across).clamp(0.0, columns));
        let [top, bottom] = [self.top, self.top + self.height].map(|y| (y * down).clamp(0.0, rows));
        if left >= right || top >= bottom {
            return Err(wrong(format!("its box lies outside the picture, which has {width} x {height} pixels")));
        }
        let margin = margin.share() * (right - left).max(bottom - top);
        let [left, right] = whole([left - margin, right + margin], width);
        let [top, bottom] = whole([top - margin, bottom + margin], height);
        Ok([left, top, right, bottom])
    }

    /// By what a change of the box, or of how it is cut out, is told beside a change of its picture.
    pub(super) fn stamp(&self, of_picture: &Stamp, cropping: Cropping) -> Stamp {
        let Area { left, top, width, height, unit } = self;
        let mut hasher = blake3::Hasher::new();
        hasher.update(of_picture);
        for number in [left, top, width, height] {
            hasher.update(&number.to_bits().to_le_bytes());
        }
        hasher.update(format!("{unit:?} {:?}", cropping.margin).as_bytes());
        let mut stamp = [0; 40];
        stamp[..32].copy_from_slice(hasher.finalize().as_bytes());
        stamp
    }
}

/// The whole pixels of a side of `most`, one at least, that these ends come to.
fn whole([from, to]: [f64; 2], most: u32) -> [u32; 2] {
    // The same box as shares and as pixels must give the same pixels, so what differs in the last bits is no difference.
    let nearest = |end: f64| ((end * 1024.0).round() / 1024.0).round().clamp(0.0, f64::from(most)) as u32;
    let (from, to) = (nearest(from).min(most - 1), nearest(to));
    [from, to.max(from + 1)]
}

/// Cuts a box out of the picture in `file`, as bytes that decode to just these pixels.
///
/// # Errors
/// The system's.
pub(super) fn cut(
    file: Held<Vec<u8>>,
    area: &Area,
    cropping: Cropping,
    limits: &Limits,
) -> io::Result<Result<Held<Vec<u8>>, DecodeError>> {
    let Cropping { margin, reading } = cropping;
    let size = |width, height| {
        area.within((width, height), margin)
            .map_or(0, |[left, top, right, bottom]| pnm_bytes(u64::from(right - left), u64::from(bottom - top)))
    };
    let cut = decode::decode_for(&file, limits, reading, &size).and_then(|decoded| {
        let photo = &decoded.photo;
        area.within(photo.dimensions(), margin).map(|edges| pnm(photo, edges))
    });
    // Who waits for room must not hold any.
    drop(file);
    match cut {
        Ok(bytes) => decode::hold(bytes.len() as u64, limits, |held, _| {
            *held = bytes;
            Ok(())
        }),
        Err(error) => Ok(Err(error)),
    }
}

/// Bytes of a picture of this size as PNM, a little more than it takes.
fn pnm_bytes(width: u64, height: u64) -> u64 {
    3 * width * height + 32
}

/// A part of a picture as a file that any reader of pictures knows, uncompressed: PNM's P6.
fn pnm(photo: &ImageBuffer<Rgb<u8>, Vec<u8>>, [left, top, right, bottom]: [u32; 4]) -> Vec<u8> {
    let (width, height) = (right - left, bottom - top);
    let mut bytes = Vec::with_capacity(pnm_bytes(width.into(), height.into()) as usize);
    bytes.extend_from_slice(format!("P6\n{width} {height}\n255\n").as_bytes());
    let row = 3 * photo.width() as usize;
    let part = 3 * left as usize..3 * right as usize;
    for line in photo.as_raw().chunks_exact(row).skip(top as usize).take(height as usize) {
        bytes.extend_from_slice(&line[part.clone()]);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIXELS: BoxUnit = BoxUnit::Pixels;

    fn within(area: [f64; 4], unit: BoxUnit, margin: f64) -> Result<[u32; 4], String> {
        let [left, top, width, height] = area;
        let area = Area { left, top, width, height, unit };
        area.within((40, 30), Margin::new(margin).unwrap()).map_err(|error| error.detail)
    }

    #[test]
    fn a_margin_is_a_share_of_the_longer_side_and_ends_at_the_picture() {
        assert_eq!(within([10.0, 10.0, 20.0, 10.0], PIXELS, 0.0), Ok([10, 10, 30, 20]));
        assert_eq!(within([10.0, 10.0, 20.0, 10.0], PIXELS, 0.1), Ok([8, 8, 32, 22]));
        assert_eq!(within([10.0, 10.0, 20.0, 10.0], PIXELS, 1.0), Ok([0, 0, 40, 30]));
        assert_eq!(within([-5.0, -5.0, 10.0, 100.0], PIXELS, 0.0), Ok([0, 0, 5, 30]));
        assert_eq!(within([0.25, 1.0 / 3.0, 0.5, 1.0 / 3.0], BoxUnit::Shares, 0.1), Ok([8, 8, 32, 22]));
    }

    #[test]
    fn what_differs_in_the_last_bits_is_cut_the_same() {
        for left in 0..40 {
            for width in 1..=40 - left {
                let (own, wide) = (f64::from(left), f64::from(width));
                let shares = [own / 40.0, 0.0, wide / 40.0, 1.0];
                let (as_pixels, as_shares) =
                    (within([own, 0.0, wide, 30.0], PIXELS, 0.05), within(shares, BoxUnit::Shares, 0.05));
                assert_eq!(as_pixels, as_shares, "{left} {width}");
            }
        }
    }

    #[test]
    fn what_shows_nothing_is_refused_and_what_is_thin_is_a_pixel() {
        for empty in [[1.0, 1.0, 0.0, 5.0], [1.0, 1.0, 5.0, -1.0], [1.0, 1.0, f64::NAN, 1.0]] {
            assert_eq!(within(empty, PIXELS, 0.0), Err("its box has no area".to_string()));
        }
        for outside in [[40.0, 0.0, 5.0, 5.0], [-5.0, 0.0, 5.0, 5.0], [0.0, 1e12, 5.0, 5.0]] {
            assert!(within(outside, PIXELS, 0.5).unwrap_err().contains("40 x 30"));
        }
        assert_eq!(within([39.9, 29.9, 0.01, 0.01], PIXELS, 0.0), Ok([39, 29, 40, 30]));
    }
}
