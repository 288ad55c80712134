//! Photos that show the same stay on one side of every split that umbel chooses, whatever was done to the copy; and where
//! somebody else divided the photos, what lies on both sides is known.

use std::collections::BTreeSet;

use image::imageops::{FilterType, crop_imm, resize};
use image::{ImageFormat, RgbImage};
use tempfile::TempDir;
use umbel::base::notice::Notice;
use umbel::base::progress::Interrupt;
use umbel::data::likeness::Fingerprint;
use umbel::data::{Cache, GroupBy, Index, Part, Split, SplitMethod, SplitOptions, Together};

use super::pictures::{encoded, prepared, write};
use super::split::assert_parts_divide;
use crate::check::pictures::{folder, jpeg, scene};

/// Copies of the scene `seed`: smaller, cropped and brighter, each saved anew.
fn changed(seed: u64) -> Vec<RgbImage> {
    let original = scene(96, 72, seed);
    let mut brighter = original.clone();
    brighter.iter_mut().for_each(|value| *value = (f32::from(*value) * 1.1).min(255.0) as u8);
    let cropped = crop_imm(&original, 3, 2, 90, 68).to_image();
    vec![resize(&original, 60, 45, FilterType::Triangle), cropped, brighter]
}

/// Two classes of thirty scenes, and three changed copies of each of the first five of class a.
fn with_copies() -> TempDir {
    let root = folder(30);
    for number in 0..5 {
        for (i, copy) in changed(number).iter().enumerate() {
            write(root.path(), &format!("a/copy-{number}-{i}.jpg"), &jpeg(copy, 75));
        }
    }
    root
}

fn together(index: &Index, cache: &Cache) -> Together {
    Together::of(index, cache, &Interrupt::default()).unwrap()
}

fn position(index: &Index, path: &str) -> usize {
    index.photos.iter().position(|photo| photo.path == path).unwrap()
}

fn sides(split: &Split, photos: &[usize]) -> BTreeSet<Part> {
    let part_of = |photo| split.parts().into_iter().find(|(_, part)| part.contains(photo)).map(|(part, _)| part);
    photos.iter().filter_map(part_of).collect()
}

#[test]
fn near_duplicates_stay_on_one_side_of_every_split() {
    let root = with_copies();
    let (index, cache) = prepared(root.path());
    let known = together(&index, &cache);
    assert_eq!((known.groups.len(), known.photos(), known.alike.len()), (5, 20, 0), "{known:?}");
    for (number, group) in known.groups.iter().enumerate() {
        assert_eq!(group[0], position(&index, &format!("a/{number:03}.png")));
    }
    let mut validated = BTreeSet::new();
    for seed in 0..10 {
        let base = SplitOptions { seed, val: 0.3, ..SplitOptions::default() };
        let by_number = GroupBy::new(r"/(?:copy-)?0*([0-9]+)").unwrap();
        let mut splits = vec![
            Split::with(&base, &index, &cache).unwrap(),
            Split::with(&SplitOptions { test: Some(0.2), ..base.clone() }, &index, &cache).unwrap(),
            Split::with(&SplitOptions { group_by: Some(by_number), ..base.clone() }, &index, &cache).unwrap(),
        ];
        splits.extend(Split::folds(&base, 4, &index, &cache).unwrap());
        splits.extend(Split::folds(&SplitOptions { test: Some(0.2), ..base }, 3, &index, &cache).unwrap());
        for split in &splits {
            assert_parts_divide(split, &cache);
            for group in &known.groups {
                assert_eq!(sides(split, group).len(), 1, "seed {seed}");
            }
            assert_eq!(known.leaks(&index, split), []);
        }
        validated.extend(splits[0].val.iter().copied());
    }
    assert!(known.groups.iter().any(|group| validated.contains(&group[0])), "copies may validate, together");
    assert_eq!(known.notices(&index), [Notice::KeptTogether { photos: 20, groups: 5 }]);
}

#[test]
fn keras_split_stays_keras() {
    let root = with_copies();
    let (index, cache) = prepared(root.path());
    let split = Split::make(&SplitMethod::Keras, &index, &cache, 0.2, 123).unwrap();
    let order = umbel::data::split::keras_permutation(75, 123);
    let val: BTreeSet<usize> = order[60..].iter().copied().collect();
    assert_eq!(split.val, Vec::from_iter(val));
    assert!(!together(&index, &cache).leaks(&index, &split).is_empty(), "and what it tears apart is known");
}

#[test]
fn a_near_copy_in_another_class_is_never_measured_on() {
    let root = folder(20);
    write(root.path(), "b/copy.jpg", &jpeg(&changed(7)[1], 80));
    let (index, cache) = prepared(root.path());
    for seed in 0..10 {
        let split = Split::make(&SplitMethod::Stratified, &index, &cache, 0.4, seed).unwrap();
        for path in ["a/007.png", "b/copy.jpg"] {
            assert!(split.train.contains(&position(&index, path)), "{path}");
        }
    }
}

#[test]
fn a_class_that_looks_alike_throughout_is_divided_all_the_same() {
    let root = folder(12);
    // One scene before a fixed camera: only the noise differs.
    for number in 0..20u64 {
        let mut frame = scene(96, 72, 9999);
        for (i, value) in frame.iter_mut().enumerate() {
            *value = value.wrapping_add((i as u64).wrapping_mul(number * 7 + 3).to_le_bytes()[1] % 4);
        }
        write(root.path(), &format!("c/{number:02}.png"), &encoded(frame, ImageFormat::Png));
    }
    let copy = std::fs::read(root.path().join("c/03.png")).unwrap();
    write(root.path(), "c/exact.png", &copy);
    let (index, cache) = prepared(root.path());
    let known = together(&index, &cache);
    assert_eq!((known.groups.len(), known.alike.len()), (0, 1), "{known:?}");
    let split = Split::make(&SplitMethod::Stratified, &index, &cache, 0.2, 1).unwrap();
    let class_c = split.val.iter().filter(|&&photo| index.photos[photo].class == 2).count();
    assert!((3..=5).contains(&class_c), "{class_c}");
    for seed in 0..10 {
        let split = Split::make(&SplitMethod::Stratified, &index, &cache, 0.4, seed).unwrap();
        assert_eq!(sides(&split, &["c/03.png", "c/exact.png"].map(|path| position(&index, path))).len(), 1);
    }
    let alike = Notice::LookAlike { photos: 21, example: "c/00.png".into(), class: "c".into() };
    assert_eq!(known.notices(&index), [alike]);
}

#[test]
fn what_a_given_division_tears_apart_is_known() {
    let root = TempDir::new().unwrap();
    for (part, start) in [("train", 0), ("val", 100), ("test", 200)] {
        for number in 0..6 {
            for (class, offset) in [("a", 0), ("b", 1000)] {
                let picture = encoded(scene(96, 72, start + offset + number), ImageFormat::Png);
                write(root.path(), &format!("{part}/{class}/{number}.png"), &picture);
            }
        }
    }
    write(root.path(), "val/a/near.jpg", &jpeg(&changed(3)[0], 80));
    write(root.path(), "test/b/exact.png", &encoded(scene(96, 72, 1002), ImageFormat::Png));
    write(root.path(), "test/b/of-val.jpg", &jpeg(&changed(1101)[2], 80));
    let (index, cache) = prepared(root.path());
    let split = Split::with(&SplitOptions::default(), &index, &cache).unwrap();
    let leaks = together(&index, &cache).leaks(&index, &split);
    let path = |photo: usize| index.photos[photo].path.as_str();
    let mut pairs: Vec<_> =
        leaks.iter().map(|leak| (path(leak.photo), leak.part, path(leak.same_as), leak.same_as_part)).collect();
    pairs.sort_unstable();
    let of_train = |leak, part, same_as| (leak, part, same_as, Part::Train);
    assert_eq!(
        pairs,
        [
            of_train("test/b/exact.png", Part::Test, "train/b/2.png"),
            ("test/b/of-val.jpg", Part::Test, "val/b/1.png", Part::Val),
            of_train("val/a/near.jpg", Part::Val, "train/a/3.png"),
        ]
    );
    let mut leaks: Vec<usize> = leaks.iter().map(|leak| leak.photo).collect();
    leaks.sort_unstable();
    let mut expected = ["val/a/near.jpg", "test/b/exact.png", "test/b/of-val.jpg"].map(|path| position(&index, path));
    expected.sort_unstable();
    assert_eq!(leaks, expected);
    let report = crate::check::pictures::checked(root.path());
    let mut found = crate::check::pictures::paths(&report, umbel::check::FindingKind::Leak);
    found.sort_unstable();
    assert_eq!(found, ["test/b/exact.png", "test/b/of-val.jpg", "val/a/near.jpg"], "a check says the same");
}

#[test]
fn fingerprints_come_back_from_the_cache_as_they_were() {
    let root = with_copies();
    let (index, cache) = prepared(root.path());
    for (position, photo) in index.photos.iter().enumerate() {
        let picture = image::open(root.path().join(&photo.path)).unwrap().into_rgb8();
        let print = cache.fingerprint(position).unwrap().unwrap();
        assert_eq!(print, Fingerprint::from_bytes(&print.to_bytes()));
        // Another JPEG decoder may differ in the last digit.
        if photo.path.ends_with(".png") {
            assert_eq!(print, Fingerprint::of(&picture), "{}", photo.path);
        }
    }
    let stop = Interrupt::default();
    stop.request();
    assert!(matches!(cache.look_alikes(&stop), Err(umbel::Error::Interrupted)));
    let found = cache.look_alikes(&Interrupt::default()).unwrap();
    assert_eq!(cache.look_alikes(&stop).unwrap(), found, "found once");
}
