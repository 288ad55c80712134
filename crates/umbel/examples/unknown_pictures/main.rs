//! Measures how well pictures of other things are told: `cargo run --release --example unknown_pictures -- PHOTOS RUN...
//! [--odd FOLDER] [--draw FOLDER]`.
//!
//! RUNs are runs on the photos of PHOTOS with a test part (`--test-split`). Their test photos stand against drawn pictures
//! of other things (faces of dice, text, noise, gradients, leaves without a flower) and those in the folder of --odd. For
//! each score, the table gives the area under the ROC curve (0.5: chance, 1: a clean cut), and the share of the other
//! pictures that is called unknown where the threshold keeps 95 % of the validation photos. --draw writes the drawn
//! pictures, to be looked at.

mod drawings;
mod scores;

use std::error::Error;
use std::path::{Path, PathBuf};

use image::RgbImage;
use umbel::data::Part;
use umbel::data::decode::{Limits, decode_file};
use umbel::metrics::{KnownScores, auroc};
use umbel::predict::expand_paths;

use drawings::Drawn;
use scores::{NAMES, Scorer};

/// Drawn pictures of each kind.
const PICTURES: u64 = 200;
const KEEP: f64 = 0.95;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let (mut paths, mut odd, mut draw) = (Vec::new(), None, None);
    let mut args = std::env::args_os().skip(1);
    while let Some(arg) = args.next() {
        match arg.to_str() {
            Some("--odd") => odd = args.next().map(PathBuf::from),
            Some("--draw") => draw = args.next().map(PathBuf::from),
            _ => paths.push(PathBuf::from(arg)),
        }
    }
    let others = others(odd.as_deref())?;
    if let Some(folder) = draw {
        return write(&others, &folder);
    }
    let [photos, runs @ ..] = paths.as_slice() else { return Err("name PHOTOS and a RUN or more".into()) };
    let mut means = vec![[[0.0; 2]; NAMES.len()]; others.len()];
    for run in runs {
        let mut scorer = Scorer::open(run, photos)?;
        let (val, test) = (scorer.part(Part::Val)?, scorer.part(Part::Test)?);
        let thresholds: Vec<f64> =
            val.iter().map(|scores| KnownScores::new(scores).map_or(f64::NAN, |known| known.threshold(KEEP))).collect();
        println!("\n{} ({} test photos)", run.display(), test[0].len());
        header();
        for ((name, pictures), means) in others.iter().zip(&mut means) {
            let scores = scorer.score(pictures)?;
            for k in 0..NAMES.len() {
                let unknown = scores[k].iter().filter(|score| **score < thresholds[k]).count();
                let figures = [auroc(&test[k], &scores[k]), unknown as f64 / scores[k].len() as f64];
                (0..2).for_each(|f| means[k][f] += figures[f] / runs.len() as f64);
                print(if k == 0 { name } else { "" }, k, figures);
            }
        }
        for k in 0..NAMES.len() {
            let kept = test[k].iter().filter(|score| **score >= thresholds[k]).count();
            println!("test photos kept by {}: {:.3}", NAMES[k], kept as f64 / test[k].len() as f64);
        }
    }
    println!("\nMean over {} runs", runs.len());
    header();
    for ((name, _), means) in others.iter().zip(&means) {
        (0..NAMES.len()).for_each(|k| print(if k == 0 { name } else { "" }, k, means[k]));
    }
    for k in 0..NAMES.len() {
        let mean = |f: usize| means.iter().map(|means| means[k][f]).sum::<f64>() / means.len() as f64;
        print(if k == 0 { "all kinds" } else { "" }, k, [mean(0), mean(1)]);
    }
    Ok(())
}

fn header() {
    println!("{:10}  {:16}  {:>7}  {:>7}", "pictures", "score", "AUROC", "unknown");
}

fn print(name: &str, score: usize, [area, unknown]: [f64; 2]) {
    println!("{name:10}  {:16}  {area:7.3}  {unknown:7.3}", NAMES[score]);
}

/// Pictures of other things, by kind.
fn others(odd: Option<&Path>) -> Outcome<Vec<(&'static str, Vec<RgbImage>)>> {
    let mut others: Vec<(&'static str, Vec<RgbImage>)> =
        Drawn::ALL.iter().map(|kind| (kind.name(), (0..PICTURES).map(|n| kind.draw(n)).collect())).collect();
    if let Some(folder) = odd {
        let files = expand_paths(&[folder.to_owned()])?;
        let decoded = files.iter().filter_map(|file| decode_file(file, &Limits::default()).ok());
        others.push(("odd", decoded.collect()));
    }
    Ok(others)
}

fn write(others: &[(&'static str, Vec<RgbImage>)], folder: &Path) -> Outcome<()> {
    for (name, pictures) in others {
        std::fs::create_dir_all(folder.join(name))?;
        for (number, picture) in pictures.iter().enumerate() {
            picture.save(folder.join(name).join(format!("{number:03}.png")))?;
        }
    }
    Ok(())
}
