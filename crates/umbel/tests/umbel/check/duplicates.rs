//! Duplicates: every change that must be stood, every relation of the members, and no false alarm.

use std::fs;

use image::imageops::{FilterType, crop_imm, resize};
use image::{ImageFormat, RgbImage};
use umbel::base::progress::{Interrupt, Silent};
use umbel::check::{FindingKind, Likeness, check};
use umbel::data::{Index, Split};

use super::pictures::{checked, encoded, folder, jpeg, paths, scene, write};

#[test]
fn distinct_pictures_are_left_alone() {
    let root = folder(40);
    let report = checked(root.path());
    assert!(report.problems.is_empty(), "{:?}", report.problems);
    assert!(report.is_sound() && report.duplicates.is_empty());
    assert_eq!((report.images, report.usable), (80, 80));
}

#[test]
fn every_change_is_seen_through() {
    let root = folder(12);
    let original = scene(240, 180, 7777);
    let bright = |factor: f32| {
        let mut picture = original.clone();
        picture.iter_mut().for_each(|value| *value = (f32::from(*value) * factor).min(255.0) as u8);
        picture
    };
    let inside = |left: u32, top: u32, right: u32, bottom: u32| -> RgbImage {
        crop_imm(&original, left, top, 240 - left - right, 180 - top - bottom).to_image()
    };
    let all = resize(&crop_imm(&bright(0.9), 12, 0, 220, 171).to_image(), 130, 101, FilterType::Triangle);
    let copies = [
        ("png", encoded(original.clone(), ImageFormat::Png)),
        ("half", jpeg(&resize(&original, 120, 90, FilterType::Triangle), 90)),
        ("nine-tenths", jpeg(&resize(&original, 216, 162, FilterType::CatmullRom), 90)),
        ("quality-40", jpeg(&original, 40)),
        ("quality-90", jpeg(&original, 90)),
        ("crop-every-side", jpeg(&inside(12, 9, 12, 9), 90)),
        ("crop-one-side", jpeg(&inside(12, 0, 0, 0), 90)),
        ("crop-corner", jpeg(&inside(0, 9, 12, 0), 90)),
        ("darker", jpeg(&bright(0.9), 90)),
        ("brighter", jpeg(&bright(1.1), 90)),
        ("all", jpeg(&all, 40)),
    ];
    write(root.path(), "a/!original.jpg", &jpeg(&original, 95));
    for (name, bytes) in &copies {
        let extension = if *name == "png" { "png" } else { "jpg" };
        write(root.path(), &format!("a/copy-{name}.{extension}"), bytes);
    }
    let report = checked(root.path());
    let near = paths(&report, FindingKind::NearDuplicate);
    for (name, _) in &copies {
        assert!(near.iter().any(|path| path.starts_with(&format!("a/copy-{name}."))), "{name}: {near:?}");
    }
    assert_eq!(near.len(), copies.len(), "{near:?}");
    assert_eq!(report.duplicates.len(), 1);
    let group = &report.duplicates[0];
    assert_eq!((group.likeness, group.across_classes, group.across_parts), (Likeness::Near, false, false));
    assert!(report.problems[0].detail.ends_with("a/!original.jpg"), "{:?}", report.problems[0]);
}

#[test]
fn the_same_bytes_in_two_classes_are_a_conflict() {
    let root = folder(12);
    fs::copy(root.path().join("a/003.png"), root.path().join("a/copy.png")).unwrap();
    fs::copy(root.path().join("a/004.png"), root.path().join("b/copy.png")).unwrap();
    let report = checked(root.path());
    assert_eq!(paths(&report, FindingKind::ExactDuplicate), ["a/copy.png", "b/copy.png"]);
    assert_eq!(paths(&report, FindingKind::LabelConflict), ["b/copy.png"]);
    assert_eq!(paths(&report, FindingKind::NearDuplicate), [""; 0]);
    assert!(report.problems[0].detail.contains("a/004.png, which is in class a"), "{:?}", report.problems[0]);
    assert_eq!(report.duplicates.len(), 2);
    assert!(report.duplicates.iter().all(|group| group.likeness == Likeness::Exact));
    assert_eq!(report.duplicates.iter().filter(|group| group.across_classes).count(), 1);
    assert!(!report.is_sound());
}

#[test]
fn a_near_duplicate_in_two_classes_is_a_conflict() {
    let root = folder(12);
    write(root.path(), "b/copy.jpg", &jpeg(&resize(&scene(96, 72, 5), 80, 60, FilterType::Triangle), 80));
    let report = checked(root.path());
    assert_eq!(paths(&report, FindingKind::NearDuplicate), ["b/copy.jpg"]);
    assert_eq!(paths(&report, FindingKind::LabelConflict), ["b/copy.jpg"]);
}

#[test]
fn duplicates_across_the_split_are_leaks() {
    let root = folder(12);
    fs::copy(root.path().join("a/003.png"), root.path().join("a/val-exact.png")).unwrap();
    write(root.path(), "a/val-near.jpg", &jpeg(&scene(96, 72, 5), 70));
    write(root.path(), "a/train-near.jpg", &jpeg(&scene(96, 72, 6), 70));
    let index = Index::scan(root.path()).unwrap();
    let is_val = |path: &str| path.contains("val") || path.ends_with("011.png");
    let (val, train) = (0..index.photos.len()).partition(|&photo| is_val(&index.photos[photo].path));
    let file = root.path().join("split.csv");
    Split { train, val, ..Split::default() }.write(&file, &index).unwrap();
    let split = Split::read(&file, &index).unwrap();
    let report = check(&index, Some(&split), &mut Silent, &Interrupt::default()).unwrap();
    assert_eq!(paths(&report, FindingKind::Leak), ["a/val-exact.png", "a/val-near.jpg"]);
    assert_eq!(paths(&report, FindingKind::NearDuplicate), ["a/train-near.jpg", "a/val-near.jpg"]);
    let leak = report.problems.iter().find(|finding| finding.kind == FindingKind::Leak).unwrap();
    assert_eq!(leak.detail, "a validation photo that has the same bytes as a/003.png, a training photo");
    assert_eq!(report.duplicates.iter().filter(|group| group.across_parts).count(), 2);
}

#[test]
fn blank_pictures_are_blank_and_no_near_duplicates() {
    let root = folder(12);
    for (name, value) in [("black", 0), ("grey", 128), ("white", 255)] {
        let picture = RgbImage::from_pixel(64, 48, image::Rgb([value; 3]));
        write(root.path(), &format!("a/{name}.png"), &encoded(picture, ImageFormat::Png));
    }
    let report = checked(root.path());
    assert_eq!(paths(&report, FindingKind::Blank), ["a/black.png", "a/grey.png", "a/white.png"]);
    assert!(report.duplicates.is_empty());
    assert_eq!(report.problems.len(), 3, "{:?}", report.problems);
}

#[test]
fn a_check_that_is_stopped_says_so() {
    let root = folder(3);
    let interrupt = Interrupt::default();
    interrupt.request();
    let outcome = check(&Index::scan(root.path()).unwrap(), None, &mut Silent, &interrupt);
    assert!(matches!(outcome, Err(umbel::Error::Interrupted)));
}
