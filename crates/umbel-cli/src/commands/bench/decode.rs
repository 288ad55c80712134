//! Decoding and resizing, from bytes in memory: no disk in the figure.

use std::time::Instant;

use anyhow::{Context, bail};
use rayon::prelude::*;
use serde::Serialize;
use umbel::data::decode::{Limits, decode};
use umbel::data::{Index, PrepSpec};

use crate::args::BenchArgs;

/// Spread evenly over the folder; enough that no cache of the processor holds them.
const MOST_PHOTOS: usize = 1000;

/// What is printed.
#[derive(Debug, Serialize)]
pub struct Figures {
    what: &'static str,
    threads: usize,
    /// How many different photos were decoded, again and again.
    images: usize,
    images_per_second: f64,
}

/// Decodes the photos of `--data` for `--seconds`.
pub fn measure(args: &BenchArgs) -> anyhow::Result<Figures> {
    let folder = args.data.as_deref().context("--data names the folder of photos")?;
    let limits = Limits::default();
    let prep = PrepSpec { image_size: args.image_size, ..PrepSpec::default() };
    let photos = encoded(&Index::scan(folder)?, &limits);
    if photos.is_empty() {
        bail!("none of the photos in {} can be decoded; `umbel check` says why", folder.display());
    }
    let round = || {
        photos.par_iter().for_each(|bytes| {
            std::hint::black_box(decode(bytes, &limits).map(|photo| prep.apply(&photo)).ok());
        });
    };
    round();
    let (start, mut rounds) = (Instant::now(), 0);
    while rounds == 0 || start.elapsed().as_secs_f64() < args.seconds {
        round();
        rounds += 1;
    }
    let images_per_second = (rounds * photos.len()) as f64 / start.elapsed().as_secs_f64();
    Ok(Figures { what: "decode", threads: rayon::current_num_threads(), images: photos.len(), images_per_second })
}

/// The bytes of photos that decode.
fn encoded(index: &Index, limits: &Limits) -> Vec<Vec<u8>> {
    let every = index.photos.len().div_ceil(MOST_PHOTOS);
    let photos = index.photos.iter().step_by(every.max(1));
    let read = |path: &str| index.source.read(path, limits).ok().filter(|bytes| decode(bytes, limits).is_ok());
    photos.filter_map(|photo| Some(read(&photo.path)?.into_inner())).collect()
}
