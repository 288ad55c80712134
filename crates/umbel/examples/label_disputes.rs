//! Measures the search for wrong labels: `cargo run --release --example label_disputes -- FOLDER [DRAWS] [CLASS,CLASS]`.
//!
//! Gives 5 % of the photos of FOLDER another class at random (of two classes: each the other one's; fixed seeds; in memory, nothing
//! is written), asks `disputed_labels` with the network inside this program, and counts how many of the first suspects are photos
//! so changed. Labels that were wrong before count as false alarms, so the figures are lower bounds.

use std::path::PathBuf;

use umbel::Surroundings;
use umbel::base::progress::{Interrupt, Silent};
use umbel::base::random::{Purpose, Stream};
use umbel::data::Index;
use umbel::metrics::auroc;
use umbel::pipeline::{DisputeOptions, disputed_labels, inside_settings};

const SWAPPED: f64 = 0.05;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args_os().skip(1);
    let Some(folder) = args.next().map(PathBuf::from) else {
        return Err("usage: label_disputes FOLDER [DRAWS] [CLASS,CLASS]".into());
    };
    let draws = args.next().map_or(Ok(3), |draws| draws.to_string_lossy().parse::<u64>())?;
    let given = Index::scan(&folder)?;
    let pair = args
        .next()
        .map(|pair| pair.to_string_lossy().split(',').filter_map(|name| place(&given, name)).collect::<Vec<usize>>());
    let settings = (inside_settings().ok_or("built without a network inside")?, None);
    println!("draw  swapped  agree  listed  first 50  first 100  recall  AUROC  unlike  seconds");
    for draw in 0..draws {
        let mut index = given.clone();
        let swapped = swap(&mut index, draw, pair.as_deref());
        let (surroundings, interrupt) = (Surroundings::default(), Interrupt::default());
        let options = DisputeOptions::default();
        let found = disputed_labels(&settings, &index, &options, &surroundings, &mut Silent, &interrupt)?;
        let hits = |first: usize| found.labels.iter().take(first).filter(|label| swapped[label.photo]).count() as f64;
        let (wrong, right): (Vec<_>, Vec<_>) = found.judged.iter().partition(|(photo, _)| swapped[*photo]);
        let of = |judged: Vec<(usize, f64)>| judged.into_iter().map(|(_, own)| own).collect::<Vec<f64>>();
        let total = wrong.len() as f64;
        println!(
            "{draw:4}  {total:7}  {:.3}  {:6}  {:8.2}  {:9.2}  {:6.2}  {:.3}  {:6}  {:7.1}",
            found.accuracy,
            found.labels.len(),
            hits(50) / total.min(50.0),
            hits(100) / total.min(100.0),
            hits(usize::MAX) / total,
            auroc(&of(right), &of(wrong)),
            found.unlike.len(),
            found.seconds,
        );
    }
    Ok(())
}

fn place(index: &Index, class: &str) -> Option<usize> {
    index.classes.iter().position(|known| known == class)
}

/// Gives some photos another class; which they are.
fn swap(index: &mut Index, draw: u64, pair: Option<&[usize]>) -> Vec<bool> {
    let class = |index: &Index, photo: usize| index.photos[photo].class as usize;
    let is_free = |photo: &usize| pair.is_none_or(|pair| pair.contains(&class(index, *photo)));
    let mut order: Vec<usize> = (0..index.photos.len()).filter(is_free).collect();
    Stream::new(draw, Purpose::Demo, 2, 0).shuffle(&mut order);
    order.truncate((index.photos.len() as f64 * SWAPPED).round() as usize);
    let mut swapped = vec![false; index.photos.len()];
    let classes = index.classes.len();
    for (number, photo) in order.into_iter().enumerate() {
        let own = class(index, photo);
        let other = match pair {
            Some(pair) => pair.iter().copied().find(|class| *class != own).unwrap_or(own),
            None => (own + 1 + Stream::new(draw, Purpose::Demo, 3, number as u64).below(classes - 1)) % classes,
        };
        index.photos[photo].class = other as u32;
        swapped[photo] = true;
    }
    swapped
}
