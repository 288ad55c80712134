//! `--split keras` against `image_dataset_from_directory`: which files train and which validate.

use std::collections::BTreeSet;
use std::path::Path;

use image::RgbImage;
use serde::Deserialize;
use umbel::base::progress::{Interrupt, Silent};
use umbel::data::split::keras_permutation;
use umbel::data::{Cache, CacheOptions, Index, PrepSpec, Split, SplitMethod};

use super::{files, formula};

#[derive(Deserialize)]
struct GoldenSplits {
    folders: Vec<Folder>,
    permutations: Vec<Permutation>,
}

#[derive(Deserialize)]
struct Folder {
    name: String,
    files: Vec<String>,
    classes: Vec<String>,
    splits: Vec<Parts>,
}

#[derive(Deserialize)]
struct Parts {
    seed: u64,
    validation_split: f64,
    training: BTreeSet<String>,
    validation: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Permutation {
    n: usize,
    seed: u32,
    first: Vec<usize>,
    last: Vec<usize>,
}

#[test]
fn the_keras_split_picks_the_files_that_keras_picks() {
    for folder in files::json::<GoldenSplits>("data/split.json").folders {
        let root = tempfile::tempdir().unwrap();
        let cache_folder = tempfile::tempdir().unwrap();
        make_folder(root.path(), &folder.files);
        let index = Index::scan(root.path()).unwrap();
        assert_eq!(index.classes, folder.classes, "classes of {}", folder.name);
        let prep = PrepSpec { image_size: 32, ..PrepSpec::default() };
        let options = CacheOptions { folder: cache_folder.path().to_owned(), ..CacheOptions::default() };
        let cache = Cache::open(&index, &prep, &options, &mut Silent, &Interrupt::default()).unwrap();
        for parts in &folder.splits {
            let what = format!("{} with seed {} and {}", folder.name, parts.seed, parts.validation_split);
            let split = Split::make(&SplitMethod::Keras, &index, &cache, parts.validation_split, parts.seed).unwrap();
            let names = |positions: &[usize]| -> BTreeSet<String> {
                positions.iter().map(|&p| index.photos[p].path.clone()).collect()
            };
            assert_eq!(names(&split.val), parts.validation, "validation files of {what}");
            assert_eq!(names(&split.train), parts.training, "training files of {what}");
            assert_eq!(split.train.len() + split.val.len(), parts.training.len() + parts.validation.len(), "{what}");
            assert!(split.test.is_empty(), "{what}");
        }
    }
}

fn make_folder(root: &Path, files: &[String]) {
    for (i, file) in files.iter().enumerate() {
        let path = root.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        if file.ends_with(".txt") {
            std::fs::write(path, "not a picture\n").unwrap();
        } else {
            let photo = RgbImage::from_raw(2, 2, formula::picture(i as u64, 12)).unwrap();
            photo.save_with_format(path, image::ImageFormat::Png).unwrap();
        }
    }
}

#[test]
fn the_keras_permutation_is_that_of_numpys_legacy_shuffle() {
    for case in files::json::<GoldenSplits>("data/split.json").permutations {
        let ours = keras_permutation(case.n, case.seed);
        let what = format!("{} files, seed {}", case.n, case.seed);
        assert_eq!(ours[..case.first.len()], case.first, "{what}");
        assert_eq!(ours[case.n - case.last.len()..], case.last, "{what}");
        let seen: BTreeSet<usize> = ours.iter().copied().collect();
        assert_eq!(seen.len(), case.n, "{what}");
    }
}
