use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use image::ImageFormat;
use tempfile::TempDir;
use umbel::data::split::{GroupBy, keras_permutation};
use umbel::data::{Cache, Index, Split, SplitFileError, SplitMethod, SplitOptions};
use umbel::{Error, PredictError, data};

use super::pictures::{drawn, encoded, flowers, folder, prepared, write};

/// `a = list(range(n)); numpy.random.RandomState(seed).shuffle(a)` with numpy 2.4.6: (n, seed, a).
const SHUFFLED: [(usize, u32, &[usize]); 16] = [
    (1, 0, &[0]),
    (1, 1, &[0]),
    (1, 123, &[0]),
    (1, 4294967295, &[0]),
    (2, 0, &[1, 0]),
    (2, 1, &[0, 1]),
    (2, 123, &[1, 0]),
    (2, 4294967295, &[0, 1]),
    (3, 0, &[2, 1, 0]),
    (3, 1, &[0, 2, 1]),
    (3, 123, &[0, 1, 2]),
    (3, 4294967295, &[1, 0, 2]),
    (10, 0, &[2, 8, 4, 9, 1, 6, 7, 3, 0, 5]),
    (10, 1, &[2, 9, 6, 4, 0, 3, 1, 7, 8, 5]),
    (10, 123, &[4, 0, 7, 5, 8, 3, 1, 6, 9, 2]),
    (10, 4294967295, &[6, 9, 5, 1, 8, 0, 7, 4, 2, 3]),
];

/// The same for longer lists: (n, seed, a[:4], digest), with the digest `h = 0; for x in a: h = (h * 31 + x) % 2**64`.
const SHUFFLED_LONG: [(usize, u32, [usize; 4], u64); 12] = [
    (100, 0, [26, 86, 2, 55], 0xab28f1bb39ea0258),
    (100, 1, [80, 84, 33, 81], 0x39d0462a7a53dc46),
    (100, 123, [8, 70, 82, 28], 0xeb017e6e1562ab58),
    (100, 4294967295, [92, 36, 80, 77], 0xba40dcebe7c2605a),
    (2935, 0, [253, 899, 276, 1628], 0x90f165d35da0e6f5),
    (2935, 1, [1265, 2716, 2707, 2024], 0x43add0bb7e83375),
    (2935, 123, [2862, 1289, 208, 2549], 0x216c837f34576783),
    (2935, 4294967295, [2921, 2479, 1251, 106], 0x2d62c786c8fa3023),
    (70000, 0, [10840, 56267, 14849, 62726], 0xfc460f2f9c0e0130),
    (70000, 1, [6670, 49567, 50796, 22310], 0x919186aa26131552),
    (70000, 123, [21971, 16953, 48447, 42344], 0xa840682e3780a540),
    (70000, 4294967295, [14972, 66828, 49490, 22806], 0xb7ca040f330a7894),
];

#[test]
fn numpy_shuffles_are_reproduced() {
    for (n, seed, expected) in SHUFFLED {
        assert_eq!(keras_permutation(n, seed), expected, "{n} {seed}");
    }
    for (n, seed, start, digest) in SHUFFLED_LONG {
        let order = keras_permutation(n, seed);
        assert_eq!(order[..4], start, "{n} {seed}");
        let got = order.iter().fold(0u64, |digest, &x| digest.wrapping_mul(31).wrapping_add(x as u64));
        assert_eq!(got, digest, "{n} {seed}");
    }
    assert!(keras_permutation(0, 1).is_empty());
}

fn make(method: &SplitMethod, index: &Index, cache: &Cache, fraction: f64, seed: u64) -> Split {
    Split::make(method, index, cache, fraction, seed).unwrap()
}

fn stratified(index: &Index, cache: &Cache, fraction: f64, seed: u64) -> Split {
    make(&SplitMethod::Stratified, index, cache, fraction, seed)
}

/// Photos of each class in a part.
pub fn per_class(index: &Index, part: &[usize]) -> BTreeMap<u32, usize> {
    part.iter().fold(BTreeMap::new(), |mut counts, &position| {
        *counts.entry(index.photos[position].class).or_default() += 1;
        counts
    })
}

pub fn assert_parts_divide(split: &Split, cache: &Cache) {
    let all: BTreeSet<usize> = split.train.iter().chain(&split.val).chain(&split.test).copied().collect();
    assert_eq!(all.len(), split.train.len() + split.val.len() + split.test.len(), "each photo once");
    assert_eq!(all, cache.usable().iter().copied().collect(), "every usable photo");
}

#[test]
fn stratified_keeps_shares_and_depends_on_the_seed_alone() {
    let root = folder(&[50, 20, 7, 2, 1]);
    write(root.path(), "a/broken.png", b"x");
    let (index, cache) = prepared(root.path());
    let split = stratified(&index, &cache, 0.2, 123);
    assert_parts_divide(&split, &cache);
    assert_eq!(per_class(&index, &split.val), BTreeMap::from([(0, 10), (1, 4), (2, 1), (3, 1)]));
    assert_eq!(split, stratified(&index, &cache, 0.2, 123));
    assert_ne!(split, stratified(&index, &cache, 0.2, 124));
    assert!(split.train.is_sorted() && split.val.is_sorted());
    for fraction in [0.01, 0.5, 0.99] {
        let split = stratified(&index, &cache, fraction, 1);
        assert_parts_divide(&split, &cache);
        assert_eq!(per_class(&index, &split.train).len(), 5, "every class trains");
        assert_eq!(per_class(&index, &split.val).len(), 4, "every class but the single photo's validates");
    }
}

#[test]
fn photos_that_are_judged_by_folds_all_train() {
    let root = folder(&[20, 20, 3, 1]);
    for i in 0..10 {
        let copy = fs::read(root.path().join(format!("a/{i:03}.png"))).unwrap();
        write(root.path(), &format!("a/copy{i}.png"), &copy);
    }
    let (index, cache) = prepared(root.path());
    let options = SplitOptions::default();
    let split = Split::judged_by_folds(&options, &index, &cache).unwrap();
    assert_parts_divide(&split, &cache);
    assert_eq!((split.train.len(), split.val.len(), split.folds.len()), (54, 0, 5));
    let fold_of: BTreeMap<usize, usize> = split
        .folds
        .iter()
        .enumerate()
        .flat_map(|(fold, photos)| photos.iter().map(move |&photo| (photo, fold)))
        .collect();
    assert_eq!(fold_of.len(), split.folds.iter().map(Vec::len).sum::<usize>(), "each photo in one fold");
    let of_class = |class| -> Vec<Option<usize>> {
        let photos = split.train.iter().filter(|&&photo| index.photos[photo].class == class);
        photos.map(|photo| fold_of.get(photo).copied()).collect()
    };
    // Who is alone trains in each fold; who has two others is judged by a layer that knows them.
    assert_eq!(of_class(3), [None]);
    let three: BTreeSet<Option<usize>> = of_class(2).into_iter().collect();
    assert!(three.len() == 3 && !three.contains(&None), "{three:?}");
    assert!(split.folds.iter().all(|fold| fold.is_sorted() && (8..=12).contains(&fold.len())), "{:?}", split.folds);
    let at = |path: &str| fold_of[&index.photos.iter().position(|photo| photo.path == path).unwrap()];
    for i in 0..10 {
        assert_eq!(at(&format!("a/{i:03}.png")), at(&format!("a/copy{i}.png")), "copy {i}");
    }
    assert_eq!(split, Split::judged_by_folds(&options, &index, &cache).unwrap());

    let file = root.path().join("split.csv");
    split.write(&file, &index).unwrap();
    assert_eq!(Split::with(&SplitOptions::from_file(file.clone()), &index, &cache).unwrap(), split);
    assert!(fs::read_to_string(&file).unwrap().starts_with("path,class,part,fold\na/000.png,a,train,"));
    // Beside a validation part, a column of that name is somebody else's.
    let text = fs::read_to_string(&file).unwrap().replacen(",train,", ",val,", 2);
    fs::write(&file, text).unwrap();
    let other = Split::with(&SplitOptions::from_file(file), &index, &cache).unwrap();
    assert_eq!((other.val.len(), other.folds.len()), (2, 0));
}

#[test]
fn the_test_part_is_the_same_whatever_is_tuned_and_groups_stay_in_one_fold() {
    let root = folder(&[30, 30]);
    let (index, cache) = prepared(root.path());
    let group_by = GroupBy::new("([0-9])[0-9]\\.png").unwrap();
    for group_by in [None, Some(group_by)] {
        let options = SplitOptions { test: Some(0.2), group_by: group_by.clone(), ..SplitOptions::default() };
        let (folds, parts) =
            (Split::judged_by_folds(&options, &index, &cache).unwrap(), Split::with(&options, &index, &cache).unwrap());
        assert_eq!(folds.test, parts.test);
        assert_eq!(folds.train.len(), parts.train.len() + parts.val.len());
        let Some(group_by) = group_by else { continue };
        let key = |&photo: &usize| group_by.key(&index.photos[photo].path).unwrap().to_string();
        for (i, fold) in folds.folds.iter().enumerate() {
            let own: BTreeSet<String> = fold.iter().map(key).collect();
            let others = folds.folds.iter().enumerate().filter(|(k, _)| *k != i).flat_map(|(_, fold)| fold);
            assert!(others.map(key).all(|key| !own.contains(&key)), "fold {i}");
        }
    }
}

#[test]
fn exact_duplicates_stay_on_one_side() {
    let root = folder(&[20, 20, 1]);
    for i in 0..10 {
        let copy = fs::read(root.path().join(format!("a/{i:03}.png"))).unwrap();
        write(root.path(), &format!("a/copy{i}.png"), &copy);
    }
    write(root.path(), "b/conflict.png", &fs::read(root.path().join("a/015.png")).unwrap());
    // A class of nothing but copies of one photo.
    write(root.path(), "c/copy.png", &fs::read(root.path().join("c/000.png")).unwrap());
    let (index, cache) = prepared(root.path());
    for seed in 0..20 {
        let split = stratified(&index, &cache, 0.3, seed);
        assert_parts_divide(&split, &cache);
        let digests = |part: &[usize]| -> BTreeSet<[u8; 32]> {
            part.iter().map(|&position| cache.digest(position).unwrap()).collect()
        };
        assert!(digests(&split.train).is_disjoint(&digests(&split.val)));
        let counts = per_class(&index, &split.val);
        assert!(matches!(counts[&0], 7..=9), "{counts:?}");
        assert_eq!(counts[&1], 6);
        assert_eq!(counts.get(&2), None);
        let conflict = index.photos.iter().position(|photo| photo.path == "b/conflict.png").unwrap();
        assert!(split.train.contains(&conflict), "a photo with two labels is never measured on");
    }
}

fn three_way(val: f64, test: f64, seed: u64) -> SplitOptions {
    SplitOptions { val, test: Some(test), seed, ..SplitOptions::default() }
}

#[test]
fn a_test_part_has_its_share_and_leaves_the_validation_part_alone() {
    let root = folder(&[50, 20, 7, 3, 2, 1]);
    for i in 0..5 {
        let copy = fs::read(root.path().join(format!("a/{i:03}.png"))).unwrap();
        write(root.path(), &format!("a/copy{i}.png"), &copy);
    }
    let (index, cache) = prepared(root.path());
    for seed in 0..10 {
        let split = Split::with(&three_way(0.2, 0.1, seed), &index, &cache).unwrap();
        assert_parts_divide(&split, &cache);
        let (train, val, test) =
            (per_class(&index, &split.train), per_class(&index, &split.val), per_class(&index, &split.test));
        assert!(val[&0].abs_diff(11) <= 1 && test[&0].abs_diff(6) <= 1, "{val:?} {test:?}");
        assert_eq!((val[&1], val[&2], val[&3], val[&4]), (4, 1, 1, 1));
        assert_eq!((test[&1], test[&2], test[&3], test.get(&4)), (2, 1, 1, None), "validation goes first");
        assert_eq!(train.len(), 6, "every class trains");
        let two_way = stratified(&index, &cache, 0.2, seed);
        assert_eq!(split.val, two_way.val, "a test part is taken from training");
        let digests = |part: &[usize]| -> BTreeSet<[u8; 32]> {
            part.iter().map(|&position| cache.digest(position).unwrap()).collect()
        };
        assert!(digests(&split.test).is_disjoint(&digests(&split.train)));
        assert!(digests(&split.test).is_disjoint(&digests(&split.val)));
        assert_eq!(split, Split::with(&three_way(0.2, 0.1, seed), &index, &cache).unwrap());
    }
}

#[test]
fn settings_that_do_not_go_together_are_refused() {
    let root = folder(&[9, 9]);
    let (index, cache) = prepared(root.path());
    let refused = |options: SplitOptions, what: &str| {
        let error = Split::with(&options, &index, &cache).unwrap_err();
        assert!(
            matches!(error, Error::Predict(PredictError::Setting { .. })) && error.to_string().contains(what),
            "{error}"
        );
    };
    refused(three_way(0.6, 0.4, 0), "below 1");
    refused(three_way(0.2, 0.0, 0), "the test split is 0");
    refused(SplitOptions { method: SplitMethod::Keras, ..three_way(0.2, 0.2, 0) }, "Keras");
    let file = SplitMethod::File("split.csv".into());
    refused(SplitOptions { method: file, ..three_way(0.2, 0.2, 0) }, "split file");

    let pairs = folder(&[2, 2]);
    let (index, cache) = prepared(pairs.path());
    let error = Split::with(&three_way(0.2, 0.2, 0), &index, &cache).unwrap_err();
    assert!(matches!(error, Error::Data(data::Error::EmptyPart { part: "test", .. })), "{error}");
}

fn folds(options: &SplitOptions, folds: usize, index: &Index, cache: &Cache) -> Vec<Split> {
    Split::folds(options, folds, index, cache).unwrap()
}

#[test]
fn folds_validate_each_photo_once() {
    let root = folder(&[23, 11, 6, 1]);
    write(root.path(), "a/copy.png", &fs::read(root.path().join("a/000.png")).unwrap());
    write(root.path(), "b/conflict.png", &fs::read(root.path().join("a/005.png")).unwrap());
    let (index, cache) = prepared(root.path());
    let position = |path: &str| index.photos.iter().position(|photo| photo.path == path).unwrap();
    for seed in 0..10 {
        let options = SplitOptions { seed, ..SplitOptions::default() };
        let splits = folds(&options, 5, &index, &cache);
        assert_eq!(splits, folds(&options, 5, &index, &cache));
        let mut validated: Vec<usize> = splits.iter().flat_map(|split| split.val.clone()).collect();
        validated.sort_unstable();
        let never = ["a/005.png", "b/conflict.png", "d/000.png"].map(position);
        let expected: Vec<usize> = cache.usable().iter().copied().filter(|i| !never.contains(i)).collect();
        assert_eq!(validated, expected, "all but wrong labels and a class's only photo");
        for split in &splits {
            assert_parts_divide(split, &cache);
            assert_eq!(split.val.contains(&position("a/000.png")), split.val.contains(&position("a/copy.png")));
            let counts = per_class(&index, &split.val);
            assert!(matches!(counts[&0], 4..=5) && matches!(counts[&1], 2..=3), "{seed}: {counts:?}");
            assert!(matches!(counts[&2], 1..=2), "{seed}: {counts:?}");
            assert!(split.val.len().abs_diff(8) <= 1, "{seed}: {counts:?}");
        }
    }
    let other = SplitOptions { seed: 99, ..SplitOptions::default() };
    assert_ne!(folds(&other, 5, &index, &cache), folds(&SplitOptions::default(), 5, &index, &cache));
}

#[test]
fn folds_share_their_test_part() {
    let root = folder(&[20, 20]);
    let (index, cache) = prepared(root.path());
    let splits = folds(&three_way(0.2, 0.25, 3), 3, &index, &cache);
    for split in &splits {
        assert_parts_divide(split, &cache);
        assert_eq!(split.test, splits[0].test);
        assert_eq!(per_class(&index, &split.test), BTreeMap::from([(0, 5), (1, 5)]));
        assert_eq!(per_class(&index, &split.val), BTreeMap::from([(0, 5), (1, 5)]));
    }
}

#[test]
fn folds_that_cannot_be_made_are_refused() {
    let root = folder(&[4, 4]);
    let (index, cache) = prepared(root.path());
    for bad in [0, 1, 9, 1000] {
        let error = Split::folds(&SplitOptions::default(), bad, &index, &cache).unwrap_err();
        assert!(error.to_string().contains("from 2 to 8"), "{error}");
    }
    let keras = SplitOptions { method: SplitMethod::Keras, ..SplitOptions::default() };
    assert!(matches!(Split::folds(&keras, 2, &index, &cache), Err(Error::Predict(PredictError::Setting { .. }))));
}

#[test]
fn keras_split_takes_the_last_part_of_the_shuffled_listing() {
    let root = folder(&[6, 5]);
    // Keras lists the broken one by its name, and not the WebP.
    write(root.path(), "a/broken.jpg", b"x");
    write(root.path(), "b/new.webp", &encoded(drawn(9, 9, 1), ImageFormat::WebP));
    let (index, cache) = prepared(root.path());
    let split = make(&SplitMethod::Keras, &index, &cache, 0.25, 123);
    let listed: Vec<usize> = (0..index.photos.len()).filter(|&i| !index.photos[i].path.ends_with("webp")).collect();
    assert_eq!(listed.len(), 12);
    let order = keras_permutation(12, 123);
    let mut val: Vec<usize> = order[9..].iter().map(|&i| listed[i]).filter(|&i| cache.is_usable(i)).collect();
    val.sort_unstable();
    assert_eq!(split.val, val);
    assert_eq!(split.train.len() + split.val.len(), 11);
}

#[test]
fn a_split_is_written_and_read_back() {
    let root = folder(&[9, 9]);
    write(root.path(), "a/odd, \"name\".png", &encoded(drawn(9, 9, 99), ImageFormat::Png));
    let (index, cache) = prepared(root.path());
    for method in [SplitMethod::Stratified, SplitMethod::Keras] {
        let mut split = make(&method, &index, &cache, 0.3, 5);
        split.test.push(split.train.remove(0));
        let runs = TempDir::new().unwrap();
        let path = runs.path().join("split.csv");
        split.write(&path, &index).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("path,class,part\na/000.png,a,"), "{text}");
        assert!(text.contains("\n\"a/odd, \"\"name\"\".png\",a,"), "{text}");
        assert!(text.lines().skip(1).filter(|line| !line.starts_with('"')).is_sorted(), "{text}");
        assert_eq!(make(&SplitMethod::File(path.clone()), &index, &cache, f64::NAN, 0), split);
        split.write(&path, &index).unwrap();
        assert_eq!(fs::read_dir(runs.path()).unwrap().count(), 1, "no scratch file");
    }
}

#[test]
fn a_wrong_split_file_names_the_line() {
    let root = folder(&[3, 3]);
    let (index, cache) = prepared(root.path());
    let scratch = TempDir::new().unwrap();
    let path = scratch.path().join("split.csv");
    let read = |text: &str| {
        fs::write(&path, text).unwrap();
        Split::make(&SplitMethod::File(path.clone()), &index, &cache, 0.2, 0)
    };
    let wrong = |text: &str| match read(text).unwrap_err() {
        Error::Data(data::Error::SplitFile { source, path: named }) => {
            assert_eq!(named, path);
            source
        }
        other => panic!("{other}"),
    };
    let good = "\u{feff}part,extra,path,class\ntrain,1,a/000.png,a\nval,2,b/001.png,b\n";
    // As a spreadsheet saves it again.
    let saved = "Part;extra;Path;Class\r\nTraining;1;a/000.png;a\r\n\r\nVAL;2;b/001.png;b\r\n;;;\r\n";
    assert_eq!(read(saved).unwrap(), read(good).unwrap());
    let split = read(good).unwrap();
    assert_eq!(
        (split.train, split.val, split.test),
        (vec![0], vec![4], vec![]),
        "photos that are not named are left out"
    );

    assert!(matches!(wrong("path,part\n"), SplitFileError::MissingColumn { column: "class", .. }));
    assert!(matches!(wrong(""), SplitFileError::MissingColumn { column: "path", .. }));
    let start = "path,class,part\na/000.png,a,train\n";
    let second = |line: &str| wrong(&format!("{start}{line}\n"));
    assert!(matches!(second("a/9.png,a,val"), SplitFileError::UnknownPath { line: 3, .. }));
    assert!(matches!(second("../a/001.png,a,val"), SplitFileError::UnknownPath { line: 3, .. }));
    assert!(matches!(second("a/001.png,b,val"), SplitFileError::WrongClass { line: 3, .. }));
    assert!(matches!(second("a/001.png,a,third"), SplitFileError::UnknownPart { line: 3, .. }));
    assert!(matches!(second("a/000.png,a,val"), SplitFileError::Repeated { line: 3, .. }));
    assert!(matches!(second("a/001.png,a"), SplitFileError::Malformed(_)));
    assert!(matches!(second("\n\r\n\"\na/001.png\",a,val"), SplitFileError::UnknownPath { line: 5, .. }));
    assert!(matches!(
        wrong(&format!("{}x,a,val\r", start.replace('\n', "\r"))),
        SplitFileError::UnknownPath { line: 3, .. }
    ));
    assert!(matches!(read(start), Err(Error::Data(data::Error::EmptyPart { part: "validation", .. }))));
    let absent = SplitMethod::File(scratch.path().join("absent.csv"));
    assert!(matches!(Split::make(&absent, &index, &cache, 0.2, 0), Err(Error::Predict(PredictError::Io { .. }))));
}

#[test]
fn settings_that_leave_a_part_empty_are_refused() {
    let root = folder(&[2, 2]);
    let (index, cache) = prepared(root.path());
    for fraction in [0.0, 1.0, -0.5, f64::NAN] {
        let error = Split::make(&SplitMethod::Stratified, &index, &cache, fraction, 0).unwrap_err();
        assert!(matches!(error, Error::Predict(PredictError::Setting { .. })), "{error}");
    }
    let keras = |fraction, seed| Split::make(&SplitMethod::Keras, &index, &cache, fraction, seed);
    assert!(matches!(keras(0.2, 0), Err(Error::Data(data::Error::EmptyPart { part: "validation", .. }))));
    assert!(matches!(keras(0.5, 1 << 32), Err(Error::Predict(PredictError::Setting { .. }))));
    assert!(keras(0.5, (1 << 32) - 1).is_ok());

    let singles = folder(&[1, 1]);
    let (index, cache) = prepared(singles.path());
    let error = Split::make(&SplitMethod::Stratified, &index, &cache, 0.2, 0).unwrap_err();
    assert!(matches!(error, Error::Data(data::Error::EmptyPart { part: "validation", photos: 2, .. })));
}

#[test]
fn a_folder_whose_pictures_are_all_broken_is_refused() {
    let root = folder(&[2]);
    write(root.path(), "b/broken.jpg", b"x");
    let (index, cache) = prepared(root.path());
    let error = Split::make(&SplitMethod::Stratified, &index, &cache, 0.2, 0).unwrap_err();
    assert!(matches!(error, Error::Data(data::Error::NothingUsable { photos: 3, usable: 2, classes: 1, .. })));
    assert!(error.to_string().contains("b/broken.jpg"), "{error}");
}

#[test]
fn flowers_with_copies_are_kept_apart() {
    let Some((index, cache)) = flowers() else {
        return;
    };
    let split = stratified(index, cache, 0.2, 123);
    assert_parts_divide(&split, cache);
    assert!(split.val.len().abs_diff(587) <= 3, "{}", split.val.len());
    let train: BTreeSet<_> = split.train.iter().map(|&position| cache.digest(position)).collect();
    assert!(split.val.iter().all(|&position| !train.contains(&cache.digest(position))));
}
