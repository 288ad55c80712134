use std::time::{Duration, Instant};

use image::{DynamicImage, GenericImageView, GrayImage, ImageFormat, RgbImage, RgbaImage};
use umbel::data::ProblemKind;
use umbel::data::decode::{Limits, decode, decode_file, read_file};

use super::pictures::{drawn, encoded, shared, write};

fn read(bytes: &[u8]) -> RgbImage {
    decode(bytes, &Limits::default()).unwrap()
}

fn refused(bytes: &[u8]) -> ProblemKind {
    let error = decode(bytes, &Limits::default()).map(|photo| photo.dimensions()).unwrap_err();
    assert!(!error.detail.is_empty() && !error.detail.contains('\n'), "{error:?}");
    error.kind
}

#[test]
fn lossless_formats_come_back_as_drawn() {
    let picture = drawn(37, 23, 3);
    for format in [ImageFormat::Png, ImageFormat::Bmp, ImageFormat::WebP, ImageFormat::Tiff, ImageFormat::Pnm] {
        assert_eq!(read(&encoded(picture.clone(), format)), picture, "{format:?}");
    }
}

#[test]
fn lossy_formats_come_back_close() {
    let picture = RgbImage::from_fn(64, 48, |x, y| image::Rgb([x as u8 * 3, y as u8 * 4, 90]));
    for format in [ImageFormat::Jpeg, ImageFormat::Gif] {
        let decoded = read(&encoded(picture.clone(), format));
        assert_eq!(decoded.dimensions(), (64, 48));
        let difference: u64 =
            decoded.as_raw().iter().zip(picture.as_raw()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        assert!(difference / decoded.as_raw().len() as u64 <= 8, "{format:?}: {difference}");
    }
}

#[test]
fn grey_and_16_bit_pictures_become_rgb() {
    let grey = GrayImage::from_fn(20, 10, |x, y| image::Luma([(x * 10 + y) as u8]));
    let as_rgb = DynamicImage::from(grey.clone()).into_rgb8();
    for format in [ImageFormat::Png, ImageFormat::Tiff, ImageFormat::Pnm] {
        assert_eq!(read(&encoded(grey.clone(), format)), as_rgb);
    }
    assert_eq!(read(&encoded(grey.clone(), ImageFormat::Jpeg)).dimensions(), (20, 10));
    let picture = drawn(20, 10, 1);
    let deep = DynamicImage::from(picture.clone()).into_rgb16();
    for format in [ImageFormat::Png, ImageFormat::Tiff] {
        assert_eq!(read(&encoded(deep.clone(), format)), picture);
    }
}

#[test]
fn a_palette_becomes_rgb() {
    // Four colors in a PNG of two bits a pixel, made by hand: the encoder used elsewhere writes no palettes.
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut chunk = |name: &[u8; 4], data: &[u8]| {
        bytes.extend((data.len() as u32).to_be_bytes());
        let named = [name, data].concat();
        bytes.extend(&named);
        bytes.extend(crc32(&named).to_be_bytes());
    };
    chunk(b"IHDR", &[0, 0, 0, 4, 0, 0, 0, 1, 2, 3, 0, 0, 0]);
    chunk(b"PLTE", &[10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120]);
    // One stored deflate block: filter 0 and the pixels 0, 1, 2, 3.
    chunk(b"IDAT", &[0x78, 1, 1, 2, 0, 0xFD, 0xFF, 0, 0b00_01_10_11, 0, 0x1D, 0, 0x1C]);
    chunk(b"IEND", &[]);
    assert_eq!(read(&bytes).as_raw(), &[10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120]);
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
    })
}

#[test]
fn transparency_is_laid_over_white() {
    let pixels = [200, 100, 0, 255, 200, 100, 0, 0, 200, 100, 0, 128];
    let picture = RgbaImage::from_raw(3, 1, pixels.to_vec()).unwrap();
    for format in [ImageFormat::Png, ImageFormat::WebP, ImageFormat::Tiff] {
        assert_eq!(read(&encoded(picture.clone(), format)).as_raw(), &[200, 100, 0, 255, 255, 255, 227, 177, 127]);
    }
    let grey = image::GrayAlphaImage::from_raw(2, 1, vec![50, 255, 50, 0]).unwrap();
    assert_eq!(read(&encoded(grey, ImageFormat::Png)).as_raw(), &[50, 50, 50, 255, 255, 255]);
}

/// A JPEG with the given EXIF orientation.
fn oriented(picture: RgbImage, orientation: u8) -> Vec<u8> {
    let jpeg = encoded(picture, ImageFormat::Jpeg);
    let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
    let mut bytes = jpeg[..2].to_vec();
    bytes.extend([0xFF, 0xE1]);
    bytes.extend((exif.len() as u16 + 2).to_be_bytes());
    bytes.extend(exif);
    bytes.extend(&jpeg[2..]);
    bytes
}

#[test]
fn exif_orientation_is_applied() {
    // Left half black, right half white, wider than high.
    let picture = RgbImage::from_fn(64, 32, |x, _| image::Rgb([if x < 32 { 0 } else { 255 }; 3]));
    let bright = |photo: &RgbImage, x: u32, y: u32| photo.get_pixel(x, y).0[0] > 128;
    for (orientation, turned, white) in [
        (1, false, (60, 16)),
        (2, false, (3, 16)),
        (3, false, (3, 16)),
        (5, true, (16, 60)),
        (6, true, (16, 60)),
        (8, true, (16, 3)),
    ] {
        let photo = read(&oriented(picture.clone(), orientation));
        assert_eq!(photo.dimensions(), if turned { (32, 64) } else { (64, 32) }, "orientation {orientation}");
        let (width, height) = photo.dimensions();
        assert!(bright(&photo, white.0, white.1), "orientation {orientation}");
        assert!(!bright(&photo, width - 1 - white.0, height - 1 - white.1), "orientation {orientation}");
    }
}

#[test]
fn what_is_no_picture_says_so() {
    assert_eq!(refused(b""), ProblemKind::Empty);
    assert_eq!(refused(b"This is a text file that someone named photo.jpg."), ProblemKind::NotAPicture);
    assert_eq!(refused(&[0; 100]), ProblemKind::NotAPicture);
    assert_eq!(refused(b"\0\0\0\x18ftypavif\0\0\0\0mif1avif"), ProblemKind::Unsupported);
    assert_eq!(refused(b"\0\0\0\x0cJXL \r\n\x87\n"), ProblemKind::Unsupported);
}

#[test]
fn a_file_that_ends_too_early_is_damaged() {
    let picture = drawn(200, 160, 5);
    for format in [
        ImageFormat::Jpeg,
        ImageFormat::Png,
        ImageFormat::Gif,
        ImageFormat::Bmp,
        ImageFormat::WebP,
        ImageFormat::Tiff,
        ImageFormat::Pnm,
    ] {
        let bytes = encoded(picture.clone(), format);
        // TIFF is written with its directory last, so a cut loses the picture's description and not its pixels.
        for kept in [40, bytes.len() / 4, bytes.len() / 2, bytes.len() * 9 / 10] {
            assert_eq!(refused(&bytes[..kept]), ProblemKind::Damaged, "{format:?} cut to {kept} of {}", bytes.len());
        }
    }
}

#[test]
fn a_jpeg_without_its_end_marker_counts_only_if_the_picture_is_whole() {
    for (width, height) in [(200, 160), (15, 9), (640, 8)] {
        let bytes = encoded(drawn(width, height, 7), ImageFormat::Jpeg);
        let whole = read(&bytes);
        let end = bytes.len() - 2;
        assert_eq!(bytes[end..], [0xFF, 0xD9]);
        assert_eq!(read(&bytes[..end]), whole, "only the marker is missing");
        assert_eq!(read(&[&bytes[..], b"trailing bytes"].concat()), whole);
        for missing in [6, 20] {
            let cut = &bytes[..end - missing];
            assert_eq!(refused(cut), ProblemKind::Damaged, "{width} x {height} without its last {missing} bytes");
        }
    }
    let bytes = encoded(drawn(200, 160, 7), ImageFormat::Jpeg);
    let patched = [&bytes[..bytes.len() / 2], &[0xFF, 0xD9]].concat();
    assert_eq!(refused(&patched), ProblemKind::Damaged, "half a picture with an end marker put on");
}

/// The header of a PNG of any size, without pixels.
fn declared(width: u32, height: u32) -> Vec<u8> {
    let mut header = b"IHDR".to_vec();
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    header.extend([8, 2, 0, 0, 0]);
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0d".to_vec();
    bytes.extend(&header);
    bytes.extend(crc32(&header).to_be_bytes());
    bytes.extend(b"\0\0\x10\0IDAT");
    bytes
}

#[test]
fn limits_hold_before_decoding() {
    let start = Instant::now();
    assert_eq!(refused(&declared(100_000, 100_000)), ProblemKind::TooLarge);
    assert_eq!(refused(&declared(200_000_000, 1)), ProblemKind::TooLarge);
    assert_eq!(refused(&declared(1, 10_000_000)), ProblemKind::TooLarge);
    let mut bmp = encoded(drawn(4, 4, 1), ImageFormat::Bmp);
    bmp[18..22].copy_from_slice(&30_000u32.to_le_bytes());
    bmp[22..26].copy_from_slice(&30_000u32.to_le_bytes());
    assert_eq!(refused(&bmp), ProblemKind::TooLarge);
    assert_eq!(refused(b"P6 60000 60000 255\n"), ProblemKind::TooLarge);
    assert!(start.elapsed() < Duration::from_secs(2));

    let picture = encoded(drawn(100, 100, 1), ImageFormat::Jpeg);
    let with = |limits: Limits| decode(&picture, &limits).map_err(|error| error.kind);
    let default = Limits::default();
    assert!(with(default.clone()).is_ok());
    assert_eq!(with(Limits { max_pixels: 9_999, ..default.clone() }), Err(ProblemKind::TooLarge));
    assert_eq!(with(Limits { max_alloc_bytes: 20_000, ..default.clone() }), Err(ProblemKind::TooLarge));
    assert_eq!(with(Limits { max_file_bytes: 100, ..default }), Err(ProblemKind::TooLarge));
}

#[test]
fn a_webp_frame_cannot_ask_for_more_memory_than_the_limit() {
    // A canvas of one pixel (VP8X, its sides less one) and one lossy frame of 4096 x 4096, alone or in an animation.
    let chunk = |name: &[u8; 4], body: &[u8]| [name, &(body.len() as u32).to_le_bytes()[..], body].concat();
    let frame = chunk(b"VP8 ", &[0x10, 0, 0, 0x9d, 0x01, 0x2a, 0, 0x10, 0, 0x10]);
    let animation = chunk(b"ANMF", &[&[0; 16][..], &frame].concat());
    for (flags, frames) in [(0, &frame), (0b10, &animation)] {
        let body = [&b"WEBP"[..], &chunk(b"VP8X", &[flags, 0, 0, 0, 0, 0, 0, 0, 0, 0]), frames].concat();
        let bytes = chunk(b"RIFF", &body);
        let limits = Limits { max_alloc_bytes: 16 << 20, ..Limits::default() };
        assert_eq!(decode(&bytes, &limits).unwrap_err().kind, ProblemKind::TooLarge);
        assert_eq!(decode(&bytes, &Limits::default()).unwrap_err().kind, ProblemKind::Damaged);
    }
}

#[test]
fn a_tiff_directory_cannot_ask_for_more_memory_than_the_limit() {
    let mut bytes = encoded(drawn(20, 10, 1), ImageFormat::Tiff);
    let directory = u32::from_le_bytes(bytes[4..8].try_into().unwrap()) as usize;
    // The third entry says that it has 2^30 values.
    let count = directory + 2 + 2 * 12 + 4;
    bytes[count..count + 4].copy_from_slice(&(1u32 << 30).to_le_bytes());
    assert_eq!(refused(&bytes), ProblemKind::TooLarge);
}

#[test]
fn files_that_cannot_be_read_say_so() {
    let root = tempfile::TempDir::new().unwrap();
    let kind = |name: &str| decode_file(&root.path().join(name), &Limits::default()).unwrap_err().kind;
    assert_eq!(kind("absent.jpg"), ProblemKind::Unreadable);
    assert_eq!(kind("."), ProblemKind::Unreadable);
    write(root.path(), "large.jpg", &[0; 101]);
    let limits = Limits { max_file_bytes: 100, ..Limits::default() };
    assert_eq!(read_file(&root.path().join("large.jpg"), &limits).unwrap_err().kind, ProblemKind::TooLarge);
}

#[test]
fn bit_flips_never_panic() {
    let picture = drawn(24, 24, 9);
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Gif, ImageFormat::Bmp, ImageFormat::WebP] {
        let bytes = encoded(picture.clone(), format);
        let limits = Limits { max_pixels: 1 << 20, max_alloc_bytes: 16 << 20, ..Limits::default() };
        for i in 0..200usize {
            let mut changed = bytes.clone();
            let at = i * 7919 % changed.len();
            changed[at] ^= 1 << (i % 8);
            if let Ok(photo) = decode(&changed, &limits) {
                assert!(photo.width() > 0);
            }
        }
    }
}

#[test]
fn png_suite_decodes_and_its_broken_files_are_refused() {
    let Some(folder) = shared("odd-images/pngsuite") else {
        return;
    };
    let mut tried = 0;
    for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if !name.ends_with(".png") {
            continue;
        }
        tried += 1;
        match decode_file(&path, &Limits::default()) {
            Ok(photo) => {
                assert!(!name.starts_with('x'), "{name} is broken, but decoded");
                let reference = image::ImageReader::open(&path).unwrap().with_guessed_format().unwrap();
                assert_eq!(photo.dimensions(), reference.decode().unwrap().dimensions(), "{name}");
            }
            Err(error) => assert!(name.starts_with('x'), "{name}: {error}"),
        }
    }
    assert_eq!(tried, 175);
}

#[test]
fn odd_jpegs_decode_or_say_why_not() {
    let Some(folder) = shared("odd-images/jpeg") else {
        return;
    };
    let valid = [
        "16bit-qtables.jpg",
        "blank_800x280.jpg",
        "extraneous-data.jpg",
        "grayscale_large.jpg",
        "icc_missing_chunk.jpeg",
        "jpg-cmyk-1.jpg",
        "jpg-cmyk-2.jpg",
        "jpg-gray.jpg",
        "jpg-progressive.jpg",
        "jpg-size-1x1.jpg",
        "jpg-size-33x33.jpg",
        "multiple-0xff-before-eoi.jpg",
        "non-interleaved-mcu.jpg",
        "progressive3.jpg",
        "restarts.jpg",
    ];
    for path in std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
        if let Err(error) = decode_file(&path, &Limits::default()) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            assert!(!valid.contains(&name.as_str()), "{name}: {error}");
            assert!(!error.detail.is_empty());
        }
    }
    // The mean that Pillow 13's `Image.open(path).convert("RGB")` has for this CMYK picture.
    let photo = decode_file(&folder.join("jpg-cmyk-1.jpg"), &Limits::default()).unwrap();
    let mean = |channel: usize| {
        photo.pixels().map(|pixel| f64::from(pixel.0[channel])).sum::<f64>() / f64::from(photo.width() * photo.height())
    };
    for (channel, expected) in [127.5, 127.5, 43.8].into_iter().enumerate() {
        assert!((mean(channel) - expected).abs() < 1.0, "{} {expected}", mean(channel));
    }
}
