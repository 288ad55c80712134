//! Sound files to be damaged: small pictures of every format, drawn here.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, RgbImage};

pub fn drawn(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| image::Rgb([(x * 9) as u8, (y * 7) as u8, (x * y * 5 % 251) as u8]))
}

/// RGB, grey, with alpha and in 16 bits, as far as the format can.
pub fn encoded(format: ImageFormat) -> Vec<Vec<u8>> {
    encoded_as(format, &DynamicImage::from(drawn(27, 19)))
}

/// The same picture in every format and form, and in JPEGs of several kinds, each also lying on its side where that can be said.
pub fn of_every_kind(picture: &DynamicImage) -> Vec<(String, Vec<u8>)> {
    let formats = [ImageFormat::Png, ImageFormat::Gif, ImageFormat::Bmp, ImageFormat::WebP, ImageFormat::Tiff];
    let mut all = Vec::new();
    for format in formats.into_iter().chain([ImageFormat::Pnm, ImageFormat::Jpeg]) {
        let files = encoded_as(format, picture).into_iter().enumerate();
        all.extend(files.map(|(form, file)| (format!("{format:?} {form}"), file)));
    }
    let rgb = picture.to_rgb8();
    let (width, height) = (rgb.width() as u16, rgb.height() as u16);
    let samplings = [("444", jpeg_encoder::SamplingFactor::F_1_1), ("420", jpeg_encoder::SamplingFactor::F_2_2)];
    for (name, sampling) in samplings {
        for progressive in [false, true] {
            let mut bytes = Vec::new();
            let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, 90);
            encoder.set_progressive(progressive);
            encoder.set_sampling_factor(sampling);
            encoder.encode(&rgb, width, height, jpeg_encoder::ColorType::Rgb).expect("the picture can be encoded");
            all.push((format!("JPEG {name}, progressive: {progressive}"), bytes));
        }
    }
    let jpegs: Vec<_> = all.iter().filter(|(_, file)| file.starts_with(b"\xFF\xD8")).cloned().collect();
    for (name, file) in jpegs {
        all.push((format!("{name}, on its side"), [&file[..2], ON_ITS_SIDE, &file[2..]].concat()));
        all.push((format!("{name}, without its end"), file[..file.len() - 2].to_vec()));
    }
    // Those end early on purpose, which is damage where later passes are missing.
    all.retain(|(name, _)| !(name.contains("progressive: true") && name.contains("without")));
    all
}

const ON_ITS_SIDE: &[u8] = b"\xFF\xE1\0\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";

fn encoded_as(format: ImageFormat, rgb: &DynamicImage) -> Vec<Vec<u8>> {
    let forms = [
        DynamicImage::from(rgb.to_luma8()),
        DynamicImage::from(rgb.to_rgba8()),
        DynamicImage::from(rgb.to_rgb16()),
        DynamicImage::from(rgb.to_luma16()),
        rgb.clone(),
    ];
    let encode = |form: &DynamicImage| {
        let mut bytes = Cursor::new(Vec::new());
        form.write_to(&mut bytes, format).ok().map(|()| bytes.into_inner())
    };
    let seeds: Vec<_> = forms.iter().filter_map(encode).collect();
    assert!(!seeds.is_empty(), "{format:?}");
    seeds
}

pub fn jpeg(progressive: bool) -> Vec<Vec<u8>> {
    let encode = |grey: bool, restarts: u16| {
        let mut bytes = Vec::new();
        let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, 80);
        encoder.set_progressive(progressive);
        if restarts > 0 {
            encoder.set_restart_interval(restarts);
        }
        let picture = drawn(40, 33);
        let (pixels, color) = match grey {
            true => (DynamicImage::from(picture).into_luma8().into_raw(), jpeg_encoder::ColorType::Luma),
            false => (picture.into_raw(), jpeg_encoder::ColorType::Rgb),
        };
        encoder.encode(&pixels, 40, 33, color).expect("the picture can be encoded");
        bytes
    };
    let mut seeds = vec![encode(false, 0), encode(true, 0), encode(false, 2)];
    let mut turned = seeds[0][..2].to_vec();
    turned.extend(ON_ITS_SIDE);
    turned.extend(&seeds[0][2..]);
    seeds.push(turned);
    seeds
}

/// Each channel in a scan of its own, two in one, chroma finer than luma, factors of 3, inks: what `zune-jpeg` is not asked for.
pub fn jpeg_in_scans() -> Vec<Vec<u8>> {
    let golden = include_bytes!("../../../../golden/data/jpegs.safetensors");
    let golden = safetensors::SafeTensors::deserialize(golden).expect("a sound file");
    let file = |name: &str| golden.tensor(&format!("file/{name}")).expect("is there").data().to_vec();
    let names = ["2x2,1x1,1x1/35x19/each", "2x2,1x1,1x1/35x19/each-restarts", "2x1,1x1,1x1/35x19/last-alone"];
    let more = ["1x1,2x2,1x1/35x19/progressive", "3x2,1x1,1x1/35x19/whole", "cmyk/35x19/each", "rgb/35x19/each"];
    names.iter().chain(&more).map(|name| file(name)).collect()
}

/// Of every kind of PNM, as text and as bytes.
pub fn pnm() -> Vec<Vec<u8>> {
    let mut seeds = encoded(ImageFormat::Pnm);
    seeds.extend([
        b"P1\n# a comment\n4 3\n0 1 0 1 1 0 1 0 0 0 1 1\n".to_vec(),
        b"P2\n4 3\n15\n0 1 2 3 4 5 6 7 8 9 10 11\n".to_vec(),
        b"P3\n2 2\n255\n255 0 0  0 255 0  0 0 255  9 9 9\n".to_vec(),
        b"P4\n9 2\n\xAA\x80\x55\x00".to_vec(),
        b"P7\nWIDTH 2\nHEIGHT 2\nDEPTH 3\nMAXVAL 255\nTUPLTYPE RGB\nENDHDR\n012345678901".to_vec(),
    ]);
    seeds
}

/// As encoded (without loss), and lossy ones, with alpha and moving.
pub fn webp() -> Vec<Vec<u8>> {
    let mut seeds = encoded(ImageFormat::WebP);
    seeds.extend(WEBP.map(<[u8]>::to_vec));
    seeds
}

/// As encoded (not compressed), and compressed in every way that TIFF writers use.
pub fn tiff() -> Vec<Vec<u8>> {
    let mut seeds = encoded(ImageFormat::Tiff);
    seeds.extend(TIFF.map(<[u8]>::to_vec));
    seeds.extend(golden("tiff"));
    seeds
}

/// The files among the golden ones, which are of every kind that is read here.
pub fn golden(format: &str) -> Vec<Vec<u8>> {
    let path = format!("{}/../../golden/data/{format}.safetensors", env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let all = safetensors::SafeTensors::deserialize(&bytes).expect("a golden file");
    let files = all.iter().filter(|(name, _)| name.ends_with("/file"));
    files.map(|(_, file)| file.data().to_vec()).collect()
}

/// As encoded, and one that moves.
pub fn png() -> Vec<Vec<u8>> {
    let mut seeds = encoded(ImageFormat::Png);
    seeds.push(include_bytes!("../pictures/animated.png").to_vec());
    seeds
}

/// As encoded, and one that moves.
pub fn gif() -> Vec<Vec<u8>> {
    let mut seeds = encoded(ImageFormat::Gif);
    seeds.push(include_bytes!("../pictures/animated.gif").to_vec());
    seeds
}

const WEBP: [&[u8]; 3] = [
    include_bytes!("../pictures/lossy.webp"),
    include_bytes!("../pictures/lossy-alpha.webp"),
    include_bytes!("../pictures/animated.webp"),
];

const TIFF: [&[u8]; 4] = [
    include_bytes!("../pictures/deflate.tif"),
    include_bytes!("../pictures/lzw.tif"),
    include_bytes!("../pictures/lzw-predicted.tif"),
    include_bytes!("../pictures/packbits.tif"),
];

#[test]
fn the_stored_pictures_are_what_they_are_said_to_be() {
    let chunk = |bytes: &[u8], name: &[u8; 4]| bytes.windows(4).any(|four| four == name);
    assert!(WEBP.iter().all(|bytes| chunk(bytes, b"VP8 ")), "lossy");
    assert!(chunk(WEBP[1], b"ALPH") && chunk(WEBP[2], b"ANMF"));
    // The entry for the compression: tag 259, a short, one value.
    let compression = |bytes: &[u8]| -> Option<u16> {
        let at = bytes.windows(8).position(|entry| entry == [3, 1, 3, 0, 1, 0, 0, 0])?;
        bytes[at + 8..].first_chunk().map(|value| u16::from_le_bytes(*value))
    };
    // 8 is deflate, 5 LZW, and 32773 PackBits.
    assert_eq!(TIFF.map(compression), [Some(8), Some(5), Some(5), Some(32773)]);
}

/// As encoded, and one with a palette and run lengths.
pub fn bmp() -> Vec<Vec<u8>> {
    let data = [4u8, 0, 0, 0, 2, 1, 0, 2, 0, 1, 2, 0, 2, 0, 0, 1];
    let mut runs = b"BM".to_vec();
    runs.extend((62 + data.len() as u32).to_le_bytes());
    for field in [0, 62, 40, 4, 3] {
        runs.extend(u32::to_le_bytes(field));
    }
    runs.extend([1, 0, 8, 0, 1, 0, 0, 0]);
    for field in [data.len() as u32, 0, 0, 2, 2] {
        runs.extend(field.to_le_bytes());
    }
    runs.extend([0, 0, 0, 0, 255, 128, 64, 0]);
    runs.extend(data);
    let mut seeds = encoded(ImageFormat::Bmp);
    seeds.push(runs);
    seeds
}
