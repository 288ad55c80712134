//! Measures the search for wrong labels: `cargo run --release --example label_disputes -- FOLDER [EPOCHS] [IMAGE_SIZE]`.
//!
//! Gives 5 % of the photos of FOLDER another class at random (fixed seed; in memory, nothing is written), asks
//! `disputed_labels` with the tutorial's network, and counts how many of the first suspects are photos so changed. Labels
//! that were wrong before count as false alarms, so the figure is a lower bound.

use std::path::PathBuf;

use umbel::Surroundings;
use umbel::base::progress::{Interrupt, Lines};
use umbel::base::random::{Purpose, Stream};
use umbel::data::Index;
use umbel::pipeline::{DisputeOptions, TrainConfig, disputed_labels};

const SEED: u64 = 20_260_101;
const SWAPPED: f64 = 0.05;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args_os().skip(1);
    let Some(folder) = args.next().map(PathBuf::from) else {
        return Err("usage: label_disputes FOLDER [EPOCHS] [IMAGE_SIZE]".into());
    };
    let mut number = || args.next().map(|n| n.to_string_lossy().parse::<usize>()).transpose();
    let (epochs, image_size) = (number()?, number()?.map(|size| size as u32));
    let mut index = Index::scan(&folder)?;
    let swapped = swap(&mut index);

    let options = DisputeOptions { epochs, image_size, ..DisputeOptions::default() };
    let settings = (TrainConfig { data: folder, ..TrainConfig::default() }, None);
    let (surroundings, interrupt) = (Surroundings::default(), Interrupt::default());
    let found = disputed_labels(&settings, &index, &options, &surroundings, &mut Lines, &interrupt)?;
    println!("{} of {} labels were swapped", swapped.iter().filter(|is| **is).count(), index.photos.len());
    println!("{} labels judged in {:.0} s, {:.1} % agree", found.judged, found.seconds, 100.0 * found.accuracy);
    println!("{} labels disputed", found.labels.len());
    for first in [20, 50, 100, 150, 200] {
        let hits = found.labels.iter().take(first).filter(|label| swapped[label.photo]).count();
        println!("of the first {first}, {hits} were swapped");
    }
    Ok(())
}

/// Gives some photos another class; which they are.
fn swap(index: &mut Index) -> Vec<bool> {
    let mut order: Vec<usize> = (0..index.photos.len()).collect();
    Stream::new(SEED, Purpose::Demo, 2, 0).shuffle(&mut order);
    order.truncate((index.photos.len() as f64 * SWAPPED).round() as usize);
    let mut swapped = vec![false; index.photos.len()];
    let classes = index.classes.len();
    for (number, photo) in order.into_iter().enumerate() {
        let further = 1 + Stream::new(SEED, Purpose::Demo, 3, number as u64).below(classes - 1);
        let class = &mut index.photos[photo].class;
        *class = ((*class as usize + further) % classes) as u32;
        swapped[photo] = true;
    }
    swapped
}
