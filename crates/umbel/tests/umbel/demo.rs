//! Tests of `demo`: the drawn flowers are the same every time, are a task of shapes, and lie in a folder like photos do.

use std::path::Path;

use image::RgbImage;
use rayon::prelude::*;
use tempfile::tempdir;
use umbel::data::Index;
use umbel::demo::{CLASSES, draw, write_folder};
use umbel::{Error, PredictError};

#[test]
fn the_same_flower_is_drawn_every_time_and_no_two_are_alike() {
    for (class, name) in CLASSES.iter().enumerate() {
        let first = draw(class, 7, 3, 64);
        assert_eq!(first.dimensions(), (64, 64));
        assert!(first == draw(class, 7, 3, 64));
        assert!(first != draw(class, 7, 4, 64));
        assert!(first != draw(class, 8, 3, 64));
        assert!(first != draw((class + 1) % CLASSES.len(), 7, 3, 64));
        let mut colors: Vec<[u8; 3]> = first.pixels().map(|pixel| pixel.0).collect();
        colors.sort_unstable();
        colors.dedup();
        assert!(colors.len() > 100, "{name} has {} colors", colors.len());
    }
}

#[test]
fn every_size_and_class_number_gives_a_picture() {
    for size in [0, 1, 2, 3, 5, 17, 255] {
        for class in 0..CLASSES.len() {
            // A canvas has at least one pixel.
            assert_eq!(draw(class, 1, 1, size).dimensions(), (size.max(1), size.max(1)));
        }
    }
    assert!(draw(CLASSES.len() + 1, 1, 1, 32) == draw(1, 1, 1, 32));
}

/// A picture's colors without any shape: the shares of 64 colors, and the mean.
fn colors(picture: &RgbImage) -> Vec<f64> {
    let pixels = f64::from(picture.width() * picture.height());
    let mut features = vec![0.0; 67];
    for [r, g, b] in picture.pixels().map(|pixel| pixel.0.map(usize::from)) {
        features[(r / 64) * 16 + (g / 64) * 4 + b / 64] += 1.0 / pixels;
        for (channel, value) in [r, g, b].into_iter().enumerate() {
            features[64 + channel] += value as f64 / 255.0 / pixels;
        }
    }
    features
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

fn nearest(of: &[f64], among: &[Vec<f64>]) -> usize {
    (0..among.len()).min_by(|&a, &b| distance(of, &among[a]).total_cmp(&distance(of, &among[b]))).unwrap()
}

#[test]
fn color_alone_does_not_tell_the_flowers_apart() {
    const TRAIN: u64 = 120;
    const TEST: u64 = 60;
    let per_class: Vec<Vec<Vec<f64>>> = (0..CLASSES.len())
        .map(|class| (0..TRAIN + TEST).into_par_iter().map(|n| colors(&draw(class, 123, n, 48))).collect())
        .collect();
    for (name, part) in [("histogram", 0..64), ("mean color", 64..67), ("both", 0..67)] {
        let means: Vec<Vec<f64>> = per_class
            .iter()
            .map(|all| {
                part.clone().map(|k| all[..TRAIN as usize].iter().map(|f| f[k]).sum::<f64>() / TRAIN as f64).collect()
            })
            .collect();
        let right: usize = per_class
            .iter()
            .enumerate()
            .map(|(class, all)| {
                all[TRAIN as usize..].iter().filter(|f| nearest(&f[part.clone()], &means) == class).count()
            })
            .sum();
        let accuracy = right as f64 / (CLASSES.len() as u64 * TEST) as f64;
        assert!(accuracy < 0.45, "the nearest class by {name} is right on {accuracy}");
    }
}

#[test]
fn a_folder_of_flowers_looks_like_a_folder_of_photos() {
    let folder = tempdir().unwrap();
    let root = folder.path().join("new/flowers");
    write_folder(&root, 11, 32, 123).unwrap();
    let index = Index::scan(&root).unwrap();
    assert_eq!(index.classes, CLASSES);
    assert_eq!(index.photos.len(), 55);
    assert!(index.problems.is_empty());
    assert!(root.join("roses/roses_0000.jpg").is_file() && root.join("tulips/tulips_0009.png").is_file());
    // PNG keeps every pixel, JPEG nearly.
    assert!(image::open(root.join("daisy/daisy_0009.png")).unwrap().to_rgb8() == draw(0, 123, 9, 32));
    let jpeg = image::open(root.join("daisy/daisy_0010.jpg")).unwrap().to_rgb8();
    let exact = draw(0, 123, 10, 32);
    let error: u64 = jpeg.iter().zip(exact.iter()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    assert!(error / (32 * 32 * 3) < 12, "{error}");
    // Nothing but the folder itself is left.
    assert_eq!(std::fs::read_dir(folder.path().join("new")).unwrap().count(), 1);
}

#[test]
fn only_a_new_or_empty_folder_is_written_to() {
    let folder = tempdir().unwrap();
    let empty = folder.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    write_folder(&empty, 1, 16, 1).unwrap();
    assert!(matches!(write_folder(&empty, 1, 16, 1), Err(Error::FolderNotEmpty { path }) if path == empty));
    let file = folder.path().join("file");
    std::fs::write(&file, "mine").unwrap();
    assert!(matches!(write_folder(&file, 1, 16, 1), Err(Error::Predict(PredictError::Io { .. }))));
    assert!(matches!(write_folder(&file.join("below"), 1, 16, 1), Err(Error::Predict(PredictError::Io { .. }))));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
}

#[test]
fn a_folder_of_no_flowers_has_its_classes() {
    let folder = tempdir().unwrap();
    let root = folder.path().join("none");
    write_folder(&root, 0, 16, 1).unwrap();
    assert!(CLASSES.iter().all(|class| root.join(Path::new(class)).is_dir()));
}
