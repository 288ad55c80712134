//! JPEGs that are cut into scans and sampled in every way, against libjpeg: right, or refused in words.

use std::collections::BTreeMap;

use safetensors::SafeTensors;
use umbel::data::ProblemKind;
use umbel::data::decode::{DecodeError, Limits, decode};

use super::files;

/// Mean difference of a picture. Decoders differ in how they round, and in how they smooth chroma.
const MEAN: f64 = 1.0;

/// The very small files, by name (`SAMPLING/SIZE`), with their pixels.
fn small() -> BTreeMap<String, (Vec<u8>, Vec<u8>)> {
    let bytes = files::bytes("data/small-jpegs.safetensors");
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let file = |(name, file): (&str, safetensors::tensor::TensorView<'_>)| {
        let name = name.strip_prefix("file/")?;
        let pixels = tensors.tensor(&format!("pixels/{name}")).unwrap();
        Some((name.to_string(), (file.data().to_vec(), pixels.data().to_vec())))
    };
    tensors.iter().filter_map(file).collect()
}

fn mean_difference(pixels: &[u8], expected: &[u8]) -> f64 {
    assert_eq!(pixels.len(), expected.len());
    let sum: u32 = pixels.iter().zip(expected).map(|(a, b)| u32::from(a.abs_diff(*b))).sum();
    f64::from(sum) / expected.len() as f64
}

/// The files, by name (`SAMPLING/SIZE/CUT`), with their pixels.
fn golden() -> BTreeMap<String, (Vec<u8>, Vec<u8>)> {
    let bytes = files::bytes("data/jpegs.safetensors");
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let file = |(name, file): (&str, safetensors::tensor::TensorView<'_>)| {
        let name = name.strip_prefix("file/")?;
        let (picture, _) = name.rsplit_once('/').unwrap();
        let pixels = tensors.tensor(&format!("pixels/{picture}")).unwrap();
        Some((name.to_string(), (file.data().to_vec(), pixels.data().to_vec())))
    };
    tensors.iter().filter_map(file).collect()
}

fn try_decode(bytes: &[u8]) -> Result<Vec<u8>, DecodeError> {
    decode(bytes, &Limits::default()).map(image::RgbImage::into_raw)
}

/// A scan of its own for a channel whose blocks do not fill up the larger ones' is the one thing that is refused.
fn may_be_refused(name: &str) -> bool {
    let sampling = name.split('/').next().unwrap();
    ["4x1,2x1,1x1", "1x4,1x2,1x2", "2x4,1x2,1x1"].contains(&sampling) && !name.ends_with("/whole")
}

#[test]
fn jpegs_in_any_scans_and_samplings_are_as_by_libjpeg_or_refused() {
    let (mut right, mut refused, mut largest) = (0, 0, 0.0f64);
    for (name, (file, expected)) in golden() {
        match try_decode(&file) {
            Ok(pixels) => {
                let mean = mean_difference(&pixels, &expected);
                assert!(mean <= MEAN, "{name}: {mean} levels from libjpeg");
                largest = largest.max(mean);
                right += 1;
            }
            Err(error) => {
                assert!(may_be_refused(&name) && error.kind == ProblemKind::Unsupported, "{name}: {error}");
                refused += 1;
            }
        }
    }
    println!("{right} JPEGs as by libjpeg (mean difference {largest:.2} at most), {refused} refused");
    assert!(right >= 280 && refused <= 30, "{right} right, {refused} refused");
}

/// The colors of pictures up to four pixels wide were smoothed, which libjpeg does not do there, and at the edges of small ones they
/// were mixed with what fills up the blocks: up to 25 levels in the mean.
#[test]
fn small_jpegs_had_other_colors_than_by_libjpeg() {
    let (mut tried, mut worst, mut sum) = (0, (0.0, String::new()), 0.0);
    for (name, (file, expected)) in small() {
        let pixels = try_decode(&file).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mean = mean_difference(&pixels, &expected);
        assert!(mean <= MEAN, "{name}: {mean} levels from libjpeg");
        sum += mean;
        tried += 1;
        if mean > worst.0 {
            worst = (mean, name);
        }
    }
    println!(
        "{tried} small JPEGs as by libjpeg: {:.2} levels in the mean, {:.2} at most ({})",
        sum / f64::from(tried),
        worst.0,
        worst.1
    );
    assert_eq!(tried, 360);
    assert!(sum / f64::from(tried) < 0.25, "{}", sum / f64::from(tried));
}

#[test]
fn a_small_jpeg_that_is_cut_short_is_not_filled_up() {
    for (name, (file, _)) in small() {
        // One of a few pixels may be whole before its last bytes are read.
        if !["8x30", "4x41", "50x3"].iter().any(|size| name.ends_with(size)) {
            continue;
        }
        let start = (2..file.len() - 1).rfind(|&at| file[at..].starts_with(b"\xFF\xDA")).unwrap();
        let kept = &file[..start + (file.len() - start) / 2];
        assert_eq!(try_decode(kept).unwrap_err().kind, ProblemKind::Damaged, "{name}");
    }
}

#[test]
fn a_scan_that_is_cut_short_is_not_filled_up() {
    let mut tried = 0;
    for (name, (file, _)) in golden() {
        // The restart markers of a file that is cut between them say so by themselves.
        if !name.contains("35x19") || may_be_refused(&name) || try_decode(&file).is_err() {
            continue;
        }
        let starts: Vec<usize> = (2..file.len() - 1).filter(|&at| file[at..].starts_with(b"\xFF\xDA")).collect();
        for (k, start) in starts.iter().enumerate() {
            let end =
                (start + 2..file.len() - 1).find(|&at| file[at] == 0xFF && !matches!(file[at + 1], 0 | 0xD0..=0xD7));
            let (data, end) = (start + 2 + usize::from(file[start + 3]), end.unwrap());
            let kept = data + (end - data) / 2;
            let ended = [&file[..kept], b"\xFF\xD9"].concat();
            // A progressive picture without its later passes is still whole.
            if !name.ends_with("progressive") {
                let error = try_decode(&ended).expect_err(&name);
                assert_eq!(error.kind, ProblemKind::Damaged, "{name}, scan {k}: {error}");
            }
            let error = try_decode(&file[..kept]).expect_err(&name);
            assert_eq!(error.kind, ProblemKind::Damaged, "{name}, scan {k}: {error}");
            let spliced = [&file[..kept], &file[end..]].concat();
            if end - data > 40 && !name.ends_with("progressive") {
                let error = try_decode(&spliced).expect_err(&name);
                assert_eq!(error.kind, ProblemKind::Damaged, "{name}, scan {k} spliced: {error}");
            }
            tried += 1;
        }
    }
    assert!(tried > 300, "{tried}");
}

#[test]
fn kinds_of_jpeg_that_are_not_read_are_named() {
    let golden = golden();
    let (file, _) = &golden["2x2,1x1,1x1/35x19/whole"];
    let frame = (2..file.len()).find(|&at| file[at..].starts_with(b"\xFF\xC0")).unwrap();
    // The marker's second byte, the precision, the height's two bytes, the channels' number, their sampling.
    for (place, value, word) in [
        (1, 0xC3, "lossless"),
        (1, 0xC5, "hierarchical"),
        (1, 0xC9, "arithmetic coding"),
        (1, 0xCA, "arithmetic coding"),
        (4, 12, "12 bits a channel"),
        (14, 0x32, "multiples"),
    ] {
        let mut changed = file.clone();
        changed[frame + place] = value;
        let error = try_decode(&changed).unwrap_err();
        assert!(error.kind == ProblemKind::Unsupported && error.detail.contains(word), "{word}: {error}");
    }
    let mut without_height = file.clone();
    without_height[frame + 5..frame + 7].fill(0);
    let error = try_decode(&without_height).unwrap_err();
    assert!(error.kind == ProblemKind::Unsupported && error.detail.contains("height"), "{error}");
}

#[test]
fn a_broken_remark_does_not_cost_the_photo() {
    for (name, (file, _)) in golden() {
        let Ok(whole) = try_decode(&file) else { continue };
        let with = |segment: &[u8]| [&file[..2], segment, &file[2..]].concat();
        for (what, segment) in [
            ("EXIF without content", &b"\xFF\xE1\0\x08Exif\0\0"[..]),
            ("EXIF cut short", b"\xFF\xE1\0\x0EExif\0\0MM\0\x2A\0\0"),
            ("EXIF far away", b"\xFF\xE1\0\x10Exif\0\0MM\0\x2A\xFF\xFF\xFF\xFF"),
            ("XMP cut short", b"\xFF\xE1\0\x2Fhttp://ns.adobe.com/xmp/extension/\0abcdefghij"),
            ("a comment of no length", b"\xFF\xFE\0\0"),
            ("an ICC profile of no length", b"\xFF\xE2\0\x01"),
            ("Adobe's of no length", b"\xFF\xEE\0\x01"),
            ("Adobe's cut short", b"\xFF\xEE\0\x08Adobe\0"),
        ] {
            let found = try_decode(&with(segment)).unwrap_or_else(|error| panic!("{name} with {what}: {error}"));
            assert!(found == whole, "{name} with {what}");
        }
    }
    // libjpeg takes a transform that it doesn't know for the usual one.
    let (file, pixels) = &golden()["2x2,1x1,1x1/35x19/whole"];
    let adobe = b"\xFF\xEE\0\x0EAdobe\0\x64\0\0\0\0\x07";
    let jfif = usize::from(file[5]) + 4;
    let found = try_decode(&[&file[..2], adobe, &file[jfif..]].concat()).unwrap();
    let difference: u32 = found.iter().zip(pixels).map(|(a, b)| u32::from(a.abs_diff(*b))).sum();
    assert!(difference <= pixels.len() as u32, "{difference}");
}
