//! `umbel preview`: a look at the data, before any training.

use std::path::{Path, PathBuf};

use anyhow::bail;
use umbel::base::augmentation::AugmentLayer;
use umbel::base::random::{Purpose, Stream};
use umbel::data::augment::Policy;
use umbel::data::decode::{Limits, decode_file};
use umbel::data::{Index, Photo, PrepSpec};
use umbel::report::grid::{self, Cell};

use crate::args::PreviewArgs;
use crate::console;
use crate::exit::Outcome;
use crate::free_name::next_free;

/// Three rows of three, as in the tutorial.
const CELLS: usize = 9;
const COLUMNS: usize = 3;

/// Runs the command.
pub fn run(args: &PreviewArgs) -> anyhow::Result<Outcome> {
    let out: PathBuf = args.out.clone().unwrap_or_else(|| next_free(Path::new("preview.png")));
    let prep = PrepSpec { image_size: args.image_size, ..PrepSpec::default() };
    let bad = draw(&args.dir, args.augment, &prep, args.seed, &out)?;
    console::line(format!("Wrote {}", out.display()))?;
    Ok(if bad == 0 { Outcome::Done } else { Outcome::SomeUnusable })
}

/// Writes the grid: nine photos with their classes, or (`augment`) nine augmented versions of one. Gives the number of
/// photos that were tried and cannot be used; each is named on standard error.
pub fn draw(folder: &Path, augment: bool, prep: &PrepSpec, seed: u64, out: &Path) -> anyhow::Result<usize> {
    let wanted = if augment { 1 } else { CELLS };
    let (mut cells, bad) = photos(folder, prep, seed, wanted)?;
    if augment {
        cells = augmented(&cells[0], seed);
    }
    grid::write_png(out, COLUMNS, &cells)?;
    Ok(bad)
}

/// So many photos, picked at random among those that can be used.
fn photos(folder: &Path, prep: &PrepSpec, seed: u64, wanted: usize) -> anyhow::Result<(Vec<Cell>, usize)> {
    let index = Index::scan(folder)?;
    let mut order: Vec<&Photo> = index.photos.iter().collect();
    Stream::new(seed, Purpose::Preview, 0, 0).shuffle(&mut order);
    let (mut cells, mut bad) = (Vec::new(), 0);
    for photo in order {
        if cells.len() == wanted {
            break;
        }
        match decode_file(&index.root.join(&photo.path), &Limits::default()) {
            Ok(picture) => cells.push(Cell {
                caption: index.classes[photo.class as usize].clone(),
                size: prep.image_size as usize,
                pixels: prep.apply(&picture),
            }),
            Err(error) => {
                bad += 1;
                console::note(format!("left out {}: {error}", photo.path));
            }
        }
    }
    if cells.is_empty() {
        bail!("none of the {bad} photos in {} can be used", folder.display());
    }
    Ok((cells, bad))
}

/// The tutorial's augmentation, nine times over.
fn augmented(original: &Cell, seed: u64) -> Vec<Cell> {
    let policy = Policy::new(&AugmentLayer::tutorial());
    let one = |number: usize| {
        let mut random = Stream::new(seed, Purpose::Augment, 0, number as u64);
        let mut values = vec![0.0; original.pixels.len()];
        policy.apply(original.size, &original.pixels, &mut random, &mut values);
        let pixels = values.iter().map(|value| value.round().clamp(0.0, 255.0) as u8).collect();
        Cell { pixels, ..original.clone() }
    };
    (0..CELLS).map(one).collect()
}
