//! Folders that come divided: `train/`, `val/`, `test/`.

use std::fs;

use image::ImageFormat;
use tempfile::TempDir;
use umbel::base::notice::Notice;
use umbel::data::{GroupBy, Index, Part, Split, SplitMethod, SplitOptions};
use umbel::{Error, PredictError, data};

use super::pictures::{drawn, encoded, prepared, write};

/// Pictures numbered from 0 in each of these folders.
fn folders(counts: &[(&str, u32)]) -> TempDir {
    let root = TempDir::new().unwrap();
    for (place, &(folder, count)) in counts.iter().enumerate() {
        fs::create_dir_all(root.path().join(folder)).unwrap();
        for i in 0..count {
            let picture = encoded(drawn(40, 36, place as u32 * 100 + i), ImageFormat::Png);
            write(root.path(), &format!("{folder}/{i}.png"), &picture);
        }
    }
    root
}

fn paths(index: &Index, part: &[usize]) -> Vec<String> {
    part.iter().map(|&position| index.photos[position].path.clone()).collect()
}

fn missing(class: &str, part: Part) -> Notice {
    Notice::ClassMissing { class: class.into(), part }
}

#[test]
fn parts_stay_and_classes_are_matched_by_name() {
    for val in ["val", "valid", "validation"] {
        // By index, val/tulips would be class 0.
        let val_tulips = format!("{val}/tulips");
        let root = folders(&[("train/roses", 3), ("train/tulips", 2), (&val_tulips, 2), ("test/roses", 1)]);
        fs::create_dir_all(root.path().join(val).join("roses")).unwrap();
        let (index, cache) = prepared(root.path());
        assert_eq!(index.classes, ["roses", "tulips"]);
        assert_eq!(index.problems, []);
        let split = Split::with(&SplitOptions::default(), &index, &cache).unwrap();
        assert_eq!(split.train.len(), 5);
        assert_eq!(paths(&index, &split.val), [format!("{val}/tulips/0.png"), format!("{val}/tulips/1.png")]);
        assert_eq!(paths(&index, &split.test), ["test/roses/0.png"]);
        assert!(split.val.iter().all(|&position| index.photos[position].class == 1));
        assert_eq!(split.missing_classes(&index), [missing("roses", Part::Val), missing("tulips", Part::Test)]);

        let file = root.path().join("split.csv");
        split.write(&file, &index).unwrap();
        assert!(fs::read_to_string(&file).unwrap().contains("\ntest/roses/0.png,roses,test\n"));
        assert_eq!(Split::with(&SplitOptions::from_file(file), &index, &cache).unwrap(), split);
    }
}

#[test]
fn a_class_that_never_trains_is_said() {
    let root = folders(&[("train/a", 3), ("train/b", 3), ("val/b", 1), ("val/c", 1)]);
    let (index, cache) = prepared(root.path());
    assert_eq!(index.classes, ["a", "b", "c"]);
    let said = Split::with(&SplitOptions::default(), &index, &cache).unwrap().missing_classes(&index);
    assert_eq!(said, [missing("c", Part::Train), missing("a", Part::Val)]);
}

#[test]
fn without_a_validation_part_it_is_taken_from_training() {
    let root = folders(&[("train/a", 10), ("train/b", 10), ("test/a", 3), ("test/b", 3)]);
    let (index, cache) = prepared(root.path());
    let split = Split::with(&SplitOptions::default(), &index, &cache).unwrap();
    assert_eq!((split.train.len(), split.val.len(), split.test.len()), (16, 4, 6));
    assert!(paths(&index, &split.val).iter().all(|path| path.starts_with("train/")));
    assert!(paths(&index, &split.test).iter().all(|path| path.starts_with("test/")));
    let splits = Split::folds(&SplitOptions::default(), 4, &index, &cache).unwrap();
    assert!(splits.iter().all(|fold| fold.test == split.test && fold.val.len().abs_diff(5) <= 1));
    let with_test = SplitOptions { test: Some(0.1), ..SplitOptions::default() };
    assert!(matches!(Split::with(&with_test, &index, &cache), Err(Error::Predict(PredictError::Setting { .. }))));
}

#[test]
fn settings_of_a_split_are_refused_where_the_parts_are_given() {
    let root = folders(&[("train/a", 3), ("train/b", 3), ("val/a", 1), ("val/b", 1)]);
    let (index, cache) = prepared(root.path());
    let default = SplitOptions::default;
    for (options, what) in [
        (SplitOptions { test: Some(0.1), ..default() }, "test_split"),
        (SplitOptions { group_by: Some(GroupBy::new(".").unwrap()), ..default() }, "group_by"),
        (SplitOptions { method: SplitMethod::Keras, ..default() }, "keras"),
    ] {
        let error = Split::with(&options, &index, &cache).unwrap_err();
        assert!(
            matches!(error, Error::Predict(PredictError::Setting { .. })) && error.to_string().contains(what),
            "{error}"
        );
    }
    let error = Split::folds(&default(), 2, &index, &cache).unwrap_err();
    assert!(error.to_string().contains("validation part of their own"), "{error}");
}

#[test]
fn only_folders_of_folders_are_parts() {
    let classes = |counts: &[(&str, u32)]| Index::scan(folders(counts).path()).unwrap();
    // Classes that are called so.
    let index = classes(&[("train", 2), ("test", 2)]);
    assert_eq!((index.classes.as_slice(), &index.parts), (["test".to_string(), "train".into()].as_slice(), &None));
    let index = classes(&[("train/a", 1), ("train/b", 1), ("val/a", 1)]);
    assert_eq!(index.parts, Some(vec![Part::Train, Part::Val, Part::Train]));
    assert!(index.comes_with(Part::Val) && !index.comes_with(Part::Test));

    let error = |counts: &[(&str, u32)]| Index::scan(folders(counts).path()).unwrap_err();
    let mixed = error(&[("train/a", 1), ("train/b", 1), ("test", 3)]);
    assert!(matches!(&mixed, Error::Data(data::Error::MixedPartFolders { folder, .. }) if folder == "test"), "{mixed}");
    let twice = error(&[("train/a", 1), ("train/b", 1), ("val/a", 1), ("validation/a", 1)]);
    assert!(matches!(&twice, Error::Data(data::Error::TwoPartFolders { .. })), "{twice}");
    assert!(matches!(error(&[("train/a", 1), ("val/a", 1)]), Error::Data(data::Error::OneClass { .. })));
    assert!(matches!(error(&[("train/a", 0), ("val/a", 0)]), Error::Data(data::Error::NoPictures { .. })));
}
