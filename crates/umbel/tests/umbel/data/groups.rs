//! Splits by group: whole groups, class shares as well as these allow, and messages for patterns that do not fit.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use image::ImageFormat;
use tempfile::TempDir;
use umbel::data::{Cache, GroupBy, Index, Split, SplitMethod, SplitOptions};
use umbel::{Error, PredictError, data};

use super::pictures::{drawn, encoded, folder, prepared, write};
use super::split::{assert_parts_divide, per_class};

fn by(pattern: &str, test: Option<f64>, seed: u64) -> SplitOptions {
    SplitOptions { group_by: Some(GroupBy::new(pattern).unwrap()), test, seed, ..SplitOptions::default() }
}

/// Photos of plants, one to six of each. A plant has photos in one class, or (every fifth) in two.
fn plants(plants: usize) -> TempDir {
    let root = TempDir::new().unwrap();
    for plant in 0..plants {
        for photo in 0..1 + plant * 7 % 6 {
            let class = (plant % 3 + usize::from(plant % 5 == 0) * (photo % 2)) % 3;
            let picture = drawn(40, 36, (plant * 10 + photo) as u32);
            let path = format!("{}/plant{plant:02}_{photo}.png", ["fern", "moss", "oak"][class]);
            write(root.path(), &path, &encoded(picture, ImageFormat::Png));
        }
    }
    root
}

const PLANT: &str = "(plant[0-9]+)_";

fn plants_of<'a>(index: &'a Index, part: &[usize]) -> BTreeSet<&'a str> {
    part.iter().map(|&position| index.photos[position].path.split(['/', '_']).nth(1).unwrap()).collect()
}

fn assert_groups_whole(index: &Index, cache: &Cache, split: &Split) {
    assert_parts_divide(split, cache);
    let [train, val, test] = [&split.train, &split.val, &split.test].map(|part| plants_of(index, part));
    assert!(train.is_disjoint(&val) && train.is_disjoint(&test) && val.is_disjoint(&test));
}

#[test]
fn a_group_is_on_one_side_and_classes_keep_their_shares() {
    let root = plants(60);
    let (index, cache) = prepared(root.path());
    let all = per_class(&index, cache.usable());
    for seed in 0..10 {
        for test in [None, Some(0.2)] {
            let options = by(PLANT, test, seed);
            let split = Split::with(&options, &index, &cache).unwrap();
            assert_groups_whole(&index, &cache, &split);
            for part in [&split.val, &split.test].into_iter().filter(|part| !part.is_empty()) {
                for (class, count) in per_class(&index, part) {
                    let target = all[&class] as f64 * 0.2;
                    assert!((count as f64 - target).abs() <= 2.0, "{seed}: class {class} has {count}, not {target}");
                }
            }
            assert_eq!(split.test.is_empty(), test.is_none());
            assert_eq!(split, Split::with(&options, &index, &cache).unwrap());
        }
    }
    let of_seed = |seed| Split::with(&by(PLANT, None, seed), &index, &cache).unwrap();
    assert_ne!(of_seed(1), of_seed(2));
}

#[test]
fn folds_keep_groups_whole() {
    let root = plants(40);
    let (index, cache) = prepared(root.path());
    let splits = Split::folds(&by(PLANT, Some(0.2), 1), 4, &index, &cache).unwrap();
    let mut seen = BTreeMap::new();
    for split in &splits {
        assert_groups_whole(&index, &cache, split);
        for plant in plants_of(&index, &split.val) {
            *seen.entry(plant).or_insert(0) += 1;
        }
        assert_eq!(per_class(&index, &split.val).len(), 3);
    }
    assert!(seen.values().all(|folds| *folds == 1), "{seen:?}");
    assert_eq!(seen.len() + plants_of(&index, &splits[0].test).len(), 40);
}

#[test]
fn copies_join_the_groups_that_they_are_in() {
    let root = plants(12);
    let copy = fs::read(root.path().join("fern/plant03_0.png")).unwrap();
    write(root.path(), "fern/plant06_9.png", &copy);
    let (index, cache) = prepared(root.path());
    for seed in 0..10 {
        let split = Split::with(&by(PLANT, None, seed), &index, &cache).unwrap();
        let val = plants_of(&index, &split.val);
        assert_eq!(val.contains("plant03"), val.contains("plant06"), "{seed}");
    }
}

#[test]
fn few_groups_still_put_every_class_on_both_sides() {
    let root = TempDir::new().unwrap();
    for class in ["a", "b"] {
        for plant in 0..2 {
            for photo in 0..4 {
                let seed = plant * 10 + photo + if class == "a" { 0 } else { 500 };
                let picture = encoded(drawn(40, 36, seed), ImageFormat::Png);
                write(root.path(), &format!("{class}/{class}{plant}_{photo}.png"), &picture);
            }
        }
    }
    let (index, cache) = prepared(root.path());
    for seed in 0..20 {
        let split = Split::with(&by("([a-z][0-9])_", None, seed), &index, &cache).unwrap();
        assert_eq!(per_class(&index, &split.train), BTreeMap::from([(0, 4), (1, 4)]));
        assert_eq!(per_class(&index, &split.val), BTreeMap::from([(0, 4), (1, 4)]));
    }
}

#[test]
fn the_key_is_the_first_group_or_the_whole_match() {
    let key = |pattern: &str, path| GroupBy::new(pattern).unwrap().key(path).map(str::to_string);
    assert_eq!(key("p([0-9]+)_", "a/p12_3.jpg").as_deref(), Some("12"));
    assert_eq!(key("p[0-9]+", "a/p12_3.jpg").as_deref(), Some("p12"));
    assert_eq!(key("(?:p|q)([0-9]+)", "a/q7.jpg").as_deref(), Some("7"));
    assert_eq!(key(r"(?i)^\w+/(\w+?)_", "Äpfel/P7_1.jpg").as_deref(), Some("P7"));
    assert_eq!(key("p([0-9]*)", "a/p.jpg"), None, "an empty key is none");
    assert_eq!(key("p(x)?", "a/p.jpg"), None);
}

#[test]
fn patterns_that_do_not_fit_are_said() {
    let error = GroupBy::new("plant([0-9]+").unwrap_err();
    assert!(
        matches!(&error, Error::Data(data::Error::GroupPattern { pattern, .. }) if pattern == "plant([0-9]+"),
        "{error}"
    );
    assert!(error.to_string().ends_with(": unclosed group"), "{error}");

    let root = folder(&[3, 3]);
    write(root.path(), "b/scan-7.png", &encoded(drawn(40, 36, 77), ImageFormat::Png));
    write(root.path(), "b/scan-8.png", &encoded(drawn(40, 36, 78), ImageFormat::Png));
    let (index, cache) = prepared(root.path());
    let error = Split::with(&by("/([0-9]+)", None, 0), &index, &cache).unwrap_err();
    assert!(
        matches!(&error, Error::Data(data::Error::NoGroup { photo, others: 1, .. }) if photo == "b/scan-7.png"),
        "{error}"
    );
    let error = Split::with(&by("png", None, 0), &index, &cache).unwrap_err();
    assert!(matches!(error, Error::Data(data::Error::EmptyPart { part: "validation", .. })), "{error}");
    assert!(error.to_string().contains("groups"), "{error}");
    let keras = SplitOptions { method: SplitMethod::Keras, ..by("[0-9]", None, 0) };
    assert!(matches!(Split::with(&keras, &index, &cache), Err(Error::Predict(PredictError::Setting { .. }))));
}
