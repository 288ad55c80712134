//! Measures how long the search for look-alikes takes, which every split begins with:
//! `cargo run --release --example likeness_search -- FOLDER [FINGERPRINTS]`.
//!
//! The fingerprints (100,000 unless told) are made of random crops of FOLDER's photos, a third to two thirds of the side
//! (fixed seed): too different to be copies of one another, but with the frequencies of real photos, which random bits
//! would not have.

use std::path::PathBuf;
use std::time::Instant;

use image::RgbImage;
use image::imageops::crop_imm;
use rayon::prelude::*;
use umbel::base::progress::Interrupt;
use umbel::base::random::{Purpose, Stream};
use umbel::data::Index;
use umbel::data::decode::{Limits, decode_file};
use umbel::data::likeness::{Fingerprint, LookAlikes};

const SEED: u64 = 20_260_101;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args_os().skip(1);
    let Some(folder) = args.next().map(PathBuf::from) else {
        return Err("usage: likeness_search FOLDER [FINGERPRINTS]".into());
    };
    let n: usize = args.next().and_then(|n| n.to_str()?.parse().ok()).unwrap_or(100_000);
    let index = Index::scan(&folder)?;
    let decode = |photo: &umbel::data::Photo| decode_file(&folder.join(&photo.path), &Limits::default()).ok();
    let photos: Vec<RgbImage> = index.photos.par_iter().filter_map(decode).collect();

    let started = Instant::now();
    let prints: Vec<Fingerprint> = photos.par_iter().map(Fingerprint::of).collect();
    println!("{} photos: fingerprints in {:.2} s", prints.len(), started.elapsed().as_secs_f64());
    time(prints)?;

    let crops = (0..n).into_par_iter().map(|number| Fingerprint::of(&crop(&photos[number % photos.len()], number)));
    time(crops.collect())?;
    Ok(())
}

fn crop(photo: &RgbImage, number: usize) -> RgbImage {
    let mut random = Stream::new(SEED, Purpose::Demo, 4, number as u64);
    let [width, height] = [photo.width(), photo.height()].map(|side| (side as f32 * random.range(0.33, 0.67)) as u32);
    let (x, y) = (random.below((photo.width() - width) as usize), random.below((photo.height() - height) as usize));
    let mut crop = crop_imm(photo, x as u32, y as u32, width, height).to_image();
    if random.uniform() < 0.5 {
        image::imageops::flip_horizontal_in_place(&mut crop);
    }
    crop
}

fn time(prints: Vec<Fingerprint>) -> umbel::Result<()> {
    let known: Vec<_> = prints.into_iter().enumerate().map(|(i, print)| (i, digest(i), print)).collect();
    let started = Instant::now();
    let found = LookAlikes::find(&known, &Interrupt::default())?;
    let (seconds, photos) = (started.elapsed().as_secs_f64(), found.groups.iter().map(Vec::len).sum::<usize>());
    println!("{} fingerprints: {photos} in {} groups, searched in {seconds:.2} s", known.len(), found.groups.len());
    Ok(())
}

/// Another one for each, as if no file were the copy of another.
fn digest(i: usize) -> [u8; 32] {
    let mut digest = [0; 32];
    digest[..8].copy_from_slice(&(i as u64).to_le_bytes());
    digest
}
