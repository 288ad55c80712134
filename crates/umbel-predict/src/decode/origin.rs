//! When and where a photo was taken, as its EXIF tells it. What is broken, or cannot be, tells nothing and costs nothing.

use image::ImageFormat;
use serde::Serialize;

use super::exif::PREFIX;
use super::tiff::{Directory, Tiff};
use super::{heic, jpeg, sniff, webp};
use crate::base::caught::caught;

const EXIF_DIRECTORY: u16 = 0x8769;
const DATE_TIME_ORIGINAL: u16 = 0x9003;
const OFFSET_TIME_ORIGINAL: u16 = 0x9011;
const GPS_DIRECTORY: u16 = 0x8825;
const LATITUDE: Coordinate = Coordinate { side: 1, value: 2, sides: [b'N', b'S'], most: 90.0 };
const LONGITUDE: Coordinate = Coordinate { side: 3, value: 4, sides: [b'E', b'W'], most: 180.0 };

/// Photography is no older.
const FIRST_YEAR: u32 = 1800;

/// When and where a photo was taken, as far as it tells. In JSON, what it does not tell is left out.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Origin {
    /// By the camera's clock, in ISO 8601 (`2024-05-01T12:34:56`), with its offset from UTC (`+02:00`) where that is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taken: Option<String>,
    /// In decimal degrees, -90 to 90, south negative; only with `longitude`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latitude: Option<f64>,
    /// In decimal degrees, -180 to 180, west negative; only with `latitude`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub longitude: Option<f64>,
}

/// What the EXIF of a file tells, of a JPEG, PNG, WebP, HEIC (with the feature `heic`), TIFF or a camera raw that is a TIFF.
pub fn origin(bytes: &[u8]) -> Origin {
    read(bytes).unwrap_or_default()
}

fn read(bytes: &[u8]) -> Option<Origin> {
    let of_heic;
    let exif = if heic::is_heic(bytes) {
        of_heic = caught(|| heic::exif(bytes)).flatten()?;
        &of_heic[..]
    } else {
        match sniff(bytes) {
            Some(ImageFormat::Jpeg) => jpeg::exif(bytes)?,
            Some(ImageFormat::Png) => of_png(bytes)?,
            Some(ImageFormat::WebP) => webp::exif(bytes)?,
            _ => bytes,
        }
    };
    let file = Tiff::open(exif.strip_prefix(PREFIX).unwrap_or(exif))?;
    let first = file.first()?;
    let below = |tag: u16| first.number(tag).and_then(|at| file.directory(at));
    let taken = below(EXIF_DIRECTORY).and_then(|exif| taken(&exif));
    let place = below(GPS_DIRECTORY).and_then(|gps| Some((LATITUDE.read(&gps)?, LONGITUDE.read(&gps)?)));
    Some(Origin { taken, latitude: place.map(|place| place.0), longitude: place.map(|place| place.1) })
}

/// Walks over the chunks: length (4 bytes), kind (4), data, checksum (4). The EXIF may come behind the picture.
fn of_png(bytes: &[u8]) -> Option<&[u8]> {
    let mut at = 8_usize;
    loop {
        let &[a, b, c, d, ref kind @ ..] = bytes.get(at..)?.first_chunk::<8>()?;
        let start = at + 8;
        let end = start.checked_add(u32::from_be_bytes([a, b, c, d]) as usize)?;
        if kind == b"eXIf" {
            return bytes.get(start..end);
        }
        at = end.checked_add(4)?;
    }
}

fn taken(exif: &Directory<'_>) -> Option<String> {
    let moment = moment(exif.bytes(DATE_TIME_ORIGINAL)?)?;
    let offset = exif.bytes(OFFSET_TIME_ORIGINAL).and_then(offset).unwrap_or_default();
    Some(moment + offset)
}

/// `2024:05:01 12:34:56`; some programs write dashes and a T. Blanks or zeros stand for what the camera did not know.
fn moment(text: &[u8]) -> Option<String> {
    let &[y0, y1, y2, y3, s0, m0, m1, s1, d0, d1, s2, h0, h1, s3, n0, n1, s4, e0, e1] = text.first_chunk()?;
    let parted =
        matches!([s0, s1, s2, s3, s4], [b':', b':', b' ' | b'T', b':', b':'] | [b'-', b'-', b' ' | b'T', b':', b':']);
    let ends = text.get(19).is_none_or(|next| matches!(next, 0 | b' '));
    let (year, month, day) = (number(&[y0, y1, y2, y3])?, number(&[m0, m1])?, number(&[d0, d1])?);
    let (hour, minute, second) = (number(&[h0, h1])?, number(&[n0, n1])?, number(&[e0, e1])?);
    let days = match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    let is_one = year >= FIRST_YEAR && (1..=days).contains(&day) && hour < 24 && minute < 60 && second < 60;
    let text = || format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    (parted && ends && is_one).then(text)
}

/// `+02:00`.
fn offset(text: &[u8]) -> Option<&str> {
    let &[b'+' | b'-', h0, h1, b':', m0, m1] = text.first_chunk()? else { return None };
    let is_one = number(&[h0, h1])? <= 14 && number(&[m0, m1])? < 60;
    std::str::from_utf8(&text[..6]).ok().filter(|_| is_one)
}

fn number(digits: &[u8]) -> Option<u32> {
    let digit = |number: u32, digit: &u8| digit.is_ascii_digit().then(|| number * 10 + u32::from(digit - b'0'));
    digits.iter().try_fold(0, digit)
}

/// How one of the two is told: which side of the equator or of Greenwich, and degrees, minutes and seconds.
struct Coordinate {
    side: u16,
    value: u16,
    /// The letters of the positive and of the negative side.
    sides: [u8; 2],
    most: f64,
}

impl Coordinate {
    fn read(&self, gps: &Directory<'_>) -> Option<f64> {
        let side = gps.bytes(self.side)?.first()?.to_ascii_uppercase();
        let &[degrees, minutes, seconds] = gps.fractions(self.value)?.as_slice() else { return None };
        // Sixty comes of rounding.
        let in_range = [minutes, seconds].iter().all(|part| (0.0..=60.0).contains(part));
        let value = degrees + minutes / 60.0 + seconds / 3600.0;
        if !in_range || !(0.0..=self.most).contains(&value) || !self.sides.contains(&side) {
            return None;
        }
        // A centimeter; what is beyond comes of the division. Adding 0 makes 0 of -0.
        let rounded = (value * 1e7).round() / 1e7;
        Some(if side == self.sides[0] { rounded } else { -rounded + 0.0 })
    }
}
