//! How photos lie, whatever wrote it, and that no EXIF costs a photo, whatever its state.

use image::{ImageFormat, Rgb, RgbImage};
use umbel::data::decode::{Limits, decode, facts};

use super::pictures::encoded;

fn read(bytes: &[u8], what: &str) -> RgbImage {
    decode(bytes, &Limits::default()).unwrap_or_else(|error| panic!("{what}: {error}"))
}

/// Every corner another color, wider than high.
pub(super) fn picture() -> RgbImage {
    RgbImage::from_fn(24, 16, |x, y| Rgb([if x < 12 { 0 } else { 250 }, if y < 8 { 0 } else { 250 }, 60]))
}

/// EXIF of one entry: tag, type, count, the four bytes of its value.
pub(super) fn exif(big_endian: bool, tag: u16, kind: u16, count: u32, value: [u8; 4]) -> Vec<u8> {
    let two = |number: u16| if big_endian { number.to_be_bytes() } else { number.to_le_bytes() };
    let four = |number: u32| if big_endian { number.to_be_bytes() } else { number.to_le_bytes() };
    let mut bytes = if big_endian { b"MM\0\x2A".to_vec() } else { b"II\x2A\0".to_vec() };
    bytes.extend(four(8));
    bytes.extend(two(1));
    bytes.extend([two(tag), two(kind)].concat());
    bytes.extend(four(count));
    bytes.extend(value);
    bytes.extend([0; 4]);
    bytes
}

pub(super) fn webp(exif: &[u8]) -> Vec<u8> {
    let plain = encoded(picture(), ImageFormat::WebP);
    let chunk = |name: &[u8; 4], body: &[u8]| {
        let mut chunk = [name, &(body.len() as u32).to_le_bytes()[..], body].concat();
        chunk.resize(chunk.len().next_multiple_of(2), 0);
        chunk
    };
    let header = chunk(b"VP8X", &[8, 0, 0, 0, 23, 0, 0, 15, 0, 0]);
    chunk(b"RIFF", &[b"WEBP", &header[..], &plain[12..], &chunk(b"EXIF", exif)].concat())
}

pub(super) fn png(exif: &[u8]) -> Vec<u8> {
    let plain = encoded(picture(), ImageFormat::Png);
    let named = [b"eXIf", exif].concat();
    let sum = !named.iter().fold(!0u32, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
    });
    let length = (exif.len() as u32).to_be_bytes();
    [&plain[..33], &length[..], &named, &sum.to_be_bytes(), &plain[33..]].concat()
}

pub(super) fn jpeg(exif: &[u8]) -> Vec<u8> {
    let plain = encoded(picture(), ImageFormat::Jpeg);
    let length = (exif.len() as u16 + 8).to_be_bytes();
    [&plain[..2], b"\xFF\xE1", &length, b"Exif\0\0", exif, &plain[2..]].concat()
}

#[test]
fn a_webp_is_put_upright_with_and_without_the_prefix_of_jpeg() {
    let upright = |turn: fn(&RgbImage) -> RgbImage| turn(&picture());
    use image::imageops::{flip_horizontal, flip_vertical, rotate90, rotate180, rotate270};
    let expected: [(u8, RgbImage); 8] = [
        (1, picture()),
        (2, upright(flip_horizontal)),
        (3, upright(rotate180)),
        (4, upright(flip_vertical)),
        (5, upright(|p| flip_horizontal(&rotate90(p)))),
        (6, upright(rotate90)),
        (7, upright(|p| flip_horizontal(&rotate270(p)))),
        (8, upright(rotate270)),
    ];
    for (orientation, expected) in expected {
        for big_endian in [false, true] {
            let value = if big_endian { [0, orientation, 0, 0] } else { [orientation, 0, 0, 0] };
            let exif = exif(big_endian, 0x112, 3, 1, value);
            let prefixed = [b"Exif\0\0", &exif[..]].concat();
            for (what, file) in [("webp", webp(&exif)), ("prefixed", webp(&prefixed)), ("png", png(&exif))] {
                assert!(read(&file, what) == expected, "{what}, orientation {orientation}");
                assert_eq!(facts(&file).unwrap().turned, orientation != 1, "{what}, orientation {orientation}");
            }
            let (lying, turned) = (read(&jpeg(&exif), "jpeg"), facts(&jpeg(&exif)).unwrap().turned);
            assert_eq!(lying.dimensions(), expected.dimensions(), "jpeg, orientation {orientation}");
            assert_eq!(turned, orientation != 1, "jpeg, orientation {orientation}");
        }
    }
}

#[test]
fn an_orientation_in_another_whole_number_counts() {
    let expected = image::imageops::rotate90(&picture());
    for (big_endian, kind, value) in
        [(true, 1, [6, 0, 0, 0]), (true, 4, [0, 0, 0, 6]), (false, 1, [6, 0, 0, 0]), (false, 4, [6, 0, 0, 0])]
    {
        assert!(read(&webp(&exif(big_endian, 0x112, kind, 1, value)), "webp") == expected, "{kind}");
    }
}

#[test]
fn broken_exif_never_costs_the_photo() {
    let far = [0xFF, 0xFF, 0xFF, 0xF0];
    let mut looped = exif(true, 0x8769, 4, 1, [0, 0, 0, 8]);
    let end = looped.len() - 4;
    looped[end..].copy_from_slice(&[0, 0, 0, 8]);
    let mut many = exif(true, 0x112, 3, 1, [0, 6, 0, 0]);
    many[8..10].fill(0xFF);
    let zero_denominator = [&exif(true, 0x11A, 5, 1, [0, 0, 0, 26])[..], &[0, 0, 0, 1, 0, 0, 0, 0]].concat();
    let broken: [(&str, Vec<u8>); 13] = [
        ("nothing", vec![]),
        ("one byte", vec![b'M']),
        ("no TIFF", b"nothing of the kind".to_vec()),
        ("a prefix alone", b"Exif\0\0".to_vec()),
        ("a header alone", b"MM\0\x2A\0\0\0\x08".to_vec()),
        ("a directory far away", [b"MM\0\x2A", &far[..]].concat()),
        ("a directory that is cut short", exif(true, 0x112, 3, 1, [0, 6, 0, 0])[..14].to_vec()),
        ("a directory that ends in itself", looped),
        ("an orientation of 9", exif(true, 0x112, 3, 1, [0, 9, 0, 0])),
        ("an orientation as a rational far away", exif(true, 0x112, 5, 1, far)),
        ("an orientation as text", exif(true, 0x112, 2, u32::MAX, *b"six\0")),
        ("a rational over zero", zero_denominator),
        ("a directory of numbers from far away", exif(true, 0x9999, 12, u32::MAX, far)),
    ];
    for (what, exif) in broken {
        assert!(read(&webp(&exif), what) == picture(), "webp: {what}");
        assert!(read(&png(&exif), what) == picture(), "png: {what}");
        assert_eq!(read(&jpeg(&exif), what).dimensions(), (24, 16), "jpeg: {what}");
    }
    // More entries than there are bytes: what can be read of them still counts.
    assert_eq!(read(&png(&many), "many").dimensions(), (16, 24));
}

#[test]
fn a_webp_without_the_exif_that_it_promises_is_read() {
    let with = webp(&exif(true, 0x112, 3, 1, [0, 6, 0, 0]));
    let exif = (0..with.len()).find(|&at| with[at..].starts_with(b"EXIF")).unwrap();
    let mut without = with[..exif].to_vec();
    let length = without.len() as u32 - 8;
    without[4..8].copy_from_slice(&length.to_le_bytes());
    assert!(read(&without, "without") == picture());
    // Cut off in the middle of it.
    assert!(read(&with[..exif + 12], "cut") == picture());
    let mut too_long = with.clone();
    too_long[exif + 4..exif + 8].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(read(&too_long, "too long").dimensions() == (16, 24) || read(&too_long, "too long") == picture());
}

#[test]
fn a_checksum_of_exif_that_is_wrong_does_not_cost_the_photo() {
    let mut bytes = png(&exif(true, 0x112, 3, 1, [0, 6, 0, 0]));
    let exif = (0..bytes.len()).find(|&at| bytes[at..].starts_with(b"eXIf")).unwrap();
    bytes[exif + 4] ^= 1;
    assert!(read(&bytes, "png") == picture());
}

#[test]
fn a_tiff_with_broken_remarks_is_read() {
    let plain = encoded(picture(), ImageFormat::Tiff);
    let start = u32::from_le_bytes(plain[4..8].try_into().unwrap()) as usize;
    let entries = usize::from(u16::from_le_bytes(plain[start..start + 2].try_into().unwrap()));
    // The directory anew behind the file, with one entry more, in the order of tags.
    let with = |entry: [u8; 12]| {
        let mut all: Vec<[u8; 12]> = plain[start + 2..]
            .as_chunks()
            .0
            .iter()
            .take(entries)
            .copied()
            .filter(|old| old[..2] != entry[..2])
            .collect();
        all.push(entry);
        all.sort_by_key(|entry| u16::from_le_bytes([entry[0], entry[1]]));
        let mut bytes = plain.clone();
        bytes.resize(bytes.len().next_multiple_of(2), 0);
        let place = bytes.len() as u32;
        bytes[4..8].copy_from_slice(&place.to_le_bytes());
        bytes.extend((all.len() as u16).to_le_bytes());
        bytes.extend(all.concat());
        bytes.extend([0; 4]);
        bytes
    };
    let entry = |tag: u16, kind: u16, count: u32, value: [u8; 4]| -> [u8; 12] {
        [&tag.to_le_bytes()[..], &kind.to_le_bytes(), &count.to_le_bytes(), &value].concat().try_into().unwrap()
    };
    let far = 0x00FF_FFF0u32.to_le_bytes();
    assert_eq!(read(&with(entry(0x112, 3, 1, [6, 0, 0, 0])), "sound").dimensions(), (16, 24));
    for (what, entry) in [
        ("an orientation of 9", entry(0x112, 3, 1, [9, 0, 0, 0])),
        ("an orientation as text", entry(0x112, 2, 4, *b"six\0")),
        ("an orientation far away", entry(0x112, 5, 1, far)),
        ("EXIF far away", entry(0x8769, 4, 1, far)),
        ("EXIF in the picture's own directory", entry(0x8769, 4, 1, (start as u32).to_le_bytes())),
        ("a resolution over zero", entry(0x11A, 5, 1, far)),
        ("a resolution of another type", entry(0x11A, 2, 4, *b"300\0")),
        ("a camera's name far away", entry(0x10F, 2, 100, far)),
        ("GPS far away", entry(0x8825, 4, 1, far)),
    ] {
        assert!(read(&with(entry), what) == picture(), "{what}");
    }
}
