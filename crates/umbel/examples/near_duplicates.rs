//! Measures the search for near duplicates: `cargo run --release --example near_duplicates -- FOLDER [COPIES]`.
//!
//! Takes photos of FOLDER at random (fixed seed), makes a changed copy of each (resized to 50-90 %, JPEG quality 40-90,
//! 0-5 % cropped from every side, brightness ±10 %, or all at once), puts them among all the photos in a scratch folder,
//! and asks `check` for groups. Recall: made copies that are grouped with their original. Precision: pairs within groups
//! that are an original and its copies. Pairs that the folder has by itself are listed, to be judged by eye.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::time::Instant;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use image::{ImageEncoder, RgbImage};
use umbel::base::progress::{Interrupt, Silent};
use umbel::base::random::{Purpose, Stream};
use umbel::check::{Likeness, check};
use umbel::data::Index;
use umbel::data::decode::{Limits, decode_file};

const SEED: u64 = 20_260_101;
const CHANGES: [&str; 5] = ["resize", "quality", "crop", "brightness", "all"];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args_os().skip(1);
    let Some(source) = args.next().map(PathBuf::from) else {
        return Err("usage: near_duplicates FOLDER [COPIES]".into());
    };
    let copies = args.next().and_then(|n| n.to_str()?.parse().ok()).unwrap_or(1000);
    let scratch = tempfile::tempdir()?;

    let originals = Index::scan(&source)?;
    for photo in &originals.photos {
        let target = scratch.path().join(&photo.path);
        std::fs::create_dir_all(target.parent().unwrap_or(scratch.path()))?;
        std::fs::copy(source.join(&photo.path), target)?;
    }
    let mut order: Vec<usize> = (0..originals.photos.len()).collect();
    Stream::new(SEED, Purpose::Demo, 0, 0).shuffle(&mut order);
    for (number, &position) in order.iter().take(copies).enumerate() {
        let path = &originals.photos[position].path;
        let change = CHANGES[number % CHANGES.len()];
        let mut random = Stream::new(SEED, Purpose::Demo, 1, number as u64);
        if let Ok(photo) = decode_file(&source.join(path), &Limits::default()) {
            let stem = path.rsplit_once('.').map_or(path.as_str(), |(stem, _)| stem);
            write_changed(&photo, change, &mut random, &scratch.path().join(format!("{stem}@{change}.jpg")))?;
        }
    }

    let index = Index::scan(scratch.path())?;
    let started = Instant::now();
    let report = check(&index, None, &mut Silent, &Interrupt::default())?;
    let seconds = started.elapsed().as_secs_f64();
    println!("{} photos in {seconds:.2} s: {:.0} photos/s", index.photos.len(), index.photos.len() as f64 / seconds);

    // Where a photo comes from: exact copies among the originals come from one.
    let mut origin: HashMap<String, usize> = HashMap::new();
    for (position, photo) in index.photos.iter().enumerate() {
        origin.insert(stem(&photo.path), position);
    }
    let mut origins: Vec<usize> = index.photos.iter().map(|photo| origin[&stem(&photo.path)]).collect();
    for group in report.duplicates.iter().filter(|group| group.likeness == Likeness::Exact) {
        let (one, others) = (origins[group.photos[0]], group.photos.iter().map(|&p| origins[p]).collect::<Vec<_>>());
        origins.iter_mut().filter(|o| others.contains(o)).for_each(|o| *o = one);
    }

    let mut group_of: HashMap<usize, usize> = HashMap::new();
    let (mut right, mut wrong, mut own) = (0, 0, Vec::new());
    for (number, group) in report.duplicates.iter().filter(|group| group.likeness == Likeness::Near).enumerate() {
        for (i, &a) in group.photos.iter().enumerate() {
            group_of.insert(a, number);
            for &b in &group.photos[..i] {
                if origins[a] == origins[b] {
                    right += 1;
                } else {
                    wrong += 1;
                    if !made(&index.photos[a].path) && !made(&index.photos[b].path) {
                        own.push((index.photos[b].path.clone(), index.photos[a].path.clone()));
                    }
                }
            }
        }
    }
    let mut recall: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (position, photo) in index.photos.iter().enumerate().filter(|(_, photo)| made(&photo.path)) {
        let change = photo.path.rsplit_once('@').map_or("", |(_, rest)| rest.trim_end_matches(".jpg"));
        let found = (0..index.photos.len()).any(|other| {
            other != position
                && !made(&index.photos[other].path)
                && origins[other] == origins[position]
                && group_of.contains_key(&other)
                && group_of.get(&other) == group_of.get(&position)
        });
        if !found {
            println!("missed: {}", photo.path);
        }
        let (hits, all) = recall.entry(change).or_default();
        *all += 1;
        *hits += usize::from(found);
    }
    let share = |hits: usize, all: usize| 100.0 * hits as f64 / all.max(1) as f64;
    for (change, (hits, all)) in &recall {
        println!("recall, {change}: {hits} of {all}, {:.1} %", share(*hits, *all));
    }
    let (hits, all) = recall.values().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    println!("recall: {hits} of {all}, {:.1} %", share(hits, all));
    println!("precision: {right} of {} pairs, {:.1} %", right + wrong, share(right, right + wrong));
    println!("pairs that the folder has by itself: {}", own.len());
    for (a, b) in own {
        println!("  {a} {b}");
    }
    Ok(())
}

fn made(path: &str) -> bool {
    path.contains('@')
}

/// `roses/1@crop.jpg` and `roses/1.jpg` give the same.
fn stem(path: &str) -> String {
    let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
    stem.split('@').next().unwrap_or(stem).to_string()
}

fn write_changed(photo: &RgbImage, change: &str, random: &mut Stream, path: &Path) -> image::ImageResult<()> {
    let is = |name: &str| change == name || change == "all";
    let mut photo = photo.clone();
    if is("crop") {
        let (width, height) = (photo.width() as f32, photo.height() as f32);
        let [left, top, right, bottom] = std::array::from_fn(|_| random.range(0.0, 0.05));
        let (x, y) = ((left * width) as u32, (top * height) as u32);
        let (inner_width, inner_height) = ((1.0 - left - right) * width, (1.0 - top - bottom) * height);
        photo = imageops::crop_imm(&photo, x, y, inner_width as u32, inner_height as u32).to_image();
    }
    if is("resize") {
        let scale = random.range(0.5, 0.9);
        let side = |pixels: u32| ((pixels as f32 * scale) as u32).max(1);
        photo = imageops::resize(&photo, side(photo.width()), side(photo.height()), FilterType::Triangle);
    }
    if is("brightness") {
        let factor = random.range(0.9, 1.1);
        photo.iter_mut().for_each(|value| *value = (f32::from(*value) * factor).round().min(255.0) as u8);
    }
    let quality = if is("quality") { random.range(40.0, 91.0) as u8 } else { 92 };
    let file = std::fs::File::create(path)?;
    JpegEncoder::new_with_quality(std::io::BufWriter::new(file), quality).write_image(
        &photo,
        photo.width(),
        photo.height(),
        image::ExtendedColorType::Rgb8,
    )
}
