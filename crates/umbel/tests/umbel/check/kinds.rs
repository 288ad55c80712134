//! Each kind of finding, the outputs, and files of another program's making.

use std::fs;

use image::codecs::gif::GifEncoder;
use image::{DynamicImage, Frame, ImageFormat, RgbImage};
use umbel::base::budget::MemoryBudget;
use umbel::check::{CheckReport, ClassCount, DuplicateGroup, Finding, FindingKind, Likeness};
use umbel::data::Index;

use super::pictures::{checked, encoded, folder, jpeg, paths, scene, write};

/// The single finding of a folder to which one file was added.
fn found(path: &str, bytes: &[u8]) -> (FindingKind, String) {
    let root = folder(12);
    write(root.path(), path, bytes);
    let report = checked(root.path());
    assert_eq!(report.problems.len(), 1, "{:?}", report.problems);
    assert_eq!(report.problems[0].path, path);
    (report.problems[0].kind, report.problems[0].detail.clone())
}

fn gif(frames: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    let frames = (0..frames).map(|n| Frame::new(DynamicImage::from(scene(64, 48, 500 + n)).into_rgba8()));
    GifEncoder::new(&mut bytes).encode_frames(frames).unwrap();
    bytes
}

#[test]
fn files_that_cannot_be_used() {
    let png = encoded(scene(80, 60, 900), ImageFormat::Png);
    assert_eq!(found("a/x.png", b"").0, FindingKind::Empty);
    assert_eq!(found("a/x.jpg", b"only words").0, FindingKind::NotAPicture);
    assert_eq!(found("b/x.png", &png[..png.len() / 2]).0, FindingKind::Damaged);
    assert_eq!(found("b/x.avif", b"\0\0\0\x20ftypavif\0\0\0\0avifmif1").0, FindingKind::Unsupported);
    let mut huge = png.clone();
    huge[16..24].copy_from_slice(&[0, 1, 0x86, 0xA0, 0, 1, 0x86, 0xA0]);
    // The header's own checksum, so that the decoder believes it.
    let checksum = crc32(&huge[12..29]).to_be_bytes();
    huge[29..33].copy_from_slice(&checksum);
    assert_eq!(found("a/x.png", &huge).0, FindingKind::TooLarge);
}

#[test]
fn the_extension_must_fit_the_content() {
    let picture = scene(80, 60, 901);
    let (kind, detail) = found("a/x.jpg", &encoded(picture.clone(), ImageFormat::Png));
    assert_eq!(kind, FindingKind::WrongExtension);
    assert_eq!(detail, "named .jpg, but its content is PNG; .png is expected");
    let (kind, detail) = found("a/x", &encoded(picture.clone(), ImageFormat::Bmp));
    assert_eq!((kind, detail.as_str()), (FindingKind::WrongExtension, "a BMP without an extension; .bmp is expected"));
    let root = folder(12);
    write(root.path(), "a/x.JPEG", &jpeg(&picture, 90));
    write(root.path(), "a/y.TIF", &encoded(scene(80, 60, 902), ImageFormat::Tiff));
    write(root.path(), "b/z.ppm", &encoded(scene(80, 60, 903), ImageFormat::Pnm));
    assert!(checked(root.path()).is_sound());
}

#[test]
fn animations_are_told_from_stills() {
    let (kind, detail) = found("a/x.gif", &gif(3));
    assert_eq!(kind, FindingKind::Animated);
    assert!(detail.contains("animated GIF"), "{detail}");
    let root = folder(12);
    write(root.path(), "a/still.gif", &gif(1));
    write(root.path(), "a/still.webp", &encoded(scene(64, 48, 905), ImageFormat::WebP));
    assert!(checked(root.path()).is_sound());
    // A walk over a GIF that was cut anywhere ends.
    let whole = gif(2);
    for end in 0..whole.len().min(900) {
        let _ = umbel::data::decode::facts(&whole[..end]);
    }
}

#[test]
fn animations_of_every_format_are_told() {
    let files: [(&str, &[u8], &str); 3] = [
        ("a/x.webp", include_bytes!("../../pictures/animated.webp"), "animated WebP"),
        ("a/x.png", include_bytes!("../../pictures/animated.png"), "animated PNG"),
        ("a/x.gif", include_bytes!("../../pictures/animated.gif"), "animated GIF"),
    ];
    for (path, bytes, words) in files {
        let root = folder(12);
        write(root.path(), path, bytes);
        let report = checked(root.path());
        assert_eq!(paths(&report, FindingKind::Animated), [path]);
        assert_eq!(paths(&report, FindingKind::Tiny), [path], "24 x 20 pixels");
        let finding = report.problems.iter().find(|finding| finding.kind == FindingKind::Animated).unwrap();
        assert!(finding.detail.contains(words), "{}", finding.detail);
        assert_eq!((report.usable, report.problems.len()), (25, 2), "the first picture is used: {:?}", report.problems);
    }
}

#[test]
fn lossy_and_compressed_forms_are_read() {
    let files: [(&str, &[u8]); 6] = [
        ("a/lossy.webp", include_bytes!("../../pictures/lossy.webp")),
        ("a/lossy-alpha.webp", include_bytes!("../../pictures/lossy-alpha.webp")),
        ("a/deflate.tif", include_bytes!("../../pictures/deflate.tif")),
        ("a/lzw.tif", include_bytes!("../../pictures/lzw.tif")),
        ("a/packbits.tif", include_bytes!("../../pictures/packbits.tif")),
        ("a/lzw-predicted.tif", include_bytes!("../../pictures/lzw-predicted.tif")),
    ];
    let root = folder(12);
    for (path, bytes) in files {
        write(root.path(), path, bytes);
    }
    let report = checked(root.path());
    assert_eq!(report.usable, 30);
    // Drawn once, and saved in three ways without loss.
    let [group] = report.duplicates.as_slice() else { panic!("{:?}", report.duplicates) };
    assert!(group.photos.len() >= 3 && !group.across_classes, "{group:?}");
}

#[test]
fn tiny_and_long_pictures() {
    assert_eq!(found("a/x.png", &encoded(scene(31, 40, 906), ImageFormat::Png)).0, FindingKind::Tiny);
    let (kind, detail) = found("a/x.png", &encoded(scene(200, 50, 907), ImageFormat::Png));
    assert_eq!(kind, FindingKind::ExtremeAspect);
    assert_eq!(detail, "200 x 50 pixels, one side 4.0 times the other");
}

#[test]
fn small_and_uneven_classes() {
    let root = folder(50);
    for n in 0..9 {
        write(root.path(), &format!("c/{n}.png"), &encoded(scene(90, 60, 2000 + n), ImageFormat::Png));
    }
    let report = checked(root.path());
    assert_eq!(paths(&report, FindingKind::SmallClass), ["c"]);
    assert_eq!(paths(&report, FindingKind::Imbalance), ["c"]);
    assert_eq!(report.problems.len(), 2, "{:?}", report.problems);
    assert_eq!(report.classes[2].images, 9);
}

#[test]
fn exif_and_grey_pictures_are_remarks() {
    let root = folder(12);
    let grey = DynamicImage::from(scene(90, 60, 910)).into_luma8();
    write(root.path(), "a/grey.png", &encoded(grey, ImageFormat::Png));
    write(root.path(), "b/turned.jpg", &turned(&jpeg(&scene(90, 60, 911), 90)));
    let report = checked(root.path());
    assert_eq!(report.problems.len(), 2, "{:?}", report.problems);
    assert_eq!((report.problems[0].kind, report.problems[0].path.as_str()), (FindingKind::ExifRotation, "."));
    assert!(report.problems[0].detail.starts_with("1 of 26 pictures"), "{:?}", report.problems[0]);
    assert_eq!(report.problems[1].kind, FindingKind::ColorGreyMix);
    assert!(report.problems[1].detail.contains("(a 1)"), "{:?}", report.problems[1]);
    assert!(report.is_sound(), "remarks are no fault");
}

#[test]
fn the_table_has_every_finding() {
    let root = folder(3);
    write(root.path(), "a/comma, quote\".jpg", b"only words");
    let report = checked(root.path());
    let out = tempfile::tempdir().unwrap();
    report.write_csv(&out.path().join("problems.csv")).unwrap();
    let text = fs::read_to_string(out.path().join("problems.csv")).unwrap();
    assert!(text.starts_with("path,kind,detail\n\"a/comma, quote\"\".jpg\",not-a-picture,"), "{text}");
    assert_eq!(text.lines().count(), 1 + report.problems.len());
}

#[test]
fn the_page_holds_everything_and_escapes_names() {
    let root = folder(12);
    fs::copy(root.path().join("a/003.png"), root.path().join("b/<b>&copy.png")).unwrap();
    let report = checked(root.path());
    let out = tempfile::tempdir().unwrap();
    let page = out.path().join("check.html");
    report.write_page(&Index::scan(root.path()).unwrap(), &MemoryBudget::default(), &page).unwrap();
    let html = fs::read_to_string(page).unwrap();
    assert!(html.contains("b/&lt;b&gt;&amp;copy.png") && !html.contains("<b>"), "names are text");
    // Two in the group, one beside the conflict.
    assert_eq!(html.matches("src=\"data:image/jpeg;base64,").count(), 3);
    assert!(!html.contains("://") && !html.contains("<script"), "nothing from elsewhere");
    assert!(html.contains("prefers-color-scheme:dark"));
    // What tells which of two to keep; and no folder of the user's.
    let bytes = fs::metadata(root.path().join("a/003.png")).unwrap().len() as f64 / 1e3;
    assert!(html.contains(&format!("96 × 72, {bytes:.0} kB")), "sizes");
    assert!(!html.contains(&*root.path().parent().unwrap().to_string_lossy()), "no absolute path");
    for (kind, findings) in report.by_kind() {
        assert!(
            !findings.is_empty() && html.matches(kind.title()).count() >= 2,
            "in the list of contents and above its own"
        );
    }
}

/// Twenty thousand files that are none were as many rows, and ten thousand pairs as many frames without a picture.
#[test]
fn a_page_of_twenty_thousand_findings_can_be_read() {
    let root = folder(12);
    let mut report = checked(root.path());
    let finding = |k: usize| Finding::new(format!("a/{k:05}.jpg"), FindingKind::NotAPicture, "it is text");
    report.problems = (0..20_000).map(finding).collect();
    report
        .problems
        .extend((0..10_000).map(|k| Finding::new(format!("b/{k}"), FindingKind::ExactDuplicate, "the same")));
    let pair =
        DuplicateGroup { likeness: Likeness::Exact, photos: vec![0, 1], across_classes: false, across_parts: false };
    report.duplicates = vec![pair; 10_000];
    report.classes = (0..20_000).map(|k| ClassCount { class: format!("class {k}"), images: k % 97 }).collect();
    let out = tempfile::tempdir().unwrap();
    let page = out.path().join("check.html");
    report.write_page(&Index::scan(root.path()).unwrap(), &MemoryBudget::default(), &page).unwrap();
    let html = fs::read_to_string(page).unwrap();
    assert!(html.len() < 1_500_000, "{} bytes", html.len());
    assert!(html.contains("a/00199.jpg") && !html.contains("a/00200.jpg"));
    for words in ["and 19800 more in the table of this check", "and 9900 more groups", "and 18000 more classes"] {
        assert!(html.contains(words), "{words}");
    }
    assert!(html.contains("Named like a picture, but none <span>20000</span>"), "the number of all of them");
}

#[test]
fn json_has_the_contracts_fields() {
    let root = folder(12);
    write(root.path(), "a/x.jpg", b"");
    let report: CheckReport = checked(root.path());
    let json = serde_json::to_value(&report).unwrap();
    let expected = serde_json::json!({
        "images": 25,
        "classes": [{"class": "a", "images": 13}, {"class": "b", "images": 12}],
        "problems": [{"path": "a/x.jpg", "kind": "empty", "detail": "the file is empty"}],
    });
    assert_eq!(json, expected);
}

#[test]
fn kinds_have_their_own_names_and_order() {
    assert!(FindingKind::ALL.is_sorted());
    let names: std::collections::BTreeSet<String> =
        FindingKind::ALL.iter().map(|kind| serde_json::to_string(kind).unwrap()).collect();
    assert_eq!(names.len(), FindingKind::ALL.len());
    assert!(names.contains("\"label-conflict\""));
}

/// A JPEG with an EXIF segment of one entry: orientation 6.
fn turned(jpeg: &[u8]) -> Vec<u8> {
    let mut exif = b"Exif\0\0MM\0\x2A\0\0\0\x08\0\x01".to_vec();
    exif.extend([0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0]);
    let mut out = jpeg[..2].to_vec();
    out.extend([0xFF, 0xE1]);
    out.extend((exif.len() as u16 + 2).to_be_bytes());
    out.extend(exif);
    out.extend(&jpeg[2..]);
    out
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 })
    })
}

#[test]
fn a_picture_of_one_row_is_looked_at() {
    let root = folder(12);
    write(
        root.path(),
        "a/row.png",
        &encoded(RgbImage::from_fn(300, 1, |x, _| image::Rgb([x as u8, 7, 9])), ImageFormat::Png),
    );
    let report = checked(root.path());
    assert_eq!(paths(&report, FindingKind::Tiny), ["a/row.png"]);
    assert_eq!(paths(&report, FindingKind::ExtremeAspect), ["a/row.png"]);
}
