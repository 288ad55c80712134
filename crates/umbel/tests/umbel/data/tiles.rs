//! TIFFs in tiles, and with more values a pixel than its colors need.

use image::{ImageFormat, Rgb, RgbImage};
use umbel::data::decode::{Limits, Raw, Reading, decode, decode_as};

use super::pictures::{drawn, encoded};

const SIDE: u32 = 20;
const TILE: usize = 16;
const SHORT: u16 = 3;
const LONG: u16 = 4;

/// A TIFF of these tags and pieces, which lie where the tag `places` says.
fn tiff(tags: &[(u16, u16, &[u32])], places: u16, pieces: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = b"II\x2a\0\0\0\0\0".to_vec();
    let mut at = Vec::new();
    for piece in pieces {
        at.push(bytes.len() as u32);
        bytes.extend(piece);
    }
    let lengths: Vec<u32> = pieces.iter().map(|piece| piece.len() as u32).collect();
    let mut tags = tags.to_vec();
    tags.extend([(places, LONG, &at[..]), (places + if places == 324 { 1 } else { 6 }, LONG, &lengths)]);
    tags.sort();
    let mut entries = Vec::new();
    for (tag, kind, values) in &tags {
        let mut value: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        if *kind == SHORT {
            value = values.iter().flat_map(|value| (*value as u16).to_le_bytes()).collect();
        }
        if value.len() > 4 {
            let place = bytes.len() as u32;
            bytes.extend(&value);
            value = place.to_le_bytes().to_vec();
        }
        value.resize(4, 0);
        entries.extend(
            [&tag.to_le_bytes()[..], &kind.to_le_bytes(), &(values.len() as u32).to_le_bytes(), &value].concat(),
        );
    }
    let directory = bytes.len() as u32;
    bytes[4..8].copy_from_slice(&directory.to_le_bytes());
    bytes.extend((tags.len() as u16).to_le_bytes());
    bytes.extend(entries);
    bytes.extend([0; 4]);
    bytes
}

/// The pixels' values, tile by tile; what lies beyond the picture is 0.
fn tiles(picture: &RgbImage, values: impl Fn(Rgb<u8>) -> Vec<u8>) -> Vec<Vec<u8>> {
    let samples = values(Rgb([0; 3])).len();
    let across = (SIDE as usize).div_ceil(TILE);
    let tile = |place: usize| {
        let mut bytes = vec![0; TILE * TILE * samples];
        for (k, pixel) in bytes.chunks_exact_mut(samples).enumerate() {
            let (x, y) = (place % across * TILE + k % TILE, place / across * TILE + k / TILE);
            if let Some(color) = picture.get_pixel_checked(x as u32, y as u32) {
                pixel.copy_from_slice(&values(*color));
            }
        }
        bytes
    };
    (0..across * across).map(tile).collect()
}

/// TIFF's LZW of what has few enough pieces for codes of nine bits.
fn lzw(bytes: &[u8]) -> Vec<u8> {
    let (mut codes, mut table) = (vec![256], (0..=255).map(|byte| vec![byte]).collect::<Vec<Vec<u8>>>());
    // Clearing the table, and the end.
    table.extend([Vec::new(), Vec::new()]);
    let mut current = Vec::new();
    for byte in bytes {
        let longer = [&current[..], &[*byte]].concat();
        if !table.contains(&longer) {
            codes.push(table.iter().position(|known| *known == current).unwrap());
            table.push(longer);
            current.clear();
        }
        current.push(*byte);
    }
    codes.push(table.iter().position(|known| *known == current).unwrap());
    codes.push(257);
    assert!(table.len() < 511);
    let bits: Vec<u8> = codes.iter().flat_map(|code| (0..9).rev().map(move |bit| (code >> bit) as u8 & 1)).collect();
    bits.chunks(8).map(|eight| eight.iter().enumerate().fold(0, |byte, (k, bit)| byte | bit << (7 - k))).collect()
}

const SIZE: [(u16, u16, &[u32]); 2] = [(256, LONG, &[SIDE]), (257, LONG, &[SIDE])];
const TILED: [(u16, u16, &[u32]); 2] = [(322, LONG, &[TILE as u32]), (323, LONG, &[TILE as u32])];

#[test]
fn a_value_beside_the_colors_does_not_shift_what_lies_in_tiles_or_was_made_differences() {
    let picture = drawn(SIDE, SIDE, 3);
    let four = |color: Rgb<u8>| vec![color.0[0], color.0[1], color.0[2], 77];
    let colors: [(u16, u16, &[u32]); 5] =
        [(258, SHORT, &[8; 4]), (259, SHORT, &[1]), (262, SHORT, &[2]), (277, SHORT, &[4]), (338, SHORT, &[0])];
    let tiled = tiff(&[&SIZE[..], &colors, &TILED].concat(), 324, &tiles(&picture, four));
    assert_eq!(decode(&tiled, &Limits::default()).unwrap(), picture);
    let mut rows = Vec::new();
    for row in picture.rows() {
        let mut left = [0; 4];
        for color in row {
            let values = four(*color);
            rows.extend(values.iter().zip(left).map(|(value, left)| value.wrapping_sub(left)));
            left.copy_from_slice(&values);
        }
    }
    let strip: [(u16, u16, &[u32]); 2] = [(278, LONG, &[SIDE]), (317, SHORT, &[2])];
    let differences = tiff(&[&SIZE[..], &colors, &strip].concat(), 273, &[rows]);
    assert_eq!(decode(&differences, &Limits::default()).unwrap(), picture);
}

#[test]
fn a_tile_at_the_edge_that_lzw_packed_is_not_taken_for_cut_short() {
    let grey: [(u16, u16, &[u32]); 4] =
        [(258, SHORT, &[8]), (259, SHORT, &[5]), (262, SHORT, &[1]), (277, SHORT, &[1])];
    for picture in [
        RgbImage::from_pixel(SIDE, SIDE, Rgb([7; 3])),
        RgbImage::from_fn(SIDE, SIDE, |x, y| Rgb([(3 * (x + y)) as u8; 3])),
    ] {
        let pieces: Vec<Vec<u8>> = tiles(&picture, |color| vec![color.0[0]]).iter().map(|tile| lzw(tile)).collect();
        let bytes = tiff(&[&SIZE[..], &grey, &TILED].concat(), 324, &pieces);
        assert_eq!(decode(&bytes, &Limits::default()), Ok(picture));
    }
}

#[test]
fn inks_in_planes_of_their_own_are_read() {
    let inks: [(u16, u16, &[u32]); 6] = [
        (258, SHORT, &[8; 4]),
        (259, SHORT, &[1]),
        (262, SHORT, &[5]),
        (277, SHORT, &[4]),
        (278, LONG, &[SIDE]),
        (284, SHORT, &[2]),
    ];
    let plane = |value: u8| vec![value; (SIDE * SIDE) as usize];
    let bytes = tiff(&[&SIZE[..], &inks].concat(), 273, &[plane(255), plane(0), plane(51), plane(0)]);
    assert_eq!(decode(&bytes, &Limits::default()).unwrap(), RgbImage::from_pixel(SIDE, SIDE, Rgb([0, 255, 204])));
}

#[test]
fn a_smaller_copy_that_says_the_picture_lies_elsewhere_is_a_raw_whoever_made_it() {
    let grey: [(u16, u16, &[u32]); 5] =
        [(254, LONG, &[1]), (258, SHORT, &[8]), (262, SHORT, &[1]), (277, SHORT, &[1]), (278, LONG, &[SIDE])];
    let pixels = vec![9; (SIDE * SIDE) as usize];
    let elsewhere: [(u16, u16, &[u32]); 1] = [(330, LONG, &[8])];
    let raw = tiff(&[&SIZE[..], &grey, &elsewhere].concat(), 273, std::slice::from_ref(&pixels));
    let error = decode(&raw, &Limits::default()).unwrap_err();
    assert!(error.detail.contains("a camera raw"), "{error}");
    // Without another picture it is all there is.
    let alone = tiff(&[&SIZE[..], &grey].concat(), 273, &[pixels]);
    assert_eq!(decode(&alone, &Limits::default()).unwrap(), RgbImage::from_pixel(SIDE, SIDE, Rgb([9; 3])));
}

#[test]
fn a_cr2_whose_directory_is_broken_is_a_raw_all_the_same() {
    let photo = drawn(32, 24, 2);
    let jpeg = encoded(photo, ImageFormat::Jpeg);
    let bytes = [&b"II\x2a\0\x08\0\0\0CR\x02\0"[..], &jpeg].concat();
    assert!(decode(&bytes, &Limits::default()).unwrap_err().detail.contains("Canon CR2"));
    let preview = Reading { raw: Raw::Preview, ..Reading::default() };
    let shown = decode(&jpeg, &Limits::default()).unwrap();
    assert_eq!(decode_as(&bytes, &Limits::default(), preview).unwrap().photo, shown);
}
